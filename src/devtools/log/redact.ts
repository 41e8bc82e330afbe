import type { Json, JsonObject } from '../../model/json.ts';

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

export interface Redaction {
  /** Fields of the app's rows that hold secrets, beside {@link secretNames}; matched by name at any depth. */
  readonly fields?: readonly string[] | undefined;
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_]/g, '');
/** A credential inside a text, as in a message of a failed request. */
const credential = /\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi;

/**
 * Turns anything into JSON that may be shown: without secrets, errors as their names and messages, functions as their names, and bounded in
 * size. Total: what cannot be read becomes a text that says so.
 */
export function createRedactor({ fields = [] }: Redaction = {}): (value: unknown) => Json {
  const secrets: ReadonlySet<string> = new Set([...secretNames, ...fields].map(plain));

  const shown = (value: unknown, depth: number): Json => {
    switch (typeof value) {
      case 'string':
        return bounded(value.replaceAll(credential, (_, scheme: string) => `${scheme} ${redacted}`));
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
    if (depth >= mostDepth) return '…';
    if (value instanceof Error) return error(value, depth);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
    if (Array.isArray(value)) {
      const items = value.slice(0, mostItems).map((item: unknown) => shown(item, depth + 1));
      return value.length > mostItems ? [...items, `… ${value.length - mostItems} more`] : items;
    }
    if (value instanceof Map) return object(Object.fromEntries([...value].map(([key, item]) => [String(key), item as unknown])), depth);
    if (value instanceof Set) return object([...value], depth);
    const entries = Object.entries(value);
    const result: Record<string, Json> = {};
    for (const [key, item] of entries.slice(0, mostItems)) if (item !== undefined) result[key] = secrets.has(plain(key)) ? redacted : shown(item, depth + 1);
    return entries.length > mostItems ? { ...result, '…': `${entries.length - mostItems} more` } : result;
  };

  const error = (value: Error, depth: number): JsonObject => ({
    name: value.name,
    message: shown(value.message, depth),
    ...(value.cause === undefined ? {} : { cause: shown(value.cause, depth + 1) }),
  });

  return (value) => {
    try {
      return shown(value, 0);
    } catch (thrown) {
      return `(cannot be shown: ${thrown instanceof Error ? thrown.message : String(thrown)})`;
    }
  };
}

const bounded = (text: string): string => (text.length > mostText ? `${text.slice(0, mostText)}… (${text.length} characters)` : text);
