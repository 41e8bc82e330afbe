import fc from 'fast-check';
import type { EntityManager } from 'typeorm';
import { expect, test } from 'vitest';
import type { JsonObject } from '../../../src/model/values/json.ts';
import type { Op } from '../../../src/model/operation.ts';
import { todoEntity, todoOf, type Todo } from '../../support/todo.ts';
import { accepted, orInChromium, serverRow } from '../../support/open-store.ts';
import { openCapture, sqliteDrivers, type CaptureBench } from './open-capture.ts';

const ids = ['a', 'b', 'c', 'd'] as const;
const anId = fc.constantFrom(...ids);
const aTitle = fc.constantFrom('x', 'y', 'z');
const aPriority = fc.constantFrom(null, 1, 2);

type Step =
  | {
      readonly type: 'save' | 'insert' | 'upsert' | 'form';
      readonly id: string;
      readonly title: string;
      readonly priority: number | null;
    }
  | { readonly type: 'update' | 'builder' | 'sql'; readonly id: string; readonly title: string }
  | { readonly type: 'remove' | 'delete' | 'softDelete' | 'restore' | 'recover' | 'sqlDelete'; readonly id: string }
  | { readonly type: 'increment'; readonly id: string; readonly by: number }
  | { readonly type: 'pull'; readonly id: string; readonly title: string; readonly deleted: boolean }
  | { readonly type: 'clear' }
  | { readonly type: 'transaction'; readonly steps: readonly Step[]; readonly fails: boolean };

const plain: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    type: fc.constantFrom('save' as const, 'insert' as const, 'upsert' as const, 'form' as const),
    id: anId,
    title: aTitle,
    priority: aPriority,
  }),
  fc.record({ type: fc.constantFrom('update' as const, 'builder' as const, 'sql' as const), id: anId, title: aTitle }),
  fc.record({
    type: fc.constantFrom(
      'remove' as const,
      'delete' as const,
      'softDelete' as const,
      'restore' as const,
      'recover' as const,
      'sqlDelete' as const,
    ),
    id: anId,
  }),
  fc.record({ type: fc.constant('increment' as const), id: anId, by: fc.constantFrom(-1, 1, 2) }),
);
const { step } = fc.letrec<{ step: Step }>((tie) => ({
  step: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { arbitrary: plain, weight: 8 },
    { arbitrary: fc.record({ type: fc.constant('clear' as const) }), weight: 1 },
    {
      arbitrary: fc.record({
        type: fc.constant('transaction' as const),
        steps: fc.array(tie('step'), { maxLength: 5 }),
        fails: fc.boolean(),
      }),
      weight: 3,
    },
  ),
}));
const outer = fc.oneof(
  { arbitrary: step, weight: 6 },
  {
    arbitrary: fc.record({ type: fc.constant('pull' as const), id: anId, title: aTitle, deleted: fc.boolean() }),
    weight: 1,
  },
);

class Undone extends Error {}

