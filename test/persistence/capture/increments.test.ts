import { EntitySchema, type DataSource } from 'typeorm';
import { afterEach, describe, expect, test } from 'vitest';
import { createSyncEngine, syncTable } from '../../../src/index.ts';
import { captureWrites } from '../../../src/persistence/capture/capture-writes.ts';
import { openDatabase } from '../../../src/persistence/database/open-database.ts';
import { syncColumns, type SyncedRow } from '../../../src/persistence/tables/sync-columns.ts';
import { createSyncServer } from '../../../src/server.ts';
import { RestTransport } from '../../../src/transport.ts';
import { sqliteDrivers } from './open-capture.ts';

/** An ordinary TypeORM entity: TypeORM sets its version and update date in every UPDATE. */
interface Item extends SyncedRow {
  id: string;
  name: string;
  stock: number;
  sold: number;
  revision: number;
  changedAt: Date;
}
const item = new EntitySchema<Item>({
  name: 'items',
  columns: {
    id: { type: 'text', primary: true },
    name: { type: 'text', default: '' },
    stock: { type: 'integer', default: 0 },
    sold: { type: 'integer', default: 0 },
    revision: { type: 'integer', version: true },
    changedAt: { type: 'datetime', updateDate: true },
    ...syncColumns,
  },
});
const items = syncTable(item);

describe.each(sqliteDrivers)('increments of entities with version and update date on %s', (driver) => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  const open = async (of = driver): Promise<DataSource> => {
    const dataSource = await openDatabase({ driver: of, database: ':memory:', entities: [item], synchronize: true });
    closing.push(() => dataSource.destroy());
    return dataSource;
  };
  const device = async (url: string) => {
    const dataSource = await open();
    captureWrites(dataSource, [items]);
    const engine = createSyncEngine({ dataSource, transport: new RestTransport({ baseUrl: url }), tables: [items] });
    closing.push(() => engine.dispose());
    await engine.start();
    return { engine, repository: dataSource.getRepository(item) };
  };
  const serve = async (): Promise<string> => {
    const server = createSyncServer({ dataSource: await open('better-sqlite3'), tables: [item] });
    closing.push(() => server.close());
    return (await server.listen()).url;
  };

  test('F-140: concurrent increments of several devices add up, whatever else the statement sets', async () => {
    const url = await serve();
    const [one, two] = [await device(url), await device(url)];
    await one.repository.insert({ id: 'i1', stock: 10 });
    await one.engine.sync();
    await two.engine.sync();
    await one.repository.decrement({ id: 'i1' }, 'stock', 3);
    await two.repository.decrement({ id: 'i1' }, 'stock', 2);
    await two.repository
      .createQueryBuilder()
      .update()
      .set({ stock: () => 'stock - 1', sold: () => '"sold" + 1', name: 'max(1, 2), and more' })
      .where({ id: 'i1' })
      .execute();
    for (const { engine } of [one, two, one]) await engine.sync();
    for (const { repository } of [one, two]) {
      expect(await repository.findOneByOrFail({ id: 'i1' })).toMatchObject({
        stock: 4,
        sold: 1,
        name: 'max(1, 2), and more',
      });
    }
  });

  test('F-141: other expressions stay edits, and a transaction stays one operation per row', async () => {
    const url = await serve();
    const { engine, repository } = await device(url);
    await repository.insert({ id: 'i1', stock: 10 });
    await engine.sync();
    const queued = async () =>
      (await engine.outbox.take({ limit: 10 })).map((op) =>
        op.type === 'upsert' ? { changed: op.changedFields, deltas: op.deltas ?? [] } : undefined,
      );
    await repository.increment({ id: 'i1' }, 'stock', 2);
    expect(await queued()).toMatchObject([
      {
        deltas: [
          { field: 'stock', by: 2 },
          { field: 'revision', by: 1 },
        ],
      },
    ]);
    await engine.sync();
    await repository.manager.transaction(async (manager) => {
      await manager.update(item, 'i1', { name: 'a' });
      await manager.update(item, 'i1', { sold: 7 });
    });
    await repository.query(
      `UPDATE items SET stock = min(stock + 1, 12), name = 'stock = stock + 1' WHERE stock = stock + 0`,
    );
    const [first, second] = await queued();
    expect(first?.deltas).toEqual([]);
    expect(first?.changed).toEqual(expect.arrayContaining(['name', 'sold', 'revision']));
    expect(second).toEqual({ changed: ['name'], deltas: [] });
  });
});
