import { emit, enqueueActions, raise } from 'xstate';
import { syncErrorInfo } from '../../model/errors/errors.ts';
import type { SyncFact } from '../../model/events.ts';
import type { SyncFailure, SyncPhase } from '../../model/errors/failure.ts';
import type { RunRecord, SettleReport } from '../../model/run.ts';
import { noStats } from '../../model/values/run-stats.ts';
import { endingOf, promisesOf, statsOf, toSyncError } from '../../rules/sync-rules.ts';
import type { SyncContext } from '../machine-context.ts';
import type { SyncEmitted, SyncMachineEvent } from '../machine-events.ts';
import { unknownFailure } from '../placeholders.ts';
import { withFailureActions } from './failure-actions.ts';

/**
 * An action that emits any number of events. Typed by hand, because TypeScript cannot infer the types of
 * `enqueueActions` within `setup`.
 */
const telling = <P = undefined>(
  tell: (context: SyncContext, emitEvent: (event: SyncEmitted) => void, params: P) => void,
) =>
  enqueueActions<SyncContext, SyncMachineEvent, P, SyncMachineEvent, never, never, never, never, SyncEmitted>(
    ({ context, enqueue }, params) => {
      tell(
        context,
        (event) => {
          enqueue.emit(event);
        },
        params,
      );
    },
  );

/** Events that the chart emits, and events that its regions send to each other. */
export const withAnnouncements = withFailureActions.extend({
  actions: {
    noteReached: raise({ type: 'network.online' }),
    announce: emit((_, event: SyncEmitted) => event),
    /** Emits an actor's facts in order, after the commit of what they report. */
    announceFacts: telling(({ run }, tell, facts: readonly SyncFact[]) => {
      for (const fact of facts) tell({ ...fact, runId: run?.id });
    }),
    /**
     * Announces a phase once per run. A run therefore emits two `sync.started`, whatever happens in between (EVT-02).
     */
    announcePhase: telling(({ run }, tell, phase: SyncPhase | 'fullResync') => {
      if (run === undefined || run.told.includes(phase)) return;
      tell(
        phase === 'fullResync'
          ? { type: 'resync.started', reason: run.resyncReason ?? 'manual', kinds: run.toSweep, runId: run.id }
          : { type: 'sync.started', phase, runId: run.id },
      );
    }),
    announceBatch: telling(({ run }, tell, { batchSize, pushed, errors, conflicts }: SettleReport) => {
      if (batchSize > 0)
        tell({
          type: 'batch.pushed',
          batchSize,
          successCount: pushed,
          errorCount: errors,
          conflictCount: conflicts.length,
          runId: run?.id,
        });
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
      return {
        type: 'backoff.scheduled' as const,
        attempt,
        delayMs: wait?.delayMs ?? 0,
        retryAt: wait?.retryAt,
        cause,
      };
    }),
    announceUnsaved: emit((_, { what, failure }: { what: string; failure: SyncFailure }) => ({
      type: 'store.warning' as const,
      message: `${what} could not be stored and would not survive a restart: ${failure.message}`,
    })),
    announceForeign: telling((_, tell, failure: SyncFailure | undefined) => {
      if (failure?.type === 'scopeChanged') tell({ type: 'scope.changed' });
    }),
    /**
     * Reports promises that start to wait without any other sign: requested before the stored pause was read, or
     * interrupted by PAUSE.
     */
    announceDeferred: telling(({ run, next }, tell) => {
      if (promisesOf(next).length + promisesOf(run?.request).length > 0)
        tell({ type: 'request.deferred', because: 'paused' });
    }),
    rejectRequest: telling(({ next }, tell, failure: SyncFailure | undefined) => {
      const waiters = promisesOf(next);
      if (waiters.length > 0) tell({ type: 'request.rejected', waiters, failure: failure ?? unknownFailure });
    }),
  },
});
