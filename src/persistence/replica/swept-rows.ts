import { compareTimestamps } from '../../rules/values/timestamp.ts';
import { noteRemoved, type RemovedRow } from './removed-rows.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import { chunked, type Session } from '../sql/session.ts';

/**
 * Remembers the rows that a full resync has removed because the server did not list them, so that an older list cannot
 * bring them back (F-157). `rows` are those that were to go, with the newest version known of each. Only an absence
 * that a lagging listing cannot explain is believed: it reaches up to the newest row that was listed. A row of that
 * same time, or of a later one, may only have been missing from a listing that was behind it, so its known version is
 * accepted (I5); versions from before that time are older in any case. The next full resync forgets all of this
 * (F-161).
 */
export async function noteSwept(
  session: Session,
  table: ReplicaTable,
  rows: readonly RemovedRow[],
  now: number,
): Promise<void> {
  if (rows.length === 0) return;
  const listed = await session.one<{ newest: string | null }>(
    'SELECT "resync_ts" AS "newest" FROM "sync_cursors" WHERE "kind" = ?',
    [table.kind],
  );
  const newest = listed?.newest ?? undefined;
  if (newest === undefined) return;
  for (const part of chunked(rows, 500)) {
    const kept = await table.rows.existing(
      session,
      part.map(({ id }) => id),
    );
    const gone = part.flatMap(({ id, version }): readonly RemovedRow[] => {
      const order = compareTimestamps(version, newest);
      return kept.has(id) || order === 0 ? [] : [{ id, version: order < 0 ? version : newest }];
    });
    await noteRemoved(session, table.kind, gone, now);
  }
}
