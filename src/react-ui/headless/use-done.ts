import { useCallback, useEffect, useRef, useState } from 'react';

/** Something that was done and can be undone. */
export interface Done<What> {
  readonly what: What;
  readonly state: 'done' | 'undoing' | 'undone' | 'failed';
  /** Why it could not be undone. */
  readonly problem?: string | undefined;
}

export interface DoneModel<What> {
  readonly done: Done<What> | undefined;
  /** Undoes it; a second call does nothing. Never rejects: `done` shows a failure. */
  undo(): Promise<void>;
  dismiss(): void;
  /** While true, the offer does not end by itself: somebody points at it or has the focus in it. */
  hold(isHeld: boolean): void;
}

export interface Undoable {
  /** Absent: it cannot be undone. */
  readonly undo?: (() => Promise<void>) | undefined;
}

/** How long undo is offered, and how long a success is shown. */
const offeredMs = 20_000;
const shownMs = 6_000;

/** Offers to undo the last thing that was done. The offer ends after 20 seconds. */
export function useDone<What extends Undoable>(): DoneModel<What> & { tell(what: What): void } {
  const [done, setDone] = useState<Done<What>>();
  const [isHeld, setIsHeld] = useState(false);
  const last = useRef<Done<What>>(undefined);
  const set = useCallback((next: Done<What> | undefined): void => {
    last.current = next;
    setDone(next);
  }, []);

  const state = done?.state;
  useEffect(() => {
    if (done === undefined || isHeld || state === 'undoing') return;
    const timer = setTimeout(() => set(undefined), state === 'done' && done.what.undo ? offeredMs : shownMs);
    return () => clearTimeout(timer);
  }, [done, isHeld, state, set]);

  return {
    done,
    tell: useCallback((what: What) => set({ what, state: 'done' }), [set]),
    dismiss: useCallback(() => set(undefined), [set]),
    hold: setIsHeld,
    undo: useCallback(async () => {
      const before = last.current;
      if (before?.what.undo === undefined || before.state !== 'done') return;
      const { what } = before;
      set({ what, state: 'undoing' });
      try {
        await before.what.undo();
        if (last.current?.what === what) set({ what, state: 'undone' });
      } catch (error) {
        if (last.current?.what === what) set({ what, state: 'failed', problem: messageOf(error) });
      }
    }, [set]),
  };
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Runs at most once; later calls get the same result. */
export function once(work: () => Promise<void>): () => Promise<void> {
  let result: Promise<void> | undefined;
  return () => (result ??= work());
}
