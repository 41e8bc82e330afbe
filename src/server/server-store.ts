import type { Json, JsonObject } from '../model/values/json.ts';
import type { PageQuery, PagingStyle } from './paging.ts';
import type { TableShape } from './table-shape.ts';
import type { WireAnswer, WriteRequest } from './wire-rules.ts';

/**
 * Rows a user may see and touch: wire field (hidden ones too) → the value it must have, or one of several. Undefined:
 * all rows.
 */
export type RowScope = Readonly<Record<string, Json>> | undefined;

/** What a write hook may look at. `current` is the stored row, a tombstone too. */
export interface PendingWrite {
  readonly request: WriteRequest;
  readonly current: JsonObject | undefined;
}

/** Why a write is refused by a rule of the app. */
export interface WriteRefusal {
  /** Default `refused`. */
  readonly code?: string;
  readonly message: string;
  /** Reasons by field. */
  readonly fields?: Readonly<Record<string, string>>;
}

export interface WriteContext {
  readonly scope: RowScope;
  /** Whose idempotency keys these are; a user never gets another's stored answer. */
  readonly owner: string;
  /** Asked before an effect, forced or not; what it saw is what is overwritten, else it is asked again. */
  readonly judge?: ((write: PendingWrite) => WriteRefusal | undefined | Promise<WriteRefusal | undefined>) | undefined;
}

export interface StoredPage {
  readonly items: readonly JsonObject[];
  readonly nextPageToken?: string;
  readonly more: boolean;
}

/**
 * What the server asks of its database. Each method is whole: what it resolves with is committed. Throws {@link
 * StoreBusyError} where waiting may help.
 */
export interface ServerStore {
  /** Creates what the server keeps for itself, and gives rows that have no version one. */
  open(shapes: readonly TableShape[]): Promise<void>;
  /** A page in (updated_at, id) order; undefined for a token that is none of ours. */
  list(shape: TableShape, query: PageQuery, style: PagingStyle, scope: RowScope): Promise<StoredPage | undefined>;
  fetch(shape: TableShape, id: string, scope: RowScope): Promise<WireAnswer>;
  /**
   * Applies writes in order: replay, check, effect and remembered answer of one are one transaction. One that fails
   * leaves the others alone.
   */
  write(
    writes: readonly { readonly shape: TableShape; readonly request: WriteRequest }[],
    context: WriteContext,
  ): Promise<readonly WireAnswer[]>;
  /** Forgets answers and tombstones that are older than these epoch ms. */
  cleanUp(
    shapes: readonly TableShape[],
    before: { readonly answersMs: number; readonly tombstonesMs: number },
  ): Promise<void>;
}

/** The database was in use for too long; the client should come again. */
export class StoreBusyError extends Error {
  override readonly name = 'StoreBusyError';
}
