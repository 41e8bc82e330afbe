import type { JsonObject } from '../../model/values/json.ts';
import { mergeFields, type MergeResult } from './merge-fields.ts';
import { assertSafeKeys, assertSafeName } from '../values/safe-keys.ts';

/**
 * Merges two rows with a common `base`. The side that changed a field wins; if both did, the local side. Lists and
 * nested objects merge inside. Cleared fields, removed list items and edits of list items by `id` survive (F-28, F-29).
 * With `changedFields`, exactly these local fields count, even those equal to the base. Throws `ValidationError` for
 * keys such as `__proto__`. Never modifies its inputs.
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

/** Absent stays absent (all fields); empty stays empty (none; MU-12). */
export function toFieldSet(fields: Iterable<string> | undefined): ReadonlySet<string> | undefined {
  if (fields === undefined) return undefined;
  const set = new Set(fields);
  for (const field of set) assertSafeName(field, 'changedFields');
  return set;
}
