import { supportProblem } from './storage/browser-support.ts';
import { homeDirectory, namesOf } from './storage/database-name.ts';
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
  await navigator.locks.request(names.ownerLock, { ifAvailable: true }, async (lock) => {
    if (lock === null) {
      throw new BrowserStorageError(
        'inUse',
        `The database "${name}" is open: close it here and in all other tabs, then delete it`,
      );
    }
    await removeDirectory(names.directory.slice(homeDirectory.length + 1));
  });
}

async function removeDirectory(directory: string): Promise<void> {
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
