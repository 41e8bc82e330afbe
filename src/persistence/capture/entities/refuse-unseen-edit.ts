import type { ObjectLiteral } from 'typeorm';
import { ValidationError } from '../../../model/errors/errors.ts';
import type { CapturedTable } from './captured-table.ts';
import { sameStored, storedValueOf } from './loaded-snapshots.ts';

/**
 * Rejects the edit of a row that is deleted and stays deleted, because it would be neither shown nor sent (F-154).
 * Throws `ValidationError` that names row and field. This concerns entities loaded with `withDeleted`; an entity that
 * was loaded before the deletion restores the row.
 */
export function refuseUnseenEdit(table: CapturedTable, entity: ObjectLiteral, stored: ObjectLiteral): void {
  const { replica, deletedAtLocalColumn } = table;
  const deletedAt = replica.codecs.find(({ name }) => name === table.deletedAt)?.column;
  const isDeleted = (row: ObjectLiteral): boolean =>
    [deletedAtLocalColumn, deletedAt].some((column) => ((column?.getEntityValue(row) as unknown) ?? null) !== null);
  if (!isDeleted(stored) || !isDeleted(entity)) return;
  const own = new Set([table.id, table.updatedAt, table.deletedAt]);
  const edited = replica.codecs.find((codec) => {
    const now = own.has(codec.name) ? undefined : storedValueOf(table, codec, entity);
    return now !== undefined && !sameStored(now, storedValueOf(table, codec, stored) ?? null);
  });
  if (edited === undefined) return;
  const id = String(replica.metadata.primaryColumns[0]?.getEntityValue(stored));
  throw new ValidationError(
    `${replica.kind}/${id} is deleted, so the edit of '${edited.property}' would be neither shown nor sent. Restore the row first, or save it with ${deletedAtLocalColumn.propertyName} and ${deletedAt?.propertyName ?? 'deletedAt'} null. Nothing was written`,
  );
}
