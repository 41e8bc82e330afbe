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

/** What happened, after it was committed. The bridge adds {@link EventStamp}: the chart has no clock. */
export type SyncFact =
  /** A run, or one phase of it, begins. */
  | { readonly type: 'sync.started'; readonly phase: SyncPhase }
  /** How far a phase is. `total` is there only where somebody knows it. */
  | {
      readonly type: 'sync.progress';
      readonly phase: SyncPhase;
      readonly done: number;
      readonly total?: number;
      readonly kind?: string;
    }
  /** A run ended well. */
  | { readonly type: 'sync.completed'; readonly tookMs: number; readonly stats: SyncStats }
  /** A run, or one table of it, failed. `stats` holds what it had done before. */
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
  /** The server has changed a row that was edited here. */
  | { readonly type: 'conflict.detected'; readonly conflict: Conflict; readonly strategy: ConflictStrategy }
  /** A strategy or a merge function has merged the two rows. The merged row is sent next. */
  | {
      readonly type: 'conflict.merged';
      readonly conflict: Conflict;
      readonly localFields: readonly string[];
      readonly serverFields: readonly string[];
      readonly mergedData: JsonObject;
    }
  /** A conflict is over. `givenUp` holds what the decision discarded. */
  | {
      readonly type: 'conflict.resolved';
      readonly conflict: Conflict;
      readonly resolution: ConflictResolution;
      readonly resultData?: JsonObject;
      readonly givenUp?: readonly GivenUp[];
    }
  /** Nobody has decided a conflict. Its row waits; all others go on. */
  | { readonly type: 'conflict.unresolved'; readonly conflict: Conflict; readonly reason: string }
  /** Rows of a table changed in the local database because the server changed them. */
  | { readonly type: 'cache.updated'; readonly kind: string; readonly upserts: number; readonly deletes: number }
  /** The server has applied an operation. */
  | (OpRef & { readonly type: 'op.pushed'; readonly operationType: OpType })
  /** One try of an operation failed. `willRetry` is true where the engine sends it again by itself. */
  | (OpRef & {
      readonly type: 'op.failed';
      readonly error: Error;
      readonly errorInfo: SyncErrorInfo;
      readonly willRetry: boolean;
    })
  /** The tries of an operation are used up. It waits for a person. */
  | (OpRef & {
      readonly type: 'op.stuck';
      readonly tryCount: number;
      readonly error: Error;
      readonly errorInfo: SyncErrorInfo;
    })
  /** An operation left the queue and was not applied. `givenUp` holds what is lost. */
  | (OpRef & { readonly type: 'op.discarded'; readonly reason: DiscardReason; readonly givenUp: readonly GivenUp[] })
  /** The table cannot store a row of the server. The engine keeps the row and tries it again. */
  | { readonly type: 'row.quarantined'; readonly kind: string; readonly id?: string; readonly error: Error }
  /**
   * A page had rows that are older than what is known here; they were left out. A list that lags behind brings such
   * rows for some seconds. Where they keep coming, the server has probably been restored from a backup, and a full
   * resync takes its rows (F-157, F-161). `ids`: the first 20.
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
  /** The engine waits before it tries again. `retryAt` is the time, epoch ms. */
  | {
      readonly type: 'backoff.scheduled';
      readonly attempt: number;
      readonly delayMs: number;
      readonly retryAt: number | undefined;
      readonly cause: SyncErrorInfo;
    }
  /** The server does not accept the token, nor a refreshed one. Nothing is sent until the app reports a sign-in. */
  | { readonly type: 'session.authRequired' }
  /** The app has reported a sign-in. */
  | { readonly type: 'session.signedIn' }
  /** The network is back. */
  | { readonly type: 'network.online' }
  /** The network is gone. */
  | { readonly type: 'network.offline' }
  /** The engine is paused. The database remembers it. */
  | { readonly type: 'engine.paused' }
  /** The engine goes on after a pause. */
  | { readonly type: 'engine.resumed' }
  /** The engine has ended. */
  | { readonly type: 'engine.stopped' }
  /** A call of `sync()` or `fullResync()` waits until the engine may work. */
  | { readonly type: 'request.deferred'; readonly because: 'paused' | 'starting' }
  /** A call of `sync()` or `fullResync()` was rejected. */
  | { readonly type: 'request.refused'; readonly because: 'authRequired' | 'stopped' }
  /** The database belongs to another account. Nothing is sent until the app adopts or clears it. */
  | { readonly type: 'scope.changed' }
  /** The pages of a table are not sorted by time and id. The cursor moves to the newest row of the page; pages that are far out of order are refused. */
  | { readonly type: 'pages.unsorted'; readonly kind: string }
  /** The transport or the server did something that it should not do. The message says what. */
  | { readonly type: 'transport.warning'; readonly message: string }
  /**
   * The run under way has not moved for `stallAfterMs`; `operations` are those it has claimed. An observation: the
   * engine does nothing about it.
   */
  | {
      readonly type: 'run.stalled';
      readonly phase: string;
      readonly stalledMs: number;
      readonly operations: readonly OpRef[];
    }
  /**
   * The engine goes on, and somebody should know: something that should survive a restart (a wait, a pause) could not
   * be stored; or, at the start, a table will not do what its owner thinks (rows that are never sent, a UNIQUE that
   * sees deleted rows), or this version of SQLite may damage the file.
   */
  | { readonly type: 'store.warning'; readonly message: string };

/**
 * Why everything is pulled: somebody asked, a table's `version` rose, its time had come, or these tables were never
 * pulled before (`first`).
 */
export type ResyncReason = 'manual' | 'schema' | 'scheduled' | 'first';

/** Why an operation left the outbox without being applied. */
export type DiscardReason =
  | 'acceptServer'
  | 'discard'
  | 'dropped'
  | 'foldedAway'
  | 'serverDeleted'
  | 'skipped'
  | 'purged'
  | 'scopeCleared';

/** What is lost with an operation, as wire JSON. */
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
