import type { SyncStatus } from '../model/status.ts';
import type { ReadableStore } from './readable-store.ts';
import { selectStore } from './select-store.ts';

/**
 * When leaving the page is asked about. `atRisk`: while changes wait and the database does not survive the page.
 * `always`: while changes wait. `never`: not at all.
 */
export type GuardWhen = 'atRisk' | 'always' | 'never';

/** The number of changes that a guard would ask about; 0: the page may be left. */
function unsentAtRisk({ pending, stuck, storage }: SyncStatus, when: GuardWhen): number {
  // Nobody tells whether another database survives.
  const survives = storage !== undefined && storage.mode !== 'memory';
  return when === 'never' || (when === 'atRisk' && survives) ? 0 : pending + stuck;
}

/** Counts what would be lost or left unsent, and asks before the page is left while somebody is subscribed. */
export const createUnsentGuard = (status: ReadableStore<SyncStatus>, when: GuardWhen): ReadableStore<number> => {
  const unsent = selectStore(status, (now) => unsentAtRisk(now, when));
  return {
    subscribe: (listener) => {
      const ask = (event: BeforeUnloadEvent): void => {
        if (unsent.getSnapshot() > 0) event.preventDefault();
      };
      globalThis.addEventListener('beforeunload', ask);
      const end = unsent.subscribe(listener);
      return () => {
        globalThis.removeEventListener('beforeunload', ask);
        end();
      };
    },
    getSnapshot: unsent.getSnapshot,
    getServerSnapshot: () => 0,
  };
};
