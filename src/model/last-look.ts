const looks = new WeakMap<AbortSignal, () => void>();

/**
 * Registers a check that runs immediately before a request with this signal is sent. The check aborts the signal if the
 * request must not leave any more.
 */
export const setLastLook = (signal: AbortSignal, look: () => void): void => void looks.set(signal, look);

/**
 * Runs the last check before a request is sent; afterwards `signal.aborted` holds the result. Transport adapters call
 * it once they have the token and before they send the first byte. This keeps two requests back: one with the token of
 * a user who signed in meanwhile (F-143), and one of a process whose lease expired while it slept (I11).
 */
export const lastLook = (signal: AbortSignal | undefined): void => {
  if (signal !== undefined) looks.get(signal)?.();
};
