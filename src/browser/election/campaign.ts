import type { DatabaseNames } from '../storage/database-name.ts';

/** How long others stand back for an heir that does not come. */
const heirPassesMs = 2_000;
const standBackMs = 20;

export interface Campaign {
  /** Others let `tab` have the lock next. */
  prefer(tab: string): void;
  /** Ends it. An owner leaves first. */
  stop(): void;
}

/**
 * Waits for the lock of the owner, again and again. `reign` runs while it is held and resolves when it is to be given
 * back. A lock that another tab was promised is given back at once.
 */
export function runForOwner(parts: {
  readonly names: DatabaseNames;
  readonly tab: string;
  /** Resolves with how long to wait before the next attempt, ms. */
  reign(): Promise<number>;
}): Campaign {
  const { names, tab } = parts;
  const stopped = new AbortController();
  let heir: { readonly tab: string; readonly until: number } | undefined;
  const standsBack = (): boolean => heir !== undefined && heir.tab !== tab && Date.now() < heir.until;
  const campaign = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const pauseMs = await navigator.locks.request(names.ownerLock, { signal: stopped.signal }, () =>
        standsBack() ? standBackMs : parts.reign(),
      );
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  };
  campaign().catch((error: unknown) => {
    if (!stopped.signal.aborted) throw error;
  });
  return {
    prefer: (preferred) => {
      heir = { tab: preferred, until: Date.now() + heirPassesMs };
    },
    stop: () => stopped.abort(),
  };
}
