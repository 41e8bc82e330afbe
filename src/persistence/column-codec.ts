import type { DataSource } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { Json, JsonObject } from '../model/json.ts';
import { parseTimestamp } from '../rules/timestamp.ts';

/** How one column travels: between its database value, its entity property and its wire key. */
export interface ColumnCodec {
  readonly column: ColumnMetadata;
  /** Column name in SQL, unquoted. */
  readonly name: string;
  readonly property: string;
  readonly wireKey: string;
  /** Wire value → bound parameter. */
  readonly toDatabase: (value: Json | undefined) => unknown;
  /** Raw result → wire value. */
  readonly toWire: (raw: unknown) => Json;
  /** Says what a wire value must be where it is not; undefined = fine. */
  readonly complaint: (value: Json | undefined) => string | undefined;
}

const textTypes = new Set<unknown>([String, 'text', 'varchar', 'character varying', 'char', 'character', 'nvarchar', 'clob', 'uuid', 'simple-enum', 'enum']);
const numberTypes = new Set<unknown>([
  Number,
  'integer',
  'int',
  'int2',
  'int4',
  'int8',
  'smallint',
  'tinyint',
  'mediumint',
  'bigint',
  'real',
  'double',
  'double precision',
  'float',
  'numeric',
  'decimal',
]);
const fractionTypes = new Set<unknown>(['real', 'double', 'double precision', 'float', 'numeric', 'decimal']);
const booleanTypes = new Set<unknown>([Boolean, 'boolean', 'bool']);
const dateTypes = new Set<unknown>([Date, 'datetime', 'timestamp', 'timestamptz', 'timestamp with time zone', 'timestamp without time zone']);

export const isTextColumn = (column: ColumnMetadata): boolean => textTypes.has(column.type);
/** Whether numbers in it may have fractions. */
export const isFractionColumn = (column: ColumnMetadata): boolean => fractionTypes.has(column.type);
export const isDateColumn = (column: ColumnMetadata): boolean => dateTypes.has(column.type) || column.type === 'date';

const toSnakeCase = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();

/** A relation's own column is known by its SQL name, an embedded one by its path. */
const propertyOf = (column: ColumnMetadata): string =>
  column.relationMetadata && column.propertyName === column.relationMetadata.propertyName ? column.databaseName : column.propertyPath.replaceAll('.', '_');

const asJson = (value: unknown): Json => {
  if (value === undefined || value === null) return null;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? String(value) : value.toISOString();
  if (typeof value === 'bigint') return value.toString();
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  // Objects of a transformer, as decimals: two of them compare by what they say, not by what they are made of.
  if (typeof value === 'object' && 'toJSON' in value) return JSON.parse(JSON.stringify(value)) as Json;
  return value as Json;
};

/** Builds the codec of a column; values go through TypeORM's own preparation, so transformers, JSON, booleans and dates map both ways. */
export function createColumnCodec(dataSource: DataSource, column: ColumnMetadata, naming: 'property' | 'snake_case'): ColumnCodec {
  const { driver } = dataSource;
  const property = propertyOf(column);
  const wireKey = naming === 'snake_case' ? toSnakeCase(property) : property;
  const isDate = isDateColumn(column) && !column.isArray;
  const isPlain = column.transformer === undefined && !column.isArray && (isTextColumn(column) || numberTypes.has(column.type));
  const isBoolean = column.transformer === undefined && !column.isArray && booleanTypes.has(column.type);
  const isBinary = column.type === 'blob' || column.type === 'bytea';

  const prepared = (value: Json | undefined): unknown => {
    const entityValue =
      column.type === 'date'
        ? typeof value === 'string'
          ? value.slice(0, 10)
          : value
        : isDate && value !== null && value !== undefined
          ? dateOf(value)
          : isBinary && typeof value === 'string'
            ? Buffer.from(value, 'base64')
            : value;
    const bound: unknown = driver.preparePersistentValue(entityValue, column);
    return bound ?? null;
  };
  const hydrated = (raw: unknown): Json => asJson(driver.prepareHydratedValue(raw, column));

  return {
    column,
    name: column.databaseName,
    property,
    wireKey,
    toDatabase: isPlain ? (value) => value ?? null : prepared,
    toWire: isPlain ? (raw) => (raw ?? null) as Json : isBoolean ? (raw) => (raw === null || raw === undefined ? null : Boolean(raw)) : hydrated,
    complaint: complaintOf(column),
  };
}

/** A time of the server as the app's Date. No zone means UTC (F-65). */
function dateOf(value: Json): Date {
  const instant = parseTimestamp(value);
  return instant === undefined ? new Date(String(value)) : new Date(instant.epochSeconds * 1000 + Number(instant.fraction.slice(0, 3).padEnd(3, '0')));
}

/** Only plain types are checked: what a transformer accepts is its own business. */
function complaintOf(column: ColumnMetadata): ColumnCodec['complaint'] {
  const nothing = column.isNullable || column.default !== undefined;
  const expected =
    column.transformer || column.isArray
      ? undefined
      : isTextColumn(column)
        ? 'string'
        : numberTypes.has(column.type)
          ? 'number'
          : booleanTypes.has(column.type)
            ? 'boolean'
            : isDateColumn(column)
              ? 'date'
              : undefined;
  return (value) => {
    if (value === undefined) return undefined;
    if (value === null) return nothing ? undefined : `must not be null`;
    if (expected === undefined || (typeof value === expected && !Number.isNaN(value))) return undefined;
    if (expected === 'date' && (typeof value === 'string' || typeof value === 'number') && !Number.isNaN(dateOf(value).getTime())) return undefined;
    // Servers on SQLite or MySQL send booleans as 0 and 1.
    if (expected === 'boolean' && (value === 0 || value === 1)) return undefined;
    // 64-bit integers and decimals travel as text.
    if (expected === 'number' && typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))) return undefined;
    return `must be a ${expected}, got ${Array.isArray(value) ? 'list' : typeof value} ${typeof value === 'number' ? value : JSON.stringify(value).slice(0, 40)}`;
  };
}

/** Reads the property of an entity as its wire value. */
export const wireValueOf = (codec: ColumnCodec, entity: object): Json | undefined => {
  const value: unknown = codec.column.getEntityValue(entity);
  return value === undefined ? undefined : asJson(value);
};

/** All columns of a raw result as wire JSON. */
export const rawToWire = (codecs: readonly ColumnCodec[], raw: Readonly<Record<string, unknown>>): JsonObject => {
  const row: Record<string, Json> = {};
  for (const codec of codecs) row[codec.wireKey] = codec.toWire(raw[codec.name]);
  return row;
};
