import type { Json, JsonObject } from '../../model/values/json.ts';
import type { PendingOp } from './pending-op.ts';

/** Ids longer than this are not looked for among the values of a row. */
const longestReference = 1_024;

/**
 * The values that an edit adds to its row and that may be the id of another row. Any field counts, declared as a
 * reference or not: a value that merely looks like an id costs one more request, a missed reference costs a refusal.
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
 * Says whether the operation at `index` needs an operation of another entity that was queued after the first of its own
 * queue.
 */
export type NeedsLaterWork<O extends PendingOp = PendingOp> = (op: O, before: O, first: O) => boolean;

/**
 * How many operations of one entity, in outbox order, may travel as one request. A request takes the place of its first
 * operation. So a fold stops before an operation that needs the work of another entity queued in between: folded, it
 * would arrive before that work or wait for itself (F-159, F-160).
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
