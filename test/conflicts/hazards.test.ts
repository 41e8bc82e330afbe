import { afterEach, describe, expect, test } from 'vitest';
import { acceptMerged } from '../../src/model/conflict.ts';
import type { JsonObject } from '../../src/model/values/json.ts';
import { conflictAnswer } from '../../src/server/wire-rules.ts';
import { noon, openConflicts, taskOf, type ConflictBench } from './bench.ts';

let bench: ConflictBench;
afterEach(() => bench.close());

const refusal = { status: 422, body: { error: 'validation', message: 'no seats left' } };

describe('F-03: the server refuses the resolution of a conflict', () => {
  test('counts and reports one try per run, stops at the limit, and lets other operations go on', async () => {
    bench = await openConflicts({ conflict: { strategy: 'clientWins' }, config: { maxOutboxTryCount: 2 } });
    await bench.begin('t1');
    await bench.edit('t1', { title: 'mine' });
    await bench.writer.insertAndEnqueue(taskOf('t2'));
    bench.backend.update('tasks', 't1', { title: 'theirs' });
    bench.backend.addRule(({ id, force }) => (id === 't1' && force ? refusal : undefined));
    expect(await bench.sync()).toMatchObject({ pushed: 1, errors: 1, conflictsResolved: 0 });
    expect(bench.transport.forced).toHaveLength(1);
    expect(bench.types('conflict.')).toEqual(['conflict.detected', 'conflict.unresolved']);
    expect(bench.eventsOf('conflict.unresolved')[0]?.reason).toContain('no seats left');
    expect(await bench.engine.conflicts()).toMatchObject([{ conflict: { entityId: 't1' } }]);
    await bench.sync();
    expect(bench.transport.forced).toHaveLength(2);
    expect(bench.eventsOf('op.stuck')).toMatchObject([{ entityId: 't1', tryCount: 2 }]);
    await bench.sync();
    expect(bench.transport.forced).toHaveLength(2);
    expect(new Set(bench.transport.sent.map(({ requestId }) => requestId)).size).toBe(bench.transport.sent.length);
    expect(await bench.engine.getStuckOperations()).toMatchObject([{ entityId: 't1' }]);
  });

  test.each([0, 2])(
    'CFL-08: retries %s times against a server that always has another version, then stops',
    async (maxConflictRetries) => {
      bench = await openConflicts({ config: { maxConflictRetries } });
      await bench.begin('t1');
      await bench.edit('t1', { title: 'mine' });
      let stock = 10;
      bench.backend.addRule(({ id }) => void bench.backend.update('tasks', id, { stock: (stock += 1) }));
      expect(await bench.sync()).toMatchObject({ conflicts: 1, conflictsResolved: 0, errors: 1 });
      expect(bench.transport.sent).toHaveLength(2 + maxConflictRetries);
      expect(bench.eventsOf('conflict.unresolved')).toHaveLength(1);
      expect(await bench.row('t1')).toMatchObject({ title: 'mine' });
    },
  );

  test('CLI-04: forces a forced write again when it meets another conflict', async () => {
    bench = await openConflicts({ conflict: { strategy: 'clientWins' } });
    await bench.begin('t1');
    await bench.edit('t1', { title: 'mine' });
    bench.backend.update('tasks', 't1', { title: 'theirs' });
    let refused = 0;
    bench.backend.addRule(({ force, id }) => {
      if (!force || refused++ >= 2) return undefined;
      bench.backend.update('tasks', id, { stock: refused });
      return conflictAnswer(409, bench.backend.get('tasks', id) ?? {}, '2026-01-01T12:00:00.000000Z', '9');
    });
    expect(await bench.sync()).toMatchObject({ conflictsResolved: 1 });
    expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'mine' });
    expect(bench.transport.forced).toHaveLength(3);
  });
});

