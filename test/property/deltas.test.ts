import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addToSet,
  applyDeltas,
  increment,
  parseWireDeltas,
  removeFromSet,
  sumDeltas,
  toWireDeltas,
  type Delta,
} from '../../src/model/values/delta.ts';
import type { Json, JsonObject } from '../../src/model/values/json.ts';
import { foldOps, type FoldedRequest, type PendingOp } from '../../src/rules/pending/fold.ts';
import { overlay } from '../../src/rules/pending/overlay.ts';

const keys = { id: 'id', updatedAt: 'updated_at', deletedAt: 'deleted_at' };
const valueArb: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom('x', 'y', 'z'),
  fc.record({ a: fc.nat(1), b: fc.nat(1) }),
);
const valuesArb = fc.array(valueArb, { maxLength: 3 });
const deltaArb: fc.Arbitrary<Delta> = fc.oneof(
  fc.integer({ min: -5, max: 5 }).map((by) => increment('n', by)),
  fc.integer({ min: -5, max: 5 }).map((by) => increment('m', by)),
  valuesArb.map((values) => addToSet('s', values)),
  valuesArb.map((values) => removeFromSet('s', values)),
);
const deltasArb = fc.array(deltaArb, { maxLength: 8 });
const rowArb: fc.Arbitrary<JsonObject> = fc.record({
  id: fc.constant('a'),
  n: fc.option(fc.integer({ min: -9, max: 9 })),
  m: fc.integer({ min: -9, max: 9 }),
  t: fc.nat(9),
  s: fc.option(fc.uniqueArray(fc.constantFrom('x', 'y', 'z'))),
});

/** Numbers of an empty field and 0 are the same to a sum that came to nothing. */
const seen = (row: JsonObject | undefined): unknown =>
  row && { ...row, n: row['n'] ?? 0, s: [...((row['s'] as Json[] | null) ?? [])] };

test('adding deltas up equals applying them one after another', () => {
  fc.assert(
    fc.property(rowArb, deltasArb, (row, deltas) => {
      const asSet = (result: JsonObject): unknown => ({
        ...(seen(result) as object),
        s: new Set(((result['s'] as Json[] | null) ?? []).map((value) => JSON.stringify(value))),
      });
      expect(asSet(applyDeltas(row, sumDeltas(deltas)))).toEqual(asSet(applyDeltas(row, deltas)));
    }),
    { numRuns: 500 },
  );
});

test('addition is associative, and adding up twice changes nothing', () => {
  fc.assert(
    fc.property(deltasArb, deltasArb, deltasArb, (a, b, c) => {
      const asSets = (sum: readonly Delta[]): unknown =>
        new Map(
          sum.map((delta) => [
            `${delta.type} ${delta.field}`,
            delta.type === 'increment' ? delta.by : new Set(delta.values.map((value) => JSON.stringify(value))),
          ]),
        );
      expect(asSets(sumDeltas([...sumDeltas([...a, ...b]), ...c]))).toEqual(
        asSets(sumDeltas([...a, ...sumDeltas([...b, ...c])])),
      );
      const once = sumDeltas(a);
      expect(sumDeltas(once)).toEqual(once);
    }),
    { numRuns: 500 },
  );
});

test('delta commutativity: increments, and set changes of different values, give the same row in any order', () => {
  fc.assert(
    fc.property(
      rowArb,
      fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 6 }),
      fc.array(fc.boolean(), { maxLength: 4 }),
      fc.infiniteStream(fc.nat()),
      (row, numbers, adds, draws) => {
        const changes = [
          ...numbers.map((by) => increment('n', by)),
          ...adds.map((isAdd, index) => (isAdd ? addToSet : removeFromSet)('s', [`v${index}`])),
        ];
        const shuffled = changes
          .map((change) => ({ change, at: draws.next().value }))
          .sort((x, y) => x.at - y.at)
          .map(({ change }) => change);
        const sorted = (result: JsonObject): unknown => ({
          ...result,
          s: [...((result['s'] as string[] | null) ?? [])].sort(),
        });
        expect(sorted(applyDeltas(row, shuffled))).toEqual(sorted(applyDeltas(row, changes)));
      },
    ),
    { numRuns: 300 },
  );
});

