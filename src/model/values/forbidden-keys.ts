import { forbiddenKeys, isJsonObject, type Json } from './json.ts';

/** The first such key at any depth. Keeps its own stack: what came over the wire may be nested deeper than functions can be. */
export function forbiddenKeyIn(value: Json | undefined, keys: readonly string[] = forbiddenKeys): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const waiting: (Json | undefined)[] = [value];
  for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) {
    if (typeof item !== 'object' || item === null) continue;
    if (isJsonObject(item)) {
      const found = Object.keys(item).find((key) => keys.includes(key));
      if (found !== undefined) return found;
    }
    for (const inner of Object.values(item) as readonly Json[]) if (typeof inner === 'object' && inner !== null) waiting.push(inner);
  }
  return undefined;
}
