import { stateIn } from 'xstate';
import type { SyncFailure } from '../../model/errors/failure.ts';
import type {
  ConflictDecision,
  ConflictOutcome,
  Hydrated,
  LeaseAnswer,
  PageReport,
  Plan,
  RunRecord,
  SendReport,
  SweepReport,
  SyncRequest,
  Taken,
} from '../../model/run.ts';
import { automaticWork, isKindAhead, isTransient, withoutWaiter } from '../../rules/sync-rules.ts';
import { noPage } from '../placeholders.ts';
import { withActors } from './actors.ts';

/** The conditions of the chart's transitions. */
export const withGuards = withActors.extend({
  guards: {
    isOnline: stateIn({ network: 'online' }),
    isSignedIn: stateIn({ session: 'signedIn' }),
    isSignedOut: stateIn({ session: 'authRequired' }),
    isPaused: stateIn({ activity: 'paused' }),
    isFailed: stateIn({ activity: 'failed' }),
    isToldToPause: stateIn({ intent: 'pausing' }),
    isToldToStop: stateIn({ intent: 'stopping' }),
    isOutdated: stateIn({ activity: { running: { pushing: { taking: 'outdated' } } } }),
    // requests
    hasRun: ({ context }) => context.run !== undefined,
    hasRequest: ({ context }) => context.next !== undefined,
    hasNoRequest: ({ context }) => context.next === undefined,
    isAwaited: ({ context }) => context.next?.explicit === true,
    isExplicit: (_, request: SyncRequest) => request.explicit,
    isUnwanted: ({ context: { run } }, waiter: string) =>
      run !== undefined && run.told.length === 0 && withoutWaiter(run.request, waiter) === undefined,
    // failures
    failedWith: ({ context }, type: SyncFailure['type']) => context.failure?.type === type,
    /** True if nobody signed in after the rejected token was sent. */
    isTokenDead: ({ context: { failure, run } }) => failure?.type === 'authRequired' && run?.signedIn !== true,
    isForeign: ({ context: { run } }, failure: SyncFailure | undefined) => failure !== undefined && run === undefined,
    /** Nothing is sent automatically to a database of another scope. */
    isHeldBack: ({ context }) => context.failure?.type === 'scopeChanged',
    isIsolable: ({ context: { failure, run } }) =>
      run !== undefined && failure !== undefined && isKindAhead(run, failure),
    isBeyondCap: ({ context: { failure, limits } }) =>
      failure?.type === 'throttled' && failure.retryAfterMs > limits.backoffMaxMs,
    isTransient: ({ context }) => isTransient(context.failure),
    hasRetriesLeft: ({ context: { run } }) => run !== undefined && run.attempts < run.maxRetries,
    hasAutomaticWork: ({ context: { run, next } }) => automaticWork(run, next) !== undefined,
    /**
     * Network recovery ends a wait for the network or the database. It does not shorten a wait that the server
     * requested or that was restored.
     */
    isWaitForNetwork: ({ context: { failure } }) => failure !== undefined && failure.type !== 'throttled',
    isWaitForSingles: ({ context }) => context.wait?.due === true,
    // answers
    isPausedSince: (_, hydrated: Hydrated) => hydrated.paused,
    mustWait: ({ context }, hydrated: Hydrated) => (hydrated.wait?.delayMs ?? 0) > 0 && context.next?.explicit !== true,
    isHeld: (_, answer: LeaseAnswer) => answer.held,
    isHeldOn: ({ context: { run } }, answer: LeaseAnswer) =>
      answer.held && answer.continued && run !== undefined && run.planned && !run.replan,
    needsResync: (_, plan: Plan) => plan.resyncKinds.length > 0,
    isFilled: (_, taken: Taken) => taken.count > 0,
    isReached: (_, report: SendReport) => report.reached,
    wasInterrupted: ({ context }) => context.run?.report?.failure !== undefined,
    isDecidedTo: (_, params: { decision: ConflictDecision; type: ConflictDecision['type'] }) =>
      params.decision.type === params.type,
    hasFailed: (_, outcome: ConflictOutcome) => outcome.failure !== undefined,
    deservesAnotherRound: ({ context: { run, limits } }, outcome: ConflictOutcome) =>
      outcome.type === 'again' && (run?.round ?? 0) < limits.maxConflictRetries,
    hasMoreToProve: (_, report: SweepReport) => report.more === true,
    isConflictAgain: (_, outcome: ConflictOutcome) => outcome.type === 'again',
    isReport: (_, page: PageReport) => page !== noPage,
    isReachable: (_, healthy: boolean) => healthy,
    isReopened: (_, record: RunRecord) => (record.reopened?.length ?? 0) > 0,
    /** Only an automatic run schedules operations that wait on their own. */
    leavesDueWork: ({ context: { run, next } }, record: RunRecord) =>
      next === undefined && run?.request.automatic === true && record.nextDueInMs !== undefined,
    // work ahead
    hasUnsettled: ({ context }) => context.run?.batchId !== undefined,
    hasConflict: ({ context }) => (context.run?.conflicts.length ?? 0) > 0,
    hasKindToPull: ({ context }) => (context.run?.toPull.length ?? 0) > 0,
    hasKindToSweep: ({ context }) => (context.run?.toSweep.length ?? 0) > 0,
    hasFailedKind: ({ context }) => (context.run?.failures.length ?? 0) > 0,
  },
});
