import { describe, expect, test } from 'vitest';
import {
  addToSet,
  applyDelta,
  applyDeltas,
  increment,
  parseWireDeltas,
  removeFromSet,
  sumDeltas,
  toWireDeltas,
  type Delta,
} from '../../src/model/values/delta.ts';
import type { JsonObject } from '../../src/model/values/json.ts';
import { deleteOp, upsertOp } from '../../src/model/operation.ts';
import {
  deltaRequestOf,
  isPureDelta,
  isPureDeltaConflict,
  payloadWithDeltas,
  withRebasedDeltas,
} from '../../src/rules/pending/deltas.ts';
import { foldOps } from '../../src/rules/pending/fold.ts';
import { overlay, reproject } from '../../src/rules/pending/overlay.ts';
import type { PendingOp } from '../../src/rules/pending/pending-op.ts';

const keys = { id: 'id', updatedAt: 'updatedAt', deletedAt: 'deletedAt' };
const op = (seq: number, payload: JsonObject, more: Partial<PendingOp> = {}): PendingOp => ({
  seq,
  opId: `op${seq}`,
  type: 'upsert',
  creates: false,
  payload: { id: 'a', ...payload },
  changedFields: Object.keys(payload),
  baseUpdatedAt: 'v1',
  localTimestamp: 't',
  ...more,
});
const delta = (seq: number, payload: JsonObject, ...deltas: readonly Delta[]): PendingOp =>
  op(seq, payload, { changedFields: [], deltas });

