import { systemClock } from '../../model/platform/system-clock.ts';
import { whileBusy } from './busy-database.ts';
import { driverBusyTimeoutMs, isDatabaseFile } from './database-file.ts';
import { sqliteDefaults, type DriverProfile } from './driver-profile.ts';
import { loadOptional } from './load-optional.ts';
import { synchronousConnection } from './raw-connection.ts';

/** The part of better-sqlite3 used before TypeORM takes over. */
export interface SynchronousDatabase {
  pragma(statement: string): unknown;
}

const packageName = 'better-sqlite3';

/** npm `better-sqlite3`: the fastest in bulk. Its statements run on the event loop. */
export const betterSqlite3Profile = {
  ...sqliteDefaults,
  name: 'better-sqlite3',
  type: 'better-sqlite3',
  package: packageName,
  options: async ({ database, synchronous, busyTimeoutMs }) => ({
    type: 'better-sqlite3',
    database,
    driver: await loadOptional(packageName),
    timeout: driverBusyTimeoutMs,
    prepareDatabase: (connection: SynchronousDatabase) =>
      whileBusy(systemClock, busyTimeoutMs, () => {
        if (isDatabaseFile(database)) connection.pragma('journal_mode = WAL');
        connection.pragma(`synchronous = ${synchronous}`);
      }),
  }),
  rawConnection: synchronousConnection,
  blocksLoop: true,
} as const satisfies DriverProfile;
