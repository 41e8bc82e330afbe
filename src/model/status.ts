import type { SyncErrorInfo } from './errors/errors.ts';
import type { StorageStatus } from './storage-status.ts';
import type { SyncStats } from './values/run-stats.ts';

/** What the engine is doing or waiting for, in one word. */
export type SyncPhaseName =
  | 'starting'
  | 'idle'
  | 'planning'
  | 'pushing'
  | 'resolvingConflict'
  | 'pulling'
  | 'paging'
  | 'fullResync'
  | 'firstPull'
  | 'finishing'
  | 'backoff'
  | 'paused'
  | 'offline'
  | 'authRequired'
  | 'standby'
  | 'failed'
  | 'stopped';

/**
 * The status that a screen shows. Every change creates a new object, as `useSyncExternalStore` requires. Times are
 * epoch ms.
 */
export interface SyncStatus {
  readonly phase: SyncPhaseName;
  /** Progress of the running phase; `total` is absent if unknown (F-107). */
  readonly progress?: {
    readonly phase: 'push' | 'pull';
    readonly done: number;
    readonly total?: number;
    readonly kind?: string;
  };
  /** Queued operations that are not stuck. */
  readonly pending: number;
  readonly stuck: number;
  /** Conflicts that wait for a decision. Excludes decided ones that a run has yet to apply. */
  readonly conflicts: number;
  readonly online: boolean;
  readonly paused: boolean;
  /**
   * The database belongs to another user or server. Nothing is sent or pulled until `adoptScope()` or `clearScope()`
   * (F-143).
   */
  readonly scopeChanged: boolean;
  readonly lastError?: SyncErrorInfo;
  readonly lastStats?: SyncStats;
  readonly lastSyncedAt?: number;
  readonly retryAt?: number;
  /**
   * Where a page keeps the database, which tab has the file and which one syncs. Present only for databases of
   * `openBrowserDatabase`.
   */
  readonly storage?: StorageStatus;
}
