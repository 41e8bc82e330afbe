import type { DataSource, EntityMetadata } from 'typeorm';
import { fullResyncKind } from '../../model/cursor.ts';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { createColumnCodec, isDateColumn, isTextColumn, type ColumnCodec } from '../columns/column-codec.ts';
import { ReplicaTable } from './replica-table.ts';
import { checkSyncTables, tableSettings, type SyncTable } from './sync-table.ts';

/**
 * Builds the registered form of each table. Throws `TypeError` that names the table and the required change. Does not
 * access the database. `partial`: the tables they depend on may be registered elsewhere.
 */
export function registerTables(
  dataSource: DataSource,
  tables: readonly SyncTable[],
  options: { readonly partial?: boolean } = {},
): ReadonlyMap<string, ReplicaTable> {
  if (!dataSource.isInitialized)
    throw new TypeError(
      'synchart needs an initialised DataSource: await dataSource.initialize() before creating the engine',
    );
  checkSyncTables(tables);
  const registry = new Map<string, ReplicaTable>();
  for (const table of tables) {
    const replica = registerTable(dataSource, table);
    if (registry.has(replica.kind))
      throw new TypeError(
        `two tables are registered as kind '${replica.kind}': give one of them another kind in syncTable(…, { kind })`,
      );
    registry.set(replica.kind, replica);
  }
  for (const replica of registry.values()) {
    for (const { kind } of replica.dependsOn) {
      if (options.partial !== true && !registry.has(kind))
        throw new TypeError(
          `kind '${replica.kind}' depends on '${kind}', which is not registered: known are ${[...registry.keys()].join(', ')}`,
        );
    }
  }
  for (const replica of registry.values()) replica.linkTables([...registry.values()]);
  return registry;
}

function registerTable(dataSource: DataSource, table: SyncTable): ReplicaTable {
  if (!dataSource.hasMetadata(table.target)) {
    throw new TypeError(
      `syncTable: ${String(describeTarget(table))} is not an entity of this DataSource: add it to its \`entities\``,
    );
  }
  const metadata = dataSource.getMetadata(table.target);
  const settings = tableSettings(table.options);
  const kind = (settings.kind ?? metadata.tableName).trim();
  if (kind === '') throw new TypeError(`syncTable(${metadata.name}): kind must not be blank`);
  if (kind === fullResyncKind) throw new TypeError(`syncTable(${metadata.name}): kind '${kind}' is reserved`);

  refuseShape(metadata);
  const idColumn = idColumnOf(metadata, settings.pullOnly);
  const updatedAt = syncColumnOf(metadata, ['updatedAt', 'updated_at']);
  const deletedAt = syncColumnOf(metadata, ['deletedAt', 'deleted_at']);
  const deletedAtLocal = syncColumnOf(metadata, ['deletedAtLocal', 'deleted_at_local']);
  const localOnly = new Set<string>(settings.localOnly);
  for (const property of localOnly) {
    const column = metadata.columns.find((candidate) => candidate.propertyPath === property);
    if (!column)
      throw new TypeError(`syncTable(${metadata.name}): localOnly names '${property}', which is not a column`);
    if (isComputed(column))
      throw new TypeError(
        `syncTable(${metadata.name}): localOnly names '${property}', which this database computes; such a column is never sent, so remove it from localOnly`,
      );
    if (!column.isNullable && column.default === undefined) {
      throw new TypeError(
        `syncTable(${metadata.name}): localOnly column '${property}' must be nullable or have a default, because rows from the server do not contain it`,
      );
    }
  }
  const codecs: ColumnCodec[] = metadata.columns
    .filter((column) => !column.isVirtual || column.relationMetadata !== undefined)
    .filter((column) => !isComputed(column) && column !== deletedAtLocal && !localOnly.has(column.propertyPath))
    .map((column) => createColumnCodec(dataSource, column, settings.naming));
  const { dependsOn } = settings;
  for (const property of Array.isArray(dependsOn) ? [] : Object.keys(dependsOn)) {
    if (!codecs.some((codec) => codec.property === property || codec.wireKey === property)) {
      throw new TypeError(
        `syncTable(${metadata.name}): dependsOn names '${property}', which is not a synchronised column; known are ${codecs.map((codec) => codec.property).join(', ')}`,
      );
    }
  }
  const localCodecs = metadata.columns
    .filter((column) => localOnly.has(column.propertyPath))
    .map((column) => createColumnCodec(dataSource, column, settings.naming));
  return new ReplicaTable({
    dataSource,
    metadata,
    kind,
    options: table.options,
    settings,
    codecs,
    localCodecs,
    idColumn,
    updatedAt,
    deletedAt,
    deletedAtLocal,
  });
}

