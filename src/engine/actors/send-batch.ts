import { ParseError, SyncOperationError } from '../../model/errors/errors.ts';
import type { SyncFailure } from '../../model/errors/failure.ts';
import { setLastLook } from '../../model/last-look.ts';
import type { Op } from '../../model/operation.ts';
import type { SendReport, SettleReport } from '../../model/run.ts';
import { pushMalformed, type OpPushResult, type PushResult } from '../../model/transport.ts';
import { judgeBatch } from '../../rules/answers/judge-batch.ts';
import { toOutcome } from '../../rules/answers/outcome.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';
import { toStepFailure } from '../ports/step-failure.ts';
import { unlessAborted } from '../ports/unless-aborted.ts';
import { isPastDeadline, leaseFailure } from './lease-deadline.ts';
import { preflight } from './preflight.ts';
import { readAnswer, readAtOnce } from './read-answer.ts';
import { sentAs, type BatchUnderWay, type RunMemory } from './run-memory.ts';
import { settleEarly } from './settle-early.ts';

/** The server's answer for one operation; it may stem from the fetch before it. */
interface Answered {
  readonly op: Op;
  readonly result: PushResult;
}

/**
 * Sends a batch and reports what the answers mean for the run. Settling finds the answers by batch id. Never rejects
 * because of a server or adapter, because received answers must be settled in any case.
 */
export async function sendBatch(
  batch: BatchUnderWay,
  ports: EnginePorts,
  memory: RunMemory,
  { signal, tell }: { readonly signal: AbortSignal; readonly tell: (part: SettleReport) => boolean },
): Promise<SendReport> {
  if (batch.report !== undefined) return batch.report;
  const lost = await leaseFailure(ports);
  if (lost !== undefined) return { answered: 0, reached: false, failure: lost };

  const { toSend, answered } = await lookBeforeSending(batch, ports, signal);
  if (signal.aborted) return partOf(batch);
  const thrown = toSend.length === 0 ? undefined : await push(batch, toSend, ports, memory, { signal, tell });
  if (signal.aborted) return partOf(batch);

  for (const op of toSend) {
    const result = batch.answers.get(op.opId);
    if (result !== undefined) answered.push({ op, result });
  }
  const failure = thrown ?? (await judge(answered, ports, memory, signal));
  for (const request of batch.requests) {
    const result = batch.answers.get(request.op.opId);
    if (result === undefined || batch.outcomes.has(request.op.opId)) continue;
    // Waits only for operations that need a request. Yielding per operation would cost more than reading its answer.
    const sent = sentAs(batch, request);
    batch.outcomes.set(
      request.op.opId,
      readAtOnce(sent, result, ports) ?? (await readAnswer(sent, result, ports, signal)),
    );
    if (signal.aborted) return partOf(batch);
  }
  batch.report = {
    ...partOf(batch),
    reached: answered.some(isFromServer),
    ...(failure === undefined ? {} : { failure }),
  };
  return batch.report;
}

const partOf = (batch: BatchUnderWay): SendReport => ({
  answered: Math.max(batch.answers.size, batch.outcomes.size),
  reached: batch.answers.size > 0,
});

/**
 * Fetches the rows of operations that must not be sent blindly. Operations answered by the fetch get their outcome
 * here.
 */
async function lookBeforeSending(
  batch: BatchUnderWay,
  ports: EnginePorts,
  signal: AbortSignal,
): Promise<{ toSend: Op[]; answered: Answered[] }> {
  const toSend: Op[] = [];
  const answered: Answered[] = [];
  for (const request of batch.requests) {
    if (request.verify === 'no') {
      toSend.push(request.op);
      continue;
    }
    const checked = await preflight(request, ports, signal);
    if (signal.aborted) break;
    if (checked.type === 'send') {
      if (checked.found !== undefined) {
        await ports.store.confirmBase(request, checked.found);
        batch.foundBases.set(request.op.opId, checked.op);
      }
      toSend.push(checked.op);
      continue;
    }
    batch.outcomes.set(request.op.opId, checked.outcome);
    if (checked.result !== undefined) answered.push({ op: request.op, result: checked.result });
  }
  return { toSend, answered };
}

/**
 * Hands operations to the transport and stores each answer on arrival. If the adapter throws, returns the reason for
 * the missing answers.
 */
