import { addDecimal } from './add-decimal.ts';
import { exactDigits, exactNumber } from './exact-number.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';

/**
 * A relative change of one field. It applies to whatever value the server has, so that concurrent changes of several
 * devices all survive. `field` is a property name in app code and a wire key in operations.
 */
export type Delta =
  | { readonly type: 'increment'; readonly field: string; readonly by: number }
  | { readonly type: 'addToSet'; readonly field: string; readonly values: readonly Json[] }
  | { readonly type: 'removeFromSet'; readonly field: string; readonly values: readonly Json[] };

/**
 * Adds `by` to a number; a negative `by` subtracts. An empty field counts as 0. Integers add exactly. Throws
 * `RangeError` if `by` is not finite.
 */
export function increment(field: string, by: number): Delta {
  if (!Number.isFinite(by))
    throw new RangeError(`increment('${field}', …): expected a finite number, got ${String(by)}`);
  return { type: 'increment', field, by };
}

/** Adds values to a list if they are missing. Values compare by content; an empty field counts as []. */
export const addToSet = (field: string, values: readonly Json[]): Delta => ({
  type: 'addToSet',
  field,
  values: distinct(values),
});

/** Removes every occurrence of the values from a list. */
export const removeFromSet = (field: string, values: readonly Json[]): Delta => ({
  type: 'removeFromSet',
  field,
  values: distinct(values),
});

/**
 * Combines deltas field by field. Numbers are summed; for one list value, the last addition or removal wins. The result
 * has the same effect as applying the deltas one by one. Omits deltas without effect.
 */
export function sumDeltas(deltas: readonly Delta[]): readonly Delta[] {
  const sums = new Map<string, Delta[]>();
  for (const delta of deltas) sums.set(delta.field, addUp(sums.get(delta.field) ?? [], delta));
  return [...sums.values()]
    .flat()
    .filter((delta) => (delta.type === 'increment' ? delta.by !== 0 : delta.values.length > 0));
}

function addUp(sum: readonly Delta[], delta: Delta): Delta[] {
  const { field } = delta;
  if (delta.type === 'increment') {
    const before = sum.find((one) => one.type === 'increment');
    return [...sum.filter((one) => one !== before), { type: 'increment', field, by: (before?.by ?? 0) + delta.by }];
  }
  const rest = sum.filter((one) => one.type === 'increment');
  const added = valuesOf(sum, 'addToSet');
  const removed = valuesOf(sum, 'removeFromSet');
  const isAdding = delta.type === 'addToSet';
  return [
    ...rest,
    {
      type: 'removeFromSet',
      field,
      values: isAdding ? without(removed, delta.values) : distinct([...removed, ...delta.values]),
    },
    {
      type: 'addToSet',
      field,
      values: isAdding ? distinct([...added, ...delta.values]) : without(added, delta.values),
    },
  ];
}

const valuesOf = (sum: readonly Delta[], type: 'addToSet' | 'removeFromSet'): readonly Json[] =>
  sum.flatMap((delta) => (delta.type === type ? delta.values : []));

/**
 * The value after the delta. Never throws. A value of the wrong type stays unchanged; a server answers that case with
 * 422.
 */
export function applyDelta(value: Json | undefined, delta: Delta): Json {
  if (delta.type === 'increment') {
    if (value === undefined || value === null) return delta.by;
    if (numberOf(value) === undefined) return value;
    const digits = exactDigits(value);
    if (typeof value === 'string')
      return digits === undefined ? addDecimal(value, delta.by) : exactNumber(addDecimal(digits, delta.by));
    const sum = Number(value) + delta.by;
    return Number.isSafeInteger(sum) || !Number.isInteger(value) || !Number.isInteger(delta.by)
      ? sum
      : exactNumber(addDecimal(String(value), delta.by));
  }
  if (value === undefined || value === null) return delta.type === 'addToSet' ? delta.values : [];
  if (!Array.isArray(value)) return value;
  const list: readonly Json[] = value;
  return delta.type === 'addToSet' ? [...list, ...without(delta.values, list)] : without(list, delta.values);
}

