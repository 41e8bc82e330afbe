/**
 * The root chart of the sync engine. It decides; actors made from ports do the work.
 *
 *   network    online ⇄ offline { waiting ⇄ probing }          session    signedIn ⇄ authRequired          (each: STOP → closed)
 *   activity
 *     starting { hydrating, blocked } ──────────────▶ failed (database unusable; SYNC, RESUME try again)
 *        │            ┌────────────── running ──────────────────────────────────────────────────────────────────────────────┐
 *        ▼            │ planning ▶ [fullResync.preparing] ▶ pushing { taking ▶ sending ▶ settling ▶ taking … }               │
 *      idle ▶ standby │                                       ⇅ resolvingConflict { deciding ▶ applying | repushing }       │
 *        ▲    (lease) │ finishing ◀ [fullResync.sweeping] ◀ pulling { choosingKind ⇄ paging }                               │
 *        │       ▲ ▲  └────┬──────────────────────────────────────────────────────────────▲──────────────────────────────────┘
 *        │       │ └───────┼──────────────────────────────── lease held again ────────────┘ running.where (shallow history)
 *        │       │         ▼ any failed step
 *        │   resuming ◀─ backoff ◀─ assessing ─▶ failed
 *        └───────┴───── paused ◀─ PAUSE anywhere                      stopped (final) ◀─ STOP anywhere, after settling
 *     `assessing` judges the failure of a step, `tidying` decides whether what is left of an ended run waits.
 *
 * Keeps: I1, I12 (a request or wake-up is merged, never dropped), I8 (bounded attempts and rounds), I9 (what was answered is settled before the
 * chart leaves), I11 (a run works only between `standby` and the next `releaseLease`), I13 (a kind that fails is left out, the others go on).
 * Every phase of `running` begins by asking the store what is left: hence a shallow history is enough to continue, also after a restart.
 */
import { and, assign, emit, enqueueActions, fromObservable, fromPromise, not, or, raise, setup, stateIn, type SnapshotFrom } from 'xstate';
import { syncErrorInfo } from '../model/errors.ts';
import type { SyncFact } from '../model/events.ts';
import { toSyncFailure, type SyncFailure, type SyncPhase } from '../model/failure.ts';
import type {
  ConflictDecision,
  ConflictOutcome,
  ConflictRef,
  Hydrated,
  Kinds,
  LeaseAnswer,
  PageReport,
  Plan,
  Remaining,
  Run,
  RunEnded,
  RunRecord,
  SendReport,
  SettleReport,
  SweepReport,
  SyncRequest,
  Taken,
  Wait,
} from '../model/run.ts';
import { noStats, type SyncStats } from '../model/stats.ts';
import { fractionOf, nextSeed, waitAfter } from '../rules/backoff.ts';
import {
  acceptRequest,
  adoptPlan,
  asAutomatic,
  automaticPart,
  automaticWork,
  closeKind,
  countOutcome,
  countPage,
  countPart,
  countSettled,
  createRun,
  endingOf,
  failedKinds,
  isKindAhead,
  isTransient,
  leaveConflict,
  mergeRequests,
  promisesOf,
  reopen,
  statsOf,
  timerMs,
  toRequest,
  toSyncError,
  widenRun,
  withoutKind,
  withoutWaiter,
  type RegisteredKinds,
  type RetryLimits,
  type WorkEvent,
} from '../rules/sync-rules.ts';

// ── Events ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Commands (capitals, the only imperatives) and facts (dotted, past). */
export type SyncMachineEvent =
  | WorkEvent
  | { readonly type: 'PAUSE' }
  | { readonly type: 'RESUME' }
  | { readonly type: 'SIGNED_IN' }
  | { readonly type: 'STOP' }
  /** The signal of a promise ended its wait. Work that others want goes on. */
  | { readonly type: 'WAITER_LEFT'; readonly waiter: string }
  /** Makes a push under way look again; begins no run by itself. */
  | { readonly type: 'outbox.changed' }
  | { readonly type: 'network.online' }
  | { readonly type: 'network.offline' }
  | { readonly type: 'session.expired' }
  | { readonly type: 'lease.lost' }
  /** Told by the sending of a batch: answers that came while others are still awaited are committed. */
  | { readonly type: 'answers.settled'; readonly part: SettleReport };

/**
 * What the chart tells: facts for everybody (without `at`: the chart has no clock, the bridge stamps them), and two events for the engine's promises.
 * `run.ended` comes once per run, after `sync.completed` or `sync.failed`; `request.rejected` names promises whose request begins no run.
 */
export type SyncEmitted =
  | (SyncFact & { readonly runId?: number | undefined })
  | ({ readonly type: 'run.ended' } & RunEnded)
  | { readonly type: 'request.rejected'; readonly waiters: readonly string[]; readonly failure: SyncFailure };

// ── Context ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface SyncInput extends RegisteredKinds {
  readonly limits: RetryLimits;
  /** Any whole number; the same one draws the same delays. */
  readonly seed: number;
}

/** Data only: it survives JSON, except the `cause` of failures, which is for promises and logs. */
export interface SyncContext extends SyncInput {
  /** The run under way, also while it waits for the lease, is paused or backs off. */
  readonly run: Run | undefined;
  /** What the next run has to do. */
  readonly next: SyncRequest | undefined;
  /** Failures since the last progress, over all runs; the delays grow with it. */
  readonly attempt: number;
  readonly wait: Wait | undefined;
  /** The last failure that nothing has cured yet. */
  readonly failure: SyncFailure | undefined;
  readonly runCount: number;
  readonly lastStats: SyncStats;
}

export interface PlanInput {
  readonly runId: number;
  readonly request: SyncRequest;
  readonly remaining: Remaining | undefined;
}
export interface TakeInput {
  readonly runId: number;
  readonly kinds: Kinds;
}
export interface BatchInput {
  readonly batchId: number;
}
/** `explicit`: a deferred resolver is asked again. */
export interface ConflictInput {
  readonly runId: number;
  readonly ref: ConflictRef;
  readonly round: number;
  readonly explicit: boolean;
}
export interface PullInput {
  readonly runId: number;
  readonly kind: string;
  readonly resync: boolean;
  readonly totalDone: number;
}
export interface PrepareInput {
  readonly runId: number;
  readonly kinds: Kinds;
}
export interface SweepInput {
  readonly runId: number;
  readonly kind: string;
  readonly requested: boolean;
}
/** `patient`: may wait for open resolvers. `succeeded`: no kind failed. Called again (not patiently) when somebody asks meanwhile, so it is idempotent. */
export interface FinishInput {
  readonly runId: number;
  readonly kinds: Kinds;
  readonly pullKinds: Kinds;
  readonly pushed: number;
  readonly succeeded: boolean;
  readonly patient: boolean;
}
/** `request`: the automatic work that waits. */
export interface RememberWaitInput {
  readonly attempt: number;
  readonly wait: Wait | undefined;
  readonly request: SyncRequest | undefined;
}

