import { chunked, listOf, type Session } from '../sql/session.ts';

/** A row that is removed here because it is deleted on the server. */
export interface RemovedRow {
  readonly id: string;
  /** The newest version known of it: of its tombstone, or the one that it had before. */
  readonly version: string;
}

/** How long a list may lag behind at most, ms. After that the memory of removed rows is given up. */
export const longestLagMs = 86_400_000;

/**
 * Remembers rows that are removed, and not kept as tombstones: a list that lags behind must not bring them back
 * (F-157). Without that, nothing here would tell an old row from a new one.
 */
export async function noteRemoved(
  session: Session,
  kind: string,
  rows: readonly RemovedRow[],
  now: number,
): Promise<void> {
  for (const part of chunked(rows, 500)) {
    await session.run(
      `INSERT INTO "sync_removed" ("kind", "entity_id", "version", "removed_at") VALUES ${part.map(() => '(?, ?, ?, ?)').join(', ')}
       ON CONFLICT ("kind", "entity_id") DO UPDATE SET "version" = excluded."version", "removed_at" = excluded."removed_at"`,
      part.flatMap(({ id, version }) => [kind, id, version, now]),
    );
  }
}

/** The versions of removed rows, by id. */
export async function readRemoved(
  session: Session,
  kind: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await session.query<{ id: string; version: string }>(
    `SELECT "entity_id" AS "id", "version" FROM "sync_removed" WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')}`,
    [kind, listOf(ids)],
  );
  return new Map(rows.map(({ id, version }) => [id, version]));
}

/** The rows are here again. */
export async function forgetRemoved(session: Session, kind: string, ids: readonly string[]): Promise<void> {
  if (ids.length > 0)
    await session.run(`DELETE FROM "sync_removed" WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')}`, [
      kind,
      listOf(ids),
    ]);
}

/** A full resync begins: it takes rows in older versions, except those that are settled from now on. */
export const forgetAllRemoved = (session: Session, kind: string): Promise<void> =>
  session.run('DELETE FROM "sync_removed" WHERE "kind" = ?', [kind]);

/**
 * Gives up what was removed so long ago that no list can lag behind it. A time in the future was written by a wrong
 * clock, and goes too (F-67).
 */
export const forgetLongRemoved = (session: Session, kind: string, now: number): Promise<void> =>
  session.run('DELETE FROM "sync_removed" WHERE "kind" = ? AND ("removed_at" < ? OR "removed_at" > ?)', [
    kind,
    now - longestLagMs,
    now + longestLagMs,
  ]);
