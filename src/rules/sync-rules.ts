/**
 * Pure rules of the root chart: the work of requests and runs, the meaning of failures, and the length of waits. Uses
 * no clock and no randomness.
 */
import {
  AuthError,
  DatabaseError,
  MaxRetriesExceededError,
  NetworkError,
  ScopeChangedError,
  SyncAbortedError,
  SyncError,
  SyncOperationError,
  TransportError,
} from '../model/errors/errors.ts';
import type { SyncFailure } from '../model/errors/failure.ts';
import { longestTimerMs } from './backoff.ts';
import {
  anonymousWaiter,
  type ConflictOutcome,
  type ConflictRef,
  type Kinds,
  type PageReport,
  type Plan,
  type Run,
  type RunEnded,
  type FailedPhase,
  type RunPhase,
  type SettleReport,
  type SyncRequest,
} from '../model/run.ts';
import type { ConflictResolution } from '../model/conflict.ts';
import type { SyncStats } from '../model/values/run-stats.ts';

// ── Requests ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Commands and facts that request work. `waiter`: id of the promise that ends with the run. */
export type WorkEvent =
  | {
      readonly type: 'SYNC';
      readonly pushKinds?: Kinds | undefined;
      readonly pullKinds?: Kinds | undefined;
      readonly automatic?: boolean | undefined;
      readonly waiter?: string | undefined;
    }
  | {
      readonly type: 'FULL_RESYNC';
      readonly kinds?: Kinds | undefined;
      readonly clearData?: boolean | undefined;
      readonly waiter?: string | undefined;
    }
  | {
      readonly type: 'RESOLVE_CONFLICT';
      readonly opId: string;
      readonly resolution: ConflictResolution;
      readonly waiter?: string | undefined;
    }
  | { readonly type: 'remote.changed'; readonly kinds?: Kinds | undefined };

/** The registered kinds by direction: `pullOnly` tables are not pushed, `pushOnly` tables not pulled. */
export interface RegisteredKinds {
  readonly pushKinds: Kinds;
  readonly pullKinds: Kinds;
}

const union = (a: Kinds, b: Kinds): Kinds => [...new Set([...a, ...b])];
const without = (list: Kinds, item: string | undefined): Kinds => list.filter((other) => other !== item);
const within = (part: Kinds, whole: Kinds): boolean => part.every((kind) => whole.includes(kind));
/** The requested kinds that are registered (KND-06, KND-07). An absent request means all. */
const chosen = (asked: Kinds | undefined, registered: Kinds): Kinds =>
  asked === undefined ? registered : union([], asked).filter((kind) => registered.includes(kind));

const request = (
  waiter: string | undefined,
  parts: Partial<SyncRequest> & { readonly automatic: boolean },
): SyncRequest => {
  const waiters = waiter === undefined ? (parts.automatic ? [] : [anonymousWaiter]) : [waiter];
  return {
    pushKinds: [],
    pullKinds: [],
    resyncKinds: [],
    decisions: [],
    ...parts,
    waiters,
    explicit: waiters.length > 0,
  };
};

/** Turns a command or fact into the work it requests. */
export function toRequest(event: WorkEvent, all: RegisteredKinds): SyncRequest {
  switch (event.type) {
    case 'SYNC':
      return request(event.waiter, {
        pushKinds: chosen(event.pushKinds, all.pushKinds),
        pullKinds: chosen(event.pullKinds, all.pullKinds),
        automatic: event.automatic ?? false,
      });
    case 'FULL_RESYNC': {
      const pullKinds = chosen(event.kinds, all.pullKinds);
      return request(event.waiter, {
        pushKinds: chosen(event.kinds, all.pushKinds),
        pullKinds,
        resyncKinds: pullKinds,
        automatic: false,
      });
    }
    // Automatic, because a failed run must not lose the decision.
    case 'RESOLVE_CONFLICT':
      return request(event.waiter, { decisions: [event.opId], automatic: true });
    case 'remote.changed':
      return request(undefined, { pullKinds: chosen(event.kinds, all.pullKinds), automatic: true });
  }
}

/** Unites two requests; their order makes no difference. */
export const mergeRequests = (a: SyncRequest | undefined, b: SyncRequest): SyncRequest =>
  a === undefined
    ? b
    : {
        pushKinds: union(a.pushKinds, b.pushKinds),
        pullKinds: union(a.pullKinds, b.pullKinds),
        resyncKinds: union(a.resyncKinds, b.resyncKinds),
        decisions: union(a.decisions, b.decisions),
        explicit: a.explicit || b.explicit,
        automatic: a.automatic || b.automatic,
        waiters: union(a.waiters, b.waiters),
      };

