import type { MergeInfo } from '../../model/conflict.ts';
import { isJsonObject, type Json, type JsonObject } from '../../model/values/json.ts';
import { deepEqual } from '../values/deep-equal.ts';
import { mergeLists, uniteLists } from './merge-lists.ts';
import { isSystemField } from '../values/system-fields.ts';

/** A merged row and the sides its fields came from. A field from both sides is in both lists. */
export interface MergeResult extends MergeInfo {
  readonly data: JsonObject;
}

interface Sides {
  readonly local: JsonObject;
  readonly server: JsonObject;
  readonly base: JsonObject | undefined;
  readonly changed: ReadonlySet<string> | undefined;
  /** Within a field, a missing key means removed. In a row, it means not sent. */
  readonly nested: boolean;
}

interface Merged {
  readonly value: Json;
  readonly from: 'local' | 'server' | 'both';
}

/** Merges field by field, starting from the server's row. System fields stay the server's (MU-10). */
export function mergeFields(sides: Sides): MergeResult {
  const { local, server, base, changed, nested } = sides;
  // A Map, because assigning a key named `__proto__` to an object literal would change its prototype.
  const data = new Map(Object.entries(server));
  const localFields = new Set<string>();
  const serverFields = new Set(Object.keys(server).filter((key) => !isSystemField(key)));
  for (const [key, mine] of Object.entries(local)) {
    if (isSystemField(key) || changed?.has(key) === false) continue;
    const theirs = data.get(key) ?? null;
    const insisted = changed !== undefined;
    const { value, from } =
      base === undefined
        ? mergeBlind(mine, theirs, insisted)
        : mergeKnowing(valueOf(base, key), mine, theirs, insisted);
    if (from === 'server') continue;
    data.set(key, value);
    localFields.add(key);
    if (from === 'local') serverFields.delete(key);
  }
  if (nested && base !== undefined) {
    for (const key of Object.keys(base)) {
      // Removed here, unchanged there.
      if (isSystemField(key) || Object.hasOwn(local, key) || !data.has(key) || !deepEqual(data.get(key), base[key]))
        continue;
      data.delete(key);
      localFields.add(key);
      serverFields.delete(key);
    }
  }
  return { data: Object.fromEntries(data), localFields: [...localFields], serverFields: [...serverFields] };
}

/**
 * Merges without a base (MU-14 to MU-21). `insisted`: the user is known to have changed the field, so an empty value is
 * a cleared one (F-28).
 */
function mergeBlind(mine: Json, theirs: Json, insisted: boolean): Merged {
  if (mine === null)
    return insisted && theirs !== null ? { value: null, from: 'local' } : { value: theirs, from: 'server' };
  if (Array.isArray(mine) && Array.isArray(theirs)) return { value: uniteLists(mine, theirs), from: 'both' };
  if (isJsonObject(mine) && isJsonObject(theirs))
    return ofNested(mergeFields({ local: mine, server: theirs, base: undefined, changed: undefined, nested: true }));
  return { value: mine, from: 'local' };
}

/**
 * Merges with a base: the side that changed the field wins. If both did, lists and objects merge inside; for anything
 * else the local value wins.
 */
function mergeKnowing(before: Json, mine: Json, theirs: Json, insisted: boolean): Merged {
  if (!insisted && deepEqual(mine, before)) return { value: theirs, from: 'server' };
  if (deepEqual(theirs, before)) return { value: mine, from: 'local' };
  if (Array.isArray(mine) && Array.isArray(theirs)) {
    return { value: mergeLists(Array.isArray(before) ? before : [], mine, theirs, mergeItem), from: 'both' };
  }
  if (isJsonObject(mine) && isJsonObject(theirs) && isSameThing(mine, theirs)) {
    return ofNested(
      mergeFields({
        local: mine,
        server: theirs,
        base: isJsonObject(before) ? before : {},
        changed: undefined,
        nested: true,
      }),
    );
  }
  return { value: mine, from: 'local' };
}

/** Items added on both sides under one id: the server's wins, as in a merge without base (MU-18). */
function mergeItem(base: Json | undefined, local: Json, server: Json): Json {
  if (!isJsonObject(base) || !isJsonObject(local) || !isJsonObject(server)) return server;
  return mergeFields({ local, server, base, changed: undefined, nested: true }).data;
}

/** Objects with different ids are different things; a mixture would be neither. */
const isSameThing = (mine: JsonObject, theirs: JsonObject): boolean =>
  deepEqual(valueOf(mine, 'id'), valueOf(theirs, 'id'));

const ofNested = ({ data, localFields }: MergeResult): Merged => ({
  value: data,
  from: localFields.length > 0 ? 'both' : 'server',
});

/** A missing field counts as null (TRK-06). */
const valueOf = (row: JsonObject, key: string): Json => (Object.hasOwn(row, key) ? (row[key] ?? null) : null);
