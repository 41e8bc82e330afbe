import type { Database, Statement } from 'sqlite3';
import { toBindables } from '../sql/bind-value.ts';
import { whileBusy } from './busy-database.ts';
import {
  createDirectoryOf,
  driverBusyTimeoutMs,
  isDatabaseFile,
  synchronousOption,
  type Synchronous,
} from './database-file.ts';
import { loadOptional } from './load-optional.ts';
import { asynchronousConnection, probeTransaction } from './raw-connection.ts';
import { sqliteDefaults, type DriverProfile } from './driver-profile.ts';
import { configOptions } from '../../model/config.ts';
import { completeOptions, ownedBy } from '../../model/options/complete-options.ts';
import type { OptionList } from '../../model/options/option-list.ts';
import { ExpoForm, type ExpoConnection, type StatementAnswer } from '../sql/expo-form.ts';
import { refuseSeveralStatements } from './one-statement.ts';
import { writesWithoutRows } from '../sql/statement-kind.ts';
import { firstWordOf } from '../sql/tokens.ts';
import { systemClock } from '../../model/platform/system-clock.ts';

export interface Sqlite3DriverOptions {
  /**
   * With WAL and `NORMAL`, a power failure may lose the last commits, but never damages the database; `FULL` makes each
   * commit durable. @defaultValue `NORMAL`
   */
  readonly synchronous?: Synchronous;
  /** How long opening waits for a file that another process has locked. @defaultValue 5,000 (5 seconds) */
  readonly busyTimeoutMs?: number;
}

/** Defaults and bounds of {@link Sqlite3DriverOptions}. */
export const sqlite3DriverOptions = {
  synchronous: synchronousOption,
  busyTimeoutMs: configOptions.busyTimeoutMs,
} satisfies OptionList<Sqlite3DriverOptions>;

/** A value for TypeORM's `driver` option of the `expo` type. */
export interface Sqlite3Driver {
  /** What the store knows about the driver. */
  readonly profile: DriverProfile;
  openDatabaseAsync(name: string): Promise<ExpoConnection>;
}

type Sqlite3Module = typeof import('sqlite3');

const cachedStatements = 96;
/**
 * While one statement runs, the next is submitted and the last one's rows become objects. More would take all threads
 * of Node's pool from the app.
 */
const readsAtOnce = 3;
const longestCachedSql = 64 * 1024;
/** These count as in progress until they are finalized, and no transaction could end. */
const staysInProgress: ReadonlySet<string> = new Set(['pragma', 'explain']);

const openFile = (sqlite3: Sqlite3Module, name: string): Promise<Database> =>
  new Promise((resolve, reject) => {
    const database: Database = new sqlite3.Database(name, (error) =>
      error === null ? resolve(database) : reject(error),
    );
  });

const execute = (database: Database, sql: string): Promise<void> =>
  new Promise((resolve, reject) => {
    database.exec(sql, (error) => (error === null ? resolve() : reject(error)));
  });

/**
 * Caches the most recently used prepared statements, because in bulk work parsing costs as much as running. Several
 * copies of one text may be in use.
 */
class StatementCache {
  readonly #idle = new Map<string, Statement[]>();
  #size = 0;
  #closed = false;

  take(sql: string): Statement | undefined {
    const statements = this.#idle.get(sql);
    const statement = statements?.pop();
    if (statements === undefined || statement === undefined) return undefined;
    this.#size -= 1;
    if (statements.length === 0) this.#idle.delete(sql);
    return statement;
  }

  /** Stores a statement that is not in use. */
  give(sql: string, statement: Statement): void {
    if (this.#closed || sql.length > longestCachedSql) {
      statement.finalize();
      return;
    }
    const statements = this.#idle.get(sql) ?? [];
    statements.push(statement);
    this.#size += 1;
    // Moved to the end; the first entries were unused for longest.
    this.#idle.delete(sql);
    this.#idle.set(sql, statements);
    if (this.#size > cachedStatements) this.#dropOldest();
  }

  /** A database with prepared statements cannot be closed. */
  close(): void {
    this.#closed = true;
    while (this.#size > 0) this.#dropOldest();
  }

  #dropOldest(): void {
    const [oldest] = this.#idle;
    if (oldest === undefined) return;
    const [sql, statements] = oldest;
    this.#idle.delete(sql);
    this.#size -= statements.length;
    for (const statement of statements) statement.finalize();
  }
}

class Connection extends ExpoForm {
  readonly readsAtOnce = readsAtOnce;
  readonly #database: Database;
  readonly #cache = new StatementCache();

