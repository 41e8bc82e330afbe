import { listOf, type Session } from '../sql/session.ts';

/** Whether an open full resync of the kind marks listed rows. */
export async function isMarking(session: Session, kind: string): Promise<boolean> {
  return (
    (await session.one(
      'SELECT 1 AS "marking" FROM "sync_cursors" WHERE "kind" = ? AND "resync_open" = 1 AND "resync_marking" > 0',
      [kind],
    )) !== undefined
  );
}

/** Marks ids as listed by the server during a marking resync: pulled, pending and quarantined rows. */
export async function markSeen(session: Session, kind: string, entityIds: readonly string[]): Promise<void> {
  if (entityIds.length > 0 && (await isMarking(session, kind))) await mark(session, kind, entityIds);
}

/**
 * Marks ids as settled since the open resync began, even if it does not mark listed rows. No older row may replace them
 * (F-157).
 */
export async function markSettled(session: Session, kind: string, entityIds: readonly string[]): Promise<void> {
  if (entityIds.length > 0 && (await isOpen(session, kind))) await mark(session, kind, entityIds);
}

const isOpen = async (session: Session, kind: string): Promise<boolean> =>
  (await session.one('SELECT 1 AS "open" FROM "sync_cursors" WHERE "kind" = ? AND "resync_open" = 1', [kind])) !==
  undefined;

async function mark(session: Session, kind: string, entityIds: readonly string[]): Promise<void> {
  const source =
    session.dialect.name === 'sqlite'
      ? 'SELECT ?, value FROM json_each(?) WHERE true'
      : 'SELECT ?, json_array_elements_text(CAST(? AS json))';
  await session.run(`INSERT INTO "sync_seen" ("kind", "entity_id") ${source} ON CONFLICT DO NOTHING`, [
    kind,
    listOf(entityIds),
  ]);
}

/** Filters these ids to those already marked. */
export async function seenOf(
  session: Session,
  kind: string,
  entityIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await session.query<{ id: string }>(
    `SELECT "entity_id" AS "id" FROM "sync_seen" WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')}`,
    [kind, listOf(entityIds)],
  );
  return new Set(rows.map(({ id }) => id));
}

export async function forgetSeen(session: Session, kind: string): Promise<void> {
  await session.run('DELETE FROM "sync_seen" WHERE "kind" = ?', [kind]);
}
