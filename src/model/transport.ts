import type { JsonObject } from './values/json.ts';
import type { Op } from './operation.ts';

// ── Pull ────────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface PullRequest {
  readonly kind: string;
  /** Server timestamp, verbatim; `1970-01-01T00:00:00.000Z` on a first pull. */
  readonly updatedSince: string;
  readonly pageSize: number;
  /**
   * Token of the previous page. While set, `updatedSince` and `afterId` stay those of the first request of the sequence
   * (F-60).
   */
  readonly pageToken?: string | undefined;
  /** Id of the last row in page order at `updatedSince`; absent on a first pull. */
  readonly afterId?: string | undefined;
  readonly includeDeleted: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** One page in the server's order (updated_at, id). */
export interface PullPage {
  readonly items: readonly JsonObject[];
  readonly nextPageToken?: string | undefined;
  readonly hasMore?: boolean | undefined;
  readonly total?: number | undefined;
  /** The server's own page limit (`X-Page-Limit`). */
  readonly pageLimit?: number | undefined;
  /** How long the server keeps tombstones, in ms. The header `X-Tombstone-Retention` gives seconds. */
  readonly tombstoneRetentionMs?: number | undefined;
  /** Server time minus local time in ms, from the `Date` header. */
  readonly clockOffsetMs?: number | undefined;
  /** Size of the body in bytes, for the limit on buffered pages (I10). */
  readonly bytes?: number | undefined;
}

// ── Push ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The server applied the operation. `serverData` is the stored row, absent if the answer had none. */
export interface PushSuccess {
  readonly type: 'pushSuccess';
  readonly serverData?: JsonObject | undefined;
  readonly serverVersion?: string | undefined;
  readonly clockOffsetMs?: number | undefined;
}
/** The server's own explanation for an operation that it did not take. `fields` maps wire keys to reasons. */
export interface RefusalWords {
  readonly statusCode?: number | undefined;
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly fields?: Readonly<Record<string, string>> | undefined;
}
/**
 * The server's row differs from the version that the operation was based on. Without `serverData`, the engine fetches
 * the row (F-33, F-34). The engine compares the row with what it knows: if the row is still the base of the operation,
 * the answer counts as a refusal with this explanation (F-151).
 */
export interface PushConflict extends RefusalWords {
  readonly type: 'pushConflict';
  readonly serverData?: JsonObject | undefined;
  readonly serverTimestamp?: string | undefined;
  readonly serverVersion?: string | undefined;
  /**
   * The server deleted the entity: the API answered an upsert with 404/410, or returned a tombstone as the current row.
   */
  readonly serverDeleted?: boolean | undefined;
}
/**
 * The API itself reports that the row does not exist (F-22). A delete has then succeeded. An edit becomes the conflict
 * `serverDeleted` once a fetch confirms that the row is gone. A creation counts as refused, because a row that no
 * server ever had cannot have been deleted (F-151).
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
/** 401 after one single-flight refresh of the token. */
export interface PushUnauthorized {
  readonly type: 'pushUnauthorized';
  readonly message: string;
}
/** 429, or 503 with Retry-After. */
export interface PushThrottled {
  readonly type: 'pushThrottled';
  readonly retryAfterMs?: number | undefined;
  /**
   * Defaults to 429, which guarantees that the request was not executed. After a 5xx, as 503 with Retry-After, it may
   * have been executed, so the same request is resent (I2).
   */
  readonly statusCode?: number | undefined;
  readonly message: string;
}
/**
 * The server did not take the request: no connection, 5xx, 408, 425. `dispatched: false`: provably no byte was sent,
 * which closes the request.
 */
export interface PushUnavailable {
  readonly type: 'pushUnavailable';
  readonly dispatched: boolean;
  readonly statusCode?: number | undefined;
  readonly message: string;
  /** True when nothing listens or no route exists. A single such answer ends the push (F-07). */
  readonly noConnection?: boolean | undefined;
}
/**
 * The request was sent and no complete answer came. The server may or may not have applied it. The same request is
 * resent.
 */
export interface PushAmbiguous {
  readonly type: 'pushAmbiguous';
  readonly message: string;
  readonly timedOut?: boolean | undefined;
}
/** A response that does not come from the API: HTML, another id, a batch item without status (F-23, F-88). */
export interface PushMalformed {
  readonly type: 'pushMalformed';
  readonly message: string;
  /**
   * The value thrown on this side. The answer is missing because of a bug in the app's adapter, not because of the
   * server.
   */
  readonly cause?: unknown;
  /** The response was a web page instead of data. */
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

/** The answer to one operation. `opId` is the id of the operation, not of the request. */
export interface OpPushResult {
  readonly opId: string;
  readonly result: PushResult;
}

/**
 * The answers to one `push` in the order of its operations. A missing answer counts as malformed. An unknown one is
 * ignored with a warning (F-04, F-05).
 */
export interface BatchPushResult {
  readonly results: readonly OpPushResult[];
  /** Warnings that belong to no operation, such as answers with unknown ids. */
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
  /** Maximum number of operations per `push`. The engine settles each batch before it sends the next. */
  readonly maxOpsPerPush?: number;
  /** Requests carry `If-Match` / `X-Create-Only`. */
  readonly conditionalWrite?: boolean;
  /**
   * `key`: the server remembers request ids, so resending is safe. `none`: after a lost reply, the engine reads the row
   * before it resends. Default `key`.
   */
  readonly idempotency?: 'key' | 'none';
  /** The server applies relative changes itself (`_deltas`, PROTOCOL §3), so operations carry `deltas`. */
  readonly deltas?: boolean;
}

export interface TransportContext {
  readonly signal?: AbortSignal | undefined;
}
export interface PushContext extends TransportContext {
  /** Called for each answer as soon as it arrives, so that an abort loses no answer (I9). Must not throw. */
  readonly onAnswer?: ((answer: OpPushResult) => void) | undefined;
}

/** The members of an RxJS `Observable` that the engine uses. Any Observable fits. */
export interface Subscribable<T> {
  subscribe(observer: { next(value: T): void; error?(error: unknown): void; complete?(): void }): {
    unsubscribe(): void;
  };
}

/**
 * Everything the engine needs from a backend.
 *
 * `pull` rejects with a `SyncError` (NetworkError, TransportError, AuthError, ParseError). `push` never has two
 * requests of one entity in flight and keeps their order (I3). It answers every operation; unsent ones get
 * `pushUnavailable` with `dispatched: false`. It never rejects because of the server. After an abort it settles within
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
  /** Emits when something changed on the server. The engine then pulls. */
  subscribe?(kinds: readonly string[]): Subscribable<{ readonly kinds: readonly string[] }>;
  readonly capabilities: TransportCapabilities;
}
