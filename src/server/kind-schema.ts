import { EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';
import { isJsonObject, type Json } from '../model/values/json.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { quoteName } from './wire-column.ts';

/** One field of a kind described in JSON. */
interface FieldSchema {
  readonly name: string;
  readonly type: FieldType;
  readonly nullable: boolean;
}

type FieldType = 'text' | 'integer' | 'number' | 'boolean' | 'json';

/** A kind described without code: its fields besides id and the sync fields. */
export interface KindSchema {
  readonly kind: string;
  readonly fields: readonly FieldSchema[];
}

const sqlTypes: Readonly<Record<FieldType, EntitySchemaColumnOptions['type']>> = {
  text: 'text',
  integer: 'integer',
  number: 'real',
  boolean: 'boolean',
  json: 'simple-json',
};
const defaults: Readonly<Record<FieldType, string | number | boolean>> = {
  text: '',
  integer: 0,
  number: 0,
  boolean: false,
  json: 'null',
};

/** The kinds that the command serves without a schema. */
export const defaultKinds: Json = { todos: { title: 'text', done: 'boolean', notes: 'text?', priority: 'integer?' } };

/**
 * Reads `{ "<kind>": { "<field>": "text" | "integer" | "number" | "boolean" | "json" } }`; a `?` after the type allows
 * null. Throws an error that locates and explains the problem.
 */
export function parseKindSchema(value: Json): readonly KindSchema[] {
  if (!isJsonObject(value))
    throw new TypeError('a kind schema must be an object: { "<kind>": { "<field>": "<type>" } }');
  return Object.entries(value).map(([kind, fields]) => {
    if (!/^[A-Za-z][\w-]*$/.test(kind))
      throw new TypeError(`'${kind}' is not a valid kind name; use letters, digits, - and _`);
    if (!isJsonObject(fields)) throw new TypeError(`${kind} must be an object of fields`);
    return { kind, fields: Object.entries(fields).map(([name, type]) => parseField(kind, name, type)) };
  });
}

/** Builds the entity of a kind: its fields between id and createdAt, updatedAt, deletedAt. */
export function toEntity({ kind, fields }: KindSchema): EntitySchema {
  const columns: Record<string, EntitySchemaColumnOptions> = { id: { type: 'text', primary: true } };
  for (const { name, type, nullable } of fields)
    columns[name] = nullable ? { type: sqlTypes[type], nullable } : { type: sqlTypes[type], default: defaults[type] };
  return new EntitySchema({
    name: kind,
    columns: {
      ...columns,
      createdAt: { type: 'text', nullable: true },
      updatedAt: { type: 'text', default: '' },
      deletedAt: { type: 'text', nullable: true },
    },
  });
}

/** Creates the tables of kinds and adds new columns. Removes nothing. */
export function createKindTables(connection: SqliteConnection, kinds: readonly KindSchema[]): void {
  for (const { kind, fields } of kinds) {
    const table = quoteName(kind);
    connection.exec(
      `CREATE TABLE IF NOT EXISTS ${table} ("id" TEXT PRIMARY KEY NOT NULL, "createdAt" TEXT, "updatedAt" TEXT NOT NULL DEFAULT '', "deletedAt" TEXT)`,
    );
    const present = new Set(
      connection.rows(`SELECT name FROM pragma_table_info(?)`, kind).map(([name]) => String(name)),
    );
    for (const { name, type, nullable } of fields) {
      if (!present.has(name))
        connection.exec(
          `ALTER TABLE ${table} ADD COLUMN ${quoteName(name)} ${columnType(type)}${nullable ? '' : ` NOT NULL DEFAULT ${literal(defaults[type])}`}`,
        );
    }
  }
}

const columnType = (type: FieldType): string =>
  type === 'number' ? 'REAL' : type === 'integer' || type === 'boolean' ? 'INTEGER' : 'TEXT';
const literal = (value: string | number | boolean): string =>
  typeof value === 'string' ? `'${value}'` : String(Number(value));

function parseField(kind: string, name: string, type: Json): FieldSchema {
  if (!/^[A-Za-z]\w*$/.test(name)) throw new TypeError(`${kind}: '${name}' is not a valid field name`);
  if (['id', 'createdAt', 'updatedAt', 'deletedAt'].includes(name))
    throw new TypeError(`${kind}.${name} is added automatically; remove it`);
  const nullable = typeof type === 'string' && type.endsWith('?');
  const plain = typeof type === 'string' ? type.replace(/\?$/, '') : type;
  if (plain !== 'text' && plain !== 'integer' && plain !== 'number' && plain !== 'boolean' && plain !== 'json') {
    throw new TypeError(
      `${kind}.${name}: expected text, integer, number, boolean or json, got ${JSON.stringify(type)}`,
    );
  }
  return { name, type: plain, nullable };
}
