import { afterEach, describe, expect, test } from 'vitest';
import { acceptServer } from '../../src/model/conflict.ts';
import { liveQuery } from '../../src/persistence/follow/live-query.ts';
import { rowStatus, watchRowStatus } from '../../src/persistence/follow/row-status.ts';
import { syncTable } from '../../src/persistence/tables/sync-table.ts';
import { follow } from '../support/follow.ts';
import { openEngine, type EngineBench, type EngineBenchOptions } from '../support/open-engine.ts';
import { drivers, todos } from '../support/open-store.ts';
import { todoEntity } from '../support/todo.ts';

let bench: EngineBench;
afterEach(() => bench.close());

const opened = async ({
  kind = 'todos',
  ...options
}: EngineBenchOptions & { readonly kind?: string } = {}): Promise<void> => {
  bench = await openEngine(options);
  bench.server.seed(kind, { id: 'a', title: 'theirs', done: false, priority: 10, tags: ['x'] });
  await bench.engine.sync();
};
const edit = async (title: string, opId: string): Promise<void> => {
  const row = await bench.row('a');
  if (row === null) throw new Error('the row is missing');
  await bench.writer.replaceAndEnqueue({ ...row, title }, { opId });
};

describe.each(drivers)('row status with %s', (driver) => {
  test('I12: acked, pending, stuck with its error, conflict, and acked again, once each', async () => {
    await opened({ driver, config: { maxOutboxTryCount: 1, conflictStrategy: 'manual' } });
    const seen = follow(bench.engine.watchRowStatus(todos, 'a'));
    await seen.count(1);
    const refusal = bench.server.refuse(() => true);
    await edit('one', 'op1');
    await seen.until(({ state }) => state === 'pending');
    await bench.engine.sync();
    expect(await seen.until(({ state }) => state === 'stuck')).toMatchObject({
      opIds: ['op1'],
      tryCount: 1,
      lastError: 'a rule of the server refuses this',
    });
    refusal();
    await bench.engine.dropStuckOperations();
    await seen.until(({ state }) => state === 'acked');
    bench.server.update('todos', 'a', { title: 'newer' });
    await edit('two', 'op2');
    await bench.engine.sync();
    expect(await bench.engine.rowStatus(todos, 'a')).toMatchObject({ state: 'conflict', opIds: ['op2'] });
    await bench.engine.resolveConflict('op2', acceptServer());
    await seen.until(({ state }) => state === 'acked');
    expect(seen.values.map(({ state }) => state).filter((state, i, all) => state !== all[i - 1])).toEqual([
      'acked',
      'pending',
      'stuck',
      'acked',
      'pending',
      'conflict',
      // Decided, and not yet applied.
      ...(seen.values.some(({ state }, i) => state === 'pending' && seen.values[i - 1]?.state === 'conflict')
        ? ['pending']
        : []),
      'acked',
    ]);
    seen.stop();
  });

  test('an automatically merged conflict never shows as one', async () => {
    await opened({ driver });
    const seen = follow(bench.engine.watchRowStatus(todoEntity, 'a'));
    await seen.count(1);
    bench.server.update('todos', 'a', { priority: 99 });
    await edit('mine', 'op1');
    await bench.engine.sync();
    await seen.until(({ state }) => state === 'acked');
    expect(bench.types()).toContain('conflict.merged');
    expect(seen.values.map(({ state }) => state)).not.toContain('conflict');
    seen.stop();
  });

  test('works without a given engine, under another kind, and for unknown rows', async () => {
    await opened({ driver, kind: 'tasks', tables: [syncTable(todoEntity, { kind: 'tasks' })] });
    await edit('mine', 'op1');
    const { dataSource } = bench;
    expect(await bench.engine.rowStatus('todos', 'a')).toMatchObject({ state: 'pending' });
    expect(await bench.engine.rowStatus(todoEntity, 'nobody')).toEqual({ state: 'acked', opIds: [], tryCount: 0 });
    expect(await rowStatus(syncTable(todoEntity, { kind: 'tasks' }), 'a', { dataSource })).toMatchObject({
      state: 'pending',
      opIds: ['op1'],
    });
    const seen = follow(watchRowStatus('tasks', 'a', { dataSource, pollIntervalMs: 0 }));
    expect(await seen.until(({ state }) => state === 'pending')).toMatchObject({ opIds: ['op1'] });
    seen.stop();
  });

  test('F-17: a server row that could not be stored shows in the status of its row', async () => {
    await opened({ driver });
    bench.server.update('todos', 'a', { title: null });
    await bench.engine.sync();
    expect(await bench.engine.rowStatus(todos, 'a')).toMatchObject({
      state: 'acked',
      quarantined: expect.stringContaining('title') as string,
    });
  });

  test("the engine's live query uses its database, clock and kinds", async () => {
    await opened({ driver, kind: 'tasks', tables: [syncTable(todoEntity, { kind: 'tasks' })] });
    await bench.clock.advance(1);
    const query = (): Promise<number> => bench.dataSource.getRepository(todoEntity).count();
    const seen = follow(bench.engine.liveQuery(query, { tables: [todoEntity], metadata: true }));
    expect(await seen.count(1)).toEqual([{ value: 1, hasPendingWrites: false, fromCache: true }]);
    bench.server.seed('tasks', { id: 'b', title: 'b', done: false, priority: 1, tags: null });
    await bench.engine.sync();
    expect(await seen.until(({ fromCache }) => !fromCache)).toMatchObject({ value: 2, hasPendingWrites: false });
    await bench.engine.pause();
    await bench.engine.repository(syncTable(todoEntity)).create({ title: 'x' });
    expect(await seen.until(({ hasPendingWrites }) => hasPendingWrites)).toMatchObject({ value: 3 });
    seen.stop();
    const plain = follow(bench.engine.liveQuery(query, { tables: ['todos'] }));
    expect(await plain.count(1)).toEqual([3]);
    plain.stop();
    expect(() => liveQuery(query, { tables: [class Stranger {}] })).toThrow(TypeError);
  });
});
