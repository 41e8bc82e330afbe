import type { QueryRunner } from 'typeorm';
import { numberPlaceholders } from './number-placeholders.ts';

/** A raw result row: column or alias name → driver value. */
export type RawRow = Readonly<Record<string, unknown>>;

/** Parameter types for PostgreSQL, where the context does not imply them. */
export type SqlType = 'text' | 'integer' | 'bigint' | 'numeric' | 'uuid';

/** The relevant differences between the two SQL families. */
export interface Dialect {
  readonly name: 'sqlite' | 'postgres';
  /** Converts text with `?` placeholders to the form of the driver. */
  readonly text: (sql: string) => string;
  /**
   * `column IN (list)` with one parameter, a JSON list; ids as text for text columns and numbers for integer columns
   * (F-142, F-102). The type is the column's, so that its index is used; `"seq"` is known to be a number.
   */
  readonly inList: (column: string, type?: SqlType) => string;
  /** `VALUES (?, …), …` of `count` rows with columns `column1`, `column2`…, for joins. */
  readonly values: (types: readonly SqlType[], count: number) => string;
  /** Columns as one text value, a JSON array. */
  readonly packed: (columns: readonly string[]) => string;
}

const numbered = new Map<string, string>();
const withNumbers = (sql: string): string => {
  const known = numbered.get(sql);
  if (known !== undefined) return known;
  const text = numberPlaceholders(sql);
  if (numbered.size < 1_000) numbered.set(sql, text);
  return text;
};

const tupleOf = (items: readonly string[]): string => `(${items.join(', ')})`;
const plainTuple = (types: readonly SqlType[]): string => tupleOf(types.map(() => '?'));
const repeated = (tuple: string, count: number): readonly string[] => Array.from({ length: count }, () => tuple);

export const sqliteDialect: Dialect = {
  name: 'sqlite',
  text: (sql) => sql,
  inList: (column) => `${column} IN (SELECT value FROM json_each(?))`,
  values: (types, count) => `VALUES ${repeated(plainTuple(types), count).join(', ')}`,
  packed: (columns) => `json_array(${columns.join(', ')})`,
};
export const postgresDialect: Dialect = {
  name: 'postgres',
  text: withNumbers,
  inList: (column, type = column.endsWith('"seq"') ? 'integer' : 'text') =>
    `${column} = ANY (ARRAY(SELECT CAST(json_array_elements_text(CAST(? AS json)) AS ${type})))`,
  // The first row defines the column types for all others.
  values: (types, count) =>
    `VALUES ${[tupleOf(types.map((type) => `CAST(? AS ${type})`)), ...repeated(plainTuple(types), count - 1)].join(', ')}`,
  packed: (columns) => `CAST(json_build_array(${columns.join(', ')}) AS text)`,
};

/** A query runner that may defer a statement to the next one. */
interface WaitingRunner {
  later(sql: string, parameters: readonly unknown[]): Promise<void>;
}
const canWait = (runner: QueryRunner): runner is QueryRunner & WaitingRunner => 'later' in runner;

/** Statements on one connection, within one transaction or outside any. Raw rows never leave this folder. */
export class Session {
  constructor(
    readonly queryRunner: QueryRunner,
    readonly dialect: Dialect,
  ) {}

  async query<Row extends object = RawRow>(sql: string, parameters: readonly unknown[] = []): Promise<readonly Row[]> {
    // PostgreSQL's plain result of UPDATE and DELETE is not the list of rows.
    if (this.dialect.name === 'postgres')
      return (await this.queryRunner.query(this.dialect.text(sql), [...parameters], true)).records as readonly Row[];
    const result: unknown = await this.queryRunner.query(sql, [...parameters]);
    return Array.isArray(result) ? (result as readonly Row[]) : [];
  }

  async one<Row extends object = RawRow>(sql: string, parameters: readonly unknown[] = []): Promise<Row | undefined> {
    return (await this.query<Row>(sql, parameters))[0];
  }

  /** Runs a statement without a result. */
  async run(sql: string, parameters: readonly unknown[] = []): Promise<void> {
    await this.queryRunner.query(this.dialect.text(sql), [...parameters]);
  }

  /**
   * Runs a statement without a result within a transaction. On slow connections it is sent with the next statement,
   * which fails if this does.
   */
  async later(sql: string, parameters: readonly unknown[] = []): Promise<void> {
    if (canWait(this.queryRunner)) await this.queryRunner.later(this.dialect.text(sql), parameters);
    else await this.run(sql, parameters);
  }

  /** Runs a guarded transition with RETURNING. Returns the number of changed rows, equal on every driver. */
  async changed(sql: string, parameters: readonly unknown[] = []): Promise<number> {
    return (await this.query(`${sql} RETURNING 1 AS "changed"`, parameters)).length;
  }
}

/** A list for {@link Dialect.inList}. */
export const listOf = (values: readonly (string | number)[]): string => JSON.stringify(values);

/** Splits the list into parts of at most `size`. */
export function* chunked<T>(list: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < list.length; start += size) yield list.slice(start, start + size);
}
