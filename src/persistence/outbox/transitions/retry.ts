import { OutboxState } from '../../database/outbox-columns.ts';
import { listOf, type Session } from '../../sql/session.ts';
import { startsFrom, seqIn } from './move.ts';
import { readyOrStuck } from './lead-line.ts';

const { ready, parked } = OutboxState;

/**
 * All operations of these entities begin anew, those parked for a person are ready (F-49). `unproven`: entities whose
 * open request goes out as if for the first time.
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
 * Tries begin anew; heads that wait are ready. An open request, and what is parked for another reason than its tries,
 * stay as they are.
 */
export const retryOperations = (session: Session, seqs: readonly number[]): Promise<void> =>
  session.run(
    `UPDATE "sync_outbox" SET "try_count" = 0, "last_error" = NULL, "error_code" = NULL, "last_tried_at" = NULL, "due_at" = NULL, "parked" = NULL,
       "state" = CASE WHEN ${startsFrom('retry')} THEN ${ready} ELSE "state" END
     WHERE COALESCE("parked", 'stuck') = 'stuck' AND ${seqIn(session)}`,
    [listOf(seqs)],
  );

/** Keeps the error of a try that the app itself has made, at a time (epoch ms). */
export const recordFailure = (session: Session, opId: string, error: string, triedAt: number): Promise<void> =>
  session.run('UPDATE "sync_outbox" SET "last_error" = ?, "last_tried_at" = ? WHERE "op_id" = ?', [
    error,
    triedAt,
    opId,
  ]);

/**
 * Sets the tries of operations to zero, or counts one more. Heads at the limit are stuck then, others below it are
 * ready.
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
