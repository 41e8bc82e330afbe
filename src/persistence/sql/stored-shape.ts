import type { ConflictResolution, ConflictState } from '../../model/conflict.ts';
import type { Delta } from '../../model/values/delta.ts';
import { isJsonObject, type JsonObject } from '../../model/values/json.ts';
import { parseTimestamp } from '../../rules/values/timestamp.ts';

/** The decoded value of a stored cell, or its fault. */
export type Cell<T> =
  | { readonly value: T | undefined; readonly fault?: undefined }
  | { readonly value: undefined; readonly fault: string };

interface Shape<T> {
  readonly is: (value: unknown) => value is T;
  readonly expected: string;
}

export const isText = (value: unknown): value is string => typeof value === 'string';
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
const isDelta = (value: unknown): value is Delta => {
  if (!isJsonObject(value) || !isText(value['field'])) return false;
  if (value['type'] === 'increment') return typeof value['by'] === 'number' && Number.isFinite(value['by']);
  return (value['type'] === 'addToSet' || value['type'] === 'removeFromSet') && isList(value['values']);
};

const object: Shape<JsonObject> = { is: isJsonObject, expected: 'a JSON object' };
const fields: Shape<readonly string[]> = {
  is: (value): value is readonly string[] => isList(value) && value.every(isText),
  expected: 'a JSON list of field names',
};
const deltas: Shape<readonly Delta[]> = {
  is: (value): value is readonly Delta[] => isList(value) && value.every(isDelta),
  expected: 'a JSON list of deltas',
};
const resolution: Shape<ConflictResolution> = {
  is: (value): value is ConflictResolution =>
    isJsonObject(value) &&
    (value['type'] === 'acceptMerged'
      ? isJsonObject(value['data'])
      : ['acceptServer', 'acceptClient', 'defer', 'discard'].some((type) => type === value['type'])),
  expected: 'a JSON object with a known decision',
};

const readCell =
  <T>({ is, expected }: Shape<T>) =>
  (text: unknown, column: string): Cell<T> => {
    if (text === null || text === undefined) return { value: undefined };
    const parsed = parsedJson(text);
    return is(parsed) ? { value: parsed } : { value: undefined, fault: `"${column}" is not ${expected}` };
  };

/** Undefined for invalid JSON. */
export const parsedJson = (text: unknown): unknown => {
  if (!isText(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

/** Each reads one JSON column. Null is absent; another format is a fault that names the column (F-164). */
export const storedObject = readCell(object);
export const storedFields = readCell(fields);
export const storedDeltas = readCell(deltas);
export const storedResolution = readCell(resolution);

/** Checks a number column. Null is absent if allowed. */
export const numberFault = (
  value: unknown,
  column: string,
  { nullable = false }: { readonly nullable?: boolean } = {},
): string | undefined => {
  if (value === null) return nullable ? undefined : `"${column}" is empty`;
  // A driver returns numbers beyond its integers as text.
  const number = isText(value) && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? undefined : `"${column}" is not a number`;
};

/** Reads a number column; a damaged value counts as absent. */
export const numberOr = <Other>(value: unknown, other: Other): number | Other =>
  numberFault(value, '') === undefined ? Number(value) : other;

/** Checks a column with a fixed set of words. */
export const wordFault = (value: unknown, column: string, words: readonly unknown[]): string | undefined =>
  words.includes(value)
    ? undefined
    : `"${column}" has an unknown value; expected ${words.filter((word) => word !== null).join(' or ')}`;

/** Checks a column with an ISO 8601 time. */
export const isTimeText = (value: unknown): value is string =>
  isText(value) && (parseTimestamp(value) !== undefined || !Number.isNaN(Date.parse(value)));
export const timeFault = (value: unknown, column: string): string | undefined =>
  isTimeText(value) ? undefined : `"${column}" is not a time in ISO 8601`;

export const operationTypes = ['upsert', 'delete'] as const;
export const conflictStates: readonly ConflictState[] = ['detected', 'awaiting', 'decided'];