describe('F-20: a device never conflicts with its own edits', () => {
  test('(a) keeps two offline edits of one row and an edit by somebody else', async () => {
    bench = await openConflicts();
    await bench.begin('t1');
    await bench.edit('t1', { title: 'mine' });
    await bench.edit('t1', { done: true });
    bench.backend.update('tasks', 't1', { stock: 9 });
    expect(await bench.sync()).toMatchObject({ conflicts: 1, conflictsResolved: 1 });
    expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'mine', done: true, stock: 9 });
    expect(await bench.queued()).toEqual([]);
  });

  test.each(['serverWins', 'lastWriteWins', 'manual'] as const)(
    '(b–d) %s on one device, with unfolded edits, cause no conflict',
    async (strategy) => {
      bench = await openConflicts({ conflict: { strategy }, config: { coalesce: false } });
      await bench.begin('t1');
      await bench.edit('t1', { title: 'one' });
      await bench.edit('t1', { title: 'two' });
      await bench.edit('t1', { stock: 3 });
      expect(await bench.sync()).toMatchObject({ conflicts: 0, errors: 0 });
      expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'two', stock: 3 });
    },
  );

  test('(e) edits a row that was created offline before the first sync', async () => {
    bench = await openConflicts({ conflict: { strategy: 'manual' } });
    await bench.writer.insertAndEnqueue(taskOf('t1'));
    await bench.edit('t1', { title: 'edited' });
    expect(await bench.sync()).toMatchObject({ conflicts: 0 });
    expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'edited' });
  });

  test('CFL-03, CFL-04: resolves each conflicting operation of a batch on its own row and pushes the others', async () => {
    bench = await openConflicts();
    for (const id of ['t1', 't2', 't3']) await bench.begin(id);
    for (const id of ['t1', 't2', 't3']) await bench.edit(id, { title: `mine ${id}` });
    await bench.writer.insertAndEnqueue(taskOf('t4'));
    bench.backend.update('tasks', 't1', { stock: 1 });
    bench.backend.update('tasks', 't3', { stock: 3 });
    expect(await bench.sync()).toMatchObject({ pushed: 4, conflicts: 2, conflictsResolved: 2 });
    for (const [id, stock] of [
      ['t1', 1],
      ['t2', 5],
      ['t3', 3],
    ] as const)
      expect(bench.backend.get('tasks', id)).toMatchObject({ title: `mine ${id}`, stock });
    expect(bench.backend.get('tasks', 't4')).toBeDefined();
    expect(bench.eventsOf('conflict.resolved').map(({ conflict }) => conflict.entityId)).toEqual(['t1', 't3']);
  });

  test('a conflict of the first unfolded edit includes the later ones', async () => {
    bench = await openConflicts({ config: { coalesce: false } });
    await bench.begin('t1');
    await bench.edit('t1', { title: 'mine' });
    await bench.edit('t1', { done: true });
    bench.backend.update('tasks', 't1', { stock: 9 });
    expect(await bench.sync()).toMatchObject({ conflicts: 1, conflictsResolved: 1 });
    expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'mine', done: true, stock: 9 });
  });
});

describe('incomplete conflict answers', () => {
  const answering = (body: JsonObject) => async (): Promise<void> => {
    bench = await openConflicts();
    await bench.begin('t1');
    await bench.edit('t1', { title: 'mine' });
    bench.backend.update('tasks', 't1', { stock: 9 });
    let answered = 0;
    bench.backend.addRule(() => (answered++ === 0 ? { status: 409, body } : undefined));
    expect(await bench.sync()).toMatchObject({ conflictsResolved: 1 });
    expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'mine', stock: 9 });
    expect(bench.backend.get('tasks', 't1')).not.toHaveProperty('message');
    expect(bench.transport.calls.filter(({ type }) => type === 'fetch')).toHaveLength(1);
  };
  test(
    'F-33: fetches the row when the answer contains no row',
    answering({ error: 'conflict', message: 'somebody was faster' }),
  );
  test(
    "F-34: fetches the row when the answer contains another entity's row",
    answering({ error: 'conflict', current: { id: 'other', title: 'other', updatedAt: '2026-01-01T12:00:00Z' } }),
  );
});

test('F-22: never silently drops a local edit of a row that the server deleted', async () => {
  bench = await openConflicts({ conflict: { strategy: 'serverWins' } });
  await bench.begin('t1');
  await bench.edit('t1', { title: 'mine' });
  bench.backend.remove('tasks', 't1');
  await bench.sync();
  expect(bench.eventsOf('op.discarded')).toMatchObject([
    { entityId: 't1', reason: 'serverDeleted', givenUp: [{ data: { title: 'mine' } }] },
  ]);
  expect(await bench.row('t1')).toBeNull();
});

