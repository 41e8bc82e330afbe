import { afterEach, describe, expect, test } from 'vitest';
import { DatabaseError } from '../../../src/model/errors/errors.ts';
import { fullResyncKind } from '../../../src/model/cursor.ts';
import { drivers, openStore, serverRow, type StoreBench } from '../../support/open-store.ts';

describe.each(drivers)('cursors on %s', (driver) => {
  let bench: StoreBench;
  afterEach(() => bench.close());
  const at = { ts: '2026-01-01T00:00:01.123456789Z', lastId: 'a/b ü' };

  test('CUR-01 and SCH-10: a kind that was never pulled has no cursor, so its pull starts at the beginning', async () => {
    bench = await openStore(driver);
    expect(await bench.cursors.get('todos')).toBeNull();
    expect(await bench.store.pullPosition('todos', { resync: false })).toEqual({
      cursor: undefined,
      maxPage: 0,
      resync: false,
    });
  });

  test('CUR-02, CUR-03 and F-63: returns the last cursor, character by character', async () => {
    bench = await openStore(driver);
    await bench.cursors.set('todos', { ts: '2020-01-01', lastId: 'x' });
    await bench.cursors.set('todos', at);
    expect(await bench.cursors.get('todos')).toEqual(at);
  });

  test('CUR-04: kinds are independent', async () => {
    bench = await openStore(driver);
    await bench.cursors.set('todos', at);
    await bench.cursors.set('other', { ts: '1', lastId: '2' });
    await bench.cursors.reset('other');
    expect(await bench.cursors.get('todos')).toEqual(at);
  });

  test('CUR-05: reset returns to the epoch and forgets a token sequence', async () => {
    bench = await openStore(driver);
    await bench.store.applyPages(
      'todos',
      [
        {
          page: { items: [serverRow('a', at.ts)] },
          items: [serverRow('a', at.ts)],
          next: { cursor: at, maxPage: 5, resync: false, sequence: { token: 'x', start: undefined } },
        },
      ],
      { totalDone: 0 },
    );
    expect((await bench.store.pullPosition('todos', { resync: false })).sequence).toEqual({
      token: 'x',
      start: undefined,
    });
    await bench.cursors.reset('todos');
    expect(await bench.cursors.get('todos')).toEqual({ ts: '1970-01-01T00:00:00.000Z', lastId: '' });
    // The known server state stays.
    expect(await bench.store.pullPosition('todos', { resync: false })).toEqual({
      cursor: { ts: '1970-01-01T00:00:00.000Z', lastId: '' },
      maxPage: 5,
      resync: false,
    });
  });

  test('CUR-06, CUR-07, CUR-08: resetAll forgets exactly the named kinds, but never the time of the last full resync', async () => {
    bench = await openStore(driver);
    for (const kind of ['a', 'b', 'c']) await bench.cursors.set(kind, at);
    const time = new Date(bench.clock.now() - 1_000);
    await bench.cursors.setLastFullResync(time);
    await bench.cursors.resetAll([]);
    expect(await bench.cursors.get('a')).toEqual(at);
    await bench.cursors.resetAll(new Set(['a', 'b', 'unknown', fullResyncKind]));
    expect([await bench.cursors.get('a'), await bench.cursors.get('b'), await bench.cursors.get('c')]).toEqual([
      null,
      null,
      at,
    ]);
    expect(await bench.cursors.getLastFullResync()).toEqual(time);
  });

  test('CUR-09 and CUR-10: the last full resync is unknown, then as set, to the millisecond', async () => {
    bench = await openStore(driver);
    expect(await bench.cursors.getLastFullResync()).toBeNull();
    for (const time of ['2026-01-02T03:04:05.678Z', '2025-01-02T03:04:05.678Z']) {
      await bench.cursors.setLastFullResync(new Date(time));
      expect((await bench.cursors.getLastFullResync())?.toISOString()).toBe(time);
    }
    expect(await bench.cursors.get(fullResyncKind)).toBeNull();
  });

  test('the last full resync counts for any kind', async () => {
    bench = await openStore(driver);
    await bench.store.openResync(['todos']);
    await bench.store.completePull('todos', { resync: true });
    await bench.store.sweepResync('todos', { requested: false });
    expect((await bench.cursors.getLastFullResync())?.getTime()).toBe(bench.clock.now());
  });

  test.each([
    ['', ''],
    ['1970-01-01T00:00:00.000Z', ''],
    ['9999-12-31T23:59:59.999999Z', '漢'],
    ['1767225601000', '{"a":1}'],
    ['2026-01-01T00:00:00Z', 'x'.repeat(10_240)],
  ])('CUR-11: accepts any cursor: %.30s %.10s', async (ts, lastId) => {
    bench = await openStore(driver);
    await bench.cursors.set('kind with blanks', { ts, lastId });
    expect(await bench.cursors.get('kind with blanks')).toEqual({ ts, lastId });
  });

  test('CUR-12: wraps database failures in a DatabaseError with the cause', async () => {
    bench = await openStore(driver);
    await bench.dataSource.query(
      `CREATE TRIGGER broken BEFORE INSERT ON sync_cursors BEGIN SELECT RAISE(ABORT, 'disk'); END`,
    );
    for (const call of [
      () => bench.cursors.set('a', at),
      () => bench.cursors.reset('a'),
      () => bench.cursors.setLastFullResync(new Date()),
    ]) {
      const error: unknown = await call().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(DatabaseError);
      expect(error).toMatchObject({
        message: expect.stringContaining('disk') as string,
        cause: expect.any(Error) as Error,
      });
    }
  });

  test('rejects an invalid time and changes nothing', async () => {
    bench = await openStore(driver);
    await expect(bench.cursors.setLastFullResync(new Date('never'))).rejects.toThrow(RangeError);
    expect(await bench.cursors.getLastFullResync()).toBeNull();
  });

  test("F-60 and I6: stores a sequence's token and start beside the cursor, and those of a resync beside them", async () => {
    bench = await openStore(driver);
    const incremental = {
      cursor: at,
      maxPage: 3,
      resync: false,
      sequence: { token: 'inc', start: { ts: '2025', lastId: 's' } },
    };
    const resync = {
      cursor: { ts: '2024', lastId: 'r' },
      maxPage: 4,
      resync: true,
      sequence: { token: 'full', start: undefined },
    };
    const page = { items: [] };
    await bench.store.applyPages(
      'todos',
      [
        { page, items: [], next: incremental },
        { page, items: [], next: resync },
      ],
      { totalDone: 0 },
    );
    expect(await bench.store.pullPosition('todos', { resync: false })).toEqual({ ...incremental, maxPage: 4 });
    expect(await bench.store.pullPosition('todos', { resync: true })).toEqual(resync);
    expect(await bench.cursors.get('todos')).toEqual(at);
  });
});
