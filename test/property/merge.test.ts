import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/model/values/json.ts';
import { isJsonObject } from '../../src/model/values/json.ts';
import { canonicalText, deepEqual } from '../../src/rules/values/deep-equal.ts';
import { deepMerge, defaultMerge, preservingMerge } from '../../src/rules/merging/merge.ts';
import { threeWayMerge } from '../../src/rules/merging/three-way-merge.ts';

const leaf = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constant(null), fc.constant('x'), fc.boolean());
const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.record({ id: fc.nat(4), v: tie('value') }), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom('p', 'q', 'r'), tie('value'), { maxKeys: 3 }),
  ),
}));
const rowArb: fc.Arbitrary<JsonObject> = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'id', 'updated_at'), value, {
  maxKeys: 5,
});
/** Whole rows: in a row a missing key was not sent. */
const wholeArb: fc.Arbitrary<JsonObject> = fc.record({ a: value, b: value, c: value });

test('MU-25: merging is pure and deterministic', () => {
  fc.assert(
    fc.property(rowArb, rowArb, rowArb, (local, server, base) => {
      const before = JSON.stringify([local, server, base]);
      const results = () => [
        defaultMerge(local, server),
        deepMerge(local, server),
        preservingMerge(local, server),
        threeWayMerge(base, local, server),
      ];
      expect(results()).toEqual(results());
      expect(JSON.stringify([local, server, base])).toBe(before);
    }),
    { numRuns: 200 },
  );
});

test('F-30, MU-17: merging the result again adds nothing', () => {
  fc.assert(
    fc.property(rowArb, rowArb, (local, server) => {
      const once = preservingMerge(local, server).data;
      expect(deepEqual(preservingMerge(local, once).data, once)).toBe(true);
      expect(deepMerge(local, deepMerge(local, server))).toEqual(deepMerge(local, server));
    }),
    { numRuns: 300 },
  );
});

test('F-28, F-29: with a base, a side that changed alone gets exactly its changes', () => {
  fc.assert(
    fc.property(wholeArb, wholeArb, (base, other) => {
      expect(deepEqual(threeWayMerge(base, other, base).data, other)).toBe(true);
      expect(deepEqual(threeWayMerge(base, base, other).data, other)).toBe(true);
      expect(deepEqual(threeWayMerge(base, base, base).data, base)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('MU-10, MU-22: system fields are the server’s, and each field is attributed to a side that has it', () => {
  fc.assert(
    fc.property(
      rowArb,
      rowArb,
      fc.option(rowArb, { nil: undefined }),
      fc.option(fc.subarray(['a', 'b', 'c', 'd', 'id']), { nil: undefined }),
      (local, server, base, changedFields) => {
        const { data, localFields, serverFields } = preservingMerge(local, server, { base, changedFields });
        for (const key of ['id', 'updated_at']) expect(data[key]).toEqual(server[key]);
        for (const key of localFields) expect(local).toHaveProperty(key);
        for (const key of serverFields) expect(server).toHaveProperty(key);
        for (const key of Object.keys(data))
          if (key.length === 1) expect([...localFields, ...serverFields]).toContain(key);
        if (changedFields !== undefined) for (const key of localFields) expect(changedFields).toContain(key);
      },
    ),
    { numRuns: 300 },
  );
});

test('F-29: loses no item that a side added and restores none that both removed', () => {
  const list = fc.uniqueArray(fc.nat(9), { maxLength: 7 });
  fc.assert(
    fc.property(list, list, list, (base, local, server) => {
      const merged = threeWayMerge({ l: base }, { l: local }, { l: server }).data.l as readonly number[];
      const expected = new Set(
        [...local, ...server].filter((item) => (local.includes(item) && server.includes(item)) || !base.includes(item)),
      );
      expect([...merged].sort()).toEqual([...expected].sort());
    }),
    { numRuns: 400 },
  );
});

test('F-30: content has equal text if and only if it is equal', () => {
  const shuffled = (json: Json): Json => {
    if (Array.isArray(json)) return json.map(shuffled);
    return isJsonObject(json)
      ? Object.fromEntries(
          Object.entries(json)
            .reverse()
            .map(([key, inner]) => [key, shuffled(inner)]),
        )
      : json;
  };
  fc.assert(
    fc.property(value, value, (a, b) => {
      expect(deepEqual(a, shuffled(a))).toBe(true);
      expect(canonicalText(shuffled(a))).toBe(canonicalText(a));
      expect(canonicalText(a) === canonicalText(b)).toBe(deepEqual(a, b));
    }),
    { numRuns: 300 },
  );
});
