import { expect, test } from 'vitest';
import { jsonText } from '../../src/rules/values/json-text.ts';

const tooDeep = (): string => 'too deep';

test('writes any serializable value', () => {
  expect(jsonText({ a: [1, null] }, tooDeep)).toBe('{"a":[1,null]}');
});

test('I13: names a value that parses but is too deep to write, instead of ending the run', () => {
  const levels = 100_000;
  const value: unknown = JSON.parse('['.repeat(levels) + ']'.repeat(levels));
  expect(() => JSON.stringify(value)).toThrow(RangeError);
  expect(jsonText(value, tooDeep)).toBe('too deep');
});

test("reports a value that is not JSON at all as a caller's error", () => {
  expect(() => jsonText({ n: 1n }, tooDeep)).toThrow(TypeError);
});
