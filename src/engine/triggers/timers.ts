import type { Clock } from '../../model/platform/clock.ts';
import { longestTimerMs } from '../../rules/backoff.ts';
import type { EndTrigger } from './trigger-site.ts';

/**
 * Calls once after `delayMs`. The platform's timers fire at once beyond 24.8 days, so a longer wait is made of several.
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

/** Calls again and again, first after one interval. */
export function startRepeating(clock: Clock, intervalMs: number, work: () => void): EndTrigger {
  let end: EndTrigger = () => undefined;
  const again = (): void => {
    end = startTimer(clock, intervalMs, () => {
      // Armed first: whatever the work does, the next one comes.
      again();
      work();
    });
  };
  again();
  return () => end();
}

/** Collects pokes until they stop for `silenceMs`, at most for `longestMs` since the first one. */
export interface Debounce {
  poke(): void;
  /** Does now what waits; nothing where nothing waits. */
  flush(): void;
  cancel(): void;
}

/** Two timers and no time of day, so that a step of the clock neither hastens nor delays the work (F-113). */
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
