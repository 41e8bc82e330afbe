import type { Json, JsonObject } from './json.ts';

/**
 * Levels of lists and objects that a value may have: far more than rows need, far fewer than the functions that walk through values can take. A page of
 * JSON can be nested far deeper (I13).
 */
export const maxNesting = 500;

/** Whether a value is nested deeper. Goes level by level, because a function that calls itself cannot. */
export function isTooDeep(value: unknown, limit = maxNesting): boolean {
  let level: readonly object[] = isNested(value) ? [value] : [];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth >= limit) return true;
    const below: object[] = [];
    for (const item of level) for (const inner of Object.values(item) as readonly unknown[]) if (isNested(inner)) below.push(inner);
    level = below;
  }
  return false;
}

/** Names the first field of a row whose value is nested too deep. */
export function deepFieldIn(row: JsonObject): string | undefined {
  for (const key in row) if (isNested(row[key]) && isTooDeep(row[key])) return key;
  return undefined;
}

/** The end of a message about such a field. */
export const tooDeepText = `is nested deeper than ${maxNesting} levels`;

/** A copy that ends below the limit: it is still recognised as too deep, and can be written as JSON. */
export function cutBelowLimit(value: Json, limit = maxNesting + 50): Json {
  const root: { value?: Json } = {};
  const waiting: { readonly from: Json; readonly into: Record<string, Json>; readonly key: string; readonly depth: number }[] = [
    { from: value, into: root, key: 'value', depth: 0 },
  ];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { from, into, key, depth } = next;
    if (!isNested(from)) into[key] = from;
    else if (depth > limit) into[key] = null;
    else {
      const copy = (Array.isArray(from) ? [] : {}) as Record<string, Json>;
      into[key] = copy;
      for (const [name, inner] of Object.entries(from) as readonly [string, Json][]) waiting.push({ from: inner, into: copy, key: name, depth: depth + 1 });
    }
  }
  return root.value ?? null;
}

const isNested = (value: unknown): value is object => typeof value === 'object' && value !== null;
