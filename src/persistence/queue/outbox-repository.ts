import type { Observable } from 'rxjs';
import type { Op } from '../../model/operation.ts';
import type { Kinds } from '../../model/run.ts';

export interface KindsFilter {
  readonly kinds?: Kinds | undefined;
}

/** An operation that needs attention, and its failures. Times are epoch ms. */
export interface StuckOperation {
  readonly op: Op;
  readonly tryCount: number;
  readonly lastError?: string | undefined;
  readonly errorCode?: string | undefined;
  readonly lastTriedAt?: number | undefined;
}

/** The queue as apps and tests see it. Every method rejects with `DatabaseError` when the database refuses. */
export interface OutboxRepository {
  /** Queues an operation in its own transaction. Throws `ValidationError` that names the field; nothing is written. */
  enqueue(op: Op): Promise<void>;
  /** Reads without removing, in outbox order, unfolded. `limit` defaults to 100; `kinds: []` returns none. */
  take(
    options?: KindsFilter & { readonly limit?: number; readonly maxTryCountExclusive?: number },
  ): Promise<readonly Op[]>;
  /** Removes operations that the server has; ignores unknown ids. */
  ack(opIds: readonly string[]): Promise<void>;
  hasOperations(filter?: KindsFilter): Promise<boolean>;
  /** Emits the count now and after each change; includes stuck operations only with `includeStuck`. */
  watchPendingCount(filter?: KindsFilter & { readonly includeStuck?: boolean }): Observable<number>;
  watchHasOperations(filter?: KindsFilter & { readonly includeStuck?: boolean }): Observable<boolean>;
  /** Counts a failed attempt of each operation and stores its error. At `maxOutboxTryCount` it becomes stuck. */
  recordFailures(errors: Readonly<Record<string, string>>, triedAt?: number): Promise<void>;
  incrementTryCount(opIds: readonly string[]): Promise<void>;
  /** Makes operations ready again and keeps their last error. */
  resetTryCount(opIds: readonly string[]): Promise<void>;
  /**
   * All operations with at least `minTryCount` attempts (default `maxOutboxTryCount`), in outbox order. Throws
   * `RangeError` below 1.
   */
  getStuck(options?: KindsFilter & { readonly minTryCount?: number }): Promise<readonly StuckOperation[]>;
  countStuck(options?: KindsFilter & { readonly minTryCount?: number }): Promise<number>;
  /**
   * Discards stuck operations created at or before a time, or with `states: 'all'` every operation that is not in
   * flight (F-48). Returns their number.
   */
  purgeOlderThan(threshold: Date | number | string, options?: { readonly states?: 'stuck' | 'all' }): Promise<number>;
}
