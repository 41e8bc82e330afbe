import type { Observable } from 'rxjs';
import type { Op } from '../../model/operation.ts';
import type { Kinds } from '../../model/run.ts';

export interface KindsFilter {
  readonly kinds?: Kinds | undefined;
}

/** An operation that needs attention, with what is known of its failures. Times are epoch ms. */
export interface StuckOperation {
  readonly op: Op;
  readonly tryCount: number;
  readonly lastError?: string | undefined;
  readonly errorCode?: string | undefined;
  readonly lastTriedAt?: number | undefined;
}

/** The queue as an app or a test looks at it. Every method rejects with `DatabaseError` when the database refuses. */
export interface OutboxRepository {
  /**
   * Queues an operation in a transaction of its own. Throws `ValidationError` naming the field; nothing was written.
   */
  enqueue(op: Op): Promise<void>;
  /** Reads without removing, in outbox order, unfolded. `limit` is 100 unless told; `kinds: []` gives none. */
  take(
    options?: KindsFilter & { readonly limit?: number; readonly maxTryCountExclusive?: number },
  ): Promise<readonly Op[]>;
  /** Removes operations that the server has; unknown ids are ignored. */
  ack(opIds: readonly string[]): Promise<void>;
  hasOperations(filter?: KindsFilter): Promise<boolean>;
  /** Emits the count at once and after each change; stuck operations count only with `includeStuck`. */
  watchPendingCount(filter?: KindsFilter & { readonly includeStuck?: boolean }): Observable<number>;
  watchHasOperations(filter?: KindsFilter & { readonly includeStuck?: boolean }): Observable<boolean>;
  /** Counts a failed try for each operation and keeps its error; at `maxOutboxTryCount` it is stuck. */
  recordFailures(errors: Readonly<Record<string, string>>, triedAt?: number): Promise<void>;
  incrementTryCount(opIds: readonly string[]): Promise<void>;
  /** Makes operations ready again; their last error is kept. */
  resetTryCount(opIds: readonly string[]): Promise<void>;
  /**
   * All operations with at least `minTryCount` tries (default `maxOutboxTryCount`), in outbox order. Throws
   * `RangeError` below 1.
   */
  getStuck(options?: KindsFilter & { readonly minTryCount?: number }): Promise<readonly StuckOperation[]>;
  countStuck(options?: KindsFilter & { readonly minTryCount?: number }): Promise<number>;
  /**
   * Gives up stuck operations made at or before a time, or with `states: 'all'` all that are not under way (F-48);
   * returns how many.
   */
  purgeOlderThan(threshold: Date | number | string, options?: { readonly states?: 'stuck' | 'all' }): Promise<number>;
}
