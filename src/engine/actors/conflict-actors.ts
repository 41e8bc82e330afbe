import { fromPromise } from 'xstate';
import type { ConflictInput } from '../../machines/actor-inputs.ts';
import { discard } from '../../model/conflict.ts';
import type { SyncFact } from '../../model/events.ts';
import type { SyncFailure } from '../../model/errors/failure.ts';
import { setLastLook } from '../../model/last-look.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { TakenRequest } from '../../model/ports.ts';
import type { ConflictDecision, ConflictOutcome, ConflictRef } from '../../model/run.ts';
import { pushMalformed, pushUnavailable, type PushResult } from '../../model/transport.ts';
import { delayFor } from '../../rules/backoff.ts';
import { askerOf, chartOf } from '../conflicts/chart-asker.ts';
import type { DecidedPlan } from '../conflicts/conflict-plan.ts';
import { decideStored } from '../conflicts/decide-stored.ts';
import type { Asker, OpenQuestions } from '../conflicts/open-questions.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';
import { failStep, toStepFailure } from '../ports/step-failure.ts';
import { unlessAborted } from '../ports/unless-aborted.ts';
import { isPastDeadline, leaseFailure } from './lease-deadline.ts';
import { readAnswer } from './read-answer.ts';
import type { RunMemory } from './run-memory.ts';

type Repush = Extract<DecidedPlan, { type: 'repush' }>;
type Apply = Extract<DecidedPlan, { type: 'apply' }>;
/** `skip`: the conflict stays unresolved, and the setting `skipConflictingOps` discards the change. */
type Planned = { readonly plan: Repush | Apply; readonly skip?: string };

const left = (parts: Partial<ConflictOutcome> = {}): ConflictOutcome => ({
  type: 'left',
  pushed: 0,
  errors: 0,
  facts: [],
  ...parts,
});
const nameOf = ({ kind, entityId }: ConflictRef): string => JSON.stringify([kind, entityId]);
const leave = (facts: readonly SyncFact[] = []): ConflictDecision => ({ type: 'leave', facts });

/**
 * Decides conflicts and executes the decisions, one conflict after another. An undecidable conflict fails alone (F-16).
 */
export function createConflictActors(ports: EnginePorts, memory: RunMemory, questions: OpenQuestions) {
  const { store, config, clock } = ports;
  const planned = new Map<string, Planned>();

  const decide = async ({ ref, runId }: ConflictInput, asker: Asker): Promise<ConflictDecision> => {
    // The pending write of an aborted re-push must finish first, otherwise the decision would use outdated data.
    await memory.settlingConflict;
    planned.delete(nameOf(ref));
    const plan = await decideStored(ref, { ports, questions, asker, runId, clockOffsetMs: memory.clockOffsetMs });
    if (plan === undefined) return leave();
    if (plan.type !== 'park') {
      planned.set(nameOf(ref), { plan });
      return { type: plan.type, facts: [] };
    }
    if (config.skipConflictingOps) {
      planned.set(nameOf(ref), { plan: { type: 'apply', resolution: discard() }, skip: plan.reason });
      return { type: 'apply', facts: [] };
    }
    return leave(await store.parkConflict(ref, plan.reason, plan));
  };

  /**
   * Discards the change because of the setting. Reports the conflict as unresolved, unless that has happened before.
   */
  const skip = async (ref: ConflictRef, reason: string | undefined): Promise<readonly SyncFact[]> => {
    const { facts } = await store.acceptServer(ref, discard());
    return skippedFacts(facts, ref, reason);
  };

  const apply = async ({ ref }: ConflictInput): Promise<ConflictOutcome> => {
    const known = planned.get(nameOf(ref));
    if (known?.plan.type !== 'apply') return left();
    const outcome =
      known.skip === undefined
        ? await store.acceptServer(ref, known.plan.resolution)
        : left({ facts: await skip(ref, known.skip) });
    planned.delete(nameOf(ref));
    return outcome;
  };

  const repush = async (input: ConflictInput, signal: AbortSignal): Promise<ConflictOutcome> => {
    const { ref, round } = input;
    const known = planned.get(nameOf(ref));
    if (known?.plan.type !== 'repush') return left();
    const lost = await leaseFailure(ports);
    if (lost !== undefined) return left({ failure: lost });
    const { plan } = known;
    const request = await store.freezeResolution(ref, plan);
    // The stored conflict has changed since the decision. Nothing was sent.
    if (request === undefined) return round < config.maxConflictRetries ? left({ type: 'again' }) : left();
    const { outcome, isRefused } = await sendResolution({ ref, request, plan }, ports, memory, signal);
    if (outcome.type !== 'again') planned.delete(nameOf(ref));
    if (isRefused && config.skipConflictingOps)
      return { ...outcome, facts: [...outcome.facts, ...(await skip(ref, undefined))] };
    if (outcome.type !== 'again' || outcome.failure !== undefined || round < config.maxConflictRetries) return outcome;
    // The last round counts as a failed attempt, and the next run starts again (F-03).
    const reason = `The server had another version in each of ${round + 1} rounds; the next run tries again`;
    const facts = config.skipConflictingOps
      ? await skip(ref, reason)
      : await store.parkConflict(ref, reason, { nextRun: true, countTry: true });
    return left({ errors: 1, facts: [...outcome.facts, ...facts] });
  };

  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await memory.during(work);
    } catch (error) {
      return failStep(error, { phase: 'push', at: clock.now() });
    }
  };

  return {
    decideConflict: fromPromise<ConflictDecision, ConflictInput>(({ input, self }) =>
      guarded(() => decide(input, askerOf(chartOf(self)))),
    ),
    applyDecision: fromPromise<ConflictOutcome, ConflictInput>(({ input }) => guarded(() => apply(input))),
    repushDecision: fromPromise<ConflictOutcome, ConflictInput>(({ input, signal }) => {
      const work = guarded(() => repush(input, signal));
      memory.settlingConflict = work.catch(() => undefined);
      return work;
    }),
  };
}

