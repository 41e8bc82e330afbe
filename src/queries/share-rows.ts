import { equalsCopy } from '../persistence/follow/result-copy.ts';

/** Tells the rows of a result apart. */
export type RowKey = (row: unknown) => unknown;

/** The property `id` of a row. */
export const idOf: RowKey = (row) => (typeof row === 'object' && row !== null && 'id' in row ? row.id : undefined);

/**
 * Returns `next` with everything of `last` that did not change: equal rows are the same objects, also at another place,
 * and an equal result is the same result. Neither is changed.
 */
export function shareRows<T>(last: T | undefined, next: T, keyOf: RowKey = idOf): T {
  if (last === undefined) return next;
  if (!Array.isArray(last) || !Array.isArray(next)) return equalsCopy(last, next) ? last : next;
  const [before, after] = [last as readonly unknown[], next as readonly unknown[]];
  const known = new Map<unknown, unknown>();
  for (const row of before) {
    const key = keyOf(row);
    if (key !== undefined) known.set(key, row);
  }
  let isSame = before.length === after.length;
  const shared = after.map((row, index) => {
    const key = keyOf(row);
    const candidate = key === undefined ? before[index] : known.get(key);
    const kept = candidate !== undefined && equalsCopy(candidate, row) ? candidate : row;
    isSame &&= kept === before[index];
    return kept;
  });
  return isSame ? last : (shared as T);
}

/** As {@link shareRows}, for marks by id. */
export function shareMap<V>(
  last: ReadonlyMap<string, V> | undefined,
  next: ReadonlyMap<string, V>,
): ReadonlyMap<string, V> {
  if (last === undefined) return next;
  let isSame = last.size === next.size;
  const shared = new Map<string, V>();
  for (const [key, value] of next) {
    const candidate = last.get(key);
    const kept = candidate !== undefined && equalsCopy(candidate, value) ? candidate : value;
    isSame &&= kept === candidate;
    shared.set(key, kept);
  }
  return isSame ? last : shared;
}
