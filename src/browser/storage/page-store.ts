import { HostUnreachableError } from '../../model/errors/errors.ts';
import { randomId } from '../../model/platform/random-id.ts';
import type { DatabaseNames } from './database-name.ts';
import {
  connect,
  empty,
  endOf,
  headKey,
  headStore,
  pagesStore,
  resultOf,
  unusable,
  type Head,
  type Home,
} from './indexed-db.ts';
import { BrowserStorageError } from './storage-error.ts';

/** SQLite's default page, and the unit in which a database lies in IndexedDB. */
export const pageBytes = 4_096;

/** Pages that are read at once: 8 MB. */
const sliceLength = 2_048;

/** What one commit changes. A page without bytes is no longer part of the database. */
export interface PageChanges {
  readonly size: number;
  readonly pages: ReadonlyMap<number, Uint8Array | undefined>;
}

/** Opens the pages for one owner: a new version of the IndexedDB database waits until all other connections are closed. */
async function connectAlone(names: DatabaseNames): Promise<IDBDatabase> {
  for (;;) {
    const probe = await connect(names);
    const version = probe.version + 1;
    probe.close();
    try {
      return await connect(names, version);
    } catch (error) {
      // Somebody came between the two steps.
      if (!(error instanceof Error) || error.name !== 'VersionError') throw error;
    }
  }
}

/** The pages of one database in IndexedDB, open for nobody else. */
export class PageStore {
  readonly #id = randomId();
  readonly #names: DatabaseNames;
  #database: IDBDatabase;
  #head: Head | undefined;

  private constructor(names: DatabaseNames, database: IDBDatabase) {
    this.#names = names;
    this.#database = database;
  }

  /** Rejects with `BrowserStorageError`: `inUse` while another tab has the pages open. */
  static async open(names: DatabaseNames): Promise<PageStore> {
    try {
      const store = new PageStore(names, await connectAlone(names));
      store.#head = await store.#readHead();
      return store;
    } catch (error) {
      throw unusable(error);
    }
  }

  get home(): Home | undefined {
    return this.#head?.home;
  }

  /** Bytes of the database. */
  get size(): number {
    return this.#head?.size ?? 0;
  }

  /** Those pages that are there, by their number. */
  async readPages(): Promise<ReadonlyMap<number, Uint8Array>> {
    const count = Math.ceil(this.size / pageBytes);
    const store = this.#database.transaction(pagesStore).objectStore(pagesStore);
    const pages = new Map<number, Uint8Array>();
    for (let first = 0; first < count; first += sliceLength) {
      const slice = IDBKeyRange.bound(first, Math.min(first + sliceLength, count) - 1);
      const keys = resultOf(store.getAllKeys(slice));
      const found = await resultOf(store.getAll(slice) as IDBRequest<Uint8Array[]>);
      for (const [index, key] of (await keys).entries()) {
        const page = found[index];
        if (typeof key === 'number' && page !== undefined) pages.set(key, page);
      }
    }
    return pages;
  }

  /**
   * Stores one commit: all of it or nothing. Resolves when it is on the disk. Where it fails for another reason than a
   * lack of space, a new connection tells whether the commit was stored.
   */
  async write(changes: PageChanges): Promise<void> {
    const commits = (this.#head?.commits ?? 0) + 1;
    const next: Head = { home: 'indexeddb', size: changes.size, commits, writer: this.#id };
    try {
      await this.#replaceHead(next, (pages) => {
        for (const [index, bytes] of changes.pages) {
          if (bytes === undefined) pages.delete(index);
          else pages.put(bytes, index);
        }
      });
    } catch (error) {
      if (isPlain(error) || !(await this.#isStored(next).catch(unknownOutcome))) throw error;
    }
    this.#head = next;
  }

  /** Forgets all pages: the data lies in `home` now, or nowhere. */
  async forget(home?: Home): Promise<void> {
    const head = home === undefined ? undefined : { home, ...empty };
    await this.#replaceHead(head, (pages) => pages.clear());
    this.#head = head;
  }

  close(): void {
    this.#database.close();
  }

  #readHead(): Promise<Head | undefined> {
    const store = this.#database.transaction(headStore).objectStore(headStore);
    return resultOf(store.get(headKey) as IDBRequest<Head | undefined>);
  }

  async #replaceHead(next: Head | undefined, change: (pages: IDBObjectStore) => void): Promise<void> {
    const stores = [headStore, pagesStore];
    const transaction = this.#database.transaction(stores, 'readwrite', { durability: 'strict' });
    const head = transaction.objectStore(headStore);
    const found = head.get(headKey) as IDBRequest<Head | undefined>;
    let isOther = false;
    found.onsuccess = () => {
      // Where somebody has emptied the storage of this site, the changed pages alone are no database.
      isOther = !isSame(found.result, this.#head);
      if (isOther) {
        transaction.abort();
        return;
      }
      change(transaction.objectStore(pagesStore));
      if (next === undefined) head.delete(headKey);
      else head.put(next, headKey);
    };
    try {
      await endOf(transaction);
    } catch (cause) {
      if (!isOther) throw cause;
      throw new BrowserStorageError(
        'damaged',
        'The stored pages of the database were changed or deleted by something else. Nothing was written; reload the page',
        { cause },
      );
    }
  }

  async #isStored(head: Head): Promise<boolean> {
    this.#database.close();
    this.#database = await connectAlone(this.#names);
    return isSame(await this.#readHead(), head);
  }
}

const isSame = (one: Head | undefined, other: Head | undefined): boolean =>
  one?.commits === other?.commits && one?.writer === other?.writer;

/** Rejects: neither the commit nor a new connection tells whether the pages are stored. */
function unknownOutcome(cause: unknown): never {
  throw new HostUnreachableError(
    'IndexedDB did not tell whether it stored the commit, and cannot be opened to look. The change may be stored: reload the page and read before you write it again',
    true,
    { cause },
  );
}

/** Leaves no doubt that nothing was stored. */
const isPlain = (error: unknown): boolean =>
  error instanceof BrowserStorageError || (error instanceof Error && error.name === 'QuotaExceededError');
