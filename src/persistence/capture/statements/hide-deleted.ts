import type { EntityMetadata } from 'typeorm';
import { addSelectCondition } from '../../typeorm/select-queries.ts';
import type { CapturedTable } from '../entities/captured-table.ts';

/** The properties of rows that queries do not show when they are set, by entity. */
const hiding = new WeakMap<EntityMetadata, readonly string[]>();

/** TypeORM knows one such column per entity; a synchronised one has two. */
const conditionOf = (metadata: EntityMetadata, alias: string): string =>
  (hiding.get(metadata) ?? []).map((property) => `${alias}.${property} IS NULL`).join(' AND ');

/**
 * Lets find, count and query builders of an entity pass over rows that were deleted, here or by the server, unless they
 * ask `withDeleted`. Also gives TypeORM the column for softRemove, softDelete, recover and restore, where the entity
 * has none of its own.
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