const noRequest: SyncRequest = { pushKinds: [], pullKinds: [], resyncKinds: [], decisions: [], explicit: false, automatic: false, waiters: [] };
const noRef: ConflictRef = { kind: '', entityId: '', opId: '' };
/** The first snapshot of an observable actor carries nothing yet. */
const noPage: PageReport = { kind: '', pageSize: 0, pulled: 0, ignored: 0, facts: [] };
const unknownFailure: SyncFailure = { type: 'fatal', message: 'unknown failure' };
const expired: SyncFailure = { type: 'authRequired', message: 'the session has expired: sign in again' };
const stopped: SyncFailure = { type: 'stopped', message: 'the engine was stopped' };

const failureOf = ({ event }: { event: { error: unknown } }): SyncFailure => toSyncFailure(event.error);
const partOf = ({ event }: { event: { part: SettleReport } }): SettleReport => event.part;
const outputOf = <T>({ event }: { event: { output: T } }): T => event.output;
const factsOf = ({ event }: { event: { output: { readonly facts: readonly SyncFact[] } } }): readonly SyncFact[] => event.output.facts;
const requestOf = ({ context, event }: { context: SyncContext; event: WorkEvent }): SyncRequest => toRequest(event, context);
const pageOf = ({ event }: { event: { snapshot: { context: PageReport | undefined } } }): PageReport => event.snapshot.context ?? noPage;
const conflictOf = ({ context: { run } }: { context: SyncContext }): ConflictInput => ({
  runId: run?.id ?? 0,
  ref: run?.conflicts[0] ?? noRef,
  round: run?.round ?? 0,
  explicit: run?.request.explicit ?? false,
});
const batchOf = ({ context: { run } }: { context: SyncContext }): BatchInput => ({ batchId: run?.batchId ?? 0 });
/** Changes the run, when there is one: total, so that no late answer can break the chart. */
const changeRun =
  <P = undefined>(change: (run: Run, params: P) => Run) =>
  ({ context }: { context: SyncContext }, params: P): Partial<SyncContext> =>
    context.run ? { run: change(context.run, params) } : {};
/** What a settled answer or an applied page does to the counts of failures. */
const progressed = ({ context: { run } }: { context: SyncContext }): Partial<SyncContext> =>
  run ? { attempt: 0, run: { ...run, attempts: 0 } } : { attempt: 0 };
/** An action that emits any number of events. Typed by hand: inside `setup`, `enqueueActions` does not find its types by itself. */
const telling = <P = undefined>(tell: (context: SyncContext, emitEvent: (event: SyncEmitted) => void, params: P) => void) =>
  enqueueActions<SyncContext, SyncMachineEvent, P, SyncMachineEvent, never, never, never, never, SyncEmitted>(({ context, enqueue }, params) => {
    tell(
      context,
      (event) => {
        enqueue.emit(event);
      },
      params,
    );
  });
/** Placeholders throw on purpose: without an implementation XState only warns and the state would wait for ever. */
const unprovided = (actor: string) => (): never => {
  throw new Error(`syncMachine needs an implementation of ${actor}: use createSyncMachine(options)`);
};

