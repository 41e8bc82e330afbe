import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/model/values/json.ts';
import { depart, type Departure, type DepartureMode } from '../../src/rules/pending/departure.ts';
import { overlay } from '../../src/rules/pending/overlay.ts';
import type { PendingOp } from '../../src/rules/pending/pending-op.ts';

const keys = { id: 'id', updatedAt: 'updatedAt', deletedAt: 'deletedAt' };
const at = '2026-01-01T00:00:00.000Z';
const upsert = (seq: number, payload: JsonObject, more: Partial<PendingOp> = {}): PendingOp => ({
  seq,
  opId: `op${seq}`,
  type: 'upsert',
  creates: false,
  payload: { id: 'a', ...payload },
  changedFields: Object.keys(payload),
  localTimestamp: at,
  ...more,
});
const create = (seq: number, payload: JsonObject): PendingOp => {
  const { changedFields: _all, ...op } = upsert(seq, payload, { creates: true });
  return op;
};
const remove = (seq: number, more: Partial<PendingOp> = {}): PendingOp => ({
  seq,
  opId: `op${seq}`,
  type: 'delete',
  creates: false,
  localTimestamp: at,
  ...more,
});
const server = (version: string, changes: JsonObject = {}): JsonObject => ({
  id: 'a',
  title: 'server',
  price: 1,
  updatedAt: version,
  deletedAt: null,
  ...changes,
});
const leave = (
  ops: readonly PendingOp[],
  seqs: readonly number[],
  mode: DepartureMode,
  known: JsonObject | undefined,
  more: Partial<Departure> = {},
) =>
  depart({
    ops,
    leaving: new Set(seqs),
    mode,
    serverRow: known,
    serverVersion: known === undefined ? undefined : String(known['updatedAt']),
    serverDeleted: false,
    keys,
    ...more,
  });

