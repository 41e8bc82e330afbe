import { ValidationError } from '../../model/errors/errors.ts';
import { forbiddenKeyIn } from '../../model/values/forbidden-keys.ts';
import { forbiddenKeys, type Json } from '../../model/values/json.ts';
import { whyUnwritable } from '../../model/values/nesting.ts';

/**
 * Refuses keys that reach the prototype of an object in careless code, at any depth, and values that cannot be walked
 * through or written. `what` names the value in the `ValidationError`.
 */
export function assertSafeKeys(value: Json | undefined, what: string): void {
  const reason = whyUnwritable(value);
  if (reason !== undefined) throw new ValidationError(`${what} ${reason}; it is refused`);
  const found = forbiddenKeyIn(value);
  if (found !== undefined) assertSafeName(found, what);
}

/** Refuses one such key. */
export function assertSafeName(key: string, what: string): void {
  if (forbiddenKeys.includes(key))
    throw new ValidationError(`${what} has the key ${JSON.stringify(key)}, which is refused; rename the field`);
}
