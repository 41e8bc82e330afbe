import { reportQuietly } from '../model/platform/report-quietly.ts';
import type { ReadableStore } from './readable-store.ts';

/** How the writes of a form or a button stand. */
export interface WriteState {
  /** A write has begun and not ended. */
  readonly pending: boolean;
  /** Why the last write that ended failed; absent where it did not. */
  readonly error?: unknown;
}

export interface WriteStore<Arguments extends readonly unknown[], Result> extends ReadableStore<WriteState> {
  /** Writes, and lets the state follow. Rejects with what the write rejects with; unawaited it harms nothing. */
  readonly run: (...given: Arguments) => Promise<Result>;
  /** Forgets the error. */
  readonly reset: () => void;
}

const idle: WriteState = Object.freeze({ pending: false });

/** A write as a store. `write` may be exchanged between two runs. */
export function createWriteStore<Arguments extends readonly unknown[], Result>(
  write: (...given: Arguments) => Promise<Result>,
): WriteStore<Arguments, Result> {
  const listeners = new Set<() => void>();
  let state = idle;
  let running = 0;
  let lastRun = 0;
  const set = (next: WriteState): void => {
    if (next.pending === state.pending && next.error === state.error) return;
    state = Object.freeze(next);
    for (const listener of [...listeners]) {
      try {
        listener();
      } catch (error) {
        reportQuietly(error);
      }
    }
  };
  const ended = (run: number, failure: { readonly error: unknown } | undefined): void => {
    running -= 1;
    // An older run that ends late says nothing about the newest.
    const { error } = run === lastRun ? (failure ?? {}) : state;
    set({ pending: running > 0, ...(error === undefined ? {} : { error }) });
  };
  const begin = async (run: number, given: Arguments): Promise<Result> => {
    try {
      const result = await write(...given);
      ended(run, undefined);
      return result;
    } catch (error) {
      ended(run, { error });
      throw error;
    }
  };
  return {
    run: (...given) => {
      running += 1;
      lastRun += 1;
      set({ pending: true });
      const result = begin(lastRun, given);
      // The state tells of the error; nobody has to look at the promise.
      result.catch(() => undefined);
      return result;
    },
    reset: () => set({ pending: running > 0 }),
    subscribe: (listener) => {
      const own = (): void => listener();
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    getSnapshot: () => state,
    getServerSnapshot: () => idle,
  };
}
