/** `opfs` survives everything but the user; `memory` ends with the last tab. */
export type StorageMode = 'opfs' | 'memory';

/** Where a browser database is kept, and what this tab is to it. */
export interface StorageStatus {
  readonly mode: StorageMode;
  /**
   * `owner`: this tab's worker has the file. `follower`: another tab's has it. `opening`: nobody yet, or a takeover is
   * under way. `outdated`: a newer release of the app has taken the file; reload this tab. `closed`: `close()` was called.
   */
  readonly role: 'opening' | 'owner' | 'follower' | 'outdated' | 'closed';
  /** The browser has promised not to evict the file. Never true in memory. */
  readonly persisted: boolean;
  /** Bytes that the origin may use, and uses, as the browser estimates them. */
  readonly quota?: number;
  readonly usage?: number;
  /** Why the mode is not `opfs`. */
  readonly reason?: string;
  /** What SQLite's integrity check found after a statement met damage. */
  readonly damage?: string;
}
