import { DatabaseError, HostUnreachableError, TransactionLostError } from '../../model/errors/errors.ts';
import { writeOf, type PendingCall } from './pending-calls.ts';

export const lostError = (): TransactionLostError =>
  new TransactionLostError(
    'The process, worker or tab that held the database ended before COMMIT. Nothing of this transaction is written; run it again',
  );

export const closedError = (): DatabaseError =>
  new DatabaseError('The database was closed before this call was answered');

/** Says whether the call may be stored all the same. */
export function unreachable(reason: string, call: PendingCall, cause?: unknown): HostUnreachableError {
  const mayBeWritten = call.wasSent && writeOf(call) !== undefined;
  return new HostUnreachableError(
    `The process, worker or tab that holds the database cannot be reached: ${reason}. ${
      mayBeWritten
        ? 'The change was sent, and may still be stored: read before you write it again'
        : 'Nothing of this was written; try again'
    }`,
    mayBeWritten,
    cause === undefined ? {} : { cause },
  );
}
