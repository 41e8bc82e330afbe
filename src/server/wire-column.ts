import type { DataSource } from 'typeorm';
import { parseJson, stringifyJson } from '../model/values/exact-json.ts';
import { exactDigits, exactNumber } from '../model/values/exact-number.ts';
import { isJsonObject, type Json } from '../model/values/json.ts';

/** TypeORM does not export the type itself. */
type ColumnMetadata = DataSource['entityMetadatas'][number]['columns'][number];

/** Values that SQLite binds and returns. */
export type SqlValue = string | number | bigint | null | Uint8Array;

/** One column in its wire form. */
export interface WireColumn {
  /** Its key in JSON rows. */
  readonly wire: string;
  /** Its name quoted for SQL. */
  readonly sql: string;
  /** The expression by which a query reads it. SQLite's driver rounds long integers, so they are read as text. */
  readonly read: string;
  readonly nullable: boolean;
  /** Required at creation: not nullable and without default. */
  readonly required: boolean;
  /** Whether its values are integers. */
  readonly integer: boolean;
  /** Whether values are text both on the wire and in SQL. */
  readonly text: boolean;
  /** Never sent to clients and never accepted from them. A row scope may use it. */
  readonly hidden: boolean;
  /** The problem of a wire value; undefined for a valid one. */
  check(value: Json): string | undefined;
  encode(value: Json): SqlValue;
  decode(value: SqlValue): Json;
}

interface Codec {
  check(value: Json): string | undefined;
  encode(value: Json): SqlValue;
  decode(value: SqlValue): Json;
}

type Shape = 'text' | 'integer' | 'number' | 'boolean' | 'json' | 'other';

const shapes: readonly (readonly [Shape, readonly string[]])[] = [
  [
    'text',
    [
      'text',
      'varchar',
      'nvarchar',
      'char',
      'nchar',
      'character',
      'varying character',
      'native character',
      'clob',
      'uuid',
      'string',
      'simple-enum',
    ],
  ],
  [
    'integer',
    ['integer', 'int', 'int2', 'int4', 'int8', 'tinyint', 'smallint', 'mediumint', 'bigint', 'unsigned big int'],
  ],
  ['number', ['real', 'double', 'double precision', 'float', 'numeric', 'decimal', 'number']],
  ['boolean', ['boolean', 'bool']],
  ['json', ['simple-json', 'json', 'jsonb']],
];

const codecs: Readonly<Record<Exclude<Shape, 'other'>, Codec>> = {
  text: {
    check: (value) => (typeof value === 'string' && exactDigits(value) === undefined ? undefined : 'expected a text'),
    encode: (value) => String(value),
    decode: (value) => (typeof value === 'string' ? value : String(value)),
  },
  integer: {
    check: (value) => (Number.isSafeInteger(value) || isLongInteger(value) ? undefined : 'expected a whole number'),
    encode: (value) => (typeof value === 'number' ? value : BigInt(exactDigits(value) ?? 0)),
    decode: (value) => {
      if (typeof value !== 'string') return Number(value);
      return /^-?\d+$/.test(value) ? exactNumber(value) : value;
    },
  },
  number: {
    check: (value) => {
      if (exactDigits(value) !== undefined)
        return 'has more digits than this column can hold; send it as a string, or in a JSON field';
      return typeof value === 'number' && Number.isFinite(value) ? undefined : 'expected a finite number';
    },
    encode: (value) => Number(value),
    decode: (value) => (typeof value === 'string' ? value : Number(value)),
  },
  boolean: {
    check: (value) => (typeof value === 'boolean' ? undefined : 'expected true or false'),
    encode: (value) => (value === true ? 1 : 0),
    decode: (value) => Boolean(value),
  },
  json: {
    check: () => undefined,
    encode: (value) => stringifyJson(value),
    decode: (value) => (typeof value === 'string' ? parseJson(value) : null),
  },
};

