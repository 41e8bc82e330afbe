/**
 * Waits for `work` until `signal` aborts, then resolves with undefined. Ignores later results of the work, so that code
 * that ignores its signal cannot delay a PAUSE (I9).
 */
export const unlessAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> =>
  new Promise((resolve, reject) => {
    const stop = (): void => resolve(undefined);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
