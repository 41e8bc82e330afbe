/** The allowed values of an option. */
export interface Bounds {
  /** Completes "must be …", in errors and in `docs/settings.md`. */
  readonly expected: string;
  readonly holds: (value: unknown) => boolean;
  /** `RangeError` if a value of the right type can be out of bounds, otherwise `TypeError`. */
  readonly error: new (
    message: string,
  ) => Error;
  /** A sentence of advice, appended after the rejected value. */
  readonly hint?: string;
  /** Errors do not show a rejected string, because it may be a misplaced secret. */
  readonly hidesTexts?: true;
}

/** Platform timers with a longer delay fire immediately. */
const longestTimer = 2_147_483_647;

const range = (expected: string, holds: (value: unknown) => boolean): Bounds => ({
  expected,
  holds,
  error: RangeError,
});
const type = (expected: string, holds: (value: unknown) => boolean): Bounds => ({
  expected,
  holds,
  error: TypeError,
  hidesTexts: true,
});

const isAtLeast = (value: unknown, least: number): boolean =>
  typeof value === 'number' && Number.isFinite(value) && value >= least;

export const wholeFrom = (least: number): Bounds =>
  range(`a whole number of at least ${least}`, (value) => Number.isSafeInteger(value) && isAtLeast(value, least));
export const wholeBetween = (least: number, most: number): Bounds =>
  range(
    `a whole number from ${least} to ${most}`,
    (value) => Number.isSafeInteger(value) && isAtLeast(value, least) && Number(value) <= most,
  );
export const numberFrom = (least: number): Bounds =>
  range(`a finite number of at least ${least}`, (value) => isAtLeast(value, least));
export const timeFrom = (least: number): Bounds =>
  range(`a finite number of milliseconds of at least ${least}`, (value) => isAtLeast(value, least));
export const timeAboveZero: Bounds = range('a number of milliseconds above 0', (value) =>
  isAtLeast(value, Number.MIN_VALUE),
);
export const timeOrNever = (least: number): Bounds =>
  range(
    `a number of milliseconds of at least ${least}, or Infinity`,
    (value) => value === Infinity || isAtLeast(value, least),
  );
/** A fraction of the whole. */
export const aShare: Bounds = range('a number from 0 to 1', (value) => isAtLeast(value, 0) && Number(value) <= 1);
/** A TCP port; 0 lets the system choose one. */
export const aPort: Bounds = wholeBetween(0, 65_535);
/** A delay that a single platform timer supports. */
export const timerTime: Bounds = range(
  `between 1 and ${longestTimer} ms`,
  (value) => isAtLeast(value, Number.MIN_VALUE) && Number(value) <= longestTimer,
);
export const oneOf = (...allowed: readonly string[]): Bounds =>
  range(`one of ${allowed.join(', ')}`, (value) => typeof value === 'string' && allowed.includes(value));

export const isFunction = (value: unknown): boolean => typeof value === 'function';
export const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
/** Functions can have methods, too; axios does. */
const isThing = (value: unknown): value is object =>
  (typeof value === 'object' || typeof value === 'function') && value !== null;
export const isText = (value: unknown): value is string => typeof value === 'string';
export const isListOfTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
export const isRecordOfTexts = (value: unknown): boolean => isObject(value) && Object.values(value).every(isText);

export const aFlag: Bounds = type('true or false', (value) => typeof value === 'boolean');
export const aFunction: Bounds = type('a function', isFunction);
export const anObject: Bounds = type('an object', isObject);
export const namesOfColumns: Bounds = type('a list of property names', isListOfTexts);
export const aText: Bounds = { expected: 'a text', holds: isText, error: TypeError };
/** A string that must satisfy a predicate. */
export const textThat = (expected: string, holds: (value: string) => boolean, hint?: string): Bounds => ({
  expected,
  holds: (value) => typeof value === 'string' && holds(value),
  error: TypeError,
  ...(hint === undefined ? {} : { hint }),
});
/** A value that must satisfy a predicate. */
export const valueThat = type;
/** An object identified by its methods, because two copies of a package have two classes. */
export const objectWith = (what: string, ...methods: readonly string[]): Bounds =>
  type(
    `${what}, an object with ${methods.map((name) => `${name}()`).join(', ')}`,
    (value) => isThing(value) && methods.every((name) => isFunction(Reflect.get(value, name))),
  );
export const aClock: Bounds = objectWith('a clock', 'now', 'setTimeout', 'clearTimeout');
/** A clock that is only read. */
export const aTimeSource: Bounds = objectWith('a clock', 'now');
export const aDataSource: Bounds = objectWith('a DataSource of TypeORM', 'getMetadata');
/** Also allows `true` for the default and `false` for off. */
export const orFlag = (bounds: Bounds): Bounds => ({
  ...bounds,
  expected: `true, false or ${bounds.expected}`,
  holds: (value) => typeof value === 'boolean' || bounds.holds(value),
});
/** Also allows `false` for off. */
export const orFalse = (bounds: Bounds): Bounds => ({
  ...bounds,
  expected: `${bounds.expected}; or false`,
  holds: (value) => value === false || bounds.holds(value),
});
