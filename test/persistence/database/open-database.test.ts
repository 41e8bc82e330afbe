import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import initSqlJs from 'sql.js';
import { EntitySchema, type DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { DatabaseError } from '../../../src/model/errors/errors.ts';
import { classifyDatabaseError, toStoreFailure } from '../../../src/persistence/sql/database-failure.ts';
import { loadOptional } from '../../../src/persistence/drivers/load-optional.ts';
import { gateOf } from '../../../src/persistence/gate/connection-gate.ts';
import { syncTableNames } from '../../../src/persistence/database/migrations.ts';
import {
  openDatabase,
  type DatabaseDriver,
  type InitSqlJs,
  type OpenDatabaseOptions,
} from '../../../src/persistence/database/open-database.ts';
import { sqlJsProfile } from '../../../src/persistence/drivers/sqljs-driver.ts';

interface Todo {
  id: string;
  title: string;
}
const Todo = new EntitySchema<Todo>({
  name: 'Todo',
  tableName: 'todos',
  columns: { id: { type: 'text', primary: true }, title: { type: 'text' } },
});

class CreateTodos1800000000000 implements MigrationInterface {
  readonly name = 'CreateTodos1800000000000';
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('CREATE TABLE todos (id text PRIMARY KEY, title text NOT NULL)');
    await queryRunner.manager.save(Todo, { id: 'first', title: 'made by a migration' });
  }
  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE todos');
  }
}

