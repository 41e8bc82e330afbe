import type { Observable } from 'rxjs';
import type { ConflictResolution, DecideOptions, StoredConflict } from '../../model/conflict.ts';
import type { ResyncReason, SyncEvent } from '../../model/events.ts';
import type { PendingOperation } from '../../model/pending-operation.ts';
import type { Kinds } from '../../model/run.ts';
import type { Diagnosis } from '../../rules/diagnosis/diagnosis.ts';
import type { PullStats, PushStats, SyncStats } from '../../model/values/run-stats.ts';
import type { CursorRepository } from '../../persistence/replica/cursor-repository.ts';
import type { OutboxRepository } from '../../persistence/queue/outbox-repository.ts';
import type { AmendPatch, DiscardedOperation } from '../../persistence/writing/repairs.ts';
import type { QueuedOperation, QueueFilter } from '../../model/queue.ts';
import type { SyncStatus } from '../../model/status.ts';
import type { DataAccess } from './data-access.ts';
import type { AdoptScopeOptions, ClearedScope, ClearScopeOptions } from '../scope/scope-commands.ts';
import type { SyncActor } from '../machine/sync-stream.ts';
import type { WhenPaused } from '../waits/when-paused.ts';

/** `kinds` sets both lists and excludes the other two options; `[]` means none. `signal` ends the wait, not the run. */
export interface SyncOptions {
  readonly kinds?: Kinds | undefined;
  readonly pushKinds?: Kinds | undefined;
  readonly pullKinds?: Kinds | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * Default `wait`: the promise stays pending until `resume()`, and the engine emits `request.deferred`. A pause
   * survives a restart.
   */
  readonly whenPaused?: WhenPaused | undefined;
}

/**
 * `clearData` has the same effect as its absence: rows that the server does not list are removed at the successful end,
 * never before (F-42).
 */
export interface FullResyncOptions {
  readonly kinds?: Kinds | undefined;
  readonly clearData?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** As in {@link SyncOptions}. */
  readonly whenPaused?: WhenPaused | undefined;
}

/** Result of one run. `kindsPushed` and `kindsPulled` are the requested kinds. */
export interface SyncRunResult {
  readonly push: PushStats;
  readonly pull: PullStats;
  readonly stats: SyncStats;
  readonly durationMs: number;
  readonly kindsPushed: Kinds;
  readonly kindsPulled: Kinds;
  readonly stuckOpsCount: number;
  /** The first failure of an operation. */
  readonly firstError?: Error;
  readonly hadErrors: boolean;
  /** Reason of a full resync; absent for other runs. */
  readonly reason?: ResyncReason;
}

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

/** Result of a wait for the queue at call time. Parked and stuck operations count as settled and are listed. */
export interface PushedResult {
  readonly parked: readonly QueuedOperation[];
}

/**
 * The engine façade over the running machine. Its promises reject with a `SyncError` that carries the partial `stats`.
 * Unawaited promises never cause an unhandled rejection.
 */
