import type { SyncSnapshot } from '../../machines/sync-machine.ts';
import type { Clock } from '../../model/platform/clock.ts';
import { SyncAbortedError } from '../../model/errors/errors.ts';
import type { SyncActor } from '../machine/sync-stream.ts';

export interface WaitLimits {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  readonly clock: Clock;
}

/** Subscribes and returns the unsubscribe function. Calls `done` at most once. */
export type Listen<T> = (done: (value: T) => void) => () => void;

/** Waits for the event of a subscription. Rejects with `SyncAbortedError` on abort or timeout. */
export function waitFor<T>(listen: Listen<T>, { signal, timeoutMs, clock }: WaitLimits): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: unknown;
    let stop: () => void = () => undefined;
    const end = (): void => {
      stop();
      if (timer !== undefined) clock.clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => {
      end();
      reject(new SyncAbortedError('the signal ended the wait', { cause: signal?.reason }));
    };
    if (signal?.aborted) return onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    if (timeoutMs !== undefined) {
      timer = clock.setTimeout(() => {
        end();
        reject(new SyncAbortedError(`the wait ended after ${timeoutMs} ms`));
      }, timeoutMs);
    }
    stop = listen((value) => {
      end();
      resolve(value);
    });
  });
}

/** Waits until the machine satisfies a condition; resolves at once if it already does. */
export const waitUntil = (
  actor: SyncActor,
  reached: (snapshot: SyncSnapshot) => boolean,
  limits: WaitLimits,
): Promise<SyncSnapshot> => {
  const now = actor.getSnapshot();
  if (reached(now)) return Promise.resolve(now);
  return waitFor((done) => {
    const look = (): void => {
      const snapshot = actor.getSnapshot();
      if (reached(snapshot)) done(snapshot);
    };
    const watching = actor.subscribe({ next: look, complete: look, error: look });
    return () => watching.unsubscribe();
  }, limits);
};
