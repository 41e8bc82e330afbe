/**
 * Counts of one run. `pulled` counts rows received and accepted, own echoes included, overlap re-reads not. `ignored`
 * counts rows of the server that are older than what is known here.
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

/** What the push phase of a run did. */
export interface PushStats {
  readonly pushed: number;
  readonly conflicts: number;
  readonly conflictsResolved: number;
  readonly errors: number;
  readonly batches: number;
}

/** What the pull phase of a run did. */
export interface PullStats {
  readonly pulled: number;
  readonly ignored: number;
  readonly pages: number;
  readonly errors: number;
}
