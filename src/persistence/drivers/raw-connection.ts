import type { AbstractSqliteDriver } from 'typeorm/driver/sqlite-abstract/AbstractSqliteDriver.js';
import type { AbstractSqliteQueryRunner } from 'typeorm/driver/sqlite-abstract/AbstractSqliteQueryRunner.js';

/** Transaction control on the connection itself, beside TypeORM's query runners. */
export interface RawConnection {
  /** Runs a statement without parameters and results; at once where the driver is synchronous. */
  execute(sql: string): void | Promise<void>;
  /** What the connection itself reports, not what was sent to it. */
  isInTransaction(): boolean | Promise<boolean>;
}

/** The part of better-sqlite3's `Database` that is used. */
interface SynchronousDatabase {
  readonly inTransaction: boolean;
  prepare(sql: string): { run(): unknown };
}

/** The part of expo-sqlite's `SQLiteDatabase` that is used. */
interface AsynchronousDatabase {
  runAsync(sql: string): Promise<unknown>;
  isInTransactionAsync(): Promise<boolean>;
}

const isSynchronous = (database: unknown): database is SynchronousDatabase =>
  typeof database === 'object' && database !== null && 'inTransaction' in database && 'prepare' in database;
const isAsynchronous = (database: unknown): database is AsynchronousDatabase =>
  typeof database === 'object' && database !== null && 'runAsync' in database && 'isInTransactionAsync' in database;

function synchronousConnection(database: SynchronousDatabase): RawConnection {
  const statements = new Map<string, { run(): unknown }>();
  return {
    execute: (sql) => {
      const statement = statements.get(sql) ?? database.prepare(sql);
      statements.set(sql, statement);
      statement.run();
    },
    isInTransaction: () => database.inTransaction,
  };
}

const asynchronousConnection = (database: AsynchronousDatabase): RawConnection => ({
  execute: async (sql) => {
    await database.runAsync(sql);
  },
  isInTransaction: () => database.isInTransactionAsync(),
});

/**
 * `PRAGMA synchronous = n` is refused inside a transaction and nowhere else, which tells the state where the driver
 * does not.
 */
export async function probeTransaction(
  run: (sql: string) => Promise<unknown>,
  currentLevel: () => Promise<number>,
): Promise<boolean> {
  const level = await currentLevel();
  return run(`PRAGMA synchronous = ${level}`).then(
    () => false,
    () => true,
  );
}

function bareConnection(runner: AbstractSqliteQueryRunner): RawConnection {
  const level = async (): Promise<number> => {
    const [row] = (await runner.query('PRAGMA synchronous')) as readonly { readonly synchronous: number }[];
    return row?.synchronous ?? 2;
  };
  return {
    execute: async (sql) => {
      await runner.query(sql);
    },
    isInTransaction: () => probeTransaction((sql) => runner.query(sql), level),
  };
}

/**
 * Finds the shortest way to the driver's connection. `bareRunner` makes an ungated runner, for drivers known by TypeORM
 * alone.
 */
export function rawConnectionOf(
  driver: AbstractSqliteDriver,
  bareRunner: () => AbstractSqliteQueryRunner,
): RawConnection {
  const database: unknown = driver.databaseConnection;
  if (isSynchronous(database)) return synchronousConnection(database);
  if (isAsynchronous(database)) return asynchronousConnection(database);
  return bareConnection(bareRunner());
}
