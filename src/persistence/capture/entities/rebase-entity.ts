import type { ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { CapturedTable } from './captured-table.ts';
import { sameStored, storedValueOf, type Snapshot } from './loaded-snapshots.ts';

/**
 * Updates an entity before a save with the current row, except for the fields that the user changed since it was
 * loaded. TypeORM then writes only the user's changes (F-140). Server-owned fields take the row's values. Saving a
 * deleted row restores it.
 */
export function rebaseEntity(
  table: CapturedTable,
  entity: ObjectLiteral,
  stored: ObjectLiteral,
  {
    snapshot,
    setAside,
  }: {
    readonly snapshot: Snapshot | undefined;
    readonly setAside: (entity: ObjectLiteral, column: ColumnMetadata) => void;
  },
): void {
  for (const codec of table.replica.codecs) {
    if (codec.wireKey === table.replica.keys.id) continue;
    const now = storedValueOf(table, codec, entity);
    if (now === undefined && codec.name !== table.deletedAt) continue;
    const inDatabase = storedValueOf(table, codec, stored);
    // TypeORM also passes references that hold only an id; their missing fields say nothing about the row. The same
    // holds for unselected columns: they are not loaded for comparison, and the object would lose a value that was
    // loaded on purpose.
    const isUntouched =
      snapshot !== undefined && Object.hasOwn(snapshot, codec.name) && sameStored(snapshot[codec.name], now);
    if (inDatabase === undefined || (inDatabase === null && !codec.column.isSelect)) {
      // TypeORM would write values that it cannot compare over pulled ones.
      if (isUntouched && !codec.column.isSelect) setAside(entity, codec.column);
      continue;
    }
    if (sameStored(now ?? null, inDatabase ?? null)) continue;
    if (codec.name === table.deletedAt && (now ?? null) === null) {
      // TypeORM ignores undefined.
      if (now === undefined) codec.column.setEntityValue(entity, null);
      continue;
    }
    if (isUntouched || codec.name === table.updatedAt) copyValue(codec.column, stored, entity);
  }
  revive(table.deletedAtLocalColumn, entity, stored);
}

function revive(deletedAtLocal: ColumnMetadata, entity: ObjectLiteral, stored: ObjectLiteral): void {
  const wasDeleted = ((deletedAtLocal.getEntityValue(stored) as unknown) ?? null) !== null;
  const given: unknown = deletedAtLocal.getEntityValue(entity);
  if (wasDeleted && given === undefined) deletedAtLocal.setEntityValue(entity, null);
}

/** A join column may be present as its own property, as the related entity, or as both. */
function copyValue(column: ColumnMetadata, from: ObjectLiteral, to: ObjectLiteral): void {
  const relation = column.relationMetadata;
  if (relation?.propertyName !== column.propertyName) column.setEntityValue(to, column.getEntityValue(from));
  if (relation === undefined || relation.getEntityValue(to) === undefined) return;
  const id: unknown = column.getEntityValue(from);
  // TypeORM's own setter would write the new id into the existing related entity.
  let holder = to;
  for (const name of relation.embeddedMetadata?.parentPropertyNames ?? []) holder = holder[name] as ObjectLiteral;
  holder[relation.isLazy ? `__${relation.propertyName}__` : relation.propertyName] =
    id === null || id === undefined ? null : column.referencedColumn?.createValueMap(id);
}
