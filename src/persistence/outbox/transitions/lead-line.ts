import { OutboxState } from '../../database/outbox-columns.ts';
import { listOf, type Session } from '../../sql/session.ts';
import { startsFrom, seqIn, move } from './move.ts';

const { ready, parked } = OutboxState;

/** Parks a head without remaining attempts; makes any other ready. Takes the limit twice as parameters. */
export const readyOrStuck = (tries = '"try_count"'): string =>
  `"state" = CASE WHEN ${tries} >= ? THEN ${parked} ELSE ${ready} END, "parked" = CASE WHEN ${tries} >= ? THEN 'stuck' ELSE NULL END`;

/** Removes operations in any state. */
export async function leave(session: Session, seqs: readonly number[]): Promise<void> {
  if (seqs.length > 0) await session.run(`DELETE FROM "sync_outbox" WHERE ${seqIn(session)}`, [listOf(seqs)]);
}

/** Like {@link leave}, by operation id; ignores unknown ids. Returns the removed operations. */
export const leaveById = (
  session: Session,
  opIds: readonly string[],
): Promise<readonly { readonly kind: string; readonly entityId: string; readonly payload: string | null }[]> =>
  session.query(
    `DELETE FROM "sync_outbox" WHERE ${session.dialect.inList('"op_id"')} RETURNING "kind", "entity_id" AS "entityId", "payload"`,
    [listOf(opIds)],
  );

/** Makes the first remaining operation of each entity the head of its line. Existing heads stay unchanged. */
export async function promote(session: Session, seqs: readonly number[], maxTryCount: number): Promise<void> {
  if (seqs.length === 0) return;
  await session.run(`UPDATE "sync_outbox" SET ${readyOrStuck()} WHERE ${startsFrom('promote')} AND ${seqIn(session)}`, [
    maxTryCount,
    maxTryCount,
    listOf(seqs),
  ]);
}

/** Like {@link promote}, for all remaining operations of these entities. */
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

/** Like {@link promote}, if the server no longer has a row to change: the first remaining operation creates it. */
export const promoteToCreations = (session: Session, seqs: readonly number[]): Promise<void> =>
  move(
    session,
    'promote',
    seqs,
    `"state" = ${ready}, "creates" = CASE WHEN "op" = 'upsert' THEN 1 ELSE 0 END, "base_updated_at" = NULL, "changed_fields" = NULL, "deltas" = NULL`,
  );
