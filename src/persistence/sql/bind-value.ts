const isPlain = (value: unknown): boolean =>
  value === null ||
  typeof value === 'string' ||
  typeof value === 'number' ||
  (typeof value === 'object' && ArrayBuffer.isView(value));

/** The format in which TypeORM stores a `datetime`: UTC, with a space for the T. */
const dateText = (date: Date): string => date.toISOString().replace('T', ' ').replace('Z', '');

/**
 * Converts values that SQLite drivers cannot bind, or bind differently, to a common form. Throws `TypeError` for
 * objects and functions.
 */
export function toBindable(value: unknown): unknown {
  if (isPlain(value)) return value;
  switch (typeof value) {
    case 'undefined':
      return null;
    case 'boolean':
      return value ? 1 : 0;
    case 'bigint':
      // Text in an integer column becomes a 64-bit integer.
      return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value.toString();
    default:
      if (value instanceof Date) return dateText(value);
      throw new TypeError(
        `SQLite cannot store ${Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`}; pass text, for example with JSON.stringify`,
      );
  }
}

/** Makes all parameters of a statement bindable. Returns the same list if nothing changes. */
export const toBindables = (parameters: unknown[]): unknown[] =>
  parameters.every(isPlain) ? parameters : parameters.map(toBindable);