describe('individual departures', () => {
  test('F-20: rebuilds followers of an applied edit on the answer and its version', () => {
    const departed = leave(
      [
        upsert(1, { title: 'x' }),
        upsert(2, { price: 5, title: 'x' }, { changedFields: ['price'], baseUpdatedAt: 't1' }),
      ],
      [1],
      'applied',
      server('t2', { title: 'X' }),
    );
    expect(departed.remaining).toEqual([
      upsert(2, { title: 'X', price: 5 }, { changedFields: ['price'], baseUpdatedAt: 't2' }),
    ]);
    expect(departed.gone.map((op) => op.seq)).toEqual([1]);
    expect(departed.localRow).toEqual(server('t2', { title: 'X', price: 5 }));
  });

  test('F-136: the value of a given-up edit does not return with the full row of the next', () => {
    const departed = leave(
      [upsert(1, { title: 'given up' }), upsert(2, { title: 'given up', price: 5 }, { changedFields: ['price'] })],
      [1],
      'givenUp',
      server('t2'),
    );
    expect(departed.remaining[0]?.payload).toEqual({ id: 'a', title: 'server', price: 5 });
    expect(departed.localRow).toMatchObject({ title: 'server', price: 5 });
  });

  test('a create that leaves unapplied passes its role and its fields to the next edit', () => {
    const departed = leave([create(1, { title: 'x', price: 3 }), upsert(2, { title: 'y' })], [1], 'givenUp', undefined);
    expect(departed.remaining).toMatchObject([{ seq: 2, creates: true, payload: { id: 'a', title: 'y', price: 3 } }]);
    expect(departed.remaining[0]).not.toHaveProperty('baseUpdatedAt', expect.anything());
    expect(departed.localRow).toMatchObject({ id: 'a', title: 'y', price: 3, updatedAt: '' });
  });

  test('F-49: a dropped create drops everything built on it, unless the server has the row', () => {
    const ops = [create(1, { title: 'x' }), upsert(2, { title: 'y' }), remove(3)];
    expect(leave(ops, [1], 'dropped', undefined)).toMatchObject({ remaining: [], gone: ops, localRow: undefined });
    expect(leave(ops, [1], 'dropped', server('t2')).remaining.map((op) => [op.seq, op.creates])).toEqual([
      [2, false],
      [3, false],
    ]);
  });

  test('a delete of a row unknown to the server also leaves; the write after it becomes the create', () => {
    const ops = [create(1, { title: 'x' }), remove(2), upsert(3, { title: 'again', price: 2 }, { creates: true })];
    const departed = leave(ops, [1], 'givenUp', undefined);
    expect(departed.remaining.map((op) => [op.seq, op.creates])).toEqual([[3, true]]);
    expect(departed.gone.map((op) => op.seq)).toEqual([1, 2]);
    expect(leave(ops.slice(0, 2), [1], 'givenUp', undefined)).toMatchObject({ remaining: [], localRow: undefined });
  });

  test('F-144: an edit behind an applied create is not a create', () => {
    expect(
      leave([create(1, { title: 'x' }), upsert(2, { title: 'y' }, { creates: true })], [1], 'applied', server('t1'))
        .remaining[0],
    ).toMatchObject({
      creates: false,
      baseUpdatedAt: 't1',
    });
  });

  test('I2: an operation older than the leaving one keeps payload and base: it may be in flight', () => {
    const first = upsert(1, { title: 'x' }, { baseUpdatedAt: 't1' });
    const departed = leave(
      [first, upsert(2, { price: 5 }, { baseUpdatedAt: 't1' }), upsert(3, { note: 'n' }, { baseUpdatedAt: 't1' })],
      [2],
      'dropped',
      server('t2', { title: 'theirs' }),
    );
    expect(departed.remaining[0]).toEqual(first);
    expect(departed.remaining[1]).toMatchObject({
      seq: 3,
      baseUpdatedAt: 't2',
      payload: { title: 'theirs', price: 1, note: 'n' },
    });
    expect(departed.localRow).toMatchObject({ title: 'x', price: 1, note: 'n' });
  });

  test("F-49: dropping an insert over the user's own delete drops nothing made before it", () => {
    const ops = [create(1, { title: 'x' }), remove(2), create(3, { title: 'again' })];
    expect(leave(ops, [3], 'dropped', undefined).remaining).toEqual(ops.slice(0, 2));
  });

  test('I4: a pending delete keeps the row hidden; the row returns if the delete leaves unapplied', () => {
    expect(leave([upsert(1, { title: 'x' }), remove(2)], [1], 'applied', server('t2'))).toMatchObject({
      deletedLocally: true,
      remaining: [{ seq: 2, baseUpdatedAt: 't2' }],
    });
    expect(leave([remove(1)], [1], 'givenUp', server('t2'))).toMatchObject({
      deletedLocally: false,
      localRow: server('t2'),
    });
  });

  test('F-144, I1: a create that was applied without an answer makes no later operation a create and drops none', () => {
    const ops = [
      create(1, { title: 'x' }),
      remove(2, { baseUpdatedAt: '' }),
      create(3, { title: 'again' }),
      upsert(4, { price: 2 }, { baseUpdatedAt: '' }),
    ];
    const departed = leave(ops, [1], 'applied', undefined);
    expect(departed.gone.map((op) => op.seq)).toEqual([1]);
    expect(departed.remaining).toEqual([
      { ...remove(2), baseUpdatedAt: undefined },
      { ...create(3, { title: 'again' }), creates: false, baseUpdatedAt: undefined },
      { ...upsert(4, { price: 2 }), baseUpdatedAt: undefined },
    ]);
  });

  test('F-144: an insert behind a given-up edit stays an insert unless the server has the row', () => {
    const ops = [upsert(1, { title: 'x' }), remove(2), create(3, { title: 'again' })];
    expect(leave(ops, [1], 'givenUp', undefined).remaining.map((op) => op.creates)).toEqual([false, true]);
    expect(leave(ops, [1], 'givenUp', server('t2')).remaining.map((op) => op.creates)).toEqual([false, false]);
  });

  test('only the first follower of a create inherits its fields; later ones restore nothing', () => {
    const ops = [create(1, { title: 'x', price: 3 }), upsert(2, { title: 'y' }), upsert(3, { note: 'n' })];
    expect(leave(ops, [1], 'givenUp', undefined).remaining.map((op) => [op.creates, op.payload])).toEqual([
      [true, { id: 'a', title: 'y', price: 3 }],
      [false, { id: 'a', note: 'n' }],
    ]);
  });

  test('F-136: nothing of a given-up change returns over a tombstone', () => {
    const tombstone = server('t2', { deletedAt: 't2' });
    const ops = [upsert(1, { title: 'given up', note: 'given up' }), upsert(2, { title: 'y' }), remove(3)];
    const { remaining } = leave(ops, [1], 'givenUp', tombstone, { serverDeleted: true });
    expect(remaining.map((op) => op.payload)).toEqual([{ id: 'a', title: 'y' }, undefined]);
  });

  test('a delete contains no row, whatever it is rebuilt on', () => {
    const { remaining } = leave([upsert(1, { title: 'x' }), remove(2)], [1], 'applied', server('t2'));
    expect(remaining).toStrictEqual([{ ...remove(2), baseUpdatedAt: 't2' }]);
  });

  test('nothing changes when nothing leaves', () => {
    const ops = [upsert(1, { title: 'x' }, { baseUpdatedAt: 't1' }), remove(2)];
    expect(leave(ops, [], 'applied', server('t2'))).toMatchObject({ remaining: ops, gone: [] });
  });

  test('sends a follower over a tombstone without a base, and its row stays visible', () => {
    const departed = leave(
      [upsert(1, { title: 'x' }), upsert(2, { title: 'y' }, { baseUpdatedAt: 't1' })],
      [1],
      'givenUp',
      server('t2', { deletedAt: 't2' }),
      {
        serverDeleted: true,
      },
    );
    expect(departed.remaining).toMatchObject([{ seq: 2, baseUpdatedAt: undefined }]);
    expect(departed.localRow).toMatchObject({ title: 'y', deletedAt: null });
  });
});

