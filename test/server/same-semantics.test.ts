import fc from 'fast-check';
import { DataSource } from 'typeorm';
import { expect, test } from 'vitest';
import { createSyncServer } from '../../src/server.ts';
import { parseKindSchema, toEntity } from '../../src/server/kind-schema.ts';
import { MemoryBackend } from '../../src/testing.ts';

interface Step {
  readonly id: 'a' | 'b';
  readonly type: 'upsert' | 'delete';
  readonly base: 'none' | 'present' | 'old';
  readonly force: boolean;
  readonly createOnly: boolean;
  readonly title: number;
  /** Few keys, so that some come twice. */
  readonly key: number | undefined;
}

const step: fc.Arbitrary<Step> = fc.record({
  id: fc.constantFrom('a', 'b'),
  type: fc.constantFrom('upsert', 'upsert', 'delete'),
  base: fc.constantFrom('none', 'present', 'old'),
  force: fc.boolean(),
  createOnly: fc.boolean(),
  title: fc.integer({ min: 0, max: 2 }),
  key: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
});

test('the in-memory backend and the reference server answer every sequence of writes alike', async () => {
  const entities = parseKindSchema({ todos: { title: 'text' } }).map(toEntity);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const dataSource = await new DataSource({
        type: 'better-sqlite3',
        database: ':memory:',
        entities,
        synchronize: true,
      }).initialize();
      const server = createSyncServer({ dataSource, tables: entities });
      const memory = new MemoryBackend();
      try {
        for (const { id, type, base, force, createOnly, title, key } of steps) {
          const present = await server.app.inject({ url: `/todos/${id}` });
          const remembered = memory.get('todos', id, { includeDeleted: true });
          expect(present.statusCode).toBe(remembered === undefined ? 404 : 200);
          const baseOf = (version: unknown): string | undefined =>
            base === 'none' ? undefined : base === 'old' || version === undefined ? 'old' : String(version);
          const row = present.json<{ updatedAt?: string }>();
          const [serverBase, memoryBase] = [baseOf(row.updatedAt), baseOf(remembered?.['updatedAt'])];
          const payload = { title: String(title) };
          // A base is part of a request's identity, and the two servers make different ones.
          const requestKey = key === undefined || base === 'present' ? undefined : `k${key}`;
          const answer = await server.app.inject({
            method: type === 'upsert' ? 'PUT' : 'DELETE',
            url: `/todos/${id}${type === 'delete' && serverBase !== undefined ? `?_baseUpdatedAt=${encodeURIComponent(serverBase)}` : ''}`,
            headers: {
              ...(type === 'upsert' ? { 'content-type': 'application/json' } : {}),
              ...(requestKey === undefined ? {} : { 'x-idempotency-key': requestKey }),
              ...(force ? { [type === 'upsert' ? 'x-force-update' : 'x-force-delete']: 'true' } : {}),
              ...(createOnly ? { 'x-create-only': 'true' } : {}),
            },
            ...(type === 'upsert'
              ? {
                  payload: JSON.stringify({
                    ...payload,
                    ...(serverBase === undefined ? {} : { _baseUpdatedAt: serverBase }),
                  }),
                }
              : {}),
          });
          const expected = memory.write({
            kind: 'todos',
            id,
            type,
            force,
            createOnly,
            base: memoryBase,
            key: requestKey,
            payload: type === 'upsert' ? payload : undefined,
          });
          const body =
            answer.body === ''
              ? undefined
              : answer.json<{ title?: string; current?: { title?: string }; error?: string }>();
          const view = (
            status: number,
            content: { title?: unknown; current?: unknown; error?: unknown } | undefined,
          ): unknown => {
            const current = content?.current as { title?: unknown; deletedAt?: unknown } | undefined;
            return [status, content?.title, content?.error, current?.title, (current?.deletedAt ?? null) !== null];
          };
          expect(view(answer.statusCode, body)).toEqual(view(expected.status, expected.body));
        }
      } finally {
        await server.close();
        await dataSource.destroy();
      }
    }),
    { numRuns: 40 },
  );
});
