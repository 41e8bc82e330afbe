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
  | { readonly type: 'sync.started'; readonly phase: SyncPhase }
  | {
      readonly type: 'sync.progress';
      readonly phase: SyncPhase;
      readonly done: number;
      readonly total?: number;
      readonly kind?: string;
    }
  | { readonly type: 'sync.completed'; readonly tookMs: number; readonly stats: SyncStats }
  | {
      readonly type: 'sync.failed';
      readonly phase: SyncPhase | 'fullResync' | 'firstPull' | 'sync';
      readonly kind?: string;
      readonly error: Error;
      readonly errorInfo: SyncErrorInfo;
      readonly stats: SyncStats;
    }
  | { readonly type: 'resync.started'; readonly reason: ResyncReason; readonly kinds: readonly string[] }
  | { readonly type: 'conflict.detected'; readonly conflict: Conflict; readonly strategy: ConflictStrategy }
  | {
      readonly type: 'conflict.merged';
      readonly conflict: Conflict;
      readonly localFields: readonly string[];
      readonly serverFields: readonly string[];
      readonly mergedData: JsonObject;
    }
  | {
      readonly type: 'conflict.resolved';
      readonly conflict: Conflict;
      readonly resolution: ConflictResolution;
      readonly resultData?: JsonObject;
      readonly givenUp?: readonly GivenUp[];
    }
  | { readonly type: 'conflict.unresolved'; readonly conflict: Conflict; readonly reason: string }
  | { readonly type: 'cache.updated'; readonly kind: string; readonly upserts: number; readonly deletes: number }
  | (OpRef & { readonly type: 'op.pushed'; readonly operationType: OpType })
  | (OpRef & {
      readonly type: 'op.failed';
      readonly error: Error;
      readonly errorInfo: SyncErrorInfo;
      readonly willRetry: boolean;
    })
  | (OpRef & {
      readonly type: 'op.stuck';
      readonly tryCount: number;
      readonly error: Error;
      readonly errorInfo: SyncErrorInfo;
    })
  | (OpRef & { readonly type: 'op.discarded'; readonly reason: DiscardReason; readonly givenUp: readonly GivenUp[] })
  | { readonly type: 'row.quarantined'; readonly kind: string; readonly id?: string; readonly error: Error }
  /**
   * A page had rows that are older than what is known here; they were left out. A list that lags behind brings such
   * rows for some seconds. Where they keep coming, the server has probably been restored from a backup, and a full
   * resync takes its rows (F-157, F-161). `ids`: the first 20.
   */
  | { readonly type: 'rows.ignored'; readonly kind: string; readonly count: number; readonly ids: readonly string[] }
  | { readonly type: 'page.pulled'; readonly kind: string; readonly pageSize: number; readonly totalDone: number }
  | {
      readonly type: 'batch.pushed';
      readonly batchSize: number;
      readonly successCount: number;
      readonly errorCount: number;
      readonly conflictCount: number;
    }
  | {
      readonly type: 'backoff.scheduled';
      readonly attempt: number;
      readonly delayMs: number;
      readonly retryAt: number | undefined;
      readonly cause: SyncErrorInfo;
    }
  | { readonly type: 'session.authRequired' }
  | { readonly type: 'session.signedIn' }
  | { readonly type: 'network.online' }
  | { readonly type: 'network.offline' }
  | { readonly type: 'engine.paused' }
  | { readonly type: 'engine.resumed' }
  | { readonly type: 'engine.stopped' }
  | { readonly type: 'request.deferred'; readonly because: 'paused' | 'starting' }
  | { readonly type: 'request.refused'; readonly because: 'authRequired' | 'stopped' }
  | { readonly type: 'scope.changed' }
  | { readonly type: 'pages.unsorted'; readonly kind: string }
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
