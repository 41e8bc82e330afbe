const callbacks = new WeakMap<AbortSignal, Set<() => void>>();

const nothing = (): void => undefined;

/**
 * Calls back when the signal aborts; returns the function that ends that. A signal gets one listener however many
 * requests wait on it: Node warns of a leak at eleven.
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
  // A function of its own, so that two waits with the same callback end separately.
  const mine = (): void => callback();
  all.add(mine);
  return () => {
    all.delete(mine);
  };
}
