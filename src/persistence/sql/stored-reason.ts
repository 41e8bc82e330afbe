import { isJsonObject } from '../../model/values/json.ts';
import { isText, parsedJson } from './stored-shape.ts';

/** Why an operation failed: a text and, if the server gave them, reasons by wire key. */
export interface StoredReason {
  readonly text: string | undefined;
  readonly fields?: Readonly<Record<string, string>> | undefined;
}

/** The beginning of a stored reason with fields; the number is its version. */
const marker = '{"reason":1,';
/** Maximum length of all reasons together. Further ones are omitted whole. */
const mostText = 4_000;

/**
 * Limits the length of error texts, which contain no payload (F-116). Makes NUL visible, because PostgreSQL cannot
 * store it.
 */
export const boundedError = (text: string): string =>
  (text.length > 500 ? `${text.slice(0, 499)}…` : text).replaceAll('\u0000', '\ufffd');

/**
 * Encodes a reason for the text column, so that the fields of a form keep theirs after a restart. A reason without
 * fields is stored as its text.
 */
export function storedReason(text: string, fields?: Readonly<Record<string, string>>): string {
  const bounded = boundedError(text);
  let left = mostText;
  const kept = Object.entries(fields ?? {}).flatMap(([field, reason]): [string, string][] => {
    const entry: [string, string] = [boundedError(field), boundedError(reason)];
    left -= entry[0].length + entry[1].length;
    return left < 0 ? [] : [entry];
  });
  // A server's text could look like an encoded reason.
  if (kept.length === 0 && !bounded.startsWith(marker)) return bounded;
  return `${marker}${JSON.stringify({ text: bounded, fields: Object.fromEntries(kept) }).slice(1)}`;
}

/** Decodes a stored reason. Shows any other format as plain text (F-164). */
export function readReason(stored: unknown): StoredReason {
  if (!isText(stored)) return { text: stored === null || stored === undefined ? undefined : JSON.stringify(stored) };
  const parsed = stored.startsWith(marker) ? parsedJson(stored) : undefined;
  if (!isJsonObject(parsed) || !isText(parsed['text'])) return { text: stored };
  const { text, fields } = parsed;
  if (!isJsonObject(fields) || !Object.values(fields).every(isText)) return { text };
  return Object.keys(fields).length === 0 ? { text } : { text, fields: fields as Readonly<Record<string, string>> };
}
