import type { Delta } from '../../model/values/delta.ts';
import type { JsonObject } from '../../model/values/json.ts';
import { foldDeltas } from './deltas.ts';
import { layPayloads } from './lay-payloads.ts';
import type { PendingOp } from './pending-op.ts';

export type { PendingOp } from './pending-op.ts';

/** What a group of unsent operations comes to. `nothing`: the rows leave the outbox without a request. */
export type FoldedRequest =
  | { readonly type: 'nothing' }
  | {
      readonly type: 'upsert';
      readonly opId: string;
      readonly creates: boolean;
      readonly payload: JsonObject;
      readonly changedFields: readonly string[] | undefined;
      /** Relative changes, added up; absent: none. `changedFields` does not name their fields. */
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
 * Folds the operations of ONE entity that have no open request into one request (F-20,
 * F-123). `ops` is in outbox order. Throws `RangeError` on an empty list.
 *
 * create+edit → create · edit+edit → edit · edit+delete → delete · create+delete → nothing · delete+edit → edit
 * (undelete). The first operation decides whether the entity is new to the server, the last whether it exists
 * afterwards; the newest gives its name and time.
 *
 * Deltas add up; a plain write of the same field absorbs earlier ones, later ones become part of it.
 *
 * A group that ends with a delete sends none of its edits: an operation that brings the row back later must carry the
 * whole row.
 */
export function foldOps(ops: readonly PendingOp[]): FoldedRequest {
  const [first] = ops;
  if (first === undefined) throw new RangeError('foldOps needs at least one operation, got an empty list');
  const newest = ops.at(-1) ?? first;
  const { opId, localTimestamp } = newest;
  if (newest.type === 'delete') {
    // The server never heard of it, so there is nothing to take back.
    if (first.creates) return { type: 'nothing' };
    return { type: 'delete', opId, creates: false, baseUpdatedAt: oldestBase(first, ops), localTimestamp };
  }
  const deltas = foldDeltas(ops);
  return {
    type: 'upsert',
    opId,
    creates: first.creates,
    // Of one operation there is nothing to lay over each other.
    payload: ops.length === 1 ? (newest.payload ?? {}) : layPayloads(ops),
    changedFields: unionOfChangedFields(ops),
    ...(deltas.length === 0 ? {} : { deltas }),
    baseUpdatedAt: oldestBase(first, ops),
    localTimestamp,
  };
}

/**
 * The version the user saw before the first change. '' is what a locally created row has instead of one; a create has
 * none at all.
 */
function oldestBase(first: PendingOp, ops: readonly PendingOp[]): string | undefined {
  if (first.creates) return first.baseUpdatedAt || undefined;
  // A later base is taken when the first is unknown: a check against it is safer than none.
  return ops.map((op) => op.baseUpdatedAt).find((base) => base !== undefined && base !== '');
}

/** Unknown stays unknown: one operation that may have changed everything makes the group so. */
function unionOfChangedFields(ops: readonly PendingOp[]): readonly string[] | undefined {
  const union = new Set<string>();
  for (const op of ops) {
    if (op.type === 'delete') continue;
    if (op.changedFields === undefined) return undefined;
    for (const field of op.changedFields) union.add(field);
  }
  return [...union];
}
