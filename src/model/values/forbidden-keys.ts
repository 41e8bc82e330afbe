import { forbiddenKeys, isJsonObject, type Json } from './json.ts';

/**
 * The first forbidden key at any depth. Uses its own stack, because wire data may be nested deeper than recursion can
 * go. Visits each object once, however often it is referenced.
 */
export function forbiddenKeyIn(value: Json | undefined, keys: readonly string[] = forbiddenKeys): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const waiting: (Json | undefined)[] = [value];
  const seen = new Set<Json>();
  for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) {
    if (typeof item !== 'object' || item === null || seen.has(item)) continue;
    seen.add(item);
    if (isJsonObject(item)) {
      const found = Object.keys(item).find((key) => keys.includes(key));
      if (found !== undefined) return found;
    }
    for (const inner of Object.values(item) as readonly Json[])
      if (typeof inner === 'object' && inner !== null) waiting.push(inner);
  }
  return undefined;
}