/** The same work without a waiting promise. The engine then completes it automatically. */
export const asAutomatic = (asked: SyncRequest): SyncRequest => ({
  ...asked,
  explicit: false,
  automatic: true,
  waiters: [],
});

/** The remaining request after all its promises were rejected: only automatic work. */
export const automaticPart = (asked: SyncRequest | undefined): SyncRequest | undefined =>
  asked?.automatic ? asAutomatic(asked) : undefined;

/** The automatic work of the current run and the next one, as stored for a restart. */
export const automaticWork = (run: Run | undefined, next: SyncRequest | undefined): SyncRequest | undefined => {
  const [a, b] = [automaticPart(run?.request), automaticPart(next)];
  return b === undefined ? a : mergeRequests(a, b);
};

/** The request after one promise left (its signal); undefined if nobody wants it any more. */
export const withoutWaiter = (asked: SyncRequest, waiter: string): SyncRequest | undefined => {
  if (!asked.waiters.includes(waiter)) return asked;
  const waiters = without(asked.waiters, waiter);
  return waiters.length === 0 && !asked.automatic ? undefined : { ...asked, waiters, explicit: waiters.length > 0 };
};

/** The named promises that wait for a request. */
export const promisesOf = (asked: SyncRequest | undefined): readonly string[] =>
  without(asked?.waiters ?? [], anonymousWaiter);

// ── Runs ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Starts a run. Before it is planned, everything requested is still to do. */
export const createRun = (id: number, asked: SyncRequest, maxRetries: number): Run => ({
  id,
  request: asked,
  maxRetries,
  planned: false,
  replan: false,
  phase: 'sync',
  told: [],
  attempts: 0,
  signedIn: false,
  failures: [],
  toPush: asked.pushKinds,
  toPull: asked.pullKinds,
  toSweep: asked.resyncKinds,
  resyncReason: undefined,
  conflicts: [],
  round: 0,
  batchId: undefined,
  report: undefined,
  pulledOfKind: 0,
  push: { pushed: 0, conflicts: 0, conflictsResolved: 0, errors: 0, batches: 0 },
  pull: { pulled: 0, ignored: 0, pages: 0, errors: 0 },
});

/**
 * Whether waiting for this run suffices. A run reads decisions when it is planned, so a later decision belongs to the
 * next run.
 */
export const covers = (run: Run, asked: SyncRequest): boolean =>
  within(asked.pushKinds, run.toPush) &&
  within(asked.pullKinds, run.toPull) &&
  within(asked.resyncKinds, run.toSweep) &&
  asked.decisions.length === 0;

/** Accepts a request: joins a run that covers it, otherwise schedules it for the next run. Nothing is dropped. */
export const acceptRequest = (
  run: Run | undefined,
  next: SyncRequest | undefined,
  asked: SyncRequest,
): { run: Run | undefined; next: SyncRequest | undefined } => {
  if (run === undefined || !covers(run, asked)) return { run, next: mergeRequests(next, asked) };
  const { explicit, automatic, waiters } = mergeRequests(run.request, asked);
  return { run: { ...run, request: { ...run.request, explicit, automatic, waiters } }, next };
};

/**
 * Adds a request to a run that stands still (waiting for the lease, for a delay or for RESUME). The run is widened and
 * planned again, so that nobody waits for two runs and waiting operations become ready. While a batch is unsettled, the
 * run must continue where it was.
 */
export const widenRun = (
  run: Run | undefined,
  next: SyncRequest | undefined,
  asked: SyncRequest,
): { run: Run | undefined; next: SyncRequest | undefined } => {
  if (run === undefined || run.batchId !== undefined) return acceptRequest(run, next, asked);
  const [toPush, toPull, toSweep] = [
    union(run.toPush, asked.pushKinds),
    union(run.toPull, asked.pullKinds),
    union(run.toSweep, asked.resyncKinds),
  ];
  return { run: { ...run, request: mergeRequests(run.request, asked), toPush, toPull, toSweep, replan: true }, next };
};

/**
 * The run with the lists of a plan. The store supplies what the new plan contains, so nothing of an earlier plan
 * remains.
 */
export const adoptPlan = (run: Run, plan: Plan): Run => ({
  ...run,
  planned: true,
  replan: false,
  batchId: undefined,
  report: undefined,
  conflicts: plan.conflicts,
  round: 0,
  // A kind is swept only after this run pulled it completely.
  toPush: plan.pushKinds,
  toPull: union(plan.pullKinds, plan.resyncKinds),
  toSweep: plan.resyncKinds,
  resyncReason: plan.resyncReason ?? run.resyncReason,
  failures: [
    ...run.failures,
    ...(plan.failures ?? []).filter((failure) => !run.failures.some((known) => isSameKind(known, failure))),
  ],
});