// ── Names ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const sync = setup({
  types: {} as { context: SyncContext; events: SyncMachineEvent; emitted: SyncEmitted; input: SyncInput; tags: 'busy' | 'attention' },
  actors: {
    hydrate: fromPromise<Hydrated>(unprovided('hydrate')),
    /** Whether the database belongs to another scope than the present one. */
    checkScope: fromPromise<SyncFailure | undefined>(unprovided('checkScope')),
    acquireLease: fromPromise<LeaseAnswer>(unprovided('acquireLease')),
    planRun: fromPromise<Plan, PlanInput>(unprovided('planRun')),
    takeBatch: fromPromise<Taken, TakeInput>(unprovided('takeBatch')),
    sendBatch: fromPromise<SendReport, BatchInput>(unprovided('sendBatch')),
    settleBatch: fromPromise<SettleReport, BatchInput>(unprovided('settleBatch')),
    decideConflict: fromPromise<ConflictDecision, ConflictInput>(unprovided('decideConflict')),
    applyDecision: fromPromise<ConflictOutcome, ConflictInput>(unprovided('applyDecision')),
    repushDecision: fromPromise<ConflictOutcome, ConflictInput>(unprovided('repushDecision')),
    prepareResync: fromPromise<unknown, PrepareInput>(unprovided('prepareResync')),
    pullKind: fromObservable<PageReport, PullInput>(unprovided('pullKind')),
    sweepResync: fromPromise<SweepReport, SweepInput>(unprovided('sweepResync')),
    finishRun: fromPromise<RunRecord, FinishInput>(unprovided('finishRun')),
    rememberWait: fromPromise<unknown, RememberWaitInput>(unprovided('rememberWait')),
    rememberPaused: fromPromise<unknown, { paused: boolean }>(unprovided('rememberPaused')),
    probeHealth: fromPromise<boolean>(unprovided('probeHealth')),
  },
  guards: {
    isOnline: stateIn({ network: 'online' }),
    isSignedIn: stateIn({ session: 'signedIn' }),
    isSignedOut: stateIn({ session: 'authRequired' }),
    isPaused: stateIn({ activity: 'paused' }),
    isToldToPause: or([
      stateIn({ activity: { starting: { hydrating: 'pausing' } } }),
      stateIn({ activity: { starting: { blocked: 'pausing' } } }),
      stateIn({ activity: { running: { pushing: { settling: 'pausing' } } } }),
    ]),
    isToldToStop: stateIn({ activity: { running: { pushing: { settling: 'stopping' } } } }),
    isOutdated: stateIn({ activity: { running: { pushing: { taking: 'outdated' } } } }),
    // requests
    hasRun: ({ context }) => context.run !== undefined,
    hasRequest: ({ context }) => context.next !== undefined,
    hasNoRequest: ({ context }) => context.next === undefined,
    isAwaited: ({ context }) => context.next?.explicit === true,
    isExplicit: (_, request: SyncRequest) => request.explicit,
    isUnwanted: ({ context: { run } }, waiter: string) => run !== undefined && run.told.length === 0 && withoutWaiter(run.request, waiter) === undefined,
    // failures
    failedWith: ({ context }, type: SyncFailure['type']) => context.failure?.type === type,
    /** Nobody signed in since the token was sent that the server does not accept. */
    isTokenDead: ({ context: { failure, run } }) => failure?.type === 'authRequired' && run?.signedIn !== true,
    isForeign: ({ context: { run } }, failure: SyncFailure | undefined) => failure !== undefined && run === undefined,
    /** Nothing is sent by itself into a database of another scope. */
    isHeldBack: ({ context }) => context.failure?.type === 'scopeChanged',
    isIsolable: ({ context: { failure, run } }) => run !== undefined && failure !== undefined && isKindAhead(run, failure),
    isBeyondCap: ({ context: { failure, limits } }) => failure?.type === 'throttled' && failure.retryAfterMs > limits.backoffMaxMs,
    isTransient: ({ context }) => isTransient(context.failure),
    hasRetriesLeft: ({ context: { run } }) => run !== undefined && run.attempts < run.maxRetries,
    hasAutomaticWork: ({ context: { run, next } }) => automaticWork(run, next) !== undefined,
    /** A wait for the network or the database; one that the server asked for, or that was restored, is not cut short by it. */
    isWaitForNetwork: ({ context: { failure } }) => failure !== undefined && failure.type !== 'throttled',
    isWaitForSingles: ({ context }) => context.wait?.due === true,
    // answers
    isPausedSince: (_, hydrated: Hydrated) => hydrated.paused,
    mustWait: ({ context }, hydrated: Hydrated) => (hydrated.wait?.delayMs ?? 0) > 0 && context.next?.explicit !== true,
    isHeld: (_, answer: LeaseAnswer) => answer.held,
    isHeldOn: ({ context: { run } }, answer: LeaseAnswer) => answer.held && answer.continued && run !== undefined && run.planned && !run.replan,
    needsResync: (_, plan: Plan) => plan.resyncKinds.length > 0,
    isFilled: (_, taken: Taken) => taken.count > 0,
    isReached: (_, report: SendReport) => report.reached,
    wasInterrupted: ({ context }) => context.run?.report?.failure !== undefined,
    isDecidedTo: (_, params: { decision: ConflictDecision; type: ConflictDecision['type'] }) => params.decision.type === params.type,
    hasFailed: (_, outcome: ConflictOutcome) => outcome.failure !== undefined,
    deservesAnotherRound: ({ context: { run, limits } }, outcome: ConflictOutcome) => outcome.type === 'again' && (run?.round ?? 0) < limits.maxConflictRetries,
    hasMoreToProve: (_, report: SweepReport) => report.more === true,
    isConflictAgain: (_, outcome: ConflictOutcome) => outcome.type === 'again',
    isReport: (_, page: PageReport) => page !== noPage,
    isReachable: (_, healthy: boolean) => healthy,
    isReopened: (_, record: RunRecord) => (record.reopened?.length ?? 0) > 0,
    /** Only an automatic run sees to operations that wait by themselves. */
    leavesDueWork: ({ context: { run, next } }, record: RunRecord) => next === undefined && run?.request.automatic === true && record.nextDueInMs !== undefined,
    // work ahead
    hasUnsettled: ({ context }) => context.run?.batchId !== undefined,
    hasConflict: ({ context }) => (context.run?.conflicts.length ?? 0) > 0,
    hasKindToPull: ({ context }) => (context.run?.toPull.length ?? 0) > 0,
    hasKindToSweep: ({ context }) => (context.run?.toSweep.length ?? 0) > 0,
    hasFailedKind: ({ context }) => (context.run?.failures.length ?? 0) > 0,
  },
  delays: {
    retryDelay: ({ context }) => timerMs(context.wait?.delayMs ?? 0),
    probeDelay: ({ context }) => timerMs(context.limits.backoffMaxMs),
    leasePollDelay: 250,
    conflictRetryDelay: ({ context }) => timerMs(context.limits.conflictRetryDelayMs),
  },
  actions: {
    /** Provided by the engine: gives the lease back without waiting for it, and never throws. Does nothing when it is not held. */
    releaseLease: () => {},
    // requests
    acceptRequest: assign(({ context: { run, next } }, request: SyncRequest) => acceptRequest(run, next, request)),
    widenRun: assign(({ context: { run, next } }, request: SyncRequest) => widenRun(run, next, request)),
    tryOnce: assign(changeRun((run) => ({ ...run, maxRetries: 0 }))),
    dropWaiter: assign(({ context: { run, next } }, waiter: string) => ({
      next: next && withoutWaiter(next, waiter),
      run: run && { ...run, request: withoutWaiter(run.request, waiter) ?? { ...run.request, waiters: [], explicit: false } },
    })),
    releaseWaiters: assign({ next: ({ context: { next } }) => next && asAutomatic(next) }),
    dropAwaited: assign({ next: ({ context: { next } }) => automaticPart(next) }),
    giveBackRun: assign({ next: ({ context: { run, next } }) => (run ? mergeRequests(next, run.request) : next) }),
    giveBackAutomatic: assign({ next: ({ context: { run, next } }) => (run?.request.automatic ? mergeRequests(next, asAutomatic(run.request)) : next) }),
    giveBackAll: assign({ next: ({ context: { run, next } }) => (run ? mergeRequests(next, asAutomatic(run.request)) : next) }),
    giveBackFailedKinds: assign({ next: ({ context: { run, next } }) => (run?.request.automatic ? mergeRequests(next, failedKinds(run)) : next) }),
    giveBackDue: assign({ next: ({ context }) => mergeRequests(context.next, { ...noRequest, pushKinds: context.pushKinds, automatic: true }) }),
    // runs
    beginRun: assign(({ context }, params: { maxRetries?: number }) =>
      context.next
        ? {
            run: createRun(context.runCount + 1, context.next, params.maxRetries ?? context.limits.maxRetries),
            runCount: context.runCount + 1,
            next: undefined,
          }
        : {},
    ),
    adoptPlan: assign(changeRun((run, plan: Plan) => adoptPlan(run, plan))),
    keepBatch: assign(changeRun((run, taken: Taken) => ({ ...run, batchId: taken.batchId, report: undefined }))),
    keepReport: assign(changeRun((run, report: SendReport) => ({ ...run, report }))),
    keepFailedReport: assign(changeRun((run, failure: SyncFailure) => ({ ...run, report: { answered: 0, reached: false, ...run.report, failure } }))),
    countPart: assign(changeRun((run, part: SettleReport) => countPart(run, part))),
    countSettled: assign(changeRun((run, settled: SettleReport) => countSettled(run, settled))),
    countPage: assign(changeRun((run, page: PageReport) => countPage(run, page))),
    countOutcome: assign(changeRun((run, outcome: ConflictOutcome) => countOutcome(run, outcome))),
    leaveConflict: assign(changeRun(leaveConflict)),
    reopenConflicts: assign(changeRun((run, record: RunRecord) => reopen(run, record.reopened ?? []))),
    closePush: assign(changeRun((run) => ({ ...run, toPush: [] }))),
    closeKind: assign(changeRun(closeKind)),
    closeSweep: assign(changeRun((run) => ({ ...run, toSweep: run.toSweep.slice(1) }))),
    enterPhase: assign(
      changeRun((run, phase: Run['phase']) => ({ ...run, phase, told: phase === 'sync' || run.told.includes(phase) ? run.told : [...run.told, phase] })),
    ),
    dropRun: assign(({ context: { run, lastStats } }) => ({ run: undefined, lastStats: run ? statsOf(run) : lastStats })),
    // failures and waits
    recordFailure: assign({ failure: (_, failure: SyncFailure | undefined) => failure }),
    recordInterruption: assign({ failure: ({ context }) => context.run?.report?.failure }),
    recordKindFailure: assign({ failure: ({ context: { run, failure } }) => run?.failures[0] ?? failure }),
    forgetFailure: assign({ failure: undefined, attempt: 0, wait: undefined }),
    /** Signing in answers an expired session and another user's database, nothing else. */
    forgetSessionFailure: assign({
      failure: ({ context: { failure } }) => (failure?.type === 'authRequired' || failure?.type === 'scopeChanged' ? undefined : failure),
    }),
    noteSignIn: assign(changeRun((run) => ({ ...run, signedIn: true }))),
    forgetOldToken: assign(({ context: { run } }) => ({ failure: undefined, ...(run ? { run: { ...run, signedIn: false } } : {}) })),
    noteProgress: assign(progressed),
    noteSettled: assign(({ context }, { pushed, conflicts }: SettleReport) => (pushed + conflicts.length > 0 ? progressed({ context }) : {})),
    isolateKind: assign(({ context: { failure, run } }) => (failure && run ? { run: withoutKind(run, failure) } : {})),
    countAttempt: assign(changeRun((run) => ({ ...run, attempts: run.attempts + 1 }))),
    countFailure: assign({ attempt: ({ context }) => context.attempt + 1 }),
    scheduleRetry: assign(({ context: { failure, attempt, seed, limits } }) =>
      failure ? { attempt: attempt + 1, seed: nextSeed(seed), wait: waitAfter(failure, attempt + 1, fractionOf(nextSeed(seed)), limits) } : {},
    ),
    scheduleDue: assign({
      wait: (_, { nextDueInMs = 0, at }: RunRecord) => ({ delayMs: nextDueInMs, retryAt: at === undefined ? undefined : at + nextDueInMs, due: true }),
    }),
    forgetWait: assign({ wait: undefined }),
    /** A wait that was stored without a failure behind it was one for single operations. */
    restore: assign(({ context: { next } }, { wait, request, attempt, failure }: Hydrated) => ({
      wait: wait && { ...wait, due: attempt === 0 },
      attempt,
      failure,
      next: request ? mergeRequests(next, asAutomatic(request)) : next,
    })),
    noteReached: raise({ type: 'network.online' }),
    // what the world is told
    announce: emit((_, event: SyncEmitted) => event),
    /** Facts of an actor, in its order, after what they tell was committed. */
    announceFacts: telling(({ run }, tell, facts: readonly SyncFact[]) => {
      for (const fact of facts) tell({ ...fact, runId: run?.id });
    }),
    /** Only the first time that a run gets there is an event: two `sync.started` per run, whatever happens in between (EVT-02). */
    announcePhase: telling(({ run }, tell, phase: SyncPhase | 'fullResync') => {
      if (run === undefined || run.told.includes(phase)) return;
      tell(
        phase === 'fullResync'
          ? { type: 'resync.started', reason: run.resyncReason ?? 'manual', kinds: run.toSweep, runId: run.id }
          : { type: 'sync.started', phase, runId: run.id },
      );
    }),
    announceBatch: telling(({ run }, tell, { batchSize, pushed, errors, conflicts }: SettleReport) => {
      if (batchSize > 0) tell({ type: 'batch.pushed', batchSize, successCount: pushed, errorCount: errors, conflictCount: conflicts.length, runId: run?.id });
    }),
    announceCompleted: emit(({ context: { run } }, { tookMs }: RunRecord) => ({
      type: 'sync.completed' as const,
      tookMs,
      stats: run ? statsOf(run) : noStats,
      runId: run?.id,
    })),
    announceFailed: emit(({ context: { run, failure = unknownFailure } }) => {
      const end = run ? endingOf(run, { failure }) : { phase: 'sync' as const, attempts: 1, maxRetries: 0 };
      const error = toSyncError(failure, end);
      return {
        type: 'sync.failed' as const,
        phase: end.phase,
        error,
        errorInfo: syncErrorInfo(error),
        stats: run ? statsOf(run) : noStats,
        runId: run?.id,
        ...(failure.type === 'kindFailed' ? { kind: failure.kind } : {}),
      };
    }),
    announceEnded: telling(({ run }, tell, end: { tookMs?: number; failure?: SyncFailure | undefined }) => {
      if (run) tell({ type: 'run.ended', ...endingOf(run, end) });
    }),
    announceWait: emit(({ context: { attempt, wait, failure = unknownFailure } }) => {
      const cause = syncErrorInfo(toSyncError(failure, { phase: 'sync', attempts: 1, maxRetries: 0 }));
      return { type: 'backoff.scheduled' as const, attempt, delayMs: wait?.delayMs ?? 0, retryAt: wait?.retryAt, cause };
    }),
    announceUnsaved: emit((_, { what, failure }: { what: string; failure: SyncFailure }) => ({
      type: 'store.warning' as const,
      message: `${what} could not be stored and would not survive a restart: ${failure.message}`,
    })),
    announceForeign: telling((_, tell, failure: SyncFailure | undefined) => {
      if (failure?.type === 'scopeChanged') tell({ type: 'scope.changed' });
    }),
    /** Promises that wait now would wait without a word: asked for before the stored pause was read, or interrupted by PAUSE. */
    announceDeferred: telling(({ run, next }, tell) => {
      if (promisesOf(next).length + promisesOf(run?.request).length > 0) tell({ type: 'request.deferred', because: 'paused' });
    }),
    rejectRequest: telling(({ next }, tell, failure: SyncFailure | undefined) => {
      const waiters = promisesOf(next);
      if (waiters.length > 0) tell({ type: 'request.rejected', waiters, failure: failure ?? unknownFailure });
    }),
  },
});

