import { codeOfStatus, type SyncErrorCode } from './error-codes.ts';
import type { JsonObject } from '../values/json.ts';
import type { SyncStats } from '../values/run-stats.ts';

/** Base class of every error that the engine rejects with. `stats` counts what the run did before it failed (F-109). */
export class SyncError extends Error {
  override readonly name: string = 'SyncError';
  /** Says what went wrong. Stable, so a `switch` may rely on it. */
  readonly code: SyncErrorCode = 'INTERNAL';
  stats?: SyncStats;

  /** `Type: message`, followed by the cause if there is one. */
  override toString(): string {
    const cause = this.cause === undefined ? '' : `\nCaused by: ${String(this.cause)}`;
    return `${this.name}: ${this.message}${this.details()}${cause}`;
  }

  /** Text that a subclass appends to the message. */
  protected details(): string {
    return '';
  }
}

/** No connection, a cut connection, or no answer in time. Retryable. */
export class NetworkError extends SyncError {
  override readonly name: string = 'NetworkError';
  override readonly code: SyncErrorCode;
  readonly timedOut: boolean;

  constructor(message: string, options: ErrorOptions & { timedOut?: boolean } = {}) {
    super(message, options);
    this.timedOut = options.timedOut ?? false;
    this.code = this.timedOut ? 'TIMEOUT' : 'NETWORK';
  }

  static fromError(error: unknown): NetworkError {
    return new NetworkError(`Network request failed: ${textOf(error)}`, { cause: error });
  }
}

interface TransportErrorOptions extends ErrorOptions {
  readonly retryAfterMs?: number | undefined;
  readonly retryAt?: number | undefined;
  readonly serverCode?: string | undefined;
  readonly fields?: Readonly<Record<string, string>> | undefined;
  readonly isRefusal?: boolean | undefined;
}

/** The server answered with an error status. `retryAfterMs` is its Retry-After as a duration. */
export class TransportError extends SyncError {
  override readonly name: string = 'TransportError';
  override readonly code: SyncErrorCode;
  readonly statusCode: number;
  readonly responseBody: string | undefined;
  readonly retryAfterMs: number | undefined;
  /** Epoch ms at which `retryAfterMs` ends; present if the engine's clock was available. */
  readonly retryAt: number | undefined;
  /** The server's code for a refusal, such as `out_of_stock`. */
  readonly serverCode: string | undefined;
  /** Reasons by wire key, for display at the fields of a form. */
  readonly fields: Readonly<Record<string, string>> | undefined;
  /**
   * True when the server refused one operation for good, whatever the status. A 409 for a UNIQUE value is then no
   * conflict, and a 404 does not mean a wrong address.
   */
  readonly isRefusal: boolean;

  constructor(message: string, statusCode: number, responseBody?: string, options: TransportErrorOptions = {}) {
    super(message, options);
    this.statusCode = statusCode;
    this.responseBody = responseBody;
    this.retryAfterMs = options.retryAfterMs;
    this.retryAt = options.retryAt;
    this.serverCode = options.serverCode;
    this.fields = options.fields;
    this.isRefusal = options.isRefusal ?? false;
    this.code = codeOfStatus(statusCode, this.isRefusal);
  }

  static httpError(statusCode: number, responseBody?: string, retryAfterMs?: number): TransportError {
    return new TransportError(`HTTP error ${statusCode}`, statusCode, responseBody, { retryAfterMs });
  }

  protected override details(): string {
    return ` (status: ${this.statusCode})`;
  }
}

/** The local database refused: a table is missing, the disk is full, or the file is damaged. */
export class DatabaseError extends SyncError {
  override readonly name: string = 'DatabaseError';
  override readonly code: SyncErrorCode = 'DATABASE';

  static fromError(error: unknown): DatabaseError {
    return error instanceof DatabaseError
      ? error
      : new DatabaseError(`Database operation failed: ${textOf(error)}`, { cause: error });
  }
}

/**
 * A newer release of synchart migrated the database. Nothing was written. Update synchart, or revert the migrations
 * with that release.
 */
export class NewerReleaseError extends DatabaseError {
  override readonly name: string = 'NewerReleaseError';
  override readonly code: SyncErrorCode = 'NEWER_RELEASE';

