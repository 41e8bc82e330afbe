import type { Json, JsonObject } from '../../model/values/json.ts';
import type { Op } from '../../model/operation.ts';
import { deepEqual } from '../values/deep-equal.ts';
import type { SyncKeys } from '../pending/overlay.ts';
import { isSystemField } from '../values/system-fields.ts';

/**
 * Recognises a server row as what this very operation made of it: a lost reply, or a conflict with ourselves (F-20,
 * F-134). Every sent field must be there with the sent value (missing counts as null); sync and creation fields are the
 * server's and do not count. A tombstone is the echo of a delete only.
 */
export function isOwnEcho(op: Op, current: JsonObject, keys: SyncKeys): boolean {
  const deleted = keys.deletedAt !== undefined && valueOf(current, keys.deletedAt) !== null;
  if (op.type === 'delete') return deleted;
  return !deleted && saysAll(current, op.payload, keys);
}

/**
 * Whether a row has every field of `sent` with its value. Missing counts as null; sync and creation fields are the
 * server's and do not count.
 */
export const saysAll = (row: JsonObject, sent: JsonObject, keys: SyncKeys): boolean =>
  Object.keys(sent)
    .filter((key) => key !== keys.id && key !== keys.updatedAt && key !== keys.deletedAt && !isSystemField(key))
    .every((key) => deepEqual(valueOf(sent, key), valueOf(row, key)));

const valueOf = (row: JsonObject, key: string): Json => (Object.hasOwn(row, key) ? (row[key] ?? null) : null);
