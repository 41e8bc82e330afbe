import { describe, expect, expectTypeOf, test } from 'vitest';
import { ChangedFieldsDiff, ChangedFieldsTracker, diffFields } from '../../src/rules/changed-fields.ts';
import { todoOf, type Todo } from '../support/todo.ts';

describe('ChangedFieldsTracker', () => {
  test('TRK-01: gives the new value back and records only a difference', () => {
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

describe('diffFields', () => {
  test.each<[string, object, object, readonly string[]]>([
    ['TRK-04: by content, list order matters', { a: { x: [1, 2] }, b: [1, 2], c: 1 }, { a: { x: [1, 2] }, b: [2, 1], c: 2 }, ['b', 'c']],
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
  ])('%s', (_, before, after, expected) => {
    expect(diffFields(before, after)).toEqual(expected);
  });
  test('TRK-08: own ignored fields replace the default', () => {
    expect(diffFields({ id: 1, note: 1 }, { id: 2, note: 2 }, { ignored: ['note'] })).toEqual(['id']);
  });
  test('TRK-07, F-27: nothing changed is null', () => {
    expect(ChangedFieldsDiff.diffOrNullMaps({ a: 1 }, { a: 1 })).toBeNull();
    expect(ChangedFieldsDiff.diffOrNullMaps({ a: 1 }, { a: 2 })).toEqual(['a']);
    expect(ChangedFieldsDiff.diffMaps({ a: 1 }, { a: 2 })).toEqual(['a']);
  });
});

describe('F-119: names are checked by the compiler', () => {
  const todo = todoOf('a');

  test('diffFields gives names of the entity, or of both where they differ', () => {
    expectTypeOf(diffFields(todo, todo)).toEqualTypeOf<readonly (keyof Todo)[]>();
    expectTypeOf(diffFields({ a: 1 }, { b: 2 })).toEqualTypeOf<readonly ('a' | 'b')[]>();
    expectTypeOf(diffFields({} as Readonly<Record<string, string>>, {})).toEqualTypeOf<readonly string[]>();
    expectTypeOf(ChangedFieldsDiff.diffOrNullMaps(todo, todo)).toEqualTypeOf<readonly (keyof Todo)[] | null>();
    expect(diffFields(todo, { ...todo, tags: ['x'], updatedAt: '2026' })).toEqual(['tags']);
  });

  test('a typed tracker knows names and values; an untyped one takes any', () => {
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
