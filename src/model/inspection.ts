import type { Cursor } from './cursor.ts';
import type { Delta } from './values/delta.ts';
import type { JsonObject } from './values/json.ts';
import type { QueuedOperation, QueueState } from './queue.ts';

/** A queued operation with everything that is stored of it, as wire JSON. */
export interface InspectedOperation extends QueuedOperation {
  readonly creates: boolean;
  readonly payload?: JsonObject | undefined;
  /** Absent: the whole row. */
  readonly changedFields?: readonly string[] | undefined;
  readonly deltas?: readonly Delta[] | undefined;
  readonly baseUpdatedAt?: string | undefined;
  /** When the user acted, ISO 8601. */
  readonly localTimestamp: string;
  readonly force: boolean;
  /** How many requests were made of it. */
  readonly attempt: number;
  /** Key, body and time (epoch ms) of the request under way; the newest operation of a folded group holds them. */
  readonly requestId?: string | undefined;
  readonly frozenBody?: JsonObject | undefined;
  readonly firstSentAt?: number | undefined;
  readonly lastTriedAt?: number | undefined;
}

/** How far a kind is. Times are epoch ms. */
export interface InspectedKind {
  readonly kind: string;
  readonly tableName: string;
  /** Rows of the local table, hidden ones included. */
  readonly rows: number;
  readonly pending: number;
  readonly quarantined: number;
  readonly pullOnly: boolean;
  readonly pushOnly: boolean;
  /** Wire keys of its columns, and what becomes of a row that the server deleted. */
  readonly fields?: readonly string[] | undefined;
  readonly tombstones?: 'keep' | 'remove' | undefined;
  readonly cursor?: Cursor | undefined;
  readonly lastPulledAt?: number | undefined;
  readonly lastResyncedAt?: number | undefined;
  /** A full resync that is under way or was interrupted. */
  readonly resync?:
    | { readonly generation: number; readonly marking: boolean; readonly received: number; readonly fetched: boolean }
    | undefined;
}

/** One row from all sides, as wire JSON. */
export interface InspectedRow {
  readonly id: string;
  /** As it is in the app's table; absent: there is none. */
  readonly local?: JsonObject | undefined;
  /** Before the first pending operation. */
  readonly base?: JsonObject | undefined;
  /** The newest that is known of the server's. */
  readonly server?: JsonObject | undefined;
  readonly pending: number;
  readonly conflict: boolean;
  /** Why the server's row could not be stored. */
  readonly quarantined?: string | undefined;
}

/** A part of a long list. `total` counts all that match. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
  readonly offset: number;
}

export interface PageOptions {
  readonly offset?: number | undefined;
  /** At most 500; default 100. */
  readonly limit?: number | undefined;
}

/** Absent members match everything. `text` is looked for in the ids of operation and entity. */
export interface OperationFilter extends PageOptions {
  readonly kinds?: readonly string[] | undefined;
  readonly states?: readonly QueueState[] | undefined;
  readonly text?: string | undefined;
}

/** What looks into a database ask of it. Only reads; none needs the lease. */
export interface InspectionPort {
  /** In outbox order. */
  operations(filter?: OperationFilter): Promise<Page<InspectedOperation>>;
  operation(opId: string): Promise<InspectedOperation | undefined>;
  kinds(): Promise<readonly InspectedKind[]>;
  /** In the order of their ids; `text` matches the beginning of an id. */
  rows(
    kind: string,
    options?: PageOptions & {
      readonly text?: string | undefined;
      readonly only?: 'pending' | 'quarantined' | undefined;
    },
  ): Promise<Page<InspectedRow>>;
  row(kind: string, id: string): Promise<InspectedRow>;
}
