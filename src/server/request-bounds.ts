import { exactDigits } from '../model/values/exact-number.ts';
import type { Json } from '../model/values/json.ts';
import { refusal, type WireAnswer, type WriteRequest } from './wire-rules.ts';

/** Levels of nesting that a body may have: far more than rows need, far fewer than a walk over them can take. */
export const maxDepth = 100;
/** Longest idempotency key and operation id accepted, in characters. */
export const maxKeyLength = 255;

/**
 * Refuses a write whose sheer shape the rules after it cannot bear; undefined for any other. Comes before the request
 * is compared or stored.
 */
export function boundsRefusal({ key, payload, deltas }: WriteRequest): WireAnswer | undefined {
  if (key !== undefined && key.length > maxKeyLength) {
    return refusal(
      400,
      'invalid_key',
      `the idempotency key has ${key.length} characters, at most ${maxKeyLength} are accepted`,
    );
  }
  const problem = valueProblem(payload ?? null) ?? valueProblem(deltas ?? null);
  return problem === undefined ? undefined : refusal(400, 'invalid_json', problem);
}

/** Goes level by level: what came over the wire may be nested deeper than functions can be. */
function valueProblem(value: Json): string | undefined {
  let level: readonly Json[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) return `the body is nested deeper than ${maxDepth} levels`;
    const below: Json[] = [];
    for (const item of level) {
      // JSON.parse reads 1e400 as Infinity, which JSON writes as null; read with all digits it is no number for other
      // readers either.
      if ((typeof item === 'number' && !Number.isFinite(item)) || !Number.isFinite(Number(exactDigits(item) ?? 0)))
        return 'the body has a number that is too large for JSON readers; send it as a text';
      if (typeof item === 'object' && item !== null)
        for (const inner of Object.values(item) as readonly Json[]) below.push(inner);
    }
    level = below;
  }
  return undefined;
}
