import type { TabLock } from '../../persistence/runs/tab-lock.ts';
import { whenReleased } from '../election/held-lock.ts';
import type { SyncingMessage } from '../election/lobby.ts';
import type { DatabaseNames } from '../storage/database-name.ts';

interface SyncingTabParts {
  /** This tab. */
  readonly tab: string;
  readonly names: DatabaseNames;
  tell(message: SyncingMessage): void;
  onChange(syncingTab: string | undefined): void;
}

/** Knows which tab syncs. Tabs tell each other in the lobby; that a tab died shows in its lock. */
export class SyncingTab {
  readonly #parts: SyncingTabParts;
  #syncing: string | undefined;
  #watch: AbortController | undefined;

  constructor(parts: SyncingTabParts) {
    this.#parts = parts;
  }

  /** Asks the others: a tab that just opened, or was put away, has missed what they said. */
  ask(): void {
    if (this.#syncing !== this.#parts.tab) this.#note(undefined);
    this.#parts.tell({ type: 'whoSyncs' });
  }

  hear(message: SyncingMessage): void {
    const { tab, tell } = this.#parts;
    if (message.type === 'whoSyncs') {
      if (this.#syncing === tab) tell({ type: 'syncing', tab, syncs: true });
      return;
    }
    if (message.syncs) this.#note(message.tab);
    else if (message.tab === this.#syncing) this.#note(undefined);
  }

  /** The same lock, which tells the other tabs when this one takes it and lets go of it. */
  announced(lock: TabLock): TabLock {
    return {
      tryAcquire: async () => {
        const isHeld = await lock.tryAcquire();
        if (isHeld) this.#tellOwn(true);
        return isHeld;
      },
      release: () => {
        lock.release();
        if (this.#syncing === this.#parts.tab) this.#tellOwn(false);
      },
      isWanted: () => lock.isWanted(),
    };
  }

  end(): void {
    this.#watch?.abort();
  }

  #tellOwn(syncs: boolean): void {
    const { tab, tell } = this.#parts;
    this.#note(syncs ? tab : undefined);
    tell({ type: 'syncing', tab, syncs });
  }

  #note(syncing: string | undefined): void {
    if (syncing === this.#syncing) return;
    this.#watch?.abort();
    this.#syncing = syncing;
    const { tab, names, onChange } = this.#parts;
    onChange(syncing);
    if (syncing === undefined || syncing === tab) return;
    const watch = new AbortController();
    this.#watch = watch;
    whenReleased(names.tabLock(syncing), watch.signal).then(
      () => {
        if (this.#watch === watch) this.#note(undefined);
      },
      () => undefined,
    );
  }
}
