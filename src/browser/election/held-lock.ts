export interface HeldLock {
  /** Resolves when the lock is held. */
  readonly held: Promise<void>;
  release(): void;
}

/** Takes a Web Lock and keeps it until `release`. */
export function holdLock(name: string): HeldLock {
  const abort = new AbortController();
  let release = (): void => abort.abort();
  const held = new Promise<void>((resolve, reject) => {
    const granted = (): Promise<void> => {
      resolve();
      return new Promise<void>((end) => {
        release = () => end();
      });
    };
    navigator.locks.request(name, { signal: abort.signal }, granted).catch(reject);
  });
  // Whoever releases a lock before it was granted does not wait for it.
  held.catch(() => undefined);
  return { held, release: () => release() };
}

/**
 * Resolves when nobody holds the lock any more: the tab that held it is closed, crashed, frozen into the back/forward
 * cache, or has let go.
 */
export const whenReleased = async (name: string, signal: AbortSignal): Promise<void> => {
  await navigator.locks.request(name, { signal }, () => undefined);
};