export interface SyncEngineCore {
  /** The running actor, for inspection and commands. */
  readonly actor: SyncActor;
  /**
   * Reads the stored state and starts working. Never rejects because of the network. Rejects with `DatabaseError` if
   * the database is unusable.
   */
  start(): Promise<void>;
  /**
   * Pushes, resolves conflicts and pulls. Calls share a run only if it covers them. While paused, waits for `resume()`;
   * with `whenPaused: 'reject'`, rejects with `SyncAbortedError`. Throws `TypeError` for `kinds` combined with the
   * other lists.
   */
  sync(options?: SyncOptions): Promise<SyncStats>;
  /** Like `sync`, but returns everything that the run did. */
  syncRun(options?: SyncOptions): Promise<SyncRunResult>;
  /** Pulls everything again and removes rows that the server no longer lists. Treats a pause like `sync`. */
  fullResync(options?: FullResyncOptions): Promise<SyncStats>;
  /** Aborts requests in flight and resolves when nothing runs any more. The pause survives a restart. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /**
   * Ends `authRequired` and resumes pending work. Resolves after the owner check, so that the next
   * `status().scopeChanged` is right (F-143).
   */
  signedIn(): Promise<void>;
  /**
   * Syncs every `interval` ms (default 5 minutes), first after one interval. Reports failures only as events (F-15).
   */
  startAuto(options?: { readonly interval?: number }): void;
  stopAuto(): void;
  /**
   * Decides a parked conflict. Resolves when the decision is stored. Requests a run at once, which applies it. With
   * `expected`, rejects with `ConflictChangedError` if the rows of the conflict have changed since.
   */
  resolveConflict(opId: string, resolution: ConflictResolution, options?: DecideOptions): Promise<void>;
  /** Conflicts that wait for a decision, oldest first. Excludes decided ones. */
  conflicts(): Promise<readonly StoredConflict[]>;
  readonly conflicts$: Observable<readonly StoredConflict[]>;
  /**
   * All stuck operations (F-49): refused too often (`parkedFor: 'stuck'`), or sent once with an unknown result
   * (`'ambiguous'`, F-134).
   */
  getStuckOperations(filter?: QueueFilter): Promise<readonly QueuedOperation[]>;
  /**
   * Resets the attempts of stuck operations and requests a push. Returns their number. Resends ambiguous requests,
   * whatever the result of the first attempt was.
   */
  retryStuckOperations(filter?: QueueFilter): Promise<number>;
  /**
   * Discards stuck operations and restores their rows to the server's state. Returns the number of discarded
   * operations. For a kind in `kinds` whose table no longer exists, discards all operations. `opIds` may also name
   * operations that the server refused and that would be tried again.
   */
  dropStuckOperations(filter?: QueueFilter): Promise<number>;
  /** Explains for every queued operation why it is still queued. */
  explain(): Promise<readonly PendingOperation[]>;
  /**
   * What is wrong, the evidence and the remedies, most important first. Emits the current diagnosis and each change,
   * never an empty list. Has no cost without subscribers.
   */
  readonly diagnosis$: Observable<readonly Diagnosis[]>;
  readonly events$: Observable<SyncEvent>;
  /** Emits the current status first, then each change. */
  readonly status$: Observable<SyncStatus>;
  /** The number of queued operations; includes stuck ones only with `includeStuck`. */
  pending$(options?: QueueFilter & { readonly includeStuck?: boolean }): Observable<number>;
  status(): SyncStatus;
  /**
   * Resolves when no run is active or requested. Does not wait for resolvers that are open at the call, because a
   * resolver may itself call this.
   */
  whenIdle(options?: WaitOptions): Promise<void>;
  /** Resolves when every operation that is queued now has left the queue or is parked. */
  whenPushed(options?: WaitOptions & QueueFilter): Promise<PushedResult>;
  /**
   * After `scope.changed`: keeps the database for the current user and server, including unsent operations. Rejects
   * with `AuthError` if nobody is signed in.
   */
  adoptScope(options?: AdoptScopeOptions): Promise<void>;
  /**
   * After `scope.changed`: ends active runs and empties the database for the current user and server in one
   * transaction. Resolves with the operations that were never applied; `op.discarded` reports each. Rejects with
   * `ValidationError` and changes nothing in two cases: operations are unsent and `{ unsent: 'refuse' }` is given, or
   * rows of an unsynced table reference synced ones.
   */
  clearScope(options?: ClearScopeOptions): Promise<ClearedScope>;
  /**
   * Aborts requests, completes pending writes, releases the lease and ends the streams. Leaves the DataSource open.
   * Idempotent.
   */
  dispose(): Promise<void>;
}

/** The façade with access to the data of its database. */
export interface SyncEngine extends SyncEngineCore, DataAccess {
  readonly outbox: OutboxRepository;
  readonly cursors: CursorRepository;
  /**
   * Changes what a waiting, refused or stuck operation will send (by property name), and the local row. Resets its
   * attempts and requests a push. Rejects with `ValidationError` for an unknown operation, a delete, an open request or
   * an undecided conflict.
   */
  amend(opId: string, patch: AmendPatch): Promise<void>;
  /**
   * Applies the changes of a discarded operation to the current row as a new operation. Resolves with its id, or
   * undefined if nothing is left to change. Rejects with `ValidationError` if {@link discarded} does not list it (it
   * keeps the last `discardHistory`).
   */
  undoDiscard(opId: string): Promise<string | undefined>;
  /** The discarded operations, newest first. */
  discarded(filter?: QueueFilter): Promise<readonly DiscardedOperation[]>;
}
