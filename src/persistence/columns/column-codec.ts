import type { DataSource } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { parseJson, stringifyJson } from '../../model/values/exact-json.ts';
import { canonicalDigits, exactDigits, exactNumber, withoutMark } from '../../model/values/exact-number.ts';
import type { Json, JsonObject } from '../../model/values/json.ts';
import { deepEqual } from '../../rules/values/deep-equal.ts';
import { withBigInts } from '../../rules/values/keep-digits.ts';
import { jsonText } from '../../rules/values/json-text.ts';
import { parseTimestamp } from '../../rules/values/timestamp.ts';
import { dialectOf, profileOf } from '../drivers/profile-of.ts';
import { quoted } from '../sql/quoted-name.ts';
import type { Dialect } from '../sql/session.ts';

/** Converts one column between its database value, its entity property and its wire key. */
export interface ColumnCodec {
  readonly column: ColumnMetadata;
  /** SQL name of the column, unquoted. */
  readonly name: string;
  readonly property: string;
  readonly wireKey: string;
  /** Wire value → bound parameter. */
  readonly toDatabase: (value: Json | undefined) => unknown;
  /** Raw result → wire value. */
  readonly toWire: (raw: unknown) => Json;
  /** What a wire value must be, if it is invalid; undefined for a valid value. */
  readonly complaint: (value: Json | undefined) => string | undefined;
  /** Whether the column is certain to return this wire value unchanged. If not, the row is read back to compare. */
  readonly readsBack: (value: Json) => boolean;
  /** Equal for all wire values that the column treats as one, such as `"10.00"` and `10`. */
  readonly comparable: (value: Json) => Json;
}

const halfOfPair = /\p{Cs}/u;
const textTypes = new Set<unknown>([
  String,
  'text',
  'varchar',
  'character varying',
  'char',
  'character',
  'nvarchar',
  'clob',
  'uuid',
  'simple-enum',
  'enum',
]);
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
const realTypes = new Set<unknown>(['real', 'double', 'double precision', 'float']);
const fractionTypes = new Set<unknown>(['real', 'double', 'double precision', 'float', 'numeric', 'decimal']);
const booleanTypes = new Set<unknown>([Boolean, 'boolean', 'bool']);
const jsonTypes = new Set<unknown>(['simple-json', 'json', 'jsonb']);
const dateTypes = new Set<unknown>([
  Date,
  'datetime',
  'timestamp',
  'timestamptz',
  'timestamp with time zone',
  'timestamp without time zone',
]);

export const isTextColumn = (column: ColumnMetadata): boolean => textTypes.has(column.type);
/** Whether its numbers may have fractions. */
export const isFractionColumn = (column: ColumnMetadata): boolean => fractionTypes.has(column.type);
/** Whether its numbers are sent unchanged, without a mapping of the app. */
export const isPlainNumberColumn = (column: ColumnMetadata): boolean =>
  column.transformer === undefined && !column.isArray && numberTypes.has(column.type);
const isJsonColumn = (column: ColumnMetadata): boolean =>
  column.transformer === undefined && !column.isArray && jsonTypes.has(column.type);
export const isDateColumn = (column: ColumnMetadata): boolean => dateTypes.has(column.type) || column.type === 'date';

const toSnakeCase = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();

/** A relation's own column is identified by its SQL name, an embedded one by its path. */
const propertyOf = (column: ColumnMetadata): string =>
  column.relationMetadata && column.propertyName === column.relationMetadata.propertyName
    ? column.databaseName
    : column.propertyPath.replaceAll('.', '_');

const asJson = (value: unknown): Json => {
  if (value === undefined || value === null) return null;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? String(value) : value.toISOString();
  if (typeof value === 'bigint') return exactNumber(value);
  if (ArrayBuffer.isView(value))
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  // Objects of a transformer, such as decimals, compare by their text.
  if (typeof value === 'object' && 'toJSON' in value) return JSON.parse(JSON.stringify(value)) as Json;
  return value as Json;
};

/**
 * Builds the codec of a column. Values pass through TypeORM's own conversion, so transformers, JSON, booleans and dates
 * map in both directions.
 */
