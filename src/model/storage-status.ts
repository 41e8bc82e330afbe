import type { Observable } from 'rxjs';

/**
 * `opfs`: a file. `indexeddb`: a database in memory whose commits are saved to IndexedDB page by page. `memory`: lost
 * when the tab closes.
 */
export type StorageMode = 'opfs' | 'indexeddb' | 'memory';

/** Where a browser database is kept, the role of this tab, and the tabs that hold the file and sync. */
export interface StorageStatus {
  readonly mode: StorageMode;
  /**
   * `owner`: the worker of this tab has the file. `follower`: the worker of another tab has it. `opening`: no tab has
   * it yet, or a takeover is in progress. `outdated`: a newer release of the app took the file; reload this tab.
   * `closed`: `close()` was called.
   */
  readonly role: 'opening' | 'owner' | 'follower' | 'outdated' | 'closed';
  /** Identifies this tab while the page lives. */
  readonly tab: string;
  /** The tab whose worker has the file; absent during a takeover. */
  readonly ownerTab?: string | undefined;
  /**
   * The tab with the file has not responded for 5 seconds while this tab waits. Calls keep waiting, at most 20 seconds;
   * no other tab takes the file over.
   */
  readonly ownerSilent?: true | undefined;
  /** The tab whose engine currently syncs; absent if none does. */
  readonly syncingTab?: string | undefined;
  /** The browser promised not to evict the file. Never true in memory. */
  readonly persisted: boolean;
  /** The browser declined a request not to evict the file. */
  readonly persistRefused?: true;
  /** Bytes that the origin may use and does use, as estimated by the browser. */
  readonly quota?: number;
  readonly usage?: number;
  /** Why the mode is not `opfs`. */
  readonly reason?: string;
  /** Result of SQLite's integrity check after a statement found damage. */
  readonly damage?: string;
}

/** What an engine can read of the storage of its database. */
export interface StoragePort {
  status(): StorageStatus;
  /** Emits the current status, then each change. */
  readonly changes: Observable<StorageStatus>;
}
