import type { ColumnCodec } from './column-codec.ts';
import { unpackRows } from '../sql/packed-rows.ts';
import { quoted } from '../sql/quoted-name.ts';

/** Full slices recur; the sizes of last slices need not be kept. */
const maxKept = 200;

/** The SQL of a table's bulk upserts. They change only the given columns and never replace a row (F-41). */
export class UpsertTexts {
  readonly #table: string;
  readonly #id: string;
  readonly #deletedAtLocal: string;
  readonly #kept = new Map<string, string>();

  /** Names as SQL quotes them. */
  constructor(names: { readonly table: string; readonly id: string; readonly deletedAtLocal: string }) {
    this.#table = names.table;
    this.#id = names.id;
    this.#deletedAtLocal = names.deletedAtLocal;
  }

  /** The SQL for `count` rows with a parameter for each value. */
  bound(codecs: readonly ColumnCodec[], count: number, keepDeletedLocally: boolean): string {
    return this.#text(codecs, `${count}`, keepDeletedLocally, () => {
      const tuple = `(${codecs.map(() => '?').join(', ')})`;
      return `VALUES ${Array.from({ length: count }, () => tuple).join(', ')}`;
    });
  }

  /** The SQL for any number of rows in one parameter of `packRows`. */
  packed(codecs: readonly ColumnCodec[], fractions: readonly number[], keepDeletedLocally: boolean): string {
    return this.#text(codecs, 'packed', keepDeletedLocally, () => unpackRows(codecs.length, fractions));
  }

  #text(codecs: readonly ColumnCodec[], sourceName: string, keepDeletedLocally: boolean, source: () => string): string {
    const names = codecs.map((codec) => quoted(codec.name));
    const key = `${sourceName}|${keepDeletedLocally}|${names.join()}`;
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const changes = names.filter((name) => name !== this.#id).map((name) => `${name} = excluded.${name}`);
    if (!keepDeletedLocally) changes.push(`${this.#deletedAtLocal} = NULL`);
    const sql = `INSERT INTO ${this.#table} (${names.join(', ')}) ${source()} ON CONFLICT (${this.#id}) ${
      changes.length === 0 ? 'DO NOTHING' : `DO UPDATE SET ${changes.join(', ')}`
    }`;
    if (this.#kept.size < maxKept) this.#kept.set(key, sql);
    return sql;
  }
}
