import type { AwaitOptions } from './await-level.ts';

/** Overrides of one queued operation. */
export interface WriteOptions extends AwaitOptions {
  readonly opId?: string;
  /** When the user acted; default now. */
  readonly localTimestamp?: string | Date;
}

export interface ReplaceOptions extends WriteOptions {
  /** The server version the user saw. Default: the stored row's. */
  readonly baseUpdatedAt?: string;
  /** Properties or wire keys that changed. Default: found by comparing with the stored row. */
  readonly changedFields?: Iterable<string>;
}

/** Options of a write that names the server version the user saw. Default: the stored row's. */
export interface BasedWriteOptions extends WriteOptions {
  readonly baseUpdatedAt?: string;
}
