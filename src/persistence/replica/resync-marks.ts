import { listOf, type Session } from '../sql/session.ts';

/** Whether an open full resync of the kind marks what it sees. */
export async function isMarking(session: Session, kind: string): Promise<boolean> {
  return (
    (await session.one(
      'SELECT 1 AS "marking" FROM "sync_cursors" WHERE "kind" = ? AND "resync_open" = 1 AND "resync_marking" > 0',
      [kind],
    )) !== undefined
  );
}

/** Marks ids as listed by the server, where a resync is marking: pulled rows, pending and quarantined ones. */
export async function markSeen(session: Session, kind: string, entityIds: readonly string[]): Promise<void> {
  if (entityIds.length > 0 && (await isMarking(session, kind))) await mark(session, kind, entityIds);
}

/**
 * Marks ids as settled since the open resync began, also where it does not mark what it lists: no older row may replace
 * them (F-157).
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

/** Of these ids, those that are marked already. */
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
