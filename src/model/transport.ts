import type { JsonObject } from './values/json.ts';
import type { Op } from './operation.ts';

// ── Pull ────────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface PullRequest {
  readonly kind: string;
  /** Server timestamp, verbatim; `1970-01-01T00:00:00.000Z` on a first pull. */
  readonly updatedSince: string;
  readonly pageSize: number;
  /**
   * Token of the page before; while it is set, `updatedSince` and `afterId` stay those of the sequence's first request
   * (F-60).
   */
  readonly pageToken?: string | undefined;
  /** Id of the last row in page order at `updatedSince`; absent on a first pull. */
  readonly afterId?: string | undefined;
  readonly includeDeleted: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** One page, sorted by (updated_at, id) as the server orders them. */
export interface PullPage {
  readonly items: readonly JsonObject[];
  readonly nextPageToken?: string | undefined;
  readonly hasMore?: boolean | undefined;
  readonly total?: number | undefined;
  /** The server's own page limit (`X-Page-Limit`). */
  readonly pageLimit?: number | undefined;
  /** How long the server keeps tombstones, in ms. The header `X-Tombstone-Retention` says it in seconds. */
  readonly tombstoneRetentionMs?: number | undefined;
  /** Server time minus local time, from the `Date` header. */
  readonly clockOffsetMs?: number | undefined;
  /** Size of the body, for the bound on buffered pages (I10). */
  readonly bytes?: number | undefined;
}

// ── Push ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The server has it. `serverData` is the row as stored there, absent when it answered without one. */
export interface PushSuccess {
  readonly type: 'pushSuccess';
  readonly serverData?: JsonObject | undefined;
  readonly serverVersion?: string | undefined;
  readonly clockOffsetMs?: number | undefined;
}
/** What a server said about an operation that it did not take, in its own words. `fields` maps wire keys to reasons. */
export interface RefusalWords {
  readonly statusCode?: number | undefined;
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly fields?: Readonly<Record<string, string>> | undefined;
}
/**
 * The server's row is not the one the operation was based on. No `serverData`: the answer had no usable row, fetch it
 * (F-33, F-34). The engine checks this against what it knows: when the row is still the one the operation was made on,
 * the answer counts as a refusal with the words given here (F-151).
 */
export interface PushConflict extends RefusalWords {
  readonly type: 'pushConflict';
  readonly serverData?: JsonObject | undefined;
  readonly serverTimestamp?: string | undefined;
  readonly serverVersion?: string | undefined;
  /** The server deleted the entity: 404/410 of the API on an upsert, or a tombstone as the current row. */
  readonly serverDeleted?: boolean | undefined;
}
/**
 * The API itself says that the row does not exist (F-22). A delete has succeeded. An edit is the conflict
 * `serverDeleted` once a fetch confirms that the row is gone. A creation is refused: a row that no server ever had
 * cannot have been deleted (F-151).
 */
export interface PushNotFound extends RefusalWords {
  readonly type: 'pushNotFound';
  readonly statusCode: number;
}
/** A definite refusal of this operation. */
export interface PushRejected extends RefusalWords {
  readonly type: 'pushRejected';
  readonly message: string;
}
export interface PushForbidden {
  readonly type: 'pushForbidden';
  readonly message: string;
  readonly code?: string | undefined;
  readonly fields?: Readonly<Record<string, string>> | undefined;
}
/** 401 after one single-flight refresh. */
export interface PushUnauthorized {
  readonly type: 'pushUnauthorized';
  readonly message: string;
}
/** 429, or 503 with Retry-After. */
export interface PushThrottled {
  readonly type: 'pushThrottled';
  readonly retryAfterMs?: number | undefined;
  /**
   * Default 429, which was not done. After a 5xx, as 503 with Retry-After, it may have been done all the same: the same
   * request is sent again (I2).
   */
  readonly statusCode?: number | undefined;
  readonly message: string;
}
/**
 * Not taken by the server: no connection, 5xx, 408, 425. `dispatched: false`: provably no byte left, which closes the
 * request.
 */
export interface PushUnavailable {
  readonly type: 'pushUnavailable';
  readonly dispatched: boolean;
  readonly statusCode?: number | undefined;
  readonly message: string;
  /** True when nothing listens or no route exists: one is enough to end the push (F-07). */
  readonly noConnection?: boolean | undefined;
}
/** Sent, and no complete answer came: the server may or may not have applied it. The same request is sent again. */
export interface PushAmbiguous {
  readonly type: 'pushAmbiguous';
  readonly message: string;
  readonly timedOut?: boolean | undefined;
}
/** An answer that is not the API's: HTML, another id, a batch item without status (F-23, F-88). */
export interface PushMalformed {
  readonly type: 'pushMalformed';
  readonly message: string;
  /**
   * What was thrown on this side: the answer is missing because of a bug in the app's adapter, not because of the
   * server.
   */
  readonly cause?: unknown;
  /** A web page came instead of data. */
  readonly isHtml?: true | undefined;
}

export type PushResult =
  | PushSuccess
  | PushConflict
  | PushNotFound
  | PushRejected
  | PushForbidden
  | PushUnauthorized
  | PushThrottled
  | PushUnavailable
  | PushAmbiguous
  | PushMalformed;

