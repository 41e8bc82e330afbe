import { chunked, listOf, type Session } from '../sql/session.ts';

/** A row removed here because the server deleted it. */
export interface RemovedRow {
  readonly id: string;
  /** Its newest known version: of its tombstone, or the last one before. */
  readonly version: string;
}

/** Maximum lag of a list in ms. Older records of removed rows are deleted. */
export const longestLagMs = 86_400_000;

/**
 * Records rows that are removed and not kept as tombstones, so that a lagging list cannot restore them (F-157). Without
 * these records, nothing would distinguish an old row from a new one.
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

/** Forgets rows that have returned. */
export async function forgetRemoved(session: Session, kind: string, ids: readonly string[]): Promise<void> {
  if (ids.length > 0)
    await session.run(`DELETE FROM "sync_removed" WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')}`, [
      kind,
      listOf(ids),
    ]);
}

/** Forgets all at the start of a full resync, which accepts rows in older versions, except rows settled from now on. */
export const forgetAllRemoved = (session: Session, kind: string): Promise<void> =>
  session.run('DELETE FROM "sync_removed" WHERE "kind" = ?', [kind]);

/**
 * Forgets rows removed longer ago than any list can lag. A time in the future stems from a wrong clock and is
 * forgotten, too (F-67).
 */
export const forgetLongRemoved = (session: Session, kind: string, now: number): Promise<void> =>
  session.run('DELETE FROM "sync_removed" WHERE "kind" = ? AND ("removed_at" < ? OR "removed_at" > ?)', [
    kind,
    now - longestLagMs,
    now + longestLagMs,
  ]);
