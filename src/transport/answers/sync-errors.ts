import {
  AuthError,
  NetworkError,
  ParseError,
  SyncAbortedError,
  SyncError,
  TransportError,
} from '../../model/errors/errors.ts';
import { notOfThisApi } from './classify-answer.ts';
import { excerpt, retryAfterMsOf, type HttpAnswer } from '../http/http-answer.ts';
import { ExchangeError } from '../http/network-failure.ts';
import { redirectWords } from './redirect-words.ts';
import type { RestSettings } from '../http/rest-options.ts';
import { unauthorizedWords } from './unauthorized-words.ts';

/** The error for an unsuccessful answer. */
export function httpFailure(answer: HttpAnswer, settings: RestSettings): TransportError | AuthError {
  const { status } = answer;
  if (status === 401) return new AuthError(unauthorizedWords(status, settings));
  const body = excerpt(answer.text, 2_000);
  if (status >= 300 && status <= 399) {
    return new TransportError(
      `HTTP error ${status}: ${redirectWords(answer.url, answer.header('location'))}`,
      status,
      body,
    );
  }
  // The list does not exist, so the address or the kind is wrong.
  if (status === 404 || status === 410 || status === 405)
    return new TransportError(`HTTP error ${status}, ${notOfThisApi}`, status, body);
  return TransportError.httpError(status, body, retryAfterMsOf(answer));
}

/** Turns anything that an exchange threw into a `SyncError`. Never throws. */
export function toSyncError(thrown: unknown): SyncError {
  if (thrown instanceof SyncError) return thrown;
  if (!(thrown instanceof ExchangeError)) return NetworkError.fromError(thrown);
  if (thrown.reason === 'aborted') return new SyncAbortedError(thrown.message, { cause: thrown });
  if (thrown.reason === 'tooLarge') return new ParseError(thrown.message, { cause: thrown });
  return new NetworkError(thrown.message, { cause: thrown.cause ?? thrown, timedOut: thrown.reason === 'timedOut' });
}
