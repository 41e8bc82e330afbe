import { describe, expect, expectTypeOf, test } from 'vitest';
import { ChangedFieldsDiff, ChangedFieldsTracker, diffFields } from '../../src/rules/pending/changed-fields.ts';
import { todoOf, type Todo } from '../support/todo.ts';

describe('ChangedFieldsTracker', () => {
  test('TRK-01: returns the new value and records only a difference', () => {
    const tracker = new ChangedFieldsTracker();
    expect(tracker.changed('title', 'a', 'b')).toBe('b');
    expect(tracker.changed('tags', [1], [1])).toEqual([1]);
    expect(tracker.changed('due', new Date(5), new Date(5))).toEqual(new Date(5));
    expect([...tracker.fields]).toEqual(['title']);
  });
  test('TRK-02, TRK-03: marks; an empty set is null', () => {
    const tracker = new ChangedFieldsTracker();
    expect(tracker.fieldsOrNull).toBeNull();
    tracker.markIf('a', false);
    tracker.markIf('b', true);
    tracker.mark('c');
    expect([...(tracker.fieldsOrNull ?? [])]).toEqual(['b', 'c']);
  });
});

/** As decimals and moments are: fields of its own, and a way to write itself. */
class Amount {
  readonly of: number;
  constructor(of: number) {
    this.of = of;
  }
  toJSON(): string {
    return String(this.of);
  }
}

describe('diffFields', () => {
  const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);
  const oneMap = new Map([[1, 1]]);
  const nothing: object = Object.create(null) as object;
  test.each<[string, object, object, readonly string[]]>([
    [
      'TRK-04: by content, list order matters',
      { a: { x: [1, 2] }, b: [1, 2], c: 1 },
      { a: { x: [1, 2] }, b: [2, 1], c: 2 },
      ['b', 'c'],
    ],
    ['TRK-04: key order does not', { a: { x: 1, y: 2 } }, { a: { y: 2, x: 1 } }, []],
    [
      'TRK-05: identity and bookkeeping are left out',
      { id: 1, updatedAt: 1, deletedAtLocal: null, created_at: 1 },
      { id: 2, updatedAt: 2, deletedAtLocal: 3, created_at: 2 },
      [],
    ],
    ['TRK-06: missing equals null', { a: null, c: undefined }, { b: null, c: null }, []],
    ['TRK-06: missing against a value', { a: 1 }, { b: 2 }, ['b', 'a']],
    [
      'dates by time, bytes by value',
      { a: new Date(1), b: Uint8Array.of(1, 2), c: new Date(1) },
      { a: new Date(1), b: Uint8Array.of(1, 2), c: new Date(2) },
      ['c'],
    ],
    ['types differ', { a: [], b: 0, c: '1', d: new Date(0) }, { a: {}, b: false, c: 1, d: {} }, ['a', 'b', 'c', 'd']],
    ['inside a field null is not missing', { a: { x: null } }, { a: {} }, ['a']],
    [
      'inside a field undefined is missing, as JSON has it',
      { a: { x: undefined }, b: { x: undefined } },
      { a: {}, b: { x: null } },
      ['b'],
    ],
    ['zero has no sign, and NaN is itself', { a: 0, b: NaN, c: 0, d: 1 }, { a: -0, b: NaN, c: NaN, d: 0 }, ['c', 'd']],
    [
      'an empty object is not nothing, no number and no text',
      { a: {}, b: null, c: {}, d: 5, e: {}, f: '' },
      { a: null, b: {}, c: 5, d: {}, e: '', f: {} },
      ['a', 'b', 'c', 'd', 'e', 'f'],
    ],
    [
      'bytes: one is enough, so is the length, and what is no bytes differs',
      { a: bytes(1, 2), b: bytes(1, 2), c: bytes(1), d: bytes(1), e: bytes(1), f: [1], g: { 0: 1 }, h: bytes(1) },
      {
        a: bytes(1, 3),
        b: bytes(1),
        c: bytes(1, 2),
        d: Buffer.from([1]),
        e: [1],
        f: bytes(1),
        g: bytes(1),
        h: { 0: 1 },
      },
      ['a', 'b', 'c', 'e', 'f', 'g', 'h'],
    ],
    [
      'lists: one item is enough, so is the length, and what is no list differs',
      { a: [1, 2], b: [1, 2], c: [1], d: [], e: { 0: 1 }, f: [1], g: [1] },
      { a: [1, 3], b: [1], c: [1, 2], d: [], e: [1], f: { 0: 1 }, g: { 0: 1, length: 1 } },
      ['a', 'b', 'c', 'e', 'f', 'g'],
    ],
    [
      'objects: one key is enough',
      { a: { x: 1, y: 1 }, b: { x: 1 }, c: { x: { y: 1 } } },
      { a: { x: 1, y: 2 }, b: { x: 1, y: 1 }, c: { x: { y: 2 } } },
      ['a', 'b', 'c'],
    ],
    [
      'dates that are none are equal, and no other date',
      { a: new Date(NaN), b: new Date(NaN), c: new Date(0) },
      { a: new Date(NaN), b: new Date(0), c: new Date(NaN) },
      ['b', 'c'],
    ],
    [
      'F-27: what keeps its content to itself compares by what it says',
      {
        a: new URL('https://a.test/'),
        b: new URL('https://a.test/'),
        c: new URL('https://a.test/'),
        d: { toJSON: 'x' },
        e: {},
        f: { of: 1 },
        g: new Amount(1),
      },
      {
        a: new URL('https://a.test/'),
        b: new URL('https://b.test/'),
        c: {},
        d: { toJSON: 'y' },
        e: new URL('https://a.test/'),
        f: new Amount(1),
        g: new Amount(1),
      },
      ['b', 'c', 'd', 'e', 'f'],
    ],
    [
      'F-27: what says nothing of its content counts as changed',
      { a: new Map([[1, 1]]), b: new Map(), c: {}, d: oneMap, e: {}, f: nothing },
      { a: new Map([[1, 2]]), b: {}, c: new Map(), d: oneMap, e: nothing, f: {} },
      ['a', 'b', 'c'],
    ],
  ])('%s', (_, before, after, expected) => {
    expect(diffFields(before, after)).toEqual(expected);
  });
  test('TRK-08: own ignored fields replace the default', () => {
    expect(diffFields({ id: 1, note: 1 }, { id: 2, note: 2 }, { ignored: ['note'] })).toEqual(['id']);
  });
  test('TRK-07, F-27: no change is null', () => {
    expect(ChangedFieldsDiff.diffOrNullMaps({ a: 1 }, { a: 1 })).toBeNull();
    expect(ChangedFieldsDiff.diffOrNullMaps({ a: 1 }, { a: 2 })).toEqual(['a']);
    expect(ChangedFieldsDiff.diffMaps({ a: 1 }, { a: 2 })).toEqual(['a']);
  });
});

