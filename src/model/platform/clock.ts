/**
 * One clock for everything that waits: chart, request timeouts, lease. XState's `SimulatedClock` fits. Times are epoch
 * ms.
 */
export interface Clock {
  now(): number;
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(handle: unknown): void;
}

/** Returns a number in [0, 1), like `Math.random`. Inject a seeded source to replay a run. */
export type RandomSource = () => number;
