import type { EngineDescription } from '../../devtools/protocol/engine-view.ts';
import type { Json, JsonObject } from '../../model/values/json.ts';

type Kind = EngineDescription['kinds'][number];

/**
 * Turns the rows of a saved kind into rows whose sync fields are called `id`, `updatedAt` and `deletedAt`, as the
 * re-run's tables call them.
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

/** What a row of the re-run has of its own; an app's columns of these names are left out. */
export const ownKeys: ReadonlySet<string> = new Set(['id', 'updatedAt', 'deletedAt', 'deletedAtLocal', 'createdAt']);
