import type { SyncEvent } from '../../../model/events.ts';

const seconds = 60;

/** Counts operations pushed and rows pulled by second, over the last minute. */
export interface Throughput {
  note(event: SyncEvent): void;
  /** Oldest second first; the last one is under way. */
  read(now: number): readonly number[];
}

export function createThroughput(): Throughput {
  const counts = new Array<number>(seconds).fill(0);
  let newest = 0;
  const moveTo = (second: number): void => {
    const steps = Math.min(seconds, Math.max(0, second - newest));
    for (let step = 1; step <= steps; step += 1) counts[(second - steps + step) % seconds] = 0;
    newest = Math.max(newest, second);
  };
  const done = (event: SyncEvent): number =>
    event.type === 'op.pushed' ? 1 : event.type === 'page.pulled' ? event.pageSize : 0;
  return {
    note: (event) => {
      const count = done(event);
      if (count === 0) return;
      const second = Math.floor(event.at / 1_000);
      moveTo(second);
      // A clock that was set back counts into the present second.
      const index = Math.max(second, newest) % seconds;
      counts[index] = (counts[index] ?? 0) + count;
    },
    read: (now) => {
      moveTo(Math.floor(now / 1_000));
      return Array.from({ length: seconds }, (_, index) => counts[(newest + 1 + index) % seconds] ?? 0);
    },
  };
}
