import type { ResyncReason, SyncFact } from './events.ts';
import type { SyncFailure, SyncPhase } from './errors/failure.ts';
import type { PullStats, PushStats, SyncStats } from './values/run-stats.ts';

export type Kinds = readonly string[];

/**
 * The work of one run. `explicit`: a caller waits for the result, so `waiters` is not empty. `automatic`: a trigger or
 * a fact asked, so the engine repeats a failed run itself. `waiters` are the ids of promises that end with the run;
 * {@link anonymousWaiter} stands for a command without a promise. `clearData` only travels to the event; a resync
 * always sweeps at its end.
 */
export interface SyncRequest {
  readonly pushKinds: Kinds;
  readonly pullKinds: Kinds;
  readonly resyncKinds: Kinds;
  /** Operations whose stored decision (RESOLVE_CONFLICT) this run applies. */
  readonly decisions: readonly string[];
  readonly explicit: boolean;
  readonly automatic: boolean;
  readonly waiters: readonly string[];
}

// ── What the chart's actors answer. Bodies stay inside the actors; the chart sees ids, counts and the facts to
// announce. ──────────────

/** What the database remembers. `wait` is already relative to the clock. */
export interface Hydrated {
  readonly paused: boolean;
  /** Failures since the last progress, across runs. */
  readonly attempt: number;
  readonly wait?: Wait | undefined;
  /** The database belongs to another scope. */
  readonly failure?: SyncFailure | undefined;
  /** Automatic work that was pending when the process ended. */
  readonly request?: SyncRequest | undefined;
}

export interface Wait {
  readonly delayMs: number;
  /** Epoch ms; absent when the failure carried no time. */
  readonly retryAt: number | undefined;
  /** Only single operations wait, each with its own backoff. Any other work goes first. */
  readonly due?: boolean | undefined;
}

/** Waiter of a command that was sent without a promise. Never part of an emitted event. */
export const anonymousWaiter = '*';

/** The remaining part of a planned run. */
export interface Remaining {
  readonly toPush: Kinds;
  readonly toPull: Kinds;
  readonly toSweep: Kinds;
}

/** `continued`: no other owner held the lease since, so the run resumes where it stopped. */
export type LeaseAnswer = { readonly held: false } | { readonly held: true; readonly continued: boolean };

export interface Plan {
  readonly pushKinds: Kinds;
  /** Ordered so that referenced kinds come first. */
  readonly pullKinds: Kinds;
  /** A subset of `pullKinds`. */
  readonly resyncKinds: Kinds;
  readonly resyncReason?: ResyncReason | undefined;
  /** Requested kinds that are left out, with the reason (I13). */
  readonly failures?: readonly SyncFailure[] | undefined;
  /** Conflicts with a stored decision, or found `detected` after a crash. */
  readonly conflicts: readonly ConflictRef[];
  readonly facts: readonly SyncFact[];
}

export interface ConflictRef {
  readonly kind: string;
  readonly entityId: string;
  readonly opId: string;
}

/**
 * `count` 0: nothing is ready. `facts`: operations that needed no request, such as a create deleted before it was sent.
 */
export interface Taken {
  readonly batchId: number;
  readonly count: number;
  readonly facts: readonly SyncFact[];
}

/** The actors keep the answers themselves under `batchId`. */
export interface SendReport {
  readonly answered: number;
  /** True when any answer came from the server, good or bad. */
  readonly reached: boolean;
  /** Why the rest of the batch has no answer, or why the run must stop after settling. */
  readonly failure?: SyncFailure | undefined;
}

export interface SettleReport {
  readonly batchSize: number;
  readonly pushed: number;
  readonly errors: number;
  readonly conflicts: readonly ConflictRef[];
  readonly facts: readonly SyncFact[];
}

