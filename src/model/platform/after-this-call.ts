/** Runs `work` after the current call returns. Fake timers of tests do not replace it, unlike `queueMicrotask`. */
export const afterThisCall = (work: () => void): void => void Promise.resolve().then(work);