test('F-35: does not send a merged row that cannot be stored locally; the conflict waits for a decision', async () => {
  bench = await openConflicts({
    conflict: { strategy: 'merge', mergeFunction: (local, server) => ({ ...server, ...local, stock: 'a lot' }) },
  });
  await bench.begin('t1');
  await bench.edit('t1', { title: 'mine' });
  bench.backend.update('tasks', 't1', { title: 'theirs' });
  await bench.sync();
  expect(bench.transport.sent).toHaveLength(1);
  expect(bench.eventsOf('conflict.unresolved')[0]?.reason).toContain("field 'stock' must be a number");
  await bench.engine.resolveConflict(
    (await bench.engine.conflicts())[0]?.conflict.opId ?? '',
    acceptMerged({ stock: 1 }),
  );
  await bench.engine.whenIdle();
  expect(bench.backend.get('tasks', 't1')).toMatchObject({ stock: 1 });
});

test("F-35: does not send a row that the table's `fromJson` refuses", async () => {
  bench = await openConflicts({
    conflict: { strategy: 'merge', mergeFunction: (local, server) => ({ ...server, ...local, title: 'forbidden' }) },
    table: {
      fromJson: (json) => {
        if (json['title'] === 'forbidden') throw new RangeError('no such title');
        return json as object;
      },
    },
  });
  await bench.begin('t1');
  await bench.edit('t1', { stock: 6 });
  bench.backend.update('tasks', 't1', { done: true });
  await bench.sync();
  expect(bench.eventsOf('conflict.unresolved')[0]?.reason).toContain('no such title');
  expect(bench.transport.sent).toHaveLength(1);
});

test('F-37: a delete that survives its conflict removes the row', async () => {
  bench = await openConflicts({ conflict: { deleteConflict: 'delete' }, table: { tombstones: 'remove' } });
  bench.backend.deletes = 'hard';
  await bench.begin('t1');
  await bench.writer.enqueueDelete('t1');
  bench.backend.update('tasks', 't1', { title: 'theirs' });
  expect(await bench.sync()).toMatchObject({ conflictsResolved: 1 });
  expect(bench.backend.get('tasks', 't1')).toBeUndefined();
  expect(await bench.row('t1')).toBeNull();
});

test("F-67, LWW-01: trusts the server's clock when the local clock is wrong by an hour", async () => {
  bench = await openConflicts({ conflict: { strategy: 'lastWriteWins' } });
  await bench.begin('t1');
  await bench.dataSource.query('INSERT INTO "sync_state" ("name", "value") VALUES (?, ?)', [
    'clockOffsetMs',
    String(-3_600_000),
  ]);
  bench = Object.assign(bench, await reopenOnSame(bench));
  await bench.edit('t1', { title: 'mine' }, { localTimestamp: new Date(noon + 60_000).toISOString() });
  bench.backend.update('tasks', 't1', { title: 'theirs', updatedAt: new Date(noon).toISOString() });
  await bench.sync();
  expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'theirs' });
});

/** The engine reads the stored offset when it starts. */
async function reopenOnSame(before: ConflictBench): Promise<Pick<ConflictBench, 'engine' | 'sync' | 'close'>> {
  const { createSyncEngine } = await import('../../src/engine/create-sync-engine.ts');
  const { syncTable } = await import('../../src/persistence/tables/sync-table.ts');
  const { taskEntity } = await import('./bench.ts');
  await before.engine.dispose();
  const engine = createSyncEngine({
    dataSource: before.dataSource,
    transport: before.transport,
    tables: [syncTable(taskEntity, { conflict: { strategy: 'lastWriteWins' } })],
    clock: before.clock,
    config: { fullResyncIntervalMs: Infinity },
  });
  await engine.start();
  return {
    engine,
    sync: () => engine.sync(),
    close: async () => {
      await engine.dispose();
      await before.dataSource.destroy();
    },
  };
}

