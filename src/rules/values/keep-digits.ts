import { exactDigits, exactNumber } from '../../model/values/exact-number.ts';
import type { Json } from '../../model/values/json.ts';
import { jsonText } from './json-text.ts';

/**
 * The value that somebody gives back who saw numbers rounded: numbers that are as he saw them keep their digits. Inside of lists and objects, too.
 */
export function keepDigits(known: Json | undefined, given: Json): Json {
  if (known === undefined || known === given) return given;
  const digits = exactDigits(known);
  if (digits !== undefined) return (typeof given === 'number' && given === Number(digits)) || given === digits ? known : given;
  if (typeof known !== 'object' || known === null || typeof given !== 'object' || given === null || Array.isArray(known) !== Array.isArray(given)) return given;
  // Nothing to keep in most of them: no copy is made.
  if (!jsonText(known, () => '').includes('"\uFEFF')) return given;
  if (Array.isArray(given)) return given.map((item: Json, index) => keepDigits((known as readonly Json[])[index], item));
  const fields = known as { readonly [key: string]: Json };
  return Object.fromEntries(
    Object.entries(given).map(([key, item]: [string, Json]) => [key, Object.hasOwn(fields, key) ? keepDigits(fields[key], item) : item]),
  );
}

/** As `JSON.stringify` would refuse it, a BigInt becomes the number it is. What is too deep to be written is refused by those that write it. */
export function withBigInts(value: unknown, depth = 0): unknown {
  if (depth > 1_000) return value;
  if (typeof value === 'bigint') return exactNumber(value);
  if (typeof value !== 'object' || value === null || 'toJSON' in value || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map((item) => withBigInts(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withBigInts(inner, depth + 1)]));
}
