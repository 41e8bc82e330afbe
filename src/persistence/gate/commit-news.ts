import type { Writes } from '../sql/written-tables.ts';
import type { Commit } from './gate-port.ts';

/** Counts the commits of one database that wrote something, and announces each. */
export class CommitNews {
  readonly #tell: (work: () => void) => void;
  readonly #warn: (message: string) => void;
  readonly #listeners = new Set<(commit: Commit) => void>();
  #count = 0;

  /** `tell` calls a listener outside the caller's transaction. */
  constructor(tell: (work: () => void) => void, warn: (message: string) => void) {
    this.#tell = tell;
    this.#warn = warn;
  }

  get count(): number {
    return this.#count;
  }

  listen(listener: (commit: Commit) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  announce(writes: Writes): void {
    if (writes.isEmpty) return;
    this.#count += 1;
    const commit: Commit = { number: this.#count, writes };
    for (const listener of this.#listeners) {
      try {
        this.#tell(() => listener(commit));
      } catch (error) {
        this.#warn(`A commit listener failed: ${String(error)}`);
      }
    }
  }
}
