import type { Json, JsonObject } from '../../model/values/json.ts';
import { deepEqual } from '../../rules/values/deep-equal.ts';
import { compareTimestamps } from '../../rules/values/timestamp.ts';
import type { PreImage } from './enqueue.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';

/** The server version of a row; undefined for a row that the server has not seen. */
export function versionOf(table: ReplicaTable, row: JsonObject | undefined): string | undefined {
  const version = row === undefined ? undefined : (table.readUpdatedAt(row) ?? row[table.keys.updatedAt]);
  return version === undefined || version === null || version === '' ? undefined : String(version);
}

/** The row that a merge compares with is the one that the user saw. The stored row may have changed since (F-140). */
export function preImageOf(
  table: ReplicaTable,
  before: JsonObject | undefined,
  seen: JsonObject | undefined,
): PreImage {
  const version = versionOf(table, before);
  const seenVersion = versionOf(table, seen);
  if (
    before === undefined ||
    version === undefined ||
    seen === undefined ||
    seenVersion === undefined ||
    compareTimestamps(seenVersion, version) >= 0
  )
    return { row: before, version };
  return { row: seen, version: seenVersion, newer: { row: before, version } };
}

/** The base of an edit, and the row for comparison in a conflict. */
export interface EditBasis {
  /** The version that the server compares. Undefined: the row must be read first. */
  readonly version: string | undefined;
  readonly preImage: PreImage;
}

/**
 * The base of an edit is the version that the user saw. A user who saw the row before its first send knows no version.
 * The current row then serves as base, unless somebody else changed the same fields. That is a conflict, and a merge
 * compares with what the user saw (F-140).
 */
export function basisOf(
  table: ReplicaTable,
  before: JsonObject | undefined,
  seen: JsonObject | undefined,
  changed: readonly string[],
): EditBasis {
  const version = versionOf(table, before);
  const seenVersion = versionOf(table, seen);
  if (before === undefined || version === undefined || seen === undefined || seenVersion !== undefined)
    return { version: seenVersion ?? version, preImage: preImageOf(table, before, seen) };
  const isAsSeen = changed.every((key) => deepEqual(before[key] ?? null, seen[key] ?? null));
  if (isAsSeen) return { version, preImage: { row: before, version } };
  return { version: undefined, preImage: { row: seen, version: undefined, newer: { row: before, version } } };
}

/** Wire keys whose values differ, except server-owned ones. A missing value equals null. */
export function changedKeys(table: ReplicaTable, before: JsonObject, after: JsonObject): readonly string[] {
  const own = new Set([table.keys.id, table.keys.updatedAt, table.keys.deletedAt]);
  const value = (row: JsonObject, key: string): Json => row[key] ?? null;
  return Object.keys({ ...before, ...after }).filter(
    (key) => !own.has(key) && !deepEqual(value(before, key), value(after, key)),
  );
}
