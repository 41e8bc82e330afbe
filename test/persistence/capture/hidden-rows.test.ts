import { EntitySchema, type Repository } from 'typeorm';
import { afterEach, describe, expect, test } from 'vitest';
import { ValidationError } from '../../../src/model/errors/errors.ts';
import { captureWrites } from '../../../src/persistence/capture/capture-writes.ts';
import { openDatabase } from '../../../src/persistence/database/open-database.ts';
import { syncColumns, type SyncedRow } from '../../../src/persistence/tables/sync-columns.ts';
import { syncTable, type SyncTable } from '../../../src/persistence/tables/sync-table.ts';
import { openStore, serverRow, type StoreBench } from '../../support/open-store.ts';
import { todoEntity, type Todo } from '../../support/todo.ts';
import { describeOp, openCapture, sqliteDrivers, type CaptureBench } from './open-capture.ts';

const t1 = '2026-01-01T00:00:01.000001Z';
const t2 = '2026-01-01T00:00:02.000001Z';
const base = { done: false, updatedAt: '', deletedAt: null, deletedAtLocal: null };

type Write = (todos: Repository<Todo>) => Promise<unknown>;
/** All ways in which an app can write a row over an existing one. */
const putting: Readonly<Record<string, Write>> = {
  save: (todos) => todos.save(todos.create({ id: 'd', title: 'back' })),
  insert: (todos) => todos.insert({ id: 'd', title: 'back', ...base }),
  upsert: (todos) => todos.upsert({ id: 'd', title: 'back' }, ['id']),
  'upsert of all columns': (todos) => todos.upsert({ id: 'd', title: 'back', ...base }, ['id']),
  'upsert that passes over equal rows': (todos) =>
    todos.upsert({ id: 'd', title: 'back' }, { conflictPaths: ['id'], skipUpdateIfNoValuesChanged: true }),
  orUpdate: (todos) =>
    todos.createQueryBuilder().insert().values({ id: 'd', title: 'back' }).orUpdate(['title'], ['id']).execute(),
  orIgnore: (todos) => todos.createQueryBuilder().insert().values({ id: 'd', title: 'back' }).orIgnore().execute(),
  'INSERT OR REPLACE': (todos) => todos.query(`INSERT OR REPLACE INTO todos (id, title) VALUES ('d', 'back')`),
  'ON CONFLICT DO NOTHING': (todos) =>
    todos.query(`INSERT INTO todos (id, title) VALUES ('d', 'back') ON CONFLICT DO NOTHING`),
  'ON CONFLICT (id) DO NOTHING': (todos) =>
    todos.query(`INSERT INTO todos (id, title) VALUES ('d', 'back') ON CONFLICT (id) DO NOTHING`),
  'INSERT OR IGNORE … SELECT': (todos) =>
    todos.query(`INSERT OR IGNORE INTO todos (id, title) SELECT 'd', 'back' FROM (SELECT 1)`),
  'an upsert with comments and a condition': (todos) =>
    todos.query(`/* on conflict do update set */ INSERT INTO todos (id, title) VALUES ('d', 'back') -- where
      ON CONFLICT (id) DO UPDATE SET title = excluded.title WHERE title <> 'back' RETURNING id`),
};
const bringing: Readonly<Record<string, Write>> = {
  restore: (todos) => todos.restore('d'),
  recover: async (todos) => todos.recover((await todos.findOne({ where: { id: 'd' }, withDeleted: true })) as Todo),
};
const passingOver: Readonly<Record<string, Write>> = {
  update: (todos) => todos.update('d', { title: 'unseen' }),
  'a query builder': (todos) =>
    todos.createQueryBuilder().update().set({ title: 'unseen' }).where({ id: 'd' }).execute(),
  increment: (todos) => todos.increment({ id: 'd' }, 'priority', 1),
  SQL: (todos) => todos.query(`UPDATE todos SET title = 'unseen'`),
};

const situations = ['deleted here, not yet sent', 'deleted here, sent', 'deleted by the server'] as const;

