import { describe, expect, test } from 'vitest';
import { ValidationError } from '../../src/model/errors/errors.ts';
import type { JsonObject } from '../../src/model/values/json.ts';
import { ConflictUtils } from '../../src/rules/merging/conflict-utils.ts';
import { deepMerge, defaultMerge, preservingMerge } from '../../src/rules/merging/merge.ts';
import { threeWayMerge } from '../../src/rules/merging/three-way-merge.ts';

describe('defaultMerge', () => {
  test.each<[string, JsonObject, JsonObject, JsonObject]>([
    [
      'MU-02: local values over the server’s, system fields included',
      { id: 'l', a: 1, updated_at: 'x' },
      { id: 's', a: 2, b: 3 },
      { id: 'l', a: 1, b: 3, updated_at: 'x' },
    ],
    ['MU-03: null never overrides', { a: null }, { a: 2 }, { a: 2 }],
    ['MU-04: empty local is a copy of the server', {}, { a: 2 }, { a: 2 }],
    ['MU-05: nested objects are replaced whole', { n: { x: 1 } }, { n: { y: 2 } }, { n: { x: 1 } }],
  ])('%s', (_, local, server, expected) => {
    expect(defaultMerge(local, server)).toEqual(expected);
  });
  test('F-28: null clears in changed fields; other fields do not count', () => {
    expect(defaultMerge({ a: null, b: 1 }, { a: 2, b: 3 }, { changedFields: ['a'] })).toEqual({ a: null, b: 3 });
  });
});

describe('deepMerge', () => {
  test.each<[string, JsonObject, JsonObject, JsonObject]>([
    ['MU-06: local wins even if null', { a: null, b: 1 }, { a: 2, b: 3 }, { a: null, b: 1 }],
    [
      'MU-07: three levels keep both sides',
      { a: { b: { c: 1 } } },
      { a: { b: { d: 2 }, e: 3 } },
      { a: { b: { c: 1, d: 2 }, e: 3 } },
    ],
    ['MU-08: the local list wins', { a: [1] }, { a: [2, 3] }, { a: [1] }],
    ['MU-09: server-only keys stay', {}, { a: 1, n: { x: 1 } }, { a: 1, n: { x: 1 } }],
    ['a list against an object is the local one', { a: { x: 1 } }, { a: [1] }, { a: { x: 1 } }],
  ])('%s', (_, local, server, expected) => {
    expect(deepMerge(local, server)).toEqual(expected);
  });
  test('F-28: takes only the changed fields, including whole nested objects', () => {
    const [local, server] = [
      { a: null, b: 1, n: { x: 1 } },
      { a: 2, b: 3, n: { y: 2 } },
    ];
    expect(deepMerge(local, server, { changedFields: ['a', 'c'] })).toEqual({ a: null, b: 3, n: { y: 2 } });
    expect(deepMerge(local, server, { changedFields: ['n'] })).toEqual({ a: 2, b: 3, n: { x: 1, y: 2 } });
    expect(deepMerge(local, server, { changedFields: [] })).toEqual(server);
  });
});

