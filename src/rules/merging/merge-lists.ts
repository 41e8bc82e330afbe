import { isJsonObject, type Json } from '../../model/values/json.ts';
import { canonicalText, deepEqual } from '../values/deep-equal.ts';

/** Merges one item that both sides have; `base` is absent if neither had it before. */
export type MergeItem = (base: Json | undefined, local: Json, server: Json) => Json;

/**
 * Unites two lists without a base: the server's items in their order, then the local items that are missing there
 * (MU-17). Objects with an `id` match by id, and the server's version stays (MU-18). Everything else matches by content
 * (F-30).
 */
export function uniteLists(local: readonly Json[], server: readonly Json[]): readonly Json[] {
  const known = new Set(server.map(identityOf));
  const added: Json[] = [];
  for (const item of local) {
    const identity = identityOf(item);
    if (known.has(identity)) continue;
    known.add(identity);
    added.push(item);
  }
  return [...server, ...added];
}

/**
 * Merges two lists that both changed from `base` (F-29). An item removed on one side and unchanged on the other is
 * removed. An item removed on one side and edited on the other stays, edited. Additions of either side stay. The order
 * is the server's, unless only the local side reordered.
 */
export function mergeLists(
  base: readonly Json[],
  local: readonly Json[],
  server: readonly Json[],
  mergeItem: MergeItem,
): readonly Json[] {
  const before = byIdentity(base);
  const mine = byIdentity(local);
  const theirs = byIdentity(server);
  const kept = new Map<string, Json>();
  for (const key of new Set([...theirs.keys(), ...mine.keys()])) {
    const [old, here, there] = [before.get(key), mine.get(key), theirs.get(key)];
    if (here !== undefined && there !== undefined) kept.set(key, mergeItem(old, here, there));
    else {
      const only = here ?? there;
      if (only !== undefined && !deepEqual(only, old)) kept.set(key, only);
    }
  }
  const onlyWeReordered = isReordered(mine, before) && !isReordered(theirs, before);
  const keys = onlyWeReordered
    ? weave([...mine.keys()], [...theirs.keys()], kept)
    : weave([...theirs.keys()], [...mine.keys()], kept);
  return keys.map((key) => kept.get(key) ?? null);
}

/**
 * Inserts the items of `other` into the order of `main`, each after the item that it follows in `other`. Items at the
 * very end go to the end.
 */
function weave(main: readonly string[], other: readonly string[], kept: ReadonlyMap<string, Json>): readonly string[] {
  const result = main.filter((key) => kept.has(key));
  const placed = new Set(result);
  const inOther = other.filter((key) => kept.has(key));
  const lastShared = inOther.findLastIndex((key) => placed.has(key));
  let at = 0;
  inOther.forEach((key, index) => {
    if (placed.has(key)) at = result.indexOf(key) + 1;
    else if (index > lastShared) result.push(key);
    else {
      result.splice(at, 0, key);
      at += 1;
    }
  });
  return result;
}

function isReordered(list: ReadonlyMap<string, Json>, base: ReadonlyMap<string, Json>): boolean {
  const now = [...list.keys()].filter((key) => base.has(key));
  const once = [...base.keys()].filter((key) => list.has(key));
  return now.some((key, index) => key !== once[index]);
}

/**
 * Names each item, in order: objects by their `id`, all others by content. The second of two equal items gets a
 * different name.
 */
export function byIdentity(list: readonly Json[]): ReadonlyMap<string, Json> {
  const counts = new Map<string, number>();
  return new Map(
    list.map((item) => {
      const identity = identityOf(item);
      const count = counts.get(identity) ?? 0;
      counts.set(identity, count + 1);
      return [`${count}:${identity}`, item];
    }),
  );
}

const identityOf = (item: Json): string =>
  hasId(item) ? `id ${canonicalText(item.id ?? null)}` : `is ${canonicalText(item)}`;

const hasId = (item: Json): item is { readonly [key: string]: Json } =>
  isJsonObject(item) && Object.hasOwn(item, 'id') && item.id !== null;
