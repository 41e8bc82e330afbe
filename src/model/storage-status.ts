import type { Observable } from 'rxjs';

/**
 * `opfs`: a file. `indexeddb`: a database in memory that stores the changed pages of each commit in IndexedDB. `memory`:
 * ends with the tab.
 */
export type StorageMode = 'opfs' | 'indexeddb' | 'memory';

/** Where a browser database is kept, what this tab is to it, and which tab does what. */
export interface StorageStatus {
  readonly mode: StorageMode;
  /**
   * `owner`: this tab's worker has the file. `follower`: another tab's has it. `opening`: nobody yet, or a takeover is
   * under way. `outdated`: a newer release of the app has taken the file; reload this tab. `closed`: `close()` was called.
   */
  readonly role: 'opening' | 'owner' | 'follower' | 'outdated' | 'closed';
  /** Names this tab, as long as the page lives. */
  readonly tab: string;
  /** The tab whose worker has the file; absent while a takeover is under way. */
  readonly ownerTab?: string | undefined;
  /**
   * The tab that has the file has said nothing for 5 seconds while this tab waits. Calls go on waiting, at most 20
   * seconds; nobody takes the file from it.
   */
  readonly ownerSilent?: true | undefined;
  /** The tab whose engine syncs at the moment; absent while none does. */
  readonly syncingTab?: string | undefined;
  /** The browser has promised not to evict the file. Never true in memory. */
  readonly persisted: boolean;
  /** The browser was asked not to evict the file, and did not promise it. */
  readonly persistRefused?: true;
  /** Bytes that the origin may use, and uses, as the browser estimates them. */
  readonly quota?: number;
  readonly usage?: number;
  /** Why the mode is not `opfs`. */
  readonly reason?: string;
  /** What SQLite's integrity check found after a statement met damage. */
  readonly damage?: string;
}

/** What an engine learns of the storage under its database. */
export interface StoragePort {
  status(): StorageStatus;
  /** The present status, then each change of it. */
  readonly changes: Observable<StorageStatus>;
}