async function push(
  batch: BatchUnderWay,
  ops: readonly Op[],
  ports: EnginePorts,
  memory: RunMemory,
  { signal, tell }: { readonly signal: AbortSignal; readonly tell: (part: SettleReport) => boolean },
): Promise<SyncFailure | undefined> {
  const strangers = new Set<string>();
  const sending = new AbortController();
  const stop = (): void => sending.abort();
  signal.addEventListener('abort', stop);
  const early = settleEarly(batch, ports, memory, { tell, fenced: stop });
  for (const op of ops) batch.dispatched.add(op.opId);
  let isLate = false;
  // After a sleep of the process during a batch, another process may own the unsent operations.
  const lookAtDeadline = (): void => {
    if (isLate || !isPastDeadline(ports)) return;
    isLate = true;
    stop();
  };
  setLastLook(sending.signal, lookAtDeadline);
  const keep = ({ opId, result }: OpPushResult): void => {
    if (!batch.dispatched.has(opId)) strangers.add(opId);
    else if (!batch.answers.has(opId)) {
      batch.answers.set(opId, result);
      early.note();
      if (batch.answers.size < ops.length) lookAtDeadline();
    }
  };
  try {
    // A transport that ignores its signal must not delay a PAUSE (I9).
    const pushed = await unlessAborted(ports.transport.push(ops, { signal: sending.signal, onAnswer: keep }), signal);
    for (const answer of pushed?.results ?? []) keep(answer);
    for (const message of pushed?.warnings ?? []) batch.warnings.push({ type: 'transport.warning', message });
    if (pushed !== undefined && !signal.aborted) {
      for (const op of ops) {
        if (!batch.answers.has(op.opId))
          batch.answers.set(
            op.opId,
            pushMalformed(`the transport gave no result for ${op.kind}/${op.id} (operation ${op.opId})`),
          );
      }
    }
    return isLate ? await lateFailure(ports) : undefined;
  } catch (error) {
    return toStepFailure(error, { phase: 'push', at: ports.clock.now() });
  } finally {
    signal.removeEventListener('abort', stop);
    await early.end();
    for (const opId of strangers)
      batch.warnings.push({
        type: 'transport.warning',
        message: `the transport answered operation '${opId}', which was not part of the push; the answer is ignored`,
      });
  }
}

/**
 * Why a batch was interrupted when its lease expired: another owner has it, or this machine was too busy to renew it in
 * time.
 */
const lateFailure = async (ports: EnginePorts): Promise<SyncFailure> =>
  (await leaseFailure(ports)) ?? {
    type: 'unavailable',
    message: 'the sync lease expired during a batch and was renewed; unanswered operations are sent again',
    at: ports.clock.now(),
  };

/** Decides what the answers mean for the whole run; undefined if it continues. */
async function judge(
  answered: readonly Answered[],
  ports: EnginePorts,
  memory: RunMemory,
  signal: AbortSignal,
): Promise<SyncFailure | undefined> {
  const last = answered.at(-1);
  if (last !== undefined && answered.every(({ result }) => result.type === 'pushSuccess')) {
    memory.lastAnswer = { entity: `${last.op.kind}/${last.op.id}`, result: last.result };
    return undefined;
  }
  const answers = answered.map(({ op, result }) => ({ entity: `${op.kind}/${op.id}`, result }));
  const { verdict, retryAfterMs, message } = judgeBatch(
    memory.lastAnswer === undefined ? answers : [memory.lastAnswer, ...answers],
  );
  // These answers have led to a verdict. The next attempt is judged on its own.
  memory.lastAnswer = verdict === 'fine' ? (answers.at(-1) ?? memory.lastAnswer) : undefined;
  const said = (type: PushResult['type']): { message: string; at: number; cause: unknown } => ({
    message,
    at: ports.clock.now(),
    cause: errorSaid(answered, type),
  });
  switch (verdict) {
    case 'fine':
      return undefined;
    case 'authRequired':
      return { type: 'authRequired', ...said('pushUnauthorized') };
    case 'throttled':
      return { type: 'throttled', retryAfterMs: retryAfterMs ?? 0, ...said('pushThrottled') };
    case 'unavailable':
      return { type: 'unavailable', ...said('pushUnavailable') };
    case 'askHealth': {
      const isHealthy = await unlessAborted(ports.transport.health({ signal }), signal).catch(() => false);
      return isHealthy === true ? undefined : { type: 'unavailable', ...said('pushUnavailable') };
    }
    case 'malformed': {
      const { at, cause } = said('pushMalformed');
      // A bug in the app's adapter is not an answer of a server.
      const isAnswer = cause === undefined || cause instanceof ParseError;
      const text = isAnswer
        ? `the answers do not come from a sync server (${message}); check the base URL${cause?.isHtml === true ? ', and whether a captive portal intercepts the requests' : ''}`
        : message;
      return { type: 'fatal', message: text, at, cause: new SyncOperationError(text, 'push', undefined, { cause }) };
    }
  }
}

/** The error of the last answer of that type, or of the last answer with an error. */
function errorSaid(answered: readonly Answered[], type: PushResult['type']): unknown {
  const answer = answered.findLast(({ result }) => result.type === type) ?? answered.at(-1);
  if (answer === undefined) return undefined;
  const outcome = toOutcome(answer.op, answer.result);
  return 'error' in outcome ? outcome.error : undefined;
}

/** Any answer, good or bad, came from the server. */
const isFromServer = ({ result }: Answered): boolean =>
  result.type !== 'pushAmbiguous' &&
  !(result.type === 'pushUnavailable' && (!result.dispatched || result.statusCode === undefined));
