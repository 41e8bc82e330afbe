import type { Json, JsonObject } from '../../model/values/json.ts';
import type { PendingOp } from './pending-op.ts';

/** Longer strings in a row are never compared with ids. */
const longestReference = 1_024;

/**
 * Values that an edit adds to its row and that may be ids of other rows. Considers every field, declared as a reference
 * or not. A false match costs one more request; a missed reference costs a refusal.
 */
export function referencesAdded(before: JsonObject | undefined, op: PendingOp): readonly string[] {
  if (op.type === 'delete' || op.payload === undefined) return [];
  const { payload } = op;
  return (op.changedFields ?? Object.keys(payload)).flatMap((field) => {
    const value = payload[field];
    return value === undefined || value === before?.[field] ? [] : idOf(value);
  });
}

const idOf = (value: Json): readonly string[] =>
  typeof value === 'string'
    ? value !== '' && value.length <= longestReference
      ? [value]
      : []
    : Number.isSafeInteger(value)
      ? [String(value)]
      : [];

/**
 * Whether the operation at `index` depends on another entity's operation that was queued after the first one of its own
 * queue.
 */
export type NeedsLaterWork<O extends PendingOp = PendingOp> = (op: O, before: O, first: O) => boolean;

/**
 * The number of operations of one entity, in outbox order, that may travel as one request. A request takes the position
 * of its first operation. A fold therefore stops before an operation that depends on another entity queued in between.
 * Folded, it would arrive too early or wait for itself (F-159, F-160).
 */
export function foldLimit<O extends PendingOp>(queue: readonly O[], needsLaterWork: NeedsLaterWork<O>): number {
  const [first] = queue;
  if (first === undefined) return 0;
  const stop = queue.findIndex((op, index) => {
    const before = queue[index - 1];
    return before !== undefined && needsLaterWork(op, before, first);
  });
  return stop === -1 ? queue.length : stop;
}