describe('preservingMerge', () => {
  const merged = (local: JsonObject, server: JsonObject, changedFields?: readonly string[]) =>
    preservingMerge(local, server, { changedFields });
  test.each<
    [
      string,
      JsonObject,
      JsonObject,
      readonly string[] | undefined,
      { data: JsonObject; localFields: string[]; serverFields: string[] },
    ]
  >([
    [
      'MU-01, MU-10: system fields are the server’s',
      { id: 'l', createdAt: 'l', a: 1 },
      { id: 's', a: 1 },
      undefined,
      { data: { id: 's', a: 1 }, localFields: ['a'], serverFields: [] },
    ],
    [
      'MU-11: outside changedFields nothing counts',
      { a: 1, b: 1 },
      { a: 2, b: 2 },
      ['a'],
      { data: { a: 1, b: 2 }, localFields: ['a'], serverFields: ['b'] },
    ],
    [
      'MU-12: empty changedFields apply nothing',
      { a: 1 },
      { a: 2 },
      [],
      { data: { a: 2 }, localFields: [], serverFields: ['a'] },
    ],
    [
      'MU-13: absent ones mean all',
      { a: 1, b: 2 },
      { c: 3 },
      undefined,
      { data: { a: 1, b: 2, c: 3 }, localFields: ['a', 'b'], serverFields: ['c'] },
    ],
    [
      'MU-14: both null',
      { a: null },
      { a: null },
      undefined,
      { data: { a: null }, localFields: [], serverFields: ['a'] },
    ],
    [
      'MU-14: both null, and ours a changed one',
      { a: null },
      { a: null },
      ['a'],
      { data: { a: null }, localFields: [], serverFields: ['a'] },
    ],
    [
      'MU-15: lists and objects over nothing',
      { a: [1, 1], n: { x: null } },
      { a: null },
      undefined,
      { data: { a: [1, 1], n: { x: null } }, localFields: ['a', 'n'], serverFields: [] },
    ],
    [
      'MU-18: an empty id names nothing, so these are two items',
      { a: [{ id: null, n: 'l' }] },
      { a: [{ id: null, n: 's' }] },
      undefined,
      {
        data: {
          a: [
            { id: null, n: 's' },
            { id: null, n: 'l' },
          ],
        },
        localFields: ['a'],
        serverFields: ['a'],
      },
    ],
    [
      'MU-15: local over nothing',
      { a: 1 },
      { a: null },
      undefined,
      { data: { a: 1 }, localFields: ['a'], serverFields: [] },
    ],
    [
      'MU-16: nothing over the server’s',
      { a: null },
      { a: 2 },
      undefined,
      { data: { a: 2 }, localFields: [], serverFields: ['a'] },
    ],
    [
      'F-28: a changed field wins with null',
      { a: null },
      { a: 2 },
      ['a'],
      { data: { a: null }, localFields: ['a'], serverFields: [] },
    ],
    [
      'MU-17: lists are united',
      { a: [3, 1, 4] },
      { a: [1, 2] },
      undefined,
      { data: { a: [1, 2, 3, 4] }, localFields: ['a'], serverFields: ['a'] },
    ],
    [
      'MU-18: items with an id are matched by it',
      { a: [{ id: 1, n: 'l' }, { id: 3 }] },
      { a: [{ id: 1, n: 's' }, { id: 2 }] },
      undefined,
      { data: { a: [{ id: 1, n: 's' }, { id: 2 }, { id: 3 }] }, localFields: ['a'], serverFields: ['a'] },
    ],
    [
      'F-30: other objects by content, no duplicates from local itself',
      { a: [{ x: 1, y: 2 }, { z: 1 }, { z: 1 }] },
      { a: [{ y: 2, x: 1 }] },
      undefined,
      { data: { a: [{ y: 2, x: 1 }, { z: 1 }] }, localFields: ['a'], serverFields: ['a'] },
    ],
    [
      'MU-20: nested objects merge',
      { n: { x: 1, z: null } },
      { n: { x: 2, y: 2, z: 3 } },
      undefined,
      { data: { n: { x: 1, y: 2, z: 3 } }, localFields: ['n'], serverFields: ['n'] },
    ],
    [
      'MU-20: … and count only if local data was used',
      { n: { x: null, id: 7 } },
      { n: { x: 2, id: 8 } },
      undefined,
      { data: { n: { x: 2, id: 8 } }, localFields: [], serverFields: ['n'] },
    ],
    [
      'MU-21: otherwise local',
      { a: 1, b: [1] },
      { a: 'one', b: { x: 1 } },
      undefined,
      { data: { a: 1, b: [1] }, localFields: ['a', 'b'], serverFields: [] },
    ],
    [
      'AUT-06: the example of the README',
      { mood: 5, notes: 'n' },
      { mood: 3, energy: 7 },
      undefined,
      { data: { mood: 5, energy: 7, notes: 'n' }, localFields: ['mood', 'notes'], serverFields: ['energy'] },
    ],
  ])('%s', (_, local, server, changedFields, expected) => {
    expect(merged(local, server, changedFields)).toEqual(expected);
  });
});

