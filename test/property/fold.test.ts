import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/model/values/json.ts';
import { foldOps, type FoldedRequest, type PendingOp } from '../../src/rules/pending/fold.ts';
import { overlay, reproject } from '../../src/rules/pending/overlay.ts';

const keys = { id: 'id', updatedAt: 'updated_at', deletedAt: 'deleted_at' };
const fields = ['t', 'd', 'p'] as const;

/** What a user does, whatever the state of the row: the script decides what that means. */
type Step =
  | { readonly edit: Partial<Record<(typeof fields)[number], Json>>; readonly knows: boolean; readonly whole: boolean }
  | { readonly edit: null };
const stepArb: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      edit: fc.dictionary(fc.constantFrom(...fields), fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(null)), {
        maxKeys: 3,
      }),
      knows: fc.boolean(),
      whole: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ edit: null }) },
);

interface ServerRow {
  readonly row: JsonObject;
  readonly live: boolean;
}

/** A server with merge-PUT and soft deletes, no conflicts. */
const apply = (server: ServerRow | undefined, request: FoldedRequest): ServerRow | undefined => {
  if (request.type === 'nothing') return server;
  if (request.type === 'delete') return server && { ...server, live: false };
  return { row: { ...server?.row, ...request.payload }, live: true };
};

/** The outbox that a script leaves: payloads are what the user then sees. */
function script(steps: readonly Step[], existing: JsonObject | undefined): readonly PendingOp[] {
  const ops: PendingOp[] = [];
  let seen = existing;
  let exists = existing !== undefined;
  for (const [index, step] of steps.entries()) {
    const op = {
      seq: index,
      opId: `o${index}`,
      localTimestamp: `t${index}`,
      baseUpdatedAt: existing === undefined ? undefined : 'v1',
    };
    if (step.edit === null) {
      if (!exists) continue;
      exists = false;
      ops.push({ ...op, type: 'delete', creates: false });
      continue;
    }
    const creates = seen === undefined;
    // Whoever brings a deleted row back sends all of it: what was changed before the delete may have gone with it.
    const restores = !creates && !exists;
    const whole: JsonObject = { t: 0, d: 0, p: 0, ...seen, ...step.edit, id: 'a' };
    seen = whole;
    exists = true;
    const changedFields = step.knows && !creates && !restores ? Object.keys(step.edit) : undefined;
    const payload = step.whole || creates || restores ? whole : ({ id: 'a', ...step.edit } as JsonObject);
    ops.push({ ...op, type: 'upsert', creates, payload, changedFields });
  }
  return ops;
}

const existingArb = fc.option(fc.constant<JsonObject>({ id: 'a', t: 1, d: 2, p: 3 }), { nil: undefined });
const fold = (ops: readonly PendingOp[]): readonly FoldedRequest[] => (ops.length === 0 ? [] : [foldOps(ops)]);
const visible = (server: ServerRow | undefined): JsonObject | undefined =>
  server?.live === true ? server.row : undefined;

test('F-20: folding leaves the server in the same state as sending one by one, whatever prefix was acknowledged before', () => {
  fc.assert(
    fc.property(
      fc.array(stepArb, { maxLength: 8 }),
      existingArb,
      fc.nat(8),
      fc.nat(8),
      (steps, existing, first, second) => {
        const ops = script(steps, existing);
        const start = existing && { row: existing, live: true };
        const oneByOne = ops.flatMap((op) => fold([op]));
        const [cut, cut2] = [Math.min(first, second), Math.max(first, second)];
        const mixed = [
          ...ops.slice(0, cut).flatMap((op) => fold([op])),
          ...fold(ops.slice(cut, cut2)),
          ...fold(ops.slice(cut2)),
        ];
        expect(visible(mixed.reduce(apply, start))).toEqual(visible(oneByOne.reduce(apply, start)));
        expect(visible(fold(ops).reduce(apply, start))).toEqual(visible(oneByOne.reduce(apply, start)));
      },
    ),
    { numRuns: 400 },
  );
});

test('I4: the user sees over an unchanged server what the server has after the folded request', () => {
  fc.assert(
    fc.property(fc.array(stepArb, { minLength: 1, maxLength: 8 }), existingArb, (steps, existing) => {
      const ops = script(steps, existing);
      const local = overlay(existing, ops, keys);
      const after = visible(fold(ops).reduce(apply, existing && { row: existing, live: true }));
      const { updated_at: _, deleted_at: __, ...seen } = local.row ?? {};
      expect(local.deletedLocally || local.row === undefined ? undefined : seen).toEqual(after);
    }),
    { numRuns: 400 },
  );
});

const payloadArb = fc.dictionary(
  fc.constantFrom('t', 'd', 'p', 'id', 'updated_at', 'deleted_at'),
  fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constant(null)),
);
const opArb: fc.Arbitrary<PendingOp> = fc.record({
  seq: fc.nat(),
  opId: fc.string(),
  type: fc.constantFrom('upsert' as const, 'upsert' as const, 'delete' as const),
  creates: fc.boolean(),
  payload: payloadArb,
  changedFields: fc.option(fc.subarray([...fields, 'updated_at']), { nil: undefined }),
  localTimestamp: fc.constant('x'),
});
const serverArb = fc.option(
  payloadArb.map((row): JsonObject => ({ ...row, id: 'a', updated_at: 'v9' })),
  { nil: undefined },
);

test('I4: an overlay is deterministic, idempotent and pure, and keeps every pending change', () => {
  fc.assert(
    fc.property(serverArb, fc.array(opArb, { maxLength: 5 }), (server, ops) => {
      const before = JSON.stringify([server, ops]);
      const result = overlay(server, ops, keys);
      expect(overlay(server, ops, keys)).toEqual(result);
      expect(JSON.stringify([server, ops])).toBe(before);
      if (server !== undefined) expect(overlay(result.row, ops, keys)).toEqual(result);
      const claimed = new Map<string, Json>();
      for (const op of ops) {
        if (op.type === 'delete') continue;
        for (const [key, value] of Object.entries(op.payload ?? {}))
          if (op.changedFields?.includes(key) ?? true) claimed.set(key, value);
      }
      for (const field of fields) if (claimed.has(field)) expect(result.row?.[field]).toEqual(claimed.get(field));
      if (ops.length > 0 && server !== undefined) expect(result.row).toMatchObject({ id: 'a', updated_at: 'v9' });
    }),
    { numRuns: 400 },
  );
});

test('F-136: a rebuilt operation contains its own fields and nothing of earlier ones', () => {
  fc.assert(
    fc.property(
      serverArb,
      opArb.filter((op) => op.type === 'upsert' && op.changedFields !== undefined),
      (server, op) => {
        const payload = reproject(server, op, keys);
        for (const field of fields) {
          const own = op.changedFields?.includes(field) === true && op.payload !== undefined && field in op.payload;
          const expected = own || server === undefined ? op.payload?.[field] : server[field];
          expect(payload[field]).toEqual(expected);
        }
        expect(payload).not.toHaveProperty('updated_at');
      },
    ),
    { numRuns: 300 },
  );
});
