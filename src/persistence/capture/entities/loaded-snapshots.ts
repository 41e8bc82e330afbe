import type { ObjectLiteral } from 'typeorm';
import type { ColumnCodec } from '../../columns/column-codec.ts';
import type { CapturedTable } from './captured-table.ts';

/** Database values by column name. A column that was not loaded is missing. */
export type Snapshot = Readonly<Record<string, unknown>>;

/**
 * The state of an entity object when it was loaded or last saved: what the user saw (F-140). Released with the object.
 */
export class LoadedSnapshots {
  readonly #snapshots = new WeakMap<object, Snapshot>();

  of(entity: object): Snapshot | undefined {
    return this.#snapshots.get(entity);
  }

  keep(entity: object, snapshot: Snapshot): void {
    this.#snapshots.set(entity, snapshot);
  }
}

/**
 * The value of a property in stored form, so that lists, dates and transformed values compare. Undefined if the entity
 * does not have it.
 */
export function storedValueOf(table: CapturedTable, { column }: ColumnCodec, entity: ObjectLiteral): unknown {
  const value: unknown = column.getEntityValue(entity);
  if (value === undefined || value === null) return value;
  const isPlain = column.transformer === undefined && (typeof value === 'string' || typeof value === 'number');
  const stored: unknown = isPlain
    ? value
    : table.replica.metadata.connection?.driver.preparePersistentValue(value, column);
  return ArrayBuffer.isView(stored)
    ? new Uint8Array(stored.buffer.slice(stored.byteOffset, stored.byteOffset + stored.byteLength))
    : stored;
}

export function takeSnapshot(table: CapturedTable, entity: ObjectLiteral): Snapshot {
  const snapshot: Record<string, unknown> = {};
  for (const codec of table.replica.codecs) {
    const value = storedValueOf(table, codec, entity);
    if (value !== undefined) snapshot[codec.name] = value;
  }
  return snapshot;
}

export function sameStored(one: unknown, other: unknown): boolean {
  if (one instanceof Uint8Array && other instanceof Uint8Array)
    return one.length === other.length && one.every((byte, index) => byte === other[index]);
  if (one instanceof Date && other instanceof Date) return one.getTime() === other.getTime();
  return Object.is(one, other);
}
