import type { Json, JsonObject } from '../model/json.ts';
import { deepEqual } from '../rules/deep-equal.ts';
import { compareTimestamps } from '../rules/timestamp.ts';
import type { PreImage } from './enqueue.ts';
import type { ReplicaTable } from './replica-table.ts';

/** The server version that a row carries; undefined for a row that the server has not seen. */
export function versionOf(table: ReplicaTable, row: JsonObject | undefined): string | undefined {
  const version = row === undefined ? undefined : (table.readUpdatedAt(row) ?? row[table.keys.updatedAt]);
  return version === undefined || version === null || version === '' ? undefined : String(version);
}

/** What the user saw is what a merge compares with; the row may have moved on since (F-140). */
export function preImageOf(table: ReplicaTable, before: JsonObject | undefined, seen: JsonObject | undefined): PreImage {
  const version = versionOf(table, before);
  const seenVersion = versionOf(table, seen);
  if (before === undefined || version === undefined || seen === undefined || seenVersion === undefined || compareTimestamps(seenVersion, version) >= 0)
    return { row: before, version };
  return { row: seen, version: seenVersion, newer: { row: before, version } };
}

/** Wire keys whose values differ, without those that belong to the server; missing equals null. */
export function changedKeys(table: ReplicaTable, before: JsonObject, after: JsonObject): readonly string[] {
  const own = new Set([table.keys.id, table.keys.updatedAt, table.keys.deletedAt]);
  const value = (row: JsonObject, key: string): Json => row[key] ?? null;
  return Object.keys({ ...before, ...after }).filter((key) => !own.has(key) && !deepEqual(value(before, key), value(after, key)));
}