describe('F-119: the compiler checks the names', () => {
  const todo = todoOf('a');

  test("diffFields returns the entity's names, or both where they differ", () => {
    expectTypeOf(diffFields(todo, todo)).toEqualTypeOf<readonly (keyof Todo)[]>();
    expectTypeOf(diffFields({ a: 1 }, { b: 2 })).toEqualTypeOf<readonly ('a' | 'b')[]>();
    expectTypeOf(diffFields({} as Readonly<Record<string, string>>, {})).toEqualTypeOf<readonly string[]>();
    expectTypeOf(ChangedFieldsDiff.diffOrNullMaps(todo, todo)).toEqualTypeOf<readonly (keyof Todo)[] | null>();
    expect(diffFields(todo, { ...todo, tags: ['x'], updatedAt: '2026' })).toEqual(['tags']);
  });

  test('a typed tracker restricts names and values; an untyped one accepts any', () => {
    const tracker = new ChangedFieldsTracker<Todo>();
    expectTypeOf(tracker.changed('title', todo.title, 'new' as const)).toEqualTypeOf<'new'>();
    expectTypeOf(tracker.fields).toEqualTypeOf<ReadonlySet<keyof Todo>>();
    // @ts-expect-error: no such field
    tracker.mark('titel');
    // @ts-expect-error: a number is no title
    tracker.changed('title', todo.title, 5);
    expect([...new ChangedFieldsTracker().fields]).toEqual([]);
  });
});
