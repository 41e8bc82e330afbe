import type { FoldedRequest } from '../../rules/pending/fold.ts';
import type { StoredOp } from '../outbox/outbox-rows.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';

/** The operations of one entity that will become a request. */
export interface Group {
  readonly table: ReplicaTable;
  readonly entityId: string;
  readonly head: StoredOp;
  readonly newest: StoredOp;
  readonly ops: readonly StoredOp[];
  readonly frozen: boolean;
  readonly folded: FoldedRequest;
  /** Whether the server is known to have a row that a request can change. Otherwise the whole row is sent (F-152). */
  readonly hasServerRow: boolean;
  /** Whether the transport accepts deltas as such. */
  readonly sendsDeltas?: boolean | undefined;
}
