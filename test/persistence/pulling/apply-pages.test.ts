import { EntitySchema, type ValueTransformer } from 'typeorm';
import { afterEach, describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../../src/model/values/json.ts';
import type { AppliedPage, PageToApply, PullPosition } from '../../../src/model/ports.ts';
import { syncColumns, type SyncedRow } from '../../../src/persistence/tables/sync-columns.ts';
import { syncTable, type SyncTable, type SyncTableOptions } from '../../../src/persistence/tables/sync-table.ts';
import {
  accepted,
  answerOf,
  drivers,
  openStore,
  openSynchronized,
  serverRow,
  type StoreBench,
  type TestDriver,
} from '../../support/open-store.ts';
import { categoryOf, categoryRow, itemOf, itemRow, openShop, type ShopBench } from '../../support/shop.ts';
import { todoEntity, todoOf } from '../../support/todo.ts';

const t1 = '2026-01-01T00:00:01.000001Z';
const t2 = '2026-01-01T00:00:02.000001Z';
const t3 = '2026-01-01T00:00:03.000001Z';
const at = (ts: string, lastId = 'z', more: Partial<PullPosition> = {}): PullPosition => ({
  cursor: { ts, lastId },
  maxPage: 2,
  resync: false,
  ...more,
});
const pageOf = (rows: readonly JsonObject[], next: PullPosition = at(t1)): PageToApply => ({
  page: { items: rows },
  items: rows,
  next,
});
const apply = async (
  bench: StoreBench,
  rows: readonly JsonObject[],
  kind = 'todos',
  next: PullPosition = at(t1),
): Promise<AppliedPage> => {
  const [page] = await bench.store.applyPages(kind, [pageOf(rows, next)], { totalDone: 0 });
  if (!page) throw new Error('no page was applied');
  return page;
};
const quarantined = async (bench: StoreBench): Promise<string[]> =>
  ((await bench.dataSource.query('SELECT entity_id AS id FROM sync_quarantine ORDER BY 1')) as { id: string }[]).map(
    ({ id }) => id,
  );
const quarantinedFacts = (page: AppliedPage): unknown[] => page.facts.filter((fact) => fact.type === 'row.quarantined');

describe.each(drivers)('applying pages on %s', (driver) => {
  let bench: ShopBench;
  afterEach(() => bench.close());

  test("I6 and F-68: a page's rows and its position are one transaction: if one fails, neither is stored", async () => {
    bench = await openShop(driver);
    await apply(bench, [serverRow('a', t1)]);
    await bench.dataSource.query(
      `CREATE TRIGGER broken BEFORE UPDATE ON sync_cursors BEGIN SELECT RAISE(ABORT, 'power cut'); END`,
    );
    await expect(apply(bench, [serverRow('b', t2)], 'todos', at(t2))).rejects.toMatchObject({
      failure: { type: 'storeFailed' },
    });
    await bench.dataSource.query('DROP TRIGGER broken');
    expect(await bench.row('b')).toBeNull();
    expect(await bench.store.pullPosition('todos', { resync: false })).toEqual(at(t1));
    await apply(
      bench,
      [serverRow('b', t2)],
      'todos',
      at(t2, 'b', { sequence: { token: 'next', start: { ts: t1, lastId: 'z' } } }),
    );
    expect(await bench.store.pullPosition('todos', { resync: false })).toEqual(
      at(t2, 'b', { sequence: { token: 'next', start: { ts: t1, lastId: 'z' } } }),
    );
  });

  test("I6: if a page's rows can be neither written nor quarantined, the position stays before it", async () => {
    bench = await openShop(driver);
    await apply(bench, [serverRow('a', t1)]);
    for (const table of ['todos', 'sync_quarantine'])
      await bench.dataSource.query(
        `CREATE TRIGGER broken_${table} BEFORE INSERT ON ${table} BEGIN SELECT RAISE(ABORT, 'power cut'); END`,
      );
    await expect(apply(bench, [serverRow('b', t2)], 'todos', at(t2))).rejects.toMatchObject({
      failure: { type: 'storeFailed' },
    });
    expect(await bench.store.pullPosition('todos', { resync: false })).toEqual(at(t1));
  });

  test('F-41: an upsert keeps the row: children, local-only columns and the rowid stay', async () => {
    bench = await openShop(driver, { onDelete: 'CASCADE' });
    await apply(bench, [categoryRow('c1', t1), categoryRow('c2', t1)], 'categories');
    await apply(bench, [itemRow('i1', 'c1', t1)], 'items');
    await bench.dataSource.query(`UPDATE categories SET draft = 'mine' WHERE id = 'c1'`);
    const rowid = (): Promise<unknown> =>
      bench.dataSource.query(`SELECT rowid AS n, draft FROM categories WHERE id = 'c1'`);
    const before = await rowid();
    await apply(bench, [categoryRow('c1', t2, { name: 'renamed', draft: 'theirs' })], 'categories');
    expect(await rowid()).toEqual(before);
    expect(await bench.dataSource.query('SELECT id FROM items')).toEqual([{ id: 'i1' }]);
    expect(await bench.dataSource.query(`SELECT name FROM categories WHERE id = 'c1'`)).toEqual([{ name: 'renamed' }]);
  });

  test('a key missing from the JSON leaves its column unchanged, also a NOT NULL one', async () => {
    bench = await openShop(driver);
    await apply(bench, [serverRow('a', t1, { title: 'kept', priority: 4, tags: ['x'] })]);
    const page = await apply(bench, [{ id: 'a', done: true, updatedAt: t2 }, serverRow('b', t2)]);
    expect(quarantinedFacts(page)).toEqual([]);
    expect(await bench.row('a')).toMatchObject({ title: 'kept', priority: 4, tags: ['x'], done: true, updatedAt: t2 });
    await apply(bench, [{ id: 'new', done: true, updatedAt: t2 }]);
    expect(await quarantined(bench)).toEqual(['new']);
  });

  test('PULL-17: ignores unknown keys', async () => {
    bench = await openShop(driver);
    expect((await apply(bench, [serverRow('a', t1, { owner: 'x', nested: { a: [1] } })])).pulled).toBe(1);
    expect(await bench.row('a')).toMatchObject({ title: 'server a' });
  });

  test('PULL-09: keeps a tombstone with its time by default; an unseen row only if it is complete', async () => {
    bench = await openShop(driver);
    await apply(bench, [serverRow('a', t1)]);
    const page = await apply(bench, [
      serverRow('a', t2, { deletedAt: t2 }),
      { id: 'unknown', updatedAt: t2, deletedAt: t2 },
      serverRow('whole', t2, { deletedAt: t2 }),
    ]);
    expect(page).toMatchObject({ pulled: 3 });
    expect(page.facts[0]).toMatchObject({ type: 'cache.updated', upserts: 0 });
    expect(await bench.row('a')).toMatchObject({ title: 'server a', deletedAt: t2 });
    expect(await bench.row('unknown')).toBeNull();
    expect(await bench.row('whole')).toMatchObject({ deletedAt: t2 });
  });

  test.each<[string, JsonObject]>([
    ['null in its own spelling', { deletedAt: null }],
    ['null in another spelling', { deleted_at: null }],
    ['nothing', {}],
  ])('I5: a deleted row that comes back is shown, with %s for its deletion', async (_, deletion) => {
    bench = await openShop(driver);
    const { deletedAt: _none, ...row } = serverRow('a', t2);
    await apply(bench, [serverRow('a', t1)]);
    await apply(bench, [{ ...row, deletedAt: t2 }]);
    expect(await bench.row('a')).toMatchObject({ deletedAt: t2 });
    await apply(bench, [{ ...row, ...deletion, updatedAt: t3 }]);
    expect(await bench.row('a')).toMatchObject({ updatedAt: t3, deletedAt: null });
  });

  test('F-64: in the overlap window, counts only rows that change something: no pending edit, no tombstone of an unknown row', async () => {
    bench = await openShop(driver);
    await apply(bench, [serverRow('a', t1), serverRow('b', t1)]);
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'mine' }), { changedFields: ['title'] });
    const reread = async (rows: readonly JsonObject[]): Promise<number | undefined> =>
      (await bench.store.applyPages('todos', [{ ...pageOf(rows), rereadUntil: t2 }], { totalDone: 0 }))[0]?.pulled;
    const window = [serverRow('a', t1), serverRow('b', t1), { id: 'unknown', updatedAt: t1, deletedAt: t1 }];
    expect(await reread(window)).toBe(0);
    expect(await reread([...window, serverRow('late', t1)])).toBe(1);
    expect(await reread([...window, serverRow('late', t1)])).toBe(0);
  });

  test('F-69: with tombstones removed, the row is deleted and an unseen one leaves no trace', async () => {
    bench = await openShop(driver, { categories: { tombstones: 'remove' } });
    await apply(bench, [categoryRow('a', t1)], 'categories');
    const page = await apply(
      bench,
      [categoryRow('a', t2, { deletedAt: t2 }), categoryRow('never', t2, { deletedAt: t2 })],
      'categories',
    );
    expect(page.facts[0]).toMatchObject({ type: 'cache.updated', upserts: 0, deletes: 2 });
    expect(await bench.dataSource.query('SELECT id FROM categories')).toEqual([]);
  });

  test('I4: removing a row never cascades into rows with pending operations', async () => {
    bench = await openShop(driver, { onDelete: 'CASCADE', categories: { tombstones: 'remove' } });
    await apply(bench, [categoryRow('c1', t1), categoryRow('c2', t1)], 'categories');
    await apply(bench, [itemRow('i1', 'c1', t1), itemRow('i2', 'c2', t1)], 'items');
    await bench.items.replaceAndEnqueue(itemOf('i1', 'c1', { name: 'mine' }));
    await apply(
      bench,
      [categoryRow('c1', t2, { deletedAt: t2 }), categoryRow('c2', t2, { deletedAt: t2 })],
      'categories',
    );
    expect(await bench.dataSource.query('SELECT id, deleted_at AS d FROM categories')).toEqual([{ id: 'c1', d: t2 }]);
    expect(await bench.dataSource.query('SELECT id, name FROM items')).toEqual([{ id: 'i1', name: 'mine' }]);
  });

  test('F-17: keeps a row that the database refuses to delete as a tombstone; the page goes on', async () => {
    bench = await openShop(driver, { onDelete: 'NO ACTION', categories: { tombstones: 'remove' } });
    await apply(bench, [categoryRow('c1', t1), categoryRow('c2', t1)], 'categories');
    await apply(bench, [itemRow('i1', 'c1', t1)], 'items');
    await apply(
      bench,
      [categoryRow('c1', t2, { deletedAt: t2 }), categoryRow('c2', t2, { deletedAt: t2 }), categoryRow('c3', t2)],
      'categories',
    );
    expect(await bench.dataSource.query('SELECT id, deleted_at AS d FROM categories ORDER BY id')).toEqual([
      { id: 'c1', d: t2 },
      { id: 'c3', d: null },
    ]);
  });

  test('hides a row that was created, referenced and deleted locally if the database keeps it for its children', async () => {
    bench = await openShop(driver, { onDelete: 'NO ACTION' });
    await bench.categories.insertAndEnqueue(categoryOf('c1'));
    await bench.items.insertAndEnqueue(itemOf('i1', 'c1'));
    await bench.categories.enqueueDelete('c1');
    expect((await bench.takeAll()).map(({ entityId }) => entityId)).toEqual(['i1']);
    expect(await bench.dataSource.query('SELECT id FROM categories WHERE deleted_at_local IS NOT NULL')).toEqual([
      { id: 'c1' },
    ]);
    expect(await bench.dataSource.query('SELECT id FROM items')).toEqual([{ id: 'i1' }]);
  });

  test('F-17: quarantines only a child of a missing row, and stores it once the parent has arrived', async () => {
    bench = await openShop(driver, { onDelete: 'NO ACTION' });
    await apply(bench, [categoryRow('c1', t1)], 'categories');
    const page = await apply(
      bench,
      [itemRow('i1', 'c1', t1), itemRow('orphan', 'c9', t1), itemRow('i2', 'c1', t1)],
      'items',
    );
    expect(page.pulled).toBe(2);
    expect(quarantinedFacts(page)).toEqual([]);
    expect(await bench.store.completePull('items', { resync: false })).toMatchObject([
      { type: 'row.quarantined', kind: 'items', id: 'orphan' },
    ]);
    expect(await bench.store.completePull('items', { resync: false })).toEqual([]);
    expect(await quarantined(bench)).toEqual(['orphan']);
    await apply(bench, [categoryRow('c9', t2)], 'categories', at(t2));
    expect(await bench.store.completePull('items', { resync: false })).toEqual([
      { type: 'cache.updated', kind: 'items', upserts: 1, deletes: 0 },
    ]);
    expect(await quarantined(bench)).toEqual([]);
    expect(await bench.dataSource.query('SELECT id FROM items ORDER BY id')).toHaveLength(3);
  });

  test('F-17: several bad pages in one transaction each lose only their bad rows', async () => {
    bench = await openShop(driver, { onDelete: 'NO ACTION' });
    await apply(bench, [categoryRow('c1', t1)], 'categories');
    const pages = [1, 2, 3].map((page) =>
      pageOf([itemRow(`good${page}`, 'c1', t1), itemRow(`bad${page}`, 'none', t1)], at(t1, `p${page}`)),
    );
    const applied = await bench.store.applyPages('items', pages, { totalDone: 10 });
    expect(applied.map(({ pulled }) => pulled)).toEqual([1, 1, 1]);
    expect(applied.at(-1)?.facts.at(-1)).toMatchObject({ type: 'sync.progress', done: 13 });
    expect(await bench.store.pullPosition('items', { resync: false })).toEqual(at(t1, 'p3'));
  });

  test('F-17: quarantines a row that violates a constraint under a pending edit; stores the others', async () => {
    bench = await openShop(driver);
    await apply(bench, [categoryRow('a', t1), categoryRow('b', t1, { slug: 'taken' })], 'categories');
    await bench.categories.replaceAndEnqueue(categoryOf('a', { name: 'mine' }), { changedFields: ['name'] });
    const page = await apply(bench, [categoryRow('a', t2, { slug: 'taken' }), categoryRow('c', t2)], 'categories');
    expect(await quarantined(bench)).toEqual(['a']);
    expect(page.pulled).toBe(1);
    expect(await bench.dataSource.query('SELECT id, name, slug FROM categories ORDER BY id')).toEqual([
      { id: 'a', name: 'mine', slug: null },
      { id: 'b', name: 'server b', slug: 'taken' },
      { id: 'c', name: 'server c', slug: null },
    ]);
  });

  test('F-35: quarantines an answer that the local table refuses; the operation leaves because the server has it', async () => {
    bench = await openShop(driver);
    await apply(bench, [categoryRow('b', t1, { slug: 'taken' })], 'categories');
    await bench.categories.insertAndEnqueue(categoryOf('a'));
    await bench.writer.insertAndEnqueue(todoOf('t'));
    const requests = await bench.takeAll();
    const report = await bench.store.settle(
      requests.map((request) =>
        answerOf(
          request,
          request.kind === 'categories'
            ? { type: 'applied', row: categoryRow('a', t2, { slug: 'taken' }) }
            : accepted(t2)(request),
        ),
      ),
    );
    expect(report.pushed).toBe(2);
    expect(report.facts.map(({ type }) => type)).toEqual(['op.pushed', 'op.pushed']);
    expect(await bench.store.completePull('categories', { resync: false })).toContainEqual(
      expect.objectContaining({ type: 'row.quarantined', kind: 'categories', id: 'a' }),
    );
    expect(await bench.outbox.hasOperations()).toBe(false);
    expect(await bench.row('t')).toMatchObject({ updatedAt: t2 });
    expect(await quarantined(bench)).toEqual(['a']);
  });

  test('an answer with some of the fields leaves the others unchanged and loses no later edit', async () => {
    bench = await openShop(driver);
    await apply(bench, [serverRow('a', t1, { priority: 7, tags: ['x'] })]);
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'one' }), { changedFields: ['title'] });
    const [request] = await bench.takeAll();
    await bench.writer.replaceAndEnqueue(todoOf('a', { done: true }), { changedFields: ['done'] });
    await bench.store.settle([answerOf(request, { type: 'applied', row: { id: 'a', updatedAt: t2 } })]);
    expect(await bench.row('a')).toMatchObject({ title: 'one', priority: 7, tags: ['x'], done: true, updatedAt: t2 });
    expect((await bench.takeAll())[0]?.op).toMatchObject({
      baseUpdatedAt: t2,
      payload: { id: 'a', title: 'one', priority: 7, tags: ['x'], done: true },
    });
  });

  test('F-160: stores rows that make room for each other at the end of the pull, without a quarantine event', async () => {
    bench = await openShop(driver);
    await apply(
      bench,
      ['x', 'y', 'z'].map((id, index) => categoryRow(id, t1, { slug: String(index + 1) })),
      'categories',
    );
    const page = await apply(
      bench,
      ['x', 'y', 'z'].map((id, index) => categoryRow(id, t2, { slug: String(index + 2) })),
      'categories',
      at(t2),
    );
    expect(quarantinedFacts(page)).toEqual([]);
    expect(await quarantined(bench)).toEqual(['x', 'y']);
    expect(await bench.store.completePull('categories', { resync: false })).toEqual([
      { type: 'cache.updated', kind: 'categories', upserts: 2, deletes: 0 },
    ]);
    expect(await quarantined(bench)).toEqual([]);
    expect(await bench.dataSource.query('SELECT slug FROM categories ORDER BY id')).toEqual([
      { slug: '2' },
      { slug: '3' },
      { slug: '4' },
    ]);
  });

  test('F-17: a good row on a later page of the same transaction releases the bad one', async () => {
    bench = await openShop(driver);
    await bench.store.applyPages('todos', [pageOf([serverRow('a', t1, { title: 5 })]), pageOf([serverRow('a', t2)])], {
      totalDone: 0,
    });
    expect(await quarantined(bench)).toEqual([]);
    expect(await bench.row('a')).toMatchObject({ updatedAt: t2 });
  });

  test('a quarantined row never overwrites a newer one from a push', async () => {
    bench = await openShop(driver);
    await apply(bench, [categoryRow('a', t1), categoryRow('b', t1, { slug: 'taken' })], 'categories');
    await apply(bench, [categoryRow('a', t2, { slug: 'taken', name: 'older' })], 'categories', at(t2));
    expect(await quarantined(bench)).toEqual(['a']);
    await bench.categories.replaceAndEnqueue(categoryOf('a', { name: 'mine' }), { changedFields: ['name'] });
    await bench.drain(() => ({ type: 'applied', row: categoryRow('a', t3, { name: 'mine', slug: 'free' }) }));
    await apply(bench, [categoryRow('b', t3, { slug: null })], 'categories', at(t3));
    await bench.store.completePull('categories', { resync: false });
    expect(await bench.dataSource.query(`SELECT name, slug, updated_at AS u FROM categories WHERE id = 'a'`)).toEqual([
      { name: 'mine', slug: 'free', u: t3 },
    ]);
  });

  test.each([
    ['__proto__', JSON.parse(`{"id":"p","title":"x","updatedAt":"${t1}","__proto__":{"polluted":true}}`) as JsonObject],
    ['constructor', { id: 'p', title: 'x', updatedAt: t1, constructor: { prototype: 1 } } as JsonObject],
  ])('quarantines a row with the key %s, which pollutes nothing', async (_, row) => {
    bench = await openShop(driver);
    const page = await apply(bench, [row, serverRow('good', t1)]);
    expect(page.pulled).toBe(1);
    expect(quarantinedFacts(page)).toMatchObject([{ id: 'p' }]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    await bench.store.completePull('todos', { resync: false });
    expect(await quarantined(bench)).toEqual(['p']);
  });

  test('I13: quarantines __proto__ inside a stored field and names the field; ignores it in fields that are not stored', async () => {
    bench = await openShop(driver);
    const parsed = (text: string): JsonObject => JSON.parse(text) as JsonObject;
    const page = await apply(bench, [
      { ...serverRow('p', t1), ...parsed('{"tags":[{"deep":{"__proto__":{"polluted":true}}}]}') },
      { ...serverRow('q', t1), ...parsed('{"unknown":{"__proto__":1}}') },
    ]);
    expect(page.pulled).toBe(1);
    expect(quarantinedFacts(page)).toMatchObject([
      { id: 'p', error: { message: expect.stringContaining("field 'tags' has the key '__proto__'") as string } },
    ]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test('I1: returns a server field containing a name such as "constructor" unchanged; the user cannot write one', async () => {
    bench = await openShop(driver);
    const tags = [{ constructor: 'Ferrari' }] as unknown as string[];
    await apply(bench, [serverRow('a', t1, { tags: tags as unknown as Json })]);
    const stored = await bench.row('a');
    if (stored === null) throw new Error('the row is not there');
    await bench.writer.replaceAndEnqueue({ ...stored, title: 'mine' });
    await expect(bench.writer.replaceAndEnqueue({ ...stored, tags: [...tags, ...tags] })).rejects.toThrow(
      "'constructor' is not allowed",
    );
    const [request] = await bench.takeAll();
    expect(request).toMatchObject({ op: { payload: { title: 'mine', tags } } });
  });

  test('I4: an older or equal row changes nothing under a pending edit', async () => {
    bench = await openShop(driver);
    await apply(bench, [serverRow('a', t1)]);
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'mine' }), { changedFields: ['title'] });
    await apply(bench, [serverRow('a', t3, { priority: 3 })]);
    await bench.dataSource.query(`UPDATE todos SET priority = 99 WHERE id = 'a'`);
    await apply(bench, [serverRow('a', t2, { priority: 2 })]);
    await apply(bench, [serverRow('a', t3, { priority: 4 })]);
    expect(await bench.row('a')).toMatchObject({ title: 'mine', priority: 99, updatedAt: t3 });
    expect(await bench.dataSource.query('SELECT server_version AS v FROM sync_base')).toEqual([{ v: t3 }]);
  });

  test('I4: a tombstone stays hidden under a pending delete, and visible under a pending edit', async () => {
    bench = await openShop(driver);
    await apply(bench, [serverRow('a', t1), serverRow('b', t1)]);
    await bench.writer.enqueueDelete('a');
    await bench.writer.replaceAndEnqueue(todoOf('b', { title: 'mine' }), { changedFields: ['title'] });
    await apply(bench, [serverRow('a', t2, { deletedAt: t2 }), serverRow('b', t2, { deletedAt: t2, priority: 8 })]);
    expect((await bench.row('a'))?.deletedAtLocal).not.toBeNull();
    expect(await bench.row('b')).toMatchObject({ title: 'mine', priority: 8, deletedAt: null });
    expect((await bench.takeAll()).map(({ op }) => op.baseUpdatedAt)).toEqual([t1, t1]);
  });

  test('F-134: a pull provides the version of an unanswered row, so the next operation need not fetch it', async () => {
    bench = await openShop(driver);
    await bench.writer.insertAndEnqueue(todoOf('a', { title: 'one' }));
    await bench.drain(() => ({ type: 'applied' }));
    expect(await bench.dataSource.query('SELECT version_unknown AS v, base_version AS b FROM sync_base')).toEqual([
      { v: 1, b: null },
    ]);
    await apply(bench, [serverRow('a', t2, { title: 'one' })]);
    expect(await bench.dataSource.query('SELECT * FROM sync_base')).toEqual([]);
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'two' }));
    expect((await bench.takeAll())[0]).toMatchObject({ verify: 'no', op: { baseUpdatedAt: t2 } });
  });

  test('a pull refreshes the server side of a parked conflict, not the base', async () => {
    bench = await openShop(driver);
    await apply(bench, [serverRow('a', t1)]);
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'mine' }), { changedFields: ['title'] });
    const report = await bench.store.settle([
      answerOf((await bench.takeAll())[0], {
        type: 'conflict',
        current: serverRow('a', t2, { title: 'theirs' }),
        deleted: false,
        serverTimestamp: t2,
        version: '"e2"',
      }),
    ]);
    await bench.store.parkConflict(report.conflicts[0]!, 'nobody can decide', { nextRun: false, countTry: false });
    await apply(bench, [serverRow('a', t3, { title: 'theirs again', deletedAt: t3 })]);
    const [stored] = await bench.store.conflicts();
    expect(stored).toMatchObject({
      state: 'awaiting',
      conflict: {
        serverData: { title: 'theirs again' },
        serverTimestamp: t3,
        serverDeleted: true,
        serverVersion: undefined,
        baseData: { title: 'server a', updatedAt: t1 },
        localData: { title: 'mine' },
      },
    });
    expect(await bench.row('a')).toMatchObject({ title: 'mine', deletedAt: null });
  });

  test('F-21: local-only columns survive every pull, also under a pending edit', async () => {
    bench = await openShop(driver);
    await apply(bench, [categoryRow('a', t1)], 'categories');
    await bench.categories.replaceAndEnqueue(categoryOf('a', { name: 'mine', draft: 'note' }), {
      changedFields: ['name'],
    });
    await apply(bench, [categoryRow('a', t2)], 'categories');
    await bench.drain((request) => ({ type: 'applied', row: categoryRow(request.entityId, t3, { name: 'mine' }) }));
    expect(await bench.dataSource.query('SELECT draft, name FROM categories')).toEqual([
      { draft: 'note', name: 'mine' },
    ]);
  });

  test('PULL-14: `pulled` counts accepted rows, including tombstones and pending ones, but not quarantined ones', async () => {
    bench = await openShop(driver);
    await apply(bench, [serverRow('a', t1), serverRow('b', t1)]);
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'mine' }), { changedFields: ['title'] });
    const page = await apply(bench, [
      serverRow('a', t2),
      serverRow('b', t2, { deletedAt: t2 }),
      serverRow('c', t2),
      serverRow('bad', t2, { title: 1 }),
    ]);
    expect(page).toMatchObject({ pageSize: 4, pulled: 3 });
    expect(page.facts.map((fact) => fact.type)).toEqual([
      'row.quarantined',
      'cache.updated',
      'page.pulled',
      'sync.progress',
    ]);
    expect(page.facts[1]).toMatchObject({ upserts: 2, deletes: 1 });
    expect(page.facts[3]).not.toHaveProperty('total');
  });

  test('F-107: progress has the total if the server provides one', async () => {
    bench = await openShop(driver);
    const rows = [serverRow('a', t1)];
    const [page] = await bench.store.applyPages(
      'todos',
      [{ page: { items: rows, total: 40 }, items: rows, next: at(t1) }],
      { totalDone: 7 },
    );
    expect(page?.facts.at(-1)).toEqual({ type: 'sync.progress', phase: 'pull', kind: 'todos', done: 8, total: 40 });
  });

  const manyPages = (pages: number, size: number): PageToApply[] =>
    Array.from({ length: pages }, (_, page) =>
      pageOf(
        Array.from({ length: size }, (__, row) => serverRow(`${page}-${row}`, t1, { tags: ['a', 'b'] })),
        at(t1, `p${page}`),
      ),
    );

  test('the app gets its turn: pages commit early when somebody waits at the gate', async () => {
    bench = await openShop(driver);
    const applying = bench.store.applyPages('todos', manyPages(20, 50), { totalDone: 0 });
    await new Promise((resolve) => setImmediate(resolve));
    const seen = await bench.dataSource.transaction(
      async (manager) => ((await manager.query('SELECT count(*) AS n FROM todos')) as { n: number }[])[0]?.n,
    );
    const applied = await applying;
    expect(applied).toHaveLength(20);
    expect(applied.at(-1)?.facts.at(-1)).toMatchObject({ done: 1000 });
    expect(seen).toBeLessThan(1000);
    expect(await bench.dataSource.query('SELECT count(*) AS n FROM todos')).toEqual([{ n: 1000 }]);
  });

  test('I9: an abort ends it after the current page, which commits with its position', async () => {
    bench = await openShop(driver);
    const abort = new AbortController();
    const pages = manyPages(20, 10);
    const third = pages[2]?.items[5];
    if (third)
      Object.defineProperty(third, 'title', {
        enumerable: true,
        get: () => {
          abort.abort();
          return 'x';
        },
      });
    const applied = await bench.store.applyPages('todos', pages, { totalDone: 0, signal: abort.signal });
    expect(applied).toHaveLength(3);
    expect(await bench.store.pullPosition('todos', { resync: false })).toEqual(at(t1, 'p2'));
    expect(await bench.dataSource.query('SELECT count(*) AS n FROM todos')).toEqual([{ n: 30 }]);
    expect(await bench.store.applyPages('todos', pages, { totalDone: 0, signal: abort.signal })).toEqual([]);
  });

  test.each([
    ['20 pages of 500 rows', 20, 500],
    ['one page of 10,000 rows', 1, 10_000],
  ])('F-147: timers keep firing while applying %s', async (_, pages, size) => {
    bench = await openShop(driver);
    const work = manyPages(pages, size);
    // Measures CPU time: a busy machine delays the whole process, timers and work alike.
    const spent = (): number => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000;
    };
    let longest = 0;
    let ticks = 0;
    const began = spent();
    let last = began;
    const note = (): void => {
      const now = spent();
      longest = Math.max(longest, now - last);
      last = now;
    };
    const timer = setInterval(() => {
      note();
      ticks += 1;
    }, 1);
    await bench.store.applyPages('todos', work, { totalDone: 0 });
    clearInterval(timer);
    note();
    const took = last - began;
    expect(ticks).toBeGreaterThan(10);
    // Allows for garbage collection; without yielding it would be `took`.
    expect(longest).toBeLessThan(Math.max(60, took / 4));
  });
});

