import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';
import { forbiddenKeys, type Json, type JsonObject } from '../model/values/json.ts';
import { aText, namesOfColumns, oneOf } from '../model/options/bounds.ts';
import { checkOptions, ownedBy, withDefaults } from '../model/options/complete-options.ts';
import { byDefault, optional, type OptionList } from '../model/options/option-list.ts';
import { createWireColumn, quoteName, type SqlValue, type WireColumn } from './wire-column.ts';

export interface ServerTableOptions {
  /** Name in URLs. @defaultValue the SQL table name */
  readonly kind?: string;
  /** Keys in JSON rows: property names, or those in snake_case. @defaultValue `property` */
  readonly naming?: 'property' | 'snake_case';
  /** `soft` leaves tombstones and needs a deletedAt column. @defaultValue `soft` where there is one */
  readonly deletes?: 'soft' | 'hard';
  /** Treatment of fields without a column. @defaultValue `unknownFields` of the server */
  readonly unknownFields?: 'refuse' | 'drop';
  /** Properties that are neither sent nor accepted. A row scope may use them. `deletedAtLocal` is always hidden. */
  readonly hidden?: readonly string[];
  /**
   * Properties with `select: false` that are sent and accepted all the same. All others with `select: false` are
   * hidden, because they may contain a secret.
   */
  readonly unselected?: readonly string[];
}

/** An entity with its options. */
export interface ServerTable {
  readonly entity: EntityTarget<ObjectLiteral>;
  readonly options: ServerTableOptions;
}

/** Defaults and bounds of {@link ServerTableOptions}. */
export const serverTableOptions = {
  kind: optional(aText),
  naming: byDefault('property', oneOf('property', 'snake_case')),
  deletes: optional(oneOf('soft', 'hard')),
  unknownFields: optional(oneOf('refuse', 'drop')),
  hidden: byDefault([], namesOfColumns),
  unselected: byDefault([], namesOfColumns),
} satisfies OptionList<ServerTableOptions>;

/**
 * Registers an entity with the server. Without options, the entity itself may be passed instead. Throws an error that
 * names an invalid option.
 */
export function serverTable(entity: EntityTarget<ObjectLiteral>, options: ServerTableOptions = {}): ServerTable {
  checkOptions(ownedBy('serverTable'), serverTableOptions, options);
  return { entity, options };
}

/** What the server knows of a kind: the location and format of its rows. */
export interface TableShape {
  readonly kind: string;
  /** Table name in SQL, quoted. */
  readonly table: string;
  readonly name: string;
  /** The sent columns, in order. */
  readonly columns: readonly WireColumn[];
  /** Their SQL selection list. */
  readonly select: string;
  /** All columns by wire key, including hidden ones. */
  readonly byWire: ReadonlyMap<string, WireColumn>;
  readonly id: WireColumn;
  readonly updatedAt: WireColumn;
  readonly deletedAt: WireColumn | undefined;
  readonly createdAt: WireColumn | undefined;
  readonly deletes: 'soft' | 'hard';
  readonly unknownFields: 'refuse' | 'drop';
}

/**
 * Reads the shape of an entity from its metadata. Finds id, updatedAt, deletedAt, createdAt by name (NAM-01…04). Throws
 * an error that names what to fix.
 */
