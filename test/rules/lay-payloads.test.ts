import { describe, expect, test } from 'vitest';
import { increment } from '../../src/model/values/delta.ts';
import type { JsonObject } from '../../src/model/values/json.ts';
import { deltasOf, foldDeltas } from '../../src/rules/pending/deltas.ts';
import { claims, layPayloads } from '../../src/rules/pending/lay-payloads.ts';
import type { PendingOp } from '../../src/rules/pending/pending-op.ts';

const op = (payload: JsonObject, more: Partial<PendingOp> = {}): PendingOp => ({
  seq: 1,
  opId: 'o',
  type: 'upsert',
  creates: false,
  payload,
  localTimestamp: '',
  ...more,
});

describe("F-140: which operation's value a key has", () => {
  test.each<[string, Partial<PendingOp>, string, boolean]>([
    ['unknown changed fields claim every key', {}, 't', true],
    ['known ones themselves', { changedFields: ['t'] }, 't', true],
    ['and no other', { changedFields: ['t'] }, 'n', false],
    ['none claim nothing', { changedFields: [] }, 't', false],
    ['a delta claims no plain value', { deltas: [increment('n', 1), increment('m', 1)] }, 'n', false],
    ['wherever in the list it stands', { deltas: [increment('m', 1), increment('n', 1)] }, 'n', false],
    ['a delta of another field takes nothing away', { deltas: [increment('m', 1)] }, 'n', true],
    ['no deltas at all neither', { deltas: [] }, 'n', true],
    ['a creation sends the whole row, its deltas included', { creates: true, deltas: [increment('n', 1)] }, 'n', true],
  ])('%s', (_, more, key, expected) => {
    expect(claims(op({ t: 1, n: 1 }, more), key)).toBe(expected);
  });
});

describe('F-20, F-140: overlays the payloads of one entity', () => {
  test.each<[string, readonly PendingOp[], JsonObject]>([
    ['nothing is an empty row', [], {}],
    ['an operation without payload brings nothing', [op({ t: 1 }), op({}, { payload: undefined })], { t: 1 }],
    ['a delete brings nothing, whatever it carries', [op({ t: 1 }), op({ t: 2 }, { type: 'delete' })], { t: 1 }],
    [
      'what nobody claims is from the newest',
      [op({ t: 1, n: 1 }, { changedFields: [] }), op({ t: 2 }, { changedFields: [] })],
      { t: 2, n: 1 },
    ],
    [
      'a claimed value stays over an older copy',
      [op({ t: 1 }, { changedFields: ['t'] }), op({ t: 0, n: 2 }, { changedFields: ['n'] })],
      { t: 1, n: 2 },
    ],
    [
      'the deltas of a creation are in its row already',
      [op({ n: 5 }, { creates: true, deltas: [increment('n', 5)] })],
      { n: 5 },
    ],
    [
      'the first delta of a field is in its own payload already',
      [op({ n: 9 }, { changedFields: [], deltas: [increment('n', -1)] })],
      { n: 9 },
    ],
    [
      'all of them in that operation',
      [op({ n: 8 }, { changedFields: [], deltas: [increment('n', -1), increment('n', -1)] })],
      { n: 8 },
    ],
    [
      'later ones change the value laid so far, not that of their own copy',
      [op({ n: 50 }, { changedFields: ['n'] }), op({ n: 3 }, { changedFields: [], deltas: [increment('n', 2)] })],
      { n: 52 },
    ],
    [
      'field by field',
      [
        op({ n: 9, m: 1 }, { changedFields: [], deltas: [increment('n', -1)] }),
        op({ n: 4, m: 2 }, { changedFields: [], deltas: [increment('n', -1), increment('m', 1)] }),
      ],
      { n: 8, m: 2 },
    ],
    [
      'a plain write comes over a delta, an older copy does not',
      [
        op({ n: 9 }, { changedFields: [], deltas: [increment('n', -1)] }),
        op({ n: 10, t: 1 }, { changedFields: ['t'] }),
        op({ n: 20 }, { changedFields: ['n'] }),
      ],
      { n: 20, t: 1 },
    ],
  ])('%s', (_, ops, expected) => {
    expect(layPayloads(ops)).toEqual(expected);
  });
});

describe('F-20: the deltas of a group', () => {
  test('a creation has none: it sends the whole row', () => {
    const created = op({ n: 5 }, { creates: true, deltas: [increment('n', 5)] });
    expect(deltasOf(created)).toEqual([]);
    expect(foldDeltas([created, op({ n: 6 }, { changedFields: [], deltas: [increment('n', 1)] })])).toEqual([]);
  });

  test('ignores the payload of a delete', () => {
    const deltas = [increment('n', 1)];
    expect(foldDeltas([op({}, { type: 'delete', deltas }), op({ n: 1 }, { changedFields: [], deltas })])).toEqual(
      deltas,
    );
  });
});
