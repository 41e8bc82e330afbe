import type { Observable } from 'rxjs';
import type { ConflictResolution, StoredConflict } from '../../model/conflict.ts';
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

/** `kinds` sets both lists and goes with neither of them; `[]` means none. `signal` ends the wait, not the run. */
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
 * `clearData` says the same as leaving it out: rows the server does not list are removed at the successful end, never
 * before (F-42).
 */
export interface FullResyncOptions {
  readonly kinds?: Kinds | undefined;
  readonly clearData?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** As for `sync`. */
  readonly whenPaused?: WhenPaused | undefined;
}

/** What one run did. `kindsPushed` and `kindsPulled` are what was asked for. */
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
  /** Why it was a full resync; absent when it was none. */
  readonly reason?: ResyncReason;
}

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

/** What was queued at call time has left the queue, except these: parked and stuck operations count as settled. */
export interface PushedResult {
  readonly parked: readonly QueuedOperation[];
}

/**
 * The façade over the running machine. Its promises reject with a `SyncError` that carries the partial `stats`; a
 * promise that nobody looks at harms nobody.
 */
export interface SyncEngineCore {
  /** The running actor: inspect it, send commands. */
  readonly actor: SyncActor;
  /**
   * Hydrates and begins. Never rejects because of the network; rejects with a `DatabaseError` where the database is
   * unusable.
   */
  start(): Promise<void>;
  /**
   * Pushes, resolves conflicts and pulls. Calls share a run only if it covers them. While paused it waits for
   * `resume()`, or with `whenPaused: 'reject'` rejects with `SyncAbortedError`. Throws `TypeError` for `kinds` beside
   * the other lists.
   */
  sync(options?: SyncOptions): Promise<SyncStats>;
  /** As `sync`, with everything that the run did. */
  syncRun(options?: SyncOptions): Promise<SyncRunResult>;
  /** Pulls everything anew and removes what the server no longer lists. While paused it does as `sync`. */
  fullResync(options?: FullResyncOptions): Promise<SyncStats>;
  /** Aborts what is in flight and resolves when nothing runs any more; survives a restart. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /**
   * Ends `authRequired`; what waited goes on. Resolves when it is known whose the database is: `status().scopeChanged`
   * says it (F-143).
   */
  signedIn(): Promise<void>;
  /** Syncs every `interval` ms (default 5 minutes), first after one interval. Failures are events only (F-15). */
  startAuto(options?: { readonly interval?: number }): void;
  stopAuto(): void;
  /**
   * Decides a parked conflict. Resolves when the decision is stored; the next run applies it, and is asked for at once.
   */
  resolveConflict(opId: string, resolution: ConflictResolution): Promise<void>;
  /** Conflicts that wait for a decision, oldest first. One that is decided is listed no more. */
  conflicts(): Promise<readonly StoredConflict[]>;
  readonly conflicts$: Observable<readonly StoredConflict[]>;
  /**
   * All of them (F-49): refused too often (`parkedFor: 'stuck'`), or sent once without a proof of what came of it
   * (`'ambiguous'`, F-134).
   */
  getStuckOperations(filter?: QueueFilter): Promise<readonly QueuedOperation[]>;
  /**
   * Resets their tries and asks for a push; answers how many. An ambiguous request is sent again, whatever became of
   * the first time.
   */
  retryStuckOperations(filter?: QueueFilter): Promise<number>;
  /**
   * Gives them up and puts their rows to the server's state; answers how many operations left. Of a kind that is named
   * in `kinds` and has no table any more, all operations go.
   */
  dropStuckOperations(filter?: QueueFilter): Promise<number>;
  /** Says of every queued operation why it is still there. */
  explain(): Promise<readonly PendingOperation[]>;
  /**
   * What is wrong, what shows it and what helps, the most important first: now, and each time that differs. Never an
   * empty list. Costs nothing while nobody listens.
   */
  readonly diagnosis$: Observable<readonly Diagnosis[]>;
  readonly events$: Observable<SyncEvent>;
  /** Begins with the present status. */
  readonly status$: Observable<SyncStatus>;
  /** The number of queued operations, stuck ones only with `includeStuck`. */
  pending$(options?: QueueFilter & { readonly includeStuck?: boolean }): Observable<number>;
  status(): SyncStatus;
  /**
   * Resolves when no run is under way or asked for. Does not wait for questions that resolvers have open at the call: a
   * resolver may itself wait for it.
   */
  whenIdle(options?: WaitOptions): Promise<void>;
  /** Resolves when what is queued now has left the queue or is parked. */
  whenPushed(options?: WaitOptions & QueueFilter): Promise<PushedResult>;
  /**
   * After `scope.changed`: keeps the database, unsent operations included, for the present user and server. Rejects
   * with `AuthError` while nobody is signed in.
   */
  adoptScope(options?: AdoptScopeOptions): Promise<void>;
  /**
   * After `scope.changed`: empties the database for the present user and server, in one transaction; runs under way are
   * ended first. Resolves with the operations that were never applied; `op.discarded` tells each. Rejects with
   * `ValidationError`, and changes nothing, with `{ unsent: 'refuse' }` while something waits, and where rows of an
   * unsynced table hold on to synced ones.
   */
  clearScope(options?: ClearScopeOptions): Promise<ClearedScope>;
  /**
   * Aborts, waits for what must be written, gives the lease back, ends the streams. Leaves the DataSource open.
   * Idempotent.
   */
  dispose(): Promise<void>;
}

/** The façade with what belongs to its database. */
export interface SyncEngine extends SyncEngineCore, DataAccess {
  readonly outbox: OutboxRepository;
  readonly cursors: CursorRepository;
  /**
   * Changes what a waiting, refused or stuck operation will send (property names), and the local row with it; its tries
   * begin anew, and a push is asked for. Rejects with `ValidationError` for an unknown operation, a delete, one whose
   * request is open or whose conflict is undecided.
   */
  amend(opId: string, patch: AmendPatch): Promise<void>;
  /**
   * Makes the changes of a given-up operation again on today's row, as a new operation; resolves with its id, or
   * undefined where nothing is left to change. Rejects with `ValidationError` when {@link discarded} does not list it
   * (the last `discardHistory` are kept).
   */
  undoDiscard(opId: string): Promise<string | undefined>;
  /** What was given up, newest first. */
  discarded(filter?: QueueFilter): Promise<readonly DiscardedOperation[]>;
}
