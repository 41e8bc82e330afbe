import { listOf, type Session } from './session.ts';

/** Whether an open full resync of the kind marks what it sees. */
export async function isMarking(session: Session, kind: string): Promise<boolean> {
  return (await session.one('SELECT 1 AS "marking" FROM "sync_cursors" WHERE "kind" = ? AND "resync_open" = 1 AND "resync_marking" > 0', [kind])) !== undefined;
}

/** Marks ids as listed by the server, where a resync is marking: pulled rows, pending and quarantined ones, settled upserts. */
export async function markSeen(session: Session, kind: string, entityIds: readonly string[]): Promise<void> {
  if (entityIds.length === 0 || !(await isMarking(session, kind))) return;
  const source = session.dialect.name === 'sqlite' ? 'SELECT ?, value FROM json_each(?) WHERE true' : 'SELECT ?, json_array_elements_text(CAST(? AS json))';
  await session.run(`INSERT INTO "sync_seen" ("kind", "entity_id") ${source} ON CONFLICT DO NOTHING`, [kind, listOf(entityIds)]);
}

/** Whether the row is marked already. */
export const isSeen = async (session: Session, kind: string, entityId: string): Promise<boolean> =>
  (await session.one('SELECT 1 AS "seen" FROM "sync_seen" WHERE "kind" = ? AND "entity_id" = ?', [kind, entityId])) !== undefined;

export async function forgetSeen(session: Session, kind: string): Promise<void> {
  await session.run('DELETE FROM "sync_seen" WHERE "kind" = ?', [kind]);
}
