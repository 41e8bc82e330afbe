import type { DataSourceOptions } from 'typeorm';
import type { AbstractSqliteQueryRunner } from 'typeorm/driver/sqlite-abstract/AbstractSqliteQueryRunner.js';
import { toBindables } from '../sql/bind-value.ts';
import type { Dialect } from '../sql/session.ts';
import { isSqliteBusy } from './busy-database.ts';
import type { Synchronous } from './database-file.ts';
import type { RawConnection } from './raw-connection.ts';
import type { AnsweringConnection } from '../sql/expo-form.ts';
import { isAnswering } from './short-query.ts';

/** The default export of `sql.js`. */
export type InitSqlJs = (config?: { locateFile?(file: string): string }) => Promise<unknown>;

/** What `openDatabase` passes to a driver, with all defaults. */
export interface DriverSettings {
  readonly database: string;
  readonly synchronous: Synchronous;
  /** How long opening waits for a file that another process has locked, in ms. */
  readonly busyTimeoutMs: number;
  readonly initSqlJs?: InitSqlJs | undefined;
  readonly locateFile?: ((file: string) => string) | undefined;
}

/** Everything that the store knows about a driver. No other file distinguishes drivers. */
export interface DriverProfile {
  /** The name in messages, and in `openDatabase({ driver })` if it can be opened by name. */
  readonly name: string;
  /** The `type` of TypeORM's options. */
  readonly type: DataSourceOptions['type'];
  /** The optional npm package that it loads. */
  readonly package?: string;
  /** TypeORM's options to open it. Absent: the app creates the DataSource. */
  readonly options?: (settings: DriverSettings) => DataSourceOptions | Promise<DataSourceOptions>;

  /** The SQL dialect. Absent: the one of its type, SQLite for all but `postgres`. */
  readonly dialect?: Dialect['name'];
  /** `one`: all query runners share one connection, which gets the SQLite gate. `pool`: each has its own. */
  readonly connections: 'one' | 'pool';
  /** Adds to a new connection what other drivers have. Called once per connection, before anything else. */
  mend?(connection: unknown): void;
  /** Finds the shortest path to the connection. `bareRunner` creates a query runner without the gate. */
  rawConnection(connection: unknown, bareRunner: () => AbstractSqliteQueryRunner): RawConnection;
  /** Whether the connection executes a statement in one step, without TypeORM's query runner. */
  isAnswering(connection: unknown): connection is AnsweringConnection;
  /** Converts parameters so that the driver binds them like every other driver. */
  toBindables(parameters: unknown[]): unknown[];

  /** Whether an error with this code means that another connection blocks the work, so that it may be repeated. */
  isBusyCode(code: unknown): boolean;
  /**
   * The statement whose result changes when another connection commits. Undefined: there can be no other connection.
   */
  versionSql(database: unknown): string | undefined;
  /** Whether the file can have a WAL shared by several connections. */
  readonly sharesFile: boolean;

  /** Statements run on the event loop, so long work yields in between. */
  readonly blocksLoop: boolean;
  /** One JSON parameter with many rows is faster than separate values. */
  readonly packsRows: boolean;
  /** Binds integers as integers, and caches prepared statements by their text. */
  readonly bindsIntegers: boolean;
  /** Removes a byte order mark from the start of a text. */
  readonly losesByteOrderMark: boolean;
  /** Temporary triggers are lost when it saves its file. */
  readonly losesTriggers: boolean;
}

/** The writes of another client's commit: lower-case SQL names of tables, and where rows were removed or changed. */
export interface WritesElsewhere {
  readonly tables: readonly string[];
  readonly removed: readonly string[];
  readonly updated: readonly string[];
  /** A statement was not understood, so any table may have changed. */
  readonly isAll: boolean;
}

/** A driver in the form of expo-sqlite, as used by TypeORM's `expo` type. It may have its own profile. */
export interface ReadyDriver {
  readonly profile?: DriverProfile;
  /** As in the profile, for a driver without one. */
  readonly packsRows?: boolean;
  readonly bindsIntegers?: boolean;
  openDatabaseAsync(name: string): Promise<unknown>;
  /** Receives the names of all migrations, by which a database's host tells newer releases from older ones. */
  useMigrations?(names: readonly string[]): void;
  /**
   * Calls `listener` after each commit of another client; undefined if the writes are unknown. The store does not use
   * `versionSql` with such a driver.
   */
  onCommitElsewhere?(listener: (writes: WritesElsewhere | undefined) => void): () => void;
}

/** Common properties of SQLite drivers. */
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
