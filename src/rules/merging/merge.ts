import { isJsonObject, type Json, type JsonObject } from '../../model/values/json.ts';
import { mergeFields, type MergeResult } from './merge-fields.ts';
import { assertSafeKeys } from '../values/safe-keys.ts';
import { toFieldSet } from './three-way-merge.ts';

export type { MergeResult } from './merge-fields.ts';

interface MergeOptions {
  /** Local fields that count; absent: all. */
  readonly changedFields?: Iterable<string> | undefined;
  /** What both rows came from. */
  readonly base?: JsonObject | undefined;
}

/**
 * Lays the local values that are not null over the server's row, system fields included; nested objects are replaced
 * whole (MU-02 to MU-05). With `changedFields` only these count, and null among them clears the field (F-28).
 */
export function defaultMerge(local: JsonObject, server: JsonObject, options: MergeOptions = {}): JsonObject {
  const changed = checked(local, server, options);
  const overriding = Object.entries(local).filter(([key, value]) =>
    changed === undefined ? value !== null : changed.has(key),
  );
  return { ...server, ...Object.fromEntries(overriding) };
}

/**
 * Joins nested objects; wherever a key exists locally and is no object on both sides, the local value wins, null and
 * lists included (MU-06 to MU-09). With `changedFields` only these top-level fields are taken from the local row.
 */
export function deepMerge(local: JsonObject, server: JsonObject, options: MergeOptions = {}): JsonObject {
  const changed = checked(local, server, options);
  const considered =
    changed === undefined ? local : Object.fromEntries(Object.entries(local).filter(([key]) => changed.has(key)));
  return join(considered, server);
}

/**
 * Merges so that neither side loses data, and tells which fields came from where (MU-10 to MU-23): system fields are
 * the server's, lists are united, nested objects merged, an empty local value gives way unless the field is in
 * `changedFields`. With `base` it is `threeWayMerge`, where removals survive too. Throws `ValidationError` on keys such
 * as `__proto__`.
 */
export function preservingMerge(local: JsonObject, server: JsonObject, options: MergeOptions = {}): MergeResult {
  return mergeFields({ local, server, base: options.base, changed: checked(local, server, options), nested: false });
}

function join(local: JsonObject, server: JsonObject): JsonObject {
  const joined = Object.entries(local).map(([key, mine]): [string, Json] => {
    const theirs = Object.hasOwn(server, key) ? server[key] : undefined;
    return [key, isJsonObject(mine) && isJsonObject(theirs) ? join(mine, theirs) : mine];
  });
  return { ...server, ...Object.fromEntries(joined) };
}

function checked(local: JsonObject, server: JsonObject, options: MergeOptions): ReadonlySet<string> | undefined {
  assertSafeKeys(options.base, 'base data');
  assertSafeKeys(local, 'local data');
  assertSafeKeys(server, 'server data');
  return toFieldSet(options.changedFields);
}
