import type { Database, Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import { BrowserStorageError } from '../storage/storage-error.ts';

/** The first bytes of every SQLite database. */
const magic = 'SQLite format 3\0';
const headerBytes = 100;
/** Both bytes are 2 in a file that used a WAL, and 1 in one that did not. */
const formatBytes = [18, 19];
const rollbackFormat = 1;

/** A copy of all pages as one file that any SQLite opens, the WAL's included. */
export function serialize(sqlite: Sqlite3Static, database: Database): Uint8Array {
  const bytes = sqlite.capi.sqlite3_js_db_export(database);
  for (const index of formatBytes) bytes[index] = rollbackFormat;
  return bytes;
}

/** What an integrity check finds; undefined when all is well. */
export function damageOf(database: Database): string | undefined {
  const found = database.selectValues('PRAGMA integrity_check(10)').map(String);
  return found.length === 1 && found[0] === 'ok' ? undefined : found.join('; ');
}

/** Reads given bytes as a database in memory. Throws `BrowserStorageError` for bytes that are none, or a damaged one. */
export function readWholeFile(sqlite: Sqlite3Static, given: Uint8Array): Database {
  const header = new TextDecoder('latin1').decode(given.subarray(0, magic.length));
  if (given.byteLength < headerBytes || header !== magic) {
    throw new BrowserStorageError(
      'notADatabase',
      'The given bytes are no SQLite database. The stored file is unchanged',
    );
  }
  const bytes = given.slice();
  // A database in memory has no WAL.
  for (const index of formatBytes) bytes[index] = rollbackFormat;
  const { capi, wasm, oo1 } = sqlite;
  const database = new oo1.DB(':memory:');
  try {
    const pointer = wasm.allocFromTypedArray(bytes);
    const flags = capi.SQLITE_DESERIALIZE_FREEONCLOSE | capi.SQLITE_DESERIALIZE_RESIZEABLE;
    database.checkRc(capi.sqlite3_deserialize(database, 'main', pointer, bytes.byteLength, bytes.byteLength, flags));
    const damage = damageOf(database);
    if (damage === undefined) return database;
    throw new BrowserStorageError('damaged', `The given database is damaged: ${damage}. The stored file is unchanged`);
  } catch (cause) {
    database.close();
    if (cause instanceof BrowserStorageError) throw cause;
    throw new BrowserStorageError(
      'notADatabase',
      `The given bytes cannot be read as an SQLite database: ${cause instanceof Error ? cause.message : String(cause)}. The stored file is unchanged`,
      { cause },
    );
  }
}

/** Replaces all pages of `target` in one transaction: a crash leaves the old database or the new one. */
export function replaceWholeFile(sqlite: Sqlite3Static, target: Database, source: Database): void {
  const { capi } = sqlite;
  // A WAL keeps its page size.
  source.exec(`PRAGMA page_size = ${String(target.selectValue('PRAGMA page_size'))}`);
  source.exec('VACUUM');
  const backup = capi.sqlite3_backup_init(target, 'main', source, 'main');
  if (!backup)
    throw new BrowserStorageError('locked', `The database cannot be replaced: ${capi.sqlite3_errmsg(target)}`);
  capi.sqlite3_backup_step(backup, -1);
  target.checkRc(capi.sqlite3_backup_finish(backup));
}
