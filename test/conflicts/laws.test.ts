import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planConflict } from '../../src/engine/conflicts/conflict-strategies.ts';
import { defaultSyncConfig } from '../../src/model/config.ts';
import type { Conflict, FieldRule } from '../../src/model/conflict.ts';
import type { Json, JsonObject } from '../../src/model/values/json.ts';
import type { SyncKind } from '../../src/model/kind.ts';
import { applyFieldRules } from '../../src/rules/merging/field-rules.ts';
import { intendedFields, lostFields } from '../../src/rules/merging/lost-changes.ts';
import { preservingMerge } from '../../src/rules/merging/merge.ts';

interface Row {
  readonly [key: string]: Json;
  readonly text: string | null;
  readonly count: number | null;
  readonly tags: readonly string[];
  readonly items: readonly { readonly id: number; readonly name: string }[];
  readonly meta: JsonObject;
}

const text = fc.option(fc.constantFrom('a', 'b', 'c'), { nil: null });
const row: fc.Arbitrary<Row> = fc.record({
  text,
  count: fc.option(fc.nat(5), { nil: null }),
  tags: fc.uniqueArray(fc.constantFrom('p', 'q', 'r', 's'), { maxLength: 4 }),
  items: fc.uniqueArray(fc.record({ id: fc.nat(3), name: fc.constantFrom('x', 'y', 'z') }), {
    maxLength: 4,
    selector: ({ id }) => id,
  }),
  meta: fc.record({ deep: fc.record({ left: text, right: text }), flat: text }) as fc.Arbitrary<JsonObject>,
});
const sides = fc.record({ base: fc.option(row, { nil: undefined }), local: row, server: row, known: fc.boolean() });
const rule = fc.constantFrom<FieldRule>(
  'local',
  'server',
  'union',
  'max',
  'min',
  (mine) => mine,
  (_, theirs) => theirs,
);
const rules = fc.dictionary(fc.constantFrom('text', 'count'), rule);

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const changedOf = (base: Row, local: Row): readonly string[] =>
  Object.keys(local).filter((key) => !same(base[key], local[key]));

const kind: SyncKind = {
  kind: 'rows',
  keys: { id: 'id', updatedAt: 'updatedAt', deletedAt: 'deletedAt' },
  readId: (data) => (typeof data['id'] === 'string' ? data['id'] : undefined),
  readUpdatedAt: () => undefined,
  isDeleted: () => false,
  conflict: {},
  pullOnly: false,
  pushOnly: false,
  dependsOn: [],
  sendChangedFields: false,
  syncIntervalMs: undefined,
};

function conflictOf({
  base,
  local,
  server,
  known,
}: {
  base: Row | undefined;
  local: Row;
  server: Row;
  known: boolean;
}): Conflict {
  return {
    kind: 'rows',
    entityId: 'r',
    opId: 'op',
    opType: 'upsert',
    localData: { id: 'r', ...local },
    serverData: { id: 'r', ...server, updatedAt: 't2' },
    baseData: base && { id: 'r', ...base },
    changedFields: known && base !== undefined ? changedOf(base, local) : undefined,
    localTimestamp: '',
    serverTimestamp: 't2',
    serverDeleted: false,
  };
}

/** What the engine would send, and what it would report as lost. */
function resolved(
  conflict: Conflict,
  fields: Readonly<Record<string, FieldRule>> = {},
): { readonly data: JsonObject; readonly lost: readonly string[]; readonly isSent: boolean } {
  const plan = planConflict(
    { conflict, strategy: 'autoPreserve', state: 'detected', detectedAt: 0 },
    { ...kind, conflict: { fields } },
    defaultSyncConfig,
  );
  if (plan.type === 'apply' || plan.type === 'repush') {
    const data = plan.resolution.type === 'acceptMerged' ? plan.resolution.data : {};
    return { data, lost: lostFields(conflict, data), isSent: plan.type === 'repush' };
  }
  throw new Error(`unresolved: ${plan.type === 'park' ? plan.reason : 'a resolver'}`);
}

