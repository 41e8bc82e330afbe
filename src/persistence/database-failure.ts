import { QueryFailedError } from 'typeorm';
import { DatabaseError } from '../model/errors.ts';
import { SyncStepError, type SyncFailure } from '../model/failure.ts';

/** What a database error means to us, told by its code. */
export type DatabaseFailure = 'constraint' | 'busy' | 'unusable' | 'other';

const codeOf = (error: unknown): string | undefined => {
  for (let current = error, depth = 0; typeof current === 'object' && current !== null && depth < 5; depth++) {
    const { code, driverError, cause } = current as { code?: unknown; driverError?: unknown; cause?: unknown };
    if (typeof code === 'string') return code;
    current = driverError ?? cause;
  }
  return undefined;
};

const unusable = ['SQLITE_FULL', 'SQLITE_CORRUPT', 'SQLITE_NOTADB', 'SQLITE_IOERR', 'SQLITE_READONLY', 'SQLITE_CANTOPEN', 'SQLITE_PERM', 'SQLITE_AUTH'];

/** Classifies by code alone: SQLite's names, PostgreSQL's SQLSTATE classes. */
export function classifyDatabaseError(error: unknown): DatabaseFailure {
  const code = codeOf(error);
  if (code === undefined) return 'other';
  if (code.startsWith('SQLITE_CONSTRAINT') || code === 'SQLITE_MISMATCH' || code === 'SQLITE_TOOBIG' || /^(22|23)...$/.test(code)) return 'constraint';
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED') || /^(40|55)...$/.test(code)) return 'busy';
  if (unusable.some((name) => code.startsWith(name)) || /^(53|57|58|XX)...$/.test(code)) return 'unusable';
  return 'other';
}

/**
 * Turns what the database threw into what the chart decides on: what may pass is retried, what cannot is `storeFailed`. What is no database
 * error (bad input, a defect of ours) comes back as it was.
 */
export function toStoreFailure(error: unknown, at: number): unknown {
  if (error instanceof SyncStepError) return error;
  const isDatabase = error instanceof DatabaseError || error instanceof QueryFailedError || codeOf(error)?.startsWith('SQLITE_') === true;
  if (!isDatabase) return error;
  const cause = DatabaseError.fromError(error);
  const failure: SyncFailure = { type: classifyDatabaseError(error) === 'busy' ? 'storeBusy' : 'storeFailed', message: cause.message, at, cause };
  return new SyncStepError(failure, { cause });
}

/** For the public methods, which speak of databases and not of steps of a run. */
export const rethrowForCaller = (error: unknown): never => {
  throw error instanceof SyncStepError && error.failure.cause instanceof DatabaseError ? error.failure.cause : error;
};
