import type { SAHPoolUtil, Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import type { DatabaseNames } from '../storage/database-name.ts';
import { BrowserStorageError } from '../storage/storage-error.ts';

/** The database, its WAL, and one spare. */
const handles = 3;
const firstRetryMs = 20;
const longestRetryMs = 200;
const retriesForMs = 3_000;

const isTaken = (error: unknown): boolean => error instanceof Error && error.name === 'NoModificationAllowedError';

/** No reason to look for another place. */
const isFull = (error: unknown): boolean => error instanceof Error && error.name === 'QuotaExceededError';

/** Waits, and waits longer each time, while the last owner's handles are still open: they lag behind its lock. */
async function whileTaken<T>(attempt: () => Promise<T>): Promise<T> {
  const begunAt = Date.now();
  for (let delayMs = firstRetryMs; ; delayMs = Math.min(longestRetryMs, delayMs * 2)) {
    try {
      return await attempt();
    } catch (cause) {
      if (isFull(cause)) throw cause;
      if (!isTaken(cause)) {
        throw new BrowserStorageError(
          'noDurableStorage',
          `The browser's private file system cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`,
          { cause },
        );
      }
      if (Date.now() - begunAt > retriesForMs) {
        throw new BrowserStorageError(
          'locked',
          `The file of the database is still open elsewhere after ${retriesForMs} ms. Close other tabs of this site, then reload`,
          { cause },
        );
      }
    }
    await new Promise((resolve) => setTimeout(resolve, delayMs));
  }
}

/** More than the package's types know. */
const optionsOf = ({ directory }: DatabaseNames) => ({
  name: `synchart-${directory}`,
  directory,
  initialCapacity: handles,
  preserveOnInitFailure: true,
  forceReinitIfPreviouslyFailed: true,
  // The library would print to the console what we report as errors.
  verbosity: 0,
});

/**
 * Opens the pool of files that the database lives in, once its last owner has closed it. A failed attempt leaves the
 * files alone, which is not the default of the library: without `preserveOnInitFailure` it deletes the folder.
 */
export const openPool = (sqlite: Sqlite3Static, names: DatabaseNames): Promise<SAHPoolUtil> =>
  whileTaken(async () => {
    const pool = await sqlite.installOpfsSAHPoolVfs(optionsOf(names));
    // A process that died while it made the first files left too few.
    await pool.reserveMinimumCapacity(handles);
    return pool;
  });

/** Whether the private file system has ever held a database of this name. */
export async function poolExists({ directory }: DatabaseNames): Promise<boolean> {
  try {
    let folder = await navigator.storage.getDirectory();
    for (const part of directory.split('/')) folder = await folder.getDirectoryHandle(part);
    return true;
  } catch {
    return false;
  }
}

/** Takes the handles again after {@link SAHPoolUtil.pauseVfs}. */
export async function resumePool(pool: SAHPoolUtil): Promise<void> {
  await whileTaken(() => pool.unpauseVfs());
}
