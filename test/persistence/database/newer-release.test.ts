import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSyncEngine } from '../../../src/engine/create-sync-engine.ts';
import { describeSyncError } from '../../../src/model/errors/describe-sync-error.ts';
import { DatabaseError, NewerReleaseError, syncErrorInfo } from '../../../src/model/errors/errors.ts';
import { captureWrites } from '../../../src/persistence/capture/capture-writes.ts';
import { syncEntities } from '../../../src/persistence/database/entities.ts';
import { syncMigrations } from '../../../src/persistence/database/migrations.ts';
import { releaseMigrationName } from '../../../src/persistence/database/newer-release.ts';
import { gateConnection } from '../../../src/persistence/gate/connection-gate.ts';
import { createWriter } from '../../../src/persistence/writing/writer.ts';
import { MemoryBackend } from '../../../src/testing/memory-backend.ts';
import { MemoryTransport } from '../../../src/testing/memory-transport.ts';
import { dumpPostgres } from '../../support/dump-postgres.ts';
import { openPostgres } from '../../support/open-postgres.ts';
import { allDrivers, createTodoDatabase, openTodoDatabase, todos, type TestDriver } from '../../support/open-store.ts';
import { todoEntity, todoOf } from '../../support/todo.ts';

/** A column from a later release that this release does not know. */
class NoteOrigin1700000000990 implements MigrationInterface {
  readonly name = 'synchart/0.9.0/NoteOrigin1700000000990';
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "sync_outbox" ADD COLUMN "origin" text`);
  }
  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "sync_outbox" DROP COLUMN "origin"`);
  }
}
/** An app migration that this version of the app no longer has, or does not have yet. */
class OfTheApp1790000000000 implements MigrationInterface {
  readonly name = 'OfTheApp1790000000000';
  async up(): Promise<void> {}
  async down(): Promise<void> {}
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'synchart-newer-'));
});
afterEach(() => rm(folder, { recursive: true }));

const refusal = {
  name: 'NewerReleaseError',
  release: '0.9.0',
  migrations: ['synchart/0.9.0/NoteOrigin1700000000990'],
  message: expect.stringMatching(
    /migrated by synchart 0\.9\.0.*does not know synchart\/0\.9\.0\/NoteOrigin.*Nothing was written\. Update synchart to 0\.9\.0/,
  ) as string,
};

/** A database with one queued edit, as a newer release left it. */
async function leaveNewer(driver: TestDriver, database: string): Promise<void> {
  const dataSource = await openTodoDatabase(driver, database, {
    migrations: [NoteOrigin1700000000990, OfTheApp1790000000000],
  });
  await createWriter(dataSource, { opId: () => 'op1' })
    .forTable(todos)
    .insertAndEnqueue(todoOf('a'));
  await dataSource.destroy();
}
/** All stored data: the files byte by byte, or a dump. */
const stored = async (driver: TestDriver, database: string): Promise<unknown> => {
  if (driver === 'postgres') return dumpPostgres(database);
  const files = (await readdir(folder)).toSorted();
  return Promise.all(files.map(async (file) => [file, (await readFile(join(folder, file))).toString('base64')]));
};
/** A data source that the app builds itself; it migrates the sync tables instead of `openDatabase`. */
async function openOwn(driver: TestDriver, database: string): Promise<DataSource> {
  if (driver === 'postgres') return openPostgres({ url: database, entities: [todoEntity] });
  const dataSource = new DataSource({
    type: 'better-sqlite3',
    database,
    entities: [todoEntity, ...syncEntities],
    migrations: [...syncMigrations],
    migrationsRun: true,
  });
  gateConnection(dataSource);
  return dataSource.initialize();
}
const engineOn = (dataSource: DataSource) =>
  createSyncEngine({
    dataSource,
    tables: [todos],
    transport: new MemoryTransport({ backend: new MemoryBackend({ naming: 'camelCase' }) }),
  });

