import type { ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { CapturedTable } from './captured-table.ts';
import { sameStored, storedValueOf, type Snapshot } from './loaded-snapshots.ts';

/**
 * Brings an entity that is about to be saved up to the row as it is now, in all that the user did not change since it
 * was loaded: what is then left to be written is what the user changed (F-140). What belongs to the server is the
 * row's. A row that was deleted comes back by being saved.
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
    // TypeORM also tells of references, which hold an id and nothing else: what is not there says nothing about the
    // row. Nor does a column that is not selected: it is not loaded to compare, and the object would lose what was
    // loaded on purpose.
    const isUntouched =
      snapshot !== undefined && Object.hasOwn(snapshot, codec.name) && sameStored(snapshot[codec.name], now);
    if (inDatabase === undefined || (inDatabase === null && !codec.column.isSelect)) {
      // What TypeORM cannot compare it would write, over what was pulled meanwhile.
      if (isUntouched && !codec.column.isSelect) setAside(entity, codec.column);
      continue;
    }
    if (sameStored(now ?? null, inDatabase ?? null)) continue;
    if (codec.name === table.deletedAt && (now ?? null) === null) {
      // TypeORM skips what is undefined.
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

/** A join column may be there as a property of its own, as the related entity, or as both. */
function copyValue(column: ColumnMetadata, from: ObjectLiteral, to: ObjectLiteral): void {
  const relation = column.relationMetadata;
  if (relation?.propertyName !== column.propertyName) column.setEntityValue(to, column.getEntityValue(from));
  if (relation === undefined || relation.getEntityValue(to) === undefined) return;
  const id: unknown = column.getEntityValue(from);
  // TypeORM's own setter would write the new id into the related entity that is there.
  let holder = to;
  for (const name of relation.embeddedMetadata?.parentPropertyNames ?? []) holder = holder[name] as ObjectLiteral;
  holder[relation.isLazy ? `__${relation.propertyName}__` : relation.propertyName] =
    id === null || id === undefined ? null : column.referencedColumn?.createValueMap(id);
}
