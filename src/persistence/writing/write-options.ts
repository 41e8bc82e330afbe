import type { AwaitOptions } from './await-level.ts';

/** Overrides for one queued operation. */
export interface WriteOptions extends AwaitOptions {
  readonly opId?: string;
  /** When the user acted; default now. */
  readonly localTimestamp?: string | Date;
}

export interface ReplaceOptions extends WriteOptions {
  /** The server version that the user saw. Defaults to that of the stored row. */
  readonly baseUpdatedAt?: string;
  /** Changed properties or wire keys. Defaults to the difference from the stored row. */
  readonly changedFields?: Iterable<string>;
}

/** Options of a write with the server version that the user saw. Defaults to that of the stored row. */
export interface BasedWriteOptions extends WriteOptions {
  readonly baseUpdatedAt?: string;
}
