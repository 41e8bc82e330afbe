import { OutboxState } from '../../database/outbox-columns.ts';
import { listOf, type Session } from '../../sql/session.ts';
import { startsFrom, seqIn, move } from './move.ts';

const { ready, parked } = OutboxState;

/** A head whose tries are used up is parked, any other is ready. Takes the limit twice as parameters. */
export const readyOrStuck = (tries = '"try_count"'): string =>
  `"state" = CASE WHEN ${tries} >= ? THEN ${parked} ELSE ${ready} END, "parked" = CASE WHEN ${tries} >= ? THEN 'stuck' ELSE NULL END`;

/** Operations leave, whatever their state. */
export async function leave(session: Session, seqs: readonly number[]): Promise<void> {
  if (seqs.length > 0) await session.run(`DELETE FROM "sync_outbox" WHERE ${seqIn(session)}`, [listOf(seqs)]);
}

/** As {@link leave}, by operation id; unknown ids are ignored. Gives back what left. */
export const leaveById = (
  session: Session,
  opIds: readonly string[],
): Promise<readonly { readonly kind: string; readonly entityId: string; readonly payload: string | null }[]> =>
  session.query(
    `DELETE FROM "sync_outbox" WHERE ${session.dialect.inList('"op_id"')} RETURNING "kind", "entity_id" AS "entityId", "payload"`,
    [listOf(opIds)],
  );

/** The first operations of what is left lead their lines now. Those that lead already stay as they are. */
export async function promote(session: Session, seqs: readonly number[], maxTryCount: number): Promise<void> {
  if (seqs.length === 0) return;
  await session.run(`UPDATE "sync_outbox" SET ${readyOrStuck()} WHERE ${startsFrom('promote')} AND ${seqIn(session)}`, [
    maxTryCount,
    maxTryCount,
    listOf(seqs),
  ]);
}

/** As {@link promote}, of all that is left of these entities. */
export const promoteHeads = (
  session: Session,
  kind: string,
  entityIds: readonly string[],
  maxTryCount: number,
): Promise<void> =>
  session.run(
    `UPDATE "sync_outbox" SET ${readyOrStuck()} WHERE ${startsFrom('promote')}
       AND "seq" IN (SELECT MIN("seq") FROM "sync_outbox" WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')} GROUP BY "entity_id")`,
    [maxTryCount, maxTryCount, kind, listOf(entityIds)],
  );

/**
 * As {@link promote}, where the server has no row any more that these could change: the first of what is left creates
 * it.
 */
export const promoteToCreations = (session: Session, seqs: readonly number[]): Promise<void> =>
  move(
    session,
    'promote',
    seqs,
    `"state" = ${ready}, "creates" = CASE WHEN "op" = 'upsert' THEN 1 ELSE 0 END, "base_updated_at" = NULL, "changed_fields" = NULL, "deltas" = NULL`,
  );
