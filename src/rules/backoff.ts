import type { SyncConfig } from '../model/config.ts';
import type { SyncFailure } from '../model/errors/failure.ts';
import type { Wait } from '../model/run.ts';

export type BackoffLimits = Pick<SyncConfig, 'backoffMinMs' | 'backoffMaxMs' | 'backoffMultiplier'>;

/** The longest delay that a timer supports. A timer with a longer delay would fire at once. */
export const longestTimerMs = 2 ** 31 - 1;

/**
 * Computes the delay in ms before retry number `attempt` (the first is 1):
 * `backoffMinMs × backoffMultiplier^(attempt-1)`, at most `backoffMaxMs`. The second half of the delay is random, so
 * that clients do not return together (F-86). `random01` is in [0, 1).
 */
export function delayFor(attempt: number, random01: number, limits: BackoffLimits): number {
  const retry = Number.isFinite(attempt) ? Math.max(1, attempt) : 1;
  // A huge power becomes Infinity, which the maximum limits.
  const full = Math.min(
    limits.backoffMinMs * limits.backoffMultiplier ** (retry - 1),
    limits.backoffMaxMs,
    longestTimerMs,
  );
  return Math.round(full / 2 + (full / 2) * Math.min(Math.max(random01, 0), 1));
}

/**
 * Computes the wait after a failure in ms. The server's Retry-After is a lower bound, even beyond `backoffMaxMs`
 * (F-85), but not beyond the limit of a timer. `retryAt` is absent if the failure carries no time.
 */
export function waitAfter(failure: SyncFailure, attempt: number, random01: number, limits: BackoffLimits): Wait {
  const asked = failure.type === 'throttled' && failure.retryAfterMs > 0 ? failure.retryAfterMs : 0;
  const delayMs = Math.min(Math.max(delayFor(attempt, random01, limits), Math.ceil(asked)), longestTimerMs);
  return { delayMs, retryAt: failure.at === undefined ? undefined : failure.at + delayMs };
}

/**
 * Steps a linear congruential generator. Random numbers are data, so that a snapshot can be replayed. Seeds are
 * integers from 0 to 2^32-1.
 */
export const nextSeed = (seed: number): number => (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;

/** Maps a seed to a fraction in [0, 1). */
export const fractionOf = (seed: number): number => seed / 2 ** 32;
