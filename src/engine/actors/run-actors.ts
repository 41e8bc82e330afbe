import { fromObservable, fromPromise } from 'xstate';
import type {
  FinishInput,
  PlanInput,
  PrepareInput,
  PullInput,
  RememberWaitInput,
  SweepInput,
} from '../../machines/actor-inputs.ts';
import type { SyncFailure } from '../../model/errors/failure.ts';
import type { Hydrated, LeaseAnswer, PageReport, Plan, RunRecord, SweepReport } from '../../model/run.ts';
import type { OpenQuestions } from '../conflicts/open-questions.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';
import { scopeFailure, type ScopeGuard } from '../scope/scope-guard.ts';
import { failStep } from '../ports/step-failure.ts';
import { unlessAborted } from '../ports/unless-aborted.ts';
import { createFinish } from './finish-run.ts';
import type { LeaseKeeper } from './lease-keeper.ts';
import { planRun } from './plan-run.ts';
import { PullAhead } from './pull-ahead.ts';
import { pullKind } from './pull-kind.ts';
import type { RunMemory } from './run-memory.ts';
import { sweepKind } from './sweep-kind.ts';

/** A longer stored wait means that the clock was set back. It counts as over. */
const longestWaitMs = 24 * 60 * 60 * 1000;

/** Starts and ends runs, pulls and resyncs, and stores what the chart waits for. */
export function createRunActors(
  ports: EnginePorts,
  memory: RunMemory,
  keeper: LeaseKeeper,
  questions: OpenQuestions,
  guard: ScopeGuard,
) {
  const { store, transport, clock } = ports;
  const finish = createFinish(ports, memory, keeper, questions);
  const ahead = new PullAhead(ports);
  const step = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await memory.during(work);
    } catch (error) {
      return failStep(error, { phase: 'sync', at: clock.now() });
    }
  };
  const ofKind = async <T>(kind: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await memory.during(work);
    } catch (error) {
      return failStep(error, { phase: 'pull', kind, at: clock.now() });
    }
  };

  return {
    hydrate: fromPromise<Hydrated>(() =>
      step(async () => {
        const { paused, attempt, retryAt, request, clockOffsetMs, lastSyncedAt } = await store.hydrate();
        memory.lastSyncedAt = lastSyncedAt;
        memory.clockOffsetMs = clockOffsetMs;
        const delayMs = retryAt === undefined ? 0 : retryAt - clock.now();
        const isAhead = delayMs > 0 && delayMs <= Math.max(longestWaitMs, ports.config.backoffMaxMs);
        const failure = await scopeFailure(guard);
        return {
          paused,
          attempt,
          request,
          ...(isAhead ? { wait: { delayMs, retryAt } } : {}),
          ...(failure === undefined ? {} : { failure }),
        };
      }),
    ),

    checkScope: fromPromise<SyncFailure | undefined>(() => step(() => scopeFailure(guard))),

    acquireLease: fromPromise<LeaseAnswer>(() => step(() => keeper.acquire())),

    planRun: fromPromise<Plan, PlanInput>(({ input }) =>
      step(async () => {
        memory.beginRun(input.runId, clock.now());
        const plan = await planRun(input, ports, guard);
        ahead.plan(plan.pullKinds.map((kind) => ({ kind, resync: plan.resyncKinds.includes(kind) })));
        return plan;
      }),
    ),

    prepareResync: fromPromise<unknown, PrepareInput>(({ input }) => step(() => store.openResync(input.kinds))),

    pullKind: fromObservable<PageReport, PullInput>(({ input }) => pullKind(input, ports, memory, ahead)),

    sweepResync: fromPromise<SweepReport, SweepInput>(({ input, signal }) =>
      ofKind(input.kind, () => sweepKind(input, ports, signal)),
    ),

    finishRun: fromPromise<RunRecord, FinishInput>(({ input, signal }) => step(() => finish(input, signal))),

    rememberWait: fromPromise<unknown, RememberWaitInput>(({ input: { attempt, wait, request } }) =>
      // A wait for single operations has no failure. Attempt 0 distinguishes it after a restart.
      step(() => store.rememberWait({ attempt: wait?.due === true ? 0 : attempt, retryAt: wait?.retryAt, request })),
    ),

    rememberPaused: fromPromise<unknown, { paused: boolean }>(({ input }) =>
      step(() => (memory.pausesBriefly ? Promise.resolve() : store.rememberPaused(input.paused))),
    ),

    // `health` must not reject. An adapter that does counts as unreachable.
    probeHealth: fromPromise<boolean>(
      async ({ signal }) => (await unlessAborted(transport.health({ signal }), signal).catch(() => false)) ?? false,
    ),
  };
}
