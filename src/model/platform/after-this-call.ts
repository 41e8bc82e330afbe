/**
 * Runs `work` once the present call has returned. Unlike `queueMicrotask`, it is not replaced by the fake timers of a
 * test.
 */
export const afterThisCall = (work: () => void): void => void Promise.resolve().then(work);
