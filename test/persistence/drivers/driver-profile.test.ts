import { readdirSync, readFileSync } from 'node:fs';
import type { DataSource } from 'typeorm';
import { afterEach, describe, expect, test } from 'vitest';
import { openDatabase, type OpenDatabaseOptions } from '../../../src/persistence/database/open-database.ts';
import { betterSqlite3Profile } from '../../../src/persistence/drivers/better-sqlite3-driver.ts';
import type { DriverProfile } from '../../../src/persistence/drivers/driver-profile.ts';
import { profileOf } from '../../../src/persistence/drivers/profile-of.ts';
import { sqlite3Driver, sqlite3Profile } from '../../../src/persistence/drivers/sqlite3-driver.ts';
import { registerTables } from '../../../src/persistence/tables/register-table.ts';
import { syncTable } from '../../../src/persistence/tables/sync-table.ts';
import { todoEntity } from '../../support/todo.ts';

const sources = new URL('../../../src/persistence/', import.meta.url);

test("one file per driver: no file outside drivers/ checks a data source's driver", () => {
  const asking = readdirSync(sources, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    // sql/session.ts checks the SQL dialect, which is not a driver check.
    .filter((file) => file.endsWith('.ts') && !file.startsWith('drivers/') && file !== 'sql/session.ts')
    .filter((file) =>
      /options\.type\s*[!=]==|'better-sqlite3'|'sqljs'|'expo'/.test(readFileSync(new URL(file, sources), 'utf8')),
    );
  expect(asking).toEqual([]);
});

describe('openDatabase accepts a driver from the app', () => {
  let dataSource: DataSource | undefined;
  afterEach(async () => {
    await dataSource?.destroy();
    dataSource = undefined;
  });
  const open = async (driver: OpenDatabaseOptions['driver']): Promise<DataSource> => {
    dataSource = await openDatabase({
      database: ':memory:',
      entities: [todoEntity],
      synchronize: true,
      ...(driver === undefined ? {} : { driver }),
    });
    return dataSource;
  };
  const firstTable = (on: DataSource): ReturnType<ReturnType<typeof registerTables>['get']> =>
    registerTables(on, [syncTable(todoEntity)]).get('todos');

  test('an object shaped like expo-sqlite, with its own profile', async () => {
    const opened = await open(sqlite3Driver());
    expect(profileOf(opened)).toMatchObject({ name: 'sqlite3', packsRows: true });
    expect(await opened.query('SELECT 1 AS "one"')).toEqual([{ one: 1 }]);
  });

  test('an object shaped like expo-sqlite, without a profile', async () => {
    const { openDatabaseAsync } = sqlite3Driver();
    const opened = await open({ openDatabaseAsync });
    expect(profileOf(opened)).toMatchObject({ name: 'expo', packsRows: false });
    expect(await opened.query('SELECT 1 AS "one"')).toEqual([{ one: 1 }]);
  });

  test('a profile that describes the data source correctly', async () => {
    const profile: DriverProfile = {
      ...betterSqlite3Profile,
      name: 'mine',
      blocksLoop: false,
      losesByteOrderMark: true,
    };
    const opened = await open(profile);
    expect(profileOf(opened)).toBe(profile);
    const table = firstTable(opened);
    expect(table?.blocksLoop).toBe(false);
    expect(table?.unstorable({ id: 'a', title: '\uFEFFmarked', done: false })).toContain('byte order mark');
  });

  test('rejects an object that is not a driver, and a profile that cannot be opened', async () => {
    const { options: _options, ...unopenable } = sqlite3Profile;
    await expect(open({} as never)).rejects.toThrow(RangeError);
    await expect(open(unopenable)).rejects.toThrow('or a driver object');
  });
});
