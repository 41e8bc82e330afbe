import type { AbstractSqliteQueryRunner } from 'typeorm/driver/sqlite-abstract/AbstractSqliteQueryRunner.js';

/** Transaction control on the connection itself, beside TypeORM's query runners. */
export interface RawConnection {
  /** Runs a statement without parameters and results; at once where the driver is synchronous. */
  execute(sql: string): void | Promise<void>;
  /** What the connection itself reports, not what was sent to it. */
  isInTransaction(): boolean | Promise<boolean>;
  /** Says that a transaction is over, whatever ended it: statements from now on are not part of it. */
  transactionEnded?(): void;
  /** BEGIN IMMEDIATE that runs together with the first statement of the transaction, which then fails where it does. */
  readonly beginLater?: (() => void) | undefined;
  /** False: BEGIN has not run, so that a statement that failed may be repeated. Absent: BEGIN has run. */
  readonly hasBegun?: (() => boolean) | undefined;
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
  transactionEnded?(): void;
  beginLater?(): void;
  hasBegun?(): boolean;
}

const isSynchronous = (database: unknown): database is SynchronousDatabase =>
  typeof database === 'object' && database !== null && 'inTransaction' in database && 'prepare' in database;
const isAsynchronous = (database: unknown): database is AsynchronousDatabase =>
  typeof database === 'object' && database !== null && 'runAsync' in database && 'isInTransactionAsync' in database;

type BareRunner = () => AbstractSqliteQueryRunner;

/** Of drivers as better-sqlite3, which answer at once. */
export function synchronousConnection(database: unknown, bareRunner: BareRunner): RawConnection {
  if (!isSynchronous(database)) return statementConnection(bareRunner);
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

/** Of drivers in the form of expo-sqlite. */
export function asynchronousConnection(database: unknown, bareRunner: BareRunner): RawConnection {
  if (!isAsynchronous(database)) return statementConnection(bareRunner);
  return {
    execute: async (sql) => {
      await database.runAsync(sql);
    },
    isInTransaction: () => database.isInTransactionAsync(),
    transactionEnded: () => database.transactionEnded?.(),
    beginLater: database.beginLater?.bind(database),
    hasBegun: database.hasBegun?.bind(database),
  };
}

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

/** Of drivers that are known by TypeORM alone. */
export function statementConnection(bareRunner: BareRunner): RawConnection {
  const runner = bareRunner();
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