const field = fc.constantFrom('title', 'price', 'note');
const value = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(null), fc.string({ maxLength: 3 }));
const queue = fc
  .tuple(
    fc.boolean(),
    fc.array(
      fc.oneof(
        {
          weight: 4,
          arbitrary: fc.record({
            type: fc.constant('upsert' as const),
            changes: fc.dictionary(field, value, { minKeys: 1 }),
            knowsFields: fc.boolean(),
            base: fc.option(fc.constantFrom('b1', 'b2'), { nil: undefined }),
          }),
        },
        {
          weight: 1,
          arbitrary: fc.record({
            type: fc.constant('delete' as const),
            base: fc.option(fc.constantFrom('b1', 'b2'), { nil: undefined }),
          }),
        },
      ),
      { minLength: 1, maxLength: 5 },
    ),
  )
  .map(([isNew, steps]): PendingOp[] =>
    steps.map((step, index) => {
      const seq = (index + 1) * 3;
      if (step.type === 'delete' && !(isNew && index === 0))
        return remove(seq, step.base === undefined ? {} : { baseUpdatedAt: step.base });
      const changes = step.type === 'delete' ? { title: 'x' } : step.changes;
      if (isNew && index === 0) return create(seq, { title: 'new', price: 0, note: null, ...changes });
      const op = upsert(seq, changes, {
        payload: { id: 'a', title: 'seen', price: 1, note: 'seen', ...changes },
        ...(step.base === undefined ? {} : { baseUpdatedAt: step.base }),
      });
      const { changedFields: _unknown, ...whole } = op;
      return step.type === 'upsert' && !step.knowsFields ? whole : op;
    }),
  );
const departures = fc
  .record({
    ops: queue,
    picks: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
    mode: fc.constantFrom<DepartureMode>('applied', 'givenUp', 'dropped'),
    known: fc.constantFrom('none', 'row', 'tombstone'),
  })
  .map(
    ({ ops, picks, mode, known }): Departure => ({
      ops,
      leaving: new Set(ops.filter((_, index) => picks[index]).map((op) => op.seq)),
      mode,
      keys,
      serverRow:
        known === 'none'
          ? undefined
          : server('t9', { note: 'theirs', ...(known === 'tombstone' ? { deletedAt: 't9' } : {}) }),
      serverVersion: known === 'none' ? undefined : 't9',
      serverDeleted: known === 'tombstone',
    }),
  );

