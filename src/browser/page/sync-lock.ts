import type { TabLock } from '../../persistence/runs/tab-lock.ts';

/** The part of `navigator.locks` that is used. */
type Locks = Pick<LockManager, 'request' | 'query'>;

/** How long a lock that came in its turn waits for whoever asked for it. An engine asks four times a second. */
const unclaimedMs = 2_000;

/**
 * Which tab syncs, as a Web Lock. A tab that is seen stands in the queue of the lock; a hidden one takes it only where
 * nobody stands there, and lets go of it between two batches when somebody does. `release` also leaves the queue.
 */
export function createSyncLock(name: string, locks: Locks, isVisible: () => boolean): TabLock {
  /** Ends the request that holds the lock. */
  let end: (() => void) | undefined;
  let isClaimed = false;
  let queue: AbortController | undefined;

  const letGo = (): void => {
    isClaimed = false;
    end?.();
    end = undefined;
  };
  const hold = (): Promise<void> =>
    new Promise((resolve) => {
      end = resolve;
    });
  const stand = (): void => {
    const mine = new AbortController();
    queue = mine;
    const granted = (): Promise<void> => {
      queue = undefined;
      const held = hold();
      const unclaimed = setTimeout(() => {
        if (!isClaimed) letGo();
      }, unclaimedMs);
      return held.finally(() => clearTimeout(unclaimed));
    };
    locks.request(name, { signal: mine.signal }, granted).catch(() => {
      if (queue === mine) queue = undefined;
    });
  };
  const tryNow = (): Promise<boolean> =>
    new Promise((resolve, reject) => {
      const answer = (lock: Lock | null): Promise<void> | undefined => {
        resolve(lock !== null);
        return lock === null ? undefined : hold();
      };
      locks.request(name, { ifAvailable: true }, answer).catch(reject);
    });

  return {
    tryAcquire: async () => {
      // Two engines of one tab are two who want it.
      if (isClaimed) return false;
      if (end === undefined && queue === undefined && !(await tryNow())) {
        if (isVisible()) stand();
        return false;
      }
      if (isClaimed || end === undefined) return false;
      isClaimed = true;
      return true;
    },
    release: () => {
      queue?.abort();
      queue = undefined;
      letGo();
    },
    isWanted: async () => {
      if (!isClaimed || isVisible()) return false;
      const { pending = [] } = await locks.query();
      return pending.some((request) => request.name === name);
    },
  };
}

/**
 * Gives an engine over the database the lock, and lets go of it when the page goes away: a page in the back/forward
 * cache keeps its locks. Returns the function that ends both.
 */
export function syncOneTabAtATime(name: string, use: (lock: TabLock) => void): () => void {
  const lock = createSyncLock(name, navigator.locks, () => document.visibilityState !== 'hidden');
  const letGo = (): void => lock.release();
  globalThis.addEventListener('pagehide', letGo);
  document.addEventListener('freeze', letGo);
  use(lock);
  return () => {
    globalThis.removeEventListener('pagehide', letGo);
    document.removeEventListener('freeze', letGo);
    lock.release();
  };
}
