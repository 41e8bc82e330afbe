import type { Clock } from './clock.ts';

/**
 * The platform's time, for whoever was given no clock. Global timers are looked up at each call: a test may have put
 * others in their place.
 */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, delayMs) => globalThis.setTimeout(callback, delayMs),
  clearTimeout: (handle) => globalThis.clearTimeout(handle as ReturnType<typeof globalThis.setTimeout>),
};
