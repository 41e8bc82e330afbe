import { exactDigits, exactNumber } from '../../model/values/exact-number.ts';
import type { Json } from '../../model/values/json.ts';
import { jsonText } from './json-text.ts';

/**
 * Restores digits in a value that was edited with rounded numbers. Unchanged numbers keep their original digits, also
 * within lists and objects.
 */
export function keepDigits(known: Json | undefined, given: Json): Json {
  if (known === undefined || known === given) return given;
  const digits = exactDigits(known);
  if (digits !== undefined)
    return (typeof given === 'number' && given === Number(digits)) || given === digits ? known : given;
  if (
    typeof known !== 'object' ||
    known === null ||
    typeof given !== 'object' ||
    given === null ||
    Array.isArray(known) !== Array.isArray(given)
  )
    return given;
  // Most values contain no exact numbers, so no copy is made.
  if (!jsonText(known, () => '').includes('"\uFEFF')) return given;
  if (Array.isArray(given))
    return given.map((item: Json, index) => keepDigits((known as readonly Json[])[index], item));
  const fields = known as { readonly [key: string]: Json };
  return Object.fromEntries(
    Object.entries(given).map(([key, item]: [string, Json]) => [
      key,
      Object.hasOwn(fields, key) ? keepDigits(fields[key], item) : item,
    ]),
  );
}

/**
 * Converts BigInts, which `JSON.stringify` rejects, to exact wire numbers. Leaves values that are nested too deep to
 * the code that writes them. Copies a shared object once.
 */
export function withBigInts(value: unknown, depth = 0, copies = new Map<object, unknown>()): unknown {
  if (depth > 1_000) return value;
  if (typeof value === 'bigint') return exactNumber(value);
  if (typeof value !== 'object' || value === null || 'toJSON' in value || ArrayBuffer.isView(value)) return value;
  const known = copies.get(value);
  if (known !== undefined) return known;
  const copy: unknown[] | Record<string, unknown> = Array.isArray(value) ? [] : {};
  copies.set(value, copy);
  const define = (key: string, inner: unknown): void => {
    Object.defineProperty(copy, key, {
      value: withBigInts(inner, depth + 1, copies),
      writable: true,
      enumerable: true,
      configurable: true,
    });
  };
  if (Array.isArray(copy))
    for (const item of value as readonly unknown[]) copy.push(withBigInts(item, depth + 1, copies));
  else for (const [key, inner] of Object.entries(value)) define(key, inner);
  return copy;
}
