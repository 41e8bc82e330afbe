import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeSyncError } from '../../src/model/errors/describe-sync-error.ts';
import { ValidationError } from '../../src/model/errors/errors.ts';
import { upsertOp } from '../../src/model/operation.ts';
import { createSyncServer } from '../../src/server/create-sync-server.ts';
import { diffFields } from '../../src/rules/pending/changed-fields.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todoEntity, todoOf } from '../support/todo.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('changed fields that do not exist', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = await openEngine();
    closing.push(() => bench.close());
    await bench.writer.insertAndEnqueue(todoOf('a'));
    await bench.engine.sync();
  });
  const stored = () => bench.row('a');

  test.each<[string, (names: readonly string[]) => Promise<unknown>]>([
    [
      'replaceAndEnqueue',
      async (changedFields) =>
        bench.writer.replaceAndEnqueue({ ...(await stored())!, title: 'new' }, { changedFields }),
    ],
    [
      'writeAndEnqueueOp',
      (changedFields) =>
        bench.writer.writeAndEnqueueOp(
          (manager) => manager.update(todoEntity, 'a', { title: 'new' }),
          upsertOp({ kind: 'todos', id: 'a', payload: { id: 'a', title: 'new' }, changedFields }),
        ),
    ],
    [
      'outbox.enqueue',
      (changedFields) =>
        bench.engine.outbox.enqueue(
          upsertOp({ kind: 'todos', id: 'a', payload: { id: 'a', title: 'new' }, changedFields }),
        ),
    ],
  ])(
    'F-119, WRT-07: %s rejects them by name and changes neither row nor queue; the same write with the right name arrives',
    async (_, write) => {
      const before = await stored();
      const error = await errorOf(write(['title', 'titel']));
      expect(error).toBeInstanceOf(ValidationError);
      expect(error).toMatchObject({
        message: expect.stringMatching(/'titel'.*(known are|its keys are).*title/) as string,
      });
      expect([await stored(), await bench.queued()]).toEqual([before, []]);
      await write(['title']);
      expect(await bench.engine.sync()).toMatchObject({ pushed: 1, errors: 0 });
      expect(bench.server.get('todos', 'a')).toMatchObject({ title: 'new' });
    },
  );

  test('F-119: accepts the result of diffFields for an entity', async () => {
    const before = (await stored())!;
    const after = { ...before, title: 'new', tags: ['x'] };
    await bench.writer.replaceAndEnqueue(after, { changedFields: diffFields(before, after) });
    expect(await bench.engine.outbox.take({ limit: 5 })).toMatchObject([{ changedFields: ['title', 'tags'] }]);
  });
});

describe.each([
  ['one by one', false],
  ['in batches', true],
])("a row larger than the server's limit, %s", (_, enableBatch) => {
  const openSmall = async (): Promise<EngineBench & { ids(): Promise<readonly string[]> }> => {
    const dataSource = await new DataSource({
      type: 'better-sqlite3',
      database: ':memory:',
      entities: [todoEntity],
      synchronize: true,
    }).initialize();
    const server = createSyncServer({ dataSource, tables: [todoEntity], bodyLimitBytes: 2_000 });
    const { url } = await server.listen();
    const bench = await openEngine({
      config: { maxOutboxTryCount: 2 },
      transport: new RestTransport({ baseUrl: url, enableBatch, batchSize: 4 }),
    });
    closing.push(
      () => dataSource.destroy(),
      () => server.close(),
      () => bench.close(),
    );
    const rows = dataSource.getRepository(todoEntity);
    return { ...bench, ids: async () => (await rows.find()).map(({ id }) => id).sort() };
  };

  test('I12, I13: only it is refused; it is stuck with a clear reason and arrives once shortened', async () => {
    const { engine, writer, told, row, ids } = await openSmall();
    for (const id of ['a', 'b', 'big', 'c', 'd', 'e'])
      await writer.insertAndEnqueue(todoOf(id, { title: id === 'big' ? 'x'.repeat(3_000) : id }));
    expect(await engine.sync()).toMatchObject({ pushed: 5, errors: 1 });
    expect(await ids()).toEqual(['a', 'b', 'c', 'd', 'e']);
    await writer.insertAndEnqueue(todoOf('f'));
    expect(await engine.sync()).toMatchObject({ pushed: 1, errors: 1 });
    const [stuck] = told.filter((event) => event.type === 'op.stuck');
    expect(stuck).toMatchObject({
      entityId: 'big',
      tryCount: 2,
      errorInfo: { category: 'validation', statusCode: 413, retryable: false },
    });
    expect(stuck?.type === 'op.stuck' ? describeSyncError(stuck.error) : '').toMatch(
      /too large for the server.*shorten it/,
    );
    const [left, ...others] = await engine.explain();
    expect([left, others]).toMatchObject([
      { entityId: 'big', reason: 'stuck', lastError: expect.stringMatching(/413|too large/i) as string },
      [],
    ]);
    // Nothing is sent any more, and nothing was lost here.
    expect(await engine.sync()).toMatchObject({ pushed: 0, errors: 0 });
    expect((await row('big'))?.title).toHaveLength(3_000);
    await engine.amend(left?.opId ?? '', { title: 'short' });
    await engine.whenPushed();
    expect(await ids()).toEqual(['a', 'b', 'big', 'c', 'd', 'e', 'f']);
    expect(await row('big')).toMatchObject({ title: 'short' });
  });
});
