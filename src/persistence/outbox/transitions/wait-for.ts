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

/** Ends the wait of the head. */
export const stopWaiting = (session: Session, seq: number): Promise<void> =>
  move(session, 'stopWaiting', [seq], stoppedWaiting);

/** Ends the wait of all heads that wait for these rows, named `kind/id`. */
export const stopWaitingFor = (session: Session, names: readonly string[]): Promise<void> =>
  session.run(
    `UPDATE "sync_outbox" SET ${stoppedWaiting} WHERE ${startsFrom('stopWaiting')} AND "error_code" = '${waitingForCode}' AND ${session.dialect.inList('"last_error"')}`,
    [listOf(names)],
  );

/** Marks a queued operation to stay behind another row's, so that it does not fold into earlier ones. */
export const markAsWaitingFor = (session: Session, opId: string, name: string): Promise<void> =>
  session.run(`UPDATE "sync_outbox" SET "error_code" = '${waitingForCode}', "last_error" = ? WHERE "op_id" = ?`, [
    name,
    opId,
  ]);

/** Heads queued by a newer release of the app wait for that release. */
export const leaveToNewer = (session: Session, seqs: readonly number[], reason: string): Promise<void> =>
  move(
    session,
    'leaveToNewer',
    seqs,
    `"state" = ${waiting}, "due_at" = NULL, "error_code" = '${newerSchemaCode}', "last_error" = ?`,
    [reason],
  );
