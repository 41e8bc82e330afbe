import type { RunEnded } from '../../model/run.ts';
import { SyncAbortedError, type SyncError } from '../../model/errors/errors.ts';

interface Waiter {
  readonly settle: (ended: RunEnded) => void;
  readonly fail: (error: SyncError) => void;
}

/**
 * Prevents an unhandled rejection, which ends a Node process (F-15). Callers that await the promise still get the
 * error.
 */
export const handled = <T>(promise: Promise<T>): Promise<T> => {
  promise.catch(() => undefined);
  return promise;
};

/** The promises that wait for runs, keyed by the id that the chart carries for them. */
export class Waiters {
  readonly #waiting = new Map<string, Waiter>();
  #lastId = 0;

  /** Waits for the run that `ask` requests. An aborted signal ends the wait, not the run. */
  wait(ask: (waiter: string) => void, leave: (waiter: string) => void, signal?: AbortSignal): Promise<RunEnded> {
    if (signal?.aborted) return Promise.reject(endedBySignal(signal));
    const id = `w${++this.#lastId}`;
    return new Promise<RunEnded>((resolve, reject) => {
      const onAbort = (): void => {
        if (signal === undefined || !this.#waiting.delete(id)) return;
        leave(id);
        reject(endedBySignal(signal));
      };
      const done = (): void => {
        this.#waiting.delete(id);
        signal?.removeEventListener('abort', onAbort);
      };
      this.#waiting.set(id, {
        settle: (ended) => {
          done();
          resolve(ended);
        },
        fail: (error) => {
          done();
          reject(error);
        },
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      ask(id);
    });
  }

  settle(ids: readonly string[], ended: RunEnded): void {
    for (const id of ids) this.#waiting.get(id)?.settle(ended);
  }

  fail(ids: readonly string[], error: SyncError): void {
    for (const id of ids) this.#waiting.get(id)?.fail(error);
  }

  failAll(error: SyncError): void {
    this.fail([...this.#waiting.keys()], error);
  }
}

export const endedBySignal = (signal: AbortSignal): SyncAbortedError =>
  new SyncAbortedError('the signal ended the wait; the run goes on', { cause: signal.reason });
