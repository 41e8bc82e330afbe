import type { SyncFact } from './events.ts';
import type { OpType } from './operation.ts';
import type { Kinds } from './run.ts';

/** `parked` operations are not sent until somebody acts; `parkedFor` holds the reason. */
export type QueueState = 'behind' | 'ready' | 'waiting' | 'parked' | 'inFlight';

/** One queued operation without its payload, for screens and `explain()`. */
export interface QueuedOperation {
  readonly opId: string;
  readonly kind: string;
  readonly entityId: string;
  readonly type: OpType;
  readonly state: QueueState;
  readonly parkedFor?: 'conflict' | 'stuck' | 'ambiguous' | undefined;
  /** The operation of the same entity that must be sent first. */
  readonly waitingFor?: string | undefined;
  /**
   * Rows, including this one, that reference each other through NOT NULL columns. A server that checks references
   * cannot accept any of them first.
   */
  readonly ring?: readonly string[] | undefined;
  /** Epoch ms; absent on a waiting operation: the next run. */
  readonly dueAt?: number | undefined;
  readonly tryCount: number;
  readonly lastError?: string | undefined;
  /** The server's reasons by wire key, for the fields of a form. */
  readonly errorFields?: Readonly<Record<string, string>> | undefined;
  readonly errorCode?: string | undefined;
  /** A newer release of the app has used the table. Its operations are left to that release. */
  readonly newerSchema?: boolean | undefined;
  /** Epoch ms. */
  readonly enqueuedAt: number;
}

/** Absent members match everything. `opIds` selects operations to act on and is ignored by counts. */
export interface QueueFilter {
  readonly kinds?: Kinds | undefined;
  readonly opIds?: readonly string[] | undefined;
}

/** A sample of the queue and the quarantine that suffices for a diagnosis. */
export interface QueueSample {
  /** Parked, waiting and unsendable operations, and one operation of each other state. */
  readonly operations: readonly QueuedOperation[];
  /** Rows of the server that the table cannot store. */
  readonly quarantine: readonly { readonly kind: string; readonly id: string; readonly error: string }[];
  /** True if only the limit kept more entries out. */
  readonly isCut: boolean;
}

/** `pending` excludes stuck operations. */
export interface QueueCounts {
  readonly pending: number;
  readonly stuck: number;
  readonly conflicts: number;
}

/**
 * What the façade needs from the queue beside `StorePort`: to read, repair and observe it. No method needs the lease or
 * joins a transaction of the caller.
 */
export interface QueuePort {
  /** All operations in outbox order (F-49). */
  list(filter?: QueueFilter): Promise<readonly QueuedOperation[]>;
  counts(filter?: QueueFilter): Promise<QueueCounts>;
  /** At most `limit` entries of each sort. The cost does not grow with the queue. */
  sample(limit: number): Promise<QueueSample>;
  /**
   * Whether a further run could send something: a head of line that is waiting or ready, and not forbidden. Reads one
   * row, not the whole queue.
   */
  hasSendable(filter?: QueueFilter): Promise<boolean>;
  /** Makes stuck operations ready again with a try count of 0. Returns their number. */
  retryStuck(filter?: QueueFilter): Promise<number>;
  /**
   * Discards stuck operations and restores their rows to the server's state. `opIds` may also name operations that the
   * server refused and that would be tried again.
   */
  dropStuck(filter?: QueueFilter): Promise<readonly SyncFact[]>;
  /**
   * Calls the listener after each commit that may have changed the queue or its conflicts. `enqueued` is true if an
   * operation was added.
   */
  subscribe(listener: (change: { readonly enqueued: boolean }) => void): () => void;
  /** Assigns the database to `scope`. With `resync`, everything is pulled again. */
  adoptScope(scope: string, options?: { readonly resync?: boolean | undefined }): Promise<void>;
  /**
   * Empties the synced tables, the queue and the named tables, and claims `scope`, all or nothing. Without `scope`, the
   * next one claims it. The facts list the discarded operations. Throws `ValidationError` when unsent operations must
   * be kept, or when other tables reference the rows.
   */
  clearScope(
    scope: string | undefined,
    options?: { readonly unsent?: 'giveUp' | 'refuse' | undefined; readonly alsoEmpty?: readonly string[] | undefined },
  ): Promise<readonly SyncFact[]>;
}
