import { exactDigits, isHeld } from './exact-number.ts';
import type { Json } from './json.ts';

/**
 * A number that may be too long for JavaScript, where one can stand. Timestamps, UUIDs and ordinary numbers do not
 * match, so that ordinary texts are parsed as fast as ever.
 */
const longNumber = /(?:^|[:,[\s])(-?(?:[\d.]{16}[\d.]*|\d[\d.]*(?=[eE]))(?:[eE][+-]?\d+)?)/g;
/** The mark of such a number, inside of a text of the server. */
const escapedMark = /\\u[fF][eE][fF][fF]/;
/** A name of a field includes its colon. */
const stringOrNumber = /"[^"\\]*(?:\\.[^"\\]*)*"(?:\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs;
const wholeNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * Parses JSON without losing a digit: numbers that JavaScript cannot hold become values of `exactNumber`. Throws
 * `SyntaxError` as `JSON.parse` does.
 */
export function parseJson(text: string): Json {
  if (!needsCare(text)) return JSON.parse(text) as Json;
  return JSON.parse(
    text.replaceAll(stringOrNumber, (token) => (token.startsWith('"') ? protectedText(token) : keptNumber(token))),
  ) as Json;
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

/**
 * The string that a marked number becomes in JSON, where a value stands: behind a quote that begins a text, before one
 * that ends it.
 */
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
