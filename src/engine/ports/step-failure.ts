import { QueryFailedError } from 'typeorm';
import {
  AuthError,
  DatabaseError,
  NetworkError,
  ParseError,
  SyncError,
  SyncOperationError,
  TransportError,
} from '../../model/errors/errors.ts';
import { SyncStepError, type SyncFailure, type SyncPhase } from '../../model/errors/failure.ts';
import { classifyDatabaseError } from '../../persistence/sql/database-failure.ts';

/** Where a step failed. With a kind, a failure caused by that kind affects only that kind. */
export interface StepPlace {
  readonly phase: SyncPhase | 'sync';
  readonly kind?: string | undefined;
  /** Epoch ms. */
  readonly at: number;
}

/** Turns anything that a port threw into the failure on which the chart decides, by class and code, never by text. */
export function toStepFailure(thrown: unknown, place: StepPlace): SyncFailure {
  const { at } = place;
  if (thrown instanceof SyncStepError) return tableFailure(thrown, place) ?? { at, ...thrown.failure };
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const parts = { message, at, cause: thrown };
  if (thrown instanceof AuthError) return { type: 'authRequired', ...parts };
  if (thrown instanceof NetworkError) return { type: 'unavailable', ...parts };
  if (thrown instanceof TransportError) return byStatus(thrown, place);
  if (thrown instanceof DatabaseError)
    return { type: classifyDatabaseError(thrown) === 'busy' ? 'storeBusy' : 'storeFailed', ...parts };
  if (place.kind !== undefined && place.phase !== 'sync') return kindFailure(thrown, place.kind, place.phase, at);
  return {
    type: 'fatal',
    message,
    at,
    cause:
      thrown instanceof SyncError
        ? thrown
        : new SyncOperationError(messageOf(place.phase, message), place.phase, undefined, { cause: thrown }),
  };
}

/** A statement that the database rejects, such as one for a missing column, concerns the table of one kind (I13). */
function tableFailure({ failure }: SyncStepError, { kind, phase, at }: StepPlace): SyncFailure | undefined {
  if (
    kind === undefined ||
    phase === 'sync' ||
    failure.type !== 'storeFailed' ||
    !(failure.cause instanceof DatabaseError)
  )
    return undefined;
  const { cause: refused } = failure.cause;
  if (!(refused instanceof QueryFailedError) || classifyDatabaseError(refused) !== 'other') return undefined;
  const reason = `${refused.message}; the local table does not match its entity: run the migration that adds what is missing`;
  return kindFailure(new DatabaseError(reason, { cause: refused }), kind, phase, at);
}

/** Throws the result of `toStepFailure`; for the `catch` of an actor. */
export function failStep(thrown: unknown, place: StepPlace): never {
  throw new SyncStepError(toStepFailure(thrown, place), { cause: thrown });
}

/** A failure of one kind, wrapped for the caller of `sync()` (RUN-08). */
export const kindFailure = (cause: unknown, kind: string, phase: SyncPhase, at: number): SyncFailure => {
  const message = `${phase === 'pull' ? 'Pull' : 'Push'} failed for kind=${kind}`;
  const detail = cause instanceof Error ? cause.message : String(cause);
  // A malformed row is a parse failure that no wrapper should hide.
  const error =
    cause instanceof ParseError ? cause : new SyncOperationError(`${message}: ${detail}`, phase, undefined, { cause });
  return { type: 'kindFailed', kind, phase, message: error.message, at, cause: error };
};

function byStatus(error: TransportError, { kind, phase, at }: StepPlace): SyncFailure {
  const { statusCode, retryAfterMs, message } = error;
  const parts = { message, at, cause: error };
  if (statusCode === 401) return { type: 'authRequired', ...parts };
  if (statusCode === 429 || (statusCode === 503 && retryAfterMs !== undefined))
    return { type: 'throttled', retryAfterMs: retryAfterMs ?? 0, ...parts };
  // 501 and 505 report what the server will never support.
  const passes =
    statusCode === 408 || statusCode === 425 || (statusCode >= 500 && statusCode !== 501 && statusCode !== 505);
  if (passes) return { type: 'unavailable', ...parts };
  return kind !== undefined && phase !== 'sync' ? kindFailure(error, kind, phase, at) : { type: 'fatal', ...parts };
}

const messageOf = (phase: StepPlace['phase'], message: string): string =>
  phase === 'push'
    ? `Push failed: ${message}`
    : phase === 'pull'
      ? `Pull failed: ${message}`
      : `Sync failed: ${message}`;
