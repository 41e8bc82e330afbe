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

/** What a screen shows. A new object for each change, so that it fits `useSyncExternalStore`. Times are epoch ms. */
export interface SyncStatus {
  readonly phase: SyncPhaseName;
  /** How far the running phase is; an unknown total is absent (F-107). */
  readonly progress?: {
    readonly phase: 'push' | 'pull';
    readonly done: number;
    readonly total?: number;
    readonly kind?: string;
  };
  /** Queued operations that are not stuck. */
  readonly pending: number;
  readonly stuck: number;
  /** Conflicts that wait for a decision; one that is decided does not count, though a run has to apply it yet. */
  readonly conflicts: number;
  readonly online: boolean;
  readonly paused: boolean;
  /**
   * The database belongs to another user or server: nothing is sent or pulled until `adoptScope()` or `clearScope()`
   * (F-143).
   */
  readonly scopeChanged: boolean;
  readonly lastError?: SyncErrorInfo;
  readonly lastStats?: SyncStats;
  readonly lastSyncedAt?: number;
  readonly retryAt?: number;
  /**
   * Where a page keeps the database, which tab has the file and which one syncs; absent where `openBrowserDatabase` did
   * not open it.
   */
  readonly storage?: StorageStatus;
}
