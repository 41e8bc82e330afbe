import type { AxiosInstance, AxiosRequestConfig, AxiosResponse } from 'axios';
import { isJsonObject, type Json } from '../model/values/json.ts';
import { parseJson, stringifyJson } from '../model/values/exact-json.ts';
import { cutBelowLimit, isTooLong, whyUnwritable } from '../model/values/nesting.ts';
import { aFunction } from '../model/options/bounds.ts';
import { checkOptions, ownedBy } from '../model/options/complete-options.ts';
import { optional, required, without, type OptionList } from '../model/options/option-list.ts';
import type { Subscribable, TransportAdapter } from '../model/transport.ts';
import type { RemoteAnswer, RemotePage, RemoteRequest } from './http/remote-request.ts';
import { RestTransport } from './rest-transport.ts';
import { readRemoteUrl, remoteBase, requestLabel } from './http/remote-url.ts';
import { restOptions, type RestTransportOptions } from './http/rest-options.ts';
import { readThrown, SendDefect } from './http/send-defect.ts';

/** Settings that apply only to HTTP or a batch endpoint. */
const httpOnly = ['baseUrl', 'trailingSlash', 'axios', 'headers', 'enableBatch', 'batchSize', 'batchPath'] as const;
type HttpOnly = (typeof httpOnly)[number];

/**
 * Settings of {@link CreateTransportOptions.send} and those of the REST transport that do not depend on HTTP. The
 * latter have the same meaning here.
 */
export interface CreateTransportOptions extends Omit<RestTransportOptions, HttpOnly> {
  /**
   * Sends one request over your wire and resolves with the complete answer, whatever its status. Rejects when no
   * complete answer arrived. An error whose `code`, or the `code` of its cause, says that no connection was made, such
   * as `ECONNREFUSED`, promises that nothing was sent. `signal` aborts the request; the transport then stops waiting. A
   * `TypeError` or `ReferenceError` that `fetch` did not throw counts as a bug: it ends the run, and the run reports
   * it.
   */
  readonly send: (request: RemoteRequest, signal: AbortSignal) => Promise<RemoteAnswer>;
  /** Reports changes on the server, so that triggers can pull at once. */
  readonly subscribe?: (kinds: readonly string[]) => Subscribable<{ readonly kinds: readonly string[] }>;
}

/** Defaults and bounds of {@link CreateTransportOptions}. */
export const createTransportOptions = {
  ...without(restOptions, ...httpOnly),
  send: required(aFunction),
  subscribe: optional(aFunction),
} satisfies OptionList<CreateTransportOptions>;

/**
 * Creates an adapter for any backend from the one function that sends a request. Works otherwise like the REST
 * transport: order per entity, concurrent requests, timeouts, aborts, one refresh of the token, classification of
 * answers, the breaker.
 */
export function createTransport(given: CreateTransportOptions): TransportAdapter {
  checkOptions(ownedBy('createTransport'), createTransportOptions, given);
  const { send, subscribe, ...options } = given;
  const request = async (config: AxiosRequestConfig): Promise<AxiosResponse<string>> => {
    const signal = config.signal instanceof AbortSignal ? config.signal : new AbortController().signal;
    const asked = toRemoteRequest(config);
    const what = requestLabel(config.method ?? '', config.url ?? '');
    try {
      return toResponse(checked(await send(asked, signal), what), config);
    } catch (error) {
      throw readThrown(error, what);
    }
  };
  const rest = new RestTransport({
    ...options,
    baseUrl: remoteBase,
    axios: { request: request as AxiosInstance['request'] },
  });
  return {
    capabilities: rest.capabilities,
    pull: (page) => rest.pull(page),
    push: (ops, context) => rest.push(ops, context),
    forcePush: (op, context) => rest.forcePush(op, context),
    fetch: (row) => rest.fetch(row),
    health: (context) => rest.health(context),
    ...(subscribe === undefined ? {} : { subscribe }),
  };
}

function toRemoteRequest({ method, url = '', headers, data }: AxiosRequestConfig): RemoteRequest {
  const { action, kind, id, query } = readRemoteUrl(method, url);
  const header = (name: string): string | undefined => {
    const value: unknown = headers?.[name];
    return typeof value === 'string' ? value : undefined;
  };
  const nothing = {
    page: undefined,
    payload: undefined,
    deltas: undefined,
    base: undefined,
    force: false,
    key: undefined,
    createOnly: false,
  } as const;
  const asked = { ...nothing, kind, id, authorization: header('Authorization') };
  // Every write has a key.
  const key = header('X-Idempotency-Key') ?? '';
  switch (action) {
    case 'list':
      return { ...asked, action, page: toPage(query) };
    case 'upsert': {
      const body: unknown = typeof data === 'string' ? parseJson(data) : undefined;
      const { _baseUpdatedAt: base, _deltas: deltas, ...payload } = isJsonObject(body) ? body : {};
      return {
        ...asked,
        action,
        key,
        payload,
        deltas,
        base: typeof base === 'string' ? base : undefined,
        force: header('X-Force-Update') === 'true',
        createOnly: header('X-Create-Only') === 'true',
      };
    }
    case 'delete':
      return {
        ...asked,
        action,
        key,
        base: query.get('_baseUpdatedAt') ?? undefined,
        force: header('X-Force-Delete') === 'true',
      };
    case 'fetch':
    case 'health':
      return { ...asked, action };
    default:
      return action satisfies never;
  }
}

function toPage(query: URLSearchParams): RemotePage {
  const afterId = query.get('afterId');
  const pageToken = query.get('pageToken');
  return {
    updatedSince: query.get('updatedSince') ?? '1970-01-01T00:00:00.000Z',
    limit: Number(query.get('limit')),
    includeDeleted: query.get('includeDeleted') === 'true',
    ...(afterId === null ? {} : { afterId }),
    ...(pageToken === null ? {} : { pageToken }),
  };
}

/** An adapter in plain JavaScript can return anything. */
function checked(answer: RemoteAnswer, what: string): RemoteAnswer {
  const given: unknown = answer;
  if (typeof given === 'object' && given !== null && 'status' in given && typeof given.status === 'number')
    return answer;
  throw new SendDefect(
    `send returned no answer: expected an object with a numeric status, got ${given === null ? 'null' : typeof given}, in ${what}`,
  );
}

/**
 * A single row that is nested too deep must not affect the others of its page. An answer that repeats the same objects
 * too often cannot be split.
 */
function textOf(body: Json): string {
  if (isTooLong(body)) throw new SendDefect(`the body that send returned ${whyUnwritable(body) ?? ''}`);
  try {
    return stringifyJson(body);
  } catch (error) {
    if (error instanceof RangeError) return stringifyJson(cutBelowLimit(body));
    throw error;
  }
}

function toResponse(
  { status, body, text, version, retryAfter, date }: RemoteAnswer,
  config: AxiosRequestConfig,
): AxiosResponse<string> {
  const headers: Record<string, string> = {};
  if (version !== undefined) headers['etag'] = version;
  if (retryAfter !== undefined) headers['retry-after'] = String(retryAfter);
  if (date !== undefined) headers['date'] = date;
  const data = text ?? (body === undefined ? '' : textOf(body));
  return { status, statusText: '', headers, data, config: config as AxiosResponse<string>['config'] };
}
