import { exactDigits, exactNumber, isHeld } from '../model/exact-number.ts';
import type { Json } from '../model/json.ts';
import { jsonText } from './json-text.ts';

/**
 * A number that may be too long for JavaScript, where one can stand. Timestamps, UUIDs and ordinary numbers do not match, so that ordinary texts are
 * parsed as fast as ever.
 */
const longNumber = /(?:^|[:,[\s])(-?(?:[\d.]{16}[\d.]*|\d[\d.]*(?=[eE]))(?:[eE][+-]?\d+)?)/g;
/** The mark of such a number, inside of a text of the server. */
const escapedMark = /\\u[fF][eE][fF][fF]/;
/** A name of a field includes its colon. */
const stringOrNumber = /"[^"\\]*(?:\\.[^"\\]*)*"(?:\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs;
const wholeNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Parses JSON without losing a digit: numbers that JavaScript cannot hold become values of `exactNumber`. Throws `SyntaxError` as `JSON.parse` does. */
export function parseJson(text: string): Json {
  if (!needsCare(text)) return JSON.parse(text) as Json;
  return JSON.parse(text.replaceAll(stringOrNumber, (token) => (token.startsWith('"') ? protectedText(token) : keptNumber(token)))) as Json;
}

function needsCare(text: string): boolean {
  for (const [, token = ''] of text.matchAll(longNumber)) if (!isHeld(token)) return true;
  return text.includes('\uFEFF') || escapedMark.test(text);
}

const keptNumber = (token: string): string => (wholeNumber.test(token) && !isHeld(token) ? `"\uFEFF${token}"` : token);

/** A text that looks like one of our numbers gets one more mark, which {@link stringifyJson} takes off again. */
function protectedText(token: string): string {
  if (token.length > 1_000 || token.endsWith(':') || !/^"(?:\uFEFF|\\ufeff)+-?\d/i.test(token)) return token;
  const value = JSON.parse(token) as string;
  return exactDigits(value.replace(/^\uFEFF+/, '\uFEFF')) === undefined ? token : JSON.stringify(`\uFEFF${value}`);
}

/** The string that a marked number becomes in JSON, where a value stands: behind a quote that begins a text, before one that ends it. */
const markedNumber = /(^|[:,[])"(\uFEFF+)(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)"(?=[,\]}]|$)/g;

/** Writes JSON with every digit of its numbers, those of `exactNumber` included. Throws as `JSON.stringify` does. */
export function stringifyJson(value: unknown): string {
  const text = JSON.stringify(value);
  // JSON.stringify has no text for undefined.
  if (typeof text !== 'string' || !text.includes('"\uFEFF')) return text;
  return text.replaceAll(markedNumber, (found, before: string, marks: string, digits: string) => {
    if (isHeld(digits)) return found;
    return marks.length === 1 ? before + digits : `${before}"${marks.slice(1)}${digits}"`;
  });
}

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
