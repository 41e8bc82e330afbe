const looks = new WeakMap<AbortSignal, () => void>();

/**
 * Sets what is looked at, right before a request with this signal leaves; it aborts the signal where the request must
 * not leave any more.
 */
export const setLastLook = (signal: AbortSignal, look: () => void): void => void looks.set(signal, look);

/**
 * Looks once more whether a request may still leave; afterwards `signal.aborted` says so. For transport adapters: call
 * it when the token is known and before the first byte is sent, so that nothing goes out with the token of a user who
 * signed in meanwhile (F-143), or from a process whose lease has passed to another while it slept (I11).
 */
export const lastLook = (signal: AbortSignal | undefined): void => {
  if (signal !== undefined) looks.get(signal)?.();
};
