import { assign } from 'xstate';
import type { SyncFailure } from '../../model/errors/failure.ts';
import type { Hydrated, RunRecord, SettleReport } from '../../model/run.ts';
import { fractionOf, nextSeed, waitAfter } from '../../rules/backoff.ts';
import { asAutomatic, mergeRequests, withoutKind } from '../../rules/sync-rules.ts';
import type { SyncContext } from '../machine-context.ts';
import { changeRun } from './change-run.ts';
import { withWorkActions } from './work-actions.ts';

/** Effect of a settled answer or an applied page on the failure counts. */
const progressed = ({ context: { run } }: { context: SyncContext }): Partial<SyncContext> =>
  run ? { attempt: 0, run: { ...run, attempts: 0 } } : { attempt: 0 };

/** What the chart records about failures, progress and waits. */
export const withFailureActions = withWorkActions.extend({
  actions: {
    recordFailure: assign({ failure: (_, failure: SyncFailure | undefined) => failure }),
    recordInterruption: assign({ failure: ({ context }) => context.run?.report?.failure }),
    recordKindFailure: assign({ failure: ({ context: { run, failure } }) => run?.failures[0] ?? failure }),
    forgetFailure: assign({ failure: undefined, attempt: 0, wait: undefined }),
    /** A sign-in resolves an expired session and a foreign database, and nothing else. */
    forgetSessionFailure: assign({
      failure: ({ context: { failure } }) =>
        failure?.type === 'authRequired' || failure?.type === 'scopeChanged' ? undefined : failure,
    }),
    noteSignIn: assign(changeRun((run) => ({ ...run, signedIn: true }))),
    forgetOldToken: assign(({ context: { run } }) => ({
      failure: undefined,
      ...(run ? { run: { ...run, signedIn: false } } : {}),
    })),
    noteProgress: assign(progressed),
    noteSettled: assign(({ context }, { pushed, conflicts }: SettleReport) =>
      pushed + conflicts.length > 0 ? progressed({ context }) : {},
    ),
    isolateKind: assign(({ context: { failure, run } }) => (failure && run ? { run: withoutKind(run, failure) } : {})),
    countAttempt: assign(changeRun((run) => ({ ...run, attempts: run.attempts + 1 }))),
    countFailure: assign({ attempt: ({ context }) => context.attempt + 1 }),
    scheduleRetry: assign(({ context: { failure, attempt, seed, limits } }) =>
      failure
        ? {
            attempt: attempt + 1,
            seed: nextSeed(seed),
            wait: waitAfter(failure, attempt + 1, fractionOf(nextSeed(seed)), limits),
          }
        : {},
    ),
    scheduleDue: assign({
      wait: (_, { nextDueInMs = 0, at }: RunRecord) => ({
        delayMs: nextDueInMs,
        retryAt: at === undefined ? undefined : at + nextDueInMs,
        due: true,
      }),
    }),
    forgetWait: assign({ wait: undefined }),
    /** A stored wait without a failure belongs to single operations. */
    restore: assign(({ context: { next } }, { wait, request, attempt, failure }: Hydrated) => ({
      wait: wait && { ...wait, due: attempt === 0 },
      attempt,
      failure,
      next: request ? mergeRequests(next, asAutomatic(request)) : next,
    })),
  },
});
