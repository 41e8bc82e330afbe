import type { DatabaseNames } from './database-name.ts';
import { BrowserStorageError } from './storage-error.ts';

/** Where the data of a database lies. */
export type Home = 'opfs' | 'indexeddb';

/** What IndexedDB knows of a database as a whole. */
export interface Head {
  readonly home: Home;
  /** Bytes of the database. */
  readonly size: number;
  /** Rises by one with each stored commit. */
  readonly commits: number;
  /** The opening that stored the last commit. */
  readonly writer: string;
}

/** One object store holds the pages by their number, the other one the head. */
export const pagesStore = 'pages';
export const headStore = 'head';
export const headKey = 0;
export const empty = { size: 0, commits: 0, writer: '' };
/** The connection of the last owner closes a little later than its lock. */
const waitMs = 3_000;

const textOf = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));

/** Some browsers have the name and nothing behind it. */
export const hasIndexedDb = (): boolean => Boolean(Reflect.get(globalThis, 'indexedDB'));

/** Waits for a request. IndexedDB may never answer, so that a late answer goes to `late`. */
function waitFor<T>(request: IDBRequest<T>, problem: () => Error, late: (value: T) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const timer = setTimeout(() => {
      isOver = true;
      reject(problem());
    }, waitMs);
    request.onsuccess = () => {
      clearTimeout(timer);
      if (isOver) late(request.result);
      else resolve(request.result);
    };
    request.onerror = () => {
      clearTimeout(timer);
      reject(request.error ?? new Error('IndexedDB refused without a reason'));
    };
  });
}

export const resultOf = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB refused without a reason'));
  });

/** Resolves when everything is on the disk. */
export const endOf = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('IndexedDB ended the transaction'));
  });

export function connect({ pages: name }: DatabaseNames, version?: number): Promise<IDBDatabase> {
  const request = indexedDB.open(name, version);
  request.onupgradeneeded = () => {
    for (const store of [pagesStore, headStore])
      if (!request.result.objectStoreNames.contains(store)) request.result.createObjectStore(store);
  };
  const problem = (): Error =>
    new BrowserStorageError(
      'inUse',
      `The stored pages of the database are still open elsewhere after ${waitMs} ms. Without Web Locks, which pages on plain http lack, one tab at a time has the database: close the other tabs of this site, then try again`,
    );
  return waitFor(request, problem, (database) => database.close());
}

export const unusable = (cause: unknown): BrowserStorageError =>
  cause instanceof BrowserStorageError
    ? cause
    : new BrowserStorageError('noDurableStorage', `The browser's IndexedDB cannot be used: ${textOf(cause)}`, {
        cause,
      });

/**
 * Where the data of a database lies; undefined where it is new, or where there is no IndexedDB. Rejects with
 * `BrowserStorageError` where IndexedDB is there and fails.
 */
export async function readHome(names: DatabaseNames): Promise<Home | undefined> {
  if (!hasIndexedDb()) return undefined;
  try {
    const database = await connect(names);
    try {
      const found = database.transaction(headStore).objectStore(headStore).get(headKey) as IDBRequest<Head | undefined>;
      return (await resultOf(found))?.home;
    } finally {
      database.close();
    }
  } catch (error) {
    throw unusable(error);
  }
}

/** Remembers that the data lies in the private file system: where that is missing later, nobody begins anew. */
export async function rememberFile(names: DatabaseNames): Promise<void> {
  const database = await connect(names);
  try {
    const transaction = database.transaction(headStore, 'readwrite');
    transaction.objectStore(headStore).put({ home: 'opfs', ...empty } satisfies Head, headKey);
    await endOf(transaction);
  } finally {
    database.close();
  }
}
