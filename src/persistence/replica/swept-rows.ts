import { compareTimestamps } from '../../rules/values/timestamp.ts';
import { noteRemoved, type RemovedRow } from './removed-rows.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import { chunked, type Session } from '../sql/session.ts';

/**
 * Records rows that a full resync removed, so that an older list cannot restore them (F-157). `rows` are the removed
 * rows with their newest known version. Only an absence that a lagging list cannot explain is recorded: up to the
 * newest listed row. A row of that time or later may have been missing only because of the lag, so its known version is
 * accepted (I5); earlier versions are older in any case. The next full resync deletes these records (F-161).
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
