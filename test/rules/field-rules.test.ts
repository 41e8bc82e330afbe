import { describe, expect, test } from 'vitest';
import type { FieldRule } from '../../src/model/conflict.ts';
import { ValidationError } from '../../src/model/errors/errors.ts';
import type { Json, JsonObject } from '../../src/model/values/json.ts';
import { applyFieldRules } from '../../src/rules/merging/field-rules.ts';

/** A conflict in one field that both sides changed; `merged` is what the strategy made of it. */
const decide = (
  rule: FieldRule,
  mine: Json,
  theirs: Json,
  more: { readonly before?: Json; readonly merged?: Json } = {},
) =>
  applyFieldRules(
    { data: { f: more.merged ?? 'merged', other: 'kept' }, localFields: ['f', 'other'], serverFields: [] },
    {
      localData: { f: mine },
      baseData: more.before === undefined ? undefined : { f: more.before },
      changedFields: ['f'],
    },
    { f: theirs },
    { f: rule },
  );
const valueOf = (...args: Parameters<typeof decide>): Json | undefined => decide(...args).data['f'];

describe('applyFieldRules', () => {
  test('without rules the merge result stays unchanged', () => {
    const merged = { data: { a: 1 }, localFields: ['a'], serverFields: ['b'] };
    expect(
      applyFieldRules(merged, { localData: { a: 2 }, baseData: undefined, changedFields: ['a'] }, { a: 3 }),
    ).toEqual(merged);
  });

  test('F-31: each field names the side of its value', () => {
    expect(decide('local', 'mine', 'theirs')).toEqual({
      data: { f: 'mine', other: 'kept' },
      localFields: ['other', 'f'],
      serverFields: [],
    });
    expect(decide('server', 'mine', 'theirs')).toEqual({
      data: { f: 'theirs', other: 'kept' },
      localFields: ['other'],
      serverFields: ['f'],
    });
    expect(decide('union', [1], [2])).toMatchObject({
      data: { f: [2, 1] },
      localFields: ['other', 'f'],
      serverFields: ['f'],
    });
    expect(decide('local', 'same', 'same')).toMatchObject({
      data: { f: 'same' },
      localFields: ['other'],
      serverFields: ['f'],
    });
  });

  test.each<FieldRule>(['local', 'union', 'max', 'min', () => 'made up'])(
    'F-28: fields that the user did not change are the server’s under every rule (%s)',
    (rule) => {
      const merged = { data: { f: 9 }, localFields: ['f'], serverFields: [] };
      const change = { localData: { f: 9, g: 1 }, baseData: { f: 9, g: 0 }, changedFields: undefined };
      expect(applyFieldRules(merged, change, { f: 5 }, { f: rule })).toEqual({
        data: { f: 5 },
        localFields: [],
        serverFields: ['f'],
      });
      expect(applyFieldRules(merged, { ...change, changedFields: ['g'] }, { f: 5 }, { f: rule }).data).toEqual({
        f: 5,
      });
    },
  );

  test('ignores a field that neither side has; a side without the field counts as null', () => {
    const merged = { data: { f: 1 }, localFields: [], serverFields: ['f'] };
    const change = (localData: JsonObject) => ({ localData, baseData: undefined, changedFields: ['f'] });
    expect(applyFieldRules(merged, change({ f: 1 }), {}, { nowhere: 'local' })).toEqual(merged);
    expect(applyFieldRules(merged, change({ f: 1 }), {}, { f: 'server' }).data).toEqual({ f: null });
    expect(applyFieldRules(merged, change({}), { f: 2 }, { f: 'local' }).data).toEqual({ f: 2 });
  });

  test('union unites lists; other values keep the merge result', () => {
    expect(valueOf('union', ['a', 'b'], ['b', 'c'])).toEqual(['b', 'c', 'a']);
    expect(valueOf('union', ['a'], 'b')).toBe('merged');
    expect(valueOf('union', 'a', ['b'])).toBe('merged');
  });

  test.each<[string, Json, Json, Json, Json]>([
    ['numbers', 2, 10, 10, 2],
    ['negative numbers', -2, -10, -2, -10],
    ['booleans', true, false, true, false],
    ['texts', 'b', 'a', 'b', 'a'],
    ['texts of numbers, which are longer than they are large', '9', '10', '10', '9'],
    ['decimals', '0.5', '0.25', '0.5', '0.25'],
    [
      '64-bit integers, exact to the last digit',
      '9007199254740992',
      '9007199254740993',
      '9007199254740993',
      '9007199254740992',
    ],
    [
      'the largest and its neighbour',
      '9223372036854775807',
      '9223372036854775806',
      '9223372036854775807',
      '9223372036854775806',
    ],
    [
      'the smallest and its neighbour',
      '-9223372036854775808',
      '-9223372036854775807',
      '-9223372036854775807',
      '-9223372036854775808',
    ],
    ['decimals, exact to the last digit', '0.10000000000000000001', '0.1', '0.10000000000000000001', '0.1'],
    [
      'decimals before and behind the point',
      '90071992547409930.2',
      '90071992547409930.10',
      '90071992547409930.2',
      '90071992547409930.10',
    ],
    ['negative decimals', '-0.10000000000000000001', '-0.1', '-0.1', '-0.10000000000000000001'],
    ['numbers with an exponent', '1e3', '200', '1e3', '200'],
    ['an empty text is no number', '', '-1', '-1', ''],
    ['a blank one neither, on either side', '-1', ' ', '-1', ' '],
    ['a number against a word is text', '10', 'x', 'x', '10'],
    ['infinity is a word', '5', 'Infinity', 'Infinity', '5'],
    [
      'times in two zones',
      '2026-01-01T12:00:00+02:00',
      '2026-01-01T11:00:00Z',
      '2026-01-01T11:00:00Z',
      '2026-01-01T12:00:00+02:00',
    ],
    ['a time against a word is text', '2026-01-01T12:00:00Z', 'later', 'later', '2026-01-01T12:00:00Z'],
    ['null gives way to anything', null, 3, 3, 3],
  ])('max and min: %s', (_, mine, theirs, max, min) => {
    expect(valueOf('max', mine, theirs)).toEqual(max);
    expect(valueOf('max', theirs, mine)).toEqual(max);
    expect(valueOf('min', mine, theirs)).toEqual(min);
    expect(valueOf('min', theirs, mine)).toEqual(min);
  });

  test('equal values in another form count as the user’s', () => {
    expect(valueOf('max', '1.0', '1')).toBe('1.0');
    expect(valueOf('min', '1.0', '1')).toBe('1.0');
    expect(valueOf('max', '9007199254740993.0', '9007199254740993')).toBe('9007199254740993.0');
    expect(valueOf('min', '1e400', '1e400')).toBe('1e400');
    expect(valueOf('min', '1e20', '100000000000000000000')).toBe('1e20');
    expect(valueOf('max', '1e20', '100000000000000000000')).toBe('1e20');
  });

  test.each<[Json, Json]>([
    [1, '1'],
    ['1', 1],
    [true, 1],
    [1, false],
    [{ a: 1 }, { a: 2 }],
    [[1], [2]],
    ['a', true],
  ])('max and min: %j and %j are not comparable, and the error names the field', (mine, theirs) => {
    expect(() => decide('max', mine, theirs)).toThrow(ValidationError);
    expect(() => decide('min', mine, theirs)).toThrow("conflict.fields.f: 'max' and 'min' compare");
  });

  test('a function receives both sides and the base, if any', () => {
    const seen: unknown[] = [];
    const rule: FieldRule = (...args) => {
      seen.push(args);
      return 'made';
    };
    expect(decide(rule, 1, 2)).toMatchObject({ data: { f: 'made' }, localFields: ['other', 'f'], serverFields: ['f'] });
    decide(rule, 1, 2, { before: 0 });
    expect(seen).toStrictEqual([
      [1, 2, {}],
      [1, 2, { base: 0 }],
    ]);
  });

  test('I13: distinguishes a function without a result from one that returns a promise; rethrows its errors', () => {
    expect(() => decide((() => undefined) as unknown as FieldRule, 1, 2)).toThrow(
      'conflict.fields.f: the function must return a JSON value, not undefined',
    );
    expect(() => decide((async () => 1) as unknown as FieldRule, 1, 2)).toThrow('not a promise');
    expect(() =>
      decide(
        () => {
          throw new Error('mine');
        },
        1,
        2,
      ),
    ).toThrow('mine');
  });
});