describe.each(sqliteDrivers)('F-154: hidden rows, on %s', (driver) => {
  let bench: CaptureBench;
  afterEach(() => bench.close());
  const hide = async (situation: (typeof situations)[number]): Promise<void> => {
    bench = await openCapture(driver);
    await bench.seed(serverRow('d', t1, { title: 'first', priority: 1 }), serverRow('shown', t1, { title: 'first' }));
    if (situation === 'deleted by the server')
      return bench.seed(serverRow('d', t2, { title: 'first', priority: 1, deletedAt: t2 }));
    await bench.repository.delete('d');
    if (situation === 'deleted here, sent') await bench.drain(() => ({ type: 'applied' }));
  };
  const ofRow = async () => (await bench.queued()).filter(({ id }) => id === 'd');

  describe.each(situations)('%s', (situation) => {
    test.each(Object.entries(putting))('I1: %s restores the row and queues it', async (_, put) => {
      await hide(situation);
      const before = (await ofRow()).length;
      await put(bench.repository);
      expect(await bench.repository.findOneBy({ id: 'd' })).toMatchObject({
        title: 'back',
        deletedAt: null,
        deletedAtLocal: null,
      });
      const added = (await ofRow()).slice(before);
      expect(added).toMatchObject([{ type: 'upsert', id: 'd' }]);
      const [sent] = (await bench.outbox.take({ limit: 100 })).filter(({ id }) => id === 'd').slice(before);
      expect(sent).toMatchObject({ payload: { id: 'd', title: 'back' } });
    });

    test.each(Object.entries(bringing))('I1: %s restores the row and queues it', async (_, bring) => {
      await hide(situation);
      const before = (await ofRow()).length;
      await bring(bench.repository);
      expect(await bench.repository.findOneBy({ id: 'd' })).toMatchObject({ title: 'first' });
      expect((await ofRow()).slice(before)).toMatchObject([{ type: 'upsert', id: 'd' }]);
    });

    test.each(Object.entries(passingOver))('%s skips the row and does not change it', async (_, write) => {
      await hide(situation);
      const [before, queued] = [await bench.rows(), await ofRow()];
      const result = (await write(bench.repository)) as { readonly affected?: number } | undefined;
      expect((await bench.rows()).find(({ id }) => id === 'd')).toEqual(before.find(({ id }) => id === 'd'));
      expect(await ofRow()).toEqual(queued);
      if (result?.affected !== undefined) expect(result.affected).toBe(0);
    });

    test('rejects saving an edit of a row that was loaded withDeleted, by name', async () => {
      await hide(situation);
      const row = (await bench.repository.findOne({ where: { id: 'd' }, withDeleted: true })) as Todo;
      await expect(bench.repository.save({ ...row, title: 'unseen' })).rejects.toThrow(/todos\/d is deleted.*'title'/);
      await expect(bench.repository.save({ ...row, title: 'unseen' })).rejects.toBeInstanceOf(ValidationError);
      await bench.repository.save({ ...row, title: 'seen', deletedAt: null, deletedAtLocal: null });
      expect(await bench.repository.findOneBy({ id: 'd' })).toMatchObject({ title: 'seen' });
    });

    test('deleting the row again queues nothing', async () => {
      await hide(situation);
      const queued = await ofRow();
      await bench.repository.delete('d');
      await bench.repository.softDelete('d');
      expect(await ofRow()).toEqual(queued);
    });
  });

  test('upserts, ignores and updates visible rows as the statement says', async () => {
    await hide('deleted here, sent');
    await bench.repository.query(
      `INSERT OR IGNORE INTO todos (id, title) VALUES ('shown', 'ignored'), ('d', 'back'), ('new', 'new')`,
    );
    await bench.repository.query(
      `INSERT INTO todos (id, title) VALUES ('shown', 'ignored') ON CONFLICT (id) DO NOTHING`,
    );
    await bench.repository.query(
      `INSERT INTO todos (id, title) VALUES ('shown', 'x') ON CONFLICT (id) DO UPDATE SET title = excluded.title WHERE false`,
    );
    await bench.repository.update({ title: 'first' }, { done: true });
    expect((await bench.rows()).map(({ id, title, done }) => [id, title, done])).toEqual([
      ['d', 'back', false],
      ['new', 'new', false],
      ['shown', 'first', true],
    ]);
  });
});

interface Tag extends SyncedRow {
  id: string;
  name: string;
  color: string | null;
}

describe.each(sqliteDrivers)('F-154: a deleted row that still holds a UNIQUE value, on %s', (driver) => {
  let bench: StoreBench;
  let tags: Repository<Tag>;
  afterEach(() => bench.close());
  const open = async (): Promise<void> => {
    const entity = new EntitySchema<Tag>({
      name: 'tags',
      columns: {
        id: { type: 'text', primary: true },
        name: { type: 'text', unique: true },
        color: { type: 'text', nullable: true },
        ...syncColumns,
      },
    });
    const dataSource = await openDatabase({
      driver,
      database: ':memory:',
      entities: [entity, todoEntity],
      synchronize: true,
    });
    const table = syncTable(entity) as SyncTable;
    bench = await openStore(driver, { dataSource, tables: [table] });
    captureWrites(dataSource, [table], { clock: bench.clock });
    tags = dataSource.getRepository(entity);
    await tags.insert({ id: 'old', name: 'red', color: 'dark' });
    await bench.drain(({ op }) => ({
      type: 'applied',
      row: { ...(op.type === 'upsert' ? op.payload : {}), updatedAt: t1, deletedAt: null },
    }));
    await tags.delete('old');
  };
  const shown = async () => (await tags.find()).map(({ id, name, color }) => ({ id, name, color }));
  const queued = async () =>
    (await bench.outbox.take({ limit: 100 })).map(describeOp).map(({ id, type }) => `${String(type)} ${String(id)}`);

  test('orUpdate by the value restores the row with the given data', async () => {
    await open();
    await tags
      .createQueryBuilder()
      .insert()
      .values({ id: 'new', name: 'red', color: 'light' })
      .orUpdate(['color'], ['name'])
      .execute();
    expect(await shown()).toEqual([{ id: 'old', name: 'red', color: 'light' }]);
    expect(await queued()).toEqual(['delete old', 'upsert old']);
  });

  test('upsert by the value assigns it to the new row', async () => {
    await open();
    await tags.upsert({ id: 'new', name: 'red', color: 'light' }, ['name']);
    expect(await shown()).toEqual([{ id: 'new', name: 'red', color: 'light' }]);
    expect(await queued()).toEqual(['delete old', 'upsert new']);
  });

  test('orIgnore restores the row with the given data', async () => {
    await open();
    await tags.createQueryBuilder().insert().values({ id: 'new', name: 'red', color: 'light' }).orIgnore().execute();
    expect(await shown()).toEqual([{ id: 'old', name: 'red', color: 'light' }]);
    expect(await queued()).toEqual(['delete old', 'upsert old']);
  });

  test('rejects an insert and an update to the value, and names the row', async () => {
    await open();
    await expect(tags.insert({ id: 'new', name: 'red' })).rejects.toThrow(/tags\/old has this name; it is deleted/);
    await tags.insert({ id: 'other', name: 'blue' });
    await expect(tags.update('other', { name: 'red' })).rejects.toThrow(/tags\/old has this name; it is deleted/);
  });
});
