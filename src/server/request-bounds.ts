import { exactDigits } from '../model/values/exact-number.ts';
import type { Json } from '../model/values/json.ts';
import { refusal, type WireAnswer, type WriteRequest } from './wire-rules.ts';

/** Maximum nesting of a body. Rows need far less, and a recursive walk can take far more. */
export const maxDepth = 100;
/** Maximum length of idempotency keys and operation ids, in characters. */
export const maxKeyLength = 255;

/**
 * Rejects a write whose size or nesting the later rules cannot handle; undefined for any other. Runs before the request
 * is compared or stored.
 */
export function boundsRefusal({ key, payload, deltas }: WriteRequest): WireAnswer | undefined {
  if (key !== undefined && key.length > maxKeyLength) {
    return refusal(
      400,
      'invalid_key',
      `the idempotency key has ${key.length} characters, but at most ${maxKeyLength} are accepted`,
    );
  }
  const problem = valueProblem(payload ?? null) ?? valueProblem(deltas ?? null);
  return problem === undefined ? undefined : refusal(400, 'invalid_json', problem);
}

/** Walks level by level, because wire data may be nested deeper than recursion can go. */
function valueProblem(value: Json): string | undefined {
  let level: readonly Json[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) return `the body is nested deeper than ${maxDepth} levels`;
    const below: Json[] = [];
    for (const item of level) {
      // JSON.parse reads 1e400 as Infinity, which JSON writes as null. With all digits, other readers could not read it
      // either.
      if ((typeof item === 'number' && !Number.isFinite(item)) || !Number.isFinite(Number(exactDigits(item) ?? 0)))
        return 'the body has a number that is too large for JSON readers; send it as a string';
      if (typeof item === 'object' && item !== null)
        for (const inner of Object.values(item) as readonly Json[]) below.push(inner);
    }
    level = below;
  }
  return undefined;
}