interface Folder extends SyncedRow {
  id: string;
  parentId: string | null;
}
const folderEntity = new EntitySchema<Folder>({
  name: 'folders',
  columns: { id: { type: 'text', primary: true }, parentId: { type: 'text', nullable: true }, ...syncColumns },
  foreignKeys: [{ target: 'folders', columnNames: ['parentId'], referencedColumnNames: ['id'] }],
});

interface Gadget extends SyncedRow {
  id: string;
  isActive: boolean;
  settings: { readonly [key: string]: unknown } | null;
  boughtAt: Date | null;
  price: number | null;
  code: string | null;
  day: string | null;
}

const upperCase: ValueTransformer = {
  to: (value: string | null) => value?.toLowerCase() ?? null,
  from: (value: string | null) => value?.toUpperCase() ?? null,
};
const gadgetEntity = new EntitySchema<Gadget>({
  name: 'gadgets',
  columns: {
    id: { type: 'text', primary: true },
    isActive: { type: 'boolean', name: 'is_active', default: false },
    settings: { type: 'simple-json', nullable: true },
    boughtAt: { type: 'datetime', name: 'bought_at', nullable: true },
    price: { type: 'real', nullable: true },
    code: { type: 'text', nullable: true, transformer: upperCase },
    day: { type: 'date', nullable: true },
    ...syncColumns,
  },
});
const countryEntity = new EntitySchema<SyncedRow & { id: number; name: string }>({
  name: 'countries',
  columns: { id: { type: 'integer', primary: true, generated: 'increment' }, name: { type: 'text' }, ...syncColumns },
});

