import { QueryFailedError, type DataSource, type Driver, type QueryRunner } from 'typeorm';
import { DatabaseError } from '../../model/errors/errors.ts';

/** `QueryRunner.query`, of which the third parameter asks for counts and rows in one object. */
export type Send = (
  this: QueryRunner,
  sql: string,
  parameters?: readonly unknown[],
  structured?: boolean,
) => Promise<unknown>;
type Mode = Parameters<Driver['createQueryRunner']>[0];

/**
 * Replaces `Driver.createQueryRunner`. TypeORM asks it for every runner: of managers, query builders, migrations and
 * the app. `create` makes the runner as before.
 */
export function replaceQueryRunners(
  driver: Driver,
  replace: (create: () => QueryRunner, mode: Mode) => QueryRunner,
): void {
  const createQueryRunner = driver.createQueryRunner.bind(driver);
  driver.createQueryRunner = (mode) => replace(() => createQueryRunner(mode), mode);
}

/**
 * Replaces `query` of a runner, or of all runners with a prototype. All other methods of TypeORM's runners send their
 * statements through it.
 */
export function replaceQuery(of: object, query: Send): void {
  Object.defineProperty(of, 'query', { value: query, configurable: true, writable: true });
}

/** Reads `query` of a prototype, which belongs to no runner yet. */
export const queryOf = (prototype: object): Send => Reflect.get(prototype, 'query') as Send;

/**
 * Makes a runner that is already in somebody's hands behave as one of another class. TypeORM's SQLite drivers keep one
 * runner and give it to all.
 */
export const changeClass = (runner: QueryRunner, Class: { readonly prototype: object }): void => {
  Object.setPrototypeOf(runner, Class.prototype);
};

/** Reads `QueryRunner.dataSource`, which TypeORM 0.3 calls `connection`. */
export function dataSourceOf(runner: QueryRunner): DataSource {
  const known: unknown = 'dataSource' in runner ? runner.dataSource : Reflect.get(runner, 'connection');
  return known as DataSource;
}

/**
 * Whether `SoftDeleteQueryBuilder` adds `AND "deletedAt" IS NOT NULL` to what `restore` sends, as it does from 1.0 on.
 */
export const restoresHiddenOnly = (runner: QueryRunner): boolean => 'dataSource' in runner;

/**
 * Makes a failure of SQLite a `QueryFailedError`, as TypeORM does. Before 1.1, `BetterSqlite3QueryRunner.query`
 * prepares outside of its `try`, so that an error of syntax arrives bare.
 */
export function toQueryFailure(failure: unknown, sql: string, parameters: unknown[] | undefined): unknown {
  // It did not fail in the database: its name says what to do.
  if (failure instanceof QueryFailedError && failure.driverError instanceof DatabaseError) return failure.driverError;
  const isBare =
    failure instanceof Error &&
    'code' in failure &&
    String(failure.code).startsWith('SQLITE_') &&
    !(failure instanceof QueryFailedError);
  return isBare ? new QueryFailedError(sql, parameters, failure) : failure;
}

/** Sets the protected `BaseQueryRunner.transactionDepth`. `startTransaction` begins at 0 and makes savepoints above. */
export const setTransactionDepth = (runner: QueryRunner, depth: number): void => {
  Object.assign(runner, { transactionDepth: depth });
};

/**
 * Sets `BetterSqlite3QueryRunner.stmtCache`, the prepared statements by their text, so that runners share them; other
 * runners have none.
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
