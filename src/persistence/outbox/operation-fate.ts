import type { DiscardReason } from '../../model/events.ts';
import type { ParkedFor } from '../database/outbox-columns.ts';
import { listOf, type Session } from '../sql/session.ts';
import { readReason } from '../sql/stored-reason.ts';

/** The fate of an operation. `gone`: it was applied, or left longer ago than the history reaches. */
export type OperationFate =
  | { readonly type: 'queued'; readonly parked: ParkedFor | undefined; readonly lastError: string | undefined }
  | { readonly type: 'discarded'; readonly reason: DiscardReason }
  | { readonly type: 'gone' };

/**
 * SQL for the reason why the head of a line is parked. A conflict counts only when no run works on it: most are
 * resolved in the run that found them, and decided ones are sent by the next.
 */
export const settledParkSql = (head: string): string =>
  `CASE WHEN ${head}."parked" = 'conflict' AND NOT EXISTS (SELECT 1 FROM "sync_conflicts" c WHERE c."kind" = ${head}."kind" AND c."entity_id" = ${head}."entity_id"
     AND c."state" <> 'decided' AND (c."state" = 'awaiting' OR c."reason" IS NOT NULL)) THEN NULL ELSE ${head}."parked" END`;

/** Reads the fates of operations by id. An operation behind a parked one of its row is parked with it. */
export async function readFates(
  session: Session,
  opIds: readonly string[],
): Promise<ReadonlyMap<string, OperationFate>> {
  const { inList } = session.dialect;
  const queued = await session.query<{ opId: string; parked: ParkedFor | null; lastError: string | null }>(
    `SELECT o."op_id" AS "opId", ${settledParkSql('h')} AS "parked", COALESCE(o."last_error", h."last_error") AS "lastError" FROM "sync_outbox" o
     JOIN "sync_outbox" h ON h."seq" = (SELECT MIN("seq") FROM "sync_outbox" WHERE "kind" = o."kind" AND "entity_id" = o."entity_id")
     WHERE ${inList('o."op_id"')}`,
    [listOf(opIds)],
  );
  const given = await session.query<{ opId: string; reason: DiscardReason }>(
    `SELECT "op_id" AS "opId", "reason" FROM "sync_discarded" WHERE ${inList('"op_id"')} ORDER BY "id"`,
    [listOf(opIds)],
  );
  const fates = new Map<string, OperationFate>(opIds.map((opId) => [opId, { type: 'gone' }]));
  for (const { opId, reason } of given) fates.set(opId, { type: 'discarded', reason });
  for (const { opId, parked, lastError } of queued)
    fates.set(opId, { type: 'queued', parked: parked ?? undefined, lastError: readReason(lastError).text });
  return fates;
}
