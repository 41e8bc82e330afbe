import type { AbstractSqliteQueryRunner } from 'typeorm/driver/sqlite-abstract/AbstractSqliteQueryRunner.js';

/** Transaction control directly on the connection, beside TypeORM's query runners. */
export interface RawConnection {
  /** Runs a statement without parameters and results; synchronously if the driver is synchronous. */
  execute(sql: string): void | Promise<void>;
  /** The connection's own report, independent of the statements sent. */
  isInTransaction(): boolean | Promise<boolean>;
  /** Called when a transaction has ended for any reason. Later statements are not part of it. */
  transactionEnded?(): void;
  /** Defers BEGIN IMMEDIATE to the first statement of the transaction, which fails if BEGIN fails. */
  readonly beginLater?: (() => void) | undefined;
  /** False: BEGIN has not run, so a failed statement may be repeated. Absent: BEGIN has run. */
  readonly hasBegun?: (() => boolean) | undefined;
}

/** The used part of better-sqlite3's `Database`. */
interface SynchronousDatabase {
  readonly inTransaction: boolean;
  prepare(sql: string): { run(): unknown };
}

/** The used part of expo-sqlite's `SQLiteDatabase`. */
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

/** For synchronous drivers such as better-sqlite3. */
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

/** For drivers in the form of expo-sqlite. */
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

/** SQLite rejects `PRAGMA synchronous = n` only within a transaction. This reveals the state if the driver does not. */
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

/** For drivers accessible only through TypeORM. */
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
