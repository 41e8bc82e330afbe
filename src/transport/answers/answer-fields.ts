import { withoutMark } from '../../model/values/exact-number.ts';
import type { Json, JsonObject } from '../../model/values/json.ts';

/** Reads a row's id as text: `id`, or else `ID`, or else `uuid`. */
export function rowIdOf(row: JsonObject): string | undefined {
  return scalarText(row['id']) ?? scalarText(row['ID']) ?? scalarText(row['uuid']);
}

/** A string or number as text, exactly as the server wrote it. Undefined for anything else and for ''. */
export function scalarText(value: Json | undefined): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? withoutMark(value) : undefined;
}

/** The row's own version, verbatim: `updatedAt`, or else `updated_at`. */
export const rowTimestampOf = (row: JsonObject): string | undefined =>
  scalarText(row['updatedAt']) ?? scalarText(row['updated_at']);

/** A row with a deletion time is a tombstone. */
export const isTombstone = (row: JsonObject): boolean => (row['deleted_at'] ?? row['deletedAt'] ?? null) !== null;