export function createTableShape(
  dataSource: DataSource,
  registered: ServerTable | EntityTarget<ObjectLiteral>,
  defaults: { readonly unknownFields: 'refuse' | 'drop' },
): TableShape {
  const { entity, options: given } = isServerTable(registered) ? registered : serverTable(registered);
  const options = withDefaults<ServerTableOptions, typeof serverTableOptions>(serverTableOptions, given);
  const metadata = dataSource.getMetadata(entity);
  const kind = (options.kind ?? metadata.tableName).trim();
  if (kind === '' || forbiddenKeys.includes(kind) || kind === 'health')
    throw new TypeError(`the kind of ${metadata.name} must not be '${kind}'`);
  const hidden = new Set([...options.hidden, 'deletedAtLocal']);
  const unselected = new Set(options.unselected);
  const byProperty = new Map<string, WireColumn>();
  for (const column of metadata.columns) {
    // An embedded column has the same key as on the client: `audit.createdBy` is `audit_createdBy`.
    const property = column.isVirtual ? column.databaseName : column.propertyPath.replaceAll('.', '_');
    const wire = options.naming === 'snake_case' ? toSnakeCase(property) : property;
    byProperty.set(
      property,
      createWireColumn(
        dataSource,
        column,
        wire,
        hidden.has(property) || (!column.isSelect && !unselected.has(property)),
      ),
    );
  }
  const find = (...names: string[]): WireColumn | undefined =>
    names.map((name) => byProperty.get(name)).find((column) => column !== undefined);
  const primary = metadata.primaryColumns;
  const id = find('id', 'ID', 'uuid');
  if (id === undefined || primary.length !== 1 || byProperty.get(primary[0]?.propertyName ?? '') !== id) {
    throw new TypeError(
      `${metadata.name}: one primary column called id, ID or uuid is expected, found ${primary.map((column) => column.propertyName).join(', ') || 'none'}`,
    );
  }
  const updatedAt = find('updatedAt', 'updated_at');
  const deletedAt = find('deletedAt', 'deleted_at');
  if (updatedAt === undefined) throw new TypeError(`${metadata.name}: a text column updatedAt is missing`);
  for (const column of [updatedAt, deletedAt]) {
    // Date columns lose the digits below the millisecond (F-63).
    if (column?.text === false)
      throw new TypeError(
        `${metadata.name}.${column.wire} must be a text column: server timestamps are kept to the last digit`,
      );
  }
  const deletes = options.deletes ?? (deletedAt === undefined ? 'hard' : 'soft');
  if (deletes === 'soft' && deletedAt === undefined)
    throw new TypeError(`${metadata.name}: soft deletes need a nullable text column deletedAt`);
  const all = [...byProperty.values()];
  const sent = all.filter((column) => !column.hidden);
  return {
    kind,
    id,
    updatedAt,
    deletedAt,
    deletes,
    table: metadata.tablePath.split('.').map(quoteName).join('.'),
    name: metadata.tableName,
    columns: sent,
    select: sent.map(({ read }) => read).join(', '),
    byWire: new Map(all.map((column) => [column.wire, column])),
    createdAt: find('createdAt', 'created_at'),
    unknownFields: options.unknownFields ?? defaults.unknownFields,
  };
}

/** Converts a row of SQL values, in the order of `columns`, to a wire row. */
export function toWireRow(shape: TableShape, values: readonly SqlValue[]): JsonObject {
  const row: Record<string, Json> = {};
  // A plain loop, because it runs for every row of every page.
  for (let index = 0; index < shape.columns.length; index += 1) {
    const column = shape.columns[index];
    if (column !== undefined) row[column.wire] = column.decode(values[index] ?? null);
  }
  return row;
}

/**
 * The problem of each unacceptable field of a payload; undefined if there is none. Silently ignores sync fields, which
 * the server owns.
 */
export function checkPayload(shape: TableShape, payload: JsonObject): Readonly<Record<string, string>> | undefined {
  const problems: Record<string, string> = {};
  for (const [key, value] of Object.entries(payload)) {
    const column = shape.byWire.get(key);
    if (isServerField(shape, column)) continue;
    if (column === undefined || column.hidden) {
      if (shape.unknownFields === 'refuse') problems[key] = 'unknown field';
    } else {
      const problem = column === shape.id ? undefined : column.check(value);
      if (problem !== undefined) problems[key] = problem;
    }
  }
  return Object.keys(problems).length === 0 ? undefined : problems;
}

/** The required fields that a new row lacks; undefined if there are none. */
export function missingFields(
  shape: TableShape,
  given: ReadonlySet<WireColumn>,
): Readonly<Record<string, string>> | undefined {
  const missing = shape.columns.filter((column) => column.required && !given.has(column));
  return missing.length === 0 ? undefined : Object.fromEntries(missing.map(({ wire }) => [wire, 'required']));
}

/** The columns and values that a payload writes. */
export function payloadValues(shape: TableShape, payload: JsonObject): Map<WireColumn, SqlValue> {
  const values = new Map<WireColumn, SqlValue>();
  for (const [key, value] of Object.entries(payload)) {
    const column = shape.byWire.get(key);
    if (column !== undefined && !column.hidden && column !== shape.id && !isServerField(shape, column))
      values.set(column, column.encode(value));
  }
  return values;
}

const isServerField = (shape: TableShape, column: WireColumn | undefined): boolean =>
  column !== undefined && (column === shape.updatedAt || column === shape.deletedAt);

const isServerTable = (value: ServerTable | EntityTarget<ObjectLiteral>): value is ServerTable =>
  typeof value === 'object' && 'entity' in value && 'options' in value;

const toSnakeCase = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
