import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/model/values/json.ts';
import { intendedFields, lostFields } from '../../src/rules/merging/lost-changes.ts';

describe('intendedFields', () => {
  test('F-28: takes the named fields, except those that the server owns or the row does not have', () => {
    const localData = { id: 'x', title: 'a', updatedAt: 'now', note: 'b' };
    expect(
      intendedFields({ localData, baseData: localData, changedFields: ['title', 'id', 'updatedAt', 'gone'] }),
    ).toEqual(['title']);
    expect(intendedFields({ localData, baseData: undefined, changedFields: [] })).toEqual([]);
  });
  test('otherwise takes the fields that differ from the base; missing counts as null (TRK-06)', () => {
    const change = {
      localData: { id: 'y', same: 1, other: 2, empty: null, list: [1] },
      baseData: { id: 'x', same: 1, other: 3, list: [1] },
    };
    expect(intendedFields({ ...change, changedFields: undefined })).toEqual(['other']);
    expect(intendedFields({ localData: change.localData, baseData: undefined, changedFields: undefined })).toEqual([
      'same',
      'other',
      'list',
    ]);
  });
  test('a prototype key is not a value', () => {
    expect(
      intendedFields({ localData: { title: 'a' }, baseData: undefined, changedFields: ['toString', 'title'] }),
    ).toEqual(['title']);
    expect(lostFields({ localData: { toString: 'mine' }, baseData: undefined, changedFields: undefined }, {})).toEqual([
      'toString',
    ]);
  });
});

describe('lostFields', () => {
  /** Whether a result holds what turned `before` into `mine`. */
  const isLost = (before: Json | undefined, mine: Json, result: Json | undefined): boolean =>
    lostFields(
      { localData: { f: mine }, baseData: before === undefined ? undefined : { f: before }, changedFields: ['f'] },
      result === undefined ? {} : { f: result },
    ).length > 0;

  test('F-28: plain values, and only the intended fields', () => {
    const change = { localData: { a: 1, b: 2, c: 3 }, baseData: { a: 0, b: 0, c: 3 }, changedFields: undefined };
    expect(lostFields(change, { a: 1, b: 0, c: 9 })).toEqual(['b']);
    expect(lostFields(change, { a: 1, b: 2 })).toEqual([]);
    expect(isLost('old', null, 'theirs')).toBe(true);
    expect(isLost('old', null, undefined)).toBe(false);
  });

  test.each<[string, Json | undefined, Json, Json | undefined, boolean]>([
    ['both sides’ items', ['a'], ['a', 'b'], ['a', 'c', 'b'], false],
    ['an added item is gone', ['a'], ['a', 'b'], ['a', 'c'], true],
    ['a removed item is gone', ['a', 'b'], ['a'], ['a', 'c'], false],
    ['a removed item is back', ['a', 'b'], ['a'], ['a', 'b', 'c'], true],
    ['an item that nobody touched was removed by the others', ['a', 'b'], ['a', 'b', 'c'], ['b', 'c'], false],
    [
      'an item edited under its id',
      [{ id: 1, n: 'x', m: 'x' }],
      [{ id: 1, n: 'y', m: 'x' }],
      [{ id: 1, n: 'y', m: 'theirs' }],
      false,
    ],
    [
      'an item edited under its id was overwritten',
      [{ id: 1, n: 'x' }],
      [{ id: 1, n: 'y' }],
      [{ id: 1, n: 'x' }],
      true,
    ],
    ['an edited item was removed by the others', [{ id: 1, n: 'x' }], [{ id: 1, n: 'y' }], [], true],
    ['an item added under an id that the others used, too', [], [{ id: 1, n: 'mine' }], [{ id: 1, n: 'theirs' }], true],
    ['a new item under an id', [], [{ id: 1, n: 'mine' }], [{ id: 2 }, { n: 'mine', id: 1 }], false],
    ['without an id the content counts', [{ n: 'x' }], [{ n: 'x' }, { n: 'y' }], [{ n: 'y' }, { m: 1 }], false],
    ['an id of null is none', [{ id: null, n: 'x' }], [{ id: null, n: 'y' }], [{ id: null, n: 'z' }], true],
    [
      'two objects without ids are two',
      [],
      [
        { id: null, n: 'x' },
        { id: null, n: 'y' },
      ],
      [{ id: null, n: 'x' }],
      true,
    ],
    ['texts and numbers are no objects with ids', [], ['x', 1], [1, 'x', null], false],
    ['a second equal item is gone', ['a'], ['a', 'a'], ['a', 'c'], true],
    ['one of two equal items was removed and is back', ['a', 'a'], ['a'], ['a', 'a', 'c'], true],
    ['a list that was no list before', 'text', ['a'], ['a', 'b'], false],
    ['a list without a base', undefined, ['a'], ['b'], true],
    ['a list became an object', ['a'], ['b'], { b: 1 }, true],
    ['an object became a list', { a: 1 }, { a: 2 }, ['a'], true],
    ['a list became a text', ['a'], ['b'], 'b', true],
  ])('F-29: lists: %s', (_, before, mine, result, lost) => {
    expect(isLost(before, mine, result)).toBe(lost);
  });

  test.each<[string, Json | undefined, JsonObject, Json, boolean]>([
    ['both sides’ keys', { a: 1, b: 1 }, { a: 2, b: 1 }, { a: 2, b: 9 }, false],
    ['an edited key is overwritten', { a: 1 }, { a: 2 }, { a: 1, b: 2 }, true],
    ['a removed key is gone', { a: 1, b: 1 }, { b: 1 }, { b: 2 }, false],
    ['a removed key is back', { a: 1, b: 1 }, { b: 1 }, { a: 1, b: 2 }, true],
    ['deep inside', { a: { b: { c: 1, d: 1 } } }, { a: { b: { c: 2, d: 1 } } }, { a: { b: { c: 2, d: 3 } } }, false],
    [
      'lost deep inside',
      { a: { b: { c: 1, d: 1 } } },
      { a: { b: { c: 2, d: 1 } } },
      { a: { b: { c: 1, d: 3 } } },
      true,
    ],
    ['an object that was none before', 'text', { a: 1 }, { a: 1, b: 2 }, false],
    ['an object without a base is lost', undefined, { a: 1 }, { b: 2 }, true],
    ['an object became null', { a: 1 }, { a: 2 }, null, true],
  ])('F-29: objects: %s', (_, before, mine, result, lost) => {
    expect(isLost(before, mine, result)).toBe(lost);
  });
});
