import { QueryFailedError, type DataSource, type Driver, type QueryRunner } from 'typeorm';
import { DatabaseError } from '../../model/errors/errors.ts';

/** `QueryRunner.query`. The third parameter requests counts and rows in one object. */
export type Send = (
  this: QueryRunner,
  sql: string,
  parameters?: readonly unknown[],
  structured?: boolean,
) => Promise<unknown>;
type Mode = Parameters<Driver['createQueryRunner']>[0];

/**
 * Replaces `Driver.createQueryRunner`, which TypeORM calls for every runner: of managers, query builders, migrations
 * and the app. `create` creates the original runner.
 */
export function replaceQueryRunners(
  driver: Driver,
  replace: (create: () => QueryRunner, mode: Mode) => QueryRunner,
): void {
  const createQueryRunner = driver.createQueryRunner.bind(driver);
  driver.createQueryRunner = (mode) => replace(() => createQueryRunner(mode), mode);
}

/**
 * Replaces `query` of one runner, or of all runners with a prototype. All other methods of TypeORM's runners send their
 * statements through it.
 */
export function replaceQuery(of: object, query: Send): void {
  Object.defineProperty(of, 'query', { value: query, configurable: true, writable: true });
}

/** Reads `query` of a prototype, before any runner exists. */
export const queryOf = (prototype: object): Send => Reflect.get(prototype, 'query') as Send;

/** Changes the class of an existing runner. TypeORM's SQLite drivers keep one runner and share it. */
export const changeClass = (runner: QueryRunner, Class: { readonly prototype: object }): void => {
  Object.setPrototypeOf(runner, Class.prototype);
};

/** Reads `QueryRunner.dataSource`, which TypeORM 0.3 calls `connection`. */
export function dataSourceOf(runner: QueryRunner): DataSource {
  const known: unknown = 'dataSource' in runner ? runner.dataSource : Reflect.get(runner, 'connection');
  return known as DataSource;
}

/**
 * Whether `SoftDeleteQueryBuilder` adds `AND "deletedAt" IS NOT NULL` to the statement of `restore`, as it does since
 * 1.0.
 */
export const restoresHiddenOnly = (runner: QueryRunner): boolean => 'dataSource' in runner;

/**
 * Wraps a failure of SQLite in `QueryFailedError`, as TypeORM does. Before 1.1, `BetterSqlite3QueryRunner.query`
 * prepares outside its `try`, so that a syntax error arrives unwrapped.
 */
export function toQueryFailure(failure: unknown, sql: string, parameters: unknown[] | undefined): unknown {
  // The error did not come from the database; its name tells what to do.
  if (failure instanceof QueryFailedError && failure.driverError instanceof DatabaseError) return failure.driverError;
  const isBare =
    failure instanceof Error &&
    'code' in failure &&
    String(failure.code).startsWith('SQLITE_') &&
    !(failure instanceof QueryFailedError);
  return isBare ? new QueryFailedError(sql, parameters, failure) : failure;
}

/**
 * Sets the protected `BaseQueryRunner.transactionDepth`. `startTransaction` begins at 0 and creates savepoints above.
 */
export const setTransactionDepth = (runner: QueryRunner, depth: number): void => {
  Object.assign(runner, { transactionDepth: depth });
};

/**
 * Sets `BetterSqlite3QueryRunner.stmtCache`, the prepared statements by text, so that runners share them; other runners
 * have none.
 */
export const shareStatements = (runner: QueryRunner, statements: Map<string, unknown>): void => {
  if ('stmtCache' in runner) Object.assign(runner, { stmtCache: statements });
};

/**
 * Sets `SqljsQueryRunner.isDirty`: the runner writes the file when its transaction ends. Other runners have no such
 * field.
 */
export const markUnsaved = (runner: QueryRunner): void => {
  if ('isDirty' in runner) runner.isDirty = true;
};

/** Replaces `SqljsQueryRunner.flush`, which writes the file by an export; other runners have none. */
export function replaceFlush(
  Base: { readonly prototype: object },
  Derived: { readonly prototype: object },
  replace: (runner: QueryRunner, flush: () => Promise<void>) => Promise<void>,
): void {
  const flush: unknown = Reflect.get(Base.prototype, 'flush');
  if (typeof flush !== 'function') return;
  Object.defineProperty(Derived.prototype, 'flush', {
    value: function (this: QueryRunner): Promise<void> {
      return replace(this, () => flush.call(this) as Promise<void>);
    },
  });
}
