import { conflictStrategies, type ConflictResolver, type ConflictStrategy, type MergeFunction } from './conflict.ts';

/** Settings of the engine. Times in ms. Validated by {@link resolveSyncConfig}; every field is optional there. */
export interface SyncConfig {
  /** Rows asked for in one pull request. */
  readonly pageSize: number;
  /** Operations taken from the outbox at once. */
  readonly pushBatchSize: number;
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
  readonly backoffMultiplier: number;
  /** Retries of a run without progress; 5 means at most 6 attempts. */
  readonly maxRetries: number;
  /** How long after the last one a kind is fully resynced; `Infinity` = never by itself. */
  readonly fullResyncIntervalMs: number;
  readonly conflictStrategy: ConflictStrategy;
  readonly conflictResolver?: ConflictResolver | undefined;
  readonly mergeFunction?: MergeFunction | undefined;
  /** Rounds of re-pushing one conflict in one run. */
  readonly maxConflictRetries: number;
  readonly conflictRetryDelayMs: number;
  /** Gives an operation up whose conflict stays unresolved, with an event that holds it. */
  readonly skipConflictingOps: boolean;
  /** Definite refusals after which an operation is stuck. */
  readonly maxOutboxTryCount: number;
  readonly requestTimeoutMs: number;
  /** Kinds pulled at the same time. */
  readonly pullConcurrency: number;
  /** Re-reads this window before the cursor, for servers whose rows become visible late. */
  readonly pullOverlapMs: number;
  /** `force` for servers without conditional writes. */
  readonly mergedPush: 'conditional' | 'force';
  /** Whether a full resync removes rows that the server no longer lists. */
  readonly sweepOnFullResync: boolean;
  /** Whether unsent operations of one entity are folded into one request. */
  readonly coalesce: boolean;
  readonly maxEmptyPages: number;
  readonly leaseTtlMs: number;
  /** How long a run may stand still before `run.stalled` tells so; `Infinity` = never. More than a request and its repetition after a 401 take. */
  readonly stallAfterMs: number;
  /** How long the server is trusted to remember a request id. */
  readonly idempotencyWindowMs: number;
  readonly busyTimeoutMs: number;
  readonly gateTimeoutMs: number;
  /** Fetched pages held before they are applied, in bytes (I10). */
  readonly maxBufferedBytes: number;
  /** Discarded operations kept for `undoDiscard`. */
  readonly discardHistory: number;
}

const day = 24 * 60 * 60 * 1000;

export const defaultSyncConfig: SyncConfig = {
  pageSize: 500,
  pushBatchSize: 500,
  backoffMinMs: 1_000,
  backoffMaxMs: 120_000,
  backoffMultiplier: 2,
  maxRetries: 5,
  fullResyncIntervalMs: 7 * day,
  conflictStrategy: 'autoPreserve',
  maxConflictRetries: 3,
  conflictRetryDelayMs: 500,
  skipConflictingOps: false,
  maxOutboxTryCount: 5,
  requestTimeoutMs: 30_000,
  pullConcurrency: 1,
  pullOverlapMs: 0,
  mergedPush: 'conditional',
  sweepOnFullResync: true,
  coalesce: true,
  maxEmptyPages: 100,
  leaseTtlMs: 1_500,
  stallAfterMs: 90_000,
  idempotencyWindowMs: day / 2,
  busyTimeoutMs: 5_000,
  gateTimeoutMs: 5_000,
  maxBufferedBytes: 4 * 1024 * 1024,
  discardHistory: 100,
};

type Rule = readonly [expected: string, holds: (value: unknown) => boolean];
const isWhole = (value: unknown, least: number): boolean => typeof value === 'number' && Number.isSafeInteger(value) && value >= least;
const isTime = (value: unknown, least: number): boolean => typeof value === 'number' && Number.isFinite(value) && value >= least;
const wholeFrom = (least: number): Rule => [`a whole number of at least ${least}`, (value) => isWhole(value, least)];
const timeFrom = (least: number): Rule => [`a finite number of milliseconds of at least ${least}`, (value) => isTime(value, least)];
const oneOf = (...allowed: readonly string[]): Rule => [`one of ${allowed.join(', ')}`, (value) => allowed.includes(value as string)];
const flag: Rule = ['true or false', (value) => typeof value === 'boolean'];
const functionIfGiven: Rule = ['a function', (value) => value === undefined || typeof value === 'function'];

const rules: Readonly<Record<keyof SyncConfig, Rule>> = {
  pageSize: wholeFrom(1),
  pushBatchSize: wholeFrom(1),
  backoffMinMs: timeFrom(1),
  backoffMaxMs: timeFrom(1),
  backoffMultiplier: ['a finite number of at least 1', (value) => isTime(value, 1)],
  maxRetries: wholeFrom(0),
  fullResyncIntervalMs: ['a number of milliseconds above 0, or Infinity', (value) => value === Infinity || isTime(value, 1)],
  conflictStrategy: oneOf(...conflictStrategies),
  conflictResolver: functionIfGiven,
  mergeFunction: functionIfGiven,
  maxConflictRetries: wholeFrom(0),
  conflictRetryDelayMs: timeFrom(0),
  skipConflictingOps: flag,
  maxOutboxTryCount: wholeFrom(1),
  requestTimeoutMs: timeFrom(1),
  pullConcurrency: wholeFrom(1),
  pullOverlapMs: timeFrom(0),
  mergedPush: oneOf('conditional', 'force'),
  sweepOnFullResync: flag,
  coalesce: flag,
  maxEmptyPages: wholeFrom(1),
  leaseTtlMs: timeFrom(100),
  stallAfterMs: ['a number of milliseconds of at least 1, or Infinity', (value) => value === Infinity || isTime(value, 1)],
  idempotencyWindowMs: timeFrom(0),
  busyTimeoutMs: timeFrom(0),
  gateTimeoutMs: timeFrom(1),
  maxBufferedBytes: wholeFrom(1),
  discardHistory: wholeFrom(0),
};

/** Completes a configuration with the defaults. Throws `RangeError` naming the first field with a bad value, or an unknown field (F-13). */
export function resolveSyncConfig(config: Partial<SyncConfig> = {}): SyncConfig {
  const unknown = Object.keys(config).find((field) => !(field in rules));
  if (unknown !== undefined) throw new RangeError(`config.${unknown} is not a setting; known are ${Object.keys(rules).join(', ')}`);
  const given = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined)) as Partial<SyncConfig>;
  const resolved: SyncConfig = { ...defaultSyncConfig, ...given };
  for (const field of Object.keys(rules) as (keyof SyncConfig)[]) {
    const [expected, holds] = rules[field];
    if (!holds(resolved[field])) throw new RangeError(`config.${field} must be ${expected}, got ${String(resolved[field])}`);
  }
  if (resolved.backoffMinMs > resolved.backoffMaxMs) {
    throw new RangeError(`config.backoffMinMs (${resolved.backoffMinMs}) must not be above config.backoffMaxMs (${resolved.backoffMaxMs})`);
  }
  return resolved;
}