interface ResolutionUnderWay {
  readonly ref: ConflictRef;
  readonly request: TakenRequest;
  readonly plan: Repush;
}

/** Sends the request that resolves a conflict and settles its answer, even if sending was aborted. */
async function sendResolution(
  { ref, request, plan }: ResolutionUnderWay,
  ports: EnginePorts,
  memory: RunMemory,
  signal: AbortSignal,
): Promise<{ readonly outcome: ConflictOutcome; readonly isRefused: boolean }> {
  const { store, clock, config, random } = ports;
  const { result, failure } = await send(request, plan, ports, signal);
  const read = await readAnswer(request, result, ports, signal);
  const failsAlone = read.type === 'retryLater' && failure === undefined && !signal.aborted;
  const outcome =
    signal.aborted && read.type === 'retryLater'
      ? ({ type: 'unavailable', error: read.error } satisfies Outcome)
      : read;
  const report = await store.settleResolution(
    ref,
    {
      request,
      outcome,
      ...(failsAlone ? { dueInMs: delayFor(memory.countFailure(request.op.opId), random(), config) } : {}),
    },
    plan.resolution,
  );
  const stop = failure ?? failureOf(outcome, clock.now());
  return {
    outcome: stop === undefined ? report : { ...report, failure: stop },
    isRefused: outcome.type === 'rejected',
  };
}

async function send(
  { op }: TakenRequest,
  plan: Repush,
  ports: EnginePorts,
  signal: AbortSignal,
): Promise<{ result: PushResult; failure?: SyncFailure }> {
  const cut = pushUnavailable({
    dispatched: true,
    message: `${op.kind}/${op.id}: the request was interrupted before an answer arrived`,
  });
  let received: PushResult | undefined;
  const sending = new AbortController();
  const stop = (): void => sending.abort();
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  setLastLook(sending.signal, () => {
    if (isPastDeadline(ports)) stop();
  });
  try {
    if (plan.force)
      return {
        result: (await unlessAborted(ports.transport.forcePush(op, { signal: sending.signal }), signal)) ?? cut,
      };
    const pushed = await unlessAborted(
      ports.transport.push([op], {
        signal: sending.signal,
        onAnswer: ({ opId, result }) => {
          if (opId === op.opId) received ??= result;
        },
      }),
      signal,
    );
    received ??= pushed?.results.find(({ opId }) => opId === op.opId)?.result;
    if (received !== undefined) return { result: received };
    return {
      result:
        pushed === undefined
          ? cut
          : pushMalformed(`the transport gave no result for ${op.kind}/${op.id} (operation ${op.opId})`),
    };
  } catch (error) {
    return { result: received ?? cut, failure: toStepFailure(error, { phase: 'push', at: ports.clock.now() }) };
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** The failure of the run that follows from one answer, if the run cannot continue. */
function failureOf(outcome: Outcome, at: number): SyncFailure | undefined {
  switch (outcome.type) {
    case 'authRequired':
      return { type: 'authRequired', message: outcome.error.message, at, cause: outcome.error };
    case 'throttled':
      return {
        type: 'throttled',
        retryAfterMs: outcome.retryAfterMs ?? 0,
        message: outcome.error.message,
        at,
        cause: outcome.error,
      };
    case 'unavailable':
    case 'notSent':
      if (outcome.type === 'unavailable' && outcome.retryAfterMs !== undefined)
        return {
          type: 'throttled',
          retryAfterMs: outcome.retryAfterMs,
          message: outcome.error.message,
          at,
          cause: outcome.error,
        };
      return { type: 'unavailable', message: outcome.error.message, at, cause: outcome.error };
    default:
      return undefined;
  }
}

/** Reports the result of `acceptServer` as an unresolved conflict whose change the setting discarded. */
function skippedFacts(facts: readonly SyncFact[], ref: ConflictRef, reason: string | undefined): readonly SyncFact[] {
  return facts.flatMap((fact): readonly SyncFact[] => {
    if (fact.type === 'op.discarded') return [{ ...fact, reason: 'skipped' }];
    if (fact.type !== 'conflict.resolved') return [fact];
    const unresolved: readonly SyncFact[] =
      reason === undefined ? [] : [{ type: 'conflict.unresolved', conflict: fact.conflict, reason }];
    const isTold = facts.some(({ type }) => type === 'op.discarded');
    return isTold
      ? unresolved
      : [...unresolved, { type: 'op.discarded', ...ref, reason: 'skipped', givenUp: fact.givenUp ?? [] }];
  });
}
