import { EntitySchema, type ObjectLiteral } from 'typeorm';
import { syncColumns, type SyncedRow } from '../persistence/tables/sync-columns.ts';

/** A row of a table of which only the names of its columns are known. */
export interface JsonRow extends SyncedRow, ObjectLiteral {
  id: string;
  [field: string]: unknown;
}

/** A synchronised table with a column for each field that holds any JSON value, or nothing. */
export const jsonEntity = (kind: string, fields: readonly string[]): EntitySchema<JsonRow> =>
  new EntitySchema<JsonRow>({
    name: kind,
    tableName: kind,
    columns: {
      id: { type: 'text', primary: true },
      ...Object.fromEntries(fields.map((field) => [field, { type: 'simple-json', nullable: true } as const])),
      ...syncColumns,
    },
  });
