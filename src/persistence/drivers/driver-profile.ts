import type { DataSourceOptions } from 'typeorm';
import type { AbstractSqliteQueryRunner } from 'typeorm/driver/sqlite-abstract/AbstractSqliteQueryRunner.js';
import { toBindables } from '../sql/bind-value.ts';
import type { Dialect } from '../sql/session.ts';
import { isSqliteBusy } from './busy-database.ts';
import type { Synchronous } from './database-file.ts';
import type { RawConnection } from './raw-connection.ts';
import type { AnsweringConnection } from '../sql/expo-form.ts';
import { isAnswering } from './short-query.ts';

/** The function that `sql.js` exports by default. */
export type InitSqlJs = (config?: { locateFile?(file: string): string }) => Promise<unknown>;

/** What `openDatabase` passes to a driver, with every default filled in. */
export interface DriverSettings {
  readonly database: string;
  readonly synchronous: Synchronous;
  /** How long a file that another process has locked is waited for while it is opened. */
  readonly busyTimeoutMs: number;
  readonly initSqlJs?: InitSqlJs | undefined;
  readonly locateFile?: ((file: string) => string) | undefined;
}

/** Everything that the store knows about one driver. No other file asks which driver a data source has. */
export interface DriverProfile {
  /** As in messages, and as in `openDatabase({ driver })` where it has a name there. */
  readonly name: string;
  /** The `type` of TypeORM's options. */
  readonly type: DataSourceOptions['type'];
  /** The optional npm package that it loads by itself. */
  readonly package?: string;
  /** The options with which TypeORM opens it. Absent: the app makes the DataSource itself. */
  readonly options?: (settings: DriverSettings) => DataSourceOptions | Promise<DataSourceOptions>;

  /** Which SQL it speaks. Absent: that of the drivers of its type, which is SQLite's for all but `postgres`. */
  readonly dialect?: Dialect['name'];
  /** `one`: all query runners share one connection, which gets the SQLite gate. `pool`: each has its own. */
  readonly connections: 'one' | 'pool';
  /** Gives a newly opened connection what other drivers have. Called once per connection, before anything else. */
  mend?(connection: unknown): void;
  /** Finds the shortest way to the connection. `bareRunner` makes a query runner without the gate. */
  rawConnection(connection: unknown, bareRunner: () => AbstractSqliteQueryRunner): RawConnection;
  /** Whether the connection answers a statement in one step, without TypeORM's query runner. */
  isAnswering(connection: unknown): connection is AnsweringConnection;
  /** Makes parameters such that the driver binds them as every other driver does. */
  toBindables(parameters: unknown[]): unknown[];

  /** Whether an error with this code says that another connection is in the way, and that the work may be repeated. */
  isBusyCode(code: unknown): boolean;
  /** The statement whose answer changes when another connection commits; undefined: no other connection can exist. */
  versionSql(database: unknown): string | undefined;
  /** Whether the file can have a WAL that several connections share. */
  readonly sharesFile: boolean;

  /** Statements run on the event loop: long work lets others have their turn in between. */
  readonly blocksLoop: boolean;
  /** One JSON parameter with many rows is faster than their values one by one. */
  readonly packsRows: boolean;
  /** It binds whole numbers as integers, and keeps statements prepared by their text. */
  readonly bindsIntegers: boolean;
  /** Takes a byte order mark off the beginning of a text. */
  readonly losesByteOrderMark: boolean;
  /** Temporary triggers are gone after it has saved its file. */
  readonly losesTriggers: boolean;
}

/** What a commit elsewhere wrote: SQL names of tables in lower case, and where rows were removed or changed. */
export interface WritesElsewhere {
  readonly tables: readonly string[];
  readonly removed: readonly string[];
  readonly updated: readonly string[];
  /** A statement was not understood: any table may have changed. */
  readonly isAll: boolean;
}

/** A driver in the form of expo-sqlite, which TypeORM's `expo` type takes. It may bring a profile of its own. */
export interface ReadyDriver {
  readonly profile?: DriverProfile;
  /** As in the profile, for a driver that brings none. */
  readonly packsRows?: boolean;
  readonly bindsIntegers?: boolean;
  openDatabaseAsync(name: string): Promise<unknown>;
  /** Takes the names of all migrations, by which a database's host tells newer releases from older ones. */
  useMigrations?(names: readonly string[]): void;
  /**
   * Calls `listener` after each commit of another client; undefined where nobody knows what was written. A driver that
   * has it is not asked for `versionSql`.
   */
  onCommitElsewhere?(listener: (writes: WritesElsewhere | undefined) => void): () => void;
}

/** What drivers of SQLite have in common. */
export const sqliteDefaults = {
  connections: 'one',
  isAnswering,
  toBindables,
  isBusyCode: isSqliteBusy,
  versionSql: (database) => (database === ':memory:' ? undefined : 'PRAGMA data_version'),
  sharesFile: true,
  blocksLoop: false,
  packsRows: false,
  bindsIntegers: false,
  losesByteOrderMark: false,
  losesTriggers: false,
} as const satisfies Partial<DriverProfile>;