  constructor(database: Database) {
    super();
    this.#database = database;
  }

  isInTransactionAsync(): Promise<boolean> {
    const level = async (): Promise<number> => {
      const { rows } = await this.answer('PRAGMA synchronous', []);
      return (rows as readonly { readonly synchronous: number }[])[0]?.synchronous ?? 2;
    };
    return probeTransaction((sql) => this.answer(sql, []), level);
  }

  async closeAsync(): Promise<void> {
    this.#cache.close();
    await new Promise<void>((resolve, reject) => {
      this.#database.close((error) => (error === null ? resolve() : reject(error)));
    });
  }

  answer(sql: string, parameters: unknown[]): Promise<StatementAnswer> {
    return new Promise((resolve, reject) => {
      refuseSeveralStatements(sql);
      const bound = toBindables(parameters);
      // A statement whose preparation failed never calls back.
      const statement =
        this.#cache.take(sql) ??
        this.#database.prepare(sql, (error: Error | null) => {
          if (error !== null) reject(error);
        });
      const fail = (error: Error): void => {
        statement.finalize();
        reject(error);
      };
      if (writesWithoutRows(sql)) {
        const cache = this.#cache;
        statement.run(bound, function (error) {
          if (error !== null) return fail(error);
          const { changes, lastID } = this;
          cache.give(sql, statement);
          resolve({ changes, lastInsertRowId: lastID, rows: [] });
        });
        return;
      }
      statement.all(bound, (error: Error | null, rows: unknown[]) => {
        if (error !== null) return fail(error);
        if (staysInProgress.has(firstWordOf(sql))) statement.finalize();
        else this.#cache.give(sql, statement);
        resolve({ changes: rows.length, lastInsertRowId: rows, rows });
      });
    });
  }
}

/**
 * Adapts npm `sqlite3`, which does not block the event loop, to TypeORM:
 * `new DataSource({ type: 'expo', driver: sqlite3Driver(), database })`. Foreign keys are on; files use WAL. Errors
 * keep SQLite's `code` (`SQLITE_CONSTRAINT`, `SQLITE_BUSY`).
 */
export function sqlite3Driver(options: Sqlite3DriverOptions = {}): Sqlite3Driver {
  const { synchronous, busyTimeoutMs } = completeOptions<Sqlite3DriverOptions, typeof sqlite3DriverOptions>(
    ownedBy('sqlite3Driver'),
    sqlite3DriverOptions,
    options,
  );
  return {
    profile: sqlite3Profile,
    openDatabaseAsync: async (name) => {
      createDirectoryOf(name);
      const database = await openFile((await loadOptional(sqlite3Profile.package)) as Sqlite3Module, name);
      database.configure('busyTimeout', driverBusyTimeoutMs);
      const journal = isDatabaseFile(name) ? 'PRAGMA journal_mode = WAL;' : '';
      await whileBusy(systemClock, busyTimeoutMs, () =>
        execute(database, `PRAGMA foreign_keys = ON; ${journal} PRAGMA synchronous = ${synchronous};`),
      );
      return new Connection(database);
    },
  };
}

/** npm `sqlite3`, through {@link sqlite3Driver}. */
export const sqlite3Profile = {
  ...sqliteDefaults,
  name: 'sqlite3',
  type: 'expo',
  package: 'sqlite3',
  options: ({ database, synchronous, busyTimeoutMs }) => ({
    type: 'expo',
    database,
    driver: sqlite3Driver({ synchronous, busyTimeoutMs }),
  }),
  rawConnection: asynchronousConnection,
  packsRows: true,
} as const satisfies DriverProfile;
