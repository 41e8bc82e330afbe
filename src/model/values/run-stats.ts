/**
 * Counts of one run. `pulled` counts rows received and accepted; it includes own echoes and excludes overlap re-reads.
 * `ignored` counts rows of the server that are older than the known version.
 */
export interface SyncStats {
  readonly pushed: number;
  readonly pulled: number;
  readonly ignored: number;
  readonly conflicts: number;
  readonly conflictsResolved: number;
  readonly errors: number;
}

export const noStats: SyncStats = { pushed: 0, pulled: 0, ignored: 0, conflicts: 0, conflictsResolved: 0, errors: 0 };

export const addStats = (a: SyncStats, b: Partial<SyncStats>): SyncStats => ({
  pushed: a.pushed + (b.pushed ?? 0),
  pulled: a.pulled + (b.pulled ?? 0),
  ignored: a.ignored + (b.ignored ?? 0),
  conflicts: a.conflicts + (b.conflicts ?? 0),
  conflictsResolved: a.conflictsResolved + (b.conflictsResolved ?? 0),
  errors: a.errors + (b.errors ?? 0),
});

/** Results of a run's push phase. */
export interface PushStats {
  readonly pushed: number;
  readonly conflicts: number;
  readonly conflictsResolved: number;
  readonly errors: number;
  readonly batches: number;
}

/** Results of a run's pull phase. */
export interface PullStats {
  readonly pulled: number;
  readonly ignored: number;
  readonly pages: number;
  readonly errors: number;
}