/** `@VirtualColumn` and generated columns: the database computes them, and nobody can write them. */
const isComputed = (column: ColumnMetadata): boolean => column.isVirtualProperty || column.asExpression !== undefined;

/** Rejects table types whose rows would arrive incomplete. */
function refuseShape(metadata: EntityMetadata): void {
  const { name, tableType, treeType, inheritancePattern, discriminatorColumn, parentEntityMetadata } = metadata;
  if (tableType === 'view')
    throw new TypeError(`syncTable(${name}): a view has no rows of its own; register the tables it reads`);
  if (inheritancePattern === 'STI' || tableType === 'entity-child') {
    const column = (discriminatorColumn ?? parentEntityMetadata.discriminatorColumn)?.databaseName ?? 'type';
    throw new TypeError(
      `syncTable(${name}): single-table inheritance keeps the class of each row in the hidden column '${column}', which is not sent; use a table per class, or one class with an ordinary type column`,
    );
  }
  if (treeType === 'closure-table' || treeType === 'nested-set') {
    const where =
      treeType === 'closure-table'
        ? 'in a second table, which is not synchronised'
        : 'in numbers that each insertion changes in other rows';
    throw new TypeError(
      `syncTable(${name}): a ${treeType} tree keeps its order ${where}; use a relation to the parent, or a materialized-path tree`,
    );
  }
}

function idColumnOf(metadata: EntityMetadata, pullOnly: boolean): ColumnMetadata {
  const [idColumn, ...others] = metadata.primaryColumns;
  if (!idColumn) throw new TypeError(`syncTable(${metadata.name}): the table has no primary column; add a text id`);
  if (others.length > 0) {
    const names = metadata.primaryColumns.map((column) => column.propertyName).join(', ');
    throw new TypeError(
      `syncTable(${metadata.name}): the key of (${names}) is composite, which synchart cannot send as one id; give the table one text id`,
    );
  }
  if (idColumn.isGenerated && idColumn.generationStrategy !== 'uuid' && !pullOnly) {
    throw new TypeError(
      `syncTable(${metadata.name}): '${idColumn.propertyName}' is generated by this database, so two devices would create the same id; use a text id such as a UUID, or { pullOnly: true }`,
    );
  }
  return idColumn;
}

function syncColumnOf(metadata: EntityMetadata, names: readonly string[]): ColumnMetadata {
  const column = metadata.columns.find((candidate) => names.includes(candidate.propertyName));
  if (!column) {
    throw new TypeError(
      `syncTable(${metadata.name}): no column '${names[0] ?? ''}'; add \`...syncColumns\` to the columns of the EntitySchema, or extend SyncColumns`,
    );
  }
  if (isDateColumn(column) || !isTextColumn(column)) {
    throw new TypeError(
      `syncTable(${metadata.name}): '${column.propertyName}' must be a text column, got ${String(column.type)}; server timestamps are stored verbatim, and a Date would lose digits`,
    );
  }
  return column;
}

const describeTarget = (table: SyncTable): string => {
  const { target } = table;
  if (typeof target === 'string') return target;
  if (typeof target === 'function') return target.name;
  return 'options' in target &&
    typeof target.options === 'object' &&
    target.options !== null &&
    'name' in target.options
    ? String(target.options.name)
    : 'the target';
};
