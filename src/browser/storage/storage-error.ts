import type { SyncErrorCode } from '../../model/errors/error-codes.ts';
import { DatabaseError } from '../../model/errors/errors.ts';

/** Why a browser database cannot be opened, read or replaced. */
export type StorageProblem =
  /** The page is no secure context: plain http that is not localhost. */
  | 'insecureContext'
  /** The browser lacks what durable storage needs: private windows, Lockdown Mode, old releases. */
  | 'noDurableStorage'
  /** The worker's script, or SQLite's wasm file, did not load. */
  | 'workerFailed'
  /** Nobody answered in time. */
  | 'noAnswer'
  /** The file is locked by something that is not ours. */
  | 'locked'
  /** The browser gives no more space. */
  | 'quota'
  /** The bytes are no SQLite database. */
  | 'notADatabase'
  /** The database is damaged. */
  | 'damaged'
  /** The file has migrations that this release does not know. */
  | 'newerSchema'
  /** Another tab has the same name open with other entities. */
  | 'otherEntities'
  /** The database is open somewhere, and the call needs it closed. */
  | 'inUse'
  /** The database was closed by `close()`. */
  | 'closed';

const codes: Readonly<Record<StorageProblem, SyncErrorCode>> = {
  insecureContext: 'STORAGE_INSECURE_CONTEXT',
  noDurableStorage: 'STORAGE_NOT_DURABLE',
  workerFailed: 'STORAGE_WORKER_FAILED',
  noAnswer: 'STORAGE_NO_ANSWER',
  locked: 'STORAGE_LOCKED',
  quota: 'STORAGE_QUOTA',
  notADatabase: 'STORAGE_NOT_A_DATABASE',
  damaged: 'STORAGE_DAMAGED',
  newerSchema: 'STORAGE_NEWER_SCHEMA',
  otherEntities: 'STORAGE_OTHER_ENTITIES',
  inUse: 'STORAGE_IN_USE',
  closed: 'STORAGE_CLOSED',
};

/** The browser's storage refused. `problem` says why, the message says what to do. */
export class BrowserStorageError extends DatabaseError {
  override readonly name: string = 'BrowserStorageError';
  override readonly code: SyncErrorCode;

  constructor(
    readonly problem: StorageProblem,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = codes[problem];
  }
}

/** A `BrowserStorageError` as a message carries it. */
export interface StorageFailure {
  readonly problem: StorageProblem;
  readonly message: string;
}

const textOf = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));

/** Total: whatever was thrown becomes one failure. */
export const toStorageFailure = (error: unknown, otherwise: StorageProblem): StorageFailure =>
  error instanceof BrowserStorageError
    ? { problem: error.problem, message: error.message }
    : { problem: otherwise, message: textOf(error) };

export const fromStorageFailure = ({ problem, message }: StorageFailure): BrowserStorageError =>
  new BrowserStorageError(problem, message);
