import type { AbstractSqliteDriver } from 'typeorm/driver/sqlite-abstract/AbstractSqliteDriver.js';

/** Passes through TypeORM as a value that it binds. */
class Bound {
  constructor(readonly value: number) {}
}

/** Others differ from their own text: it is not a number, or not the same one. */
const isBindable = (value: unknown): value is number =>
  typeof value === 'number' && (Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value));

/**
 * Makes TypeORM bind numbers. It writes them into the text of a statement, so that an UPDATE with another number is
 * another statement to whoever keeps them prepared. Only for connections that bind a whole number as an integer: a text
 * column would get `5.0`.
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
