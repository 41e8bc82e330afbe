import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { syncMigrations, syncTableNames } from '../../../src/persistence/database/migrations.ts';
import { openDatabase, type DatabaseDriver } from '../../../src/persistence/database/open-database.ts';
import { createTestServer } from '../../../src/testing/test-server.ts';
import { openEngine } from '../../support/open-engine.ts';
import { openTodoDatabase } from '../../support/open-store.ts';
import { todoEntity } from '../../support/todo.ts';

type Row = Record<string, unknown>;
type Tables = Record<string, { readonly columns: readonly string[]; readonly rows: readonly Row[] }>;

const drivers: readonly DatabaseDriver[] = ['better-sqlite3', 'sqlite3'];
const versions = syncMigrations.slice(0, -1).map((_, index) => index + 1);
let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'synchart-migrations-'));
  file = join(folder, 'app.db');
});
afterEach(() => rm(folder, { recursive: true }));

/** The stored tables, without TypeORM's own; `only` limits tables and columns. */
function read(only?: Tables): Tables {
  const database = new Database(file);
  const names = database
    .prepare(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'migrations'`,
    )
    .pluck()
    .all()
    .filter((name) => only === undefined || Object.hasOwn(only, String(name))) as string[];
  const tables = Object.fromEntries(
    names.map((name) => {
      const all = database.prepare(`SELECT name FROM pragma_table_info('${name}')`).pluck().all() as string[];
      const columns = (only?.[name]?.columns ?? all.toSorted()).filter((column) => all.includes(column));
      const rows = database
        .prepare(`SELECT ${columns.map((column) => `"${column}"`).join(', ')} FROM "${name}" ORDER BY 1, 2`)
        .all() as Row[];
      return [name, { columns, rows }];
    }),
  );
  database.close();
  return tables;
}
const load = async (version: number): Promise<Tables> => {
  const database = new Database(file);
  database.exec(await readFile(new URL(`../../fixtures/sync-schema-v${version}.sql`, import.meta.url), 'utf8'));
  database.close();
  return read();
};

describe.each(drivers)('on %s', (driver) => {
  describe.each(versions)('from version %i of the sync tables', (version) => {
    test('SCH-09: migrating up adds only the new columns, and down restores the original', async () => {
      const before = await load(version);
      const dataSource = await openTodoDatabase(driver, file);
      const after = read(before);
      expect(after).toEqual(before);
      for (const row of read()['sync_outbox']?.rows ?? [])
        expect(row).toMatchObject({ schema_version: 1, frozen_version: null });
      for (let count = version; count < syncMigrations.length; count++) await dataSource.undoLastMigration();
      await dataSource.destroy();
      expect(read()).toEqual(before);
      const again = await openTodoDatabase(driver, file);
      await again.destroy();
      expect(read(before)).toEqual(before);
    });

    test('I1, I2, I7: queued, frozen, parked and started work continues where it was', async () => {
      await load(version);
      const server = await createTestServer({ naming: 'camelCase' });
      const t = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000001Z`;
      server.seed(
        'todos',
        ['s', 'f', 'i', 'p', 'm', 'c', 'd', 'w', 'n', 'x'].map((id, index) => ({
          id,
          title: `server ${id}`,
          done: false,
          priority: index,
          tags: null,
          updatedAt: t(index + 1),
        })),
      );
      server.update('todos', 'c', { title: 'theirs', updatedAt: t(40) });
      const bench = await openEngine({
        driver,
        dataSource: await openTodoDatabase(driver, file),
        server,
        scope: () => 'anna',
        config: { conflictStrategy: 'manual', maxOutboxTryCount: 1, maxRetries: 0 },
      });
      await bench.engine.start();
      await bench.until(({ stuck, conflicts, scopeChanged }) => stuck === 1 && conflicts === 1 && !scopeChanged);
      await bench.engine.sync();
      const puts = server.recordedRequests
        .filter(({ method }) => method === 'PUT')
        .map(({ path, headers }) => [path, headers['x-idempotency-key']]);
      // Open requests come first, under their existing keys.
      expect(puts).toEqual(
        expect.arrayContaining([
          ['/todos/f', 'op1'],
          ['/todos/i', 'op2'],
          ['/todos/w', 'op6'],
        ]),
      );
      expect(server.get('todos', 'f')).toMatchObject({ title: 'mine f', done: true });
      expect(server.get('todos', 'q')).toMatchObject({ title: 'mine q', done: true });
      expect(server.get('todos', 'n')).toMatchObject({ priority: 13 });
      expect(server.get('todos', 'd')).toBeUndefined();
      expect((await bench.engine.explain()).map(({ entityId, reason }) => [entityId, reason])).toEqual([
        ['p', 'stuck'],
        ['m', 'ambiguous'],
        ['c', 'conflict'],
      ]);
      expect(await bench.engine.conflicts()).toMatchObject([
        { conflict: { entityId: 'c', localData: { title: 'mine c' }, serverData: { title: 'theirs' } } },
      ]);
      expect(await bench.engine.discarded()).toMatchObject([{ opId: 'op7', data: { title: 'mine x' } }]);
      // The open generation has ended; the clock started it, not a schema change.
      expect(bench.told.filter((event) => event.type === 'resync.started')).toMatchObject([{ reason: 'scheduled' }]);
      expect(await bench.dataSource.query('SELECT resync_open, schema_version FROM sync_cursors')).toEqual([
        { resync_open: 0, schema_version: 1 },
      ]);
      await bench.engine.undoDiscard('op7');
      await bench.engine.sync();
      expect(server.get('todos', 'x')).toMatchObject({ title: 'mine x' });
      await bench.close();
    });
  });

  test('SCH-09: an app with older and newer migrations of its own gets the tables, keeps its data, and can remove them again', async () => {
    class OldApp1600000000000 implements MigrationInterface {
      readonly name = 'OldApp1600000000000';
      async up(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query(`CREATE TABLE lists (id text PRIMARY KEY NOT NULL, name text NOT NULL)`);
        await queryRunner.query(`INSERT INTO lists VALUES ('l', 'kept')`);
      }
      async down(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query('DROP TABLE lists');
      }
    }
    class NewApp1790000000000 implements MigrationInterface {
      readonly name = 'NewApp1790000000000';
      async up(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query(
          `CREATE TABLE entries (id text PRIMARY KEY NOT NULL, list_id text NOT NULL REFERENCES lists (id) ON DELETE CASCADE)`,
        );
        await queryRunner.query(`INSERT INTO entries VALUES ('e', 'l')`);
      }
      async down(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query('DROP TABLE entries');
      }
    }
    const own = [OldApp1600000000000, NewApp1790000000000];
    const app = await new DataSource({
      type: 'better-sqlite3',
      database: file,
      entities: [],
      migrations: own,
      migrationsRun: true,
    }).initialize();
    await app.destroy();
    const before = read();
    const dataSource = await openDatabase({ driver, database: file, entities: [], migrations: own });
    expect(read(before)).toMatchObject(before);
    expect(Object.keys(read()).toSorted()).toEqual(['entries', 'lists', ...syncTableNames].toSorted());
    for (const _ of syncMigrations) await dataSource.undoLastMigration();
    await dataSource.destroy();
    expect(read()).toEqual(before);
  });

  test('I1: sync columns can be added to a table in use; no full resync removes the existing rows', async () => {
    const database = new Database(file);
    database.exec(`CREATE TABLE todos (id text PRIMARY KEY NOT NULL, title text NOT NULL, done boolean NOT NULL DEFAULT 0, priority integer, tags text);
      INSERT INTO todos (id, title) VALUES ('old', 'from before'), ('idle', 'nobody touched it since');`);
    database.close();
    class SyncTodos1780000000000 implements MigrationInterface {
      readonly name = 'SyncTodos1780000000000';
      async up(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query(`ALTER TABLE todos ADD COLUMN updated_at text NOT NULL DEFAULT ''`);
        for (const column of ['deleted_at', 'deleted_at_local'])
          await queryRunner.query(`ALTER TABLE todos ADD COLUMN ${column} text`);
      }
      async down(queryRunner: QueryRunner): Promise<void> {
        for (const column of ['updated_at', 'deleted_at', 'deleted_at_local'])
          await queryRunner.query(`ALTER TABLE todos DROP COLUMN ${column}`);
      }
    }
    const dataSource = await openDatabase({
      driver,
      database: file,
      entities: [todoEntity],
      migrations: [SyncTodos1780000000000],
    });
    const bench = await openEngine({ driver, dataSource, config: { fullResyncIntervalMs: 7 * 24 * 60 * 60 * 1000 } });
    bench.server.seed('todos', { id: 'new', title: 'from there', done: false });
    const old = await bench.row('old');
    await bench.writer.replaceAndEnqueue({ ...(old ?? fail('no row')), title: 'changed' });
    await bench.engine.sync();
    expect(await bench.row('new')).toMatchObject({ title: 'from there' });
    expect(bench.server.get('todos', 'old')).toMatchObject({ title: 'changed' });
    expect(bench.types()).toContain('resync.started');
    expect(await bench.row('idle')).toMatchObject({ title: 'nobody touched it since' });
    // Also requested: rows that no server ever had exist nowhere else.
    await bench.engine.fullResync();
    expect(await bench.row('idle')).toMatchObject({ title: 'nobody touched it since' });
    await bench.close();
  });
});

const fail = (message: string): never => {
  throw new Error(message);
};
