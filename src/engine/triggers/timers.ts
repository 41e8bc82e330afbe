import type { Clock } from '../../model/platform/clock.ts';
import { longestTimerMs } from '../../rules/backoff.ts';
import type { EndTrigger } from './trigger-site.ts';

/**
 * Calls `work` once after `delayMs`. Splits a delay above 24.8 days into several timers, because platform timers would
 * fire at once.
 */
export function startTimer(clock: Clock, delayMs: number, work: () => void): EndTrigger {
  let handle: unknown;
  const wait = (leftMs: number): void => {
    const part = Math.min(Math.max(leftMs, 0), longestTimerMs);
    handle = clock.setTimeout(() => {
      if (leftMs > part) wait(leftMs - part);
      else work();
    }, part);
  };
  wait(delayMs);
  return () => clock.clearTimeout(handle);
}

/** Calls `work` repeatedly, first after one interval. */
export function startRepeating(clock: Clock, intervalMs: number, work: () => void): EndTrigger {
  let end: EndTrigger = () => undefined;
  const again = (): void => {
    end = startTimer(clock, intervalMs, () => {
      // Set first, so that an error in the work cannot stop the repetition.
      again();
      work();
    });
  };
  again();
  return () => end();
}

/** Collects pokes until they stop for `silenceMs`, at most `longestMs` after the first one. */
export interface Debounce {
  poke(): void;
  /** Runs pending work now; does nothing if there is none. */
  flush(): void;
  cancel(): void;
}

/** Uses two timers and never the time of day, so that clock changes neither hasten nor delay the work (F-113). */
export function createDebounce(
  clock: Clock,
  { silenceMs, longestMs }: { readonly silenceMs: number; readonly longestMs: number },
  work: () => void,
): Debounce {
  let endSilence: EndTrigger | undefined;
  let endLongest: EndTrigger | undefined;
  const cancel = (): void => {
    endSilence?.();
    endLongest?.();
    endSilence = endLongest = undefined;
  };
  const done = (): void => {
    cancel();
    work();
  };
  return {
    poke: () => {
      endLongest ??= startTimer(clock, longestMs, done);
      endSilence?.();
      endSilence = startTimer(clock, silenceMs, done);
    },
    flush: () => {
      if (endLongest !== undefined) done();
    },
    cancel,
  };
}
