import { EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';
import type { ConflictResolution } from '../../model/conflict.ts';
import type { Delta } from '../../model/values/delta.ts';
import type { JsonObject } from '../../model/values/json.ts';
import { quoted } from '../sql/quoted-name.ts';
import {
  numberFault,
  numberOr,
  storedDeltas,
  storedFields,
  storedObject,
  storedResolution,
  timeFault,
  wordFault,
  type Cell,
} from '../sql/stored-shape.ts';

/** Receives the first fault of a row. A damaged value counts as absent (F-164). */
export interface Damage {
  fault: string | undefined;
}

/** A column of a sync table: its declaration, and how to read its stored value. `Stored` is the type in the entity. */
export interface SyncColumn<Stored = unknown, Value = unknown> {
  readonly name: string;
  readonly declared: EntitySchemaColumnOptions;
  readonly read: (stored: unknown, damage: Damage) => Value;
  /** Carries the type alone. */
  readonly stored?: Stored;
}

/** All columns of a sync table, by property of the entity. */
export type ColumnList = Readonly<Record<string, SyncColumn>>;

type StoredIn<Column> = Column extends SyncColumn<infer Stored> ? Stored : never;
type ReadFrom<Column> = Column extends SyncColumn<unknown, infer Value> ? Value : never;

/** A row in the form of its entity. */
export type RowOf<List extends ColumnList> = { -readonly [Key in keyof List]: StoredIn<List[Key]> };
/** A row in the form of a driver. PostgreSQL returns times as text. */
export type RawRowOf<List extends ColumnList> = {
  readonly [Key in keyof List]: number extends StoredIn<List[Key]> ? StoredIn<List[Key]> | string : StoredIn<List[Key]>;
};
/** The values of a row as the code uses them. */
export type ValuesOf<List extends ColumnList> = { readonly [Key in keyof List]: ReadFrom<List[Key]> };

const column = <Stored, Value>(
  declared: EntitySchemaColumnOptions & { readonly name: string },
  read: (stored: unknown, damage: Damage) => Value,
): SyncColumn<Stored, Value> => ({ name: declared.name, declared, read });

/** Records the fault of the column, unless another is damaged already. */
const cellOf = <Value>({ value, fault }: Cell<Value>, damage: Damage): Value | undefined => {
  if (fault !== undefined) damage.fault ??= fault;
  return value;
};

const asItIs = (stored: unknown): never => stored as never;
const orAbsent = (stored: unknown): never => (stored ?? undefined) as never;

export const text = <Word extends string = string>(name: string): SyncColumn<Word, Word> =>
  column({ type: 'text', name }, asItIs);
export const textOrNull = <Word extends string = string>(name: string): SyncColumn<Word | null, Word | undefined> =>
  column({ type: 'text', name, nullable: true }, orAbsent);

/** A text with a fixed set of values. Any other value counts as the first one. */
export const word = <Word extends string>(name: string, words: readonly Word[]): SyncColumn<Word, Word> =>
  column({ type: 'text', name }, (stored, damage) => {
    const known = words.find((candidate) => candidate === stored);
    if (known === undefined) damage.fault ??= wordFault(stored, name, words);
    return (known ?? words[0]) as Word;
  });

/** A text with a time in ISO 8601. */
export const timeText = (name: string): SyncColumn<string, string> =>
  column({ type: 'text', name }, (stored, damage) => {
    damage.fault ??= timeFault(stored, name);
    return stored as string;
  });

const json =
  <Value>(readCell: (stored: unknown, name: string) => Cell<Value>) =>
  (name: string): SyncColumn<string | null, Value | undefined> =>
    column({ type: 'text', name, nullable: true }, (stored, damage) => cellOf(readCell(stored, name), damage));
/** A JSON object; absent counts as empty. */
export const object = (name: string): SyncColumn<string, JsonObject> =>
  column({ type: 'text', name }, (stored, damage) => cellOf(storedObject(stored, name), damage) ?? {});
export const objectOrNull: (name: string) => SyncColumn<string | null, JsonObject | undefined> = json(storedObject);
export const fieldsOrNull: (name: string) => SyncColumn<string | null, readonly string[] | undefined> =
  json(storedFields);
export const deltasOrNull: (name: string) => SyncColumn<string | null, readonly Delta[] | undefined> =
  json(storedDeltas);
export const resolutionOrNull: (name: string) => SyncColumn<string | null, ConflictResolution | undefined> =
  json(storedResolution);

const number = (name: string, ifDamaged: number) => (stored: unknown, damage: Damage) => {
  // The usual case; thousands of rows are read.
  if (typeof stored === 'number' && Number.isFinite(stored)) return stored;
  damage.fault ??= numberFault(stored, name);
  return numberOr(stored, ifDamaged);
};

/** An integer; a damaged value counts as the default. */
export const whole = <Whole extends number = number>(name: string, byDefault = 0): SyncColumn<Whole, Whole> =>
  column({ type: 'integer', name, default: byDefault }, number(name, byDefault) as never);
export const wholeOrNull = (name: string): SyncColumn<number | null, number | undefined> =>
  column({ type: 'integer', name, nullable: true }, numberOrAbsent(name));

/** True is stored as 1. */
export const flag = (name: string): SyncColumn<number, boolean> =>
  column({ type: 'integer', name, default: 0 }, (stored, damage) => {
    if (typeof stored !== 'number') damage.fault ??= numberFault(stored, name);
    return stored === 1;
  });

/** Epoch ms exceed PostgreSQL's integer. */
export const time = (name: string): SyncColumn<number, number> => column({ type: 'bigint', name }, number(name, 0));
export const timeOrNull = (name: string): SyncColumn<number | null, number | undefined> =>
  column({ type: 'bigint', name, nullable: true }, numberOrAbsent(name));

function numberOrAbsent(name: string): (stored: unknown, damage: Damage) => number | undefined {
  return (stored, damage) => {
    if (stored === null || stored === undefined) return undefined;
    if (typeof stored === 'number' && Number.isFinite(stored)) return stored;
    damage.fault ??= numberFault(stored, name);
    return numberOr(stored, undefined);
  };
}

/** The number that the database increments. */
export const counter = (name: string): SyncColumn<number, number> =>
  column({ type: 'integer', name, primary: true, generated: 'increment' }, Number);
export const key = <Stored, Value>(of: SyncColumn<Stored, Value>): SyncColumn<Stored, Value> => ({
  ...of,
  declared: { ...of.declared, primary: true },
});
export const unique = <Stored, Value>(of: SyncColumn<Stored, Value>): SyncColumn<Stored, Value> => ({
  ...of,
  declared: { ...of.declared, unique: true },
});

/** The selection of a query for a {@link RawRowOf}. */
export const selectionOf = (list: ColumnList): string =>
  Object.entries(list)
    .map(([property, { name }]) => (name === property ? quoted(name) : `${quoted(name)} AS ${quoted(property)}`))
    .join(', ');

/** The entity of a sync table. */
export const entityOf = <List extends ColumnList>(tableName: string, list: List): EntitySchema<RowOf<List>> =>
  new EntitySchema<RowOf<List>>({
    name: tableName,
    tableName,
    columns: Object.fromEntries(Object.entries(list).map(([property, { declared }]) => [property, declared])) as never,
    // Migrations create and change these tables; `synchronize` never does.
    synchronize: false,
  });

/** Inserts all columns of rows, with the parameters of {@link parametersOf}. */
export const insertionOf = (tableName: string, list: ColumnList, rows = 1): string => {
  const names = Object.values(list).map(({ name }) => quoted(name));
  const tuple = `(${names.map(() => '?').join(', ')})`;
  return `INSERT INTO ${quoted(tableName)} (${names.join(', ')}) VALUES ${Array.from({ length: rows }, () => tuple).join(', ')}`;
};

/** The stored values of a row in the order of its columns. */
export const parametersOf = <List extends ColumnList>(list: List, row: Readonly<RowOf<List>>): readonly unknown[] =>
  Object.keys(list).map((property) => row[property]);

/** All values of a row as the code uses them, and the first fault. */
export function valuesOf<List extends ColumnList>(
  list: List,
  row: RawRowOf<List>,
): { readonly values: ValuesOf<List>; readonly fault: string | undefined } {
  const damage: Damage = { fault: undefined };
  const values = Object.fromEntries(
    Object.entries(list).map(([property, { read }]) => [property, read(row[property], damage)]),
  );
  return { values: values as ValuesOf<List>, fault: damage.fault };
}