/** One page, committed. */
export interface PageReport {
  readonly kind: string;
  readonly pageSize: number;
  /** Rows that count as pulled; excludes overlap re-reads. */
  readonly pulled: number;
  /** Rows skipped because a newer version is known. */
  readonly ignored: number;
  readonly facts: readonly SyncFact[];
}

/**
 * `apply`: local rows change, nothing is sent. `repush`: a request is sent. `leave`: stays parked or waits for a later
 * run.
 */
export interface ConflictDecision {
  readonly type: 'apply' | 'repush' | 'leave';
  readonly facts: readonly SyncFact[];
}

/** Result of a re-push or an application. `again`: the server has changed since, so another round uses fresh data. */
export interface ConflictOutcome {
  readonly type: 'resolved' | 'again' | 'left';
  /** Counts as pushed when the server accepted a request. */
  readonly pushed: number;
  readonly errors: number;
  readonly facts: readonly SyncFact[];
  readonly failure?: SyncFailure | undefined;
}

export interface SweepReport {
  readonly facts: readonly SyncFact[];
  /** The kind is not swept yet; the absence of more rows must be proven first (F-156). */
  readonly more?: boolean | undefined;
}

/** `nextDueInMs`: time until the earliest waiting operation is due, for automatic work. */
export interface RunRecord {
  readonly tookMs: number;
  readonly nextDueInMs?: number | undefined;
  /** Epoch ms of the end of the run. */
  readonly at?: number | undefined;
  /** Conflicts whose resolver answered meanwhile. The run returns to them and finishes later. */
  readonly reopened?: readonly ConflictRef[] | undefined;
  readonly facts: readonly SyncFact[];
}

/** The phase in which a run can fail. */
export type RunPhase = SyncPhase | 'fullResync' | 'sync';
/** The same phase as events and errors name it. The full resync of tables that were never pulled is a first pull. */
export type FailedPhase = RunPhase | 'firstPull';

/**
 * A run is its remaining work: the lists shrink as phases end. Whether it covers a request is therefore a comparison of
 * lists.
 */
export interface Run {
  readonly id: number;
  readonly request: SyncRequest;
  /** Planned once; the lists below are what remains. */
  readonly planned: boolean;
  /** A request joined while the run was waiting. The run is planned again, so that waiting operations become ready. */
  readonly replan: boolean;
  /** The current phase, for `sync.failed` (F-105). */
  readonly phase: RunPhase;
  /** What was announced, so that a resumed run does not announce it twice (EVT-02). */
  readonly told: readonly ('fullResync' | SyncPhase)[];
  readonly toPush: Kinds;
  readonly toPull: Kinds;
  readonly toSweep: Kinds;
  readonly resyncReason: ResyncReason | undefined;
  readonly conflicts: readonly ConflictRef[];
  /** Rounds spent on the first conflict of the list. */
  readonly round: number;
  /** Taken and not yet settled. */
  readonly batchId: number | undefined;
  readonly report: SendReport | undefined;
  /** Rows of the current kind pulled in this run so far. */
  readonly pulledOfKind: number;
  /** Failures since the last progress in this run. */
  readonly attempts: number;
  readonly maxRetries: number;
  /** Somebody signed in while the run worked. A 401 may still answer a request with the previous token. */
  readonly signedIn: boolean;
  readonly push: PushStats;
  readonly pull: PullStats;
  /** Failures of single kinds, reported when the run ends (F-17). */
  readonly failures: readonly SyncFailure[];
}

/** How a run ended, for the promises that wait for it. */
export interface RunEnded {
  readonly runId: number;
  readonly waiters: readonly string[];
  readonly request: SyncRequest;
  readonly stats: SyncStats;
  readonly push: PushStats;
  readonly pull: PullStats;
  readonly tookMs?: number | undefined;
  /** Absent on success. */
  readonly failure?: SyncFailure | undefined;
  readonly phase: FailedPhase;
  /** How often the last step was tried without progress. */
  readonly attempts: number;
  readonly maxRetries: number;
}
