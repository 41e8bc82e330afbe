import type { JsonObject } from '../../model/values/json.ts';
import { compareTimestamps } from '../../rules/values/timestamp.ts';
import { wireValueOf } from '../columns/column-codec.ts';
import type { RowUpserts } from '../columns/row-upserts.ts';
import type { TreePaths } from '../columns/tree-paths.ts';
import { forgetWireValues } from '../columns/wire-values.ts';
import { quoted } from '../sql/quoted-name.ts';
import type { RawRow, Session } from '../sql/session.ts';
import type { InboundReferences } from './inbound-references.ts';
import type { RowConditions } from './row-conditions.ts';
import type { RowMapping } from './row-mapping.ts';
import type { TableColumns } from './table-columns.ts';

/** The parts of statements about one synced table. */
interface RowParts {
  readonly columns: TableColumns;
  readonly mapping: RowMapping;
  readonly conditions: RowConditions;
  readonly upserts: RowUpserts;
  /** Undefined: the table is not a `materialized-path` tree. */
  readonly tree: TreePaths | undefined;
  /** Rows that a removal must not delete as well. */
  readonly inbound: () => InboundReferences;
}

/** Reads and writes the stored rows of a synced table as wire JSON. Changes only columns that the server knows. */
export class TableRows {
  readonly #parts: RowParts;

  constructor(parts: RowParts) {
    this.#parts = parts;
  }

