import { OutboxState } from '../../database/outbox-columns.ts';
import { listOf, type Session } from '../../sql/session.ts';
import { newerSchemaCode, waitingForCode } from '../error-codes.ts';
import { startsFrom, move } from './move.ts';

const { ready, waiting } = OutboxState;

/** The head waits until the operation of the named row, `kind/id`, has left. */
export const waitFor = (session: Session, seq: number, name: string): Promise<void> =>
  move(
    session,
    'waitFor',
    [seq],
    `"state" = ${waiting}, "due_at" = NULL, "error_code" = '${waitingForCode}', "last_error" = ?`,
    [name],
  );

const stoppedWaiting = `"state" = ${ready}, "error_code" = NULL, "last_error" = NULL`;

/** The head waits for nobody any more. */
export const stopWaiting = (session: Session, seq: number): Promise<void> =>
  move(session, 'stopWaiting', [seq], stoppedWaiting);

/** All heads that wait for operations of these rows, named `kind/id`. */
export const stopWaitingFor = (session: Session, names: readonly string[]): Promise<void> =>
  session.run(
    `UPDATE "sync_outbox" SET ${stoppedWaiting} WHERE ${startsFrom('stopWaiting')} AND "error_code" = '${waitingForCode}' AND ${session.dialect.inList('"last_error"')}`,
    [listOf(names)],
  );

/** Marks a queued operation as one that belongs behind another row's: it does not fold into those before it. */
export const markAsWaitingFor = (session: Session, opId: string, name: string): Promise<void> =>
  session.run(`UPDATE "sync_outbox" SET "error_code" = '${waitingForCode}', "last_error" = ? WHERE "op_id" = ?`, [
    name,
    opId,
  ]);

/** Heads that a newer release of the app has queued wait for that release. */
export const leaveToNewer = (session: Session, seqs: readonly number[], reason: string): Promise<void> =>
  move(
    session,
    'leaveToNewer',
    seqs,
    `"state" = ${waiting}, "due_at" = NULL, "error_code" = '${newerSchemaCode}', "last_error" = ?`,
    [reason],
  );
