import { conflictStrategies, type ConflictResolver, type ConflictStrategy, type MergeFunction } from './conflict.ts';
import { aFlag, aFunction, numberFrom, oneOf, timeFrom, timeOrNever, wholeFrom } from './options/bounds.ts';
import { completeOptions, withDefaults, type OptionOwner } from './options/complete-options.ts';
import { byDefault, optional, type OptionList } from './options/option-list.ts';

/** Settings of the engine. Times in ms. Validated by {@link resolveSyncConfig}; every field is optional there. */
export interface SyncConfig {
  /** Rows requested per page of a pull. @defaultValue 500 */
  readonly pageSize: number;
  /** Operations taken from the outbox at once. @defaultValue 500 */
  readonly pushBatchSize: number;
  /**
   * Wait before the first retry of a run. Each further wait is `backoffMultiplier` times longer. Must not exceed
   * `backoffMaxMs`.
   *
   * @defaultValue 1,000 (1 second)
   */
  readonly backoffMinMs: number;
  /** Longest wait between two retries, unless the server asks for a longer one. @defaultValue 120,000 (2 minutes) */
  readonly backoffMaxMs: number;
  /** Factor between one wait and the next. @defaultValue 2 */
  readonly backoffMultiplier: number;
  /** Retries of a run that makes no progress; 5 means at most 6 attempts. @defaultValue 5 */
  readonly maxRetries: number;
  /**
   * Time between two scheduled full resyncs of a kind; `Infinity` schedules none.
   *
   * @defaultValue 604,800,000 (7 days)
   */
  readonly fullResyncIntervalMs: number;
  /** Decides conflicts of tables without their own `strategy`. @defaultValue `autoPreserve` */
  readonly conflictStrategy: ConflictStrategy;
  /** Decides conflicts under the strategy `manual`, for tables without their own `resolver`. */
  readonly conflictResolver?: ConflictResolver | undefined;
  /** Merges both rows under the strategy `merge`, for tables without their own `mergeFunction`. */
  readonly mergeFunction?: MergeFunction | undefined;
  /** How often one run retries the push of the same conflict. @defaultValue 3 */
  readonly maxConflictRetries: number;
  /** Wait before such a retry. @defaultValue 500 */
  readonly conflictRetryDelayMs: number;
  /** Discards an operation whose conflict stays unresolved; the event carries the operation. @defaultValue false */
  readonly skipConflictingOps: boolean;
  /** Number of definite refusals after which an operation is stuck. @defaultValue 5 */
  readonly maxOutboxTryCount: number;
  /**
   * Default timeout of `awaitAcked` and `refresh`. With `createRestSyncEngine`, also the timeout of each request.
   *
   * @defaultValue 30,000 (30 seconds)
   */
  readonly requestTimeoutMs: number;
  /** Number of kinds pulled concurrently. @defaultValue 1 */
  readonly pullConcurrency: number;
  /** Re-reads this window before the cursor, for servers whose rows become visible late. In ms. @defaultValue 0 */
  readonly pullOverlapMs: number;
  /** How merged rows are pushed; `force` is for servers without conditional writes. @defaultValue `conditional` */
  readonly mergedPush: 'conditional' | 'force';
  /** Whether a full resync removes rows that the server no longer lists. @defaultValue true */
  readonly sweepOnFullResync: boolean;
  /** Folds unsent operations of one entity into one request. @defaultValue true */
  readonly coalesce: boolean;
  /** Consecutive empty pages after which a pull fails. @defaultValue 100 */
  readonly maxEmptyPages: number;
  /**
   * Lifetime of the engine's lease after its last renewal. Until the lease expires, no other engine syncs the same
   * database.
   *
   * @defaultValue 1,500 (1.5 seconds)
   */
  readonly leaseTtlMs: number;
  /**
   * Time without progress after which a run emits `run.stalled`; `Infinity` = never. Choose more than the longest time
   * of two requests, because the transport repeats a request after a 401.
   *
   * @defaultValue 90,000 (1.5 minutes)
   */
  readonly stallAfterMs: number;
  /**
   * Time after the last sync from which the diagnosis calls data old and mounted live queries report `stale`;
   * `Infinity` = never. @defaultValue 86,400,000 (1 day)
   */
  readonly staleAfterMs: number;
  /** How long the server is assumed to remember a request id. @defaultValue 43,200,000 (12 hours) */
  readonly idempotencyWindowMs: number;
  /** How long a statement waits while another process locks the database. @defaultValue 5,000 (5 seconds) */
  readonly busyTimeoutMs: number;
  /** How long the engine waits for a transaction that executes no statement. @defaultValue 5,000 (5 seconds) */
  readonly gateTimeoutMs: number;
  /** Maximum size in bytes of the fetched pages that wait to be applied (I10). @defaultValue 4,194,304 (4 MiB) */
  readonly maxBufferedBytes: number;
  /** Number of discarded operations kept for `undoDiscard`. @defaultValue 100 */
  readonly discardHistory: number;
}

