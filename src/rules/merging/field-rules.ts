import type { FieldRule } from '../../model/conflict.ts';
import { ValidationError } from '../../model/errors/errors.ts';
import type { Json, JsonObject } from '../../model/values/json.ts';
import { compareDecimals } from '../values/compare-decimals.ts';
import { deepEqual } from '../values/deep-equal.ts';
import { intendedFields, type LocalChange } from './lost-changes.ts';
import type { MergeResult } from './merge-fields.ts';
import { uniteLists } from './merge-lists.ts';
import { compareTimestamps, parseTimestamp } from '../values/timestamp.ts';

/**
 * Applies the rules of single fields to a merged row, and updates which side each field came from. Under every rule, a
 * field that the user did not change takes the server's value. Errors of a rule function propagate.
 */
export function applyFieldRules(
  merged: MergeResult,
  change: LocalChange,
  server: JsonObject,
  rules: Readonly<Record<string, FieldRule>> = {},
): MergeResult {
  const changed = new Set(intendedFields(change));
  const data = new Map(Object.entries(merged.data));
  const localFields = new Set(merged.localFields);
  const serverFields = new Set(merged.serverFields);
  for (const [key, rule] of Object.entries(rules)) {
    if (!Object.hasOwn(change.localData, key) && !Object.hasOwn(server, key)) continue;
    const [mine, theirs] = [change.localData[key] ?? null, server[key] ?? null];
    const value =
      changed.has(key) && !deepEqual(mine, theirs)
        ? decide(key, rule, { mine, theirs, before: change.baseData?.[key], merged: data.get(key) ?? null })
        : theirs;
    data.set(key, value);
    localFields.delete(key);
    serverFields.delete(key);
    if (!deepEqual(value, theirs)) localFields.add(key);
    if (deepEqual(value, theirs) || !deepEqual(value, mine)) serverFields.add(key);
  }
  return { data: Object.fromEntries(data), localFields: [...localFields], serverFields: [...serverFields] };
}

function decide(
  key: string,
  rule: FieldRule,
  sides: { readonly mine: Json; readonly theirs: Json; readonly before: Json | undefined; readonly merged: Json },
): Json {
  const { mine, theirs, before, merged } = sides;
  switch (rule) {
    case 'local':
      return mine;
    case 'server':
      return theirs;
    case 'union':
      // Only lists can be united.
      return Array.isArray(mine) && Array.isArray(theirs) ? uniteLists(mine, theirs) : merged;
    case 'max':
      return extreme(key, mine, theirs, 1);
    case 'min':
      return extreme(key, mine, theirs, -1);
    default: {
      const value: Json | undefined = rule(mine, theirs, before === undefined ? {} : { base: before });
      if (value === undefined || value instanceof Promise)
        throw new ValidationError(
          `conflict.fields.${key}: the function must return a JSON value, not ${value === undefined ? 'undefined' : 'a promise'}`,
        );
      return value;
    }
  }
}

function extreme(key: string, mine: Json, theirs: Json, sign: 1 | -1): Json {
  if (mine === null) return theirs;
  if (theirs === null) return mine;
  const order = compare(mine, theirs);
  if (order === undefined)
    throw new ValidationError(
      `conflict.fields.${key}: 'max' and 'min' compare numbers, timestamps or texts of one type`,
    );
  return order * sign >= 0 ? mine : theirs;
}

function compare(a: Json, b: Json): number | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (typeof a !== 'string' || typeof b !== 'string') return undefined;
  const asNumbers = compareDecimals(a, b);
  if (asNumbers !== undefined) return asNumbers;
  if (parseTimestamp(a) !== undefined && parseTimestamp(b) !== undefined) return compareTimestamps(a, b);
  return a < b ? -1 : 1;
}
