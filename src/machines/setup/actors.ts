import { fromObservable, fromPromise, setup } from 'xstate';
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
  SettleReport,
  SweepReport,
  Taken,
} from '../../model/run.ts';
import type {
  BatchInput,
  ConflictInput,
  FinishInput,
  PlanInput,
  PrepareInput,
  PullInput,
  RememberWaitInput,
  SweepInput,
  TakeInput,
} from '../actor-inputs.ts';
import type { SyncContext, SyncInput } from '../machine-context.ts';
import type { SyncEmitted, SyncMachineEvent } from '../machine-events.ts';

/** Placeholders throw on purpose. Without an implementation, XState only warns and the state would wait forever. */
const unprovided = (actor: string) => (): never => {
  throw new Error(`syncMachine needs an implementation of ${actor}: use createSyncMachine(options)`);
};

/** The chart's types and the actors that the engine provides. */
export const withActors = setup({
  types: {} as {
    context: SyncContext;
    events: SyncMachineEvent;
    emitted: SyncEmitted;
    input: SyncInput;
    tags: 'busy' | 'attention';
  },
  actors: {
    hydrate: fromPromise<Hydrated>(unprovided('hydrate')),
    /** Checks whether the database belongs to another scope than the current one. */
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
});