async function run(
  bench: CaptureBench,
  manager: EntityManager,
  step: Step,
  forms: Map<string, Todo>,
  version: () => string,
): Promise<void> {
  const tolerant = (work: Promise<unknown>): Promise<unknown> =>
    work.catch((error: unknown) => {
      // An insert over an existing row.
      if (!String(error).includes('UNIQUE')) throw error;
    });
  switch (step.type) {
    case 'save':
      await manager.save(todoEntity, todoOf(step.id, { title: step.title, priority: step.priority }));
      return;
    case 'form': {
      const form = forms.get(step.id) ?? (await manager.findOneBy(todoEntity, { id: step.id }));
      if (form === null) return;
      forms.set(step.id, form);
      await manager.save(todoEntity, Object.assign(form, { title: step.title }));
      return;
    }
    case 'insert':
      // Runs in a savepoint because the database would roll the statement back by itself.
      await tolerant(manager.insert(todoEntity, todoOf(step.id, { title: step.title, priority: step.priority })));
      return;
    case 'upsert':
      await manager.upsert(todoEntity, { id: step.id, title: step.title, deletedAtLocal: null, deletedAt: null }, [
        'id',
      ]);
      return;
    case 'update':
      await manager.update(todoEntity, step.id, { title: step.title });
      return;
    case 'builder':
      await manager
        .createQueryBuilder()
        .update(todoEntity)
        .set({ title: step.title })
        .where('id <> :id', { id: step.id })
        .execute();
      return;
    case 'sql':
      await manager.query(`UPDATE todos SET title = title || ?, done = 1 - done WHERE id = ?`, [step.title, step.id]);
      return;
    case 'sqlDelete':
      await manager.query(`DELETE FROM todos AS t WHERE t.id = ?`, [step.id]);
      return;
    case 'remove': {
      const found = await manager.findOneBy(todoEntity, { id: step.id });
      if (found !== null) await manager.remove(todoEntity, found);
      return;
    }
    case 'recover': {
      const found = await manager.findOne(todoEntity, { where: { id: step.id }, withDeleted: true });
      if (found !== null) await manager.recover(todoEntity, found);
      return;
    }
    case 'delete':
    case 'softDelete':
    case 'restore':
      await manager[step.type](todoEntity, step.id);
      return;
    case 'increment':
      await manager.increment(todoEntity, { id: step.id }, 'priority', step.by);
      return;
    case 'clear':
      await manager.clear(todoEntity);
      return;
    case 'pull':
      await bench.seed(
        serverRow(step.id, version(), { title: step.title, ...(step.deleted ? { deletedAt: version() } : {}) }),
      );
      return;
    case 'transaction': {
      // After a rollback, forms that were saved inside it stay as the user left them; the app opens them anew.
      const before = new Map(forms);
      await manager
        .transaction(async (inner) => {
          for (const next of step.steps) await run(bench, inner, next, forms, version);
          if (step.fails) throw new Undone();
        })
        .catch((error: unknown) => {
          if (!(error instanceof Undone)) throw error;
          forms.clear();
          for (const [id, form] of before) forms.set(id, form);
        });
      return;
    }
  }
}

const own = ['title', 'done', 'priority', 'tags'] as const;
const valuesOf = (row: Todo): JsonObject => ({
  title: row.title,
  done: row.done,
  priority: row.priority,
  tags: row.tags,
});

/** Applies an operation to the server's expected state, using nothing but the operation. */
function replay(state: Map<string, JsonObject>, op: Op): void {
  if (op.type === 'delete') {
    state.delete(op.id);
    return;
  }
  const before = state.get(op.id);
  const whole = Object.fromEntries(own.map((key) => [key, op.payload[key] ?? null]));
  if (before === undefined || op.changedFields === undefined) {
    state.set(op.id, whole);
    return;
  }
  const after: Record<string, JsonObject[string]> = { ...before };
  for (const field of op.changedFields) after[field] = op.payload[field] ?? null;
  for (const delta of op.deltas ?? [])
    if (delta.type === 'increment') after[delta.field] = Number(after[delta.field] ?? 0) + delta.by;
  state.set(op.id, after);
}

test.each(orInChromium(sqliteDrivers))(
  "I1: on %s the outbox contains exactly the app's changes",
  async (driver) => {
    await fc.assert(
      fc.asyncProperty(fc.array(outer, { maxLength: 12 }), async (steps) => {
        const bench = await openCapture(driver);
        let versions = 1;
        const version = (): string => `2026-01-01T00:00:${String(versions++).padStart(2, '0')}.000Z`;
        try {
          await bench.seed(serverRow('a', version()), serverRow('b', version(), { priority: 1 }));
          const forms = new Map<string, Todo>();
          const server = new Map<string, JsonObject>();
          const shown = async (): Promise<Map<string, JsonObject>> =>
            new Map((await bench.repository.find()).map((row) => [row.id, valuesOf(row)]));
          for (const [id, values] of await shown()) server.set(id, values);
          for (const one of steps) {
            if (one.type === 'pull') {
              // Queued operations reach the server first; then a pull brings others' changes.
              await bench.drain((request) => accepted(version())(request));
              server.clear();
              await run(bench, bench.dataSource.manager, one, forms, version);
              for (const [id, values] of await shown()) server.set(id, values);
            } else {
              await run(bench, bench.dataSource.manager, one, forms, version);
            }
            const state = new Map(server);
            const ops = await bench.outbox.take({ limit: 10_000 });
            for (const op of ops) replay(state, op);
            expect(Object.fromEntries(state)).toEqual(Object.fromEntries(await shown()));
            // Every operation changes something.
            for (const op of ops)
              if (op.type === 'upsert' && !op.creates && op.changedFields?.length === 0)
                expect(op.deltas?.length ?? 'restored').not.toBe(0);
          }
        } finally {
          await bench.close();
        }
      }),
      { numRuns: driver === 'opfs' ? 8 : 60 },
    );
  },
  120_000,
);