const isSameKind = (a: SyncFailure, b: SyncFailure): boolean =>
  a.type === 'kindFailed' && b.type === 'kindFailed' && a.kind === b.kind && a.phase === b.phase;

/** Counts a settled batch. Its conflicts wait until nothing else is ready. */
export const countSettled = (run: Run, settled: SettleReport): Run => ({
  ...countPart(run, settled),
  batchId: undefined,
  report: undefined,
});

/** Counts the settled part of a batch in progress. */
export const countPart = (run: Run, settled: SettleReport): Run => {
  const known = new Set(run.conflicts.map((ref) => ref.opId));
  return {
    ...run,
    conflicts: [...run.conflicts, ...settled.conflicts.filter((ref) => !known.has(ref.opId))],
    push: {
      ...run.push,
      pushed: run.push.pushed + settled.pushed,
      errors: run.push.errors + settled.errors,
      conflicts: run.push.conflicts + settled.conflicts.length,
      batches: run.push.batches + (settled.batchSize > 0 ? 1 : 0),
    },
  };
};

/** Counts one committed page. */
export const countPage = (run: Run, page: PageReport): Run => ({
  ...run,
  pulledOfKind: run.pulledOfKind + page.pulled,
  pull: {
    ...run.pull,
    pulled: run.pull.pulled + page.pulled,
    ignored: run.pull.ignored + page.ignored,
    pages: run.pull.pages + 1,
  },
});

/** Counts the result of a conflict. `again` keeps it for another round; any other result completes it for this run. */
export const countOutcome = (run: Run, outcome: ConflictOutcome): Run => ({
  ...run,
  round: outcome.type === 'again' ? run.round + 1 : 0,
  conflicts: outcome.type === 'again' ? run.conflicts : run.conflicts.slice(1),
  push: {
    ...run.push,
    pushed: run.push.pushed + outcome.pushed,
    errors: run.push.errors + outcome.errors,
    conflictsResolved: run.push.conflictsResolved + (outcome.type === 'resolved' ? 1 : 0),
  },
});

/**
 * Returns the run to conflicts that were decided while it waited for resolvers. Operations behind them become ready
 * afterwards.
 */
export const reopen = (run: Run, conflicts: readonly ConflictRef[]): Run => ({
  ...run,
  conflicts,
  round: 0,
  toPush: union(
    run.toPush,
    conflicts.map((ref) => ref.kind),
  ),
});

/** The run after it postpones its first conflict. */
export const leaveConflict = (run: Run): Run => ({ ...run, conflicts: run.conflicts.slice(1), round: 0 });

/** The run after it pulls its first kind completely. */
export const closeKind = (run: Run): Run => ({ ...run, toPull: run.toPull.slice(1), pulledOfKind: 0 });

/**
 * Whether a failure names a kind that the run still has to process in that phase. Only then is it progress to leave the
 * kind out.
 */
export const isKindAhead = (run: Run, failure: SyncFailure): boolean =>
  failure.type === 'kindFailed' &&
  run.planned &&
  (failure.phase === 'push'
    ? run.toPush.includes(failure.kind) || run.conflicts.some((ref) => ref.kind === failure.kind)
    : run.toPull.includes(failure.kind) || run.toSweep.includes(failure.kind));

/**
 * Removes one phase of one kind from the run. The others continue, and the failure is reported when the run ends (F-17,
 * I13).
 */
export const withoutKind = (run: Run, failure: SyncFailure): Run => {
  if (failure.type !== 'kindFailed') return run;
  const { kind, phase } = failure;
  const failures = [...run.failures, failure];
  if (phase === 'push') {
    const conflicts = run.conflicts.filter((ref) => ref.kind !== kind);
    return {
      ...run,
      failures,
      toPush: without(run.toPush, kind),
      conflicts,
      round: 0,
      push: { ...run.push, errors: run.push.errors + 1 },
    };
  }
  return {
    ...run,
    failures,
    toPull: without(run.toPull, kind),
    toSweep: without(run.toSweep, kind),
    pulledOfKind: 0,
    pull: { ...run.pull, errors: run.pull.errors + 1 },
  };
};

/** The kinds that the engine retries automatically after a run left them out. */
export const failedKinds = (run: Run): SyncRequest => {
  const of = (phase: RunPhase): Kinds =>
    run.failures.flatMap((failure) => (failure.type === 'kindFailed' && failure.phase === phase ? [failure.kind] : []));
  const pullKinds = union([], of('pull'));
  return request(undefined, {
    pushKinds: union([], of('push')),
    pullKinds,
    resyncKinds: run.request.resyncKinds.filter((kind) => pullKinds.includes(kind)),
    automatic: true,
  });
};

