import fc from 'fast-check';
import { In } from 'typeorm';
import { test } from 'vitest';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import { MemoryBackend } from '../../src/testing/memory-backend.ts';
import { MemoryTransport } from '../../src/testing/memory-transport.ts';
import { seededRandom } from '../../src/testing/seeded-random.ts';
import { createSimulatedClock } from '../../src/testing/simulated-clock.ts';
import { follow } from '../support/follow.ts';
import { openTodoDatabase, todos } from '../support/open-store.ts';
import { todoEntity } from '../support/todo.ts';

/**
 * What happens next: an edit of the title here or of the priority there, one direction of sync, or letting what is
 * under way go on.
 */
type Step =
  | { readonly type: 'edit' | 'remote'; readonly row: number }
  | { readonly type: 'push' | 'pull' | 'sync' | 'wait' | 'settle' };

const row = fc.nat(2);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('edit' as const), row }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('remote' as const), row }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constantFrom('push' as const, 'pull' as const, 'sync' as const, 'wait' as const, 'settle' as const),
    }),
  },
);

/**
 * Titles count up here, priorities count up at the server, and nobody else writes: so whatever the order of edits,
 * pushes and pulls, a number that is shown smaller than one shown before has gone back.
 */
test('I4: no live query shows a value going back in 1,000 schedules of edits, pushes and pulls', {
  timeout: 600_000,
}, async () => {
  const dataSource = await openTodoDatabase('better-sqlite3');
  const repository = dataSource.getRepository(todoEntity);
  const backend = new MemoryBackend();
  const engine = createSyncEngine({
    dataSource,
    tables: [todos],
    transport: new MemoryTransport({ backend }),
    clock: createSimulatedClock(),
    random: seededRandom(1),
    config: { fullResyncIntervalMs: Infinity, pageSize: 2, conflictRetryDelayMs: 0 },
  });
  const writer = engine.writer(todos);
  const idsOf = (number: number): readonly string[] => [0, 1, 2].map((index) => `s${number}-${index}`);
  const seedFrom = async (first: number): Promise<void> => {
    const ids = Array.from({ length: 50 }, (_, offset) => idsOf(first + offset)).flat();
    backend.seed(
      'todos',
      ids.map((id) => ({ id, title: '0', done: false, priority: 0, tags: null })),
    );
    await engine.sync();
  };
  let schedule = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 9 }), async (steps) => {
      const ids = idsOf(schedule);
      if (schedule % 50 === 0) await seedFrom(schedule);
      const mine = { id: In(ids) };
      const shown = follow(
        engine.liveQuery(
          async () => {
            const rows = await repository.find({ where: mine, order: { id: 'ASC' } });
            // A second statement: what is shown must be of one moment.
            const [total] = await dataSource.query<readonly { readonly sum: number | null }[]>(
              'SELECT SUM("priority") AS "sum" FROM "todos" WHERE "id" IN (?, ?, ?)',
              [...ids],
            );
            const sum = total?.sum ?? 0;
            return { rows: rows.map(({ id, title, priority }) => [id, Number(title), priority ?? 0] as const), sum };
          },
          { tables: [todos] },
        ),
      );
      await shown.count(1);
      const underWay: Promise<unknown>[] = [];
      let count = 0;
      for (const next of steps) {
        count += 1;
        if (next.type === 'edit') {
          const before = await repository.findOneByOrFail({ id: ids[next.row] ?? '' });
          await writer.replaceAndEnqueueDiff(before, { ...before, title: String(count) });
        } else if (next.type === 'remote') backend.update('todos', ids[next.row] ?? '', { priority: count });
        else if (next.type === 'push') underWay.push(engine.sync({ pullKinds: [] }));
        else if (next.type === 'pull') underWay.push(engine.sync({ pushKinds: [] }));
        else if (next.type === 'sync') underWay.push(engine.sync());
        else if (next.type === 'wait') await new Promise(setImmediate);
        else await Promise.all(underWay.splice(0));
      }
      await Promise.all(underWay);
      await engine.sync();
      const end = JSON.stringify(
        ids
          .map((id) => backend.get('todos', id))
          .map((row) => [row?.['id'], Number(row?.['title']), row?.['priority']]),
      );
      await shown.until(({ rows }) => JSON.stringify(rows) === end);
      shown.stop();
      schedule += 1;
      const highest = new Map<string, readonly [number, number]>();
      for (const { rows, sum } of shown.values) {
        if (rows.length !== 3) throw new Error(`a row is missing: ${JSON.stringify(rows)}`);
        if (rows.reduce((total, [, , priority]) => total + priority, 0) !== sum)
          throw new Error(`the sum ${sum} is of another moment than the rows ${JSON.stringify(rows)}`);
        for (const [id, title, priority] of rows) {
          const [titles, priorities] = highest.get(id) ?? [0, 0];
          if (title < titles || priority < priorities)
            throw new Error(`${id} went back from ${titles}/${priorities} to ${title}/${priority}`);
          highest.set(id, [title, priority]);
        }
      }
    }),
    { numRuns: 1_000 },
  );
  await engine.dispose();
  await dataSource.destroy();
});
