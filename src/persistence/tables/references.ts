import type { JsonObject } from '../../model/values/json.ts';
import type { ReplicaTable } from './replica-table.ts';

/** A referenced row. */
export interface Reference {
  readonly kind: string;
  readonly id: string;
}

/**
 * The rows that a payload references, according to the table's `dependsOn` (a plain list of kinds means every relation
 * to them).
 */
export function referencesOf(table: ReplicaTable, row: JsonObject | undefined): readonly Reference[] {
  if (row === undefined) return [];
  return table.dependsOn.flatMap(({ key, kind }) => {
    const keys = key === undefined ? table.relationKeysTo(kind) : [key];
    return keys.flatMap((wireKey) => {
      const id = row[wireKey];
      return typeof id === 'string' || typeof id === 'number' ? [{ kind, id: String(id) }] : [];
    });
  });
}
