import type { CallFailure } from '../../devtools/protocol/log-entry.ts';
import { AuthError, NetworkError, ParseError, TransportError } from '../../model/errors/errors.ts';
import type { Op } from '../../model/operation.ts';
import {
  fetchError,
  fetchNotFound,
  fetchSuccess,
  pushAmbiguous,
  pushMalformed,
  pushThrottled,
  pushUnavailable,
  type OpPushResult,
  type PushResult,
  type TransportAdapter,
  type TransportCapabilities,
} from '../../model/transport.ts';
import { onAbort } from '../../transport/http/on-abort.ts';
import type { VirtualTime } from '../../simulation/virtual-time.ts';
import type { RecordedAnswer, RecordedAnswers } from '../plan/recorded-answers.ts';
import type { ReplayServer } from './replay-server.ts';

export interface ReplayTransportParts {
  readonly time: VirtualTime;
  readonly server: ReplayServer;
  readonly answers: RecordedAnswers;
  readonly capabilities: TransportCapabilities;
  /** Calls without a recorded answer were still pending at the time of saving. */
  readonly isUnderWay: boolean;
  /** A call that the recording does not contain. */
  readonly onUnexpected: (what: string) => void;
}

/** One-way time in ms of a request without a recorded duration. */
const usualMs = 20;

/**
 * Returns the recorded answers, each after its recorded duration. After the recording, returns those of the model
 * server.
 */
export class ReplayTransport implements TransportAdapter {
  readonly capabilities: TransportCapabilities;
  #isOver = false;
  readonly #waiting = new Set<() => void>();

  constructor(private readonly parts: ReplayTransportParts) {
    this.capabilities = parts.capabilities;
  }

