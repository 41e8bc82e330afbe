import { hasLocks, supportProblem } from './storage/browser-support.ts';
import { databaseFile, homeDirectory, namesOf, walFile, type DatabaseNames } from './storage/database-name.ts';
import { hasIndexedDb, readHome } from './storage/indexed-db.ts';
import { pageBytes, PageStore } from './storage/page-store.ts';
import { BrowserStorageError } from './storage/storage-error.ts';

/** The raw files of a database. SQLite reads them together when they lie side by side as `x` and `x-wal`. */
export interface RescuedFiles {
  readonly database: Uint8Array;
  /** Commits that are not in `database` yet; undefined where there are none. */
  readonly wal?: Uint8Array;
}

/** Each file of the pool begins with a block that holds its name. */
const blockBytes = 4_096;
const nameBytes = 512;

async function readFile(handle: FileSystemFileHandle): Promise<{ readonly path: string; readonly bytes: Uint8Array }> {
  const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
  const name = bytes.subarray(0, nameBytes);
  const end = name.indexOf(0);
  return { path: new TextDecoder().decode(name.subarray(0, end === -1 ? 0 : end)), bytes: bytes.slice(blockBytes) };
}

/**
 * Reads what is stored without opening it as a database: for a file that SQLite refuses. Changes nothing. Rejects with
 * `BrowserStorageError` when a tab has the database open, or when it does not exist.
 */
export async function rescueBrowserDatabase(name: string): Promise<RescuedFiles> {
  const names = namesOf(name);
  const problem = supportProblem();
  if (problem !== undefined) throw problem;
  if (!hasLocks()) return rescuePages(names);
  return navigator.locks.request(names.ownerLock, { ifAvailable: true }, async (lock) => {
    if (lock === null)
      throw new BrowserStorageError('inUse', `The database "${name}" is open: use exportFile, or close it in all tabs`);
    return (await readHome(names)) === 'indexeddb' ? rescuePages(names) : rescueFile(names);
  });
}

const noDatabase = (names: DatabaseNames): BrowserStorageError =>
  new BrowserStorageError('notADatabase', `There is no stored database with the name "${names.name}"`);

async function rescueFile(names: DatabaseNames): Promise<RescuedFiles> {
  const files = await readPool(names.directory.slice(homeDirectory.length + 1));
  const bytesOf = (path: string): Uint8Array | undefined => files.find((file) => file.path === path)?.bytes;
  const database = bytesOf(databaseFile);
  if (database === undefined) throw noDatabase(names);
  const wal = bytesOf(walFile);
  return { database, ...(wal === undefined || wal.byteLength === 0 ? {} : { wal }) };
}

async function rescuePages(names: DatabaseNames): Promise<RescuedFiles> {
  if (!hasIndexedDb()) throw noDatabase(names);
  const store = await PageStore.open(names);
  try {
    if (store.home !== 'indexeddb') throw noDatabase(names);
    const database = new Uint8Array(store.size);
    for (const [index, page] of await store.readPages()) {
      const at = index * pageBytes;
      if (at < database.byteLength) database.set(page.subarray(0, database.byteLength - at), at);
    }
    return { database };
  } finally {
    store.close();
  }
}

async function readPool(directory: string): Promise<Awaited<ReturnType<typeof readFile>>[]> {
  try {
    const root = await navigator.storage.getDirectory();
    const home = await root.getDirectoryHandle(homeDirectory);
    const pool = await (await home.getDirectoryHandle(directory)).getDirectoryHandle('.opaque');
    const files: Awaited<ReturnType<typeof readFile>>[] = [];
    for await (const handle of pool.values()) if (handle.kind === 'file') files.push(await readFile(handle));
    return files;
  } catch (error) {
    if (error instanceof Error && error.name === 'NotFoundError') return [];
    throw error;
  }
}