const openWith = async (
  driver: TestDriver,
  tables: readonly SyncTable[],
  entities: readonly EntitySchema[],
): Promise<StoreBench> => {
  const dataSource = await openSynchronized(driver, [todoEntity as EntitySchema, ...entities]);
  return openStore(driver, { dataSource, tables });
};
const openGadgets = (driver: TestDriver, options: SyncTableOptions<Gadget> = {}): Promise<StoreBench> =>
  openWith(driver, [syncTable(gadgetEntity, options) as SyncTable], [gadgetEntity as EntitySchema]);
const gadget = (bench: StoreBench, id: string): Promise<Gadget | null> =>
  bench.dataSource.getRepository(gadgetEntity).findOneBy({ id });
const gadgetRow = (id: string, changes: JsonObject = {}): JsonObject => ({
  id,
  isActive: true,
  settings: { a: [1, { b: null }] },
  boughtAt: '2026-02-03T04:05:06.000Z',
  price: 1.5,
  code: 'AB',
  day: '2026-05-06',
  updatedAt: t1,
  deletedAt: null,
  ...changes,
});

// PostgreSQL has no `datetime`; postgres-columns.test.ts covers its types.
describe.each(drivers.filter((driver) => driver !== 'postgres'))('wire types on %s', (driver) => {
  let bench: StoreBench;
  afterEach(() => bench.close());

  test('checks foreign keys at commit: a child may precede its parent, in the same or an earlier page', async () => {
    bench = await openWith(driver, [syncTable(folderEntity) as SyncTable], [folderEntity as EntitySchema]);
    const row = (id: string, parentId: string | null): JsonObject => ({ id, parentId, updatedAt: t1, deletedAt: null });
    const pages = await bench.store.applyPages(
      'folders',
      [pageOf([row('leaf', 'branch'), row('branch', 'root')]), pageOf([row('root', null)])],
      {
        totalDone: 0,
      },
    );
    expect(pages.map(({ pulled }) => pulled)).toEqual([2, 1]);
  });

  test('a page with a child before its parent and a real orphan loses only the orphan, by the end of the pull', async () => {
    bench = await openWith(driver, [syncTable(folderEntity) as SyncTable], [folderEntity as EntitySchema]);
    const row = (id: string, parentId: string | null): JsonObject => ({ id, parentId, updatedAt: t1, deletedAt: null });
    await apply(
      bench,
      [row('leaf', 'branch'), row('branch', 'root'), row('orphan', 'nobody'), row('root', null)],
      'folders',
    );
    await bench.store.completePull('folders', { resync: false });
    expect(await bench.dataSource.query('SELECT id FROM folders ORDER BY id')).toEqual([
      { id: 'branch' },
      { id: 'leaf' },
      { id: 'root' },
    ]);
    expect(await quarantined(bench)).toEqual(['orphan']);
  });

  test("reads booleans, JSON, dates, numbers and transformers in the app's form, and sends them in the server's", async () => {
    bench = await openGadgets(driver);
    await apply(
      bench,
      [
        gadgetRow('a'),
        gadgetRow('zero', { isActive: 0, settings: null, boughtAt: null, price: null, code: null, day: null }),
      ],
      'gadgets',
    );
    const entity = await gadget(bench, 'a');
    expect(entity).toMatchObject({
      isActive: true,
      settings: { a: [1, { b: null }] },
      price: 1.5,
      code: 'AB',
      day: '2026-05-06',
    });
    expect(entity?.boughtAt?.toISOString()).toBe('2026-02-03T04:05:06.000Z');
    expect(await gadget(bench, 'zero')).toMatchObject({
      isActive: false,
      settings: null,
      boughtAt: null,
      price: null,
      code: null,
      day: null,
    });
    expect(await bench.dataSource.query(`SELECT code, is_active AS a FROM gadgets WHERE id = 'a'`)).toEqual([
      { code: 'ab', a: 1 },
    ]);
  });

  test('sends unedited fields back unchanged', async () => {
    bench = await openGadgets(driver);
    await apply(bench, [gadgetRow('a')], 'gadgets');
    await bench.outbox.enqueue({
      type: 'upsert',
      opId: 'o',
      kind: 'gadgets',
      id: 'a',
      localTimestamp: t1,
      creates: false,
      baseUpdatedAt: t1,
      changedFields: ['price'],
      payload: { ...gadgetRow('a'), price: 2 },
    });
    const [request] = await bench.takeAll();
    await bench.store.settle([
      answerOf(request, {
        type: 'conflict',
        current: gadgetRow('a', { updatedAt: t2, code: 'CD' }),
        deleted: false,
        serverTimestamp: t2,
      }),
    ]);
    const entity = await gadget(bench, 'a');
    expect(entity).toMatchObject({
      price: 2,
      code: 'CD',
      isActive: true,
      settings: { a: [1, { b: null }] },
      day: '2026-05-06',
    });
    expect(entity?.boughtAt?.toISOString()).toBe('2026-02-03T04:05:06.000Z');
  });

  test.each([
    ['a text for a number', { price: 'much' }],
    ['a number for a text', { code: 5, day: 3, isActive: 'yes' }],
    ['null for a boolean without null… which has a default', { isActive: 'true' }],
    ['no date', { boughtAt: 'tomorrow' }],
    ['no day', { day: 'soon' }],
    ['an object for a boolean', { isActive: {} }],
  ])('F-17: quarantines %s', async (_, changes) => {
    bench = await openGadgets(driver);
    const page = await apply(bench, [gadgetRow('bad', changes as JsonObject), gadgetRow('good')], 'gadgets');
    expect(quarantinedFacts(page)).toMatchObject([{ id: 'bad' }]);
    expect(await gadget(bench, 'good')).not.toBeNull();
  });

  test('F-63: keeps numeric timestamps as digits and compares them as times', async () => {
    bench = await openGadgets(driver);
    await apply(bench, [gadgetRow('a', { updatedAt: 1767225601000 })], 'gadgets');
    expect(await bench.dataSource.query('SELECT updated_at AS u, typeof(updated_at) AS t FROM gadgets')).toEqual([
      { u: '1767225601000', t: 'text' },
    ]);
    await bench.outbox.enqueue({
      type: 'upsert',
      opId: 'o',
      kind: 'gadgets',
      id: 'a',
      localTimestamp: t1,
      creates: false,
      baseUpdatedAt: '1767225601000',
      changedFields: ['price'],
      payload: { id: 'a', price: 2 },
    });
    await apply(bench, [gadgetRow('a', { updatedAt: 999, code: 'OLD' })], 'gadgets');
    await apply(
      bench,
      [gadgetRow('a', { updatedAt: 1767225602000, code: 'NEW', deletedAt: 1767225602000 })],
      'gadgets',
    );
    expect(await gadget(bench, 'a')).toMatchObject({
      code: 'NEW',
      price: 2,
      updatedAt: '1767225602000',
      deletedAt: null,
    });
    expect((await bench.takeAll())[0]?.op.baseUpdatedAt).toBe('1767225601000');
  });

  test('snake_case: JSON keys are the property names in snake_case', async () => {
    bench = await openGadgets(driver, { naming: 'snake_case' });
    await apply(
      bench,
      [{ id: 'a', is_active: true, bought_at: '2026-02-03T04:05:06.000Z', updated_at: t1, deleted_at: null }],
      'gadgets',
    );
    expect(await gadget(bench, 'a')).toMatchObject({ isActive: true, updatedAt: t1 });
  });

  test('custom toJson and fromJson convert rows both ways; one that throws affects only its row', async () => {
    bench = await openGadgets(driver, {
      toJson: ({ id, price, updatedAt, deletedAt, isActive }) => ({
        id,
        cents: price === null ? null : price * 100,
        active: isActive,
        updatedAt,
        deletedAt,
      }),
      fromJson: (json) => {
        if (json['cents'] === 'boom') throw new Error('cannot map');
        return {
          id: String(json['id']),
          price: Number(json['cents']) / 100,
          isActive: json['active'] === true,
          deletedAt: null,
        };
      },
    });
    const page = await apply(
      bench,
      [
        { id: 'a', cents: 150, active: true, updatedAt: t1 },
        { id: 'bad', cents: 'boom', updatedAt: t1 },
        { id: 'c', cents: 1, updatedAt: t1 },
      ],
      'gadgets',
    );
    expect(quarantinedFacts(page)).toMatchObject([{ id: 'bad' }]);
    expect(await gadget(bench, 'a')).toMatchObject({ price: 1.5, isActive: true, updatedAt: t1 });
    await bench.outbox.enqueue({
      type: 'upsert',
      opId: 'o',
      kind: 'gadgets',
      id: 'a',
      localTimestamp: t1,
      creates: false,
      baseUpdatedAt: t1,
      changedFields: ['active'],
      payload: { id: 'a', cents: 150, active: false },
    });
    await apply(bench, [{ id: 'a', cents: 300, active: true, updatedAt: t2 }], 'gadgets');
    expect(await gadget(bench, 'a')).toMatchObject({ price: 3, isActive: false, updatedAt: t2 });
  });

  test('getId and getUpdatedAt read rows with other key names; one that throws affects only its row', async () => {
    bench = await openGadgets(driver, {
      getId: (json) => (json['meta'] as { key: string }).key,
      getUpdatedAt: (json) => (json['meta'] as { rev: string }).rev,
    });
    const row = (key: string, rev: string, price: number): JsonObject => ({ meta: { key, rev }, price });
    const page = await apply(bench, [row('a', t1, 1), { price: 3 }, row('b', t1, 2)], 'gadgets');
    expect(quarantinedFacts(page)).toHaveLength(1);
    expect(await gadget(bench, 'a')).toMatchObject({ price: 1, updatedAt: t1 });
    expect(await gadget(bench, 'b')).toMatchObject({ price: 2, updatedAt: t1 });
  });

  test('NAM-02 and NAM-03: falls back to updated_at, deleted_at and uuid', async () => {
    bench = await openGadgets(driver);
    await apply(
      bench,
      [
        { uuid: 'a', price: 1, updated_at: t1 },
        { uuid: 'b', price: 1, updated_at: t1, deleted_at: t1 },
      ],
      'gadgets',
    );
    expect(await gadget(bench, 'a')).toMatchObject({ id: 'a', price: 1, updatedAt: t1, deletedAt: null });
    await apply(bench, [{ uuid: 'a', price: 1, updated_at: t2, deleted_at: t2 }], 'gadgets');
    expect(await gadget(bench, 'a')).toMatchObject({ updatedAt: t2, deletedAt: t2 });
  });

  test('F-142: integer ids of a pullOnly table; other text never becomes another row', async () => {
    bench = await openWith(
      driver,
      [syncTable(countryEntity, { pullOnly: true, tombstones: 'remove' }) as SyncTable],
      [countryEntity as EntitySchema],
    );
    const page = await apply(
      bench,
      [
        { id: 7, name: 'seven', updatedAt: t1 },
        { id: '8', name: 'eight', updatedAt: t1 },
        { id: 'x9', name: 'nine', updatedAt: t1 },
        { id: '0x0A', name: 'ten', updatedAt: t1 },
        { id: 1.5, name: 'half', updatedAt: t1 },
      ],
      'countries',
    );
    expect(quarantinedFacts(page).map((fact) => (fact as { id: string }).id)).toEqual(['x9', '0x0A', '1.5']);
    expect(await bench.dataSource.query('SELECT id, name FROM countries ORDER BY id')).toEqual([
      { id: 7, name: 'seven' },
      { id: 8, name: 'eight' },
    ]);
    await apply(
      bench,
      [
        { id: '7', name: 'VII', updatedAt: t2 },
        { id: 8, name: 'eight', updatedAt: t2, deletedAt: t2 },
      ],
      'countries',
    );
    expect(await bench.dataSource.query('SELECT id, name FROM countries')).toEqual([{ id: 7, name: 'VII' }]);
  });

  test.each([['a/b'], ['ü 漢字 🙂'], ['quote\'"`'], ['%_'], ['x'.repeat(10_240)], ['0'], ['007'], ['null']])(
    'treats ids as opaque text: %.20s',
    async (id) => {
      bench = await openGadgets(driver);
      await apply(bench, [gadgetRow(id)], 'gadgets');
      await bench.outbox.enqueue({
        type: 'upsert',
        opId: 'o',
        kind: 'gadgets',
        id,
        localTimestamp: t1,
        creates: false,
        baseUpdatedAt: t1,
        changedFields: ['price'],
        payload: { id, price: 9 },
      });
      await apply(bench, [gadgetRow(id, { updatedAt: t2, code: 'XY' })], 'gadgets');
      expect(await gadget(bench, id)).toMatchObject({ price: 9, code: 'XY', updatedAt: t2 });
      const [request] = await bench.takeAll();
      expect(request?.entityId).toBe(id);
      await bench.store.settle([
        answerOf(request, { type: 'applied', row: gadgetRow(id, { updatedAt: t3, price: 9 }) }),
      ]);
      expect(await bench.dataSource.query('SELECT count(*) AS n FROM gadgets')).toEqual([{ n: 1 }]);
      expect(await gadget(bench, id)).toMatchObject({ updatedAt: t3 });
    },
  );
});
