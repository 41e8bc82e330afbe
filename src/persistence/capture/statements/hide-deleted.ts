import type { EntityMetadata } from 'typeorm';
import { addSelectCondition } from '../../typeorm/select-queries.ts';
import type { CapturedTable } from '../entities/captured-table.ts';

/** By entity, the properties that hide a row from queries when set. */
const hiding = new WeakMap<EntityMetadata, readonly string[]>();

/** TypeORM supports one such column per entity; a synchronised entity has two. */
const conditionOf = (metadata: EntityMetadata, alias: string): string =>
  (hiding.get(metadata) ?? []).map((property) => `${alias}.${property} IS NULL`).join(' AND ');

/**
 * Makes find, count and query builders of an entity skip rows deleted here or by the server, except with `withDeleted`.
 * Also supplies the column for softRemove, softDelete, recover and restore if the entity has none of its own.
 */
export function hideDeleted(table: CapturedTable): void {
  const { metadata } = table.replica;
  metadata.deleteDateColumn ??= table.deletedAtLocalColumn;
  const handled = metadata.deleteDateColumn.propertyName;
  hiding.set(
    metadata,
    [table.deletedAtLocalColumn.propertyName, table.deletedAtProperty].filter((property) => property !== handled),
  );
  addSelectCondition(conditionOf);
}