  constructor(
    message: string,
    /** The release that migrated the database. */
    readonly release: string,
    /** Names of the migrations that this release does not know, oldest first. */
    readonly migrations: readonly string[],
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * The process, worker or tab that holds the database ended, or rolled the transaction back, before COMMIT. Nothing of
 * the transaction is stored. Run it again.
 */
export class TransactionLostError extends DatabaseError {
  override readonly name: string = 'TransactionLostError';
  override readonly code = 'TRANSACTION_LOST';
}

/**
 * A newer release of the app migrated the database, or holds it with a newer protocol. Nothing was written. Reload or
 * update this instance of the app.
 */
export class AppOutdatedError extends DatabaseError {
  override readonly name: string = 'AppOutdatedError';
  override readonly code = 'APP_OUTDATED';
}

/** The process, worker or tab that holds the database did not answer in time. */
export class HostUnreachableError extends DatabaseError {
  override readonly name: string = 'HostUnreachableError';
  override readonly code = 'HOST_UNREACHABLE';

  constructor(
    message: string,
    /** True for a commit or single write that was sent. The host may still execute it. */
    readonly mayBeWritten: boolean = false,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A message to or from the host that the protocol does not define. Nothing was executed. */
export class ProtocolError extends DatabaseError {
  override readonly name: string = 'ProtocolError';
  override readonly code = 'RPC_PROTOCOL';
}

/** A conflict that stays unresolved. */
export class ConflictError extends SyncError {
  override readonly name: string = 'ConflictError';
  override readonly code: SyncErrorCode = 'CONFLICT';

  constructor(
    message: string,
    readonly kind: string,
    readonly entityId: string,
    readonly localData: JsonObject = {},
    readonly serverData: JsonObject = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  protected override details(): string {
    return ` (${this.kind}/${this.entityId})`;
  }
}

/** A step of a run failed. `cause` holds the reason. */
export class SyncOperationError extends SyncError {
  override readonly name: string = 'SyncOperationError';
  override readonly code: SyncErrorCode = 'RUN_FAILED';

  constructor(
    message: string,
    readonly phase: 'push' | 'pull' | 'fullResync' | 'firstPull' | 'sync',
    readonly opId?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  protected override details(): string {
    return ` (phase: ${this.phase})${this.opId === undefined ? '' : ` (opId: ${this.opId})`}`;
  }
}

/**
 * The database belongs to another user or server. The engine sends nothing until the app calls `adoptScope` or
 * `clearScope` (F-143).
 */
export class ScopeChangedError extends SyncOperationError {
  override readonly name: string = 'ScopeChangedError';
  override readonly code: SyncErrorCode = 'SCOPE_CHANGED';
}

/** The run used all attempts that `maxRetries` allows. `cause` is the last failure. */
export class MaxRetriesExceededError extends SyncError {
  override readonly name: string = 'MaxRetriesExceededError';
  override readonly code: SyncErrorCode = 'RETRIES_EXHAUSTED';

  constructor(
    message: string,
    readonly attempts: number,
    readonly maxRetries: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  protected override details(): string {
    return ` (attempts: ${this.attempts}/${this.maxRetries})`;
  }
}

/** Data that breaks the protocol: no JSON, no list of items, or a row without id or timestamp. */
export class ParseError extends SyncError {
  override readonly name: string = 'ParseError';
  override readonly code: SyncErrorCode;
  /**
   * The response was a web page: a captive portal, an error page of a gateway, or a website at the configured address.
   */
  readonly isHtml: boolean;

  constructor(message: string, options: ErrorOptions & { readonly isHtml?: boolean | undefined } = {}) {
    super(message, options);
    this.isHtml = options.isHtml ?? false;
    this.code = this.isHtml ? 'WEB_PAGE' : 'UNREADABLE_ANSWER';
  }

  static fromError(error: unknown): ParseError {
    return new ParseError(`Failed to parse data: ${textOf(error)}`, { cause: error });
  }
}

/** The server rejects the token and the refreshed one, or `token()` failed. Queued operations are not affected. */
export class AuthError extends SyncError {
  override readonly name: string = 'AuthError';
  override readonly code: SyncErrorCode = 'AUTH_REQUIRED';
}

/** The app passed data that cannot be synchronised. Nothing was written. */
export class ValidationError extends SyncError {
  override readonly name: string = 'ValidationError';
  override readonly code: SyncErrorCode = 'INVALID_DATA';
}

/** The engine was disposed before the command, or the caller's signal ended the wait. */
export class SyncAbortedError extends SyncError {
  override readonly name: string = 'SyncAbortedError';
  override readonly code: SyncErrorCode = 'ABORTED';
}

export type SyncErrorCategory =
  | 'network'
  | 'auth'
  | 'server'
  | 'rateLimit'
  | 'timeout'
  | 'parse'
  | 'database'
  | 'conflict'
  | 'validation'
  | 'unknown';

/**
 * A failure in the form that screens and logs need. `retryAt` is epoch ms. `fields` holds the server's reasons by wire
 * key.
 */
export interface SyncErrorInfo {
  readonly category: SyncErrorCategory;
  readonly retryable: boolean;
  /** The code of the error that says why; absent where no error of synchart is in the chain. */
  readonly code?: SyncErrorCode;
  readonly statusCode?: number;
  /** The server's own word for a refusal, such as `out_of_stock`. */
  readonly serverCode?: string;
  readonly message: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly retryAt?: number;
  /** The database belongs to another user or server. */
  readonly scopeChanged?: true;
  /** The response was a web page instead of data. */
  readonly isHtml?: true;
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const refused = { category: 'validation', retryable: false } as const;

const byStatus = (statusCode: number): { category: SyncErrorCategory; retryable: boolean } => {
  if (statusCode === 401 || statusCode === 403) return { category: 'auth', retryable: false };
  if (statusCode === 429) return { category: 'rateLimit', retryable: true };
  if (statusCode === 408 || statusCode === 425) return { category: 'timeout', retryable: true };
  if (statusCode >= 500) return { category: 'server', retryable: statusCode !== 501 && statusCode !== 505 };
  if (statusCode === 409 || statusCode === 412) return { category: 'conflict', retryable: true };
  if (statusCode === 400 || statusCode === 413 || statusCode === 415 || statusCode === 422)
    return { category: 'validation', retryable: false };
  return { category: 'unknown', retryable: false };
};

/** Classifies an error by class and status. Follows the cause chain through wrappers (F-82, F-83). Never throws. */
export function syncErrorInfo(error: unknown): SyncErrorInfo {
  const message = textOf(error);
  const seen = new Set<unknown>();
  // Where no class tells the category, the innermost code still says most.
  let innermost: SyncErrorCode | undefined;
  for (let current = error; current instanceof Error && !seen.has(current); current = current.cause) {
    seen.add(current);
    if (current instanceof TransportError) {
      const { code, statusCode, serverCode, fields, retryAt, isRefusal } = current;
      return {
        ...(isRefusal ? refused : byStatus(statusCode)),
        code,
        statusCode,
        message,
        ...(serverCode === undefined ? {} : { serverCode }),
        ...(fields === undefined ? {} : { fields }),
        ...(retryAt === undefined ? {} : { retryAt }),
      };
    }
    if (!(current instanceof SyncError)) continue;
    const { code } = current;
    if (innermost === undefined || code !== 'INTERNAL') innermost = code;
    if (current instanceof ScopeChangedError)
      return { category: 'unknown', retryable: false, code, message, scopeChanged: true };
    if (current instanceof AuthError) return { category: 'auth', retryable: false, code, message };
    if (current instanceof NetworkError)
      return { category: current.timedOut ? 'timeout' : 'network', retryable: true, code, message };
    if (current instanceof ParseError)
      return { category: 'parse', retryable: false, code, message, ...(current.isHtml ? { isHtml: true } : {}) };
    if (current instanceof DatabaseError) return { category: 'database', retryable: false, code, message };
    if (current instanceof ConflictError) return { category: 'conflict', retryable: true, code, message };
    if (current instanceof ValidationError) return { category: 'validation', retryable: false, code, message };
  }
  // The cause of this wrapper says nothing. The retries show that the failure was retryable.
  return {
    category: error instanceof MaxRetriesExceededError ? 'network' : 'unknown',
    retryable: error instanceof MaxRetriesExceededError,
    ...(innermost === undefined ? {} : { code: innermost }),
    message,
  };
}
