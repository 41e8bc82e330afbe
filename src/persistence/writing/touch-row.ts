import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { Json, JsonObject } from '../../model/values/json.ts';
import { isDateColumn } from '../columns/column-codec.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';

/** Options of writes that replace TypeORM's own. */
export interface TouchOptions {
  /**
   * Sets and increments `@VersionColumn`, and sets `@CreateDateColumn` and `@UpdateDateColumn`, as TypeORM's `save`
   * does, unless the entity sets them. Default false: rows are written as given.
   */
  readonly touch?: boolean | undefined;
}

/** Sets the version and dates of a new entity. `now`: epoch ms. */
export function touchNew(
  { versionColumn, createDateColumn, updateDateColumn }: EntityMetadata,
  entity: object,
  now: number,
): void {
  const isOpen = (column: ColumnMetadata | undefined): column is ColumnMetadata =>
    column !== undefined && (column.getEntityValue(entity) as unknown) === undefined;
  if (isOpen(versionColumn)) versionColumn.setEntityValue(entity, 1);
  for (const column of [createDateColumn, updateDateColumn])
    if (isOpen(column) && isDateColumn(column)) column.setEntityValue(entity, new Date(now));
}

/**
 * Additional fields of an edit, by wire key: the next version of the stored row, and the time. Excludes fields that
 * `toJson` writes itself.
 */
export function touchEdit(
  table: ReplicaTable,
  stored: JsonObject,
  changedFields: readonly string[],
  now: number,
): JsonObject {
  const { versionColumn, updateDateColumn } = table.metadata;
  const touched: Record<string, Json> = {};
  for (const { column, wireKey } of table.codecs) {
    const value = stored[wireKey];
    if (value === undefined || changedFields.includes(wireKey)) continue;
    const time = new Date(now).toISOString();
    if (column === versionColumn && (value === null || typeof value === 'number')) touched[wireKey] = (value ?? 0) + 1;
    if (column === updateDateColumn && isDateColumn(column) && typeof value !== 'number')
      touched[wireKey] = column.type === 'date' ? time.slice(0, 10) : time;
  }
  return touched;
}
