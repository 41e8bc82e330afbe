const isPlain = (value: unknown): boolean =>
  value === null ||
  typeof value === 'string' ||
  typeof value === 'number' ||
  (typeof value === 'object' && ArrayBuffer.isView(value));

/** As TypeORM stores a `datetime`: UTC, a blank for the T. */
const dateText = (date: Date): string => date.toISOString().replace('T', ' ').replace('Z', '');

/**
 * Turns what SQLite drivers cannot bind, or bind each in its own way, into what they all bind alike. Throws `TypeError`
 * for objects and functions.
 */
export function toBindable(value: unknown): unknown {
  if (isPlain(value)) return value;
  switch (typeof value) {
    case 'undefined':
      return null;
    case 'boolean':
      return value ? 1 : 0;
    case 'bigint':
      // Text in an integer column becomes an integer, of 64 bits.
      return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value.toString();
    default:
      if (value instanceof Date) return dateText(value);
      throw new TypeError(
        `SQLite cannot store ${Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`}; pass text, for example with JSON.stringify`,
      );
  }
}

/** Makes all parameters of a statement bindable; returns the same list where nothing is to be done. */
export const toBindables = (parameters: unknown[]): unknown[] =>
  parameters.every(isPlain) ? parameters : parameters.map(toBindable);