  /** Ends all faults and interrupts pending calls. */
  end(): void {
    this.#isOver = true;
    for (const breakOff of [...this.#waiting]) breakOff();
  }

  async pull(request: Parameters<TransportAdapter['pull']>[0]): ReturnType<TransportAdapter['pull']> {
    const { server, answers } = this.parts;
    const recorded = this.#isOver ? undefined : answers.takeRead('pull', request.kind);
    if (recorded === undefined) {
      await this.#unrecorded(`pull ${request.kind}`, request.signal);
      return server.page(request);
    }
    if (recorded.result === 'aborted') throw await this.#cut(recorded.tookMs, request.signal);
    await this.#wait(recorded.tookMs, request.signal);
    if (recorded.result === 'failed') throw errorOf(recorded.failure, recorded.error);
    return server.page(request, { rows: recorded.rows ?? 0, hasMore: recorded.hasMore });
  }

  async push(
    ops: readonly Op[],
    context: Parameters<TransportAdapter['push']>[1],
  ): ReturnType<TransportAdapter['push']> {
    const one = async (op: Op): Promise<OpPushResult> => {
      const answer = { opId: op.opId, result: await this.#send(op, context.signal) };
      context.onAnswer?.(answer);
      return answer;
    };
    return { results: await Promise.all(ops.map(one)) };
  }

  forcePush(op: Op, context: Parameters<TransportAdapter['forcePush']>[1]): Promise<PushResult> {
    return this.#send({ ...op, force: true }, context.signal);
  }

  async fetch({ kind, id, signal }: Parameters<TransportAdapter['fetch']>[0]): ReturnType<TransportAdapter['fetch']> {
    const { server, answers } = this.parts;
    const recorded = this.#isOver ? undefined : answers.takeRead('fetch', kind, id);
    try {
      if (recorded === undefined) await this.#unrecorded(`fetch ${kind}/${id}`, signal);
      else if (recorded.result === 'aborted') throw await this.#cut(recorded.tookMs, signal);
      else await this.#wait(recorded.tookMs, signal);
    } catch (error) {
      return fetchError(error);
    }
    if (recorded?.error !== undefined) return fetchError(errorOf(recorded.failure, recorded.error));
    const answer = server.model.backend.fetch(kind, id);
    return recorded?.rows === 0 || answer.status !== 200 || answer.body === undefined
      ? fetchNotFound()
      : fetchSuccess(structuredClone(answer.body), answer.version);
  }

  async health({ signal }: Parameters<TransportAdapter['health']>[0]): Promise<boolean> {
    const recorded = this.#isOver ? undefined : this.parts.answers.takeRead('health');
    try {
      if (recorded === undefined) await this.#unrecorded('health', signal);
      else await this.#wait(recorded.tookMs, signal);
    } catch (error) {
      if (error instanceof NetworkError) return false;
      throw error;
    }
    return recorded?.healthy ?? true;
  }

  async #send(op: Op, signal: AbortSignal | undefined): Promise<PushResult> {
    const { server, answers } = this.parts;
    const recorded = this.#isOver ? undefined : answers.takeWrite(op.opId);
    try {
      if (recorded === undefined) {
        await this.#unrecorded(`push ${op.kind}/${op.id}`, signal);
        return server.write(op, op.force === true);
      }
      const { answer, call } = recorded;
      if (answer.outcome === undefined) {
        if (call.result === 'failed') {
          await this.#wait(call.tookMs, signal);
          return pushUnavailable({ dispatched: true, message: call.error ?? 'the call failed' });
        }
        throw await this.#cut(call.tookMs, signal);
      }
      await this.#wait(answer.answeredAfterMs ?? call.tookMs, signal);
      return this.#recorded(op, recorded);
    } catch (error) {
      if (error instanceof NetworkError) return pushAmbiguous({ message: error.message });
      throw error;
    }
  }

  #recorded(op: Op, { answer, call }: RecordedAnswer): PushResult {
    const { server, answers } = this.parts;
    const { message = '', statusCode, retryAfterMs, dispatched, noConnection, timedOut } = answer;
    switch (answer.outcome) {
      case 'pushSuccess':
        return server.apply(op);
      case 'pushConflict':
        return server.conflict(op, answer, answers.isFetchedAfter(op.kind, op.id, call));
      case 'pushNotFound':
        return server.missing(op, statusCode);
      case 'pushRejected':
      case 'pushForbidden':
        return server.refuse(op, answer);
      case 'pushUnauthorized':
        return server.unauthorized(message);
      case 'pushThrottled':
        return pushThrottled({ statusCode, retryAfterMs, message });
      case 'pushUnavailable':
        return pushUnavailable({
          dispatched: dispatched ?? statusCode !== undefined,
          statusCode,
          noConnection: noConnection ?? statusCode === undefined,
          message,
        });
      case 'pushAmbiguous': {
        const next = answers.nextWrite(op.opId)?.answer.outcome;
        // Assumes that the request arrived, unless the server's next answer proves otherwise.
        if (next === undefined || next === 'pushSuccess' || next === 'pushAmbiguous' || next === 'pushUnavailable')
          server.arrive(op);
        return pushAmbiguous({ message, timedOut });
      }
      default:
        return pushMalformed(message);
    }
  }

  async #unrecorded(what: string, signal: AbortSignal | undefined): Promise<void> {
    if (!this.#isOver && this.parts.isUnderWay) throw await this.#cut(Infinity, signal);
    if (!this.#isOver) this.parts.onUnexpected(what);
    await this.#wait(usualMs, signal);
  }

  /** Waits until the call is abandoned, or interrupts it: after `ms`, or when the recording ends. */
  #cut(ms: number, signal: AbortSignal | undefined): Promise<NetworkError> {
    const { time } = this.parts;
    return new Promise((resolve) => {
      const end = (): void => {
        this.#waiting.delete(end);
        ended();
        if (timer !== undefined) time.clearTimeout(timer);
        time.touch();
        resolve(new NetworkError('no complete answer came'));
      };
      const timer = Number.isFinite(ms) ? time.setTimeout(end, ms + 1) : undefined;
      const ended = onAbort(signal, end);
      this.#waiting.add(end);
      if (signal?.aborted === true) end();
    });
  }

  #wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const { time } = this.parts;
    time.touch();
    return new Promise((resolve, reject) => {
      const timer = time.setTimeout(() => {
        ended();
        time.touch();
        resolve();
      }, ms);
      const ended = onAbort(signal, () => {
        ended();
        time.clearTimeout(timer);
        time.touch();
        reject(new NetworkError('the request was given up'));
      });
    });
  }
}

function errorOf(failure: CallFailure | undefined, message = 'the call failed'): Error {
  switch (failure?.name) {
    case 'TransportError':
      return new TransportError(message, failure.statusCode ?? 500, undefined, { retryAfterMs: failure.retryAfterMs });
    case 'AuthError':
      return new AuthError(message);
    case 'ParseError':
      return new ParseError(message);
    default:
      return new NetworkError(message, { timedOut: failure?.timedOut === true });
  }
}
