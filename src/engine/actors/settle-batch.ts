import { NetworkError } from '../../model/errors/errors.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { Answer, TakenRequest } from '../../model/ports.ts';
import type { SyncFact } from '../../model/events.ts';
import type { SettleReport } from '../../model/run.ts';
import { outcomeEffects } from '../../rules/answers/outcome-effects.ts';
import { delayFor } from '../../rules/backoff.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';
import { yieldTurn } from '../../model/platform/yield-turn.ts';
import { noteClockOffset } from './clock-offset.ts';
import { readAtOnce } from './read-answer.ts';
import { sentAs, type BatchUnderWay, type RunMemory } from './run-memory.ts';

/**
 * Settles all answers of a batch in one transaction, also after an abort (I9). If that fails, the batch stays, and the
 * next attempt settles the same answers. Until then its operations stay in flight under their keys.
 */
export async function settleBatch(batch: BatchUnderWay, ports: EnginePorts, memory: RunMemory): Promise<SettleReport> {
  // An aborted transport reports its unsent operations within a few turns of the event loop, or not at all.
  await Promise.race([batch.sending, yieldTurn().then(yieldTurn).then(yieldTurn)]);
  const everybodyFails = batch.report?.failure?.type === 'unavailable';
  await batch.settlingEarly;
  batch.settling ??= batch.requests
    .filter(({ op }) => !batch.settled.has(op.opId))
    .map((request) => answerOf(request, batch, ports, memory, everybodyFails));
  const rest =
    batch.settling.length === 0 ? nothingSettled : withProgress(await ports.store.settle(batch.settling), memory);
  const report = [...batch.untold, rest].reduce(together);
  if (batch.settling.some(({ outcome }) => outcome.type === 'applied')) memory.succeeded = true;
  memory.forget(batch);
  await noteClockOffset(
    [...batch.answers.values()].map((result) => (result.type === 'pushSuccess' ? result.clockOffsetMs : undefined)),
    ports,
    memory,
  );
  return batch.warnings.length === 0 ? report : { ...report, facts: [...report.facts, ...batch.warnings] };
}

export const nothingSettled: SettleReport = { batchSize: 0, pushed: 0, errors: 0, conflicts: [], facts: [] };

const together = (a: SettleReport, b: SettleReport): SettleReport => ({
  batchSize: a.batchSize + b.batchSize,
  pushed: a.pushed + b.pushed,
  errors: a.errors + b.errors,
  conflicts: [...a.conflicts, ...b.conflicts],
  facts: [...a.facts, ...b.facts],
});

/** Counts the settled operations and adds the progress of the push. */
export function withProgress(report: SettleReport, memory: RunMemory): SettleReport {
  const done = report.pushed + report.errors;
  memory.settled += done;
  const progress: SyncFact = { type: 'sync.progress', phase: 'push', done: memory.settled };
  return done > 0 ? { ...report, facts: [...report.facts, progress] } : report;
}

function answerOf(
  request: TakenRequest,
  batch: BatchUnderWay,
  ports: EnginePorts,
  memory: RunMemory,
  everybodyFails: boolean,
): Answer {
  const outcome = finalOutcome(request, batch, ports, everybodyFails);
  const { opId } = request.op;
  // Waits for a later run, because the store takes no operation twice in one run (I8).
  if (outcome.type === 'retryLater')
    return { request, outcome, dueInMs: delayFor(memory.countFailure(opId), ports.random(), ports.config) };
  if (outcome.type !== 'unavailable') memory.forgetFailures(opId);
  return { request, outcome };
}

function finalOutcome(
  request: TakenRequest,
  batch: BatchUnderWay,
  ports: EnginePorts,
  everybodyFails: boolean,
): Outcome {
  const outcome = batch.outcomes.get(request.op.opId) ?? unreadOutcome(request, batch, ports);
  // When every request fails, none fails alone: no individual wait and no counted attempt (F-09). The same holds for
  // requests that we interrupted.
  if (outcome.type === 'retryLater' && (everybodyFails || batch.report === undefined))
    return { type: 'unavailable', error: outcome.error };
  if (request.firstSentAt === undefined || !('error' in outcome)) return outcome;
  // The request was in flight before. A refused attempt says nothing about the first one, so the request stays open
  // (I2).
  const { request: becomes, head } = outcomeEffects[outcome.type];
  return becomes !== 'open' && head === 'ready' ? { type: 'unavailable', error: outcome.error } : outcome;
}

/** The outcome of a request whose sending was interrupted by an abort, a lost lease, or an adapter that threw. */
function unreadOutcome(request: TakenRequest, batch: BatchUnderWay, ports: EnginePorts): Outcome {
  const { op } = request;
  const result = batch.answers.get(op.opId);
  if (result === undefined) {
    if (batch.dispatched.has(op.opId))
      return {
        type: 'unavailable',
        error: new NetworkError(`${op.kind}/${op.id}: the request was interrupted before an answer arrived`),
      };
    return {
      type: 'notSent',
      error: new NetworkError(`${op.kind}/${op.id} was not sent, because the run stopped first`),
    };
  }
  const outcome = readAtOnce(sentAs(batch, request), result, ports);
  if (outcome !== undefined) return outcome;
  // There is no time to fetch the row. The same request will get the same answer.
  return {
    type: 'unavailable',
    error: new NetworkError(
      `${op.kind}/${op.id}: the answer had no usable row, and the run stopped before it could be fetched`,
    ),
  };
}
