import type { Database, Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import type { StorageMode } from '../../model/storage-status.ts';

/** An open database, and where its data lies. */
export interface OpenedDatabase {
  readonly sqlite: Sqlite3Static;
  readonly database: Database;
  readonly mode: StorageMode;
  /** Why the mode is not `opfs`. */
  readonly reason?: string;
  /** A file has a WAL, which has to be emptied from time to time. */
  readonly isFile: boolean;
  /** Stores what was committed in memory; undefined where nothing was. */
  store?(): Promise<void> | undefined;
  /** Lets the storage go, after the database is closed. */
  close(): void;
}
