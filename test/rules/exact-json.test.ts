import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exactDigits, exactNumber } from '../../src/model/values/exact-number.ts';
import { applyDelta, increment } from '../../src/model/values/delta.ts';
import { parseJson, stringifyJson } from '../../src/model/values/exact-json.ts';
import { keepDigits } from '../../src/rules/values/keep-digits.ts';

const long = '9007199254740993';

test.each([
  '9007199254740993',
  '-9223372036854775808',
  '18446744073709551616',
  '0.1000000000000000055511151231257827',
  '123456789012345678.99',
  '1e400',
  '-1E+400',
  '4.9e-324',
])('F-158: %s keeps its digits from text to text at any position', (digits) => {
  expect((parseJson(`[${digits}]`) as readonly unknown[]).map(exactDigits)).toEqual([digits]);
  for (const text of [`[${digits}]`, `{"a":${digits}}`, `{"a":{"b":[1,${digits},"x"]}}`, `[${digits},${digits}]`])
    expect(stringifyJson(parseJson(text))).toBe(text);
});

test.each(['1.10', '10.00', '-0', '1e3', '1E3', '9007199254740992', '0.30000000000000004', '100000000000000000000000'])(
  'a number that JavaScript represents exactly stays a number: %s',
  (digits) => {
    expect(parseJson(`{"a":${digits}}`)).toEqual({ a: Number(digits) });
    expect(exactNumber(digits)).toBe(Number(digits));
  },
);

describe('F-158: never takes strings for numbers', () => {
  test.each([
    long,
    `\uFEFF${long}`,
    `\uFEFF\uFEFF${long}`,
    '\uFEFF123',
    `"\uFEFF${long}`,
    `:"\uFEFF${long}`,
    `a\\":"\uFEFF${long}",`,
    `\uFEFF${long},`,
    `,"\uFEFF${long}"`,
  ])('%j', (text) => {
    for (const value of [[text], { a: text }, { [text]: 8 }, { [text]: text, b: [text, 8] }]) {
      const json = JSON.stringify(value);
      expect(JSON.parse(stringifyJson(parseJson(json)))).toEqual(value);
      const beside = json.replace('8', long);
      expect(stringifyJson(parseJson(beside))).toBe(beside);
    }
  });

  test('also keeps an escaped marker', () => {
    const value = parseJson(`["\\ufeff${long}"]`);
    expect(exactDigits((value as readonly string[])[0])).toBeUndefined();
    expect(JSON.parse(stringifyJson(value))).toEqual([`\uFEFF${long}`]);
  });
});

test.each([
  '',
  '{',
  '[01234567890123456789]',
  '[12345678901234567890.]',
  '[12345678901234567890x]',
  '{"a":12345678901234567890 1}',
  '[1e400e1]',
])('rejects invalid JSON like JSON.parse: %j', (text) => {
  expect(() => parseJson(text)).toThrow(SyntaxError);
});

test('F-158: keeps the values of any JSON, and reads text without long numbers like JSON.parse', () => {
  const digits = fc.tuple(
    fc.constantFrom('', '-'),
    fc.bigInt({ min: 1n, max: 10n ** 40n }),
    fc.constantFrom('', '.5', '.10', '.000000000000000000001', 'e5', 'E-400'),
  );
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), fc.array(digits), (value, numbers) => {
      const plain = JSON.stringify(value);
      expect(parseJson(plain)).toEqual(JSON.parse(plain));
      const tokens = numbers.map((parts) => parts.join(''));
      const text = `{"v":${plain},"n":[${tokens.join(',')}]}`;
      const again = parseJson(stringifyJson(parseJson(text))) as { readonly n: readonly unknown[] };
      expect(again).toEqual(parseJson(text));
      expect(
        again.n.map((item, index) => exactDigits(item) ?? (Number(tokens[index]) === item ? tokens[index] : item)),
      ).toEqual(tokens);
    }),
  );
});

test('exactNumber accepts the digits of a number and a BigInt', () => {
  expect(exactDigits(exactNumber(2n ** 60n + 1n))).toBe('1152921504606846977');
  expect(Number(exactNumber(long))).toBe(Number(long));
  expect(BigInt(String(exactNumber(long)))).toBe(BigInt(long));
  for (const wrong of ['', 'x', '1.', '.5', '+1', '0x10', '01']) expect(() => exactNumber(wrong)).toThrow(RangeError);
});

test('F-158: a rounded copy keeps the digits of unedited values', () => {
  const known = parseJson(`{"tweet":${long},"list":[${long},1],"other":1}`);
  const seen = { tweet: Number(long), list: [Number(long), 1], other: 2 };
  expect(stringifyJson(keepDigits(known, seen))).toBe(`{"tweet":${long},"list":[${long},1],"other":2}`);
  expect(keepDigits(exactNumber(long), 5)).toBe(5);
  expect(keepDigits(exactNumber(long), long)).toBe(exactNumber(long));
  expect(keepDigits('text', 'other')).toBe('other');
});

test('F-158: an increment of a long number is exact, also when it makes a number long', () => {
  expect(exactDigits(applyDelta(exactNumber(long), increment('n', 2)))).toBe('9007199254740995');
  expect(applyDelta(exactNumber(long), increment('n', -2))).toBe(9007199254740991);
  expect(exactDigits(applyDelta(Number.MAX_SAFE_INTEGER, increment('n', 2)))).toBe('9007199254740993');
});
