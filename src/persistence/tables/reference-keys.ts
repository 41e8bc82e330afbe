import type { JsonObject } from '../../model/values/json.ts';
import type { ReplicaTable } from './replica-table.ts';

/** A referenced row as comparable text. */
const referenceTo = (kind: string, id: string): string => JSON.stringify([kind, id]);

/**
 * All rows that this row references, as comparable text: by `dependsOn` and by foreign keys of its entity. Does not
 * require other tables to be registered. A foreign key therefore names its row by the SQL table and by each kind of a
 * plain list of kinds.
 */
export function referencesIn(table: ReplicaTable, row: JsonObject | undefined): readonly string[] {
  if (row === undefined) return [];
  return table.referenceKeys.flatMap(({ key, kinds }) => {
    const id = row[key];
    return typeof id === 'string' || typeof id === 'number' ? kinds.map((kind) => referenceTo(kind, String(id))) : [];
  });
}

/** The names by which other rows may reference this one. */
export const namesOfRow = (table: ReplicaTable, id: string): readonly string[] => [
  ...new Set([referenceTo(table.kind, id), referenceTo(table.metadata.tableName, id)]),
];
