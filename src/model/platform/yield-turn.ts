const turnOf = (): ((callback: () => void) => void) => {
  // A fake timer carries the clock that drives it. A turn that waits for that clock would never come.
  if (typeof setImmediate === 'function' && !('clock' in setImmediate)) return setImmediate;
  if (typeof MessageChannel === 'function') {
    return (callback) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        callback();
      };
      port2.postMessage(undefined);
    };
  }
  const later = setTimeout;
  return (callback) => void later(callback, 0);
};

/** Captured when the module loads, so that fake timers of tests drive delays and timeouts but never these turns. */
const turn = turnOf();

/** Lets timers, input and other work run. Pages are applied in slices with these yields in between (F-147). */
export const yieldTurn = (): Promise<void> => new Promise((resolve) => turn(resolve));
