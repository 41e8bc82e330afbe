/**
 * Waits for `work`, but not longer than `signal` allows: undefined after an abort. What the work comes to later is
 * ignored, so that nobody who does not heed a signal can hold up a PAUSE (I9).
 */
export const unlessAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> =>
  new Promise((resolve, reject) => {
    const stop = (): void => resolve(undefined);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
