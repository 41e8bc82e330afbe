/** Numbers for objects that have no content to compare: functions and instances of classes. */
const numbers = new WeakMap<object, number>();
let lastNumber = 0;

function numberOf(value: object): number {
  const known = numbers.get(value);
  if (known !== undefined) return known;
  lastNumber += 1;
  numbers.set(value, lastNumber);
  return lastNumber;
}

/** Writes values as a text that is equal for equal ones: by content where they are plain data, else by identity. */
export function queryKey(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'bigint':
      return `${value}n`;
    case 'symbol':
      return value.toString();
    case 'function':
      return `#${numberOf(value)}`;
    case 'object':
      return value === null ? 'null' : objectKey(value);
    default:
      return Object.is(value, -0) ? '-0' : String(value);
  }
}

function objectKey(value: object): string {
  if (Array.isArray(value)) return `[${value.map(queryKey).join()}]`;
  if (value instanceof Date) return `@${value.getTime()}`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return `#${numberOf(value)}`;
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${queryKey((value as Readonly<Record<string, unknown>>)[name])}`).join()}}`;
}
