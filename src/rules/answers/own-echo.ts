import type { Json, JsonObject } from '../../model/values/json.ts';
import type { Op } from '../../model/operation.ts';
import { deepEqual } from '../values/deep-equal.ts';
import type { SyncKeys } from '../pending/overlay.ts';
import { isSystemField } from '../values/system-fields.ts';

/**
 * Recognises a server row as the result of this very operation: after a lost reply, or in a conflict with itself (F-20,
 * F-134). The row must hold every sent field with the sent value; a missing field counts as null. Sync and creation
 * fields belong to the server and do not count. A tombstone is only the echo of a delete.
 */
export function isOwnEcho(op: Op, current: JsonObject, keys: SyncKeys): boolean {
  const deleted = keys.deletedAt !== undefined && valueOf(current, keys.deletedAt) !== null;
  if (op.type === 'delete') return deleted;
  return !deleted && saysAll(current, op.payload, keys);
}

/**
 * Whether a row holds every field of `sent` with the same value. A missing field counts as null. Sync and creation
 * fields belong to the server and do not count.
 */
export const saysAll = (row: JsonObject, sent: JsonObject, keys: SyncKeys): boolean =>
  Object.keys(sent)
    .filter((key) => key !== keys.id && key !== keys.updatedAt && key !== keys.deletedAt && !isSystemField(key))
    .every((key) => deepEqual(valueOf(sent, key), valueOf(row, key)));

const valueOf = (row: JsonObject, key: string): Json => (Object.hasOwn(row, key) ? (row[key] ?? null) : null);
