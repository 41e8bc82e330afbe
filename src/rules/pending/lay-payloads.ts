import { applyDelta } from '../../model/values/delta.ts';
import type { Json, JsonObject } from '../../model/values/json.ts';
import type { PendingOp } from './pending-op.ts';

/**
 * Says whether an upsert claims this key: it is among its changed fields, or these are unknown. What it changes by a
 * delta it does not claim.
 */
export const claims = (op: PendingOp, key: string): boolean =>
  (op.changedFields === undefined || op.changedFields.includes(key)) &&
  (op.creates || op.deltas?.some(({ field }) => field === key) !== true);

/**
 * Lays the payloads of an entity's upserts over each other, oldest first. A key that an operation claims keeps that
 * value until a later operation claims it too: a whole-row payload made from an older copy (a form opened before,
 * F-140) does not bring old values back. Keys that nobody claims come from the newest payload that has them. A delta
 * changes the value laid so far; the first one on a field takes it from its own payload, where it is applied already.
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
    if (op.creates) continue;
    const first = new Set<string>();
    for (const delta of op.deltas ?? []) {
      if (!claimed.has(delta.field)) first.add(delta.field);
      claimed.add(delta.field);
      if (!first.has(delta.field)) row.set(delta.field, applyDelta(row.get(delta.field), delta));
    }
  }
  return Object.fromEntries(row);
}
