import type { Clock } from '../model/platform/clock.ts';
import { yieldTurn } from '../model/platform/yield-turn.ts';

/** A clock that only moves on command. Fits XState's `clock` option and has the methods of its `SimulatedClock`. */
export interface SimulatedClock extends Clock {
  now(): number;
  setTimeout(callback: () => void, delayMs: number): number;
  clearTimeout(handle: unknown): void;
  /** Advances timer by timer, in order of due times. Between timers, pending promises are processed. */
  advance(ms: number): Promise<void>;
  /** Advances at once, without processing promises in between. */
  increment(ms: number): void;
  /** Moves to a time that is not in the past, like `increment`. */
  set(time: number): void;
  /** Processes pending promises (and database calls that are about to answer). The time does not change. */
  flush(): Promise<void>;
  /** Number of pending timers. */
  readonly pending: number;
  /** Due time of the next timer, epoch ms. */
  readonly nextDue: number | undefined;
}

interface Timer {
  readonly id: number;
  readonly due: number;
  readonly callback: () => void;
}

/** Creates a clock at `startAt` (default 2026-01-01T00:00:00Z, so that it looks like a real time). */
export function createSimulatedClock(startAt: number = Date.UTC(2026, 0, 1)): SimulatedClock {
  const timers = new Map<number, Timer>();
  let current = startAt;
  let lastId = 0;

  const next = (until: number): Timer | undefined => {
    let earliest: Timer | undefined;
    for (const timer of timers.values()) {
      if (timer.due <= until && (earliest === undefined || timer.due < earliest.due)) earliest = timer;
    }
    return earliest;
  };
  const fire = (timer: Timer): void => {
    timers.delete(timer.id);
    current = Math.max(current, timer.due);
    timer.callback();
  };
  const flush = async (): Promise<void> => {
    for (let turns = 0; turns < 3; turns += 1) await yieldTurn();
  };
  const moveTo = (time: number): void => {
    if (time < current) throw new RangeError(`a simulated clock cannot go back from ${current} to ${time}`);
    for (let timer = next(time); timer !== undefined; timer = next(time)) fire(timer);
    current = time;
  };

  return {
    now: () => current,
    setTimeout: (callback, delayMs) => {
      lastId += 1;
      // An invalid delay fires at once, as on the platform.
      timers.set(lastId, { id: lastId, due: current + (delayMs > 0 ? delayMs : 0), callback });
      return lastId;
    },
    clearTimeout: (handle) => {
      if (typeof handle === 'number') timers.delete(handle);
    },
    advance: async (ms) => {
      const target = current + ms;
      await flush();
      for (let timer = next(target); timer !== undefined; timer = next(target)) {
        fire(timer);
        await flush();
      }
      current = Math.max(current, target);
      await flush();
    },
    increment: (ms) => moveTo(current + ms),
    set: moveTo,
    flush,
    get pending() {
      return timers.size;
    },
    get nextDue() {
      return next(Infinity)?.due;
    },
  };
}
