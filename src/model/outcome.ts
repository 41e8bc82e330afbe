import type { SyncError } from './errors/errors.ts';
import type { JsonObject } from './values/json.ts';
import type { RefusalWords } from './transport.ts';

/** The engine's interpretation of a transport answer, exactly one per request. */
export type Outcome =
  /** The server applied it. `row` is the row in its answer, absent if it sent none. */
  | { readonly type: 'applied'; readonly row?: JsonObject | undefined; readonly version?: string | undefined }
  /**
   * `current` is verified to be the entity's row. `unreadable`: the answer had no row and the fetch failed, so the
   * operation waits.
   */
  | {
      readonly type: 'conflict';
      readonly current: JsonObject | undefined;
      readonly deleted: boolean;
      readonly serverTimestamp: string;
      readonly version?: string | undefined;
      /** The server's explanation, used if this turns out to be a refusal. */
      readonly words?: RefusalWords | undefined;
    }
  /** A definite refusal: closes the request, counts as an attempt, waits for the next run. */
  | { readonly type: 'rejected'; readonly error: SyncError; readonly code: string }
  /** Closes the request, does not count as an attempt, waits for the next run. */
  | { readonly type: 'forbidden'; readonly error: SyncError }
  /** Closes the request; ready again once signed in. */
  | { readonly type: 'authRequired'; readonly error: SyncError }
  /** Closes the request; ready again when the run resumes. */
  | { readonly type: 'throttled'; readonly error: SyncError; readonly retryAfterMs: number | undefined }
  /** The request was provably never sent: closes it, ready again. */
  | { readonly type: 'notSent'; readonly error: SyncError }
  /** The server is unavailable to everybody, or the reply was lost. The same request is resent when the run resumes. */
  | { readonly type: 'unavailable'; readonly error: SyncError; readonly retryAfterMs?: number | undefined }
  /** Only this operation fails. It waits with its own backoff and keeps its request. */
  | { readonly type: 'retryLater'; readonly error: SyncError }
  /** Not an answer of the API, or a conflict without a usable row. Waits for the next run and keeps its request. */
  | { readonly type: 'malformed'; readonly error: SyncError }
  /** Sent long ago without an outcome, and not provably unapplied. Parked until the app decides (F-134). */
  | { readonly type: 'ambiguous'; readonly error: SyncError };

export type OutcomeType = Outcome['type'];