test('PROTOCOL §3: applying the parsed wire form equals applying the original', () => {
  fc.assert(
    fc.property(rowArb, deltasArb, (row, deltas) => {
      const wire = JSON.parse(JSON.stringify(toWireDeltas(deltas))) as Json;
      const read = parseWireDeltas(wire);
      if (typeof read === 'string') throw new Error(read);
      expect(applyDeltas(row, read)).toEqual(applyDeltas(row, sumDeltas(deltas)));
    }),
    { numRuns: 300 },
  );
});

/** One thing a user does to a row. */
type Step =
  | { readonly write: Partial<Record<'n' | 'm' | 't', number>>; readonly knows: boolean }
  | { readonly change: readonly Delta[] };
const stepArb: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    write: fc.dictionary(fc.constantFrom('n', 'm', 't'), fc.nat(9), { minKeys: 1, maxKeys: 2 }),
    knows: fc.boolean(),
  }),
  fc.array(deltaArb, { minLength: 1, maxLength: 3 }).map((change) => ({ change: sumDeltas(change) })),
);

/** The outbox of a script: payloads are the whole row as the user then sees it. */
function script(steps: readonly Step[], row: JsonObject, isNew: boolean): readonly PendingOp[] {
  let visible = row;
  const ops = isNew
    ? [{ seq: -1, opId: 'create', type: 'upsert' as const, creates: true, payload: row, localTimestamp: 't' }]
    : [];
  return [
    ...ops,
    ...steps.map((step, seq): PendingOp => {
      const shared = {
        seq,
        opId: `o${seq}`,
        type: 'upsert' as const,
        creates: false,
        baseUpdatedAt: 'v1',
        localTimestamp: 't',
      };
      visible = 'change' in step ? applyDeltas(visible, step.change) : { ...visible, ...step.write };
      if ('change' in step) return { ...shared, payload: visible, changedFields: [], deltas: step.change };
      return { ...shared, payload: visible, ...(step.knows ? { changedFields: Object.keys(step.write) } : {}) };
    }),
  ];
}

/** A server that merges and applies deltas: only what the operation is about, on whatever is there. */
const arrive = (stored: JsonObject | undefined, request: FoldedRequest): JsonObject | undefined => {
  if (request.type !== 'upsert') return stored;
  if (stored === undefined || request.creates) return request.payload;
  const deltas = request.deltas ?? [];
  const plain = Object.entries(request.payload).filter(
    ([key]) => (request.changedFields?.includes(key) ?? true) && !deltas.some(({ field }) => field === key),
  );
  return applyDeltas({ ...stored, ...Object.fromEntries(plain) }, deltas);
};
const asSets = (row: JsonObject | undefined): unknown =>
  row && {
    ...(seen(row) as object),
    s: new Set(((row['s'] as Json[] | null) ?? []).map((value) => JSON.stringify(value))),
  };

test('F-20: sending one by one equals sending folded, also after a concurrent change of the row', () => {
  fc.assert(
    fc.property(
      rowArb,
      rowArb,
      fc.array(stepArb, { minLength: 1, maxLength: 7 }),
      fc.boolean(),
      fc.nat(7),
      (row, elsewhere, steps, isNew, cut) => {
        const ops = script(steps, row, isNew);
        const start = isNew ? undefined : elsewhere;
        const oneByOne = ops.reduce((stored, op) => arrive(stored, foldOps([op])), start);
        expect(asSets(arrive(start, foldOps(ops)))).toEqual(asSets(oneByOne));
        const [first, second] = [ops.slice(0, cut), ops.slice(cut)].map((part) =>
          part.length === 0 ? undefined : foldOps(part),
        );
        const inTwo = [first, second].reduce(
          (stored, part) => (part === undefined ? stored : arrive(stored, part)),
          start,
        );
        expect(asSets(inTwo)).toEqual(asSets(oneByOne));
      },
    ),
    { numRuns: 500 },
  );
});

test('I4: the user sees over any server row what that server has after the folded request', () => {
  fc.assert(
    fc.property(rowArb, rowArb, fc.array(stepArb, { minLength: 1, maxLength: 7 }), (row, elsewhere, steps) => {
      const ops = script(steps, row, false);
      expect(asSets(overlay(elsewhere, ops, keys).row)).toEqual(asSets(arrive(elsewhere, foldOps(ops))));
      // Over the row that the user began with, it is what the user saw.
      expect(asSets(overlay(row, ops, keys).row)).toEqual(asSets(ops.at(-1)?.payload));
    }),
    { numRuns: 500 },
  );
});
