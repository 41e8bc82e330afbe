import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareDecimals } from '../../src/rules/values/compare-decimals.ts';

test.each<[string, string, number | undefined]>([
  ['9007199254740992', '9007199254740993', -1],
  ['9223372036854775807', '9223372036854775806', 1],
  ['-9223372036854775808', '-9223372036854775807', -1],
  ['0.10000000000000000001', '0.1', 1],
  ['.10000000000000000001', '0.10000000000000000002', -1],
  ['9007199254740993', '9007199254740993.1', -1],
  ['9007199254740993.', '+9007199254740993', 0],
  ['1.0', '1', 0],
  ['-0', '0', 0],
  [' 9007199254740993 ', '9007199254740992', 1],
  ['9007199254740992', ' 9007199254740993 ', -1],
  ['1e20', '100000000000000000001', 0],
  ['100000000000000000001', '1e20', 0],
  ['', '0', undefined],
  ['0', ' ', undefined],
  ['1', 'one', undefined],
  ['NaN', '1', undefined],
  ['1', 'Infinity', undefined],
])('compares numbers sent as text to the last digit: %j and %j', (a, b, expected) => {
  expect(compareDecimals(a, b)).toBe(expected);
});

test('compares digits at every place', () => {
  const decimal = fc.tuple(
    fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }),
    fc.integer({ min: 0, max: 3 }),
    fc.integer({ min: 0, max: 2 }),
  );
  fc.assert(
    fc.property(decimal, fc.bigInt({ min: -3n, max: 3n }), ([value, places, zeros], step) => {
      const text = (units: bigint): string => {
        const digits = String(units < 0n ? -units : units).padStart(places + 1, '0');
        const at = digits.length - places;
        return `${units < 0n ? '-' : ''}${digits.slice(0, at)}${places + zeros === 0 ? '' : `.${digits.slice(at)}${'0'.repeat(zeros)}`}`;
      };
      const order = compareDecimals(text(value + step), text(value)) ?? Number.NaN;
      expect(order - (step > 0n ? 1 : step < 0n ? -1 : 0)).toBe(0);
    }),
    { numRuns: 300 },
  );
});
