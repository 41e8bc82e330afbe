import type { AbstractSqliteDriver } from 'typeorm/driver/sqlite-abstract/AbstractSqliteDriver.js';

/** Passes through TypeORM as a bindable value. */
class Bound {
  constructor(readonly value: number) {}
}

/** Other numbers differ from their own text: it is not a number, or another one. */
const isBindable = (value: unknown): value is number =>
  typeof value === 'number' && (Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value));

/**
 * Makes TypeORM bind numbers instead of writing them into the statement, where each number would create a new statement
 * to prepare. Only for connections that bind integers as integers; a text column would get `5.0`.
 */
export function bindNumbers(driver: AbstractSqliteDriver): void {
  const original = driver.escapeQueryWithParameters.bind(driver);
  driver.escapeQueryWithParameters = (sql, parameters, ...more) => {
    const given = Object.entries(parameters ?? {}).map(([name, value]: readonly [string, unknown]) => [
      name,
      isBindable(value) ? new Bound(value) : value,
    ]);
    const [text, list] = original(sql, Object.fromEntries(given), ...more);
    return [text, list.map((value: unknown) => (value instanceof Bound ? value.value : value))];
  };
}
