import fc from 'fast-check';
import { expect, test } from 'vitest';
import { delayFor, fractionOf, longestTimerMs, nextSeed, waitAfter } from '../../src/rules/backoff.ts';

const limits = { backoffMinMs: 1_000, backoffMaxMs: 120_000, backoffMultiplier: 2 };
const unavailable = { type: 'unavailable', message: 'down' } as const;

test.each([
  [1, 0, 500],
  [1, 0.999_999, 1_000],
  [2, 0, 1_000],
  [4, 0.5, 6_000],
  [8, 0, 60_000],
  [5_000, 0, 60_000],
  [0, 0, 500],
  [Infinity, 0, 500],
])('PUSH-14, F-86: attempt %d with random %d waits %d ms', (attempt, random, expected) => {
  expect(delayFor(attempt, random, limits)).toBe(expected);
});
test('RST-63, PUSH-14: the delay stays within half of and the whole of the capped power, whatever the settings', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e9 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.record({
        backoffMinMs: fc.integer({ min: 1, max: 1e12 }),
        backoffMaxMs: fc.integer({ min: 1, max: 1e12 }),
        backoffMultiplier: fc.double({ min: 1, max: 1e6, noNaN: true }),
      }),
      (attempt, random, given) => {
        const delay = delayFor(attempt, random, given);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(Math.min(given.backoffMaxMs, longestTimerMs));
      },
    ),
  );
});
test('F-85: Retry-After is a lower bound, even beyond the cap, up to the timer limit', () => {
  const throttled = (retryAfterMs: number) =>
    ({ type: 'throttled', message: 'slow down', retryAfterMs, at: 10 }) as const;
  expect(waitAfter(throttled(600_000), 1, 0, limits)).toEqual({ delayMs: 600_000, retryAt: 600_010 });
  expect(waitAfter(throttled(1), 1, 0, limits)).toEqual({ delayMs: 500, retryAt: 510 });
  expect(waitAfter(throttled(Number.NaN), 1, 0, limits).delayMs).toBe(500);
  expect(waitAfter(throttled(1e15), 1, 0, limits).delayMs).toBe(longestTimerMs);
  expect(waitAfter(unavailable, 1, 0, limits)).toEqual({ delayMs: 500, retryAt: undefined });
});
test('seeds are repeatable and spread over [0, 1)', () => {
  let seed = 7;
  const drawn = Array.from({ length: 1_000 }, () => fractionOf((seed = nextSeed(seed))));
  expect(new Set(drawn).size).toBe(1_000);
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...drawn)).toBeLessThan(1);
  expect(drawn.filter((fraction) => fraction < 0.5).length).toBeGreaterThan(400);
  expect(nextSeed(7)).toBe(nextSeed(7));
});
test('a saved seed continues in every version as in the one that saved it', () => {
  const seeds = [0, 1, 7, 2 ** 32 - 1].map((seed) => [nextSeed(seed), nextSeed(nextSeed(seed))]);
  expect(seeds).toEqual([
    [1_013_904_223, 1_196_435_762],
    [1_015_568_748, 1_586_005_467],
    [1_025_555_898, 3_923_423_697],
    [1_012_239_698, 806_866_057],
  ]);
});
