import { exactColumns } from '../columns/column-codec.ts';
import { selectWireValues } from '../columns/wire-values.ts';
import { listOf } from '../sql/session.ts';
import type { TableColumns } from './table-columns.ts';

/** The pieces of SQL that statements about one synced table share. */
export class RowConditions {
  readonly #columns: TableColumns;
  readonly #keepsSentValues: boolean;

  constructor(columns: TableColumns, keepsSentValues: boolean) {
    this.#columns = columns;
    this.#keepsSentValues = keepsSentValues;
  }

  /** SQL condition: the row is one of these. */
  among(ids: readonly string[]): { readonly sql: string; readonly parameter: string } {
    const { dialect, table, id, ids: idColumn } = this.#columns;
    // What can be no id of this column has no row, and would make PostgreSQL refuse the whole list.
    return { sql: dialect.inList(`${table}.${id}`, idColumn.type), parameter: listOf(this.boundIds(ids)) };
  }

  /** These ids as their column holds them, without those that the column cannot hold. */
  boundIds(ids: readonly string[]): readonly (string | number)[] {
    const { ids: idColumn } = this.#columns;
    return ids.filter((id) => idColumn.complaint(id) === undefined).map((id) => idColumn.toDatabase(id));
  }

  /** SQL condition: the row is named in one of our tables. The parameter is the kind. */
  isIn(table: string, row = this.#columns.table): string {
    return `EXISTS (SELECT 1 FROM "${table}" k WHERE k."kind" = ? AND k."entity_id" = CAST(${row}.${this.#columns.id} AS text))`;
  }

  /**
   * SQL condition: the row is shown, nothing of it is queued, and (`neverSent`) no server ever had it. Costs one look
   * into an index per row.
   */
  unsent(which: 'neverSent' | 'all', row: string): { readonly sql: string; readonly parameters: readonly string[] } {
    const { kind, names } = this.#columns;
    const shown = `${row}.${names.deletedAt} IS NULL AND ${row}.${names.deletedAtLocal} IS NULL AND NOT ${this.isIn('sync_outbox', row)}`;
    if (which === 'all') return { sql: shown, parameters: [kind] };
    return {
      sql: `${row}.${names.updatedAt} = '' AND ${shown} AND NOT ${this.isIn('sync_base', row)}`,
      parameters: [kind, kind],
    };
  }

  /**
   * What a query of whole rows selects besides `*`, so that no number is rounded on the way, and each field is known as
   * the server sent it.
   */
  exactColumns(table: string): string {
    const { kind, id, codecs, dialect } = this.#columns;
    const sent = this.#keepsSentValues ? selectWireValues(kind, `${table}.${id}`) : '';
    return `${exactColumns(codecs, dialect.name, table)}${sent}`;
  }
}