const folder = mkdtempSync(join(tmpdir(), 'synchart-open-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const nextFile = (): string => join(folder, 'deep', 'er', `${(files += 1)}.db`);

const opened: DataSource[] = [];
afterEach(async () => {
  for (const dataSource of opened.splice(0)) await dataSource.destroy();
});
const open = async (options: Partial<OpenDatabaseOptions> = {}): Promise<DataSource> => {
  const dataSource = await openDatabase({
    database: ':memory:',
    entities: [Todo],
    migrations: [CreateTodos1800000000000],
    ...options,
  });
  opened.push(dataSource);
  return dataSource;
};
const pragma = async (dataSource: DataSource, name: string): Promise<unknown> =>
  Object.values((await dataSource.query<Record<string, unknown>[]>(`PRAGMA ${name}`))[0] ?? {})[0];
const tables = async (dataSource: DataSource): Promise<string[]> =>
  (await dataSource.query<{ name: string }[]>("SELECT name FROM sqlite_master WHERE type = 'table'")).map(
    ({ name }) => name,
  );

describe.each<DatabaseDriver>(['sqlite3', 'better-sqlite3'])('openDatabase with %s', (driver) => {
  test('creates the sync and app tables, and gates the connection', async () => {
    const dataSource = await open({ driver });
    expect(await tables(dataSource)).toEqual(expect.arrayContaining([...syncTableNames, 'todos']));
    expect(gateOf(dataSource)).toBeDefined();
    await dataSource.getRepository(Todo).save({ id: 'a', title: 'A' });
    expect(await dataSource.getRepository(Todo).find({ order: { id: 'ASC' } })).toEqual([
      { id: 'a', title: 'A' },
      { id: 'first', title: 'made by a migration' },
    ]);
  });

  test('sets WAL, foreign keys, synchronous and a short driver timeout; creates the directory', async () => {
    const database = nextFile();
    const dataSource = await open({ driver, database });
    expect(await pragma(dataSource, 'journal_mode')).toBe('wal');
    expect(await pragma(dataSource, 'foreign_keys')).toBe(1);
    expect(await pragma(dataSource, 'synchronous')).toBe(1);
    expect(await pragma(dataSource, 'busy_timeout')).toBeLessThanOrEqual(5);
    expect(existsSync(database)).toBe(true);
    const durable = await open({ driver, database: nextFile(), synchronous: 'FULL' });
    expect(await pragma(durable, 'synchronous')).toBe(2);
  });

  test('reopens a file with its data; migrations run once', async () => {
    const database = nextFile();
    const first = await openDatabase({ driver, database, entities: [Todo], migrations: [CreateTodos1800000000000] });
    await first.getRepository(Todo).save({ id: 'a', title: 'A' });
    await first.destroy();
    const again = await open({ driver, database });
    expect(await again.getRepository(Todo).count()).toBe(2);
  });

  test('I11: migrates a file once when it is opened several times concurrently', async () => {
    const database = nextFile();
    const dataSources = await Promise.all([1, 2, 3].map(() => open({ driver, database })));
    const [dataSource] = dataSources;
    if (dataSource === undefined) throw new Error('none opened');
    expect(await dataSource.getRepository(Todo).find()).toEqual([{ id: 'first', title: 'made by a migration' }]);
  });

  test('a failed migration leaves nothing behind, and the error names the file', async () => {
    class Broken1800000000001 implements MigrationInterface {
      readonly name = 'Broken1800000000001';
      async up(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query('CREATE TABLE half (id integer)');
        throw new Error('broken on purpose');
      }
      down(): Promise<void> {
        return Promise.resolve();
      }
    }
    const database = nextFile();
    const failing = openDatabase({
      driver,
      database,
      entities: [Todo],
      migrations: [CreateTodos1800000000000, Broken1800000000001],
    });
    await expect(failing).rejects.toThrow(DatabaseError);
    await expect(failing).rejects.toThrow(database);
    const repaired = await open({ driver, database });
    expect(await tables(repaired)).not.toContain('half');
  });

  test("F-131: a migration's writes through the data source join its transaction", async () => {
    class ByDataSource1800000000001 implements MigrationInterface {
      readonly name = 'ByDataSource1800000000001';
      async up(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.dataSource.getRepository(Todo).save({ id: 'second', title: 'beside the query runner' });
      }
      down(): Promise<void> {
        return Promise.resolve();
      }
    }
    const dataSource = await open({ driver, migrations: [CreateTodos1800000000000, ByDataSource1800000000001] });
    expect(await dataSource.getRepository(Todo).count()).toBe(2);
    await dataSource.undoLastMigration();
  });

  test("synchronize creates the app's tables and leaves the sync tables and their indexes alone", async () => {
    const database = nextFile();
    const migrated = await openDatabase({ driver, database, entities: [], migrations: [] });
    const schema = "SELECT type, name, sql FROM sqlite_master WHERE name LIKE 'sync_%' ORDER BY name";
    const before: unknown = await migrated.query(schema);
    await migrated.destroy();
    const dataSource = await open({ driver, database, migrations: [], synchronize: true });
    await dataSource.getRepository(Todo).save({ id: 'a', title: 'A' });
    await dataSource.synchronize();
    expect(await dataSource.query(schema)).toEqual(before);
    expect(await dataSource.getRepository(Todo).count()).toBe(1);
  });

  test('the error for a file that is not a database names it', async () => {
    const database = join(folder, `${driver}.txt`);
    writeFileSync(database, 'this is text, and long enough to be looked at as a header '.repeat(20));
    await expect(open({ driver, database })).rejects.toThrow(`Cannot open the database ${database}`);
    await expect(open({ driver, database })).rejects.toThrow(DatabaseError);
  });
});

test('rejects invalid options at once and names the field', async () => {
  await expect(open({ database: ' ' })).rejects.toThrow(/^openDatabase: database must be/);
  const unknown: { driver: string } = { driver: 'oracle' };
  await expect(open(unknown as Partial<OpenDatabaseOptions>)).rejects.toThrow(
    /driver must be one of sqlite3, better-sqlite3, sqljs, or a driver object, got 'oracle'/,
  );
});

describe('openDatabase with sqljs', () => {
  test('I7: the file contains what was committed and is replaced as a whole', async () => {
    const database = nextFile();
    const first = await open({ driver: 'sqljs', database });
    await first.getRepository(Todo).save({ id: 'a', title: 'A' });
    await first.transaction((manager) => manager.getRepository(Todo).insert({ id: 'b', title: 'B' }));
    expect(existsSync(`${database}.saving`)).toBe(false);
    const afterCrash = await open({ driver: 'sqljs', database });
    expect((await afterCrash.getRepository(Todo).find({ order: { id: 'ASC' } })).map(({ id }) => id)).toEqual([
      'a',
      'b',
      'first',
    ]);
  });

  test('I13: reports a constraint violation by its code, as with other drivers', async () => {
    const dataSource = await open({ driver: 'sqljs', database: nextFile() });
    const refused: unknown = await dataSource
      .getRepository(Todo)
      .insert({ id: 'first', title: 'again' })
      .catch((error: unknown) => error);
    expect(classifyDatabaseError(refused)).toBe('constraint');
  });

  test('the error for a sql.js file that is not a database names it', async () => {
    const database = join(folder, 'sqljs.txt');
    writeFileSync(database, 'this is text, and long enough to be looked at as a header '.repeat(20));
    await expect(open({ driver: 'sqljs', database })).rejects.toThrow(`Cannot open the database ${database}`);
  });

  test('F-165: uses the initSqlJs and locateFile that the app passes', async () => {
    const located: unknown[] = [];
    const locateFile = (name: string): string => join(import.meta.dirname, '../../../node_modules/sql.js/dist', name);
    const injected: InitSqlJs = (config) => {
      located.push(config?.locateFile);
      return initSqlJs(config);
    };
    const dataSource = await open({ driver: 'sqljs', initSqlJs: injected, locateFile });
    expect(located).toEqual([locateFile]);
    expect((await dataSource.getRepository(Todo).find()).map(({ id }) => id)).toEqual(['first']);
  });

  describe('in a page', () => {
    const settings = { synchronous: 'NORMAL', busyTimeoutMs: 5 } as const;
    afterEach(() => {
      vi.unstubAllGlobals();
    });

    test('F-165: the error names the option initSqlJs and does not suggest installing a package', async () => {
      vi.stubGlobal('process', { env: {} });
      const refused: unknown = await sqlJsProfile
        .options({ ...settings, database: 'app' })
        .catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(DatabaseError);
      expect(String(refused)).toMatch(/in a page .* needs the option initSqlJs.*locateFile/);
      expect(String(refused)).not.toContain('npm install');
    });

    test('F-165: a full localStorage rejects the save and names the key, the size and the cause', async () => {
      vi.stubGlobal('process', { env: {} });
      const stored = new Map<string, string>();
      const quota = 20;
      vi.stubGlobal('localStorage', {
        setItem: (key: string, value: string): void => {
          if (value.length > quota) throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
          stored.set(key, value);
        },
      });
      const options = await sqlJsProfile.options({ ...settings, database: 'app', initSqlJs });
      if (options.type !== 'sqljs' || options.autoSaveCallback === undefined)
        throw new Error('sqlJsProfile set no autoSaveCallback');
      const save = async (bytes: Uint8Array): Promise<unknown> =>
        (options.autoSaveCallback as (bytes: Uint8Array) => Promise<void>)(bytes);
      await save(Uint8Array.of(83, 81, 76));
      const refused: unknown = await save(new Uint8Array(100)).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(DatabaseError);
      expect(String(refused)).toMatch(
        /localStorage key app: it has 100 bytes.*The quota has been exceeded\..*in memory only/,
      );
      expect(toStoreFailure(refused, 0)).toMatchObject({ failure: { type: 'storeFailed' } });
      expect(stored.get('app')).toBe('[83,81,76]');
    });
  });
});

test.each([
  [{ synchronous: 'SOMETIMES' }, "synchronous must be one of OFF, NORMAL, FULL, EXTRA, got 'SOMETIMES'"],
  [{ busyTimeoutMs: -1 }, 'busyTimeoutMs must be a finite number of milliseconds of at least 0, got -1'],
  [{ syncronize: true }, "unknown option 'syncronize', did you mean 'synchronize'?"],
])('openDatabase rejects %o through its option list', async (option, message) => {
  await expect(openDatabase({ database: ':memory:', entities: [Todo], ...(option as object) })).rejects.toThrow(
    `openDatabase: ${message}`,
  );
});

test('names the install command of a missing package', async () => {
  await expect(loadOptional('not-installed-here')).rejects.toThrow('npm install not-installed-here');
});
