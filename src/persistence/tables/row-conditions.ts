import { exactColumns } from '../columns/column-codec.ts';
import { selectWireValues } from '../columns/wire-values.ts';
import { listOf } from '../sql/session.ts';
import type { TableColumns } from './table-columns.ts';

/** Shared parts of SQL statements about one synced table. */
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
    // A string that cannot be an id of this column has no row, and PostgreSQL would reject the whole list.
    return { sql: dialect.inList(`${table}.${id}`, idColumn.type), parameter: listOf(this.boundIds(ids)) };
  }

  /** These ids in the form of their column, without those that it cannot hold. */
  boundIds(ids: readonly string[]): readonly (string | number)[] {
    const { ids: idColumn } = this.#columns;
    return ids.filter((id) => idColumn.complaint(id) === undefined).map((id) => idColumn.toDatabase(id));
  }

  /** SQL condition: one of our tables names the row. The parameter is the kind. */
  isIn(table: string, row = this.#columns.table): string {
    return `EXISTS (SELECT 1 FROM "${table}" k WHERE k."kind" = ? AND k."entity_id" = CAST(${row}.${this.#columns.id} AS text))`;
  }

  /**
   * SQL condition: the row is visible, has no queued operation, and (`neverSent`) was never on a server. Costs one
   * index lookup per row.
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
   * Additional selections of a query of whole rows, so that no number is rounded and each field has the value that the
   * server sent.
   */
  exactColumns(table: string): string {
    const { kind, id, codecs, dialect } = this.#columns;
    const sent = this.#keepsSentValues ? selectWireValues(kind, `${table}.${id}`) : '';
    return `${exactColumns(codecs, dialect.name, table)}${sent}`;
  }
}