export const pushSuccess = (parts: Omit<PushSuccess, 'type'> = {}): PushSuccess => ({ type: 'pushSuccess', ...parts });
export const pushConflict = (parts: Omit<PushConflict, 'type'> = {}): PushConflict => ({
  type: 'pushConflict',
  ...parts,
});
export const pushNotFound = (statusCode = 404, words: Omit<RefusalWords, 'statusCode'> = {}): PushNotFound => ({
  type: 'pushNotFound',
  ...words,
  statusCode,
});
export const pushRejected = (parts: Omit<PushRejected, 'type'>): PushRejected => ({ type: 'pushRejected', ...parts });
export const pushForbidden = (message = 'forbidden'): PushForbidden => ({ type: 'pushForbidden', message });
export const pushUnauthorized = (message = 'unauthorized'): PushUnauthorized => ({ type: 'pushUnauthorized', message });
export const pushThrottled = (
  parts: Omit<PushThrottled, 'type' | 'message'> & { message?: string } = {},
): PushThrottled => ({
  type: 'pushThrottled',
  message: 'too many requests',
  ...parts,
});
export const pushUnavailable = (parts: Omit<PushUnavailable, 'type'>): PushUnavailable => ({
  type: 'pushUnavailable',
  ...parts,
});
export const pushAmbiguous = (parts: Omit<PushAmbiguous, 'type'>): PushAmbiguous => ({
  type: 'pushAmbiguous',
  ...parts,
});
export const pushMalformed = (message: string, cause?: unknown): PushMalformed => ({
  type: 'pushMalformed',
  message,
  ...(cause === undefined ? {} : { cause }),
});

/** The answer to one operation. `opId` is the operation's own, not the request's. */
export interface OpPushResult {
  readonly opId: string;
  readonly result: PushResult;
}

/**
 * The answers to one `push`, in the order of its operations. Missing ones count as malformed, unknown ones are ignored
 * with a warning (F-04, F-05).
 */
export interface BatchPushResult {
  readonly results: readonly OpPushResult[];
  /** Things worth a warning that belong to no operation, as answers with unknown ids. */
  readonly warnings?: readonly string[] | undefined;
}

export const isSuccess = (answer: OpPushResult): boolean => answer.result.type === 'pushSuccess';
export const isConflict = (answer: OpPushResult): boolean => answer.result.type === 'pushConflict';
export const isNotFound = (answer: OpPushResult): boolean => answer.result.type === 'pushNotFound';
export const isError = (answer: OpPushResult): boolean =>
  !isSuccess(answer) && !isConflict(answer) && !isNotFound(answer);

// ── Fetch ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export type FetchResult =
  | { readonly type: 'fetchSuccess'; readonly data: JsonObject; readonly version?: string | undefined }
  | { readonly type: 'fetchNotFound' }
  | { readonly type: 'fetchError'; readonly error: unknown };

export const fetchSuccess = (data: JsonObject, version?: string): FetchResult =>
  version === undefined ? { type: 'fetchSuccess', data } : { type: 'fetchSuccess', data, version };
export const fetchNotFound = (): FetchResult => ({ type: 'fetchNotFound' });
export const fetchError = (error: unknown): FetchResult => ({ type: 'fetchError', error });

// ── Adapter ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface TransportCapabilities {
  /** Several operations go in one request. */
  readonly batch?: boolean;
  /** The most operations worth handing over at once; each answered hand-over is settled before the next. */
  readonly maxOpsPerPush?: number;
  /** Requests carry `If-Match` / `X-Create-Only`. */
  readonly conditionalWrite?: boolean;
  /**
   * `key`: the server remembers request ids, re-sending is safe. `none`: a lost reply must be looked into before
   * re-sending. Default `key`.
   */
  readonly idempotency?: 'key' | 'none';
  /** The server applies relative changes itself (`_deltas`, PROTOCOL §3): operations come with `deltas`. */
  readonly deltas?: boolean;
}

export interface TransportContext {
  readonly signal?: AbortSignal | undefined;
}
export interface PushContext extends TransportContext {
  /** Called for each answer as soon as it is there, so that an abort loses none of them (I9). Must not throw. */
  readonly onAnswer?: ((answer: OpPushResult) => void) | undefined;
}

/** The few members of an RxJS `Observable` that the engine uses; any Observable fits. */
export interface Subscribable<T> {
  subscribe(observer: { next(value: T): void; error?(error: unknown): void; complete?(): void }): {
    unsubscribe(): void;
  };
}

/**
 * Everything the engine asks of a backend.
 *
 * `pull` rejects with a `SyncError` (NetworkError, TransportError, AuthError, ParseError). `push` never has two
 * requests of one entity in flight and keeps their order (I3), answers every operation (those it did not send as
 * `pushUnavailable` with `dispatched: false`) and rejects for nothing a server can do. After an abort it settles within
 * 50 ms. `health` never rejects.
 */
export interface TransportAdapter {
  pull(request: PullRequest): Promise<PullPage>;
  push(ops: readonly Op[], context: PushContext): Promise<BatchPushResult>;
  forcePush(op: Op, context: PushContext): Promise<PushResult>;
  fetch(request: {
    readonly kind: string;
    readonly id: string;
    readonly signal?: AbortSignal | undefined;
  }): Promise<FetchResult>;
  health(context: TransportContext): Promise<boolean>;
  /** Pokes when something changed on the server; the engine answers with a pull. */
  subscribe?(kinds: readonly string[]): Subscribable<{ readonly kinds: readonly string[] }>;
  readonly capabilities: TransportCapabilities;
}