// ── Wiring used more than once ──────────────────────────────────────────────────────────────────────────────────────

/** One transition for everything that means work. */
const onWork = <T>(transition: T) => ({ SYNC: transition, FULL_RESYNC: transition, RESOLVE_CONFLICT: transition, 'remote.changed': transition });
const told = <T extends SyncFact>(event: T) => ({ type: 'announce', params: event }) as const;
const accept = { type: 'acceptRequest', params: requestOf } as const;
const widen = { type: 'widenRun', params: requestOf } as const;
const explicit = { type: 'isExplicit', params: requestOf } as const;
const announceFacts = { type: 'announceFacts', params: factsOf } as const;
/** Every failed step takes this way, and only `assessing` decides what it means. */
const failed = { target: '#assessing', actions: { type: 'recordFailure', params: failureOf } } as const;
const settled = [
  { type: 'countSettled', params: outputOf<SettleReport> },
  { type: 'noteSettled', params: outputOf<SettleReport> },
  announceFacts,
  { type: 'announceBatch', params: outputOf<SettleReport> },
] as const;
const restored = [
  { type: 'restore', params: outputOf<Hydrated> },
  { type: 'announceForeign', params: ({ event }: { event: { output: Hydrated } }) => event.output.failure },
] as const;
const failureOfRun = ({ context }: { context: SyncContext }) => ({ failure: context.failure });
const partSettled = [
  { type: 'countPart', params: partOf },
  { type: 'noteSettled', params: partOf },
  { type: 'announceFacts', params: (args: { event: { part: SettleReport } }) => partOf(args).facts },
  { type: 'announceBatch', params: partOf },
  'noteReached',
] as const;
/** The run is over and its promises know why. */
const endFailed = ['announceFailed', { type: 'announceEnded', params: failureOfRun }] as const;
const outcome = [{ type: 'countOutcome', params: outputOf<ConflictOutcome> }, announceFacts] as const;
/** What a conflict came to; `again` at the last round is left for a later run. */
const onOutcome = [
  {
    guard: { type: 'hasFailed', params: outputOf<ConflictOutcome> },
    target: '#assessing',
    actions: [...outcome, { type: 'recordFailure', params: ({ event }: { event: { output: ConflictOutcome } }) => event.output.failure }],
  },
  { guard: { type: 'deservesAnotherRound', params: outputOf<ConflictOutcome> }, target: 'spacing', actions: outcome },
  { guard: { type: 'isConflictAgain', params: outputOf<ConflictOutcome> }, target: 'choosingConflict', actions: [...outcome, 'leaveConflict'] },
  { target: 'choosingConflict', actions: [...outcome, 'noteProgress'] },
] as const;

