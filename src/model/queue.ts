import type { SyncFact } from './events.ts';
import type { OpType } from './operation.ts';
import type { Kinds } from './run.ts';

/** `parked` operations are not sent until somebody acts; `parkedFor` says why. */
export type QueueState = 'behind' | 'ready' | 'waiting' | 'parked' | 'inFlight';

/** One queued operation, as screens and `explain()` need it; no payload. */
export interface QueuedOperation {
  readonly opId: string;
  readonly kind: string;
  readonly entityId: string;
  readonly type: OpType;
  readonly state: QueueState;
  readonly parkedFor?: 'conflict' | 'stuck' | 'ambiguous' | undefined;
  /** Operation of the same entity that goes first. */
  readonly waitingFor?: string | undefined;
  /**
   * Rows that refer to each other by columns that must not be NULL, this one among them: no order of their creations
   * suits a server that checks references.
   */
  readonly ring?: readonly string[] | undefined;
  /** Epoch ms; absent on a waiting operation: the next run. */
  readonly dueAt?: number | undefined;
  readonly tryCount: number;
  readonly lastError?: string | undefined;
  /** The server's reasons by wire key, for the fields of a form. */
  readonly errorFields?: Readonly<Record<string, string>> | undefined;
  readonly errorCode?: string | undefined;
  /** The table was used by a newer release of the app, to which its operations are left. */
  readonly newerSchema?: boolean | undefined;
  /** Epoch ms. */
  readonly enqueuedAt: number;
}

/** Absent members match everything. `opIds` is for acting on operations, not for counting them. */
export interface QueueFilter {
  readonly kinds?: Kinds | undefined;
  readonly opIds?: readonly string[] | undefined;
}

/** A part of the queue and of the quarantine from which a diagnosis can be made. */
export interface QueueSample {
  /** Those that are parked, wait, or cannot be sent by this engine, and one of each other state. */
  readonly operations: readonly QueuedOperation[];
  /** Rows of the server that could not be stored. */
  readonly quarantine: readonly { readonly kind: string; readonly id: string; readonly error: string }[];
  /** Nothing but the limit kept more from being listed. */
  readonly isCut: boolean;
}

/** `pending` leaves stuck operations out. */
export interface QueueCounts {
  readonly pending: number;
  readonly stuck: number;
  readonly conflicts: number;
}

/**
 * What the façade asks of the queue beside `StorePort`: to look, to repair, and to be told. No method needs the lease,
 * none joins a transaction of the caller.
 */
export interface QueuePort {
  /** All of them, in outbox order (F-49). */
  list(filter?: QueueFilter): Promise<readonly QueuedOperation[]>;
  counts(filter?: QueueFilter): Promise<QueueCounts>;
  /** At most `limit` of each sort. The cost does not grow with the queue. */
  sample(limit: number): Promise<QueueSample>;
  /**
   * Whether a further run could send something: a head of line that waits or is ready, and is not forbidden. Looks at
   * one row, not at the queue.
   */
  hasSendable(filter?: QueueFilter): Promise<boolean>;
  /** Makes stuck operations ready again, with a try count of 0; answers how many. */
  retryStuck(filter?: QueueFilter): Promise<number>;
  /** Gives stuck operations up and puts their rows to the server's state. */
  dropStuck(filter?: QueueFilter): Promise<readonly SyncFact[]>;
  /**
   * Calls after each commit that may have changed the queue or its conflicts; `enqueued` where an operation was added.
   */
  subscribe(listener: (change: { readonly enqueued: boolean }) => void): () => void;
  /** Keeps the database for `scope`; `resync`: everything is pulled anew. */
  adoptScope(scope: string, options?: { readonly resync?: boolean | undefined }): Promise<void>;
  /**
   * Empties synced tables, queue and the tables named, and claims `scope` (undefined: the next one takes it), all or
   * nothing. The facts name what was given up. Throws `ValidationError` where unsent operations are not to be given up,
   * or other tables hold on to the rows.
   */
  clearScope(
    scope: string | undefined,
    options?: { readonly unsent?: 'giveUp' | 'refuse' | undefined; readonly alsoEmpty?: readonly string[] | undefined },
  ): Promise<readonly SyncFact[]>;
}
