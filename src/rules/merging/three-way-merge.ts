import type { JsonObject } from '../../model/values/json.ts';
import { mergeFields, type MergeResult } from './merge-fields.ts';
import { assertSafeKeys, assertSafeName } from '../values/safe-keys.ts';

/**
 * Merges two rows that came from `base`: each field goes to the side that changed it, where both did to the local one;
 * lists and nested objects merge inside. Clearing a field, removing a list item and editing a list item by `id` survive
 * (F-28, F-29). With `changedFields` only these local fields count, and they count even where they equal the base.
 * Throws `ValidationError` on keys such as `__proto__`. Inputs are never changed.
 */
export function threeWayMerge(
  base: JsonObject,
  local: JsonObject,
  server: JsonObject,
  options: { readonly changedFields?: Iterable<string> | undefined } = {},
): MergeResult {
  assertSafeKeys(base, 'base data');
  assertSafeKeys(local, 'local data');
  assertSafeKeys(server, 'server data');
  return mergeFields({ local, server, base, changed: toFieldSet(options.changedFields), nested: false });
}

/** Absent stays absent (all fields), empty stays empty (none; MU-12). */
export function toFieldSet(fields: Iterable<string> | undefined): ReadonlySet<string> | undefined {
  if (fields === undefined) return undefined;
  const set = new Set(fields);
  for (const field of set) assertSafeName(field, 'changedFields');
  return set;
}
