import type { Cursor } from './cursor.ts';
import type { Delta } from './values/delta.ts';
import type { JsonObject } from './values/json.ts';
import type { QueuedOperation, QueueState } from './queue.ts';

/** A queued operation with all its stored data, as wire JSON. */
export interface InspectedOperation extends QueuedOperation {
  readonly creates: boolean;
  readonly payload?: JsonObject | undefined;
  /** Absent when the whole row changed. */
  readonly changedFields?: readonly string[] | undefined;
  readonly deltas?: readonly Delta[] | undefined;
  readonly baseUpdatedAt?: string | undefined;
  /** When the user acted, ISO 8601. */
  readonly localTimestamp: string;
  readonly force: boolean;
  /** Number of requests made for it. */
  readonly attempt: number;
  /** Key, body and time (epoch ms) of the request in flight. The newest operation of a folded group carries them. */
  readonly requestId?: string | undefined;
  readonly frozenBody?: JsonObject | undefined;
  readonly firstSentAt?: number | undefined;
  readonly lastTriedAt?: number | undefined;
}

/** Pull progress of a kind. Times are epoch ms. */
export interface InspectedKind {
  readonly kind: string;
  readonly tableName: string;
  /** Rows of the local table, including hidden ones. */
  readonly rows: number;
  readonly pending: number;
  readonly quarantined: number;
  readonly pullOnly: boolean;
  readonly pushOnly: boolean;
  /** Wire keys of its columns, and what happens to rows that the server deletes. */
  readonly fields?: readonly string[] | undefined;
  readonly tombstones?: 'keep' | 'remove' | undefined;
  readonly cursor?: Cursor | undefined;
  readonly lastPulledAt?: number | undefined;
  readonly lastResyncedAt?: number | undefined;
  /** A full resync in progress, or an interrupted one. */
  readonly resync?:
    | { readonly generation: number; readonly marking: boolean; readonly received: number; readonly fetched: boolean }
    | undefined;
}

/** One row in every known version, as wire JSON. */
export interface InspectedRow {
  readonly id: string;
  /** The row in the app's table; absent if there is none. */
  readonly local?: JsonObject | undefined;
  /** The row before the first pending operation. */
  readonly base?: JsonObject | undefined;
  /** The newest known version of the server. */
  readonly server?: JsonObject | undefined;
  readonly pending: number;
  readonly conflict: boolean;
  /** Why the server's row could not be stored. */
  readonly quarantined?: string | undefined;
}

/** One part of a long list. `total` counts all matches. */
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

/** Absent members match everything. `text` searches the ids of operations and entities. */
export interface OperationFilter extends PageOptions {
  readonly kinds?: readonly string[] | undefined;
  readonly states?: readonly QueueState[] | undefined;
  readonly text?: string | undefined;
}

/** Reads what inspectors show of a database. Never writes and never needs the lease. */
export interface InspectionPort {
  /** In outbox order. */
  operations(filter?: OperationFilter): Promise<Page<InspectedOperation>>;
  operation(opId: string): Promise<InspectedOperation | undefined>;
  kinds(): Promise<readonly InspectedKind[]>;
  /** Ordered by id. `text` matches the beginning of an id. */
  rows(
    kind: string,
    options?: PageOptions & {
      readonly text?: string | undefined;
      readonly only?: 'pending' | 'quarantined' | undefined;
    },
  ): Promise<Page<InspectedRow>>;
  row(kind: string, id: string): Promise<InspectedRow>;
}
