import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EntitySchema, type DataSource } from 'typeorm';
import { afterEach, describe, expect, test } from 'vitest';
import { captureWrites, withoutCapture } from '../../../src/persistence/capture/capture-writes.ts';
import { openDatabase } from '../../../src/persistence/database/open-database.ts';
import { syncColumns, type SyncedRow } from '../../../src/persistence/tables/sync-columns.ts';
import { syncTable, type SyncTable } from '../../../src/persistence/tables/sync-table.ts';
import { openTodoDatabase, serverRow, todos } from '../../support/open-store.ts';
import { CreateNotes1700000000003, noteEntity, notes } from '../../support/note.ts';
import { todoEntity, todoOf } from '../../support/todo.ts';
import { openCapture, sqliteDrivers } from './open-capture.ts';

const entity = (columns: Record<string, object>): EntitySchema =>
  new EntitySchema({ name: 'things', columns: columns as never });
const text = { type: 'text' };
const id = { type: 'text', primary: true };

describe.each(sqliteDrivers)('captureWrites on %s', (driver) => {
  let opened: DataSource[] = [];
  afterEach(async () => {
    for (const dataSource of opened) if (dataSource.isInitialized) await dataSource.destroy();
    opened = [];
  });
  const open = async (...entities: readonly EntitySchema[]): Promise<DataSource> => {
    const dataSource = await openDatabase({ driver, database: ':memory:', entities, synchronize: true });
    opened.push(dataSource);
    return dataSource;
  };
  const queued = async (dataSource: DataSource): Promise<readonly string[]> =>
    (
      (await dataSource.query('SELECT "kind", "entity_id" AS "id" FROM "sync_outbox" ORDER BY "seq"')) as {
        kind: string;
        id: string;
      }[]
    ).map((op) => `${op.kind}/${op.id}`);

  test.each<[string, EntitySchema, RegExp]>([
    ['an entity without sync columns', entity({ id, title: text }), /no column 'updatedAt'/],
    ['a Date as updatedAt', entity({ id, ...syncColumns, updatedAt: { type: 'datetime' } }), /must be a text column/],
    ['a composite key', entity({ id, other: { type: 'text', primary: true }, ...syncColumns }), /composite/],
    [
      'a generated number as id',
      entity({ id: { type: 'integer', primary: true, generated: true }, ...syncColumns }),
      /two devices would create the same id/,
    ],
  ])('rejects %s', async (_, schema, message) => {
    const dataSource = await open(schema);
    expect(() => captureWrites(dataSource, [syncTable(schema)])).toThrow(TypeError);
    expect(() => captureWrites(dataSource, [syncTable(schema)])).toThrow(message);
  });

  test('rejects an entity of another data source and a closed data source', async () => {
    const dataSource = await open(entity({ id, ...syncColumns }));
    expect(() => captureWrites(dataSource, [todos])).toThrow(/'?todos'?|not an entity of this DataSource/);
    await dataSource.destroy();
    expect(() => captureWrites(dataSource, [])).toThrow(/initialised/);
  });

  test('rejects localOnly with an unknown column and keeps earlier captures', async () => {
    const bench = await openCapture(driver);
    opened.push(bench.dataSource);
    expect(() => captureWrites(bench.dataSource, [syncTable(noteEntity)])).toThrow(/not an entity/);
    await bench.repository.insert(todoOf('a'));
    expect(await queued(bench.dataSource)).toEqual(['todos/a']);
  });

  test('a second call adds tables and captures nothing twice', async () => {
    const dataSource = await openTodoDatabase(driver, ':memory:', {
      entities: [noteEntity as EntitySchema],
      migrations: [CreateNotes1700000000003],
    });
    opened.push(dataSource);
    captureWrites(dataSource, [todos]);
    await dataSource.getRepository(todoEntity).insert(todoOf('a'));
    await dataSource.getRepository(noteEntity).insert({ id: 'n', text: 'not yet' });
    captureWrites(dataSource, [todos, notes as SyncTable]);
    captureWrites(dataSource, [todos]);
    await dataSource.getRepository(todoEntity).insert(todoOf('b'));
    await dataSource.getRepository(noteEntity).update('n', { text: 'now' });
    expect(await queued(dataSource)).toEqual(['todos/a', 'todos/b', 'notes/n']);
  });

  test('rejects writes to a table registered as pullOnly', async () => {
    const schema = entity({ id, title: text, ...syncColumns });
    const dataSource = await open(schema);
    captureWrites(dataSource, [syncTable(schema, { pullOnly: true })]);
    await expect(dataSource.getRepository(schema).insert({ id: 'a', title: 'x' })).rejects.toThrow(/pullOnly/);
    await withoutCapture(() => dataSource.getRepository(schema).insert({ id: 'a', title: 'x' }));
    expect(await dataSource.getRepository(schema).count()).toBe(1);
  });

  test('also captures a custom repository and an active manager', async () => {
    const bench = await openCapture(driver);
    opened.push(bench.dataSource);
    const custom = bench.repository.extend({
      finish(this: typeof bench.repository, todo: string) {
        return this.update(todo, { done: true });
      },
    });
    await bench.seed(serverRow('a', '2026-01-01T00:00:00.000Z'));
    await custom.finish('a');
    await bench.dataSource.transaction((manager) => manager.withRepository(custom).finish('a'));
    await bench.dataSource.transaction((manager) => manager.withRepository(custom).insert(todoOf('b')));
    expect(await queued(bench.dataSource)).toEqual(['todos/a', 'todos/b']);
  });

  test('captures a table recreated by a migration, but not the migration itself', async () => {
    const bench = await openCapture(driver);
    opened.push(bench.dataSource);
    await bench.repository.insert(todoOf('a'));
    await bench.dataSource.query('ALTER TABLE todos RENAME TO old_todos');
    await bench.dataSource.query('CREATE TABLE todos AS SELECT * FROM old_todos');
    await bench.dataSource.query('DROP TABLE old_todos');
    await bench.repository.update('a', { title: 'after' });
    const runner = bench.dataSource.createQueryRunner();
    await runner.query('BEGIN');
    await runner.manager.update(todoEntity, 'a', { title: 'before it' });
    await runner.query('CREATE INDEX todos_title ON todos (title)');
    await runner.manager.update(todoEntity, 'a', { done: true });
    await runner.query('COMMIT');
    await runner.release();
    expect(await queued(bench.dataSource)).toEqual(['todos/a', 'todos/a', 'todos/a', 'todos/a']);
  });

  test('captures again after a data source is closed and reopened', async () => {
    const dataSource = await openTodoDatabase(driver);
    opened.push(dataSource);
    captureWrites(dataSource, [todos]);
    await dataSource.getRepository(todoEntity).insert(todoOf('a'));
    await dataSource.destroy();
    await dataSource.initialize();
    await dataSource.runMigrations();
    await dataSource.getRepository(todoEntity).insert(todoOf('b'));
    await dataSource.getRepository(todoEntity).delete('b');
    expect(await queued(dataSource)).toEqual(['todos/b', 'todos/b']);
    expect(await dataSource.getRepository(todoEntity).count()).toBe(0);
  });

  test('hideDeleted: false leaves queries unchanged', async () => {
    const bench = await openCapture(driver, { hideDeleted: false });
    opened.push(bench.dataSource);
    await bench.seed(serverRow('a', '2026-01-01T00:00:00.000Z'));
    await bench.repository.delete('a');
    expect((await bench.repository.find()).map((row) => row.deletedAtLocal === null)).toEqual([false]);
    expect(await queued(bench.dataSource)).toEqual(['todos/a']);
  });

  test('reports a database without sync tables and captures nothing', async () => {
    const dataSource = await openTodoDatabase(driver);
    opened.push(dataSource);
    await dataSource.query('DROP TABLE sync_outbox');
    captureWrites(dataSource, [todos]);
    await expect(dataSource.getRepository(todoEntity).insert(todoOf('a'))).rejects.toThrow(/sync_outbox missing/);
    expect(await dataSource.getRepository(todoEntity).count()).toBe(0);
  });

  test('names the missing sync columns of a table and captures nothing', async () => {
    const dataSource = await openTodoDatabase(driver);
    opened.push(dataSource);
    await dataSource.query('ALTER TABLE todos DROP COLUMN deleted_at_local');
    captureWrites(dataSource, [todos]);
    await expect(dataSource.query(`INSERT INTO todos (id, title) VALUES ('a', 't')`)).rejects.toThrow(
      /todos \(deleted_at_local\): add them by a migration/,
    );
    expect(await dataSource.query('SELECT * FROM todos')).toEqual([]);
  });

  test('does not touch subclass rows of another entity', async () => {
    interface Plain extends SyncedRow {
      id: string;
    }
    const schema = entity({ id, ...syncColumns });
    const bench = await open(schema, todoEntity as EntitySchema);
    captureWrites(bench, [syncTable(todoEntity) as SyncTable]);
    await bench.getRepository<Plain>('things').insert({ id: 'x' });
    await bench.getRepository<Plain>('things').delete('x');
    expect(await queued(bench)).toEqual([]);
    expect(await bench.getRepository('things').find({ withDeleted: true })).toEqual([]);
  });
});

test('sql.js: recreates what saving the file removes', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'synchart-'));
  const dataSource = await openTodoDatabase('sqljs', join(directory, 'app.sqlite'));
  try {
    captureWrites(dataSource, [todos]);
    const repository = dataSource.getRepository(todoEntity);
    await repository.insert(todoOf('a'));
    await repository.save(todoOf('b'));
    await repository.update('a', { title: 'x' });
    await repository.delete('b');
    const ops = (await dataSource.query('SELECT "op", "entity_id" AS "id" FROM "sync_outbox" ORDER BY "seq"')) as {
      op: string;
      id: string;
    }[];
    expect(ops.map(({ op, id: of }) => `${op} ${of}`)).toEqual(['upsert a', 'upsert b', 'upsert a', 'delete b']);
  } finally {
    await dataSource.destroy();
    await rm(directory, { recursive: true });
  }
});
