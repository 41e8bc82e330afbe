import { NetworkError, TransportError } from '../../../model/errors/errors.ts';
import type { PushResult } from '../../../model/transport.ts';
import type { AnsweredOperation, CallFailure } from '../../protocol/log-entry.ts';

type AnswerFacts = Pick<
  AnsweredOperation,
  'retryAfterMs' | 'dispatched' | 'noConnection' | 'timedOut' | 'code' | 'serverDeleted'
>;

/** What an answer makes the engine do, beside its type and status. */
export function answerFacts(result: PushResult | undefined): AnswerFacts {
  switch (result?.type) {
    case 'pushThrottled':
      return result.retryAfterMs === undefined ? {} : { retryAfterMs: result.retryAfterMs };
    case 'pushUnavailable':
      return { dispatched: result.dispatched, ...(result.noConnection === true ? { noConnection: true } : {}) };
    case 'pushAmbiguous':
      return result.timedOut === true ? { timedOut: true } : {};
    case 'pushRejected':
      return result.code === undefined ? {} : { code: result.code };
    case 'pushConflict':
      return result.serverDeleted === true ? { serverDeleted: true } : {};
    default:
      return {};
  }
}

/** Of what kind an error is, by its class and numbers; its message is told beside it. */
export function failureOf(error: unknown): CallFailure {
  const name = error instanceof Error ? error.name : 'Error';
  if (error instanceof NetworkError) return error.timedOut ? { name, timedOut: true } : { name };
  if (!(error instanceof TransportError)) return { name };
  const { statusCode, retryAfterMs } = error;
  return { name, statusCode, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}
