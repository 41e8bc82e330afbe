import { exactDigits, isHeld } from './exact-number.ts';
import type { Json } from './json.ts';

/**
 * A number that may be too long for JavaScript, at a place where JSON allows a number. Timestamps, UUIDs and ordinary
 * numbers do not match, so ordinary documents parse at full speed.
 */
const longNumber = /(?:^|[:,[\s])(-?(?:[\d.]{16}[\d.]*|\d[\d.]*(?=[eE]))(?:[eE][+-]?\d+)?)/g;
/** The mark of such a number inside a string of the server. */
const escapedMark = /\\u[fF][eE][fF][fF]/;
/** The name of a field includes its colon. */
const stringOrNumber = /"[^"\\]*(?:\\.[^"\\]*)*"(?:\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs;
const wholeNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * Parses JSON without losing digits. Numbers that JavaScript cannot hold become values of `exactNumber`. Throws
 * `SyntaxError`, as `JSON.parse` does.
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

/** Adds one mark to a string that looks like a marked number; {@link stringifyJson} removes it again. */
function protectedText(token: string): string {
  if (token.length > 1_000 || token.endsWith(':') || !/^"(?:\uFEFF|\\ufeff)+-?\d/i.test(token)) return token;
  const value = JSON.parse(token) as string;
  return exactDigits(value.replace(/^\uFEFF+/, '\uFEFF')) === undefined ? token : JSON.stringify(`\uFEFF${value}`);
}

/** A marked number as JSON writes it in the place of a value: between the opening and the closing quote of a string. */
const markedNumber = /(^|[:,[])"(\uFEFF+)(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)"(?=[,\]}]|$)/g;

/** Writes JSON with every digit of its numbers, including those of `exactNumber`. Throws as `JSON.stringify` does. */
export function stringifyJson(value: unknown): string {
  const text = JSON.stringify(value);
  // JSON.stringify returns undefined for undefined.
  if (typeof text !== 'string' || !text.includes('"\uFEFF')) return text;
  return text.replaceAll(markedNumber, (found, before: string, marks: string, digits: string) => {
    if (isHeld(digits)) return found;
    return marks.length === 1 ? before + digits : `${before}"${marks.slice(1)}${digits}"`;
  });
}