/** Returns a copy of the row with the deltas applied in order. */
export function applyDeltas(row: JsonObject, deltas: readonly Delta[]): JsonObject {
  // A Map, because assigning a key named `__proto__` to an object literal would change its prototype.
  const changed = new Map(Object.entries(row));
  for (const delta of deltas) changed.set(delta.field, applyDelta(changed.get(delta.field), delta));
  return Object.fromEntries(changed);
}

/** Why a stored value cannot take the delta; undefined if it can. */
export function misfit(value: Json | undefined, delta: Delta): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (delta.type === 'increment')
    return numberOf(value) === undefined ? 'is no number, so it cannot be incremented' : undefined;
  return Array.isArray(value) ? undefined : 'is no list, so nothing can be added or removed';
}

/** Decimals and 64-bit integers travel as strings. */
const numberOf = (value: Json): number | undefined => {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : undefined;
};

// ── On the wire (PROTOCOL §3, capability `deltas`) ─────────────────────────────────────────────────────────────────────

/** The key of a request body that holds its deltas. */
export const wireDeltasKey = '_deltas';

/**
 * Writes `{ stock: { increment: -2 }, tags: { add: ['x'], remove: ['y'] } }`. Removals are applied before additions.
 */
export function toWireDeltas(deltas: readonly Delta[]): JsonObject {
  const fields = new Map<string, Record<string, Json>>();
  for (const delta of sumDeltas(deltas)) {
    const entry = fields.get(delta.field) ?? {};
    fields.set(delta.field, entry);
    if (delta.type === 'increment') entry['increment'] = delta.by;
    else entry[delta.type === 'addToSet' ? 'add' : 'remove'] = delta.values;
  }
  return Object.fromEntries(fields);
}

/** Reads the format of {@link toWireDeltas}. Returns a string that locates and explains an error. */
export function parseWireDeltas(wire: Json): readonly Delta[] | string {
  if (!isJsonObject(wire)) return `${wireDeltasKey} must be an object of fields`;
  const deltas: Delta[] = [];
  for (const [field, change] of Object.entries(wire)) {
    if (!isJsonObject(change)) return `${wireDeltasKey}.${field} must be an object`;
    const { increment: by, add, remove, ...others } = change;
    const unknown = Object.keys(others)[0];
    if (unknown !== undefined)
      return `${wireDeltasKey}.${field}.${unknown} is unknown; increment, add and remove are known`;
    if (by !== undefined && (typeof by !== 'number' || !Number.isFinite(by)))
      return `${wireDeltasKey}.${field}.increment must be a number`;
    if (remove !== undefined && !Array.isArray(remove)) return `${wireDeltasKey}.${field}.remove must be a list`;
    if (add !== undefined && !Array.isArray(add)) return `${wireDeltasKey}.${field}.add must be a list`;
    if (by !== undefined) deltas.push({ type: 'increment', field, by });
    if (remove !== undefined) deltas.push({ type: 'removeFromSet', field, values: remove as readonly Json[] });
    if (add !== undefined) deltas.push({ type: 'addToSet', field, values: add as readonly Json[] });
  }
  return deltas;
}

// ── Values as set members: equal content is one value, whatever the key order ───────────────────────────────────────

const textOf = (value: Json): string =>
  JSON.stringify(value, (_key, inner: Json) =>
    isJsonObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );

const distinct = (values: readonly Json[]): readonly Json[] => [
  ...new Map(values.map((value) => [textOf(value), value])).values(),
];

function without(values: readonly Json[], taken: readonly Json[]): readonly Json[] {
  const gone = new Set(taken.map(textOf));
  return values.filter((value) => !gone.has(textOf(value)));
}
