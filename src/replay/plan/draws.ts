import type { LogEntry, TransitionEntry } from '../../devtools/protocol/log-entry.ts';
import type { RandomSource } from '../../model/platform/clock.ts';
import type { SyncConfig } from '../../model/config.ts';
import type { Json } from '../../model/values/json.ts';
import { longestTimerMs } from '../../rules/backoff.ts';
import { seededRandom } from '../../testing/seeded-random.ts';

const modulus = 2n ** 32n;
/** Reverts one step of the chart's generator. */
const previousSeed = (seed: bigint): bigint =>
  ((((seed - 1_013_904_223n) % modulus) + modulus) * 4_276_115_653n) % modulus;

/**
 * The seed from which the chart's delays are drawn as recorded: the final seed of the log, reverted once per logged
 * delay. Undefined if the file has none.
 */
export function seedAtStart(seedAtEnd: Json | undefined, entries: readonly LogEntry[]): number | undefined {
  if (typeof seedAtEnd !== 'number' || !Number.isSafeInteger(seedAtEnd)) return undefined;
  let seed = BigInt(seedAtEnd);
  for (const entry of entries)
    if (entry.type === 'transition' && entry.actions.includes('scheduleRetry')) seed = previousSeed(seed);
  return Number(seed);
}

/**
 * When waits of single operations ended, according to the log. Each began with the end of a run and ended by itself.
 */
export function dueTimes(entries: readonly LogEntry[], waitAtEnd: Json | undefined): readonly number[] {
  const moves = entries.filter((entry): entry is TransitionEntry => entry.type === 'transition');
  const times = moves
    .filter(({ cause, sources }) => cause.startsWith('after ') && sources.includes('sync.activity.backoff'))
    .map(({ at }) => at);
  return typeof waitAtEnd === 'number' ? [...times, waitAtEnd] : times;
}

type Limits = Pick<SyncConfig, 'backoffMinMs' | 'backoffMaxMs' | 'backoffMultiplier'>;

/** The fraction that gives the recorded `delayMs` for one of the attempts. */
export function fractionFor(
  delayMs: number,
  { backoffMinMs, backoffMaxMs, backoffMultiplier }: Limits,
): number | undefined {
  for (let attempt = 0; attempt < 40; attempt += 1) {
    const full = Math.min(backoffMinMs * backoffMultiplier ** attempt, backoffMaxMs, longestTimerMs);
    if (delayMs >= full / 2 && delayMs <= full) return (delayMs * 2) / full - 1;
  }
  return undefined;
}

export interface DrawParts {
  readonly seed: number | undefined;
  readonly dueTimes: readonly number[];
  readonly limits: Limits;
  readonly now: () => number;
  /** For draws that the recording does not contain. */
  readonly fallbackSeed: number;
}

/** Draws the values of the recorded engine, as far as its log contains them. */
export function recordedDraws({ seed, dueTimes: times, limits, now, fallbackSeed }: DrawParts): RandomSource {
  const others = seededRandom(fallbackSeed);
  let isFirst = true;
  return () => {
    if (isFirst) {
      isFirst = false;
      // The first draw is the chart's own seed.
      return seed === undefined ? others() : seed / 2 ** 32;
    }
    const due = times.find((time) => time > now());
    return (due === undefined ? undefined : fractionFor(due - now(), limits)) ?? others();
  };
}
