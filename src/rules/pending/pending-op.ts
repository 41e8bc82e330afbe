import type { Delta } from '../../model/values/delta.ts';
import type { JsonObject } from '../../model/values/json.ts';
import type { OpType } from '../../model/operation.ts';

/** An operation of one entity in the outbox, reduced to the input of folding and overlaying. */
export interface PendingOp {
  /** Outbox order, never time (F-67). */
  readonly seq: number;
  readonly opId: string;
  readonly type: OpType;
  /** Stored at enqueue, never derived from a missing base (F-144). */
  readonly creates: boolean;
  /** Wire row of an upsert; absent on a delete. */
  readonly payload?: JsonObject | undefined;
  /** Wire keys that the user changed; absent: unknown, every key of the payload counts. */
  readonly changedFields?: readonly string[] | undefined;
  /** Relative changes by wire key; `changedFields` does not list their fields. */
  readonly deltas?: readonly Delta[] | undefined;
  readonly baseUpdatedAt?: string | undefined;
  readonly localTimestamp: string;
}
