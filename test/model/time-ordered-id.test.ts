import { afterEach, expect, test, vi } from 'vitest';
import { timeOrderedId } from '../../src/model/platform/time-ordered-id.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const msOf = (id: string): number => Number.parseInt(id.replace('-', '').slice(0, 12), 16);

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('makes UUIDs of version 7 that contain the time', () => {
  const before = Date.now();
  const ids = Array.from({ length: 20_000 }, timeOrderedId);
  expect(ids.filter((id) => !uuid.test(id))).toEqual([]);
  expect(new Set(ids).size).toBe(ids.length);
  expect(msOf(ids[0] ?? '')).toBeGreaterThanOrEqual(before);
});

test('sorts ids in the order in which they were made: within a millisecond, and after the clock was set back', () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2090-01-01T00:00:00Z') });
  // More than a millisecond has numbers for.
  const ids = Array.from({ length: 10_000 }, timeOrderedId);
  vi.setSystemTime(Date.parse('2030-01-01T00:00:00Z'));
  ids.push(...Array.from({ length: 10_000 }, timeOrderedId));
  vi.setSystemTime(Date.parse('2090-01-01T00:00:01Z'));
  ids.push(...Array.from({ length: 10_000 }, timeOrderedId));
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
});

test('makes ids in a page that has no crypto.randomUUID', () => {
  vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) });
  expect(timeOrderedId()).toMatch(uuid);
});

test('names a platform without any source of random values', () => {
  vi.stubGlobal('crypto', undefined);
  expect(() => timeOrderedId()).toThrow(/crypto\.getRandomValues.*polyfill/);
});
