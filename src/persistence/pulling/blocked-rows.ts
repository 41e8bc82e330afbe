import type { JsonObject } from '../../model/values/json.ts';
import { overlay } from '../../rules/pending/overlay.ts';
import { strongComponents } from '../../rules/values/strong-components.ts';
import { EntityChanges } from '../settling/entity-changes.ts';
import { quoted } from '../sql/quoted-name.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import type { Session } from '../sql/session.ts';
import { uniqueIndexesOf, type IndexedColumn } from '../tables/unique-indexes.ts';

/** A row that must release a UNIQUE value for another row, by changing one of these columns. */
export interface Holder {
  readonly id: string;
  readonly columns: readonly string[];
}

/** A row of the server, and the holders of the UNIQUE values it takes. */
interface BlockedRow {
  readonly row: JsonObject;
  readonly waitsFor: readonly Holder[];
}

/** Rows of one table that wait for each other. */
export interface BlockedRows {
  readonly rows: ReadonlyMap<string, BlockedRow>;
  /** Ids of rows that can only be stored together. */
  readonly rings: readonly (readonly string[])[];
}

/**
 * Finds quarantined rows that swap UNIQUE values: each takes a value that another of them still holds here (F-160). A
 * row that does not write the column keeps its value and cannot release it.
 */
export async function blockedRows(
  session: Session,
  table: ReplicaTable,
  waiting: readonly JsonObject[],
): Promise<BlockedRows> {
  const rows = new Map<string, BlockedRow>();
  const indexes = waiting.length < 2 ? [] : await uniqueIndexesOf(session, table);
  if (indexes.length === 0) return { rows, rings: [] };
  const byId = new Map(
    waiting.flatMap((row) => (table.readId(row) === undefined ? [] : [[table.readId(row) ?? '', row] as const])),
  );
  const existing = await table.rows.existing(session, [...byId.keys()]);
  const changes = await EntityChanges.load(session, table, [...existing]);
  const written = new Map<string, ReadonlyMap<string, unknown>>();
  for (const [id, row] of byId) {
    const local = existing.has(id) ? overlay(row, changes.queueOf(id), table.keys).row : undefined;
    if (local !== undefined && table.unstorable(local) === undefined) written.set(id, table.mapping.columnsOf(local));
  }
  for (const [id, values] of written) {
    const waitsFor: Holder[] = [];
    for (const index of indexes) {
      const holder = await holderOf(session, table, id, index, values);
      const given = holder === undefined ? undefined : written.get(holder);
      const columns = index.map(({ name }) => name).filter((name) => given?.has(name));
      if (holder !== undefined && columns.length > 0) waitsFor.push({ id: holder, columns });
    }
    const row = byId.get(id);
    if (row !== undefined) rows.set(id, { row, waitsFor });
  }
  return {
    rows,
    rings: strongComponents(
      new Map([...rows].map(([id, { waitsFor }]) => [id, new Set(waitsFor.map((holder) => holder.id))])),
    ),
  };
}

/** The other row that holds what this row writes to the columns of a unique index. NULLs are never equal. */
async function holderOf(
  session: Session,
  table: ReplicaTable,
  id: string,
  index: readonly IndexedColumn[],
  values: ReadonlyMap<string, unknown>,
): Promise<string | undefined> {
  if (index.some(({ name }) => values.has(name) && (values.get(name) ?? null) === null)) return undefined;
  const own = table.columns.ids.toDatabase(id);
  const conditions = index.map(({ name, compared }) =>
    values.has(name)
      ? `${compared} = ?`
      : `${compared} = (SELECT o.${quoted(name)} FROM ${table.table} o WHERE o.${table.id} = ?)`,
  );
  const found = await session.one<{ id: string | number }>(
    `SELECT ${table.id} AS "id" FROM ${table.table} WHERE ${conditions.join(' AND ')} AND ${table.id} <> ?`,
    [...index.map(({ name }) => (values.has(name) ? values.get(name) : own)), own],
  );
  return found === undefined ? undefined : String(found.id);
}
