const turnOf = (): ((callback: () => void) => void) => {
  // A fake timer carries the clock that drives it; a turn that waits for that clock never comes.
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

/** Captured when the module loads: the fake timers of a test drive delays and timeouts, never the turns in between. */
const turn = turnOf();

/** Lets timers, input and other work have their turn; a page is applied in slices between such yields (F-147). */
export const yieldTurn = (): Promise<void> => new Promise((resolve) => turn(resolve));
