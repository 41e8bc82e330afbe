import type { Json, JsonObject } from './json.ts';

/**
 * Maximum nesting of lists and objects in a value. Rows need far less, and recursive functions can take far more. A
 * page of JSON can be nested much deeper (I13).
 */
export const maxNesting = 500;

/**
 * Maximum length of a value as JSON, in characters. Shared references can exceed it with little memory: 40 nested lists
 * that each hold the previous one twice make a terabyte of JSON.
 */
export const maxWritten = 64 * 1024 * 1024;

/** Whether a value is nested deeper than the limit. */
export const isTooDeep = (value: unknown, limit = maxNesting): boolean => walk(value, limit).isTooDeep;

/**
 * Whether shared references make the JSON of a value too long. For a shared value that is nested too deep, returns true
 * without measuring it.
 */
export function isTooLong(value: unknown): boolean {
  const { isTooDeep: isDeep, isShared } = walk(value, maxNesting);
  return isShared && (isDeep || writtenLength(value) > maxWritten);
}

/** Why a value can be neither walked nor written; undefined if it can. The text continues the name of the value. */
export function whyUnwritable(value: unknown): string | undefined {
  const { isTooDeep: isDeep, isShared } = walk(value, maxNesting);
  if (isDeep) return tooDeepText;
  const length = isShared ? writtenLength(value) : 0;
  return length > maxWritten
    ? `holds the same objects so often that its JSON has ${length} characters, and at most ${maxWritten} are written; keep each object once, and refer to it by an id`
    : undefined;
}

/** Walks level by level without recursion. Visits an object once per level, so that shared references cost no extra. */
function walk(value: unknown, limit: number): { readonly isTooDeep: boolean; readonly isShared: boolean } {
  let level: ReadonlySet<object> = new Set(isNested(value) ? [value] : []);
  const seen = new Set<object>();
  let isShared = false;
  for (let depth = 0; level.size > 0; depth += 1) {
    if (depth >= limit) return { isTooDeep: true, isShared };
    const below = new Set<object>();
    for (const item of level) {
      isShared ||= seen.has(item);
      seen.add(item);
      for (const inner of Object.values(item) as readonly unknown[]) {
        if (!isNested(inner)) continue;
        isShared ||= below.has(inner);
        below.add(inner);
      }
    }
    level = below;
  }
  return { isTooDeep: false, isShared };
}

/**
 * Approximate length of the value as JSON, in characters. Measures each object once. The value must not be nested too
 * deep.
 */
function writtenLength(value: unknown, known = new Map<object, number>()): number {
  if (typeof value === 'string') return value.length + 2;
  if (!isNested(value)) return 4;
  let length = known.get(value);
  if (length === undefined) {
    length = 2;
    for (const [key, inner] of Object.entries(value) as readonly [string, unknown][])
      length += writtenLength(inner, known) + 1 + (Array.isArray(value) ? 0 : key.length + 3);
    known.set(value, length);
  }
  return length;
}

/** Names the first field of a row whose value can be neither walked nor written, and the reason. */
export function unwritableIn(row: JsonObject): { readonly field: string; readonly reason: string } | undefined {
  for (const field in row) {
    const reason = isNested(row[field]) ? whyUnwritable(row[field]) : undefined;
    if (reason !== undefined) return { field, reason };
  }
  return undefined;
}

/** The end of a message about a value that is nested too deep. */
export const tooDeepText = `is nested deeper than ${maxNesting} levels`;

/**
 * Copies a value down to a depth just above the limit. The copy is still recognised as too deep, and JSON can hold it.
 * Copies an object once per level that contains it.
 */
export function cutBelowLimit(value: Json, limit = maxNesting + 50): Json {
  const root: { value?: Json } = {};
  let level = new Map<object, readonly Place[]>();
  const put = (inner: Json, place: Place, below: Map<object, readonly Place[]>): void => {
    if (isNested(inner)) below.set(inner, [...(below.get(inner) ?? []), place]);
    else place.into[place.key] = inner;
  };
  put(value, { into: root, key: 'value' }, level);
  for (let depth = 0; level.size > 0; depth += 1) {
    const below = new Map<object, readonly Place[]>();
    for (const [from, places] of level) {
      const copy = depth > limit ? null : ((Array.isArray(from) ? [] : {}) as Record<string, Json>);
      for (const { into, key } of places) into[key] = copy;
      if (copy !== null)
        for (const [key, inner] of Object.entries(from) as readonly [string, Json][])
          put(inner, { into: copy, key }, below);
    }
    level = below;
  }
  return root.value ?? null;
}

/** The parent and key that receive a copy. */
interface Place {
  readonly into: Record<string, Json>;
  readonly key: string;
}

const isNested = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