/** An integer that SQLite can hold and JavaScript cannot. */
function isLongInteger(value: Json): boolean {
  const digits = exactDigits(value);
  return digits !== undefined && /^-?\d+$/.test(digits) && BigInt.asIntN(64, BigInt(digits)) === BigInt(digits);
}

const readWhole = (sql: string): string =>
  `CASE WHEN ${sql} NOT BETWEEN ${Number.MIN_SAFE_INTEGER} AND ${Number.MAX_SAFE_INTEGER} AND typeof(${sql}) = 'integer' THEN CAST(${sql} AS text) ELSE ${sql} END`;

/** Describes a column for the wire. `wire` is its key in JSON rows. */
export function createWireColumn(
  dataSource: DataSource,
  column: ColumnMetadata,
  wire: string,
  hidden: boolean,
): WireColumn {
  const shape: Shape = column.transformer === undefined ? shapeOf(column) : 'other';
  const codec = shape === 'other' ? throughTypeOrm(dataSource, column) : codecs[shape];
  const choices = column.enum?.map(String);
  const sql = quoteName(column.databaseName);
  return {
    wire,
    sql,
    read: shape === 'integer' && !column.isPrimary ? readWhole(sql) : sql,
    nullable: column.isNullable,
    required: !column.isNullable && column.default === undefined && !column.isGenerated,
    integer: shape === 'integer',
    text: shape === 'text',
    hidden,
    check: (value) => {
      if (value === null) return column.isNullable ? undefined : 'must not be null';
      if (
        choices !== undefined &&
        !((typeof value === 'string' || typeof value === 'number') && choices.includes(String(value)))
      )
        return `expected one of ${choices.join(', ')}`;
      return codec.check(value);
    },
    encode: (value) => (value === null ? null : codec.encode(value)),
    decode: (value) => (value === null ? null : codec.decode(value)),
  };
}

export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

function shapeOf(column: ColumnMetadata): Shape {
  const name = typeof column.type === 'function' ? column.type.name.toLowerCase() : column.type;
  return shapes.find(([, names]) => names.includes(name))?.[0] ?? 'other';
}

/** Converts dates, lists and transformer values as TypeORM does. A date is ISO text on the wire. */
function throughTypeOrm(dataSource: DataSource, column: ColumnMetadata): Codec {
  const isDate =
    column.transformer === undefined &&
    (column.type === Date || (typeof column.type === 'string' && /date|time/.test(column.type)));
  const encode = (value: Json): SqlValue => {
    const prepared: unknown = dataSource.driver.preparePersistentValue(
      isDate ? new Date(String(value)) : value,
      column,
    );
    return toSqlValue(prepared);
  };
  const decode = (value: SqlValue): Json => {
    const hydrated: unknown = dataSource.driver.prepareHydratedValue(value, column);
    return toJson(hydrated);
  };
  return {
    check: (value) => {
      if (isDate && (typeof value !== 'string' || Number.isNaN(Date.parse(value)))) return 'expected an ISO 8601 time';
      try {
        if (isDate)
          return readsBack(value, decode(encode(value))) ? undefined : 'expected a time that the column can hold';
        encode(value);
        return undefined;
      } catch {
        // The app's transformer rejects a value by throwing.
        return 'not accepted';
      }
    },
    encode,
    decode,
  };
}

/**
 * A date column may drop the time of day. A year that it formats differently returns as another day or as an invalid
 * time.
 */
const readsBack = (sent: Json, found: Json): boolean =>
  Math.abs(Date.parse(String(sent)) - Date.parse(String(found))) < 86_400_000;

function toSqlValue(value: unknown): SqlValue {
  if (value === null || value === undefined) return null;
  if (
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    value instanceof Uint8Array
  )
    return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Date) return value.toISOString();
  return JSON.stringify(value);
}

function toJson(value: unknown): Json {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'bigint') return value.toString();
  return Array.isArray(value) || isJsonObject(value) ? (value as Json) : (JSON.parse(JSON.stringify(value)) as Json);
}