  /** The rows with these ids as wire JSON, by id; missing ones are absent. */
  async read(session: Session, ids: readonly string[]): Promise<ReadonlyMap<string, JsonObject>> {
    const rows = await this.readRaw(session, ids);
    return new Map([...rows].map(([id, raw]) => [id, this.#parts.mapping.rawToWire(raw)]));
  }

  /** Like {@link read}, before the app's mapping, which may throw. */
  async readRaw(session: Session, ids: readonly string[]): Promise<ReadonlyMap<string, RawRow>> {
    if (ids.length === 0) return new Map();
    const { columns, conditions } = this.#parts;
    const { table, idCodec } = columns;
    const { sql, parameter } = conditions.among(ids);
    const rows = await session.query(`SELECT ${table}.*${conditions.exactColumns(table)} FROM ${table} WHERE ${sql}`, [
      parameter,
    ]);
    return new Map(rows.map((raw) => [String(raw[idCodec.name]), raw]));
  }

  async hasRows(session: Session): Promise<boolean> {
    return (await session.query(`SELECT 1 FROM ${this.#parts.columns.table} LIMIT 1`)).length > 0;
  }

  /** Filters these ids to those with a row. */
  async existing(session: Session, ids: readonly string[]): Promise<ReadonlySet<string>> {
    return new Set(ids.length === 0 ? [] : await this.#idsWhere(session, ids));
  }

  /** Filters these ids to visible rows that no server ever had and that have no queued operation. */
  neverSent(session: Session, ids: readonly string[]): Promise<readonly string[]> {
    const { sql, parameters } = this.#parts.conditions.unsent('neverSent', this.#parts.columns.table);
    return this.#idsWhere(session, ids, ` AND ${sql}`, parameters);
  }

  /**
   * Filters these ids to rows whose removal the database would refuse, or would extend to rows with pending operations.
   */
  async irremovable(session: Session, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const inbound = this.#parts.inbound();
    if (inbound.isEmpty || ids.length === 0) return new Set();
    return new Set(await this.#idsWhere(session, ids, ` AND NOT (true${inbound.nothingHolds()})`));
  }

  async isDeletedLocally(session: Session, id: string): Promise<boolean> {
    const { names } = this.#parts.columns;
    return (await this.#idsWhere(session, [id], ` AND ${names.deletedAtLocal} IS NOT NULL`)).length > 0;
  }

  /**
   * Inserts or updates rows by id, many in one statement. Columns whose key is missing keep their value, as do
   * local-only columns. Such a write follows the server, so it clears `deletedAtLocal` unless `keepDeletedLocally` is
   * set.
   */
  upsert(
    session: Session,
    rows: readonly JsonObject[],
    options: { readonly keepDeletedLocally?: boolean } = {},
  ): Promise<void> {
    return this.#parts.upserts.upsert(session, rows, options);
  }

  /**
   * Whether the database has the columns of the entity, so that any further error is caused by a row. Compiles a write
   * and runs none.
   */
  takesRows(session: Session): Promise<boolean> {
    return this.#parts.upserts.takesRows(session);
  }

  /** Writes local-only columns from the app's own entity. */
  async writeLocalOnly(session: Session, id: string, entity: object): Promise<void> {
    const given = this.#parts.columns.localCodecs.flatMap((codec) => {
      const value = wireValueOf(codec, entity);
      return value === undefined ? [] : [{ name: quoted(codec.name), bound: codec.toDatabase(value) }];
    });
    if (given.length === 0) return;
    const { sql, parameter } = this.#parts.conditions.among([id]);
    await session.run(
      `UPDATE ${this.#parts.columns.table} SET ${given.map(({ name }) => `${name} = ?`).join(', ')} WHERE ${sql}`,
      [...given.map(({ bound }) => bound), parameter],
    );
  }

  /** Hides rows at once, or shows them again with `null`. */
  async markDeletedLocally(session: Session, ids: readonly string[], at: string | null): Promise<void> {
    if (ids.length === 0) return;
    const { columns, conditions } = this.#parts;
    const { sql, parameter } = conditions.among(ids);
    await session.run(`UPDATE ${columns.table} SET ${columns.names.deletedAtLocal} = ? WHERE ${sql}`, [at, parameter]);
  }

  /** Hides visible rows only, so that the time of the user's own deletion is kept. */
  async hideShown(session: Session, ids: readonly string[], at: string): Promise<void> {
    if (ids.length === 0) return;
    const { columns, conditions } = this.#parts;
    const { deletedAtLocal } = columns.names;
    const { sql, parameter } = conditions.among(ids);
    await session.run(`UPDATE ${columns.table} SET ${deletedAtLocal} = ? WHERE ${sql} AND ${deletedAtLocal} IS NULL`, [
      at,
      parameter,
    ]);
  }

  async remove(session: Session, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const { columns, conditions, tree } = this.#parts;
    // Rows that lose their parent become roots.
    const orphans = (await tree?.childrenOf(session, conditions.boundIds(ids), columns.ids.type)) ?? [];
    const { sql, parameter } = conditions.among(ids);
    await session.run(`DELETE FROM ${columns.table} WHERE ${sql}`, [parameter]);
    await tree?.derive(session, orphans, columns.ids.type);
  }

  /** Removes rows. Rows held by others are hidden instead, until a full resync finds them free. */
  async removeOrHide(session: Session, ids: readonly string[], at: string): Promise<void> {
    const held = await this.#removeFree(session, ids);
    await this.markDeletedLocally(session, [...held], at);
  }

  /** Removes kept tombstones older than a time (epoch ms) without pending work. Returns their number (F-69). */
  async removeTombstones(session: Session, before: number): Promise<number> {
    const { kind, table, id, names } = this.#parts.columns;
    const rows = await session.query<{ id: string | number; at: string }>(
      `SELECT ${id} AS "id", ${names.deletedAt} AS "at" FROM ${table} WHERE ${names.deletedAt} IS NOT NULL
       AND NOT ${this.#parts.conditions.isIn('sync_outbox')}`,
      [kind],
    );
    const old = rows.filter(({ at }) => compareTimestamps(at, String(before)) < 0).map((row) => String(row.id));
    const held = await this.#removeFree(session, old);
    return old.length - held.size;
  }

  /** Removes stored values of rows that no longer exist. Reads no row of the table if nothing is stored. */
  forgetSwept(session: Session): Promise<void> {
    const { kind, table, id } = this.#parts.columns;
    return session.run(
      `DELETE FROM "sync_wire_values" WHERE "kind" = ? AND "entity_id" NOT IN (SELECT CAST(${id} AS text) FROM ${table})`,
      [kind],
    );
  }

  /**
   * Derives tree paths that do not follow from the parents, such as those of rows stored without one. Returns whether
   * there were any.
   */
  async mendTree(session: Session): Promise<boolean> {
    const { tree } = this.#parts;
    if (tree === undefined || !(await tree.hasWrong(session))) return false;
    await tree.deriveAll(session);
    return true;
  }

  /** Removes rows without holders. Returns the ids of the others. */
  async #removeFree(session: Session, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const held = await this.irremovable(session, ids);
    const free = held.size === 0 ? ids : ids.filter((id) => !held.has(id));
    await this.remove(session, free);
    await forgetWireValues(session, this.#parts.columns.kind, free);
    return held;
  }

  async #idsWhere(
    session: Session,
    ids: readonly string[],
    condition = '',
    parameters: readonly string[] = [],
  ): Promise<readonly string[]> {
    const { columns, conditions } = this.#parts;
    const { sql, parameter } = conditions.among(ids);
    const rows = await session.query<{ id: string | number }>(
      `SELECT ${columns.id} AS "id" FROM ${columns.table} WHERE ${sql}${condition}`,
      [parameter, ...parameters],
    );
    return rows.map(({ id }) => String(id));
  }
}
