import type { SyncError } from './errors/errors.ts';
import type { JsonObject } from './values/json.ts';
import type { RefusalWords } from './transport.ts';

/** What every transport answer becomes, exactly one per request. */
export type Outcome =
  /** The server has it; `row` is its answer, absent when it sent none. */
  | { readonly type: 'applied'; readonly row?: JsonObject | undefined; readonly version?: string | undefined }
  /**
   * `current` is verified to be the entity's row. `unreadable`: the answer had none and a fetch failed; the operation
   * waits.
   */
  | {
      readonly type: 'conflict';
      readonly current: JsonObject | undefined;
      readonly deleted: boolean;
      readonly serverTimestamp: string;
      readonly version?: string | undefined;
      /** What the server said with it, should it turn out to be a refusal. */
      readonly words?: RefusalWords | undefined;
    }
  /** A definite refusal: closes the request, counts a try, waits for the next run. */
  | { readonly type: 'rejected'; readonly error: SyncError; readonly code: string }
  /** Closes the request, is not counted, waits for the next run. */
  | { readonly type: 'forbidden'; readonly error: SyncError }
  /** Closes the request; ready again once signed in. */
  | { readonly type: 'authRequired'; readonly error: SyncError }
  /** Closes the request; ready again when the run resumes. */
  | { readonly type: 'throttled'; readonly error: SyncError; readonly retryAfterMs: number | undefined }
  /** Provably never dispatched: closes the request, ready again. */
  | { readonly type: 'notSent'; readonly error: SyncError }
  /** Everybody fails, or the reply was lost: the same request is sent again when the run resumes. */
  | { readonly type: 'unavailable'; readonly error: SyncError; readonly retryAfterMs?: number | undefined }
  /** This operation alone fails: waits with its own backoff, keeps its request. */
  | { readonly type: 'retryLater'; readonly error: SyncError }
  /** An answer that is not the API's, or a conflict without usable row: waits for the next run, keeps its request. */
  | { readonly type: 'malformed'; readonly error: SyncError }
  /** Sent long ago without outcome, and cannot be proven unapplied: parked until the app decides (F-134). */
  | { readonly type: 'ambiguous'; readonly error: SyncError };

export type OutcomeType = Outcome['type'];