describe('CFL-06: skipConflictingOps', () => {
  test('gives up an unresolved change with an event that holds it, and counts nothing as resolved', async () => {
    bench = await openConflicts({ conflict: { strategy: 'manual' }, config: { skipConflictingOps: true } });
    await bench.begin('t1');
    await bench.edit('t1', { title: 'mine' });
    bench.backend.update('tasks', 't1', { title: 'theirs' });
    expect(await bench.sync()).toMatchObject({ conflicts: 1, conflictsResolved: 0 });
    expect(await bench.queued()).toEqual([]);
    expect(await bench.row('t1')).toMatchObject({ title: 'theirs' });
    expect(bench.types('conflict.')).toEqual(['conflict.detected', 'conflict.unresolved']);
    expect(bench.eventsOf('op.discarded')).toMatchObject([
      { reason: 'skipped', givenUp: [{ data: { title: 'mine' }, changedFields: ['title'] }] },
    ]);
  });

  test('also gives up a change that the server refuses or that met a new version in each round', async () => {
    bench = await openConflicts({
      conflict: { strategy: 'clientWins' },
      config: { skipConflictingOps: true, maxConflictRetries: 1 },
    });
    for (const id of ['t1', 't2']) await bench.begin(id);
    for (const id of ['t1', 't2']) await bench.edit(id, { title: 'mine' });
    for (const id of ['t1', 't2']) bench.backend.update('tasks', id, { title: 'theirs' });
    bench.backend.addRule(({ id, force }) => {
      if (!force) return undefined;
      return id === 't1'
        ? refusal
        : conflictAnswer(409, bench.backend.get('tasks', id) ?? {}, '2026-01-01T12:00:00.000000Z', '9');
    });
    await bench.sync();
    expect(await bench.queued()).toEqual([]);
    expect(bench.eventsOf('op.discarded').map(({ entityId, reason }) => [entityId, reason])).toEqual([
      ['t1', 'skipped'],
      ['t2', 'skipped'],
    ]);
    expect(bench.eventsOf('conflict.unresolved')).toHaveLength(2);
  });
});

test('EVT-01: emits conflict events after those of the batch and before the pull', async () => {
  bench = await openConflicts();
  await bench.begin('t1');
  await bench.edit('t1', { title: 'mine' });
  bench.backend.update('tasks', 't1', { stock: 9 });
  await bench.sync();
  const order = bench
    .types()
    .filter((type) => type !== 'sync.progress' && type !== 'cache.updated' && type !== 'page.pulled');
  expect(order).toEqual([
    'sync.started',
    'conflict.detected',
    'batch.pushed',
    'op.pushed',
    'conflict.merged',
    'conflict.resolved',
    'sync.started',
    'sync.completed',
  ]);
});

test('CFL-16: keeps Unicode intact through a conflict', async () => {
  bench = await openConflicts();
  const title = 'Größe 尺寸 👩‍👩‍👧 \u0000\u2028"\\';
  await bench.begin('t1');
  await bench.edit('t1', { title });
  bench.backend.update('tasks', 't1', { meta: { ключ: 'värde' } });
  await bench.sync();
  expect(bench.backend.get('tasks', 't1')).toMatchObject({ title, meta: { ключ: 'värde' } });
  expect(await bench.row('t1')).toMatchObject({ title, meta: { ключ: 'värde' } });
});

test('CFL-15: a new client receives the resolved row', async () => {
  bench = await openConflicts();
  await bench.begin('t1');
  await bench.edit('t1', { title: 'mine' });
  bench.backend.update('tasks', 't1', { stock: 9 });
  await bench.sync();
  const fresh = await openConflicts({ backend: bench.backend });
  await fresh.sync();
  expect(await fresh.row('t1')).toMatchObject({ title: 'mine', stock: 9 });
  await fresh.close();
});

test("a table that sends changed fields sends the differences from the server's row", async () => {
  bench = await openConflicts({ table: { sendChangedFields: true } });
  await bench.begin('t1');
  await bench.edit('t1', { title: 'mine' });
  bench.backend.update('tasks', 't1', { stock: 9 });
  await bench.sync();
  expect(bench.transport.sent.at(-1)).toMatchObject({ payload: { id: 't1', title: 'mine' } });
  expect(Object.keys((bench.transport.sent.at(-1) as { payload: object }).payload)).toEqual(['id', 'title']);
  expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'mine', stock: 9 });
});

test('AUT-07: also resolves conflicts in the push of a full resync', async () => {
  bench = await openConflicts();
  await bench.begin('t1');
  await bench.edit('t1', { title: 'mine' });
  bench.backend.update('tasks', 't1', { stock: 9 });
  expect(await bench.engine.fullResync()).toMatchObject({ conflictsResolved: 1 });
  expect(await bench.row('t1')).toMatchObject({ title: 'mine', stock: 9 });
});

describe('F-13: rejects invalid settings when the engine is created', () => {
  test.each([
    [{ strategy: 'newest' }, /conflict.strategy of kind 'tasks'/],
    [{ resolver: 'me' }, /conflict.resolver/],
    [{ fields: { tags: 'join' } }, /conflict.fields.tags/],
    [{ fields: { nope: 'local' } }, /'nope' is not a synchronised column/],
    [{ deleteConflict: true }, /conflict.deleteConflict/],
  ])('%j', async (conflict, complaint) => {
    bench ??= await openConflicts();
    await expect(openConflicts({ conflict: conflict as object })).rejects.toThrow(complaint);
  });
});
