/** A fault as a panel names it beside the call that it acted on. */
export type FaultMark = 'offline' | 'latency' | 'error' | 'lost answer' | 'clock skew';

/**
 * Remembers which faults acted on a call, for the watcher around it. A call is known by the object it was made with.
 */
export interface FaultMarks {
  note(call: object, fault: FaultMark): void;
  /** In the order in which they acted first; `undefined` where none did. */
  of(call: object): readonly FaultMark[] | undefined;
}

export function createFaultMarks(): FaultMarks {
  // Weak: a call that nobody waits for any more leaves nothing behind.
  const marks = new WeakMap<object, Set<FaultMark>>();
  return {
    note: (call, fault) => {
      const own = marks.get(call);
      if (own === undefined) marks.set(call, new Set([fault]));
      else own.add(fault);
    },
    of: (call) => {
      const own = marks.get(call);
      return own === undefined ? undefined : [...own];
    },
  };
}
