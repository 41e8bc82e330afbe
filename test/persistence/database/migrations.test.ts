import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { afterEach, describe, expect, test } from 'vitest';
import { syncEntities } from '../../../src/persistence/database/entities.ts';
import { syncMigrations, syncTableNames } from '../../../src/persistence/database/migrations.ts';
import { openDatabase } from '../../../src/persistence/database/open-database.ts';
import { fileDrivers, openStore, openTodoDatabase, todos } from '../../support/open-store.ts';
import { todoEntity, todoOf } from '../../support/todo.ts';

const tablesOf = async (dataSource: DataSource): Promise<string[]> =>
  (
    (await dataSource.query(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'migrations' ORDER BY name`,
    )) as {
      name: string;
    }[]
  ).map(({ name }) => name);
const schemaOf = async (dataSource: DataSource): Promise<unknown> =>
  dataSource.query(
    `SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name LIKE 'sync_%' OR tbl_name LIKE 'sync_%' ORDER BY type, name`,
  );

describe.each(fileDrivers)('migrations on %s', (driver) => {
  let dataSource: DataSource;
  afterEach(() => dataSource.destroy());

  test('SCH-04: an empty database gets every sync table and index', async () => {
    dataSource = await openDatabase({ driver, database: ':memory:', entities: [] });
    expect(await tablesOf(dataSource)).toEqual([...syncTableNames].toSorted());
    expect(syncTableNames).toEqual(expect.arrayContaining(syncEntities.map((entity) => entity.options.tableName)));
    expect(syncTableNames).toHaveLength(syncEntities.length);
    const indexes = (
      (await dataSource.query(
        `SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE 'sync_%' ORDER BY name`,
      )) as { name: string }[]
    ).map(({ name }) => name);
    expect(indexes).toEqual([
      'sync_outbox_entity',
      'sync_outbox_frozen',
      'sync_outbox_in_flight',
      'sync_outbox_parked',
      'sync_outbox_ready',
      'sync_outbox_schema',
      'sync_outbox_tries',
      'sync_outbox_waiting',
      'sync_released_value',
    ]);
  });

  test('up, down and up again gives the same schema, and down leaves nothing', async () => {
    dataSource = await openDatabase({ driver, database: ':memory:', entities: [] });
    const first = await schemaOf(dataSource);
    expect(await dataSource.runMigrations()).toEqual([]);
    for (let count = 0; count < syncMigrations.length; count++) await dataSource.undoLastMigration();
    expect(await tablesOf(dataSource)).toEqual([]);
    expect(await schemaOf(dataSource)).toEqual([]);
    expect(await dataSource.runMigrations()).toHaveLength(syncMigrations.length);
    expect(await schemaOf(dataSource)).toEqual(first);
  });

  test('entities and migrations agree, except for indexes that entities cannot express', async () => {
    dataSource = await openDatabase({ driver, database: ':memory:', entities: [] });
    for (const entity of syncEntities) Object.assign(dataSource.getMetadata(entity), { synchronize: true });
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    expect(
      upQueries
        .map(({ query }) => query)
        .filter(
          (query) =>
            !/^DROP INDEX "sync_(outbox_(entity|ready|waiting|parked|in_flight|frozen|tries|schema)|released_value)"$/.test(
              query,
            ),
        ),
    ).toEqual([]);
  });

  test("synchronizing the app's own tables leaves the sync tables and their indexes alone", async () => {
    dataSource = await openDatabase({ driver, database: ':memory:', entities: [todoEntity] });
    const before = await schemaOf(dataSource);
    await dataSource.synchronize();
    expect(await schemaOf(dataSource)).toEqual(before);
    expect(await tablesOf(dataSource)).toContain('todos');
  });

  test('the outbox order survives deletion: no number is reused', async () => {
    dataSource = await openDatabase({ driver, database: ':memory:', entities: [todoEntity], synchronize: true });
    const bench = await openStore(driver, { dataSource, tables: [todos] });
    await bench.writer.insertAndEnqueue(todoOf('a'));
    await bench.outbox.ack(['op1']);
    await bench.writer.insertAndEnqueue(todoOf('b'));
    expect(await dataSource.query('SELECT seq FROM sync_outbox')).toEqual([{ seq: 2 }]);
  });

  test('SCH-09: a database in use gets the tables and keeps its data', async () => {
    class OldApp1600000000000 implements MigrationInterface {
      readonly name = 'OldApp1600000000000';
      async up(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query('CREATE TABLE old (id text PRIMARY KEY)');
        await queryRunner.query(`INSERT INTO old VALUES ('kept')`);
      }
      async down(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query('DROP TABLE old');
      }
    }
    dataSource = await openDatabase({ driver, database: ':memory:', entities: [], migrations: [OldApp1600000000000] });
    expect(await dataSource.query('SELECT * FROM old')).toEqual([{ id: 'kept' }]);
    expect(await tablesOf(dataSource)).toEqual(['old', ...syncTableNames].toSorted());
  });
});

test('SCH-05: names missing columns of an app table before anything runs', async () => {
  const dataSource = await new DataSource({
    type: 'better-sqlite3',
    database: ':memory:',
    entities: [todoEntity, ...syncEntities],
    migrations: [...syncMigrations],
    synchronize: false,
    migrationsRun: true,
  }).initialize();
  await dataSource.query(
    'CREATE TABLE todos (id text PRIMARY KEY, TITLE text, priority integer, tags text, done boolean)',
  );
  await expect(openStore('better-sqlite3', { dataSource })).rejects.toThrow(
    /missing: todos \([^)]*updated_at, deleted_at, deleted_at_local\): add them by a migration/,
  );
  await dataSource.destroy();
});

test('SCH-05: names a missing table with the fix, also an app table', async () => {
  const dataSource = await new DataSource({
    type: 'better-sqlite3',
    database: ':memory:',
    entities: [todoEntity, ...syncEntities],
    migrations: [...syncMigrations],
    migrationsRun: true,
  }).initialize();
  await expect(openStore('better-sqlite3', { dataSource })).rejects.toThrow(
    /table todos is registered for sync but does not exist: run your migrations/,
  );
  await dataSource.query('CREATE TABLE todos (id text)');
  await dataSource.query('DROP TABLE sync_seen');
  await dataSource.query('DROP TABLE sync_lease');
  const opening = openStore('better-sqlite3', { dataSource });
  await expect(opening).rejects.toThrow(
    /sync tables sync_seen, sync_lease missing in :memory:.*syncMigrations.*migrationsRun: true/,
  );
  await expect(opening).rejects.toMatchObject({ failure: { type: 'storeFailed' } });
  await dataSource.destroy();
});

test('SCH-05: names a missing column of a sync table with the fix', async () => {
  const dataSource = await openTodoDatabase('better-sqlite3');
  await dataSource.query('ALTER TABLE "sync_outbox" DROP COLUMN "frozen_version"');
  await dataSource.query('ALTER TABLE "sync_conflicts" DROP COLUMN "decided_on"');
  await expect(openStore('better-sqlite3', { dataSource })).rejects.toThrow(
    /sync_outbox\.frozen_version, sync_conflicts\.decided_on: .*syncMigrations.*migrationsRun: true/,
  );
  await dataSource.destroy();
});
