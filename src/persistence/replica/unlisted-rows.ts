import { releaseUnlisted } from './quarantine.ts';
import type { RemovedRow } from './removed-rows.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import type { Session } from '../sql/session.ts';
import { noteSwept } from './swept-rows.ts';

/**
 * SQL condition: the open resync did not list the row, and it has no pending work. Excludes rows that no server ever
 * had, such as those from before the table was synchronised, because they exist nowhere else (F-153). A row whose
 * version the server did not report has a base. The parameters are {@link kinds}.
 */
const unlisted = (table: ReplicaTable): string =>
  `NOT ${table.conditions.isIn('sync_seen')} AND NOT ${table.conditions.isIn('sync_outbox')} AND (${table.columns.names.updatedAt} <> '' OR ${table.conditions.isIn('sync_base')})`;

const kinds = ({ kind }: ReplicaTable): readonly string[] => [kind, kind, kind];

/** Whether there are unlisted rows without pending work. */
export const hasUnlisted = async (session: Session, table: ReplicaTable): Promise<boolean> =>
  (await session.query(`SELECT 1 FROM ${table.table} WHERE ${unlisted(table)} LIMIT 1`, kinds(table))).length > 0;

/** Some of the rows that {@link sweep} would remove now. */
export async function unlistedIds(session: Session, table: ReplicaTable, limit: number): Promise<readonly string[]> {
  const rows = await session.query<{ id: string | number }>(
    `SELECT ${table.id} AS "id" FROM ${table.table} WHERE ${unlisted(table)}${table.inbound.nothingHolds()} LIMIT ${limit}`,
    kinds(table),
  );
  return rows.map(({ id }) => String(id));
}

/** A row that the open resync listed and that is not deleted, if there is one. */
export async function listedId(session: Session, table: ReplicaTable): Promise<string | undefined> {
  const { updatedAt, deletedAt, deletedAtLocal } = table.columns.names;
  const row = await session.one<{ id: string | number }>(
    `SELECT ${table.id} AS "id" FROM ${table.table} WHERE ${updatedAt} <> '' AND ${deletedAt} IS NULL AND ${deletedAtLocal} IS NULL AND ${table.conditions.isIn('sync_seen')} LIMIT 1`,
    [table.kind],
  );
  return row === undefined ? undefined : String(row.id);
}

/** The unlisted rows with a known version: all, or those that match the condition. */
async function unlistedRows(
  session: Session,
  table: ReplicaTable,
  among?: { readonly sql: string; readonly parameter: unknown },
): Promise<readonly RemovedRow[]> {
  const rows = await session.query<{ id: string | number; version: string }>(
    `SELECT ${table.id} AS "id", ${table.columns.names.updatedAt} AS "version" FROM ${table.table}
     WHERE ${unlisted(table)} AND ${table.columns.names.updatedAt} <> ''${among === undefined ? '' : ` AND ${among.sql}`}`,
    [...kinds(table), ...(among === undefined ? [] : [among.parameter])],
  );
  return rows.map(({ id, version }) => ({ id: String(id), version }));
}

/** Removes those of these rows that {@link sweep} would remove now. Returns their number. */
export async function sweepThese(
  session: Session,
  table: ReplicaTable,
  ids: readonly string[],
  now: number,
): Promise<number> {
  if (ids.length === 0) return 0;
  const { sql, parameter } = table.conditions.among(ids);
  const leaving = await unlistedRows(session, table, { sql, parameter });
  const statement = `DELETE FROM ${table.table} WHERE ${unlisted(table)}${table.inbound.nothingHolds()} AND ${sql}`;
  const swept = await session.changed(statement, [...kinds(table), parameter]);
  if (swept > 0) await table.rows.forgetSwept(session);
  await noteSwept(session, table, leaving, now);
  return swept;
}

/**
 * Removes unlisted rows without pending work from the table and the quarantine. Returns how many rows left the table
 * (F-38).
 */
export async function sweep(session: Session, table: ReplicaTable, now: number): Promise<number> {
  const leaving = await unlistedRows(session, table);
  const sql = `DELETE FROM ${table.table} WHERE ${unlisted(table)}${table.inbound.nothingHolds()}`;
  let swept = await session.changed(sql, kinds(table));
  // A tree is removed from the leaves.
  for (let more = swept; more > 0 && table.inbound.holdsItself; swept += more)
    more = await session.changed(sql, kinds(table));
  if (swept > 0) {
    await table.rows.mendTree(session);
    await table.rows.forgetSwept(session);
  }
  await noteSwept(session, table, leaving, now);
  await noteSwept(session, table, await releaseUnlisted(session, table), now);
  return swept;
}
