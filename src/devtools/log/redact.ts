import type { Json, JsonObject } from '../../model/values/json.ts';

/** Names whose values are never shown, whatever their case, `-` and `_`. */
export const secretNames: readonly string[] = [
  'authorization',
  'proxyauthorization',
  'cookie',
  'setcookie',
  'token',
  'accesstoken',
  'refreshtoken',
  'idtoken',
  'apikey',
  'xapikey',
  'password',
  'secret',
  'clientsecret',
];

/** What stands in the place of a secret. */
export const redacted = '[redacted]';

const mostText = 2_000;
const mostItems = 200;
const mostDepth = 8;
/** Lists of lists of the same object grow beyond all memory within few levels. */
const mostValues = 100_000;

export interface Redaction {
  /** Fields of the app's rows that hold secrets, beside the names that are always hidden; matched by name at any depth. */
  readonly fields?: readonly string[] | undefined;
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_]/g, '');
/** A credential inside a text, as in a message of a failed request. */
const credential = /\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi;

export interface Redactor {
  (value: unknown): Json;
  /** As the value itself, but for some of its own members. */
  readonly without: (value: object, names: ReadonlySet<string>) => Json;
}

/** Most names of members whose answer is remembered. */
const mostNames = 2_000;
/** No text that is shorter holds a credential. */
const leastText = 'basic 123456'.length;

/**
 * Turns anything into JSON that may be shown: without secrets, errors as their names and messages, functions as their
 * names, and bounded in size. Total: what cannot be read becomes a text that says so.
 */
export function createRedactor({ fields = [] }: Redaction = {}): Redactor {
  const secrets: ReadonlySet<string> = new Set([...secretNames, ...fields].map(plain));

  // An app's rows have the same names again and again.
  const names = new Map<string, boolean>();
  const isSecret = (name: string): boolean => {
    let answer = names.get(name);
    if (answer === undefined) {
      answer = secrets.has(plain(name));
      if (names.size >= mostNames) names.clear();
      names.set(name, answer);
    }
    return answer;
  };

  /** How many values this call may still show. */
  let left = mostValues;

  const shown = (value: unknown, depth: number): Json => {
    left -= 1;
    switch (typeof value) {
      case 'string':
        return text(value);
      case 'number':
        return Number.isFinite(value) ? value : String(value);
      case 'boolean':
        return value;
      case 'bigint':
        return `${value}n`;
      case 'undefined':
        return null;
      case 'function':
        return `function ${value.name === '' ? '(anonymous)' : value.name}`;
      case 'symbol':
        return String(value);
      default:
        return value === null ? null : object(value as object, depth);
    }
  };

  const object = (value: object, depth: number): Json => {
    if (depth >= mostDepth || left <= 0) return '…';
    if (value instanceof Error) return error(value, depth);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
    if (Array.isArray(value)) {
      const items = value.slice(0, mostItems).map((item: unknown) => shown(item, depth + 1));
      return value.length > mostItems ? [...items, `… ${value.length - mostItems} more`] : items;
    }
    if (value instanceof Map)
      return object(Object.fromEntries([...value].map(([key, item]) => [String(key), item as unknown])), depth);
    if (value instanceof Set) return object([...value], depth);
    return members(value, depth);
  };

  const members = (value: object, depth: number, leftOut?: ReadonlySet<string>): JsonObject => {
    const result: Record<string, Json> = {};
    let shownCount = 0;
    const keys = Object.keys(value);
    for (const key of keys) {
      if (shownCount === mostItems) return { ...result, '…': `${keys.length - mostItems} more` };
      shownCount += 1;
      const item: unknown = Reflect.get(value, key);
      if (item === undefined || leftOut?.has(key) === true) continue;
      result[key] = isSecret(key) ? redacted : shown(item, depth + 1);
    }
    return result;
  };

  const error = (value: Error, depth: number): JsonObject => ({
    name: value.name,
    message: shown(value.message, depth),
    ...(value.cause === undefined ? {} : { cause: shown(value.cause, depth + 1) }),
  });

  const total = (show: () => Json): Json => {
    left = mostValues;
    try {
      return show();
    } catch (thrown) {
      return `(cannot be shown: ${thrown instanceof Error ? thrown.message : String(thrown)})`;
    }
  };
  return Object.assign((value: unknown) => total(() => shown(value, 0)), {
    without: (value: object, names: ReadonlySet<string>) => total(() => members(value, 0, names)),
  });
}

/** A credential has a space in it, which ids and most other texts have not. */
const text = (value: string): string =>
  value.length < leastText || !/\s/.test(value)
    ? bounded(value)
    : bounded(value.replaceAll(credential, (_, scheme: string) => `${scheme} ${redacted}`));

const bounded = (text: string): string =>
  text.length > mostText ? `${text.slice(0, mostText)}… (${text.length} characters)` : text;
