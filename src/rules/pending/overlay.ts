import { applyDelta } from '../../model/values/delta.ts';
import type { Json, JsonObject } from '../../model/values/json.ts';
import { claims, layPayloads } from './lay-payloads.ts';
import type { PendingOp } from './pending-op.ts';

/** Wire keys of the fields that the server owns. */
export interface SyncKeys {
  readonly id: string;
  readonly updatedAt: string;
  readonly deletedAt: string | undefined;
}

/** `row` is absent only if neither side has any data. `deletedLocally`: the user's delete is still pending. */
export interface Overlaid {
  readonly row: JsonObject | undefined;
  readonly deletedLocally: boolean;
}

/**
 * Computes the local row: the latest server row with the pending operations applied in outbox order (I4, F-21).
 *
 * Sync fields stay the server's. Without a server row, the id comes from the payload and the timestamp is ''. Under a
 * pending edit, a tombstone stays visible with `deletedAt` null. Under a pending delete, it stays a tombstone.
 */
export function overlay(server: JsonObject | undefined, ops: readonly PendingOp[], keys: SyncKeys): Overlaid {
  const deletedLocally = ops.at(-1)?.type === 'delete';
  const edited = ops.some((op) => op.type === 'upsert');
  if (!edited) return { row: server, deletedLocally };
  const row = server === undefined ? newRow(ops, keys) : editedRow(server, ops, keys);
  if (!deletedLocally && keys.deletedAt !== undefined && row.has(keys.deletedAt)) row.set(keys.deletedAt, null);
  return { row: Object.fromEntries(row), deletedLocally };
}

/**
 * Rebuilds the payload of an upsert as the current server row plus its own changed fields. An operation sends this
 * after another one of its entity has left the queue (F-136). Excludes the server's timestamp and tombstone mark. Keeps
 * the id of the payload.
 */
export function reproject(server: JsonObject | undefined, op: PendingOp, keys: SyncKeys): JsonObject {
  const row = server === undefined ? new Map(Object.entries(op.payload ?? {})) : editedRow(server, [op], keys);
  row.delete(keys.updatedAt);
  if (keys.deletedAt !== undefined) row.delete(keys.deletedAt);
  const id = op.payload?.[keys.id];
  if (id === undefined) row.delete(keys.id);
  else row.set(keys.id, id);
  return Object.fromEntries(row);
}

// Maps, because assigning a key named `__proto__` to an object literal would change its prototype.

function editedRow(server: JsonObject, ops: readonly PendingOp[], keys: SyncKeys): Map<string, Json> {
  const row = new Map(Object.entries(server));
  for (const op of ops) {
    if (op.type === 'delete') continue;
    for (const [key, value] of Object.entries(op.payload ?? {})) {
      if (claims(op, key) && !isSyncKey(key, keys)) row.set(key, value);
    }
    // Deltas apply to the server's current value.
    for (const delta of op.creates ? [] : (op.deltas ?? []))
      row.set(delta.field, applyDelta(row.get(delta.field), delta));
  }
  return row;
}

function newRow(ops: readonly PendingOp[], keys: SyncKeys): Map<string, Json> {
  const row = new Map(Object.entries(layPayloads(ops)));
  row.set(keys.updatedAt, '');
  if (keys.deletedAt !== undefined) row.set(keys.deletedAt, null);
  return row;
}

const isSyncKey = (key: string, keys: SyncKeys): boolean =>
  key === keys.id || key === keys.updatedAt || key === keys.deletedAt;
