import type { ObjectLiteral } from 'typeorm';
import { ValidationError } from '../../../model/errors/errors.ts';
import type { CapturedTable } from './captured-table.ts';
import { sameStored, storedValueOf } from './loaded-snapshots.ts';

/**
 * Refuses to save an edit of a row that is deleted and stays so: it would be neither shown nor sent (F-154). Throws
 * `ValidationError` naming row and field. An entity that was loaded `withDeleted` comes here; one that was loaded
 * before the deletion brings the row back.
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
    `${replica.kind}/${id} is deleted, so the edit of '${edited.property}' would be neither shown nor sent: restore the row first, or save it with ${deletedAtLocalColumn.propertyName} and ${deletedAt?.propertyName ?? 'deletedAt'} null. Nothing was written`,
  );
}
