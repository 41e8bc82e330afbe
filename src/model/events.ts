import type { Conflict, ConflictResolution, ConflictStrategy } from './conflict.ts';
import type { SyncErrorInfo } from './errors/errors.ts';
import type { SyncPhase } from './errors/failure.ts';
import type { Delta } from './values/delta.ts';
import type { JsonObject } from './values/json.ts';
import type { OpType } from './operation.ts';
import type { SyncStats } from './values/run-stats.ts';

interface OpRef {
  readonly opId: string;
  readonly kind: string;
  readonly entityId: string;
}

/** What happened, emitted after the commit. The bridge adds {@link EventStamp}, because the chart has no clock. */
export type SyncFact =
  /** A run, or one phase of it, begins. */
  | { readonly type: 'sync.started'; readonly phase: SyncPhase }
  /** Progress of a phase. `total` is present only if known. */
  | {
      readonly type: 'sync.progress';
      readonly phase: SyncPhase;
      readonly done: number;
      readonly total?: number;
      readonly kind?: string;
    }
  /** A run succeeded. */
  | { readonly type: 'sync.completed'; readonly tookMs: number; readonly stats: SyncStats }
  /** A run, or one table of it, failed. `stats` counts what it did before. */
  | {
      readonly type: 'sync.failed';
      readonly phase: SyncPhase | 'fullResync' | 'firstPull' | 'sync';
      readonly kind?: string;
      readonly error: Error;
      readonly errorInfo: SyncErrorInfo;
      readonly stats: SyncStats;
    }
  /** A full listing of these tables begins. */
  | { readonly type: 'resync.started'; readonly reason: ResyncReason; readonly kinds: readonly string[] }
  /** The server changed a row that was also edited on this device. */
  | { readonly type: 'conflict.detected'; readonly conflict: Conflict; readonly strategy: ConflictStrategy }
  /** A strategy or a merge function merged the two rows. The engine sends the merged row next. */
  | {
      readonly type: 'conflict.merged';
      readonly conflict: Conflict;
      readonly localFields: readonly string[];
      readonly serverFields: readonly string[];
      readonly mergedData: JsonObject;
    }
  /** A conflict is resolved. `givenUp` holds what the decision discarded. */
  | {
      readonly type: 'conflict.resolved';
      readonly conflict: Conflict;
      readonly resolution: ConflictResolution;
      readonly resultData?: JsonObject;
      readonly givenUp?: readonly GivenUp[];
    }
  /** A conflict waits for a decision. Its row is held back; all other rows continue. */
  | { readonly type: 'conflict.unresolved'; readonly conflict: Conflict; readonly reason: string }
  /** Rows of a table changed in the local database because the server changed them. */
  | { readonly type: 'cache.updated'; readonly kind: string; readonly upserts: number; readonly deletes: number }
  /** The server has applied an operation. */
  | (OpRef & { readonly type: 'op.pushed'; readonly operationType: OpType })
  /** One attempt to send an operation failed. `willRetry` is true if the engine resends it automatically. */
  | (OpRef & {
      readonly type: 'op.failed';
      readonly error: Error;
      readonly errorInfo: SyncErrorInfo;
      readonly willRetry: boolean;
    })
  /** An operation used all its attempts. It waits for somebody to act. */
  | (OpRef & {
      readonly type: 'op.stuck';
      readonly tryCount: number;
      readonly error: Error;
      readonly errorInfo: SyncErrorInfo;
    })
  /** An operation left the queue without being applied. `givenUp` holds the lost data. */
  | (OpRef & { readonly type: 'op.discarded'; readonly reason: DiscardReason; readonly givenUp: readonly GivenUp[] })
  /** The table cannot store a row of the server. The engine keeps the row and retries it. */
  | { readonly type: 'row.quarantined'; readonly kind: string; readonly id?: string; readonly error: Error }
  /**
   * A page contained rows older than the known versions; the engine skipped them. Lagging lists return such rows for a
   * few seconds. If they keep coming, the server was probably restored from a backup; a full resync then takes its rows
   * (F-157, F-161). `ids`: the first 20.
   */
  | { readonly type: 'rows.ignored'; readonly kind: string; readonly count: number; readonly ids: readonly string[] }
  /** A page of a pull is stored, together with its cursor. */
  | { readonly type: 'page.pulled'; readonly kind: string; readonly pageSize: number; readonly totalDone: number }
  /** The answers to a batch of requests are stored. */
  | {
      readonly type: 'batch.pushed';
      readonly batchSize: number;
      readonly successCount: number;
      readonly errorCount: number;
      readonly conflictCount: number;
    }
  /** The engine waits before the next attempt. `retryAt` is epoch ms. */
  | {
      readonly type: 'backoff.scheduled';
      readonly attempt: number;
      readonly delayMs: number;
      readonly retryAt: number | undefined;
      readonly cause: SyncErrorInfo;
    }
  /** The server rejects the token and the refreshed one. The engine sends nothing until the app reports a sign-in. */
  | { readonly type: 'session.authRequired' }
  /** The app reported a sign-in. */
  | { readonly type: 'session.signedIn' }
  /** The network is back. */
  | { readonly type: 'network.online' }
  /** The network is gone. */
  | { readonly type: 'network.offline' }
  /** The engine is paused. The pause survives a restart. */
  | { readonly type: 'engine.paused' }
  /** The engine continues after a pause. */
  | { readonly type: 'engine.resumed' }
  /** The engine has stopped. */
  | { readonly type: 'engine.stopped' }
  /** A call of `sync()` or `fullResync()` waits until the engine may run. */
  | { readonly type: 'request.deferred'; readonly because: 'paused' | 'starting' }
  /** A call of `sync()` or `fullResync()` was rejected. */
  | { readonly type: 'request.refused'; readonly because: 'authRequired' | 'stopped' }
  /** The database belongs to another account. The engine sends nothing until the app adopts or clears it. */
  | { readonly type: 'scope.changed' }
  /**
   * The pages of a table are not sorted by time and id. The cursor moves to the newest row of the page. The engine
   * rejects pages that are far out of order.
   */
  | { readonly type: 'pages.unsorted'; readonly kind: string }
  /** The transport or the server misbehaved. The message says how. */
  | { readonly type: 'transport.warning'; readonly message: string }
  /**
   * The current run made no progress for `stallAfterMs`. `operations` lists the operations it claimed. The engine only
   * reports this and takes no action.
   */
  | {
      readonly type: 'run.stalled';
      readonly phase: string;
      readonly stalledMs: number;
      readonly operations: readonly OpRef[];
    }
  /**
   * The engine continues, but somebody should know. Either something that should survive a restart (a wait, a pause)
   * could not be stored. Or the start found a problem: rows that are never sent, a UNIQUE that sees deleted rows, or a
   * SQLite version that may damage the file.
   */
  | { readonly type: 'store.warning'; readonly message: string };

/**
 * Why a full resync runs: on request (`manual`), because a table's `version` rose (`schema`), because it was due
 * (`scheduled`), or because these tables were never pulled (`first`).
 */
export type ResyncReason = 'manual' | 'schema' | 'scheduled' | 'first';

/** Why an operation left the outbox unapplied. */
export type DiscardReason =
  | 'acceptServer'
  | 'discard'
  | 'dropped'
  | 'foldedAway'
  | 'serverDeleted'
  | 'skipped'
  | 'purged'
  | 'scopeCleared';

/** The data lost with an operation, as wire JSON. */
export interface GivenUp extends OpRef {
  readonly operationType: OpType;
  readonly data: JsonObject;
  readonly changedFields?: readonly string[];
  readonly deltas?: readonly Delta[];
}

export interface EventStamp {
  /** Epoch ms, by the engine's clock. */
  readonly at: number;
  readonly runId?: number;
}

export type SyncEvent = SyncFact & EventStamp;
export type SyncEventType = SyncEvent['type'];
