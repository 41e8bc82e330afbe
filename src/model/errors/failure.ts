/**
 * Why a step of a run failed, reduced to what the chart must decide on. `at` is the edge's clock (epoch ms): the chart
 * knows no time.
 */
export type SyncFailure = {
  readonly message: string;
  readonly at?: number /** For the promise and the log; lost when a snapshot is serialised. */;
  readonly cause?: unknown;
} /** No connection, or the server fails for everybody: backs off and tries again. */ & (
  | { readonly type: 'unavailable' }
  /** The server asked to wait. */
  | { readonly type: 'throttled'; readonly retryAfterMs: number }
  /** The token is not accepted; ends the run and the session. */
  | { readonly type: 'authRequired' }
  /** One kind fails alone; the others go on. */
  | { readonly type: 'kindFailed'; readonly kind: string; readonly phase: SyncPhase }
  /** Another tab or process holds the lease now; what was received is discarded. */
  | { readonly type: 'leaseLost' }
  /** The database belongs to another user or server; nothing is sent until the app decides (F-143). */
  | { readonly type: 'scopeChanged' }
  /** The database is busy or gave an error that may pass; the step is tried again. */
  | { readonly type: 'storeBusy' }
  /** The database is unusable: tables missing, disk full, file corrupt. */
  | { readonly type: 'storeFailed' }
  /** Answers that are not the API's (captive portal, wrong base path), or a bug: ends the run. */
  | { readonly type: 'fatal' }
  /** STOP ended the wait; told to promises only, no actor fails so. */
  | { readonly type: 'stopped' }
);

export type SyncPhase = 'push' | 'pull';

/** What actors reject with; anything else is taken for `fatal`. */
export class SyncStepError extends Error {
  override readonly name = 'SyncStepError';

  constructor(
    readonly failure: SyncFailure,
    options?: ErrorOptions,
  ) {
    super(failure.message, options);
  }
}

/** Total: whatever was thrown becomes exactly one failure. */
export const toSyncFailure = (thrown: unknown): SyncFailure =>
  thrown instanceof SyncStepError
    ? thrown.failure
    : { type: 'fatal', message: thrown instanceof Error ? thrown.message : String(thrown), cause: thrown };
