import type { JsonObject } from '../../model/values/json.ts';
import { compareTimestamps } from '../../rules/values/timestamp.ts';
import { storedObject } from '../sql/stored-shape.ts';
import { readRemoved } from './removed-rows.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import { seenOf } from './resync-marks.ts';
import { listOf, type Session } from '../sql/session.ts';

/**
 * The rows of a list that must not be older than the known version. `known`: all. `seen`: rows settled or listed since
 * the full resync began; it otherwise accepts older rows, because it repairs a server whose clock went back (F-161).
 * `loaded`: rows of a table that was empty when the resync began. `none`: rows of our own quarantine.
 */
export type Hold = 'known' | 'seen' | 'loaded' | 'none';

interface ListedRows {
  readonly session: Session;
  readonly table: ReplicaTable;
  readonly hold: Hold;
  readonly hasRemoved: boolean;
  readonly hasQuarantine: boolean;
}

/**
 * Filters rows of a list to those older than the known version: a list may lag behind answers to writes and behind
 * earlier lists (F-157). A row without pending work is known by its version in the table. For a deleted row, its last
 * version alive is older, too. Uses one statement, and another if rows were removed or quarantined.
 */
export async function readStale(
  list: ListedRows,
  rows: readonly (readonly [id: string, row: JsonObject])[],
): Promise<ReadonlySet<string>> {
  const { session, table, hold } = list;
  if (hold === 'none' || rows.length === 0) return new Set();
  const all = rows.map(([id]) => id);
  const ids = hold === 'seen' ? [...(await seenOf(session, table.kind, all))] : all;
  if (ids.length === 0) return new Set();
  const known = await knownVersions(session, table, ids);
  const removed = list.hasRemoved ? await readRemoved(session, table.kind, ids) : none;
  const aside = list.hasQuarantine && hold !== 'loaded' ? await readAside(session, table, ids) : none;
  const held = new Set(ids);
  const isOlder = (id: string, row: JsonObject): boolean => {
    const version = table.readUpdatedAt(row) ?? '';
    const isBelow = (other: string | undefined): boolean =>
      other !== undefined && compareTimestamps(version, other) < 0;
    if (table.isDeleted(row)) return isBelow(known.get(id)?.version) || isBelow(aside.get(id));
    const gone = removed.get(id) ?? (known.get(id)?.isHidden === true ? known.get(id)?.version : undefined);
    return (
      isBelow(known.get(id)?.version) ||
      isBelow(aside.get(id)) ||
      (gone !== undefined && compareTimestamps(version, gone) <= 0)
    );
  };
  return new Set(rows.filter(([id, row]) => held.has(id) && isOlder(id, row)).map(([id]) => id));
}

const none: ReadonlyMap<string, string> = new Map();

/** The versions of quarantined rows. */
async function readAside(
  session: Session,
  table: ReplicaTable,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await session.query<{ id: string; row: string }>(
    `SELECT "entity_id" AS "id", "row" FROM "sync_quarantine" WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')}`,
    [table.kind, listOf(ids)],
  );
  return new Map(
    rows.flatMap(({ id, row }) => {
      const version = table.readUpdatedAt(storedObject(row, 'row').value ?? {});
      return version === undefined ? [] : [[id, version] as const];
    }),
  );
}

interface KnownVersion {
  readonly version: string;
  /** Deleted here, and no tombstone has arrived. */
  readonly isHidden: boolean;
}

/** The server's versions of these rows, by id; absent if no server ever had the row. */
async function knownVersions(
  session: Session,
  table: ReplicaTable,
  ids: readonly string[],
): Promise<ReadonlyMap<string, KnownVersion>> {
  const { updatedAt, deletedAt, deletedAtLocal } = table.columns.names;
  const { sql, parameter } = table.conditions.among(ids);
  const rows = await session.query<{ id: string | number; version: string; hidden: number }>(
    `SELECT ${table.id} AS "id", ${updatedAt} AS "version", CASE WHEN ${deletedAtLocal} IS NULL OR ${deletedAt} IS NOT NULL THEN 0 ELSE 1 END AS "hidden"
     FROM ${table.table} WHERE ${sql} AND ${updatedAt} <> ''`,
    [parameter],
  );
  return new Map(rows.map(({ id, version, hidden }) => [String(id), { version, isHidden: Number(hidden) === 1 }]));
}
