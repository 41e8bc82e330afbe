import { expect, test } from 'vitest';
import { jsonText } from '../../src/rules/values/json-text.ts';

const tooDeep = (): string => 'too deep';

test('a value that can be written is written', () => {
  expect(jsonText({ a: [1, null] }, tooDeep)).toBe('{"a":[1,null]}');
});

test('I13: what can be parsed and, so deep it is, not be written is named instead of ending the run', () => {
  const levels = 100_000;
  const value: unknown = JSON.parse('['.repeat(levels) + ']'.repeat(levels));
  expect(() => JSON.stringify(value)).toThrow(RangeError);
  expect(jsonText(value, tooDeep)).toBe('too deep');
});

test('what is no JSON at all is a mistake of the caller, and told', () => {
  expect(() => jsonText({ n: 1n }, tooDeep)).toThrow(TypeError);
});
