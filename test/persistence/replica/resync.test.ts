import { afterEach, describe, expect, test } from 'vitest';
import type { SyncConfig } from '../../../src/model/config.ts';
import type { JsonObject } from '../../../src/model/values/json.ts';
import type { PullPosition } from '../../../src/model/ports.ts';
import { accepted, answerOf, drivers, serverRow } from '../../support/open-store.ts';
import { categoryRow, itemOf, itemRow, openShop, type ShopBench, type ShopOptions } from '../../support/shop.ts';
import { todoOf } from '../../support/todo.ts';

const day = 24 * 3_600_000;
const t1 = '2026-01-01T00:00:01.000001Z';
const t2 = '2026-01-01T00:00:02.000001Z';
const t3 = '2026-01-01T00:00:03.000001Z';
const all = ['categories', 'items', 'todos'];

describe.each(drivers)('full resync on %s', (driver) => {
  let bench: ShopBench;
  afterEach(() => bench.close());
  const open = async (config: Partial<SyncConfig> = {}, options: ShopOptions = {}): Promise<void> => {
    bench = await openShop(driver, { ...options, config });
  };

  /** Applies a page of the resync, with the position after it. */
  const page = async (rows: readonly JsonObject[], kind = 'todos', cursor = { ts: t1, lastId: 'z' }): Promise<void> => {
    const next: PullPosition = { cursor, maxPage: 2, resync: true };
    await bench.store.applyPages(kind, [{ page: { items: rows }, items: rows, next }], { totalDone: 0 });
  };
  const finish = async (kind = 'todos', requested = false): Promise<unknown> => {
    await bench.store.completePull(kind, { resync: true });
    return bench.store.sweepResync(kind, { requested });
  };
  /** One whole resync that lists these rows. */
  const resync = async (rows: readonly JsonObject[], kind = 'todos', requested = false): Promise<unknown> => {
    await bench.store.openResync([kind]);
    if (rows.length > 0) await page(rows, kind);
    return finish(kind, requested);
  };
  const shown = (): Promise<unknown> =>
    bench.dataSource.query('SELECT id FROM todos WHERE deleted_at IS NULL AND deleted_at_local IS NULL');
  const stored = async (table = 'todos'): Promise<string> =>
    ((await bench.dataSource.query(`SELECT id FROM ${table} ORDER BY id`)) as { id: string }[])
      .map(({ id }) => id)
      .join(' ');

  test('F-161: a full resync accepts an older server row under a pending edit and in a parked conflict: the server was restored', async () => {
    await open();
    await bench.pull([serverRow('a', t2), serverRow('b', t2)]);
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'mine' }), { changedFields: ['title'] });
    await bench.writer.replaceAndEnqueue(todoOf('b', { title: 'mine' }), { changedFields: ['title'] });
    const taken = await bench.takeAll();
    const current = serverRow('b', t3, { title: 'theirs' });
    await bench.store.settle([answerOf(taken[1], { type: 'conflict', current, deleted: false, serverTimestamp: t3 })]);
    const restored = [serverRow('a', t1, { priority: 7 }), serverRow('b', t1, { title: 'restored' })];
    await bench.pull(restored);
    expect(await bench.dataSource.query('SELECT server_timestamp AS ts FROM sync_conflicts')).toEqual([{ ts: t3 }]);
    await resync(restored);
    expect(await bench.row('a')).toMatchObject({ title: 'mine', priority: 7 });
    expect(await bench.dataSource.query('SELECT server_timestamp AS ts FROM sync_conflicts')).toEqual([{ ts: t1 }]);
    expect(
      await bench.dataSource.query('SELECT entity_id AS id, server_version AS v FROM sync_base ORDER BY 1'),
    ).toEqual([
      { id: 'a', v: t1 },
      { id: 'b', v: t1 },
    ]);
  });

  test('F-157: a full resync puts no older row under edits of a row settled since it started', async () => {
    await open();
    await bench.pull([serverRow('a', t1)]);
    await bench.store.openResync(['todos']);
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'first' }), { changedFields: ['title'] });
    const [request] = await bench.takeAll();
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'second' }), { changedFields: ['title'] });
    await bench.store.settle([
      answerOf(request, { type: 'applied', row: serverRow('a', t2, { title: 'first', priority: 7 }) }),
    ]);
    await page([serverRow('a', t1)]);
    expect(await bench.row('a')).toMatchObject({ title: 'second', priority: 7 });
  });

  test.each(['delete', 'edit'] as const)(
    'I4, F-157: a row that the server reports as deleted to our %s during a full resync does not return with an older list',
    async (change) => {
      await open();
      await bench.pull([serverRow('a', t1)]);
      await bench.store.openResync(['todos']);
      if (change === 'delete') await bench.writer.enqueueDelete('a');
      else await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'mine' }), { changedFields: ['title'] });
      const [request] = await bench.takeAll();
      const told = { type: 'conflict', current: undefined, deleted: true, serverTimestamp: '' } as const;
      const { conflicts } = await bench.store.settle([answerOf(request, told)]);
      await bench.store.acceptServer(conflicts[0]!, { type: 'acceptServer' });
      await page([serverRow('a', t1)]);
      expect(await shown()).toEqual([]);
    },
  );

  test('I4, F-157: our delete of a row that the server had deleted before a full resync counts as settled in it', async () => {
    await open();
    await bench.pull([serverRow('a', t1)]);
    await bench.writer.enqueueDelete('a');
    const [request] = await bench.takeAll();
    const told = { type: 'conflict', current: undefined, deleted: true, serverTimestamp: '' } as const;
    const { conflicts } = await bench.store.settle([answerOf(request, told)]);
    await bench.store.openResync(['todos']);
    await bench.store.acceptServer(conflicts[0]!, { type: 'acceptServer' });
    await page([serverRow('a', t1)]);
    expect(await shown()).toEqual([]);
  });

  test('F-157: a full resync puts no older row into a conflict found since it started', async () => {
    await open();
    await bench.pull([serverRow('a', t1)]);
    await bench.store.openResync(['todos']);
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'mine' }), { changedFields: ['title'] });
    const [request] = await bench.takeAll();
    const current = serverRow('a', t3, { title: 'theirs' });
    await bench.store.settle([answerOf(request, { type: 'conflict', current, deleted: false, serverTimestamp: t3 })]);
    await page([serverRow('a', t2, { title: 'older' })]);
    expect(await bench.dataSource.query('SELECT server_timestamp AS ts FROM sync_conflicts')).toEqual([{ ts: t3 }]);
  });

  test('F-45: is due per kind: never done, then again after its own interval', async () => {
    await open({ fullResyncIntervalMs: 7 * day });
    expect(await bench.store.dueForResync(all)).toEqual(all);
    await resync([serverRow('a', t1)]);
    expect(await bench.store.dueForResync(all)).toEqual(['categories', 'items']);
    bench.clock.increment(day);
    await resync([categoryRow('c', t1)], 'categories');
    bench.clock.increment(6 * day - 1);
    expect(await bench.store.dueForResync(['todos', 'categories'])).toEqual([]);
    bench.clock.increment(1);
    expect(await bench.store.dueForResync(['todos', 'categories'])).toEqual(['todos']);
    expect(await bench.store.dueForResync([])).toEqual([]);
  });

  test("Infinity: never by schedule, but if the last pull is older than the server's tombstone retention", async () => {
    await open({ fullResyncIntervalMs: Infinity });
    expect(await bench.store.dueForResync(all)).toEqual([]);
    await bench.store.completePull('todos', { resync: false, tombstoneRetentionMs: 30 * day });
    await bench.store.completePull('items', { resync: false });
    bench.clock.increment(30 * day);
    expect(await bench.store.dueForResync(all)).toEqual([]);
    bench.clock.increment(1);
    expect(await bench.store.dueForResync(all)).toEqual(['todos']);
    // An announced value holds until the server announces another one.
    await bench.store.completePull('todos', { resync: false });
    expect(await bench.store.dueForResync(all)).toEqual([]);
    bench.clock.increment(30 * day + 1);
    expect(await bench.store.dueForResync(all)).toEqual(['todos']);
  });

  test('setLastFullResync counts for all kinds', async () => {
    await open({ fullResyncIntervalMs: 7 * day });
    await bench.cursors.setLastFullResync(new Date(bench.clock.now() - 7 * day + 1));
    expect(await bench.store.dueForResync(all)).toEqual([]);
    bench.clock.increment(1);
    expect(await bench.store.dueForResync(all)).toEqual(all);
  });

  test('F-67: a time in the future came from a wrong clock and does not postpone the resync', async () => {
    await open({ fullResyncIntervalMs: 7 * day });
    await resync([serverRow('a', t1)]);
    expect(await bench.store.dueForResync(['todos'])).toEqual([]);
    await bench.dataSource.query('UPDATE sync_cursors SET last_resync_at = ?', [bench.clock.now() + 365 * day]);
    expect(await bench.store.dueForResync(['todos'])).toEqual(['todos']);
    // A small clock correction is not a clock jump.
    await bench.dataSource.query('UPDATE sync_cursors SET last_resync_at = ?', [bench.clock.now() + 30_000]);
    expect(await bench.store.dueForResync(['todos'])).toEqual([]);
  });

  test('F-08: an interrupted resync is due, resumes at its cursor, and remembers what it has seen', async () => {
    await open({ fullResyncIntervalMs: Infinity });
    await bench.pull([serverRow('a', t1), serverRow('b', t1), serverRow('ghost', t1)]);
    await bench.store.openResync(['todos']);
    await page([serverRow('a', t2)], 'todos', { ts: t2, lastId: 'a' });
    expect(await bench.store.dueForResync(all)).toEqual(['todos']);
    await bench.store.openResync(['todos']);
    expect(await bench.store.pullPosition('todos', { resync: true })).toMatchObject({
      cursor: { ts: t2, lastId: 'a' },
      maxPage: 2,
    });
    await page([serverRow('b', t3)], 'todos', { ts: t3, lastId: 'b' });
    expect(await finish()).toEqual([{ type: 'cache.updated', kind: 'todos', upserts: 0, deletes: 1 }]);
    expect(await stored()).toBe('a b');
    expect(await bench.store.dueForResync(all)).toEqual([]);
  });

  test('a new generation starts at the beginning without old marks', async () => {
    await open();
    await bench.pull([serverRow('a', t1), serverRow('b', t1)]);
    await resync([serverRow('a', t2), serverRow('b', t2)]);
    await bench.store.openResync(['todos']);
    expect(await bench.store.pullPosition('todos', { resync: true })).toEqual({
      cursor: undefined,
      maxPage: 2,
      resync: true,
    });
    await page([serverRow('a', t3)]);
    await finish();
    expect(await stored()).toBe('a');
    expect(await bench.dataSource.query('SELECT * FROM sync_seen')).toEqual([]);
  });

  test('F-161, I6: only a completed full resync moves the cursor backwards, to what it saw', async () => {
    await open();
    await bench.cursors.set('todos', { ts: t3, lastId: 'far' });
    await bench.store.openResync(['todos']);
    expect(await bench.cursors.get('todos')).toEqual({ ts: t3, lastId: 'far' });
    await page([serverRow('a', t1)], 'todos', { ts: t1, lastId: 'a' });
    expect(await bench.cursors.get('todos')).toEqual({ ts: t3, lastId: 'far' });
    await finish();
    expect(await bench.cursors.get('todos')).toEqual({ ts: t1, lastId: 'a' });
    await bench.store.openResync(['todos']);
    await page([serverRow('a', '2026-02-01T00:00:00Z')], 'todos', { ts: '2026-02-01T00:00:00Z', lastId: 'a' });
    await finish();
    expect(await bench.cursors.get('todos')).toEqual({ ts: '2026-02-01T00:00:00Z', lastId: 'a' });
  });

  test('a resync that lists nothing keeps the cursor', async () => {
    await open();
    await bench.cursors.set('todos', { ts: t3, lastId: 'far' });
    await resync([], 'todos', true);
    expect(await bench.cursors.get('todos')).toEqual({ ts: t3, lastId: 'far' });
  });

  test('F-42: removes nothing before everything has been fetched', async () => {
    await open();
    await bench.pull([serverRow('a', t1), serverRow('b', t1)]);
    await bench.store.openResync(['todos']);
    await page([serverRow('a', t2)]);
    expect(await bench.store.sweepResync('todos', { requested: true })).toEqual([]);
    expect(await stored()).toBe('a b');
    expect(await bench.store.dueForResync(['todos'])).toEqual(['todos']);
    await finish();
    expect(await stored()).toBe('a');
  });

  test('F-42: a failed sweep removes nothing and does not end the resync', async () => {
    await open();
    await bench.pull([serverRow('a', t1), serverRow('b', t1)]);
    await bench.store.openResync(['todos']);
    await page([serverRow('a', t2)]);
    await bench.dataSource.query(
      `CREATE TRIGGER broken BEFORE UPDATE OF resync_open ON sync_cursors BEGIN SELECT RAISE(ABORT, 'power cut'); END`,
    );
    await expect(finish()).rejects.toMatchObject({ failure: { type: 'storeFailed' } });
    await bench.dataSource.query('DROP TRIGGER broken');
    expect(await stored()).toBe('a b');
    await finish();
    expect(await stored()).toBe('a');
  });

  test('F-38 and F-137: removes exactly the unlisted rows, except pending, stuck, quarantined and meanwhile settled ones', async () => {
    await open({ maxOutboxTryCount: 1 });
    await bench.pull(
      ['listed', 'ghost', 'edited', 'deleted', 'settled', 'broken', 'stuck'].map((id) => serverRow(id, t1)),
    );
    await bench.writer.replaceAndEnqueue(todoOf('stuck', { title: 'mine' }), { changedFields: ['title'] });
    await bench.store.settle([
      answerOf((await bench.takeAll())[0], { type: 'forbidden', error: new Error('no') as never }),
    ]);
    await bench.writer.replaceAndEnqueue(todoOf('settled', { title: 'mine' }), { changedFields: ['title'] });
    const [settled] = await bench.takeAll();
    await bench.writer.replaceAndEnqueue(todoOf('edited', { title: 'mine' }), { changedFields: ['title'] });
    await bench.writer.enqueueDelete('deleted');
    await bench.writer.insertAndEnqueue(todoOf('fresh'));
    await bench.store.openResync(['todos']);
    await page([serverRow('listed', t2), serverRow('broken', t2, { title: 5 })]);
    await bench.store.settle([answerOf(settled, accepted(t3)(settled!))]);
    expect(await finish()).toEqual([{ type: 'cache.updated', kind: 'todos', upserts: 0, deletes: 1 }]);
    expect(await stored()).toBe('broken deleted edited fresh listed settled stuck');
  });

  test('F-38: also removes an unlisted row that was once quarantined, from quarantine too, and it never returns', async () => {
    await open();
    await bench.pull([serverRow('a', t1), serverRow('gone', t1)]);
    await bench.pull([
      serverRow('gone', t2, { title: 5 }),
      serverRow('kept', t2, { title: 5 }),
      { title: 'no id', updatedAt: t2 },
    ]);
    await bench.store.openResync(['todos']);
    await page([serverRow('a', t1), serverRow('kept', t2, { title: 5 }), { title: 'no id', updatedAt: t2 }]);
    await finish();
    expect(await stored()).toBe('a');
    expect(
      (
        (await bench.dataSource.query('SELECT entity_id AS id FROM sync_quarantine ORDER BY 1')) as { id: string }[]
      ).map(({ id }) => id),
    ).toEqual(['kept', expect.stringContaining('no id') as string]);
  });

  test('F-137: keeps a row that was listed while an operation was pending, if that is settled before the end', async () => {
    await open();
    await bench.pull([serverRow('a', t1), serverRow('b', t1)]);
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'mine' }), { changedFields: ['title'] });
    const report = await bench.store.settle([
      answerOf((await bench.takeAll())[0], {
        type: 'conflict',
        current: serverRow('a', t2),
        deleted: false,
        serverTimestamp: t2,
      }),
    ]);
    await bench.store.openResync(['todos']);
    await page([serverRow('a', t2)]);
    await bench.store.acceptServer(report.conflicts[0]!, { type: 'acceptServer' });
    await finish();
    expect(await stored()).toBe('a');
  });

  test('F-137: an empty table needs no marks; an unmarked generation never sweeps, whatever has arrived since', async () => {
    await open();
    await bench.store.openResync(['todos']);
    await page([serverRow('a', t1)]);
    expect(await bench.dataSource.query('SELECT * FROM sync_seen')).toEqual([]);
    await bench.pull([serverRow('between', t2)]);
    await bench.store.openResync(['todos']);
    expect(await finish()).toEqual([]);
    expect(await stored()).toBe('a between');
  });

  test('sweepOnFullResync: false removes nothing', async () => {
    await open({ sweepOnFullResync: false });
    await bench.pull([serverRow('a', t1), serverRow('b', t1)]);
    expect(await resync([serverRow('a', t2)])).toEqual([]);
    expect(await stored()).toBe('a b');
    expect(await bench.store.dueForResync(['todos'])).toEqual([]);
  });

  test('F-137: a scheduled resync without a single row empties no table; a requested one does', async () => {
    await open();
    await bench.pull([serverRow('a', t1)]);
    await expect(resync([])).rejects.toMatchObject({ failure: { type: 'kindFailed', kind: 'todos', phase: 'pull' } });
    expect(await stored()).toBe('a');
    expect(await bench.store.dueForResync(['todos'])).toEqual(['todos']);
    expect(await resync([], 'todos', true)).toEqual([{ type: 'cache.updated', kind: 'todos', upserts: 0, deletes: 1 }]);
    expect(await stored()).toBe('');
    expect(await resync([], 'todos')).toEqual([]);
  });

  test('F-142: the sweep also compares ids as text on integer columns', async () => {
    await open();
    await bench.dataSource.query(
      `INSERT INTO todos (id, title, updated_at) VALUES ('7', 'x', '2020-01-01T00:00:00Z'), ('07', 'x', '2020-01-01T00:00:00Z')`,
    );
    await resync([serverRow('7', t1)]);
    expect(await stored()).toBe('7');
  });

  test('I4: the sweep never cascades into rows with pending operations', async () => {
    await open({}, { onDelete: 'CASCADE' });
    await bench.pullOf('categories', [categoryRow('c1', t1), categoryRow('c2', t1), categoryRow('c3', t1)]);
    await bench.pullOf('items', [itemRow('i1', 'c1', t1), itemRow('i2', 'c2', t1)]);
    await bench.items.replaceAndEnqueue(itemOf('i1', 'c1', { name: 'mine' }));
    await resync([categoryRow('c3', t2)], 'categories');
    expect(await stored('categories')).toBe('c1 c3');
    expect(await stored('items')).toBe('i1');
  });

  test('keeps a row that the database needs for its children; sweeps the others', async () => {
    await open({}, { onDelete: 'NO ACTION' });
    await bench.pullOf('categories', [categoryRow('c1', t1), categoryRow('c2', t1), categoryRow('c3', t1)]);
    await bench.pullOf('items', [itemRow('i1', 'c1', t1)]);
    expect(await resync([categoryRow('c3', t2)], 'categories')).toMatchObject([{ deletes: 1 }]);
    expect(await stored('categories')).toBe('c1 c3');
    await resync([], 'items', true);
    await resync([categoryRow('c3', t2)], 'categories');
    expect(await stored('categories')).toBe('c3');
  });

  test('F-69: removes kept tombstones at the end of their retention, except pending ones', async () => {
    await open({}, { categories: { retentionMs: 10 * day } });
    const time = (days: number): string => new Date(bench.clock.now() - days * day).toISOString();
    const rows = [
      categoryRow('old', t1, { deletedAt: time(11) }),
      categoryRow('young', t1, { deletedAt: time(9) }),
      categoryRow('pending', t1, { deletedAt: time(11) }),
      categoryRow('alive', t1),
    ];
    await bench.pullOf('categories', rows);
    await bench.categories.enqueueDelete('pending');
    expect(await resync(rows, 'categories')).toMatchObject([{ deletes: 1 }]);
    expect(await stored('categories')).toBe('alive pending young');
  });

  test('leaves cursors and resyncs of other kinds alone', async () => {
    await open();
    await bench.cursors.set('items', { ts: t2, lastId: 'i' });
    await bench.store.openResync(['categories', 'items']);
    await page([categoryRow('c', t1)], 'categories');
    await finish('categories');
    expect(await bench.store.dueForResync(['categories', 'items'])).toEqual(['items']);
    expect(await bench.cursors.get('items')).toEqual({ ts: t2, lastId: 'i' });
  });
});