export function createColumnCodec(
  dataSource: DataSource,
  column: ColumnMetadata,
  naming: 'property' | 'snake_case',
): ColumnCodec {
  const { driver } = dataSource;
  const property = propertyOf(column);
  const wireKey = naming === 'snake_case' ? toSnakeCase(property) : property;
  const isDate = isDateColumn(column) && !column.isArray;
  const isPlain =
    column.transformer === undefined && !column.isArray && (isTextColumn(column) || numberTypes.has(column.type));
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
            : withoutMark(value);
    const bound: unknown = driver.preparePersistentValue(entityValue, column);
    return bound ?? null;
  };
  const isJson = isJsonColumn(column);
  const hydrated = (raw: unknown): Json => asJson(driver.prepareHydratedValue(raw, column));

  const dialect = dialectOf(dataSource).name;
  // The driver of PostgreSQL parses JSON itself, so a string is already a value.
  const isParsed = isJson && dialect === 'postgres' && column.type !== 'simple-json';
  const mapping: Pick<ColumnCodec, 'toDatabase' | 'toWire'> = {
    toDatabase: isPlain
      ? (value) => withoutMark(value ?? null)
      : isJson
        ? (value) => (value === null || value === undefined ? null : stringifyJson(value))
        : isBoolean
          ? (value) => prepared(value === 1 ? true : value)
          : prepared,
    toWire: isJson
      ? (raw) => (typeof raw === 'string' && !isParsed ? parseJson(raw) : asJson(raw))
      : isPlain
        ? (raw) => (raw ?? null) as Json
        : isBoolean
          ? (raw) => (raw === null || raw === undefined ? null : Boolean(raw))
          : hydrated,
  };
  return {
    column,
    name: column.databaseName,
    property,
    wireKey,
    ...mapping,
    complaint: complaintOf(column, dialect, profileOf(dataSource)?.losesByteOrderMark ?? false),
    readsBack: dialect === 'sqlite' ? readsBackFromSqlite(column, mapping) : readsBackFromPostgres(column),
    comparable: isPlainNumberColumn(column) ? comparableNumber : (value) => value,
  };
}

/** For a numeric column, numbers and their digits as text are the same value. */
function comparableNumber(value: Json): Json {
  const digits = typeof value === 'number' ? String(value) : withoutMark(value);
  return typeof digits === 'string' ? (canonicalDigits(digits.trim()) ?? value) : value;
}

/**
 * SQLite converts texts to numbers if possible, except in text columns. Otherwise it stores the given value, so only
 * the mapping decides.
 */
function readsBackFromSqlite(
  column: ColumnMetadata,
  { toDatabase, toWire }: Pick<ColumnCodec, 'toDatabase' | 'toWire'>,
): ColumnCodec['readsBack'] {
  if (isPlainNumberColumn(column)) return (value) => typeof value !== 'string' || exactDigits(value) !== undefined;
  if (column.transformer === undefined && !column.isArray) {
    if (isTextColumn(column) || isJsonColumn(column)) return () => true;
    if (booleanTypes.has(column.type)) return (value) => value === null || typeof value === 'boolean';
  }
  return (value) => {
    try {
      const bound = toDatabase(value);
      return (typeof bound !== 'string' || Number.isNaN(Number(bound))) && deepEqual(toWire(bound), value);
    } catch {
      // The app's mapping accepts the value but cannot return it, so nothing can be compared.
      return true;
    }
  };
}

const intTypes = new Set<unknown>(['int', 'int2', 'int4', 'integer', 'smallint', 'double precision']);
/** PostgreSQL pads `char`, and returns ids of type `uuid` in lower case. */
const verbatimTypes = new Set<unknown>([
  String,
  'text',
  'varchar',
  'character varying',
  'simple-enum',
  'enum',
  'simple-json',
]);

/** PostgreSQL rewrites values of most types. Only types that keep every value need no check. */
function readsBackFromPostgres(column: ColumnMetadata): ColumnCodec['readsBack'] {
  const { type } = column;
  if (column.transformer !== undefined || column.isArray) return () => false;
  if (verbatimTypes.has(type)) return () => true;
  if (intTypes.has(type) || type === Number) return (value) => value === null || typeof value === 'number';
  if (booleanTypes.has(type)) return (value) => value === null || typeof value === 'boolean';
  // The driver parses JSON and rounds long numbers.
  if (jsonTypes.has(type)) return (value) => !jsonText(value, () => '').includes('"\uFEFF');
  return (value) => value === null;
}

/** A server timestamp as the app's Date. No zone means UTC (F-65). */
function dateOf(value: Json): Date {
  const instant = parseTimestamp(value);
  return instant === undefined
    ? new Date(String(value))
    : new Date(instant.epochSeconds * 1000 + Number(instant.fraction.slice(0, 3).padEnd(3, '0')));
}

/** Checks only plain types; a transformer decides itself what it accepts. */
function complaintOf(column: ColumnMetadata, dialect: Dialect['name'], losesMark: boolean): ColumnCodec['complaint'] {
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
  const isList = column.transformer === undefined && column.type === 'simple-array';
  return (value) => {
    if (value === undefined) return undefined;
    if (isList && Array.isArray(value)) return complaintAboutItems(value, losesMark);
    if (value === null) return nothing ? undefined : `must not be null`;
    const digits = exactDigits(value);
    // SQLite converts a number that is the whole content of a json column to its own number.
    if (digits !== undefined && dialect === 'sqlite' && column.type === 'json') return tooExact('number', digits);
    if (digits !== undefined && expected !== undefined)
      return expected === 'number' && canHold(column, digits, dialect) ? undefined : tooExact(expected, digits);
    if (expected === 'string' && typeof value === 'string') return complaintAboutText(value, losesMark);
    if (expected === undefined || (typeof value === expected && !Number.isNaN(value))) return undefined;
    if (
      expected === 'date' &&
      (typeof value === 'string' || typeof value === 'number') &&
      !Number.isNaN(dateOf(value).getTime())
    )
      return undefined;
    // Servers on SQLite or MySQL send booleans as 0 and 1.
    if (expected === 'boolean' && (value === 0 || value === 1)) return undefined;
    // 64-bit integers and decimals travel as strings.
    if (expected === 'number' && typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)))
      return undefined;
    return `must be a ${expected}, got ${Array.isArray(value) ? 'list' : typeof value} ${typeof value === 'number' ? value : JSON.stringify(value).slice(0, 40)}`;
  };
}

