import { afterEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/model/values/json.ts';
import type { AppliedPage, PageToApply } from '../../../src/model/ports.ts';
import { syncTable, type SyncTable } from '../../../src/persistence/tables/sync-table.ts';
import { allDrivers, answerOf, openStore, serverRow, type StoreBench } from '../../support/open-store.ts';
import { todoEntity } from '../../support/todo.ts';

const t = (second: number): string => `2026-01-01T00:00:0${second}.000001Z`;
const removing = { tables: [syncTable(todoEntity, { tombstones: 'remove' }) as SyncTable] };

describe.each(allDrivers)('listed rows that are older than the known ones, on %s', (driver) => {
  let bench: StoreBench;
  afterEach(() => bench.close());

  /** Applies each list of rows as a page, all in one transaction. */
  async function apply(
    pages: readonly (readonly JsonObject[])[],
    { resync = false } = {},
  ): Promise<readonly AppliedPage[]> {
    const next = await bench.store.pullPosition('todos', { resync });
    return bench.store.applyPages(
      'todos',
      pages.map((items): PageToApply => ({ page: { items }, items, next })),
      { totalDone: 0 },
    );
  }
  const aside = async (): Promise<readonly unknown[]> =>
    bench.dataSource.query('SELECT entity_id FROM sync_quarantine');

  test('F-157: a row that the previous page removed does not return in the same transaction', async () => {
    bench = await openStore(driver, removing);
    await bench.pull([serverRow('x', t(1))]);
    const done = await apply([[serverRow('x', t(3), { deletedAt: t(3) })], [serverRow('x', t(1))]]);
    expect(done.map(({ ignored }) => ignored)).toEqual([0, 1]);
    expect(await bench.row('x')).toBeNull();
  });

  test('F-157: a row that exists only in quarantine does not return after its tombstone', async () => {
    bench = await openStore(driver, removing);
    await bench.pull([serverRow('x', t(1), { title: null })]);
    expect(await aside()).toHaveLength(1);
    await apply([[serverRow('x', t(2), { deletedAt: t(2) })]]);
    await apply([[serverRow('x', t(1))]]);
    expect(await bench.row('x')).toBeNull();
    expect(await aside()).toEqual([]);
  });

  test('F-157: drops an older unreadable row instead of quarantining it beside the newer one', async () => {
    bench = await openStore(driver);
    await bench.pull([serverRow('x', t(5))]);
    const [page] = await apply([[serverRow('x', t(2), { title: null })]]);
    expect(page).toMatchObject({ ignored: 1 });
    expect(await aside()).toEqual([]);
  });

  test('F-161: a first load accepts a restored row although a newer version is in quarantine', async () => {
    bench = await openStore(driver);
    await bench.pull([serverRow('x', t(9), { title: null })]);
    await bench.store.openResync(['todos']);
    await apply([[serverRow('x', t(5))]], { resync: true });
    expect(await bench.row('x')).toMatchObject({ updatedAt: t(5) });
    expect(await aside()).toEqual([]);
  });

  test('F-157: a server row accepted in a conflict stays during the open resync', async () => {
    bench = await openStore(driver);
    await bench.pull([serverRow('x', t(1)), serverRow('y', t(1))]);
    const row = await bench.row('x');
    if (row === null) throw new Error('x must be there');
    await bench.writer.replaceAndEnqueue({ ...row, title: 'mine' });
    await bench.store.openResync(['todos']);
    const [request] = await bench.takeAll();
    if (request === undefined) throw new Error('the edit must be taken');
    const current = serverRow('x', t(9), { title: 'newest' });
    const { conflicts } = await bench.store.settle([
      answerOf(request, { type: 'conflict', current, deleted: false, serverTimestamp: t(9) }),
    ]);
    for (const ref of conflicts) {
      await bench.store.loadConflict(ref);
      await bench.store.acceptServer(ref, { type: 'acceptServer' });
    }
    const [page] = await apply([[serverRow('x', t(5)), serverRow('y', t(1))]], { resync: true });
    expect(page).toMatchObject({ ignored: 1 });
    expect(await bench.row('x')).toMatchObject({ title: 'newest' });
  });

  describe('after a full resync has removed a row that it did not list', () => {
    const list = async (rows: readonly JsonObject[], newest: string): Promise<void> => {
      await bench.store.openResync(['todos']);
      await bench.store.applyPages(
        'todos',
        [
          {
            page: { items: rows },
            items: rows,
            next: { cursor: { ts: newest, lastId: 'y' }, maxPage: 1, resync: true },
          },
        ],
        {
          totalDone: 0,
        },
      );
      await bench.store.completePull('todos', { resync: true });
    };
    const resync = async (rows: readonly JsonObject[], newest: string): Promise<void> => {
      await list(rows, newest);
      await bench.store.sweepResync('todos', { requested: true });
    };
    const ignoredOf = async (row: JsonObject): Promise<number | undefined> => (await apply([[row]]))[0]?.ignored;

    test.each([['in its table'], ['only in quarantine']])(
      'F-157: an older list does not restore it, a newer version does (%s)',
      async (where) => {
        bench = await openStore(driver);
        await bench.pull([serverRow('x', t(2), where === 'in its table' ? {} : { title: null }), serverRow('y', t(5))]);
        await resync([serverRow('y', t(5))], t(5));
        expect(await bench.row('x')).toBeNull();
        expect(await aside()).toEqual([]);
        expect(await ignoredOf(serverRow('x', t(1)))).toBe(1);
        expect(await ignoredOf(serverRow('x', t(2)))).toBe(1);
        expect(await bench.row('x')).toBeNull();
        expect(await ignoredOf(serverRow('x', t(3)))).toBe(0);
        expect(await bench.row('x')).toMatchObject({ updatedAt: t(3) });
      },
    );

    test('F-157, I5: a row newer than the whole listing returns unchanged because the listing may have been outdated', async () => {
      bench = await openStore(driver);
      await bench.pull([serverRow('x', t(7)), serverRow('y', t(5)), serverRow('z', t(5))]);
      await resync([serverRow('y', t(5))], t(5));
      expect(await ignoredOf(serverRow('x', t(4)))).toBe(1);
      expect(await ignoredOf(serverRow('x', t(7)))).toBe(0);
      // The same second as the newest listed row: their order is unknown.
      expect(await ignoredOf(serverRow('z', t(5)))).toBe(0);
      expect(await bench.row('x')).toMatchObject({ updatedAt: t(7) });
      expect(await bench.row('z')).toMatchObject({ updatedAt: t(5) });
    });

    test('F-161: the next full resync accepts whatever version the server lists', async () => {
      bench = await openStore(driver);
      await bench.pull([serverRow('x', t(2)), serverRow('y', t(5))]);
      await resync([serverRow('y', t(5))], t(5));
      await resync([serverRow('x', t(1)), serverRow('y', t(5))], t(5));
      expect(await bench.row('x')).toMatchObject({ updatedAt: t(1) });
    });

    test('F-156, F-157: an older list does not restore a row whose absence the server has confirmed', async () => {
      bench = await openStore(driver);
      await bench.pull([serverRow('x', t(2)), serverRow('y', t(5))]);
      await list([serverRow('y', t(5))], t(5));
      await bench.store.proveAbsence('todos', { found: [], present: [], absent: ['x'] });
      expect(await bench.row('x')).toBeNull();
      await bench.store.sweepResync('todos', { requested: true });
      expect(await ignoredOf(serverRow('x', t(2)))).toBe(1);
    });
  });

  test('I5: a tombstone with its other fields cleared by the server deletes the row', async () => {
    bench = await openStore(driver);
    await bench.pull([serverRow('x', t(1))]);
    await apply([[{ ...serverRow('x', t(2), { deletedAt: t(2) }), title: null, done: null }]]);
    expect(await aside()).toEqual([]);
    expect((await bench.row('x'))?.deletedAt ?? null).not.toBeNull();
  });
});
