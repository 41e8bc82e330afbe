import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareTimestamps,
  extractTimestamp,
  minusMs,
  parseTimestamp,
  timestampText,
} from '../../src/rules/values/timestamp.ts';

describe('parseTimestamp', () => {
  const noon = Date.UTC(2024, 0, 1, 12) / 1000;
  test.each([
    ['2024-01-01T12:00:00Z', noon, ''],
    ['2024-01-01T12:00:00', noon, ''],
    ['2024-01-01 12:00:00', noon, ''],
    ['2024-01-01 12:00:00.120+00', noon, '12'],
    ['2024-01-01T14:00:00+02:00', noon, ''],
    ['2024-01-01T06:30:00.000-0530', noon, ''],
    ['2024-01-01T12:00:00.123456789Z', noon, '123456789'],
    ['2024-01-01T12:00Z', noon, ''],
    ['2024-01-01', noon - 12 * 3600, ''],
    ['2024-01-01T12:00:00z', noon, ''],
    ['2024-01-01T11:59:60Z', noon, ''],
    ['2024-01-02T06:00:00+18:00', noon, ''],
    ['2023-12-31T18:00:00-18:00', noon, ''],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29) / 1000, ''],
    ['0099-01-01T00:00:00Z', -59042995200, ''],
    [String(noon * 1000 + 5), noon, '005'],
    [noon * 1000 + 5, noon, '005'],
    [-250, -1, '75'],
    [-1000, -1, ''],
    [0, 0, ''],
    [7, 0, '007'],
    [1.5, 0, '0015'],
  ])('F-65: %s', (value, epochSeconds, fraction) => {
    expect(parseTimestamp(value)).toEqual({ epochSeconds, fraction });
  });
  test.each([
    '',
    'now',
    '2024-02-30T00:00:00Z',
    '2023-02-29',
    '2024-01-00',
    '2024-01-32',
    '2024-00-01',
    '2024-01-99',
    '2024-12-99',
    '2024-13-01',
    '2024-01-01T25:00:00Z',
    '2024-01-01T12:61:00Z',
    '2024-01-01T12:00:61Z',
    '2024-01-01T12:00:00+18:01',
    '2024-01-01T12:00:00+99:00',
    ' 2024-01-01',
    'infinity',
    '1e21',
    1e300,
    Number.NaN,
    null,
    true,
    undefined,
    { at: 1 },
    ['2024-01-01'],
  ])('rejects values that are not dates: %j', (value) => {
    expect(parseTimestamp(value)).toBeUndefined();
    expect(timestampText(value)).toBeUndefined();
  });
});

describe('compareTimestamps', () => {
  test('F-63: compares digits behind the millisecond', () => {
    expect(compareTimestamps('2024-01-01T00:00:00.1230001Z', '2024-01-01T00:00:00.123Z')).toBe(1);
    expect(compareTimestamps('2024-01-01T00:00:00.12Z', '2024-01-01T00:00:00.2Z')).toBe(-1);
    expect(compareTimestamps('2024-01-01T00:00:00.2Z', '2024-01-01T00:00:00.12Z')).toBe(1);
    expect(compareTimestamps('2024-01-01T00:00:00.2+00:00', '2024-01-01T00:00:00.3+00:00')).toBe(-1);
    expect(compareTimestamps('2024-01-01T00:00:00.100Z', '2024-01-01T00:00:00.1+00:00')).toBe(0);
  });
  test('an invalid timestamp is older than any valid one', () => {
    expect(compareTimestamps('', '1970-01-01T00:00:00Z')).toBe(-1);
    expect(compareTimestamps('1970-01-01', 'junk')).toBe(1);
    expect(compareTimestamps('junk', 'other')).toBe(0);
  });
  test('is a total order that agrees with Date on milliseconds', () => {
    const millis = fc.integer({ min: -10_000_000_000_000, max: 10_000_000_000_000 });
    fc.assert(
      fc.property(millis, millis, fc.boolean(), fc.boolean(), (a, b, asNumber, otherAsNumber) => {
        const [left, right] = [
          asNumber ? String(a) : new Date(a).toISOString(),
          otherAsNumber ? String(b) : new Date(b).toISOString(),
        ];
        expect(compareTimestamps(left, right)).toBe(Math.sign(a - b));
        expect(compareTimestamps(right, left)).toBe(0 - Math.sign(a - b) || 0);
      }),
    );
  });
});

test('F-63: stores the text as received', () => {
  expect(timestampText('2024-01-01 12:00:00.5+02')).toBe('2024-01-01 12:00:00.5+02');
  expect(timestampText(1_704_067_200_123)).toBe('1704067200123');
});