/** `losesMark`: sql.js removes a byte order mark from the start of a text. */
function complaintAboutText(text: string, losesMark: boolean): string | undefined {
  if (halfOfPair.test(text)) return 'contains half of a surrogate pair, which databases cannot store';
  return losesMark && text.charCodeAt(0) === 0xfeff
    ? 'starts with a byte order mark, which sql.js removes; use another driver'
    : undefined;
}

/** TypeORM joins the items of a `simple-array` with commas, and returns strings. */
function complaintAboutItems(items: readonly Json[], losesMark: boolean): string | undefined {
  const wrong =
    items.find(
      (item) => typeof item !== 'string' || item.includes(',') || complaintAboutText(item, losesMark) !== undefined,
    ) ?? (items.length === 1 && items[0] === '' ? '' : undefined);
  return wrong === undefined
    ? undefined
    : `has the item ${JSON.stringify(wrong).slice(0, 60)}, which a simple-array column does not return unchanged; use a JSON column`;
}

const wholeTypes = new Set<unknown>(['bigint', 'int8']);
const decimalTypes = new Set<unknown>(['numeric', 'decimal']);

/** Whether the column keeps all digits of a number that JavaScript cannot hold. */
function canHold({ type }: ColumnMetadata, digits: string, dialect: Dialect['name']): boolean {
  const isWhole = /^-?\d+$/.test(digits) && BigInt.asIntN(64, BigInt(digits)) === BigInt(digits);
  // Integer columns in SQLite have 64 bits. Its decimal columns are integers as well, or round.
  if (dialect === 'sqlite') return isWhole && !realTypes.has(type);
  return decimalTypes.has(type) ? /^[^eE]*$/.test(digits) : isWhole && wholeTypes.has(type);
}

const tooExact = (expected: string, digits: string): string =>
  `is the number ${digits.length <= 60 ? digits : `${digits.slice(0, 60)}…`}, which a column for a ${expected} cannot hold exactly; use a ${expected === 'number' ? 'bigint or simple-json column' : 'simple-json column'}, or map it with fromJson and toJson`;

/** Reads the property of an entity as its wire value. */
export const wireValueOf = (codec: ColumnCodec, entity: object): Json | undefined => {
  const value: unknown = codec.column.getEntityValue(entity);
  if (value === undefined) return undefined;
  if (typeof value === 'bigint' && isTextColumn(codec.column)) return value.toString();
  return asJson(isJsonColumn(codec.column) ? withBigInts(value) : value);
};

/**
 * Additional selections of a query that prevent SQLite from rounding integers: the digits of those that JavaScript
 * cannot hold. Empty for tables without such a column.
 */
export const exactColumns = (codecs: readonly ColumnCodec[], dialect: Dialect['name'], table: string): string =>
  dialect === 'postgres'
    ? ''
    : codecs
        .filter(({ column }) => isPlainNumberColumn(column) && !realTypes.has(column.type))
        .map(({ name }) => {
          const value = `${table}.${quoted(name)}`;
          const isLong = `typeof(${value}) = 'integer' AND ${value} NOT BETWEEN ${Number.MIN_SAFE_INTEGER} AND ${Number.MAX_SAFE_INTEGER}`;
          return `, CASE WHEN ${isLong} THEN CAST(${value} AS text) END AS ${quoted(exactAlias(name))}`;
        })
        .join('');

const exactAlias = (name: string): string => `synchart exact ${name}`;

/** The raw value of a column with all its digits. A value written over that of the row keeps its own digits. */
function rawValue({ name }: ColumnCodec, raw: Readonly<Record<string, unknown>>): unknown {
  const digits = raw[exactAlias(name)];
  return typeof digits === 'string' && Number(digits) === Number(raw[name]) ? exactNumber(digits) : raw[name];
}

/** All columns of a raw result as wire JSON. */
export const rawToWire = (codecs: readonly ColumnCodec[], raw: Readonly<Record<string, unknown>>): JsonObject => {
  const row: Record<string, Json> = {};
  for (const codec of codecs) row[codec.wireKey] = codec.toWire(rawValue(codec, raw));
  return row;
};