/** The combined counts of both phases. */
export const statsOf = (run: Run): SyncStats => ({
  pushed: run.push.pushed,
  pulled: run.pull.pulled,
  ignored: run.pull.ignored,
  conflicts: run.push.conflicts,
  conflictsResolved: run.push.conflictsResolved,
  errors: run.push.errors + run.pull.errors,
});

/** For people, the first pull of a table is not a resync. */
const phaseToTell = ({ phase, resyncReason }: Run): FailedPhase =>
  phase === 'fullResync' && resyncReason === 'first' ? 'firstPull' : phase;

/** The result of a run, for the promises that wait for it. */
export const endingOf = (
  run: Run,
  end: { readonly tookMs?: number; readonly failure?: SyncFailure | undefined },
): RunEnded => ({
  runId: run.id,
  waiters: promisesOf(run.request),
  request: run.request,
  stats: statsOf(run),
  push: run.push,
  pull: run.pull,
  tookMs: end.tookMs,
  failure: end.failure,
  phase: end.failure?.type === 'kindFailed' ? end.failure.phase : phaseToTell(run),
  attempts: run.attempts + 1,
  maxRetries: run.maxRetries,
});

// ── Failures and waits ──────────────────────────────────────────────────────────────────────────────────────────────

/** Transient failures: the same step is worth a retry. */
export const isTransient = (failure: SyncFailure | undefined): boolean =>
  failure?.type === 'unavailable' || failure?.type === 'throttled' || failure?.type === 'storeBusy';

export interface RetryLimits {
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
  readonly backoffMultiplier: number;
  readonly maxRetries: number;
  readonly maxConflictRetries: number;
  readonly conflictRetryDelayMs: number;
}

/** A delay within the limit of a timer. */
export const timerMs = (delayMs: number): number => Math.min(Math.max(delayMs, 0), longestTimerMs);

/** The phase and the number of attempts at which a failure ended a run. */
export interface FailedEnd {
  readonly phase: FailedPhase;
  readonly attempts: number;
  readonly maxRetries: number;
}

/**
 * Creates the error for a rejected promise and for `sync.failed`. An error that the edge gave as cause is passed
 * through (RUN-08). Exhausted retries wrap it. A run without retries, such as an attempt while offline, rejects with
 * the failure itself.
 */
export function toSyncError(failure: SyncFailure, end: FailedEnd): SyncError {
  const error = plainError(failure, end.phase);
  if (!isTransient(failure) || end.maxRetries === 0 || end.attempts <= end.maxRetries) return error;
  return new MaxRetriesExceededError(
    `gave up after ${end.attempts} attempts: ${failure.message}`,
    end.attempts,
    end.maxRetries,
    { cause: error },
  );
}

function plainError(failure: SyncFailure, phase: FailedPhase): SyncError {
  const { cause, message } = failure;
  if (failure.type === 'throttled' && failure.at !== undefined) return throttledError(failure, failure.at);
  if (cause instanceof SyncError) return cause;
  const options: ErrorOptions = cause === undefined ? {} : { cause };
  switch (failure.type) {
    case 'unavailable':
      return new NetworkError(message, options);
    case 'throttled':
      return new TransportError(message, 429, undefined, { ...options, retryAfterMs: failure.retryAfterMs });
    case 'authRequired':
      return new AuthError(message, options);
    case 'storeBusy':
    case 'storeFailed':
      return new DatabaseError(message, options);
    case 'stopped':
      return new SyncAbortedError(message, options);
    case 'kindFailed':
      return new SyncOperationError(message, failure.phase, undefined, options);
    case 'scopeChanged':
      return new ScopeChangedError(message, phase, undefined, options);
    case 'leaseLost':
    case 'fatal':
      return new SyncOperationError(message, phase, undefined, options);
  }
}

/** Only this place knows both the wait and the time of the answer. */
function throttledError(
  { cause, message, retryAfterMs }: SyncFailure & { readonly type: 'throttled' },
  at: number,
): SyncError {
  if (cause instanceof SyncError && !(cause instanceof TransportError)) return cause;
  const told = cause instanceof TransportError ? cause : undefined;
  const { statusCode = 429, responseBody, serverCode, fields } = told ?? {};
  return new TransportError(told?.message ?? message, statusCode, responseBody, {
    cause: told === undefined ? cause : told.cause,
    retryAfterMs,
    retryAt: retryAfterMs > 0 ? at + retryAfterMs : undefined,
    serverCode,
    fields,
  });
}
