import type { JsonObject } from '../../model/values/json.ts';
import { isFractionColumn, type ColumnCodec } from './column-codec.ts';
import { classifyDatabaseError } from '../sql/database-failure.ts';
import type { IdColumn } from './id-column.ts';
import { packRows } from '../sql/packed-rows.ts';
import { quoted } from '../sql/quoted-name.ts';
import type { RowBinder } from './row-binder.ts';
import { chunked, type Session } from '../sql/session.ts';
import type { TreePaths } from './tree-paths.ts';
import { UpsertTexts } from './upsert-texts.ts';

/** Far below SQLite's limit of variables (F-102), and at most 5 ms of binding (F-147). */
const maxVariables = 10_000;

/** With fewer rows, binding is equally fast, and a single row gives the clearest error. */
const fewestPacked = 8;

/** What writes to one table need; names as in SQL. */
interface UpsertParts {
  readonly table: string;
  readonly id: string;
  readonly deletedAtLocal: string;
  readonly codecs: readonly ColumnCodec[];
  readonly idCodec: ColumnCodec;
  readonly idType: IdColumn['type'];
  /** The `@VersionColumn`, if new rows must have one. */
  readonly version: ColumnCodec | undefined;
  readonly binder: RowBinder;
  readonly tree: TreePaths | undefined;
  readonly packsRows: boolean;
  readonly rowsPerSlice: number;
  readonly existing: (session: Session, ids: readonly string[]) => Promise<ReadonlySet<string>>;
}

/** Writes wire rows to a synced table with generated SQL. Changes only columns that the server knows. */
export class RowUpserts {
  private readonly texts: UpsertTexts;

  constructor(private readonly parts: UpsertParts) {
    this.texts = new UpsertTexts(parts);
  }

  /**
   * Inserts or updates rows by id, many in one statement. Columns whose key is missing keep their value, as do
   * local-only columns. Such a write follows the server, so it clears `deletedAtLocal` unless `keepDeletedLocally` is
   * set.
   */
  async upsert(
    session: Session,
    rows: readonly JsonObject[],
    options: { readonly keepDeletedLocally?: boolean } = {},
  ): Promise<void> {
    for (const { codecs, rows: given } of this.parts.binder.bindAll(rows)) {
      const keep = options.keepDeletedLocally ?? false;
      // SQL checks NOT NULL before it finds the existing row, so existing rows are updated instead.
      const bound = this.isWhole(codecs) ? given : await this.updateExisting(session, codecs, given, keep);
      const size = Math.max(1, Math.min(this.parts.rowsPerSlice, Math.floor(maxVariables / codecs.length)));
      for (const part of chunked(bound, size)) await this.insertOrUpdate(session, codecs, part, keep);
      const idAt = codecs.indexOf(this.parts.idCodec);
      await this.parts.tree?.derive(
        session,
        given.map((values) => values[idAt] as string | number),
        this.parts.idType,
      );
    }
  }

  /**
   * Whether the database has the columns of the entity, so that any further error is caused by a row. Compiles a write
   * and runs none.
   */
  async takesRows(session: Session): Promise<boolean> {
    try {
      await session.query(
        `EXPLAIN ${this.texts.bound(this.parts.codecs, 1, false)}`,
        this.parts.codecs.map(() => null),
      );
      return true;
    } catch (error) {
      if (classifyDatabaseError(error) === 'other') return false;
      throw error;
    }
  }

  private async insertOrUpdate(
    session: Session,
    codecs: readonly ColumnCodec[],
    rows: readonly (readonly unknown[])[],
    keepDeletedLocally: boolean,
  ): Promise<void> {
    if (this.parts.version !== undefined && !codecs.includes(this.parts.version)) {
      // A row starts with version 1, as in TypeORM; databases do not set it themselves.
      await this.insertOrUpdate(
        session,
        [...codecs, this.parts.version],
        rows.map((values) => [...values, 1]),
        keepDeletedLocally,
      );
      return;
    }
    let rest = rows;
    if (this.parts.packsRows && rows.length >= fewestPacked) {
      const fractions = codecs.flatMap((codec, index) => (isFractionColumn(codec.column) ? [index] : []));
      const { json, others } = packRows(rows, fractions);
      if (json !== undefined) await session.run(this.texts.packed(codecs, fractions, keepDeletedLocally), [json]);
      rest = others;
    }
    if (rest.length > 0) await session.run(this.texts.bound(codecs, rest.length, keepDeletedLocally), rest.flat());
  }

  private isWhole(codecs: readonly ColumnCodec[]): boolean {
    return (
      codecs.length === this.parts.codecs.length ||
      this.parts.codecs.every(
        (codec) => codec.column.isNullable || codec.column.default !== undefined || codecs.includes(codec),
      )
    );
  }

  /** Updates existing rows and returns the others. */
  private async updateExisting(
    session: Session,
    codecs: readonly ColumnCodec[],
    rows: readonly (readonly unknown[])[],
    keepDeletedLocally: boolean,
  ): Promise<readonly (readonly unknown[])[]> {
    const idAt = codecs.indexOf(this.parts.idCodec);
    const existing = await this.parts.existing(
      session,
      rows.map((values) => String(values[idAt])),
    );
    const others: (readonly unknown[])[] = [];
    const changes = codecs.filter((_, index) => index !== idAt).map((codec) => `${quoted(codec.name)} = ?`);
    if (!keepDeletedLocally) changes.push(`${this.parts.deletedAtLocal} = NULL`);
    for (const values of rows) {
      if (!existing.has(String(values[idAt]))) others.push(values);
      else if (changes.length > 0)
        await session.run(`UPDATE ${this.parts.table} SET ${changes.join(', ')} WHERE ${this.parts.id} = ?`, [
          ...values.filter((_, index) => index !== idAt),
          values[idAt],
        ]);
    }
    return others;
  }
}
