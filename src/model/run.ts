import type { ResyncReason, SyncFact } from './events.ts';
import type { SyncFailure, SyncPhase } from './errors/failure.ts';
import type { PullStats, PushStats, SyncStats } from './values/run-stats.ts';

export type Kinds = readonly string[];

/**
 * What one run has to do. `explicit`: somebody waits for the answer, hence `waiters` is not empty. `automatic`: a
 * trigger or a fact asked, so the engine itself sees to it after a failed run. `waiters` are ids of the promises that
 * end with the run ({@link anonymousWaiter} where a command was sent without one); `clearData` is kept for the event
 * only, a resync always sweeps at its end.
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

/** What the database remembers. `wait` is already computed against the clock. */
export interface Hydrated {
  readonly paused: boolean;
  /** Failures since the last progress, over all runs. */
  readonly attempt: number;
  readonly wait?: Wait | undefined;
  /** The database belongs to another scope. */
  readonly failure?: SyncFailure | undefined;
  /** Automatic work that was waiting when the process ended. */
  readonly request?: SyncRequest | undefined;
}

export interface Wait {
  readonly delayMs: number;
  /** Epoch ms; absent when the failure carried no time. */
  readonly retryAt: number | undefined;
  /** Nothing failed for everybody: single operations wait with their own backoff, so any other work goes before. */
  readonly due?: boolean | undefined;
}

/**
 * Waiter of a command that was sent without one: somebody asked, and no promise is kept for it. Never part of an
 * emitted event.
 */
export const anonymousWaiter = '*';

/** The part of a planned run that is still ahead of it. */
export interface Remaining {
  readonly toPush: Kinds;
  readonly toPull: Kinds;
  readonly toSweep: Kinds;
}

/** `continued`: nobody else held the lease since we did, so the run goes on where it stopped. */
export type LeaseAnswer = { readonly held: false } | { readonly held: true; readonly continued: boolean };

export interface Plan {
  readonly pushKinds: Kinds;
  /** Ordered so that referenced kinds come first. */
  readonly pullKinds: Kinds;
  /** Always part of `pullKinds`. */
  readonly resyncKinds: Kinds;
  readonly resyncReason?: ResyncReason | undefined;
  /** Kinds that were asked for and are left out, with the reason (I13). */
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

/** `count` 0: nothing is ready. `facts`: what needed no request, as a create that was deleted before it was sent. */
export interface Taken {
  readonly batchId: number;
  readonly count: number;
  readonly facts: readonly SyncFact[];
}

/** The answers themselves stay with the actors under `batchId`. */
export interface SendReport {
  readonly answered: number;
  /** True when any answer came from the server, good or bad. */
  readonly reached: boolean;
  /** Why the rest of the batch has no answer, or why the run must not go on after settling. */
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
  /** Rows that count as pulled: overlap re-reads are left out. */
  readonly pulled: number;
  /** Rows that were left out because a newer one is known. */
  readonly ignored: number;
  readonly facts: readonly SyncFact[];
}

/**
 * `apply`: local rows change, nothing is sent. `repush`: a request goes out. `leave`: stays parked or waits for a later
 * run.
 */
export interface ConflictDecision {
  readonly type: 'apply' | 'repush' | 'leave';
  readonly facts: readonly SyncFact[];
}

/** What a re-push or an application came to. `again`: the server has moved on, another round on fresh data. */
export interface ConflictOutcome {
  readonly type: 'resolved' | 'again' | 'left';
  /** Counts as pushed when a request was accepted. */
  readonly pushed: number;
  readonly errors: number;
  readonly facts: readonly SyncFact[];
  readonly failure?: SyncFailure | undefined;
}

export interface SweepReport {
  readonly facts: readonly SyncFact[];
  /** The kind is not swept yet: the absence of more rows has to be proven first (F-156). */
  readonly more?: boolean | undefined;
}

/** `nextDueInMs`: how long until the earliest waiting operation wants to be tried, for automatic work. */
export interface RunRecord {
  readonly tookMs: number;
  readonly nextDueInMs?: number | undefined;
  /** Epoch ms of the end of the run. */
  readonly at?: number | undefined;
  /** Conflicts whose resolver has answered meanwhile: the run goes back to them and finishes later. */
  readonly reopened?: readonly ConflictRef[] | undefined;
  readonly facts: readonly SyncFact[];
}

/** Where a run can be when it fails. */
export type RunPhase = SyncPhase | 'fullResync' | 'sync';
/** The same in the words of events and errors: the full resync of tables that were never pulled is a first pull. */
export type FailedPhase = RunPhase | 'firstPull';

/**
 * A run is the work still ahead of it: the lists shrink as phases end, so "does it cover this request?" is a comparison
 * of lists.
 */
export interface Run {
  readonly id: number;
  readonly request: SyncRequest;
  /** Planned once: the lists below are what remains. */
  readonly planned: boolean;
  /** A request joined while the run stood still: it is planned again, so that waiting operations become ready. */
  readonly replan: boolean;
  /** Where the run is, for `sync.failed` (F-105). */
  readonly phase: RunPhase;
  /** What was announced already, so that a resumed run does not announce it twice (EVT-02). */
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
  /** Rows of the kind being pulled, so far in this run. */
  readonly pulledOfKind: number;
  /** Failures since the last progress in this run. */
  readonly attempts: number;
  readonly maxRetries: number;
  /** Somebody signed in while it ran: a 401 may still be the answer to the token of before. */
  readonly signedIn: boolean;
  readonly push: PushStats;
  readonly pull: PullStats;
  /** Failures of single kinds, told when the run ends (F-17). */
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
