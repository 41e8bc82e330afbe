import type { SyncFailure } from '../model/errors/failure.ts';
import type { Run, SyncRequest, Wait } from '../model/run.ts';
import type { SyncStats } from '../model/values/run-stats.ts';
import type { RegisteredKinds, RetryLimits } from '../rules/sync-rules.ts';

export interface SyncInput extends RegisteredKinds {
  readonly limits: RetryLimits;
  /** Any whole number; the same one draws the same delays. */
  readonly seed: number;
}

/** Data only: it survives JSON, except the `cause` of failures, which is for promises and logs. */
export interface SyncContext extends SyncInput {
  /** The run under way, also while it waits for the lease, is paused or backs off. */
  readonly run: Run | undefined;
  /** What the next run has to do. */
  readonly next: SyncRequest | undefined;
  /** Failures since the last progress, over all runs; the delays grow with it. */
  readonly attempt: number;
  readonly wait: Wait | undefined;
  /** The last failure that nothing has cured yet. */
  readonly failure: SyncFailure | undefined;
  readonly runCount: number;
  readonly lastStats: SyncStats;
}
