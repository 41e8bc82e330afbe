import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { Json, JsonObject } from '../../model/values/json.ts';
import type { ColumnCodec } from './column-codec.ts';

/** Wire keys whose values must be unique within a table. */
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
 * Reads the unique keys of an entity from its metadata: unique columns, `@Unique`, unique indices. Omits keys that
 * contain the id or an unsynchronised column. A partial index counts as a complete one, because its values are a
 * subset.
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
 * The values of a row for each unique key, as comparable text. A key with a NULL has no value, because NULLs are never
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

/** The values that `after` holds and `before` does not. */
export function uniqueValuesTaken(
  keys: readonly UniqueKey[],
  before: JsonObject | undefined,
  after: JsonObject | undefined,
): readonly string[] {
  if (keys.length === 0) return [];
  const held = new Set(uniqueValuesOf(keys, before));
  return uniqueValuesOf(keys, after).filter((value) => !held.has(value));
}

/** A wire key that holds the id of another row, and the kinds of that row. */
export interface ReferenceKey {
  readonly key: string;
  readonly kinds: readonly string[];
}

/**
 * Reads the keys that reference other rows, from `dependsOn` and from the entity's foreign keys. Does not require other
 * tables to be registered.
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
