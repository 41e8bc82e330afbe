import { ValidationError } from '../model/errors.ts';
import { forbiddenKeys, isJsonObject, type Json } from '../model/json.ts';

/** Refuses keys that reach the prototype of an object in careless code, at any depth. `what` names the value in the `ValidationError`. */
export function assertSafeKeys(value: Json | undefined, what: string): void {
  if (Array.isArray(value)) {
    for (const item of value) assertSafeKeys(item, what);
  } else if (isJsonObject(value)) {
    for (const [key, inner] of Object.entries(value)) {
      assertSafeName(key, what);
      assertSafeKeys(inner, what);
    }
  }
}

/** Refuses one such key. */
export function assertSafeName(key: string, what: string): void {
  if (forbiddenKeys.includes(key)) throw new ValidationError(`${what} has the key ${JSON.stringify(key)}, which is refused; rename the field`);
}
