import type { SyncFailure } from '../model/errors/failure.ts';
import type { Run, SyncRequest, Wait } from '../model/run.ts';
import type { SyncStats } from '../model/values/run-stats.ts';
import type { RegisteredKinds, RetryLimits } from '../rules/sync-rules.ts';

export interface SyncInput extends RegisteredKinds {
  readonly limits: RetryLimits;
  /** Any integer. The same seed draws the same delays. */
  readonly seed: number;
}

/** Plain data that survives JSON, except the `cause` of failures, which is for promises and logs. */
export interface SyncContext extends SyncInput {
  /** The current run, including while it waits for the lease, is paused or backs off. */
  readonly run: Run | undefined;
  /** The work of the next run. */
  readonly next: SyncRequest | undefined;
  /** Failures since the last progress, across runs. The delays grow with it. */
  readonly attempt: number;
  readonly wait: Wait | undefined;
  /** The last failure that is not resolved yet. */
  readonly failure: SyncFailure | undefined;
  readonly runCount: number;
  readonly lastStats: SyncStats;
}
