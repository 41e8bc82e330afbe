import type { Delta } from '../../model/values/delta.ts';
import type { JsonObject } from '../../model/values/json.ts';
import { foldDeltas } from './deltas.ts';
import { layPayloads } from './lay-payloads.ts';
import type { PendingOp } from './pending-op.ts';

export type { PendingOp } from './pending-op.ts';

/** The result of a group of unsent operations. `nothing`: they leave the outbox without a request. */
export type FoldedRequest =
  | { readonly type: 'nothing' }
  | {
      readonly type: 'upsert';
      readonly opId: string;
      readonly creates: boolean;
      readonly payload: JsonObject;
      readonly changedFields: readonly string[] | undefined;
      /** Combined relative changes; absent: none. `changedFields` does not list their fields. */
      readonly deltas?: readonly Delta[];
      readonly baseUpdatedAt: string | undefined;
      readonly localTimestamp: string;
    }
  | {
      readonly type: 'delete';
      readonly opId: string;
      readonly creates: false;
      readonly baseUpdatedAt: string | undefined;
      readonly localTimestamp: string;
    };

/**
 * Folds the operations of ONE entity without an open request into one request (F-20, F-123). `ops` is in outbox order.
 * Throws `RangeError` for an empty list.
 *
 * create+edit → create · edit+edit → edit · edit+delete → delete · create+delete → nothing · delete+edit → edit
 * (undelete). The first operation decides whether the entity is new to the server, the last whether it exists
 * afterwards. The newest gives its name and time.
 *
 * Deltas add up. A plain write of the same field absorbs earlier deltas and includes later ones.
 *
 * A group that ends with a delete sends none of its edits. An operation that restores the row later must therefore
 * carry the whole row.
 */
export function foldOps(ops: readonly PendingOp[]): FoldedRequest {
  const [first] = ops;
  if (first === undefined) throw new RangeError('foldOps needs at least one operation, got an empty list');
  const newest = ops.at(-1) ?? first;
  const { opId, localTimestamp } = newest;
  if (newest.type === 'delete') {
    // The server never had the row, so there is nothing to delete.
    if (first.creates) return { type: 'nothing' };
    return { type: 'delete', opId, creates: false, baseUpdatedAt: oldestBase(first, ops), localTimestamp };
  }
  const deltas = foldDeltas(ops);
  return {
    type: 'upsert',
    opId,
    creates: first.creates,
    // A single operation has nothing to combine.
    payload: ops.length === 1 ? (newest.payload ?? {}) : layPayloads(ops),
    changedFields: unionOfChangedFields(ops),
    ...(deltas.length === 0 ? {} : { deltas }),
    baseUpdatedAt: oldestBase(first, ops),
    localTimestamp,
  };
}

/**
 * The version that the user saw before the first change. A locally created row has '' in its place; a create has none.
 */
function oldestBase(first: PendingOp, ops: readonly PendingOp[]): string | undefined {
  if (first.creates) return first.baseUpdatedAt || undefined;
  // Falls back to a later base if the first is unknown, because a check against it is safer than none.
  return ops.map((op) => op.baseUpdatedAt).find((base) => base !== undefined && base !== '');
}

/** Unknown stays unknown: one operation that may have changed everything makes the whole group unknown. */
function unionOfChangedFields(ops: readonly PendingOp[]): readonly string[] | undefined {
  const union = new Set<string>();
  for (const op of ops) {
    if (op.type === 'delete') continue;
    if (op.changedFields === undefined) return undefined;
    for (const field of op.changedFields) union.add(field);
  }
  return [...union];
}