describe('threeWayMerge', () => {
  test.each<[string, JsonObject, JsonObject, JsonObject, readonly string[] | undefined, JsonObject]>([
    [
      'each field goes to who changed it',
      { a: 1, b: 1, c: 1 },
      { a: 2, b: 1, c: 1 },
      { a: 1, b: 2, c: 1 },
      undefined,
      { a: 2, b: 2, c: 1 },
    ],
    ['both changed: local', { a: 1 }, { a: 2 }, { a: 3 }, undefined, { a: 2 }],
    ['F-28: a cleared field stays cleared', { a: 1 }, { a: null }, { a: 1, b: 2 }, undefined, { a: null, b: 2 }],
    [
      'a field the server cleared stays cleared',
      { a: 1, b: 1 },
      { a: 1, b: 2 },
      { a: null, b: 1 },
      undefined,
      { a: null, b: 2 },
    ],
    ['a stale whole row does not revert others', { a: 1, b: 1 }, { a: 2, b: 1 }, { a: 1, b: 9 }, ['a'], { a: 2, b: 9 }],
    ['changedFields wins although it equals the base', { a: null }, { a: null }, { a: 5 }, ['a'], { a: null }],
    [
      'a key missing in the local row was not sent',
      { a: 1, b: 1 },
      { a: 2 },
      { a: 1, b: 1 },
      undefined,
      { a: 2, b: 1 },
    ],
    [
      'nested: each key to who changed it, removals included',
      { n: { x: 1, y: 1, z: 1 } },
      { n: { x: 2, y: 1 } },
      { n: { x: 1, y: 2, z: 1 } },
      undefined,
      { n: { x: 2, y: 2 } },
    ],
    [
      'nested: removed here, edited there stays',
      { n: { x: 1, y: 1 } },
      { n: { y: 2 } },
      { n: { x: 3, y: 1 } },
      undefined,
      { n: { x: 3, y: 2 } },
    ],
    [
      'references to two things are not mixed',
      { n: { id: 1, name: 'a' } },
      { n: { id: 2, name: 'b' } },
      { n: { id: 1, name: 'c' } },
      undefined,
      { n: { id: 2, name: 'b' } },
    ],
    [
      'F-29: a removed item does not come back',
      { l: [1, 2, 3] },
      { l: [1, 3] },
      { l: [1, 2, 3, 4] },
      undefined,
      { l: [1, 3, 4] },
    ],
    [
      'F-29: both remove and both add',
      { l: ['a', 'b', 'c'] },
      { l: ['a', 'c', 'x'] },
      { l: ['a', 'b', 'y'] },
      undefined,
      { l: ['a', 'y', 'x'] },
    ],
    [
      'F-29: an edited item survives',
      { l: [{ id: 1, t: 'a', d: 0 }, { id: 2 }] },
      { l: [{ id: 1, t: 'A', d: 0 }, { id: 2 }] },
      { l: [{ id: 1, t: 'a', d: 1 }, { id: 2 }, { id: 3 }] },
      undefined,
      { l: [{ id: 1, t: 'A', d: 1 }, { id: 2 }, { id: 3 }] },
    ],
    [
      'an item removed here and edited there stays',
      { l: [{ id: 1, t: 'a' }, { id: 2 }] },
      { l: [{ id: 2 }] },
      { l: [{ id: 1, t: 'S' }, { id: 2 }] },
      undefined,
      { l: [{ id: 1, t: 'S' }, { id: 2 }] },
    ],
    ['the server’s order', { l: [1, 2, 3] }, { l: [3, 2, 1] }, { l: [2, 1, 3] }, undefined, { l: [2, 1, 3] }],
    [
      'our order when only we reordered',
      { l: [1, 2, 3] },
      { l: [3, 2, 1] },
      { l: [1, 2, 3, 4] },
      undefined,
      { l: [3, 2, 1, 4] },
    ],
    [
      'an item inserted in the middle stays there',
      { l: ['a', 'b'] },
      { l: ['a', 'x', 'b'] },
      { l: ['a', 'b', 'y'] },
      undefined,
      { l: ['a', 'x', 'b', 'y'] },
    ],
    [
      'items inserted one after another keep their order',
      { l: ['a', 'b'] },
      { l: ['a', 'x', 'y', 'b'] },
      { l: ['a', 'b', 'z'] },
      undefined,
      { l: ['a', 'x', 'y', 'b', 'z'] },
    ],
    [
      'any number of equal items',
      { l: [1, 1, 1] },
      { l: [1, 1, 1, 2] },
      { l: [1, 1, 1, 3] },
      undefined,
      { l: [1, 1, 1, 3, 2] },
    ],
    [
      'MU-18: an item that both added under one id is the server’s',
      { l: [] },
      { l: [{ id: 1, t: 'mine', own: 1 }] },
      { l: [{ id: 1, t: 'theirs' }] },
      undefined,
      { l: [{ id: 1, t: 'theirs' }] },
    ],
    [
      'F-29: what was taken out of an item stays out of it',
      { l: [{ id: 1, t: 'a', note: 'n' }] },
      { l: [{ id: 1, t: 'a' }] },
      { l: [{ id: 1, t: 'b', note: 'n' }] },
      undefined,
      { l: [{ id: 1, t: 'b' }] },
    ],
    ['lists of two that had none before are united', { l: null }, { l: [1] }, { l: [2] }, undefined, { l: [2, 1] }],
    ['equal items are counted', { l: [1, 1] }, { l: [1] }, { l: [1, 1, 2] }, undefined, { l: [1, 2] }],
    [
      'lists of lists and nulls',
      { l: [[1], null] },
      { l: [[1], null, [2]] },
      { l: [[1], null, [3]] },
      undefined,
      { l: [[1], null, [3], [2]] },
    ],
    [
      'an empty base is create against create',
      {},
      { a: 1, b: null },
      { a: 2, b: 3, c: 4 },
      undefined,
      { a: 1, b: 3, c: 4 },
    ],
  ])('%s', (_, base, local, server, changedFields, expected) => {
    expect(threeWayMerge(base, local, server, { changedFields }).data).toEqual(expected);
    expect(preservingMerge(local, server, { base, changedFields }).data).toEqual(expected);
  });
  test('MU-23: reports which side each field came from', () => {
    expect(threeWayMerge({ a: 1, b: 1, l: [1] }, { a: 2, b: 1, l: [1, 2] }, { a: 1, b: 2, l: [1, 3] })).toEqual({
      data: { a: 2, b: 2, l: [1, 3, 2] },
      localFields: ['a', 'l'],
      serverFields: ['b', 'l'],
    });
  });
});

test('rejects keys that reach the prototype, at any depth and as changed fields', () => {
  const evil = JSON.parse('{"n":[{"__proto__":{"x":1}}]}') as JsonObject;
  for (const merge of [defaultMerge, deepMerge, preservingMerge]) {
    expect(() => merge(evil, {})).toThrow(ValidationError);
    expect(() => merge({}, evil)).toThrow(ValidationError);
    expect(() => merge({}, {}, { changedFields: ['constructor'] })).toThrow(/constructor/);
  }
  expect(() => threeWayMerge(evil, {}, {})).toThrow(/base data/);
  expect(() => preservingMerge({}, {}, { base: evil })).toThrow(/base data/);
});

test('ConflictUtils groups the helpers', () => {
  expect(Object.keys(ConflictUtils)).toEqual([
    'systemFields',
    'defaultMerge',
    'deepMerge',
    'preservingMerge',
    'threeWayMerge',
    'extractTimestamp',
  ]);
});
