const callbacks = new WeakMap<AbortSignal, Set<() => void>>();

const nothing = (): void => undefined;

/**
 * Calls back when the signal aborts. Returns a function that unsubscribes. Adds a single listener per signal, because
 * Node warns of a leak at eleven.
 */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (signal === undefined) return nothing;
  const known = callbacks.get(signal);
  const all = known ?? new Set();
  if (known === undefined) {
    callbacks.set(signal, all);
    signal.addEventListener(
      'abort',
      () => {
        for (const each of [...all]) each();
      },
      { once: true },
    );
  }
  // A wrapper per call, so that two waits with the same callback end separately.
  const mine = (): void => callback();
  all.add(mine);
  return () => {
    all.delete(mine);
  };
}
