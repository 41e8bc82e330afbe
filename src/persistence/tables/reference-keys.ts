import type { JsonObject } from '../../model/values/json.ts';
import type { ReplicaTable } from './replica-table.ts';

/** The row that another one points to, as comparable text. */
const referenceTo = (kind: string, id: string): string => JSON.stringify([kind, id]);

/**
 * Every row that this one points to, as comparable text: by `dependsOn`, and by foreign keys of its entity. Needs no
 * other table to be registered, so a foreign key names its row by the SQL table, and by each kind of a plain list of
 * kinds.
 */
export function referencesIn(table: ReplicaTable, row: JsonObject | undefined): readonly string[] {
  if (row === undefined) return [];
  return table.referenceKeys.flatMap(({ key, kinds }) => {
    const id = row[key];
    return typeof id === 'string' || typeof id === 'number' ? kinds.map((kind) => referenceTo(kind, String(id))) : [];
  });
}

/** How rows that point to this one may have named it. */
export const namesOfRow = (table: ReplicaTable, id: string): readonly string[] => [
  ...new Set([referenceTo(table.kind, id), referenceTo(table.metadata.tableName, id)]),
];
