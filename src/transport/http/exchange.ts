import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { Clock } from '../../model/platform/clock.ts';
import { lastLook } from '../../model/last-look.ts';
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

/** One HTTP request: its answer whatever the status, or an {@link ExchangeError}. */
export type Exchange = (request: HttpRequest, authorization: string | undefined) => Promise<HttpAnswer>;

interface ExchangeParts {
  readonly client: HttpClient;
  readonly headers: Readonly<Record<string, string>>;
  readonly requestTimeoutMs: number;
  readonly maxContentLength: number;
  readonly clock: Clock;
  /** Whether the same request may arrive twice and count once: a GET, or a write with a key. */
  readonly isRepeatable: (request: HttpRequest) => boolean;
}

const identity = (data: unknown): unknown => data;

/**
 * Makes the function that sends one request, ends it after `requestTimeoutMs`, and never follows a redirect (the token
 * would go with it). A repeatable request that meets a stale connection goes out once more at once, over a new one
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
    const ended = (reason: 'aborted' | 'timedOut', how: string): ExchangeError =>
      client.mayHaveSent(signal)
        ? new ExchangeError(reason, true, `${what} ${how}`)
        : new ExchangeError(
            reason === 'timedOut' ? 'unreachable' : reason,
            false,
            `${what} ${how}, and no connection ever stood`,
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
      // The wait has ended by then; nothing more must leave.
      signal.throwIfAborted();
      return sendOnce().catch((error: unknown) => answeredResponse(error, what, 'yes'));
    };
    const response = await endable({ outer: request.signal, controller, requestTimeoutMs, clock, ended }, send);
    // An adapter of the app may not know of the limit.
    if (typeof response.data === 'string' && response.data.length > maxContentLength)
      throw tooLarge(what, maxContentLength);
    return toAnswer(response, request.url, clock.now());
  };
}

/** Bodies go and come as text: JSON is read once, by those who know what it should be. */
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

/** Ends the wait at once on abort or timeout, also where an adapter of the app ignores its signal (F-06, I9). */
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
    const forget = onAbort(outer, () => end(ended('aborted', 'was aborted before its answer was complete')));
    const timer = clock.setTimeout(
      () => end(ended('timedOut', `had no complete answer within ${requestTimeoutMs} ms`)),
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

/** An interceptor of the app may reject with a complete answer; a cut one carries a response too, but no text. */
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
    // An interceptor may have parsed the body already.
    text: typeof data === 'string' ? data : data === undefined || data === null ? '' : stringifyJson(data),
    header: (name) =>
      headerText(headers[name] ?? headers[Object.keys(headers).find((key) => key.toLowerCase() === name) ?? '']),
    receivedAt,
  };
}

const headerText = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
