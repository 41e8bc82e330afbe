import { ValidationError } from '../../model/errors/errors.ts';
import { forbiddenKeyIn } from '../../model/values/forbidden-keys.ts';
import { forbiddenKeys, type Json } from '../../model/values/json.ts';
import { whyUnwritable } from '../../model/values/nesting.ts';

/**
 * Rejects keys that reach the prototype of an object in careless code, at any depth, and values that cannot be walked
 * or written. Throws `ValidationError`, in which `what` names the value.
 */
export function assertSafeKeys(value: Json | undefined, what: string): void {
  const reason = whyUnwritable(value);
  if (reason !== undefined) throw new ValidationError(`${what} ${reason}; it is refused`);
  const found = forbiddenKeyIn(value);
  if (found !== undefined) assertSafeName(found, what);
}

/** Rejects one such key. */
export function assertSafeName(key: string, what: string): void {
  if (forbiddenKeys.includes(key))
    throw new ValidationError(`${what} has the key ${JSON.stringify(key)}, which is not allowed; rename the field`);
}