describe.each(allDrivers.filter((driver) => driver !== 'postgres'))('openDatabase with %s', (driver) => {
  test('SCH-09: rejects a database that a newer release has migrated, and writes nothing', async () => {
    const { database } = await createTodoDatabase(driver, folder);
    await leaveNewer(driver, database);
    const before = await stored(driver, database);
    await expect(openTodoDatabase(driver, database)).rejects.toMatchObject(refusal);
    expect(await stored(driver, database)).toEqual(before);
  });

  test('opens it again after the newer release has reverted its migration', async () => {
    const { database } = await createTodoDatabase(driver, folder);
    await leaveNewer(driver, database);
    const newer = await openTodoDatabase(driver, database, {
      migrations: [NoteOrigin1700000000990, OfTheApp1790000000000],
    });
    for (const _ of [OfTheApp1790000000000, NoteOrigin1700000000990]) await newer.undoLastMigration();
    await newer.destroy();
    const dataSource = await openTodoDatabase(driver, database);
    expect(await dataSource.query('SELECT op_id FROM sync_outbox')).toEqual([{ op_id: 'op1' }]);
    await dataSource.destroy();
  });
});

describe.each<TestDriver>(['better-sqlite3', 'postgres'])("an app's own data source on %s", (driver) => {
  test('SCH-09: engine and writer reject it and write nothing', async () => {
    const { database, remove } = await createTodoDatabase(driver, folder);
    await leaveNewer(driver, database);
    const before = await stored(driver, database);
    const dataSource = await openOwn(driver, database);
    const engine = engineOn(dataSource);
    await expect(engine.writer(todos).insertAndEnqueue(todoOf('b'))).rejects.toMatchObject(refusal);
    await expect(createWriter(dataSource).forTable(todos).enqueueDelete('a')).rejects.toMatchObject(refusal);
    await expect(engine.start()).rejects.toMatchObject(refusal);
    await engine.dispose();
    await dataSource.destroy();
    expect(await stored(driver, database)).toEqual(before);
    await remove();
  });
});

test('SCH-09: captured writes are rejected, too', async () => {
  const { database } = await createTodoDatabase('better-sqlite3', folder);
  await leaveNewer('better-sqlite3', database);
  const before = await stored('better-sqlite3', database);
  const dataSource = await openOwn('better-sqlite3', database);
  captureWrites(dataSource, [todos]);
  await expect(dataSource.getRepository(todoEntity).update({ id: 'a' }, { title: 'changed' })).rejects.toMatchObject(
    refusal,
  );
  await dataSource.destroy();
  expect(await stored('better-sqlite3', database)).toEqual(before);
});

test('ignores unknown migrations of the app', async () => {
  const { database } = await createTodoDatabase('better-sqlite3', folder);
  const first = await openTodoDatabase('better-sqlite3', database, { migrations: [OfTheApp1790000000000] });
  await first.destroy();
  const second = await openTodoDatabase('better-sqlite3', database);
  await second.destroy();
});

test('every migration since release 0.1.0 has a name that older releases recognize', () => {
  const ofTheFirst = ['CreateSyncTables', 'KeepDeltas', 'SchemaVersions', 'HandOvers', 'WireValues', 'RemovedRows'];
  const names = syncMigrations.map((Migration) => new Migration().name ?? Migration.name);
  expect(names.slice(0, ofTheFirst.length).map((name) => name.replace(/\d{13}$/, ''))).toEqual(ofTheFirst);
  expect(names.slice(ofTheFirst.length).filter((name) => !releaseMigrationName.test(name))).toEqual([]);
});

test('the error is a database error that is not retried', () => {
  const error = new NewerReleaseError('too new', '0.9.0', []);
  expect(error).toBeInstanceOf(DatabaseError);
  expect(syncErrorInfo(error)).toMatchObject({ category: 'database', retryable: false });
  expect(describeSyncError(error)).toContain('the app needs an update');
});
