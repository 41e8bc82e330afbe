import { hasLocks, supportProblem } from './storage/browser-support.ts';
import { homeDirectory, namesOf, type DatabaseNames } from './storage/database-name.ts';
import { hasIndexedDb } from './storage/indexed-db.ts';
import { PageStore } from './storage/page-store.ts';
import { BrowserStorageError } from './storage/storage-error.ts';

const retriesForMs = 3_000;
const retryMs = 50;

const isNamed = (error: unknown, name: string): boolean => error instanceof Error && error.name === name;

/**
 * Deletes the database and its file. Rejects with `BrowserStorageError` (`inUse`) while a tab has it open; resolves where
 * there is none.
 */
export async function deleteBrowserDatabase(name: string): Promise<void> {
  const names = namesOf(name);
  const problem = supportProblem();
  if (problem !== undefined) throw problem;
  if (!hasLocks()) return forgetPages(names);
  await navigator.locks.request(names.ownerLock, { ifAvailable: true }, async (lock) => {
    if (lock === null) {
      throw new BrowserStorageError(
        'inUse',
        `The database "${name}" is open: close it here and in all other tabs, then delete it`,
      );
    }
    // The note of where the data lies goes last.
    await removeDirectory(names.directory.slice(homeDirectory.length + 1));
    await forgetPages(names);
  });
}

/** Empties the IndexedDB database and lets it stand: a request to delete it would wait, and later meet other data. */
async function forgetPages(names: DatabaseNames): Promise<void> {
  if (!hasIndexedDb()) return;
  const pages = await PageStore.open(names);
  try {
    await pages.forget();
  } finally {
    pages.close();
  }
}

async function removeDirectory(directory: string): Promise<void> {
  const storage = navigator.storage as Partial<StorageManager> | undefined;
  if (typeof storage?.getDirectory !== 'function') return;
  const begunAt = Date.now();
  for (;;) {
    try {
      const home = await (await navigator.storage.getDirectory()).getDirectoryHandle(homeDirectory);
      await home.removeEntry(directory, { recursive: true });
      return;
    } catch (cause) {
      if (isNamed(cause, 'NotFoundError')) return;
      // The handles of the last owner close a little later than its lock.
      if (!isNamed(cause, 'NoModificationAllowedError') || Date.now() - begunAt > retriesForMs) {
        throw new BrowserStorageError(
          'locked',
          `The file cannot be deleted: ${cause instanceof Error ? cause.message : String(cause)}`,
          { cause },
        );
      }
    }
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
}
