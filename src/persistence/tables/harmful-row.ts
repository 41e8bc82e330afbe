import { forbiddenKeyIn } from '../../model/values/forbidden-keys.ts';
import { forbiddenKeys, type JsonObject } from '../../model/values/json.ts';
import { unwritableIn } from '../../model/values/nesting.ts';

/** A key that no server should store, at any depth of a field. */
const prototypeKey: readonly string[] = ['__proto__'];

/**
 * Describes what in a wire row would harm code that walks it; undefined if nothing. `read`: the columns that the table
 * reads, by default all fields.
 */
export function harmIn(row: JsonObject, read?: readonly { readonly wireKey: string }[]): string | undefined {
  for (const key of forbiddenKeys) if (Object.hasOwn(row, key)) return `key '${key}' is refused`;
  const unwritable = unwritableIn(row);
  if (unwritable !== undefined) return `field '${unwritable.field}' ${unwritable.reason}`;
  const isPolluted = (key: string): boolean => forbiddenKeyIn(row[key], prototypeKey) !== undefined;
  const polluted =
    read === undefined ? Object.keys(row).find(isPolluted) : read.find(({ wireKey }) => isPolluted(wireKey))?.wireKey;
  return polluted === undefined
    ? undefined
    : `field '${polluted}' has the key '__proto__', which is not allowed, so no edit of the row could be sent`;
}
