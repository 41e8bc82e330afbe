import type { SyncEngine, SyncEvent } from 'synchart';

const longest = 100;
const uninteresting: ReadonlySet<SyncEvent['type']> = new Set(['sync.progress', 'request.deferred']);

/** The last events of an engine, newest first, as a store that a screen follows. */
export class SyncLogStore {
  #events: readonly SyncEvent[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #told: { unsubscribe(): void };

  constructor(engine: SyncEngine) {
    this.#told = engine.events$.subscribe((event) => {
      if (uninteresting.has(event.type)) return;
      this.#events = [event, ...this.#events].slice(0, longest);
      for (const listener of this.#listeners) listener();
    });
  }

  getSnapshot = (): readonly SyncEvent[] => this.#events;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  end(): void {
    this.#told.unsubscribe();
  }
}
