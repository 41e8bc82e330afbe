import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { Json, JsonObject } from '../../model/values/json.ts';
import type { ColumnCodec } from './column-codec.ts';

/** Wire keys whose values no two rows of a table may share. */
export interface UniqueKey {
  /** Table and columns, so that values of different keys never compare. */
  readonly name: string;
  readonly fields: readonly {
    readonly key: string;
    readonly foldsCase: boolean;
    readonly comparable: (value: Json) => Json;
  }[];
}

/**
 * Reads the unique keys of an entity from its metadata: unique columns, `@Unique`, unique indices. Leaves out keys that
 * contain the id and keys with a column that is not synchronised. A partial index counts as a whole one: the values it
 * covers are among these.
 */
export function uniqueKeysOf(metadata: EntityMetadata, codecs: readonly ColumnCodec[]): readonly UniqueKey[] {
  const lists = [
    ...metadata.uniques.map(({ columns }) => columns),
    ...metadata.indices.filter(({ isUnique }) => isUnique).map(({ columns }) => columns),
  ];
  const found = new Map<string, UniqueKey>();
  for (const columns of lists) {
    const fields = columns.flatMap((column) => fieldOf(column, codecs) ?? []);
    if (fields.length === 0 || fields.length < columns.length || columns.some(({ isPrimary }) => isPrimary)) continue;
    const name = [metadata.tableName, ...fields.map(({ key }) => key)].join('\n');
    found.set(name, { name, fields });
  }
  return [...found.values()];
}

function fieldOf(column: ColumnMetadata, codecs: readonly ColumnCodec[]): UniqueKey['fields'][number] | undefined {
  const codec = codecs.find((candidate) => candidate.column === column);
  return (
    codec && {
      key: codec.wireKey,
      foldsCase: column.collation?.toUpperCase() === 'NOCASE',
      comparable: codec.comparable,
    }
  );
}

/**
 * What a row holds of each unique key, as comparable text. A key with a NULL in it holds nothing: NULLs are never
 * equal.
 */
export function uniqueValuesOf(keys: readonly UniqueKey[], row: JsonObject | undefined): readonly string[] {
  if (row === undefined) return [];
  return keys.flatMap(({ name, fields }) => {
    const values = fields.map(({ key, foldsCase, comparable }) => folded(comparable(row[key] ?? null), foldsCase));
    return values.includes(null) ? [] : [JSON.stringify([name, values])];
  });
}

const folded = (value: Json, foldsCase: boolean): Json =>
  foldsCase && typeof value === 'string' ? value.toLowerCase() : value;

/** The values of `after` that `before` does not hold. */
export function uniqueValuesTaken(
  keys: readonly UniqueKey[],
  before: JsonObject | undefined,
  after: JsonObject | undefined,
): readonly string[] {
  if (keys.length === 0) return [];
  const held = new Set(uniqueValuesOf(keys, before));
  return uniqueValuesOf(keys, after).filter((value) => !held.has(value));
}

/** A wire key that holds the id of another row, and the kinds that row may be of. */
export interface ReferenceKey {
  readonly key: string;
  readonly kinds: readonly string[];
}

/**
 * Reads which keys of a row refer to other rows: by `dependsOn`, and by the foreign keys of the entity. Needs no other
 * table to be registered.
 */
export function referenceKeysOf(
  metadata: EntityMetadata,
  codecs: readonly ColumnCodec[],
  dependsOn: readonly { readonly key: string | undefined; readonly kind: string }[],
): readonly ReferenceKey[] {
  const listed = dependsOn.flatMap(({ key, kind }) => (key === undefined ? [kind] : []));
  return [
    ...dependsOn.flatMap(({ key, kind }) => (key === undefined ? [] : [{ key, kinds: [kind] }])),
    ...metadata.foreignKeys.flatMap(({ columns, referencedEntityMetadata }) => {
      const codec = codecs.find((candidate) => candidate.column === columns[0]);
      return codec === undefined
        ? []
        : [{ key: codec.wireKey, kinds: [...new Set([referencedEntityMetadata.tableName, ...listed])] }];
    }),
  ];
}
