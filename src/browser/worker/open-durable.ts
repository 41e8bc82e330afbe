import type { Database, SAHPoolUtil, Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import { hasLocks } from '../storage/browser-support.ts';
import type { DatabaseNames } from '../storage/database-name.ts';
import { hasIndexedDb, readHome, rememberFile } from '../storage/indexed-db.ts';
import type { PageStore } from '../storage/page-store.ts';
import { BrowserStorageError } from '../storage/storage-error.ts';
import { openPool, poolExists, resumePool } from './file-pool.ts';
import type { OpenedDatabase } from './opened-database.ts';
import { checkpoint, openFile, verifyPaged } from './open-file.ts';
import { readWholeFile, replaceWholeFile } from './whole-file.ts';

const isHopeless = (error: unknown): error is BrowserStorageError =>
  error instanceof BrowserStorageError && error.problem === 'noDurableStorage';

/**
 * Opens a database where its data lies: in the private file system, or in IndexedDB where a browser has no private file
 * system. IndexedDB keeps the note of which it is, so that a browser that gives another one later begins no second
 * database.
 */
export class DurableStorage {
  #pool: SAHPoolUtil | undefined;

  constructor(private readonly names: DatabaseNames) {}

  /** Rejects with `BrowserStorageError`, and leaves what is stored as it is. */
  async open(sqlite: Sqlite3Static): Promise<OpenedDatabase> {
    const home = await this.#home();
    if (home === 'indexeddb') return this.#openPages(sqlite, storedHere);
    try {
      if (!hasLocks()) throw new BrowserStorageError('noDurableStorage', noLocks);
      const opened = await this.#openFile(sqlite);
      // Without the note, the file is found all the same.
      if (home === undefined && hasIndexedDb()) await rememberFile(this.names).catch(() => undefined);
      return opened;
    } catch (error) {
      this.#pool?.pauseVfs();
      if (!isHopeless(error)) throw error;
      if (home === 'opfs') {
        const message = `${error.message}. The data of this database lies there, so nothing else is opened: reload the page, or open it as before`;
        throw new BrowserStorageError('noDurableStorage', message, { cause: error });
      }
      return this.#openPages(sqlite, error.message);
    }
  }

  async #home(): ReturnType<typeof readHome> {
    try {
      return await readHome(this.names);
    } catch (error) {
      // The file may be old, and the data of a database without a file may lie where nobody can look.
      if (await poolExists(this.names)) return 'opfs';
      throw error;
    }
  }

  async #openFile(sqlite: Sqlite3Static): Promise<OpenedDatabase> {
    if (this.#pool === undefined) this.#pool = await openPool(sqlite, this.names);
    else await resumePool(this.#pool);
    const pool = this.#pool;
    return { sqlite, mode: 'opfs', database: openFile(pool), isFile: true, close: () => pool.pauseVfs() };
  }

  async #openPages(sqlite: Sqlite3Static, reason: string): Promise<OpenedDatabase> {
    if (!hasIndexedDb()) {
      throw new BrowserStorageError(
        globalThis.isSecureContext ? 'noDurableStorage' : 'insecureContext',
        `This browser has no durable storage for a database: ${reason}, and it lacks IndexedDB. With allowMemory: true the database lives in memory and ends with the tab`,
      );
    }
    const { openStored } = await import('./paged-database.ts');
    const { pages, ...paged } = await openStored(sqlite, this.names);
    const { database } = paged;
    try {
      verifyPaged(database);
      const moved = pages.home === 'indexeddb' ? await this.#moveToFile(sqlite, database, pages) : undefined;
      if (moved === undefined) return { sqlite, mode: 'indexeddb', reason, isFile: false, ...paged };
      database.close();
      pages.close();
      return moved;
    } catch (error) {
      database.close();
      pages.close();
      throw error;
    }
  }

  /**
   * The browser has a private file system by now. The note changes last, together with the removal of the pages: until
   * then they are the database. Undefined where they stay.
   */
  async #moveToFile(sqlite: Sqlite3Static, database: Database, pages: PageStore): Promise<OpenedDatabase | undefined> {
    // What a former attempt has left is not overwritten.
    if (!hasLocks() || (await poolExists(this.names))) return undefined;
    let file: OpenedDatabase | undefined;
    try {
      file = await this.#openFile(sqlite);
      const copy = readWholeFile(sqlite, sqlite.capi.sqlite3_js_db_export(database));
      try {
        replaceWholeFile(sqlite, file.database, copy);
      } finally {
        copy.close();
      }
      checkpoint(file.database);
    } catch {
      file?.database.close();
      await this.#pool?.removeVfs();
      this.#pool = undefined;
      return undefined;
    }
    try {
      await pages.forget('opfs');
    } catch (error) {
      file.database.close();
      file.close();
      throw error;
    }
    return file;
  }
}

const noLocks = 'Pages that are not secure have no private file system and no Web Locks';
const storedHere = 'The data of this database lies in IndexedDB';
