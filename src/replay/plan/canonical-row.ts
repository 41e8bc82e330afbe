import type { EngineDescription } from '../../devtools/protocol/engine-view.ts';
import type { Json, JsonObject } from '../../model/values/json.ts';

type Kind = EngineDescription['kinds'][number];

/**
 * Renames the sync fields of a saved kind's rows to `id`, `updatedAt` and `deletedAt`, as the replay's tables name
 * them.
 */
export function canonicalRows({ idKey, options }: Kind): (row: JsonObject) => JsonObject {
  const keyOf = (name: string, usual: readonly string[]): readonly string[] =>
    typeof options?.[name] === 'string' ? [options[name]] : usual;
  const updatedAtKeys = keyOf('updatedAtKey', ['updatedAt', 'updated_at']);
  const deletedAtKeys = keyOf('deletedAtKey', ['deletedAt', 'deleted_at']);
  return (row) => {
    const result: Record<string, Json> = {};
    for (const [key, value] of Object.entries(row)) {
      if (key === idKey) result['id'] = String(value);
      else if (updatedAtKeys.includes(key)) result['updatedAt'] = value === null ? '' : String(value);
      else if (deletedAtKeys.includes(key)) result['deletedAt'] = value;
      else if (!ownKeys.has(key)) result[key] = value;
    }
    return result;
  };
}

/** Columns that the replay itself adds. An app's columns with these names are omitted. */
export const ownKeys: ReadonlySet<string> = new Set(['id', 'updatedAt', 'deletedAt', 'deletedAtLocal', 'createdAt']);
