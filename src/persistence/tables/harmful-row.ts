import { forbiddenKeyIn } from '../../model/values/forbidden-keys.ts';
import { forbiddenKeys, type JsonObject } from '../../model/values/json.ts';
import { unwritableIn } from '../../model/values/nesting.ts';

/** What no server keeps: at any depth of a stored field. */
const prototypeKey: readonly string[] = ['__proto__'];

/**
 * Says what of a wire row would harm those that walk through it, whatever the table; undefined: nothing. `read`: the
 * columns that the table takes from it, by default all of its fields.
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
    : `field '${polluted}' has the key '__proto__', which is refused: no edit of the row could be sent`;
}
