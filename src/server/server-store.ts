import type { Json, JsonObject } from '../model/values/json.ts';
import type { PageQuery, PagingStyle } from './paging.ts';
import type { TableShape } from './table-shape.ts';
import type { WireAnswer, WriteRequest } from './wire-rules.ts';

/**
 * The rows that a user may see and change: wire field (including hidden ones) → the required value, or a list of
 * allowed ones. Undefined: all rows.
 */
export type RowScope = Readonly<Record<string, Json>> | undefined;

/** What a write hook may read. `current` is the stored row, possibly a tombstone. */
export interface PendingWrite {
  readonly request: WriteRequest;
  readonly current: JsonObject | undefined;
}

/** The reason why a rule of the app refuses a write. */
export interface WriteRefusal {
  /** Default `refused`. */
  readonly code?: string;
  readonly message: string;
  /** Reasons by field. */
  readonly fields?: Readonly<Record<string, string>>;
}

export interface WriteContext {
  readonly scope: RowScope;
  /** The owner of the idempotency keys. A user never gets another user's stored answer. */
  readonly owner: string;
  /** Called before a write, forced or not. If the row changes before the write, it is called again. */
  readonly judge?: ((write: PendingWrite) => WriteRefusal | undefined | Promise<WriteRefusal | undefined>) | undefined;
}

export interface StoredPage {
  readonly items: readonly JsonObject[];
  readonly nextPageToken?: string;
  readonly more: boolean;
}

/**
 * The server's access to its database. Each method is atomic: its result is committed when it resolves. Throws
 * {@link StoreBusyError} if waiting may help.
 */
export interface ServerStore {
  /** Creates the server's own tables, and assigns versions to rows that have none. */
  open(shapes: readonly TableShape[]): Promise<void>;
  /** A page in (updated_at, id) order; undefined for an unknown token. */
  list(shape: TableShape, query: PageQuery, style: PagingStyle, scope: RowScope): Promise<StoredPage | undefined>;
  fetch(shape: TableShape, id: string, scope: RowScope): Promise<WireAnswer>;
  /**
   * Executes writes in order. Replay, check, effect and stored answer of one write are one transaction. A failed write
   * does not affect the others.
   */
  write(
    writes: readonly { readonly shape: TableShape; readonly request: WriteRequest }[],
    context: WriteContext,
  ): Promise<readonly WireAnswer[]>;
  /** Deletes answers and tombstones older than these epoch ms. */
  cleanUp(
    shapes: readonly TableShape[],
    before: { readonly answersMs: number; readonly tombstonesMs: number },
  ): Promise<void>;
}

/** The database was busy for too long; the client should retry. */
export class StoreBusyError extends Error {
  override readonly name = 'StoreBusyError';
}
