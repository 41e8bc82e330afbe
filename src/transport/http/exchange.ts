import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { Clock } from '../../model/platform/clock.ts';
import { lastLook, setLastLook } from '../../model/last-look.ts';
import { stringifyJson } from '../../model/values/exact-json.ts';
import type { HttpAnswer } from './http-answer.ts';
import type { HttpClient } from './http-client.ts';
import { ExchangeError, metStaleConnection, tooLarge, toExchangeError } from './network-failure.ts';
import { onAbort } from './on-abort.ts';
import { requestLabel } from './remote-url.ts';
import { SendDefect } from './send-defect.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** JSON text. */
  readonly body?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Sends one HTTP request. Resolves with its answer whatever the status, or rejects with {@link ExchangeError}. */
export type Exchange = (request: HttpRequest, authorization: string | undefined) => Promise<HttpAnswer>;

interface ExchangeParts {
  readonly client: HttpClient;
  readonly headers: Readonly<Record<string, string>>;
  readonly requestTimeoutMs: number;
  readonly maxContentLength: number;
  readonly clock: Clock;
  /** Whether a repeated request counts once: a GET, or a write with a key. */
  readonly isRepeatable: (request: HttpRequest) => boolean;
}

const identity = (data: unknown): unknown => data;

/**
 * Creates the function that sends one request. Ends it after `requestTimeoutMs`, and never follows a redirect, which
 * would receive the token. Repeats a repeatable request once over a new connection if the kept connection was stale
 * (F-162).
 */
export function createExchange({
  client,
  headers,
  requestTimeoutMs,
  maxContentLength,
  clock,
  isRepeatable,
}: ExchangeParts): Exchange {
  return async (request, authorization) => {
    const what = requestLabel(request.method, request.url);
    if (request.signal?.aborted) throw new ExchangeError('aborted', false, `${what} was not sent: aborted`);
    const controller = new AbortController();
    const { signal } = controller;
    // Whoever sends more than one request for this one looks again before each.
    setLastLook(signal, () => lastLook(request.signal));
    const ended = (reason: 'aborted' | 'timedOut', how: string): ExchangeError =>
      client.mayHaveSent(signal)
        ? new ExchangeError(reason, true, `${what} ${how}`)
        : new ExchangeError(
            reason === 'timedOut' ? 'unreachable' : reason,
            false,
            `${what} ${how}, and no connection was established`,
          );
    const sendOnce = (): Promise<AxiosResponse<unknown>> =>
      client.axios.request<unknown>({
        method: request.method,
        url: request.url,
        headers: {
          Accept: 'application/json',
          ...headers,
          ...(authorization === undefined ? {} : { Authorization: authorization }),
          ...(request.body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...request.headers,
        },
        ...asSent,
        maxContentLength,
        ...(request.body === undefined ? {} : { data: request.body }),
        signal,
      });
    const send = async (): Promise<AxiosResponse<unknown>> => {
      try {
        return await sendOnce();
      } catch (error) {
        if (!metStaleConnection(error) || !isRepeatable(request))
          return answeredResponse(error, what, client.mayHaveSent(signal) ? 'unknown' : 'no');
      }
      lastLook(request.signal);
      // The wait has ended, so nothing more may be sent.
      signal.throwIfAborted();
      return sendOnce().catch((error: unknown) => answeredResponse(error, what, 'yes'));
    };
    const response = await endable({ outer: request.signal, controller, requestTimeoutMs, clock, ended }, send);
    // A custom adapter of the app may ignore the limit.
    if (typeof response.data === 'string' && response.data.length > maxContentLength)
      throw tooLarge(what, maxContentLength);
    return toAnswer(response, request.url, clock.now());
  };
}

/** Bodies are transferred as text. The code that knows the expected format parses them, once. */
const asSent: AxiosRequestConfig = {
  maxRedirects: 0,
  validateStatus: () => true,
  responseType: 'text',
  transformRequest: [identity],
  transformResponse: [identity],
};

interface Endings {
  readonly outer: AbortSignal | undefined;
  readonly controller: AbortController;
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
  readonly ended: (reason: 'aborted' | 'timedOut', how: string) => ExchangeError;
}

/** Ends the wait at once on abort or timeout, even if an adapter of the app ignores its signal (F-06, I9). */
function endable<T>(
  { outer, controller, requestTimeoutMs, clock, ended }: Endings,
  send: () => Promise<T>,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const end = (error: ExchangeError): void => {
      settle();
      reject(error);
      controller.abort(error);
    };
    const forget = onAbort(outer, () => end(ended('aborted', 'was aborted before the answer was complete')));
    const timer = clock.setTimeout(
      () => end(ended('timedOut', `received no complete answer within ${requestTimeoutMs} ms`)),
      requestTimeoutMs,
    );
    const settle = (): void => {
      clock.clearTimeout(timer);
      forget();
    };
    send().then(
      (value) => {
        settle();
        resolve(value);
      },
      (error: unknown) => {
        settle();
        reject(error);
      },
    );
  });
}

/**
 * An interceptor of the app may reject with a complete answer. The error of an interrupted answer also has a response,
 * but no text.
 */
function answeredResponse(error: unknown, what: string, sent: 'no' | 'unknown' | 'yes'): AxiosResponse<unknown> {
  const response: unknown = error instanceof Error && 'response' in error ? error.response : undefined;
  if (isResponse(response) && typeof response.data === 'string') return response;
  throw error instanceof SendDefect ? error : toExchangeError(error, what, sent);
}

const isResponse = (value: unknown): value is AxiosResponse<unknown> =>
  typeof value === 'object' &&
  value !== null &&
  'status' in value &&
  typeof value.status === 'number' &&
  'data' in value;

function toAnswer(response: AxiosResponse<unknown>, url: string, receivedAt: number): HttpAnswer {
  const { data, status } = response;
  const headers: Readonly<Record<string, unknown>> = response.headers ?? {};
  return {
    status,
    url,
    // An interceptor may have parsed the body.
    text: typeof data === 'string' ? data : data === undefined || data === null ? '' : stringifyJson(data),
    header: (name) =>
      headerText(headers[name] ?? headers[Object.keys(headers).find((key) => key.toLowerCase() === name) ?? '']),
    receivedAt,
  };
}

const headerText = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
