import type { Clock } from '../model/clock.ts';

/**
 * Lets everything that is ready run first: sockets write, timers fire, others come to the gate. Needs no clock, so that it also passes
 * under a simulated one.
 */
export const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === 'function') {
      setImmediate(resolve);
      return;
    }
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      resolve();
    };
    channel.port2.postMessage(undefined);
  });

/** Waits `delayMs` by the clock, or until `signal` aborts, whichever comes first. Never rejects. */
export const pause = (clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted || delayMs <= 0) {
      resolve();
      return;
    }
    const done = (): void => {
      clock.clearTimeout(handle);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const handle = clock.setTimeout(done, delayMs);
    signal.addEventListener('abort', done, { once: true });
  });

/**
 * Waits for `work`, but not longer than `signal` allows: undefined after an abort. What the work comes to later is ignored, so that nobody
 * who does not heed a signal can hold up a PAUSE (I9).
 */
export const unlessAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> =>
  new Promise((resolve, reject) => {
    const stop = (): void => resolve(undefined);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