describe('minusMs', () => {
  test.each([
    ['2024-01-01T00:00:00.123456Z', 1_000, '2023-12-31T23:59:59.123456Z'],
    ['2024-01-01T00:00:00.1Z', 150, '2023-12-31T23:59:59.9Z'],
    ['2024-01-01T00:00:05Z', 500, '2024-01-01T00:00:04Z'],
    ['2024-01-01 02:00:00+02:00', 60_000, '2024-01-01 01:59:00+02:00'],
    ['2024-01-01T00:00:00', 1_000, '2023-12-31T23:59:59'],
    ['2024-01-01', 1, '2023-12-31'],
    ['2024-01-01T00:00Z', 60_000, '2023-12-31T23:59Z'],
    ['2024-01-01 12:00:00,5 +02:00', 1_000, '2024-01-01 11:59:59,5 +02:00'],
    ['2024-01-01T12:00:00.5+02', 250.5, '2024-01-01T12:00:00.2+02'],
    ['1704067200123.5', 1_000, '1704067199123'],
    ['2024-01-01T00:00:00Z', -1_000, '2024-01-01T00:00:00Z'],
    ['2024-01-01T00:00:00Z', Infinity, '2024-01-01T00:00:00Z'],
    ['1704067200123', 1_000, '1704067199123'],
    ['500', 1_000, '-500'],
    ['2024-01-01T00:00:00Z', 0, '2024-01-01T00:00:00Z'],
    ['1704067200123.5', 0, '1704067200123.5'],
    ['2024-01-01T00:00:60Z', -0.5, '2024-01-01T00:00:60Z'],
    ['junk', 1_000, 'junk'],
  ])('F-64: %s minus %d ms', (ts, ms, expected) => {
    expect(minusMs(ts, ms)).toBe(expected);
  });
  test('F-64: is never later than requested, and earlier by less than the shape’s own step', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4_000_000_000_000 }),
        fc.integer({ min: 1, max: 1_000_000_000 }),
        (at, ms) => {
          const iso = new Date(at).toISOString();
          expect(minusMs(iso, ms)).toBe(new Date(at - ms).toISOString());
          expect(minusMs(String(at), ms)).toBe(String(at - ms));
          const seconds = minusMs(`${iso.slice(0, 19)}Z`, ms);
          const floor = Math.floor(at / 1000) * 1000 - ms;
          expect(floor - Date.parse(seconds)).toBeGreaterThanOrEqual(0);
          expect(floor - Date.parse(seconds)).toBeLessThan(1000);
        },
      ),
    );
  });
});

test.each([
  [{ updatedAt: '2024-01-01T00:00:00.5Z', updated_at: '2020-01-01' }, '2024-01-01T00:00:00.500Z'],
  [{ updated_at: '2024-01-01T02:00:00' }, '2024-01-01T02:00:00.000Z'],
  [{ updated_at: 1 }, '1970-01-01T00:00:00.001Z'],
  [{ updatedAt: new Date(0) }, '1970-01-01T00:00:00.000Z'],
  [{ updatedAt: '2024-01-01T00:00:00.1239Z' }, '2024-01-01T00:00:00.123Z'],
  [{ updatedAt: 'junk' }, undefined],
  [{ updatedAt: true }, undefined],
  [{}, undefined],
])('MU-24: extractTimestamp of %j', (row, expected) => {
  expect(extractTimestamp(row)?.toISOString()).toBe(expected);
  if (expected === undefined) expect(extractTimestamp(row)).toBeNull();
});

test('the fast comparison of plain UTC texts agrees with the full one', () => {
  const part = (max: number, least = 0) =>
    fc.integer({ min: least, max }).map((value) => String(value).padStart(2, '0'));
  const plain = fc
    .tuple(
      fc.constantFrom('2025', '2026'),
      part(12, 1),
      part(28, 1),
      part(23),
      part(59),
      part(59),
      fc.constantFrom('', '.1', '.10', '.100', '.123456', '.9'),
    )
    .map(
      ([year, month, day, hour, minute, second, fraction]) =>
        `${year}-${month}-${day}T${hour}:${minute}:${second}${fraction}Z`,
    );
  fc.assert(
    fc.property(plain, plain, (a, b) => {
      // With an offset instead of Z the text takes the long way.
      const long = compareTimestamps(a.replace('Z', '+00:00'), b.replace('Z', '+00:00'));
      expect(compareTimestamps(a, b)).toBe(long);
      expect(timestampText(a)).toBe(a);
    }),
  );
});
