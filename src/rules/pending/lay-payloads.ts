import { applyDelta } from '../../model/values/delta.ts';
import type { Json, JsonObject } from '../../model/values/json.ts';
import type { PendingOp } from './pending-op.ts';

/**
 * Whether an upsert claims this key: its changed fields contain it, or they are unknown. A key changed by a delta is
 * not claimed.
 */
export const claims = (op: PendingOp, key: string): boolean =>
  (op.changedFields === undefined || op.changedFields.includes(key)) &&
  (op.creates || op.deltas?.some(({ field }) => field === key) !== true);

/**
 * Combines the payloads of an entity's upserts, oldest first. A claimed key keeps its value until a later operation
 * claims it too. A whole-row payload from an older copy (a form opened earlier, F-140) thus cannot restore old values.
 * Unclaimed keys come from the newest payload that has them. A delta changes the value combined so far. The first delta
 * of a field takes the value from its own payload, which already includes it.
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