// ── Chart ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export const syncMachine = sync.createMachine({
  id: 'sync',
  context: ({ input }) => ({
    ...input,
    run: undefined,
    next: undefined,
    attempt: 0,
    wait: undefined,
    failure: undefined,
    runCount: 0,
    lastStats: noStats,
  }),
  type: 'parallel',
  states: {
    network: {
      initial: 'online',
      on: { STOP: '.closed' },
      states: {
        online: { on: { 'network.offline': { target: 'offline', actions: told({ type: 'network.offline' }) } } },
        // Ports lie (F-139): while one says offline, the server itself is asked now and then. Not while paused: then nothing is sent.
        offline: {
          initial: 'waiting',
          on: {
            'network.online': { target: 'online', actions: told({ type: 'network.online' }) },
            // Somebody waits for an answer now: the run under way gets no further waits, and rejects with the failure itself.
            ...onWork({ guard: explicit, actions: 'tryOnce' }),
          },
          states: {
            waiting: { after: { probeDelay: [{ guard: 'isPaused', target: 'waiting', reenter: true }, { target: 'probing' }] } },
            probing: {
              on: { PAUSE: 'waiting' },
              invoke: {
                src: 'probeHealth',
                onDone: [{ guard: { type: 'isReachable', params: outputOf }, target: 'waiting', actions: 'noteReached' }, { target: 'waiting' }],
                onError: 'waiting',
              },
            },
          },
        },
        closed: { type: 'final' },
      },
    },

    session: {
      initial: 'signedIn',
      on: { STOP: '.closed' },
      states: {
        signedIn: {
          // Eventless, so that it is taken in the same microstep in which `assessing` ends the run: no window with a run and a dead token.
          always: { guard: 'isTokenDead', target: 'authRequired', actions: told({ type: 'session.authRequired' }) },
          on: {
            'session.expired': { target: 'authRequired', actions: told({ type: 'session.authRequired' }) },
            SIGNED_IN: { target: '.checking', actions: ['forgetSessionFailure', 'noteSignIn'] },
          },
          initial: 'known',
          states: {
            known: {},
            // Who signs in may be somebody else; a run that begins now finds that out by itself (F-143).
            checking: {
              invoke: {
                src: 'checkScope',
                onDone: [
                  {
                    guard: { type: 'isForeign', params: outputOf<SyncFailure | undefined> },
                    target: 'known',
                    actions: [
                      { type: 'recordFailure', params: outputOf<SyncFailure | undefined> },
                      { type: 'announceForeign', params: outputOf<SyncFailure | undefined> },
                    ],
                  },
                  { target: 'known' },
                ],
                onError: 'known',
              },
            },
          },
        },
        authRequired: {
          tags: 'attention',
          on: { SIGNED_IN: { target: 'signedIn.checking', actions: ['forgetSessionFailure', told({ type: 'session.signedIn' })] } },
        },
        closed: { type: 'final' },
      },
    },

    activity: {
      initial: 'starting',
      on: {
        ...onWork({ actions: accept }),
        WAITER_LEFT: { actions: { type: 'dropWaiter', params: ({ event }) => event.waiter } },
        PAUSE: '.paused',
        STOP: '.stopped',
      },
      states: {
        starting: {
          id: 'starting',
          initial: 'hydrating',
          states: {
            hydrating: {
              initial: 'open',
              states: { open: { on: { PAUSE: 'pausing' } }, pausing: { on: { PAUSE: {}, RESUME: 'open' } } },
              invoke: {
                src: 'hydrate',
                onDone: [
                  { guard: 'isToldToPause', target: '#paused', actions: restored },
                  { guard: { type: 'isPausedSince', params: outputOf }, target: '#paused', actions: restored },
                  { guard: { type: 'mustWait', params: outputOf }, target: '#backoff', actions: restored },
                  { target: '#idle', actions: [...restored, 'forgetWait'] },
                ],
                onError: [
                  { guard: 'isToldToPause', target: 'blocked.pausing', actions: [{ type: 'recordFailure', params: failureOf }, 'scheduleRetry'] },
                  { target: 'blocked', actions: [{ type: 'recordFailure', params: failureOf }, 'scheduleRetry'] },
                ],
              },
            },
            // A busy database is tried again by itself; an unusable one waits for a person.
            blocked: {
              tags: 'attention',
              initial: 'open',
              always: { guard: not('isTransient'), target: '#failed', actions: 'announceFailed' },
              after: { retryDelay: [{ guard: 'isToldToPause', target: 'hydrating.pausing' }, { target: 'hydrating' }] },
              exit: 'forgetWait',
              on: { SYNC: { target: 'hydrating', actions: accept }, FULL_RESYNC: { target: 'hydrating', actions: accept }, RESUME: 'hydrating' },
              states: { open: { on: { PAUSE: 'pausing' } }, pausing: { on: { ...onWork({ actions: accept }), PAUSE: {} } } },
            },
          },
        },

        // The one place where runs begin: whatever was remembered, wherever it came from, is looked at here.
        idle: {
          id: 'idle',
          entry: 'releaseLease',
          always: [
            {
              guard: and(['isAwaited', 'isSignedOut']),
              actions: [told({ type: 'request.refused', because: 'authRequired' }), { type: 'rejectRequest', params: expired }, 'releaseWaiters'],
            },
            {
              guard: and(['hasRequest', 'isSignedIn', 'isOnline', or(['isAwaited', not('isHeldBack')])]),
              target: 'standby',
              actions: { type: 'beginRun', params: {} },
            },
            // Tried once although offline: ports lie, and somebody waits for an answer.
            { guard: and(['isAwaited', 'isSignedIn']), target: 'standby', actions: { type: 'beginRun', params: { maxRetries: 0 } } },
          ],
        },

        // A run exists and wants the lease (I11): one attempt, then polling while another tab or process works.
        standby: {
          id: 'standby',
          initial: 'asking',
          on: {
            ...onWork({ actions: widen }),
            'session.expired': 'resuming',
            WAITER_LEFT: [
              { guard: { type: 'isUnwanted', params: ({ event }) => event.waiter }, target: 'idle', actions: 'dropRun' },
              { actions: { type: 'dropWaiter', params: ({ event }) => event.waiter } },
            ],
          },
          states: {
            asking: {
              tags: 'busy',
              invoke: {
                src: 'acquireLease',
                onDone: [
                  { guard: { type: 'isHeldOn', params: outputOf }, target: '#running.where' },
                  { guard: { type: 'isHeld', params: outputOf }, target: '#running' },
                  { target: 'watching' },
                ],
                onError: failed,
              },
            },
            watching: {
              initial: 'waiting',
              states: {
                waiting: { after: { leasePollDelay: 'polling' } },
                polling: {
                  invoke: {
                    src: 'acquireLease',
                    onDone: [
                      { guard: { type: 'isHeldOn', params: outputOf }, target: '#running.where' },
                      { guard: { type: 'isHeld', params: outputOf }, target: '#running' },
                      { target: 'waiting' },
                    ],
                    onError: failed,
                  },
                },
              },
            },
          },
        },

        paused: {
          id: 'paused',
          initial: 'resting',
          entry: ['releaseLease', 'forgetWait', told({ type: 'engine.paused' }), 'announceDeferred'],
          on: {
            ...onWork([{ guard: explicit, actions: [widen, told({ type: 'request.deferred', because: 'paused' })] }, { actions: accept }]),
            PAUSE: {},
          },
          states: {
            resting: {
              on: { RESUME: 'leaving' },
              invoke: {
                src: 'rememberPaused',
                input: { paused: true },
                onError: { actions: { type: 'announceUnsaved', params: (args) => ({ what: 'the pause', failure: failureOf(args) }) } },
              },
            },
            // First stored, then done: a crash in between finds the engine as the app last knew it.
            leaving: {
              on: { PAUSE: 'resting' },
              invoke: {
                src: 'rememberPaused',
                input: { paused: false },
                onDone: { target: '#resuming', actions: told({ type: 'engine.resumed' }) },
                onError: {
                  target: '#resuming',
                  actions: [
                    { type: 'announceUnsaved', params: (args) => ({ what: 'the end of the pause', failure: failureOf(args) }) },
                    told({ type: 'engine.resumed' }),
                  ],
                },
              },
            },
          },
        },

        running: {
          id: 'running',
          tags: 'busy',
          initial: 'planning',
          on: {
            'lease.lost': { target: 'idle', actions: ['giveBackRun', 'dropRun'] },
            'session.expired': 'resuming',
          },
          states: {
            where: { type: 'history' },

            planning: {
              entry: { type: 'enterPhase', params: 'sync' },
              invoke: {
                src: 'planRun',
                input: ({ context: { run } }) => ({
                  runId: run?.id ?? 0,
                  request: run?.request ?? noRequest,
                  remaining: run?.planned ? { toPush: run.toPush, toPull: run.toPull, toSweep: run.toSweep } : undefined,
                }),
                onDone: [
                  { guard: { type: 'needsResync', params: outputOf }, target: 'fullResync', actions: [{ type: 'adoptPlan', params: outputOf }, announceFacts] },
                  { target: 'pushing', actions: [{ type: 'adoptPlan', params: outputOf }, announceFacts] },
                ],
                onError: failed,
              },
            },

            pushing: {
              id: 'pushing',
              initial: 'choosingStep',
              entry: [
                { type: 'announcePhase', params: 'push' },
                { type: 'enterPhase', params: 'push' },
              ],
              states: {
                // Answers that could not be settled when they came are still there: they go first, and nothing is sent again.
                choosingStep: { always: [{ guard: 'hasUnsettled', target: 'settling' }, { target: 'taking' }] },
                taking: {
                  // What is written after the outbox was read must not be lost when that read turns out empty.
                  initial: 'current',
                  on: { ...onWork({ target: '.outdated', actions: accept }), 'outbox.changed': '.outdated' },
                  states: { current: {}, outdated: {} },
                  invoke: {
                    src: 'takeBatch',
                    input: ({ context: { run } }) => ({ runId: run?.id ?? 0, kinds: run?.toPush ?? [] }),
                    onDone: [
                      { guard: { type: 'isFilled', params: outputOf }, target: 'sending', actions: [{ type: 'keepBatch', params: outputOf }, announceFacts] },
                      { guard: 'isOutdated', target: 'taking', reenter: true, actions: announceFacts },
                      { guard: 'hasConflict', target: '#resolvingConflict', actions: announceFacts },
                      { target: '#pulling', actions: [announceFacts, 'closePush'] },
                    ],
                    onError: failed,
                  },
                },
                sending: {
                  // Leaving aborts the requests; what was answered by then is settled (I9), the rest stays in flight under its key.
                  on: {
                    PAUSE: 'settling.pausing',
                    STOP: 'settling.stopping',
                    'session.expired': { target: 'settling', actions: { type: 'keepFailedReport', params: expired } },
                    'answers.settled': { actions: partSettled },
                  },
                  invoke: {
                    src: 'sendBatch',
                    input: batchOf,
                    onDone: [
                      {
                        guard: { type: 'isReached', params: outputOf },
                        target: 'settling',
                        actions: [{ type: 'keepReport', params: outputOf }, 'noteReached'],
                      },
                      { target: 'settling', actions: { type: 'keepReport', params: outputOf } },
                    ],
                    onError: { target: 'settling', actions: { type: 'keepFailedReport', params: failureOf } },
                  },
                },
                settling: {
                  // Answers received are settled before anything else happens; the wish to leave is kept as a state. A lost lease is
                  // noticed by the settling itself, which asserts its token.
                  initial: 'open',
                  on: {
                    PAUSE: '.pausing',
                    RESUME: '.open',
                    STOP: '.stopping',
                    'lease.lost': {},
                    'session.expired': { actions: { type: 'keepFailedReport', params: expired } },
                  },
                  states: { open: {}, pausing: {}, stopping: { on: { PAUSE: {}, RESUME: {} } } },
                  invoke: {
                    src: 'settleBatch',
                    input: batchOf,
                    onDone: [
                      { guard: 'isToldToStop', target: '#stopped', actions: settled },
                      { guard: 'isToldToPause', target: '#paused', actions: settled },
                      { guard: 'wasInterrupted', target: '#assessing', actions: ['recordInterruption', ...settled] },
                      { target: 'taking', actions: settled },
                    ],
                    onError: [{ guard: 'isToldToStop', target: '#stopped' }, { guard: 'isToldToPause', target: '#paused' }, failed],
                  },
                },
              },
            },

            resolvingConflict: {
              id: 'resolvingConflict',
              initial: 'choosingConflict',
              entry: { type: 'enterPhase', params: 'push' },
              states: {
                // Back to pushing when none is left: what waited behind a resolved conflict is ready now.
                choosingConflict: { always: [{ guard: 'hasConflict', target: 'deciding' }, { target: '#pushing' }] },
                deciding: {
                  invoke: {
                    src: 'decideConflict',
                    input: conflictOf,
                    onDone: [
                      {
                        guard: { type: 'isDecidedTo', params: ({ event }) => ({ decision: event.output, type: 'apply' }) },
                        target: 'applying',
                        actions: announceFacts,
                      },
                      {
                        guard: { type: 'isDecidedTo', params: ({ event }) => ({ decision: event.output, type: 'repush' }) },
                        target: 'repushing',
                        actions: announceFacts,
                      },
                      { target: 'choosingConflict', actions: [announceFacts, 'leaveConflict'] },
                    ],
                    onError: failed,
                  },
                },
                applying: { invoke: { src: 'applyDecision', input: conflictOf, onDone: onOutcome, onError: failed } },
                repushing: { invoke: { src: 'repushDecision', input: conflictOf, onDone: onOutcome, onError: failed } },
                spacing: { after: { conflictRetryDelay: 'deciding' } },
              },
            },

            pulling: {
              id: 'pulling',
              initial: 'choosingKind',
              entry: [
                { type: 'announcePhase', params: 'pull' },
                { type: 'enterPhase', params: 'pull' },
              ],
              states: {
                choosingKind: {
                  always: [{ guard: 'hasKindToPull', target: 'paging' }, { guard: 'hasKindToSweep', target: '#fullResync' }, { target: '#finishing' }],
                },
                paging: {
                  // One actor per kind, so that it may fetch page n+1 while it applies page n; it reports each page once it is committed.
                  invoke: {
                    src: 'pullKind',
                    input: ({ context: { run } }) => {
                      const kind = run?.toPull[0] ?? '';
                      return { runId: run?.id ?? 0, kind, resync: run?.toSweep.includes(kind) ?? false, totalDone: run?.pulledOfKind ?? 0 };
                    },
                    onSnapshot: {
                      guard: { type: 'isReport', params: pageOf },
                      actions: [
                        { type: 'countPage', params: pageOf },
                        'noteProgress',
                        'noteReached',
                        { type: 'announceFacts', params: ({ event }) => event.snapshot.context?.facts ?? [] },
                      ],
                    },
                    onDone: { target: 'choosingKind', actions: ['closeKind', 'noteProgress', 'noteReached'] },
                    onError: failed,
                  },
                },
              },
            },

            // A mode around push and pull: entered before them, and again when every page is there.
            fullResync: {
              id: 'fullResync',
              initial: 'choosingStep',
              entry: [
                { type: 'announcePhase', params: 'fullResync' },
                { type: 'enterPhase', params: 'fullResync' },
              ],
              states: {
                choosingStep: {
                  always: [{ guard: 'hasKindToPull', target: 'preparing' }, { guard: 'hasKindToSweep', target: 'sweeping' }, { target: '#finishing' }],
                },
                preparing: {
                  invoke: {
                    src: 'prepareResync',
                    input: ({ context: { run } }) => ({ runId: run?.id ?? 0, kinds: run?.toSweep ?? [] }),
                    onDone: '#pushing',
                    onError: failed,
                  },
                },
                sweeping: {
                  invoke: {
                    src: 'sweepResync',
                    input: ({ context: { run } }) => {
                      const kind = run?.toSweep[0] ?? '';
                      return { runId: run?.id ?? 0, kind, requested: run?.request.resyncKinds.includes(kind) ?? false };
                    },
                    onDone: [
                      // The absence of some rows is proven one page at a time: PAUSE and STOP come in between.
                      { guard: { type: 'hasMoreToProve', params: outputOf<SweepReport> }, target: 'sweeping', reenter: true, actions: announceFacts },
                      { target: 'choosingStep', actions: ['closeSweep', announceFacts] },
                    ],
                    onError: failed,
                  },
                },
              },
            },

            // May wait for open resolvers (F-145): PAUSE, STOP or anybody's wish for another run ends that wait.
            finishing: {
              id: 'finishing',
              entry: { type: 'enterPhase', params: 'sync' },
              on: onWork([{ guard: 'hasNoRequest', target: 'finishing', reenter: true, actions: accept }, { actions: accept }]),
              invoke: {
                src: 'finishRun',
                input: ({ context: { run, next } }) => ({
                  runId: run?.id ?? 0,
                  kinds: run?.request.pushKinds ?? [],
                  pullKinds: run?.request.pullKinds ?? [],
                  pushed: run?.push.pushed ?? 0,
                  succeeded: run?.failures.length === 0,
                  patient: next === undefined,
                }),
                onDone: [
                  {
                    guard: { type: 'isReopened', params: outputOf },
                    target: 'resolvingConflict',
                    actions: [announceFacts, { type: 'reopenConflicts', params: outputOf }],
                  },
                  {
                    guard: 'hasFailedKind',
                    target: '#tidying',
                    actions: [
                      announceFacts,
                      'recordKindFailure',
                      { type: 'announceEnded', params: ({ context, event }) => ({ tookMs: event.output.tookMs, failure: context.failure }) },
                      'giveBackFailedKinds',
                      'dropRun',
                    ],
                  },
                  {
                    guard: { type: 'leavesDueWork', params: outputOf },
                    target: '#backoff',
                    actions: [
                      announceFacts,
                      { type: 'announceCompleted', params: outputOf },
                      { type: 'announceEnded', params: ({ event }) => ({ tookMs: event.output.tookMs }) },
                      'dropRun',
                      'forgetFailure',
                      'giveBackDue',
                      { type: 'scheduleDue', params: outputOf },
                    ],
                  },
                  {
                    target: '#idle',
                    actions: [
                      announceFacts,
                      { type: 'announceCompleted', params: outputOf },
                      { type: 'announceEnded', params: ({ event }) => ({ tookMs: event.output.tookMs }) },
                      'dropRun',
                      'forgetFailure',
                    ],
                  },
                ],
                onError: failed,
              },
            },
          },
        },

        // The one place where a failure is judged. It is outside `running`, so that `running.where` still names the phase that failed.
        assessing: {
          id: 'assessing',
          always: [
            {
              guard: { type: 'failedWith', params: 'leaseLost' },
              target: 'idle',
              actions: ['giveBackRun', 'dropRun', { type: 'recordFailure', params: undefined }],
            },
            { guard: { type: 'failedWith', params: 'storeFailed' }, target: 'failed', actions: [...endFailed, 'giveBackAutomatic', 'dropRun'] },
            { guard: 'isTokenDead', target: 'idle', actions: [...endFailed, 'giveBackAll', 'dropRun'] },
            // Answers that went out before the sign-in are judged after it: the step is done once more with the new token.
            { guard: { type: 'failedWith', params: 'authRequired' }, target: 'resuming', actions: 'forgetOldToken' },
            {
              guard: { type: 'failedWith', params: 'scopeChanged' },
              target: 'idle',
              actions: [told({ type: 'scope.changed' }), ...endFailed, 'giveBackAutomatic', 'dropRun'],
            },
            { guard: 'isIsolable', target: '#running.where', actions: ['isolateKind', 'announceFailed'] },
            {
              guard: and(['isTransient', not('isBeyondCap'), 'hasRetriesLeft']),
              target: 'backoff',
              actions: ['countAttempt', 'scheduleRetry', 'announceWait'],
            },
            { target: 'tidying', actions: [...endFailed, 'giveBackAutomatic', 'dropRun'] },
          ],
        },

        // A run has failed and is gone. What the engine sees to by itself waits; somebody who asked meanwhile does not.
        tidying: {
          id: 'tidying',
          always: [
            { guard: 'isAwaited', target: 'idle', actions: 'countFailure' },
            { guard: or(['hasAutomaticWork', 'isBeyondCap']), target: 'backoff', actions: ['scheduleRetry', 'announceWait'] },
            { target: 'idle', actions: 'countFailure' },
          ],
        },

        // Waits with or without a run: an ended run leaves its automatic work in `next`, and nothing but a command goes before retryAt.
        backoff: {
          id: 'backoff',
          entry: 'releaseLease',
          exit: 'forgetWait',
          after: { retryDelay: 'resuming' },
          invoke: {
            src: 'rememberWait',
            input: ({ context: { attempt, wait, run, next } }) => ({ attempt, wait, request: automaticWork(run, next) }),
            // Not recorded as the failure: that one says why we wait.
            onError: { actions: { type: 'announceUnsaved', params: (args) => ({ what: 'the wait', failure: failureOf(args) }) } },
          },
          on: {
            ...onWork([
              { guard: explicit, target: 'resuming', actions: widen },
              { guard: 'isWaitForSingles', target: 'resuming', actions: accept },
              { actions: accept },
            ]),
            RESUME: 'resuming',
            'network.online': { guard: 'isWaitForNetwork', target: 'resuming' },
            'session.expired': 'resuming',
          },
        },

        // Back to the run, if there is one and it may go on; through `standby`, since another process may have worked meanwhile.
        resuming: {
          id: 'resuming',
          always: [
            { guard: and(['hasRun', 'isSignedOut']), target: 'assessing', actions: { type: 'recordFailure', params: expired } },
            { guard: 'hasRun', target: 'standby' },
            { target: 'idle' },
          ],
        },

        // The database is unusable: everybody who waits learns it, and commands try again.
        failed: {
          id: 'failed',
          tags: 'attention',
          entry: ['releaseLease', { type: 'rejectRequest', params: ({ context }) => context.failure }, 'dropAwaited'],
          on: {
            SYNC: { target: 'starting', actions: accept },
            FULL_RESYNC: { target: 'starting', actions: accept },
            RESUME: 'starting',
            PAUSE: 'starting.hydrating.pausing',
          },
        },

        stopped: {
          id: 'stopped',
          type: 'final',
          entry: [
            'releaseLease',
            { type: 'announceEnded', params: { failure: stopped } },
            { type: 'rejectRequest', params: stopped },
            'dropRun',
            told({ type: 'engine.stopped' }),
          ],
        },
      },
    },
  },
});

export type SyncSnapshot = SnapshotFrom<typeof syncMachine>;
