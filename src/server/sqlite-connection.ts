import type { DataSource } from 'typeorm';
import { StoreBusyError } from './server-store.ts';
import type { SqlValue } from './wire-column.ts';

/** The used members of a better-sqlite3 statement. */
export interface SqliteStatement {
  run(...values: readonly SqlValue[]): { readonly changes: number };
  get(...values: readonly SqlValue[]): unknown;
  all(...values: readonly SqlValue[]): unknown[];
  raw(on: boolean): SqliteStatement;
}

interface RawDatabase {
  readonly inTransaction: boolean;
  prepare(sql: string): SqliteStatement;
  exec(sql: string): unknown;
}

/** How long an app's own transaction, or another process, may block the database, in ms. */
const busyTimeoutMs = 5000;

/**
 * Runs synchronous blocks on the connection of a DataSource, bypassing TypeORM's query runner. TypeORM shares one
 * runner per SQLite DataSource, so concurrent transactions through it would mix. A block without `await` cannot be
 * interrupted, and none begins during a transaction of the app.
 */
export class SqliteConnection {
  readonly #database: RawDatabase;
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(dataSource: DataSource) {
    const connection: unknown =
      'databaseConnection' in dataSource.driver ? dataSource.driver.databaseConnection : undefined;
    if (dataSource.options.type !== 'better-sqlite3' || !isRawDatabase(connection)) {
      throw new TypeError(
        `the sync server needs an initialised DataSource of type 'better-sqlite3', got '${dataSource.options.type}'`,
      );
    }
    this.#database = connection;
  }

  /** Prepares each text once. Returns rows as arrays of values. */
  prepare(sql: string): SqliteStatement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    // Limits the cache, because texts vary with the given columns. The next use prepares again.
    if (this.#statements.size >= 500) this.#statements.clear();
    this.#statements.set(sql, statement);
    return statement;
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  rows(sql: string, ...values: readonly SqlValue[]): SqlValue[][] {
    return this.prepare(sql)
      .raw(true)
      .all(...values) as SqlValue[][];
  }

  row(sql: string, ...values: readonly SqlValue[]): SqlValue[] | undefined {
    return this.prepare(sql)
      .raw(true)
      .get(...values) as SqlValue[] | undefined;
  }

  run(sql: string, ...values: readonly SqlValue[]): number {
    return this.prepare(sql).run(...values).changes;
  }

  /** Reads committed data: waits until no transaction is open on this connection. */
  async read<T>(block: () => T): Promise<T> {
    return this.#patiently(block);
  }

  /** Runs a block in its own transaction. An error rolls it back. */
  async write<T>(block: () => T): Promise<T> {
    return this.#patiently(() => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const result = block();
        this.#database.exec('COMMIT');
        return result;
      } finally {
        if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
      }
    });
  }

  /** Runs a part of a transaction that may fail separately. */
  savepoint<T>(block: () => T): T {
    this.#database.exec('SAVEPOINT item');
    try {
      const result = block();
      this.#database.exec('RELEASE item');
      return result;
    } catch (error) {
      this.#database.exec('ROLLBACK TO item; RELEASE item');
      throw error;
    }
  }

  async #patiently<T>(block: () => T): Promise<T> {
    const deadline = Date.now() + busyTimeoutMs;
    for (;;) {
      if (!this.#database.inTransaction) {
        try {
          return block();
        } catch (error) {
          if (!isBusy(error)) throw error;
        }
      }
      if (Date.now() > deadline) throw new StoreBusyError(`the database was in use by others for ${busyTimeoutMs} ms`);
      await new Promise((resolve) => {
        setTimeout(resolve, 2);
      });
    }
  }
}

/** SQLite's own error code, such as `SQLITE_CONSTRAINT_NOTNULL`. */
export const sqliteCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('SQLITE_')
    ? error.code
    : undefined;

const isBusy = (error: unknown): boolean => /^SQLITE_(BUSY|LOCKED)/.test(sqliteCode(error) ?? '');

const isRawDatabase = (value: unknown): value is RawDatabase =>
  typeof value === 'object' &&
  value !== null &&
  'prepare' in value &&
  typeof value.prepare === 'function' &&
  'inTransaction' in value;
