import fc from 'fast-check';
import { expect, test } from 'vitest';
import { doubtClock, type ClockDoubt } from '../../../src/persistence/runs/clock-doubt.ts';

const ttlMs = 1_500;
const pollMs = 250;
const renewMs = ttlMs / 3;
const start = 1_000_000;

/** One machine: its clock may be set forward once while one process holds the lease and another waits for it. */
interface Story {
  /** When the holder took the lease, in ms after the waiting process started. */
  readonly takenAt: number;
  /** When the waiting process first checks. */
  readonly firstLook: number;
  readonly leapAt: number;
  readonly leapMs: number;
  /** The delay of a renewal. */
  readonly lateMs: number;
}

const stories = fc.record({
  takenAt: fc.integer({ min: 1, max: 1_000 }),
  firstLook: fc.integer({ min: 1_000, max: 4_000 }),
  leapAt: fc.integer({ min: 1_000, max: 6_000 }),
  leapMs: fc.integer({ min: 0, max: 10_000 }),
  lateMs: fc.integer({ min: 0, max: 200 }),
});

/** When the waiting process finds the lease free, in ms of real time; undefined: not within 12 s. */
function freeAt({ takenAt, firstLook, leapAt, leapMs, lateMs }: Story, diesAt: number): number | undefined {
  const clockAt = (time: number): number => start + time + (time >= leapAt ? leapMs : 0);
  let doubt: ClockDoubt | undefined;
  let expiresAt = clockAt(takenAt) + ttlMs;
  let renewAt = takenAt + renewMs + lateMs;
  for (let time = firstLook; time < 12_000; time += pollMs) {
    for (; renewAt <= Math.min(time, diesAt); renewAt += renewMs + lateMs) expiresAt = clockAt(renewAt) + ttlMs;
    doubt = doubtClock(doubt, { token: 1, expiresAt }, clockAt(time), ttlMs, start);
    if (!doubt.isHeld) return time;
  }
  return undefined;
}

test('I11: a lease that is renewed in time is never free, however far the clock is set forward', () => {
  fc.assert(
    fc.property(stories, (story) => {
      expect(freeAt(story, Infinity)).toBe(undefined);
    }),
    { numRuns: 2_000 },
  );
});

test('I8: the lease of a dead process becomes free in bounded time, even if the clock is set forward', () => {
  fc.assert(
    fc.property(stories, fc.integer({ min: 1_000, max: 3_000 }), (story, diesAt) => {
      const begun = Math.max(story.firstLook, diesAt, story.leapAt);
      expect(freeAt(story, diesAt)).toBeLessThanOrEqual(begun + 2 * ttlMs + pollMs);
    }),
  );
});

test('I11: the lease of a dead process becomes free at its expiry if the clock is unchanged', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1_000, max: 3_000 }), (diesAt) => {
      const story = { takenAt: 1, firstLook: 1_000, leapAt: Infinity, leapMs: 0, lateMs: 0 };
      expect(freeAt(story, diesAt)).toBeLessThanOrEqual(diesAt + ttlMs + pollMs);
    }),
  );
});
