/**
 * The `code` of every error. Codes are stable: releases add codes, and none changes its meaning. `docs/errors.md` says
 * of each what happened and what to do.
 */
export const syncErrorCodes = [
  // The network and the server.
  'NETWORK',
  'TIMEOUT',
  'REDIRECTED',
  'AUTH_REQUIRED',
  'FORBIDDEN',
  'WRONG_ADDRESS',
  'CONFLICT',
  'CONFLICT_CHANGED',
  'REFUSED',
  'THROTTLED',
  'SERVER_FAILED',
  'UNREADABLE_ANSWER',
  'WEB_PAGE',
  'SEND_DEFECT',
  'RETRIES_EXHAUSTED',
  // The run and the engine.
  'RUN_FAILED',
  'SCOPE_CHANGED',
  'ABORTED',
  'INTERNAL',
  // Calls of the app.
  'INVALID_DATA',
  'INVALID_OPTION',
  // Writes that were awaited until the server has them.
  'NOT_ACKED_REJECTED',
  'NOT_ACKED_STUCK',
  'NOT_ACKED_AMBIGUOUS',
  'NOT_ACKED_CONFLICT',
  'NOT_ACKED_DISCARDED',
  // The local database.
  'DATABASE',
  'NEWER_RELEASE',
  'APP_OUTDATED',
  'TRANSACTION_LOST',
  'HOST_UNREACHABLE',
  'RPC_PROTOCOL',
  // The storage of a page.
  'STORAGE_INSECURE_CONTEXT',
  'STORAGE_NOT_DURABLE',
  'STORAGE_WORKER_FAILED',
  'STORAGE_NO_ANSWER',
  'STORAGE_LOCKED',
  'STORAGE_QUOTA',
  'STORAGE_NOT_A_DATABASE',
  'STORAGE_DAMAGED',
  'STORAGE_NEWER_SCHEMA',
  'STORAGE_OTHER_ENTITIES',
  'STORAGE_IN_USE',
  'STORAGE_CLOSED',
] as const;

/** Says what went wrong, for a `switch` or a table of translations. */
export type SyncErrorCode = (typeof syncErrorCodes)[number];

/** The code of an answer of the server that is no success. */
export function codeOfStatus(statusCode: number, isRefusal: boolean): SyncErrorCode {
  if (isRefusal) return 'REFUSED';
  if (statusCode === 401) return 'AUTH_REQUIRED';
  if (statusCode === 403) return 'FORBIDDEN';
  if (statusCode === 404 || statusCode === 405 || statusCode === 410) return 'WRONG_ADDRESS';
  if (statusCode === 408 || statusCode === 425) return 'TIMEOUT';
  if (statusCode === 409 || statusCode === 412) return 'CONFLICT';
  if (statusCode === 429) return 'THROTTLED';
  if (statusCode >= 500) return 'SERVER_FAILED';
  return statusCode >= 300 && statusCode <= 399 ? 'REDIRECTED' : 'REFUSED';
}

/** Whether a code names what the local database's driver said less exactly than the driver's own code does. */
export const hidesDriverCode = (code: string): boolean =>
  code === 'DATABASE' || code === 'NEWER_RELEASE' || code.startsWith('STORAGE_');
