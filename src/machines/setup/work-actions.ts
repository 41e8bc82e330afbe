import { assign } from 'xstate';
import type {
  ConflictOutcome,
  PageReport,
  Plan,
  Run,
  RunRecord,
  SendReport,
  SettleReport,
  SyncRequest,
  Taken,
} from '../../model/run.ts';
import type { SyncFailure } from '../../model/errors/failure.ts';
import {
  acceptRequest,
  adoptPlan,
  asAutomatic,
  automaticPart,
  closeKind,
  countOutcome,
  countPage,
  countPart,
  countSettled,
  createRun,
  failedKinds,
  leaveConflict,
  mergeRequests,
  reopen,
  statsOf,
  widenRun,
  withoutWaiter,
} from '../../rules/sync-rules.ts';
import { noRequest } from '../placeholders.ts';
import { changeRun } from './change-run.ts';
import { withGuards } from './guards.ts';

/** Changes to requests and to the current run. */
export const withWorkActions = withGuards.extend({
  actions: {
    /**
     * Provided by the engine: releases the lease without waiting and never throws. Does nothing if the lease is not
     * held.
     */
    releaseLease: () => {},
    // requests
    acceptRequest: assign(({ context: { run, next } }, request: SyncRequest) => acceptRequest(run, next, request)),
    widenRun: assign(({ context: { run, next } }, request: SyncRequest) => widenRun(run, next, request)),
    tryOnce: assign(changeRun((run) => ({ ...run, maxRetries: 0 }))),
    dropWaiter: assign(({ context: { run, next } }, waiter: string) => ({
      next: next && withoutWaiter(next, waiter),
      run: run && {
        ...run,
        request: withoutWaiter(run.request, waiter) ?? { ...run.request, waiters: [], explicit: false },
      },
    })),
    releaseWaiters: assign({ next: ({ context: { next } }) => next && asAutomatic(next) }),
    dropAwaited: assign({ next: ({ context: { next } }) => automaticPart(next) }),
    giveBackRun: assign({ next: ({ context: { run, next } }) => (run ? mergeRequests(next, run.request) : next) }),
    giveBackAutomatic: assign({
      next: ({ context: { run, next } }) =>
        run?.request.automatic ? mergeRequests(next, asAutomatic(run.request)) : next,
    }),
    giveBackAll: assign({
      next: ({ context: { run, next } }) => (run ? mergeRequests(next, asAutomatic(run.request)) : next),
    }),
    giveBackFailedKinds: assign({
      next: ({ context: { run, next } }) => (run?.request.automatic ? mergeRequests(next, failedKinds(run)) : next),
    }),
    giveBackDue: assign({
      next: ({ context }) =>
        mergeRequests(context.next, { ...noRequest, pushKinds: context.pushKinds, automatic: true }),
    }),
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
    keepFailedReport: assign(
      changeRun((run, failure: SyncFailure) => ({
        ...run,
        report: { answered: 0, reached: false, ...run.report, failure },
      })),
    ),
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
      changeRun((run, phase: Run['phase']) => ({
        ...run,
        phase,
        told: phase === 'sync' || run.told.includes(phase) ? run.told : [...run.told, phase],
      })),
    ),
    dropRun: assign(({ context: { run, lastStats } }) => ({
      run: undefined,
      lastStats: run ? statsOf(run) : lastStats,
    })),
  },
});
