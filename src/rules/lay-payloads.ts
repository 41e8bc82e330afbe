import type { Json, JsonObject } from '../model/json.ts';
import type { PendingOp } from './pending-op.ts';

/** Says whether an upsert claims this key: it is among its changed fields, or the changed fields are unknown. */
export const claims = (op: PendingOp, key: string): boolean => op.changedFields === undefined || op.changedFields.includes(key);

/**
 * Lays the payloads of an entity's upserts over each other, oldest first. A key that an operation claims keeps that value until a later
 * operation claims it too: a whole-row payload made from an older copy (a form opened before, F-140) does not bring old values back.
 * Keys that nobody claims come from the newest payload that has them.
 */
export function layPayloads(ops: readonly PendingOp[]): JsonObject {
  // A Map, because assigning a key named `__proto__` to an object literal would change its prototype.
  const row = new Map<string, Json>();
  const claimed = new Set<string>();
  for (const op of ops) {
    if (op.type === 'delete') continue;
    for (const [key, value] of Object.entries(op.payload ?? {})) {
      const own = claims(op, key);
      if (own) claimed.add(key);
      if (own || !claimed.has(key)) row.set(key, value);
    }
  }
  return Object.fromEntries(row);
}