test('F-28, F-29: names every intended change that a merge loses', () => {
  fc.assert(
    fc.property(sides, rules, (given, fields) => {
      const conflict = conflictOf(given);
      const { data, lost } = resolved(conflict, fields);
      const { base, local } = given;
      for (const field of intendedFields(conflict)) {
        if (lost.includes(field)) continue;
        const [before, mine, result] = [base?.[field], conflict.localData[field], data[field]];
        if (field === 'text' || field === 'count') expect(result, field).toEqual(mine);
        if (field === 'tags') {
          const [old, own, now] = [before, mine, result].map((list) => (Array.isArray(list) ? (list as string[]) : []));
          for (const tag of own ?? [])
            expect(now, 'an item we have, and the server did not take away').toEqual(
              old?.includes(tag) === true && !given.server.tags.includes(tag)
                ? expect.anything()
                : expect.arrayContaining([tag]),
            );
          for (const tag of old ?? []) if (!local.tags.includes(tag)) expect(now).not.toContain(tag);
        }
        if (field === 'items') {
          const old = base?.items ?? [];
          const now = result as Row['items'];
          for (const item of local.items) {
            const was = old.find(({ id }) => id === item.id);
            if (was === undefined || was.name !== item.name)
              expect(now.find(({ id }) => id === item.id)?.name, `item ${item.id}`).toBe(item.name);
          }
          for (const item of old)
            if (!local.items.some(({ id }) => id === item.id)) expect(now.some(({ id }) => id === item.id)).toBe(false);
        }
      }
    }),
    { numRuns: 1_000 },
  );
});

test("keeps the server's value of every field that we did not touch, under any rule", () => {
  fc.assert(
    fc.property(sides, rules, (given, fields) => {
      const conflict = conflictOf({ ...given, known: true, base: given.base ?? given.server });
      const { data } = resolved(conflict, fields);
      const intended = new Set(intendedFields(conflict));
      for (const field of Object.keys(given.server))
        if (!intended.has(field)) expect(data[field], field).toEqual(given.server[field]);
    }),
    { numRuns: 500 },
  );
});

test("identity: without a local change, the result is the server's row and no request is made", () => {
  fc.assert(
    fc.property(row, row, rules, fc.boolean(), (base, server, fields, known) => {
      const { data, lost, isSent } = resolved(conflictOf({ base, local: base, server, known }), fields);
      expect({ ...data }).toEqual({ id: 'r', ...server, updatedAt: 't2' });
      expect({ lost, isSent }).toEqual({ lost: [], isSent: false });
    }),
    { numRuns: 300 },
  );
});

test('identity: when the server has not changed, the result is our row', () => {
  fc.assert(
    fc.property(row, row, fc.boolean(), (base, local, known) => {
      const { data, lost } = resolved(conflictOf({ base, local, server: base, known }));
      expect(data).toEqual({ id: 'r', ...local, updatedAt: 't2' });
      expect(lost).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

/** Content without list order: a second merge does not know who reordered last. */
const unordered = (data: JsonObject): unknown =>
  Object.fromEntries(
    Object.entries(data).map(([key, value]) => [
      key,
      Array.isArray(value) ? value.map((item) => JSON.stringify(item)).sort() : value,
    ]),
  );

test("idempotence: merging the result again as the server's row changes nothing", () => {
  fc.assert(
    fc.property(sides, (given) => {
      const conflict = conflictOf(given);
      const { data } = resolved(conflict);
      expect(unordered(resolved({ ...conflict, serverData: data }).data)).toEqual(unordered(data));
    }),
    { numRuns: 500 },
  );
});

test('provenance is exact: names each field under the side that its value came from', () => {
  fc.assert(
    fc.property(sides, (given) => {
      const { localData, serverData, changedFields, baseData } = conflictOf(given);
      const change = { localData, baseData, changedFields };
      const { data, localFields, serverFields } = applyFieldRules(
        preservingMerge(localData, serverData, { changedFields, base: baseData }),
        change,
        serverData,
      );
      for (const field of Object.keys(given.server)) {
        if (!localFields.includes(field)) expect(data[field], `${field} is the server's`).toEqual(serverData[field]);
        if (!serverFields.includes(field)) expect(data[field], `${field} is ours`).toEqual(localData[field]);
      }
    }),
    { numRuns: 500 },
  );
});

test('max and min compare numbers, timestamps with any number of digits, and strings; null loses', () => {
  const decide = (rule: FieldRule, mine: Json, theirs: Json): Json | undefined =>
    applyFieldRules(
      { data: { f: mine }, localFields: ['f'], serverFields: [] },
      { localData: { f: mine }, changedFields: ['f'] },
      { f: theirs },
      { f: rule },
    ).data['f'];
  expect(decide('max', 2, 10)).toBe(10);
  expect(decide('min', '9', '10')).toBe('9');
  expect(decide('max', '2026-01-01T00:00:00.0000001Z', '2026-01-01T00:00:00Z')).toBe('2026-01-01T00:00:00.0000001Z');
  expect(decide('max', '2026-01-01T01:00:00+02:00', '2026-01-01T00:00:00Z')).toBe('2026-01-01T00:00:00Z');
  expect(decide('min', null, 4)).toBe(4);
  expect(decide('max', 3, null)).toBe(3);
  expect(() => decide('max', 3, 'x')).toThrow(/compare numbers/);
  expect(() => decide(() => undefined as unknown as Json, 3, 4)).toThrow(/must return/);
});
