import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/model/values/json.ts';
import { foldOps, type PendingOp } from '../../src/rules/pending/fold.ts';

let seq = 0;
const at = (opId: string): string => `2024-01-01T00:00:0${opId.slice(-1)}.000Z`;
const upsert = (opId: string, payload: JsonObject, rest: Partial<PendingOp> = {}): PendingOp => ({
  seq: (seq += 1),
  opId,
  type: 'upsert',
  creates: false,
  payload,
  localTimestamp: at(opId),
  ...rest,
});
const del = (opId: string, rest: Partial<PendingOp> = {}): PendingOp => ({
  seq: (seq += 1),
  opId,
  type: 'delete',
  creates: false,
  localTimestamp: at(opId),
  ...rest,
});

describe('F-20: the outbox algebra', () => {
  test.each([
    [
      'one create is itself',
      [upsert('o1', { id: 'a', t: 1 }, { creates: true })],
      {
        type: 'upsert',
        opId: 'o1',
        creates: true,
        payload: { id: 'a', t: 1 },
        changedFields: undefined,
        baseUpdatedAt: undefined,
      },
    ],
    [
      'create + edit → create',
      [
        upsert('o1', { id: 'a', t: 1 }, { creates: true }),
        upsert('o2', { id: 'a', t: 2 }, { changedFields: ['t'], baseUpdatedAt: '' }),
      ],
      {
        type: 'upsert',
        opId: 'o2',
        creates: true,
        payload: { id: 'a', t: 2 },
        changedFields: undefined,
        baseUpdatedAt: undefined,
      },
    ],
    [
      'edit + edit → union of fields, oldest base',
      [
        upsert('o1', { t: 1, d: 0 }, { changedFields: ['t'], baseUpdatedAt: 'v1' }),
        upsert('o2', { t: 1, d: 2 }, { changedFields: ['d'], baseUpdatedAt: 'v2' }),
      ],
      {
        type: 'upsert',
        opId: 'o2',
        creates: false,
        payload: { t: 1, d: 2 },
        changedFields: ['t', 'd'],
        baseUpdatedAt: 'v1',
      },
    ],
    [
      'unknown fields stay unknown',
      [upsert('o1', { t: 1 }, { changedFields: ['t'] }), upsert('o2', { t: 2, d: 2 })],
      {
        type: 'upsert',
        opId: 'o2',
        creates: false,
        payload: { t: 2, d: 2 },
        changedFields: undefined,
        baseUpdatedAt: undefined,
      },
    ],
    [
      'a partial payload keeps what older ones brought',
      [upsert('o1', { t: 1, d: 1 }, { changedFields: ['t'] }), upsert('o2', { p: 3 }, { changedFields: ['p'] })],
      {
        type: 'upsert',
        opId: 'o2',
        creates: false,
        payload: { t: 1, d: 1, p: 3 },
        changedFields: ['t', 'p'],
        baseUpdatedAt: undefined,
      },
    ],
    [
      'edit + delete → delete with the oldest base',
      [upsert('o1', { t: 1 }, { baseUpdatedAt: 'v1' }), del('o2', { baseUpdatedAt: 'v2' })],
      { type: 'delete', opId: 'o2', creates: false, baseUpdatedAt: 'v1' },
    ],
    [
      'delete + edit → undelete with the fields of the edits',
      [
        upsert('o1', { t: 1, d: 0 }, { changedFields: ['t'], baseUpdatedAt: 'v1' }),
        del('o2', { baseUpdatedAt: 'v1' }),
        upsert('o3', { t: 1, d: 5 }, { changedFields: ['d'], creates: true }),
      ],
      {
        type: 'upsert',
        opId: 'o3',
        creates: false,
        payload: { t: 1, d: 5 },
        changedFields: ['t', 'd'],
        baseUpdatedAt: 'v1',
      },
    ],
    [
      'create + delete + create → create',
      [upsert('o1', { t: 1 }, { creates: true }), del('o2'), upsert('o3', { t: 3 }, { creates: true })],
      {
        type: 'upsert',
        opId: 'o3',
        creates: true,
        payload: { t: 3 },
        changedFields: undefined,
        baseUpdatedAt: undefined,
      },
    ],
    [
      'a creation has no base, whatever came after it',
      [upsert('o1', { t: 1 }, { creates: true, baseUpdatedAt: '' }), upsert('o2', { t: 2 }, { baseUpdatedAt: 'v2' })],
      {
        type: 'upsert',
        opId: 'o2',
        creates: true,
        payload: { t: 2 },
        changedFields: undefined,
        baseUpdatedAt: undefined,
      },
    ],
    [
      'a row that comes back keeps the base it was given',
      [upsert('o1', { t: 1 }, { creates: true, baseUpdatedAt: 'v1' }), upsert('o2', { t: 2 }, { baseUpdatedAt: 'v2' })],
      { type: 'upsert', opId: 'o2', creates: true, payload: { t: 2 }, changedFields: undefined, baseUpdatedAt: 'v1' },
    ],
    [
      'an empty base is none',
      [upsert('o1', { t: 1 }, { baseUpdatedAt: '' }), upsert('o2', { t: 2 }, { baseUpdatedAt: 'v2' })],
      { type: 'upsert', opId: 'o2', creates: false, payload: { t: 2 }, changedFields: undefined, baseUpdatedAt: 'v2' },
    ],
    [
      'an empty base alone is none',
      [upsert('o1', { t: 1 }, { baseUpdatedAt: '' })],
      {
        type: 'upsert',
        opId: 'o1',
        creates: false,
        payload: { t: 1 },
        changedFields: undefined,
        baseUpdatedAt: undefined,
      },
    ],
    [
      'an unknown first base gives way to a known one',
      [upsert('o1', { t: 1 }), upsert('o2', { t: 2 }, { baseUpdatedAt: 'v2' })],
      { type: 'upsert', opId: 'o2', creates: false, payload: { t: 2 }, changedFields: undefined, baseUpdatedAt: 'v2' },
    ],
  ])('%s', (_, ops, expected) => {
    expect(foldOps(ops)).toEqual({ ...expected, localTimestamp: at(expected.opId) });
  });

  test('create + delete → sends nothing', () => {
    expect(foldOps([upsert('o1', { t: 1 }, { creates: true }), upsert('o2', { t: 2 }), del('o3')])).toEqual({
      type: 'nothing',
    });
  });

  test('F-144: does not take a first edit without a base for a create', () => {
    expect(foldOps([upsert('o1', { t: 1 }), del('o2')])).toMatchObject({ type: 'delete' });
  });

  test('F-140: a whole row from an earlier form does not revert an earlier operation', () => {
    const folded = foldOps([
      upsert('o1', { t: 'new', d: 0 }, { changedFields: ['t'] }),
      upsert('o2', { t: 'old', d: 1 }, { changedFields: ['d'] }),
    ]);
    expect(folded).toMatchObject({ payload: { t: 'new', d: 1 } });
  });

  test("an empty list is a caller's error", () => {
    expect(() => foldOps([])).toThrow(RangeError);
  });

  test('a key named __proto__ stays a key', () => {
    const folded = foldOps([upsert('o1', JSON.parse('{"__proto__":{"x":1}}') as JsonObject)]);
    if (folded.type !== 'upsert') throw new Error('expected an upsert');
    expect(Object.keys(folded.payload)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(folded.payload)).toBe(Object.prototype);
  });
});
