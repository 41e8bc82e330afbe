import { isJsonObject, type Json, type JsonObject } from '../../model/values/json.ts';
import { mergeFields, type MergeResult } from './merge-fields.ts';
import { assertSafeKeys } from '../values/safe-keys.ts';
import { toFieldSet } from './three-way-merge.ts';

export type { MergeResult } from './merge-fields.ts';

interface MergeOptions {
  /** Local fields to consider; absent: all. */
  readonly changedFields?: Iterable<string> | undefined;
  /** The common base of both rows. */
  readonly base?: JsonObject | undefined;
}

/**
 * Writes the local non-null values over the server's row, including system fields; replaces nested objects whole (MU-02
 * to MU-05). With `changedFields`, only these fields count, and null among them clears the field (F-28).
 */
export function defaultMerge(local: JsonObject, server: JsonObject, options: MergeOptions = {}): JsonObject {
  const changed = checked(local, server, options);
  const overriding = Object.entries(local).filter(([key, value]) =>
    changed === undefined ? value !== null : changed.has(key),
  );
  return { ...server, ...Object.fromEntries(overriding) };
}

/**
 * Merges nested objects. For every other local key the local value wins, including null and lists (MU-06 to MU-09).
 * With `changedFields`, only these top-level fields are taken from the local row.
 */
export function deepMerge(local: JsonObject, server: JsonObject, options: MergeOptions = {}): JsonObject {
  const changed = checked(local, server, options);
  const considered =
    changed === undefined ? local : Object.fromEntries(Object.entries(local).filter(([key]) => changed.has(key)));
  return join(considered, server);
}

/**
 * Merges so that neither side loses data, and reports which fields came from where (MU-10 to MU-23). System fields are
 * the server's; lists are united and nested objects merged. An empty local value yields unless the field is in
 * `changedFields`. With `base`, it is `threeWayMerge`, where removals survive too. Throws `ValidationError` for keys
 * such as `__proto__`.
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
