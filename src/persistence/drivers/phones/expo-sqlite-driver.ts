import { completeOptions, ownedBy } from '../../../model/options/complete-options.ts';
import type { OptionList } from '../../../model/options/option-list.ts';
import { isDatabaseFile, synchronousOption, type Synchronous } from '../database-file.ts';
import type { ExpoConnection } from '../../sql/expo-form.ts';
import { PhoneConnection } from './phone-connection.ts';

/** The used part of the module `expo-sqlite`. Requires release 14 (Expo SDK 51) or later. */
export interface ExpoSqliteModule {
  openDatabaseAsync(name: string): Promise<{
    prepareAsync(sql: string): Promise<{
      executeAsync(parameters: never): Promise<{
        readonly changes: number;
        readonly lastInsertRowId: number;
        getAllAsync(): Promise<unknown[]>;
      }>;
      finalizeAsync(): Promise<void>;
    }>;
    isInTransactionAsync(): Promise<boolean>;
    closeAsync(): Promise<void>;
  }>;
}

export interface PhoneDriverOptions {
  /**
   * With WAL and `NORMAL`, a power failure may lose the last commits, but never damages the database. @defaultValue
   * `NORMAL`
   */
  readonly synchronous?: Synchronous;
}

/** Defaults and bounds of {@link PhoneDriverOptions}. */
export const phoneDriverOptions = {
  synchronous: synchronousOption,
} satisfies OptionList<PhoneDriverOptions>;

/** A value for `openDatabase({ driver })`. */
export interface PhoneDriver {
  openDatabaseAsync(name: string): Promise<ExpoConnection>;
}

/**
 * Opens databases with `expo-sqlite`: `openDatabase({ driver: expoSqliteDriver(SQLite), database: 'app.db', … })`. Adds
 * what the package lacks: errors with SQLite's `code`, files with WAL, and rows of `RETURNING`.
 */
export function expoSqliteDriver(module: ExpoSqliteModule, options: PhoneDriverOptions = {}): PhoneDriver {
  const { synchronous } = completeOptions<PhoneDriverOptions, typeof phoneDriverOptions>(
    ownedBy('expoSqliteDriver'),
    phoneDriverOptions,
    options,
  );
  return {
    openDatabaseAsync: async (name) => {
      const database = await module.openDatabaseAsync(name);
      const connection = new PhoneConnection({
        run: async (sql, parameters) => {
          const statement = await database.prepareAsync(sql);
          try {
            const result = await statement.executeAsync(parameters as never);
            const rows = await result.getAllAsync();
            return { rows, changes: result.changes, insertId: result.lastInsertRowId };
          } finally {
            await statement.finalizeAsync();
          }
        },
        isInTransaction: () => database.isInTransactionAsync(),
        close: () => database.closeAsync(),
      });
      await preparePhoneDatabase(connection, name, synchronous);
      return connection;
    },
  };
}

/** Initialises each connection to a file on a phone. */
export async function preparePhoneDatabase(
  connection: ExpoConnection,
  name: string,
  synchronous: Synchronous,
): Promise<void> {
  await connection.runAsync('PRAGMA busy_timeout = 5');
  await connection.runAsync('PRAGMA foreign_keys = ON');
  if (isDatabaseFile(name)) await connection.runAsync('PRAGMA journal_mode = WAL');
  await connection.runAsync(`PRAGMA synchronous = ${synchronous}`);
}
