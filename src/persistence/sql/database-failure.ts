import { QueryFailedError } from 'typeorm';
import { hidesDriverCode } from '../../model/errors/error-codes.ts';
import { DatabaseError } from '../../model/errors/errors.ts';
import { SyncStepError, type SyncFailure } from '../../model/errors/failure.ts';

/** The meaning of a database error, by its code. */
export type DatabaseFailure = 'constraint' | 'busy' | 'unusable' | 'other';

const codeOf = (error: unknown): string | undefined => {
  for (let current = error, depth = 0; typeof current === 'object' && current !== null && depth < 5; depth++) {
    const { code, driverError, cause } = current as { code?: unknown; driverError?: unknown; cause?: unknown };
    if (typeof code === 'string' && !hidesDriverCode(code)) return code;
    current = driverError ?? cause;
  }
  return undefined;
};

const unusable = [
  'SQLITE_FULL',
  'SQLITE_CORRUPT',
  'SQLITE_NOTADB',
  'SQLITE_IOERR',
  'SQLITE_READONLY',
  'SQLITE_CANTOPEN',
  'SQLITE_PERM',
  'SQLITE_AUTH',
];

/** A server that is unreachable, restarts, or has no connection left. Such failures are transient. */
const unreachable =
  /^(08...|57P0[1-3]|53300|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;
/** Messages of `pg` about a lost connection, which has no code. */
const lostConnection =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect)/;
const hasLostConnection = (error: unknown): boolean => {
  for (let current = error, depth = 0; current instanceof Error && depth < 5; depth++) {
    if (lostConnection.test(current.message)) return true;
    current = 'driverError' in current ? current.driverError : current.cause;
  }
  return false;
};

/** Classifies by code: SQLite's names, PostgreSQL's SQLSTATE classes. Only lost connections have none. */
export function classifyDatabaseError(error: unknown): DatabaseFailure {
  const code = codeOf(error);
  if (code === undefined) return hasLostConnection(error) ? 'busy' : 'other';
  if (
    code.startsWith('SQLITE_CONSTRAINT') ||
    code === 'SQLITE_MISMATCH' ||
    code === 'SQLITE_TOOBIG' ||
    /^(22|23)...$/.test(code)
  )
    return 'constraint';
  if (
    code.startsWith('SQLITE_BUSY') ||
    code.startsWith('SQLITE_LOCKED') ||
    code === 'TRANSACTION_LOST' ||
    code === 'HOST_UNREACHABLE' ||
    /^(40|55)...$/.test(code) ||
    unreachable.test(code)
  )
    return 'busy';
  if (unusable.some((name) => code.startsWith(name)) || /^(53|57|58|XX)...$/.test(code)) return 'unusable';
  return 'other';
}

/**
 * Converts a database error to a failure for the chart: transient errors are retried, others become `storeFailed`.
 * Returns anything else (invalid input, a defect) unchanged.
 */
export function toStoreFailure(error: unknown, at: number): unknown {
  if (error instanceof SyncStepError) return error;
  const code = codeOf(error);
  const isDatabase =
    error instanceof DatabaseError ||
    error instanceof QueryFailedError ||
    (code !== undefined && (code.startsWith('SQLITE_') || unreachable.test(code))) ||
    hasLostConnection(error);
  if (!isDatabase) return error;
  const cause = DatabaseError.fromError(error);
  const failure: SyncFailure = {
    type: classifyDatabaseError(error) === 'busy' ? 'storeBusy' : 'storeFailed',
    message: cause.message,
    at,
    cause,
  };
  return new SyncStepError(failure, { cause });
}

/** For the public methods, which report database errors and not steps of a run. */
export const rethrowForCaller = (error: unknown): never => {
  throw error instanceof SyncStepError && error.failure.cause instanceof DatabaseError ? error.failure.cause : error;
};
