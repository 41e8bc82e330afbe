import type { Database, SAHPoolUtil, Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import { databaseFile } from '../storage/database-name.ts';
import { BrowserStorageError } from '../storage/storage-error.ts';

/** A WAL that once grew larger is cut to this size at its next checkpoint. */
const journalSizeLimit = 4 * 1024 * 1024;
/** Pages in the WAL at which a commit also moves them into the database: 4 MB. */
const autoCheckpointPages = 1_000;
const notADatabase = 26;

interface Setting {
  readonly pragma: string;
  readonly value: string;
  /** What SQLite answers when it has obeyed. */
  readonly expected?: string;
}

/**
 * The order matters: a WAL needs memory that processes share, which the browser has not, unless the connection is
 * exclusive before it first reads.
 */
const fileSettings: readonly Setting[] = [
  { pragma: 'locking_mode', value: 'EXCLUSIVE', expected: 'exclusive' },
  { pragma: 'journal_mode', value: 'WAL', expected: 'wal' },
  { pragma: 'synchronous', value: 'FULL', expected: '2' },
  { pragma: 'journal_size_limit', value: String(journalSizeLimit), expected: String(journalSizeLimit) },
  { pragma: 'wal_autocheckpoint', value: String(autoCheckpointPages), expected: String(autoCheckpointPages) },
];
const sharedSettings: readonly Setting[] = [
  { pragma: 'foreign_keys', value: 'ON', expected: '1' },
  // A temporary file would take a handle of the pool.
  { pragma: 'temp_store', value: 'MEMORY', expected: '2' },
];

/** IndexedDB makes each commit durable, so SQLite itself waits for nothing and writes no journal. */
const pagedSettings: readonly Setting[] = [
  { pragma: 'journal_mode', value: 'MEMORY', expected: 'memory' },
  { pragma: 'synchronous', value: 'OFF', expected: '0' },
  // SQLite looks for changes of the file before each transaction: so it notices a commit that was taken back.
  { pragma: 'locking_mode', value: 'NORMAL', expected: 'normal' },
];

function set(database: Database, { pragma, value, expected }: Setting): void {
  database.exec(`PRAGMA ${pragma} = ${value}`);
  const answered = String(database.selectValue(`PRAGMA ${pragma}`));
  if (expected !== undefined && answered !== expected) {
    throw new BrowserStorageError(
      'noDurableStorage',
      `SQLite keeps ${pragma} = ${answered} here, but the database needs ${value}`,
    );
  }
}

const resultCodeOf = (error: unknown): unknown =>
  error instanceof Error ? Reflect.get(error, 'resultCode') : undefined;

/** Opens the file in its pool with all settings verified. Throws `BrowserStorageError` and leaves the file as it is. */
export const openFile = (pool: SAHPoolUtil): Database =>
  verified(new pool.OpfsSAHPoolDb(databaseFile), [...fileSettings, ...sharedSettings]);

/** The same for a database whose pages lie in IndexedDB. */
export const verifyPaged = (database: Database): Database => verified(database, [...pagedSettings, ...sharedSettings]);

function verified(database: Database, settings: readonly Setting[]): Database {
  try {
    for (const setting of settings) set(database, setting);
    // A file is read at the first statement that needs it.
    database.selectValue('SELECT count(*) FROM sqlite_master');
    return database;
  } catch (cause) {
    database.close();
    if (resultCodeOf(cause) !== notADatabase) throw cause;
    throw new BrowserStorageError(
      'notADatabase',
      'The stored file is no SQLite database. It is left as it is: save it with rescueBrowserDatabase, then remove it with deleteBrowserDatabase',
      { cause },
    );
  }
}

/** Opens a database that ends with this worker. */
export function openInMemory(sqlite: Sqlite3Static): Database {
  const database = new sqlite.oo1.DB(':memory:');
  for (const setting of sharedSettings) set(database, setting);
  return database;
}

/** Moves the WAL into the database and empties it. */
export const checkpoint = (database: Database): void => {
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
};
