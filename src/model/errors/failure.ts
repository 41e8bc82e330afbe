/**
 * Why a step of a run failed, reduced to what the chart decides on. The edge's clock gives `at` (epoch ms), because the
 * chart has no clock.
 */
export type SyncFailure = {
  readonly message: string;
  readonly at?: number /** For the promise and the log; lost when a snapshot is serialised. */;
  readonly cause?: unknown;
} /** No connection, or the server fails for everybody: backs off and tries again. */ & (
  | { readonly type: 'unavailable' }
  /** The server asked to wait. */
  | { readonly type: 'throttled'; readonly retryAfterMs: number }
  /** The server rejects the token; ends the run and the session. */
  | { readonly type: 'authRequired' }
  /** One kind fails; the others continue. */
  | { readonly type: 'kindFailed'; readonly kind: string; readonly phase: SyncPhase }
  /** Another tab or process now holds the lease. Received data is discarded. */
  | { readonly type: 'leaseLost' }
  /** The database belongs to another user or server. Nothing is sent until the app decides (F-143). */
  | { readonly type: 'scopeChanged' }
  /** The database is busy or reports a transient error; the step is retried. */
  | { readonly type: 'storeBusy' }
  /** The database is unusable: tables are missing, the disk is full, or the file is corrupt. */
  | { readonly type: 'storeFailed' }
  /** Responses from something other than the API (captive portal, wrong base path), or a bug. Ends the run. */
  | { readonly type: 'fatal' }
  /** STOP ended the wait. Only waiting promises receive it; no actor fails with it. */
  | { readonly type: 'stopped' }
);

export type SyncPhase = 'push' | 'pull';

/** The error that actors reject with. Anything else counts as `fatal`. */
export class SyncStepError extends Error {
  override readonly name = 'SyncStepError';

  constructor(
    readonly failure: SyncFailure,
    options?: ErrorOptions,
  ) {
    super(failure.message, options);
  }
}

/** Turns any thrown value into exactly one failure. Never throws. */
export const toSyncFailure = (thrown: unknown): SyncFailure =>
  thrown instanceof SyncStepError
    ? thrown.failure
    : { type: 'fatal', message: thrown instanceof Error ? thrown.message : String(thrown), cause: thrown };