const day = 24 * 60 * 60 * 1000;

/** Defaults and bounds of {@link SyncConfig}. */
export const configOptions = {
  pageSize: byDefault(500, wholeFrom(1)),
  pushBatchSize: byDefault(500, wholeFrom(1)),
  backoffMinMs: byDefault(1_000, timeFrom(1)),
  backoffMaxMs: byDefault(120_000, timeFrom(1)),
  backoffMultiplier: byDefault(2, numberFrom(1)),
  maxRetries: byDefault(5, wholeFrom(0)),
  fullResyncIntervalMs: byDefault(7 * day, timeOrNever(1)),
  conflictStrategy: byDefault('autoPreserve', oneOf(...conflictStrategies)),
  conflictResolver: optional(aFunction),
  mergeFunction: optional(aFunction),
  maxConflictRetries: byDefault(3, wholeFrom(0)),
  conflictRetryDelayMs: byDefault(500, timeFrom(0)),
  skipConflictingOps: byDefault(false, aFlag),
  maxOutboxTryCount: byDefault(5, wholeFrom(1)),
  requestTimeoutMs: byDefault(30_000, timeFrom(1)),
  pullConcurrency: byDefault(1, wholeFrom(1)),
  pullOverlapMs: byDefault(0, timeFrom(0)),
  mergedPush: byDefault('conditional', oneOf('conditional', 'force')),
  sweepOnFullResync: byDefault(true, aFlag),
  coalesce: byDefault(true, aFlag),
  maxEmptyPages: byDefault(100, wholeFrom(1)),
  leaseTtlMs: byDefault(1_500, timeFrom(100)),
  stallAfterMs: byDefault(90_000, timeOrNever(1)),
  staleAfterMs: byDefault(day, timeOrNever(1)),
  idempotencyWindowMs: byDefault(day / 2, timeFrom(0)),
  busyTimeoutMs: byDefault(5_000, timeFrom(0)),
  gateTimeoutMs: byDefault(5_000, timeFrom(1)),
  maxBufferedBytes: byDefault(4 * 1024 * 1024, wholeFrom(1)),
  discardHistory: byDefault(100, wholeFrom(0)),
} satisfies OptionList<Partial<SyncConfig>>;

export const defaultSyncConfig: SyncConfig = withDefaults<Partial<SyncConfig>, typeof configOptions>(configOptions, {});

const owner: OptionOwner = {
  options: 'config',
  option: (name) => `config.${name}`,
  unknown: (name) => `config.${name} is not a setting`,
  error: RangeError,
};

/**
 * Completes a configuration with the defaults. Throws `RangeError` for the first invalid value or unknown field, and
 * names it (F-13).
 */
export function resolveSyncConfig(given: Partial<SyncConfig> = {}): SyncConfig {
  const resolved = completeOptions<Partial<SyncConfig>, typeof configOptions>(owner, configOptions, given);
  if (resolved.backoffMinMs > resolved.backoffMaxMs) {
    throw new RangeError(
      `config.backoffMinMs (${resolved.backoffMinMs}) must not be above config.backoffMaxMs (${resolved.backoffMaxMs})`,
    );
  }
  return resolved;
}
