import { EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';
import { afterEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/model/values/json.ts';
import { captureWrites } from '../../../src/persistence/capture/capture-writes.ts';
import { syncColumns, type SyncedRow } from '../../../src/persistence/tables/sync-columns.ts';
import { syncTable, type SyncTable } from '../../../src/persistence/tables/sync-table.ts';
import { createWriter } from '../../../src/persistence/writing/writer.ts';
import {
  accepted,
  allDrivers,
  drivers,
  openStore,
  openSynchronized,
  type StoreBench,
  type TestDriver,
} from '../../support/open-store.ts';
import { todoEntity } from '../../support/todo.ts';

type Row = SyncedRow & { id: string } & Record<string, unknown>;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function openTable(
  driver: TestDriver,
  entity: EntitySchema<Row>,
): Promise<StoreBench & { pullRows(rows: readonly JsonObject[]): Promise<void> }> {
  const dataSource = await openSynchronized(driver, [entity as unknown as EntitySchema, todoEntity as EntitySchema]);
  closing.push(() => dataSource.destroy());
  const table = syncTable(entity) as unknown as SyncTable;
  const bench = await openStore(driver, { dataSource, tables: [table] });
  const { name } = dataSource.getMetadata(entity);
  return {
    ...bench,
    pullRows: async (rows) => {
      await bench.store.applyPages(
        name,
        [{ page: { items: rows }, items: rows, next: { cursor: undefined, maxPage: 1, resync: false } }],
        { totalDone: 0 },
      );
    },
  };
}

const treeEntity = (): EntitySchema<Row> =>
  new EntitySchema<Row>({
    name: 'nodes',
    columns: { id: { type: 'text', primary: true }, name: { type: 'text' }, ...syncColumns },
    relations: {
      parent: {
        type: 'many-to-one',
        target: 'nodes',
        treeParent: true,
        inverseSide: 'children',
        joinColumn: { name: 'parent_id' },
        nullable: true,
        onDelete: 'SET NULL',
        createForeignKeyConstraints: false,
      },
      children: { type: 'one-to-many', target: 'nodes', treeChildren: true, inverseSide: 'parent' },
    },
    trees: [{ type: 'materialized-path' }],
  });
const node = (id: string, parent: string | null, minute = 0): JsonObject => ({
  id,
  name: id,
  parent_id: parent,
  updatedAt: `2026-01-01T00:${String(minute).padStart(2, '0')}:00Z`,
  deletedAt: null,
});
const pathsOf = async ({ dataSource }: StoreBench): Promise<Record<string, unknown>> => {
  const rows: { id: string; mpath: string }[] = await dataSource.query('SELECT id, mpath FROM nodes ORDER BY id');
  return Object.fromEntries(rows.map(({ id, mpath }) => [id, mpath]));
};

describe.each(allDrivers)('F-155: a materialized-path tree on %s', (driver) => {
  test('a pulled tree gets its paths, whatever the order of its rows', async () => {
    const bench = await openTable(driver, treeEntity());
    await bench.pullRows([node('a11', 'a1'), node('a1', 'a'), node('b', null)]);
    expect(await pathsOf(bench)).toEqual({ a1: 'a1.', a11: 'a1.a11.', b: 'b.' });
    await bench.pullRows([node('a', null)]);
    expect(await pathsOf(bench)).toEqual({ a: 'a.', a1: 'a.a1.', a11: 'a.a1.a11.', b: 'b.' });
  });

  test('moving a branch moves its descendants', async () => {
    const bench = await openTable(driver, treeEntity());
    await bench.pullRows([node('a', null), node('a1', 'a'), node('a11', 'a1'), node('b', null)]);
    await bench.pullRows([node('a1', 'b', 1)]);
    expect(await pathsOf(bench)).toEqual({ a: 'a.', a1: 'b.a1.', a11: 'b.a1.a11.', b: 'b.' });
    await bench.pullRows([node('b', 'a', 2), node('c', 'a11', 2)]);
    expect(await pathsOf(bench)).toEqual({ a: 'a.', b: 'a.b.', a1: 'a.b.a1.', a11: 'a.b.a1.a11.', c: 'a.b.a1.a11.c.' });
  });

  test('a cycle of parents without a root blocks nothing', async () => {
    const bench = await openTable(driver, treeEntity());
    await bench.pullRows([node('a', 'b'), node('b', 'a'), node('c', null)]);
    expect(await pathsOf(bench)).toMatchObject({ c: 'c.' });
  });

  test('derives paths that an earlier version left empty when the engine starts', async () => {
    const bench = await openTable(driver, treeEntity());
    await bench.pullRows([node('a', null), node('a1', 'a')]);
    await bench.dataSource.query(`UPDATE nodes SET mpath = ''`);
    await bench.store.hydrate();
    expect(await pathsOf(bench)).toEqual({ a: 'a.', a1: 'a.a1.' });
  });
});

describe.each(drivers.filter((driver) => driver !== 'postgres'))('F-155: captured writes on %s', (driver) => {
  test('I1: removing the descendants of a pulled branch removes only that branch, locally and on the server', async () => {
    const entity = treeEntity();
    const bench = await openTable(driver, entity);
    captureWrites(bench.dataSource, [syncTable(entity) as unknown as SyncTable]);
    await bench.pullRows([node('a', null), node('a1', 'a'), node('a11', 'a1'), node('b', null), node('b1', 'b')]);
    const tree = bench.dataSource.getTreeRepository(entity);
    const a1 = await tree.findOneByOrFail({ id: 'a1' });
    await tree.remove(await tree.findDescendants(a1));
    const sent = await bench.drain(() => ({ type: 'applied' }));
    expect(sent.map(({ op }) => `${op.type} ${op.id}`).sort()).toEqual(['delete a1', 'delete a11']);
    expect((await tree.find()).map(({ id }) => id).sort()).toEqual(['a', 'b', 'b1']);
  });

  test("an app's delete date is synchronised as a column", async () => {
    const entity = tableOf({ archivedAt: { type: 'datetime', deleteDate: true, nullable: true } });
    const bench = await openTable(driver, entity);
    captureWrites(bench.dataSource, [syncTable(entity) as unknown as SyncTable]);
    await bench.pullRows([thing('a', { archivedAt: null }), thing('b', { archivedAt: null })]);
    await bench.dataSource.getRepository(entity).softDelete({ id: 'a' });
    const [request, ...others] = await bench.drain(accepted('2026-01-02T00:00:00Z'));
    expect(others).toEqual([]);
    expect(request?.op).toMatchObject({ type: 'upsert', id: 'a', changedFields: ['archivedAt'] });
    expect(payloadOf(request)['archivedAt']).toMatch(/^\d{4}-.*Z$/);
  });

  test('a branch that the writer moves keeps its descendants', async () => {
    const entity = treeEntity();
    const bench = await openTable(driver, entity);
    await bench.pullRows([node('a', null), node('a1', 'a'), node('a11', 'a1'), node('b', null)]);
    const writer = createWriter(bench.dataSource, { clock: bench.clock }).forTable(syncTable(entity));
    const a1 = await bench.dataSource.getRepository(entity).findOneByOrFail({ id: 'a1' });
    await writer.replaceAndEnqueue({ ...a1, parent: { id: 'b' } });
    expect(await pathsOf(bench)).toEqual({ a: 'a.', a1: 'b.a1.', a11: 'b.a1.a11.', b: 'b.' });
  });
});

const tableOf = (columns: Record<string, EntitySchemaColumnOptions>): EntitySchema<Row> =>
  new EntitySchema<Row>({
    name: 'things',
    columns: { id: { type: 'text', primary: true }, title: { type: 'text' }, ...columns, ...syncColumns } as never,
  });
const thing = (id: string, more: JsonObject = {}, minute = 0): JsonObject => ({
  id,
  title: `title ${id}`,
  updatedAt: `2026-01-01T00:${String(minute).padStart(2, '0')}:00Z`,
  deletedAt: null,
  ...more,
});
const payloadOf = (
  request: { readonly op: { readonly type: string; readonly payload?: JsonObject } } | undefined,
): JsonObject => request?.op.payload ?? {};

describe.each(allDrivers)('F-155: columns that TypeORM maintains, on %s', (driver) => {
  const generated: Record<string, EntitySchemaColumnOptions> = {
    price: { type: 'integer' },
    doubled: {
      type: 'integer',
      asExpression: driver === 'postgres' ? '"price" * 2' : 'price * 2',
      generatedType: 'STORED',
    },
  };

  test('omits a generated column: each database computes its own', async () => {
    const entity = tableOf(generated);
    const bench = await openTable(driver, entity);
    await bench.pullRows([thing('a', { price: 2, doubled: 99 })]);
    const repository = bench.dataSource.getRepository(entity);
    expect(await repository.findOneBy({ id: 'a' })).toMatchObject({ price: 2, doubled: 4 });
    const writer = createWriter(bench.dataSource, { clock: bench.clock }).forTable(syncTable(entity));
    const stored = await repository.findOneByOrFail({ id: 'a' });
    await writer.replaceAndEnqueue({ ...stored, price: 5 });
    const [request] = await bench.drain(accepted('2026-01-02T00:00:00Z'));
    expect(payloadOf(request)).toEqual({ id: 'a', title: 'title a', price: 5 });
    expect(await repository.findOneBy({ id: 'a' })).toMatchObject({ price: 5, doubled: 10 });
  });

  test("keeps TypeORM's version and dates from the server, and starts them without one", async () => {
    const entity = tableOf({
      revision: { type: 'integer', version: true },
      made: { type: driver === 'postgres' ? 'timestamptz' : 'datetime', createDate: true },
      touched: { type: driver === 'postgres' ? 'timestamptz' : 'datetime', updateDate: true },
    });
    const bench = await openTable(driver, entity);
    await bench.pullRows([
      thing('a'),
      thing('b', { revision: 7, made: '2026-01-01T00:00:00.000Z', touched: '2026-01-01T00:00:00.000Z' }),
    ]);
    const repository = bench.dataSource.getRepository(entity);
    expect(await repository.findOneBy({ id: 'a' })).toMatchObject({ revision: 1, made: expect.any(Date) });
    expect(await repository.findOneBy({ id: 'b' })).toMatchObject({
      revision: 7,
      touched: new Date('2026-01-01T00:00:00.000Z'),
    });
    await bench.pullRows([thing('b', {}, 1)]);
    expect(await repository.findOneBy({ id: 'b' })).toMatchObject({ revision: 7 });
  });

  test('synchronises columns that TypeORM does not select, insert or update by default', async () => {
    const entity = tableOf({
      secret: { type: 'text', select: false, nullable: true },
      origin: { type: 'text', insert: false, nullable: true },
      fixed: { type: 'text', update: false, nullable: true },
    });
    const bench = await openTable(driver, entity);
    await bench.pullRows([thing('a', { secret: 's', origin: 'o', fixed: 'f' })]);
    const writer = createWriter(bench.dataSource, { clock: bench.clock }).forTable(syncTable(entity));
    const seen = await bench.dataSource.getRepository(entity).findOneByOrFail({ id: 'a' });
    await writer.replaceAndEnqueue({ ...seen, title: 'new' });
    const [request] = await bench.drain(accepted('2026-01-02T00:00:00Z'));
    expect(payloadOf(request)).toEqual({ id: 'a', title: 'new', secret: 's', origin: 'o', fixed: 'f' });
  });

  test('computes a virtual column and neither sends nor stores it', async () => {
    const entity = tableOf({
      shout: { type: 'text', virtualProperty: true, query: (alias: string) => `SELECT upper(${alias}.title)` } as never,
    });
    const bench = await openTable(driver, entity);
    await bench.pullRows([thing('a', { shout: 'no' })]);
    const writer = createWriter(bench.dataSource, { clock: bench.clock }).forTable(syncTable(entity));
    const seen = await bench.dataSource.getRepository(entity).findOneByOrFail({ id: 'a' });
    await writer.replaceAndEnqueue({ ...seen, title: 'new' });
    const [request] = await bench.drain(accepted('2026-01-02T00:00:00Z'));
    expect(payloadOf(request)).toEqual({ id: 'a', title: 'new' });
  });
});

describe.each(drivers.filter((driver) => driver !== 'postgres'))(
  'F-155: columns that this database computes, on %s',
  (driver) => {
    test('rejects a column that the database generates and the entity does not declare, by name', async () => {
      const entity = tableOf({ total: { type: 'integer', nullable: true } });
      const dataSource = await openSynchronized(driver, [
        entity as unknown as EntitySchema,
        todoEntity as EntitySchema,
      ]);
      closing.push(() => dataSource.destroy());
      await dataSource.query('ALTER TABLE things DROP COLUMN total');
      await dataSource.query('ALTER TABLE things ADD COLUMN total integer GENERATED ALWAYS AS (length(title)) VIRTUAL');
      const opened = openStore(driver, { dataSource, tables: [syncTable(entity) as unknown as SyncTable] });
      await expect(opened).rejects.toThrow(/things\.total.*declare the column as generated/);
    });

    test('I13: quarantines a row whose index expression fails; stores the others', async () => {
      const entity = tableOf({ doc: { type: 'text', nullable: true } });
      const bench = await openTable(driver, entity);
      await bench.dataSource.query(`CREATE INDEX by_name ON things (json_extract(doc, '$.name'))`);
      await bench.pullRows([
        thing('a', { doc: '{"name":"x"}' }),
        thing('b', { doc: 'no json' }),
        thing('c', { doc: null }),
      ]);
      const stored = await bench.dataSource.getRepository(entity).find({ order: { id: 'ASC' } });
      expect(stored.map(({ id }) => id)).toEqual(['a', 'c']);
      expect(await bench.dataSource.query('SELECT entity_id AS id FROM sync_quarantine')).toEqual([{ id: 'b' }]);
    });
  },
);