describe('addition', () => {
  test.each([
    ['numbers to one sum', [increment('n', 2), increment('n', -5)], [increment('n', -3)]],
    ['to nothing at all', [increment('n', 2), increment('n', -2)], []],
    [
      'field by field',
      [increment('n', 1), increment('m', 1), increment('n', 1)],
      [increment('n', 2), increment('m', 1)],
    ],
    ['values to one set', [addToSet('s', ['a']), addToSet('s', ['a', 'b'])], [addToSet('s', ['a', 'b'])]],
    [
      'the last one of an addition and a removal counts',
      [addToSet('s', ['a', 'b']), removeFromSet('s', ['a'])],
      [removeFromSet('s', ['a']), addToSet('s', ['b'])],
    ],
    ['a removal is taken back', [removeFromSet('s', ['a']), addToSet('s', ['a'])], [addToSet('s', ['a'])]],
    [
      'objects by content',
      [addToSet('s', [{ x: 1, y: 2 }]), removeFromSet('s', [{ y: 2, x: 1 }])],
      [removeFromSet('s', [{ y: 2, x: 1 }])],
    ],
  ] as const)('deltas add up: %s', (_title, deltas, sum) => expect(sumDeltas(deltas)).toEqual(sum));

  test('rejects a change that is not a finite number where it is made', () => {
    expect(() => increment('n', Number.NaN)).toThrow(RangeError);
    expect(() => increment('n', Infinity)).toThrow(/increment\('n'/);
  });
});

describe('applying', () => {
  test.each([
    ['an empty field counts as 0', null, increment('n', 2), 2],
    ['a missing one too', undefined, increment('n', 2), 2],
    ['a decimal that travels as text stays one', '2.5', increment('n', 1), '3.5'],
    ['to the last digit', '9007199254740993', increment('n', 2), '9007199254740995'],
    ['below zero', '0.25', increment('n', -1), '-0.75'],
    ['to zero', '-1.50', increment('n', 1.5), '0.00'],
    ['of two fractions the longer one', '-0.1', increment('n', 0.025), '-0.075'],
    ['with a sign and blanks', ' +7 ', increment('n', 1), '8'],
    ['with an exponent as exactly as a number', '1e21', increment('n', 1e21), '2e+21'],
    ['no number: stays, the server says so', 'two', increment('n', 1), 'two'],
    ['an empty set', null, addToSet('s', ['a', 'a']), ['a']],
    ['what is there stays once, in its place', ['b', 'a'], addToSet('s', ['a', 'c']), ['b', 'a', 'c']],
    ['removals wherever they stand', ['a', 'b', 'a'], removeFromSet('s', ['a']), ['b']],
    ['nothing to remove from', null, removeFromSet('s', ['a']), []],
    ['no list: stays', 'a', addToSet('s', ['b']), 'a'],
  ] as const)('%s', (_title, value, change, result) => expect(applyDelta(value, change)).toEqual(result));

  test('does not modify the row itself', () => {
    const row = Object.freeze({ n: 1 });
    expect(applyDeltas(row, [increment('n', 1)])).toEqual({ n: 2 });
  });
});

describe('the wire', () => {
  test('PROTOCOL §3: writes deltas by field and reads them back', () => {
    const deltas = [increment('stock', -2), addToSet('tags', ['x']), removeFromSet('tags', ['y'])];
    const wire = toWireDeltas(deltas);
    expect(wire).toEqual({ stock: { increment: -2 }, tags: { add: ['x'], remove: ['y'] } });
    expect(toWireDeltas(parseWireDeltas(wire) as readonly Delta[])).toEqual(wire);
  });

  test.each([
    [[], /must be an object of fields/],
    [{ n: 1 }, /_deltas\.n must be an object/],
    [{ n: { increment: '1' } }, /_deltas\.n\.increment must be a number/],
    [{ n: { add: 'a' } }, /_deltas\.n\.add must be a list/],
    [{ n: { remove: {} } }, /_deltas\.n\.remove must be a list/],
    [{ n: { multiply: 2 } }, /multiply is unknown/],
  ])('rejects %j with the reason', (wire, complaint) => expect(parseWireDeltas(wire)).toMatch(complaint));

  test('a pure delta contains only its id and no base; with other edits it keeps both', () => {
    const pure = upsertOp({
      kind: 'k',
      id: 'a',
      payload: { id: 'a', title: 't', n: 3 },
      changedFields: [],
      deltas: [increment('n', 1)],
      baseUpdatedAt: 'v1',
    });
    expect(isPureDelta(pure)).toBe(true);
    const request = deltaRequestOf(pure);
    expect(request).toEqual({ payload: { id: 'a' }, deltas: [increment('n', 1)], conditional: false });
    expect(request && payloadWithDeltas(request)).toEqual({ id: 'a', _deltas: { n: { increment: 1 } } });
    const mixed = upsertOp({ ...pure, changedFields: ['title'] });
    expect(deltaRequestOf(mixed)).toEqual({
      payload: { id: 'a', title: 't' },
      deltas: [increment('n', 1)],
      conditional: true,
    });
  });

  test('a pure delta contains an id with another name', () => {
    const pure = upsertOp({
      kind: 'k',
      id: 'a',
      payload: { key: 'a', id: 1, n: 3 },
      changedFields: [],
      deltas: [increment('n', 1)],
      baseUpdatedAt: 'v1',
    });
    expect(deltaRequestOf(pure, 'key')?.payload).toEqual({ key: 'a' });
  });

  const edited = { kind: 'k', id: 'a', payload: { id: 'a', n: 3 }, baseUpdatedAt: 'v1' };
  test.each([
    ['a delete', deleteOp({ kind: 'k', id: 'a', baseUpdatedAt: 'v1' })],
    ['an edit without deltas', upsertOp(edited)],
    ['an edit with a list of none', { ...upsertOp(edited), deltas: [] }],
    [
      'a creation: it sends the whole row',
      upsertOp({ ...edited, creates: true, changedFields: [], deltas: [increment('n', 3)] }),
    ],
  ])('sends %s unchanged', (_title, sent) => expect(deltaRequestOf(sent)).toBeUndefined());

  test.each<[string, Parameters<typeof isPureDelta>[0], boolean]>([
    ['nothing but deltas', { creates: false, changedFields: [], deltas: [increment('n', 1)] }, true],
    ['another field, too', { creates: false, changedFields: ['t'], deltas: [increment('n', 1)] }, false],
    ['perhaps other fields, too', { creates: false, deltas: [increment('n', 1)] }, false],
    ['a creation', { creates: true, changedFields: [], deltas: [increment('n', 1)] }, false],
    ['an edit of nothing', { creates: false, changedFields: [] }, false],
    ['a list of none', { creates: false, changedFields: [], deltas: [] }, false],
  ])('F-28: what never conflicts with an edit by somebody else: %s', (_title, change, expected) =>
    expect(isPureDelta(change)).toBe(expected),
  );
});

describe('folding', () => {
  test('F-20: deltas add up to one request', () => {
    expect(foldOps([delta(1, { n: 9 }, increment('n', -1)), delta(2, { n: 7 }, increment('n', -2))])).toMatchObject({
      type: 'upsert',
      opId: 'op2',
      payload: { id: 'a', n: 7 },
      changedFields: [],
      deltas: [increment('n', -3)],
      baseUpdatedAt: 'v1',
    });
  });

  test('F-20: a plain write absorbs earlier deltas of its own field only', () => {
    const folded = foldOps([delta(1, { n: 9, m: 1 }, increment('n', -1), increment('m', 1)), op(2, { n: 50 })]);
    expect(folded).toMatchObject({
      payload: { id: 'a', n: 50, m: 1 },
      changedFields: ['n'],
      deltas: [increment('m', 1)],
    });
  });

  test('F-20: a delta after a plain write of its field becomes part of the written value', () => {
    const folded = foldOps([op(1, { n: 50 }), delta(2, { n: 49 }, increment('n', -1))]);
    expect(folded).toMatchObject({ payload: { id: 'a', n: 49 }, changedFields: ['n'] });
    expect(folded).not.toHaveProperty('deltas');
  });

  test('F-20: deltas on a locally created row become part of the creation', () => {
    const { changedFields: _all, ...create } = op(1, { n: 5 }, { creates: true });
    const folded = foldOps([create, delta(2, { n: 8 }, increment('n', 3))]);
    expect(folded).toMatchObject({ creates: true, payload: { id: 'a', n: 8 } });
    expect(folded).not.toHaveProperty('deltas');
  });

  test('F-140: a later edit on an older copy does not restore the value from before a delta', () => {
    const folded = foldOps([
      delta(1, { n: 9, title: 'old' }, increment('n', -1)),
      op(2, { n: 10, title: 'new' }, { changedFields: ['title'] }),
    ]);
    expect(folded).toMatchObject({
      payload: { n: 9, title: 'new' },
      changedFields: ['title'],
      deltas: [increment('n', -1)],
    });
  });

  test('a deletion absorbs earlier deltas', () => {
    expect(
      foldOps([delta(1, { n: 9 }, increment('n', -1)), { ...op(2, {}), type: 'delete', payload: undefined }]),
    ).toMatchObject({ type: 'delete' });
  });
});

describe('a changing server row', () => {
  const server = { id: 'a', n: 100, title: 'theirs', updatedAt: 'v2', deletedAt: null };
  const pending = delta(1, { n: 9, title: 'mine' }, increment('n', -1));

  test("I4: the local row is the server's value plus the pending delta", () => {
    expect(overlay(server, [pending, delta(2, { n: 7 }, increment('n', -2))], keys).row).toEqual({ ...server, n: 97 });
    expect(overlay(server, [pending, op(2, { n: 5 }), delta(3, { n: 6 }, increment('n', 1))], keys).row).toMatchObject({
      n: 6,
    });
  });

  test('F-136: rebuilds a delta on the new value after another operation has left', () => {
    expect(reproject(server, pending, keys)).toEqual({ id: 'a', n: 99, title: 'theirs' });
  });

  test('a conflict is about the delta, not about its former result', () => {
    const conflict = {
      opType: 'upsert' as const,
      changedFields: ['n'],
      deltas: [increment('n', -1)],
      serverData: server,
      serverDeleted: false,
    };
    expect(withRebasedDeltas({ id: 'a', n: 9, title: 'mine' }, conflict)).toEqual({ id: 'a', n: 99, title: 'mine' });
    expect(isPureDeltaConflict(conflict)).toBe(true);
    expect(isPureDeltaConflict({ ...conflict, changedFields: ['n', 'title'] })).toBe(false);
    expect(withRebasedDeltas({ n: 9 }, { ...conflict, serverDeleted: true })).toEqual({ n: 9 });
    expect(withRebasedDeltas({ n: 9 }, { ...conflict, deltas: undefined })).toEqual({ n: 9 });
  });

  const deltas = [increment('n', -1), increment('m', 1)];
  test.each<[string, Parameters<typeof isPureDeltaConflict>[0], boolean]>([
    ['each field is that of some delta', { opType: 'upsert', changedFields: ['n', 'm'], deltas }, true],
    ['one field is of none', { opType: 'upsert', changedFields: ['n', 'title', 'm'], deltas }, false],
    ['unknown fields', { opType: 'upsert', changedFields: undefined, deltas }, false],
    ['no deltas', { opType: 'upsert', changedFields: ['n'], deltas: undefined }, false],
    ['a delete', { opType: 'delete', changedFields: ['n'], deltas }, false],
  ])('a conflict with deltas only: %s', (_title, conflict, expected) =>
    expect(isPureDeltaConflict(conflict)).toBe(expected),
  );
});