describe('departures in any queue', () => {
  const check = (holds: (departure: Departure) => void): void =>
    fc.assert(fc.property(departures, holds), { numRuns: 400 });

  test('I1: loses and doubles nothing: removed plus remaining operations are the queue, in order', () =>
    check((departure) => {
      const { gone, remaining } = depart(departure);
      expect([...gone, ...remaining].map((op) => op.seq).toSorted((a, b) => a - b)).toEqual(
        departure.ops.map((op) => op.seq),
      );
      for (const list of [gone, remaining])
        expect(list.map((op) => op.seq)).toEqual(list.map((op) => op.seq).toSorted((a, b) => a - b));
      expect(gone.map((op) => op.seq)).toEqual(expect.arrayContaining([...departure.leaving]));
    }));

  test('I1: drops more than requested only with an unapplied create that nobody else made', () =>
    check((departure) => {
      const { gone } = depart(departure);
      const extra = gone.filter((op) => !departure.leaving.has(op.seq));
      const lostCreate =
        departure.mode !== 'applied' &&
        departure.serverRow === undefined &&
        departure.ops.some((op) => op.creates && departure.leaving.has(op.seq));
      if (!lostCreate) expect(extra).toEqual([]);
      else if (departure.mode === 'givenUp') expect(extra.every((op) => op.type === 'delete')).toBe(true);
    }));

  test('F-20: followers keep identity, kind and own fields, and use the row now known as base', () =>
    check((departure) => {
      const { remaining } = depart(departure);
      const exists = departure.serverRow !== undefined && !departure.serverDeleted;
      const first = departure.ops.find((op) => departure.leaving.has(op.seq))?.seq ?? Infinity;
      // What is older than all that leaves may be under way: not a character of it changes.
      expect(remaining.filter((op) => op.seq < first)).toEqual(departure.ops.filter((op) => op.seq < first));
      for (const op of remaining.filter((candidate) => candidate.seq > first)) {
        const before = departure.ops.find((candidate) => candidate.seq === op.seq);
        expect(op).toMatchObject({ opId: before?.opId, type: before?.type, localTimestamp: before?.localTimestamp });
        expect(op.baseUpdatedAt).toBe(exists ? 't9' : undefined);
        expect(op.changedFields).toEqual(before?.changedFields);
        for (const key of before?.changedFields ?? []) expect(op.payload?.[key]).toEqual(before?.payload?.[key]);
        if (exists && op.changedFields !== undefined) {
          for (const key of ['title', 'price', 'note'].filter((name) => !op.changedFields?.includes(name)))
            expect(op.payload?.[key]).toEqual(departure.serverRow?.[key]);
        }
        if (op.payload !== undefined && exists) expect(Object.keys(op.payload)).not.toContain('updatedAt');
      }
    }));

  test('F-144: at most the first follower creates, and only a row that the server does not have', () =>
    check((departure) => {
      const { remaining } = depart(departure);
      expect(
        remaining
          .slice(1)
          .filter((op) => op.creates && !departure.ops.find((before) => before.seq === op.seq)?.creates),
      ).toEqual([]);
      const first = departure.ops.find((op) => departure.leaving.has(op.seq))?.seq ?? Infinity;
      if (departure.serverRow !== undefined && !departure.serverDeleted)
        expect(remaining.filter((op) => op.creates && op.seq > first)).toEqual([]);
      const lostCreate =
        departure.mode !== 'applied' &&
        departure.serverRow === undefined &&
        departure.ops.some((op) => op.creates && departure.leaving.has(op.seq));
      if (lostCreate && remaining.length > 0) expect(remaining[0]?.creates).toBe(true);
    }));

  test("I4: the local row is the server's with the remaining operations on top", () =>
    check((departure) => {
      const { remaining, localRow, deletedLocally } = depart(departure);
      const expected = overlay(departure.serverRow, remaining, keys);
      expect(localRow).toEqual(expected.row);
      expect(deletedLocally).toBe(expected.deletedLocally);
    }));
});
