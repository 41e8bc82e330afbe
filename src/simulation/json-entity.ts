import { EntitySchema, type ObjectLiteral } from 'typeorm';
import { syncColumns, type SyncedRow } from '../persistence/tables/sync-columns.ts';

/** A row of a table with known column names and unknown types. */
export interface JsonRow extends SyncedRow, ObjectLiteral {
  id: string;
  [field: string]: unknown;
}

/** A synchronised table with a nullable JSON column per field. */
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
