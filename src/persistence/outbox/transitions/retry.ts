import { OutboxState } from '../../database/outbox-columns.ts';
import { listOf, type Session } from '../../sql/session.ts';
import { startsFrom, seqIn } from './move.ts';
import { readyOrStuck } from './lead-line.ts';

const { ready, parked } = OutboxState;

/**
 * Resets all operations of these entities, and makes heads ready that were parked for a person (F-49). `unproven`:
 * entities whose open request is sent as if for the first time.
 */
export async function retryEntities(
  session: Session,
  kind: string,
  entityIds: readonly string[],
  unproven: readonly string[],
): Promise<void> {
  const isOne = session.dialect.inList('"entity_id"');
  await session.run(
    `UPDATE "sync_outbox" SET "try_count" = 0, "due_at" = NULL, "parked" = NULL, "state" = CASE WHEN "state" = ${parked} THEN ${ready} ELSE "state" END
     WHERE "kind" = ? AND ${isOne}`,
    [kind, listOf(entityIds)],
  );
  await session.run(
    `UPDATE "sync_outbox" SET "first_sent_at" = NULL WHERE "kind" = ? AND "request_id" IS NOT NULL AND ${isOne}`,
    [kind, listOf(unproven)],
  );
}

/**
 * Resets attempts and makes waiting heads ready. Open requests, and operations parked for other reasons than their
 * attempts, stay unchanged.
 */
export const retryOperations = (session: Session, seqs: readonly number[]): Promise<void> =>
  session.run(
    `UPDATE "sync_outbox" SET "try_count" = 0, "last_error" = NULL, "error_code" = NULL, "last_tried_at" = NULL, "due_at" = NULL, "parked" = NULL,
       "state" = CASE WHEN ${startsFrom('retry')} THEN ${ready} ELSE "state" END
     WHERE COALESCE("parked", 'stuck') = 'stuck' AND ${seqIn(session)}`,
    [listOf(seqs)],
  );

/** Stores the error of an attempt made by the app itself, with its time (epoch ms). */
export const recordFailure = (session: Session, opId: string, error: string, triedAt: number): Promise<void> =>
  session.run('UPDATE "sync_outbox" SET "last_error" = ?, "last_tried_at" = ? WHERE "op_id" = ?', [
    error,
    triedAt,
    opId,
  ]);

/**
 * Sets the attempts of operations to zero, or counts one more. Heads at the limit become stuck, others below it ready.
 */
export async function changeTries(
  session: Session,
  opIds: readonly string[],
  change: 'countOne' | 'reset',
  maxTryCount: number,
): Promise<void> {
  const isOne = session.dialect.inList('"op_id"');
  await session.run(
    `UPDATE "sync_outbox" SET "try_count" = ${change === 'reset' ? '0' : '"try_count" + 1'} WHERE ${isOne}`,
    [listOf(opIds)],
  );
  await session.run(
    `UPDATE "sync_outbox" SET ${readyOrStuck()} WHERE ${isOne} AND ${startsFrom('followTries')} AND COALESCE("parked", 'stuck') = 'stuck'`,
    [maxTryCount, maxTryCount, listOf(opIds)],
  );
}
