import type { AxiosInstance, AxiosRequestConfig, AxiosResponse } from 'axios';
import { isJsonObject, type Json, type JsonObject } from '../model/json.ts';
import type { Subscribable, TransportAdapter } from '../model/transport.ts';
import { RestTransport } from './rest-transport.ts';
import type { RestTransportOptions } from './rest-options.ts';

/** One thing that is asked of a backend, in the protocol's terms (PROTOCOL §2–§5), for a wire of your own. */
export interface RemoteRequest {
  readonly action: 'list' | 'upsert' | 'delete' | 'fetch' | 'health';
  /** Empty for `health`. */
  readonly kind: string;
  /** Empty for `list` and `health`. */
  readonly id: string;
  /** Of a `list`. */
  readonly page: RemotePage | undefined;
  /** Of an `upsert`: the row's fields. */
  readonly payload: JsonObject | undefined;
  /** Relative changes of an `upsert`, with the option `deltas`. */
  readonly deltas: Json | undefined;
  /** The version that a write was made on, verbatim; undefined: write without looking. */
  readonly base: string | undefined;
  /** Skip the check of `base`. */
  readonly force: boolean;
  /** Of a write: the same key again must have no second effect and get the same answer (I2). */
  readonly key: string | undefined;
  /** With the option `conditionalWrite`: an existing row is a conflict. */
  readonly createOnly: boolean;
  /** What `token()` gave, verbatim. */
  readonly authorization: string | undefined;
}

/** Which rows a `list` is about (PROTOCOL §2): changed after `updatedSince`, or at it and behind `afterId`; or what the token stands for. */
export interface RemotePage {
  readonly updatedSince: string;
  readonly limit: number;
  readonly includeDeleted: boolean;
  readonly afterId?: string;
  readonly pageToken?: string;
}

/** What the backend says, as an HTTP status and a JSON body, or as the text that came where it was no JSON. `version` is the row's ETag. */
export interface RemoteAnswer {
  readonly status: number;
  readonly body?: Json | undefined;
  readonly text?: string | undefined;
  readonly version?: string | undefined;
  /** Seconds, or an HTTP date. */
  readonly retryAfter?: string | number | undefined;
}

/** Settings of {@link createTransport}. Those of the REST transport that are not about HTTP mean the same here. */
export interface CreateTransportOptions
  extends Pick<RestTransportOptions, 'token' | 'pushConcurrency' | 'requestTimeoutMs' | 'conditionalWrite' | 'deltas' | 'classifyStatus' | 'clock'> {
  /**
   * Sends one request over your wire and gives the complete answer, whatever its status. Rejects where no complete answer came; an error (or its
   * cause) whose `code` says that no connection ever stood, as `ECONNREFUSED`, promises that nothing was sent. `signal` ends it; the transport
   * itself no longer waits then.
   */
  readonly send: (request: RemoteRequest, signal: AbortSignal) => Promise<RemoteAnswer>;
  /** Says when something changed on the server. */
  readonly subscribe?: (kinds: readonly string[]) => Subscribable<{ readonly kinds: readonly string[] }>;
}

/**
 * Makes an adapter for any backend out of the one function that sends a request. Everything else is done as for REST: order per entity, a
 * window of requests, timeouts, aborts, one refresh of the token, one meaning for each answer, the breaker.
 */
export function createTransport({ send, subscribe, ...options }: CreateTransportOptions): TransportAdapter {
  const request = async (config: AxiosRequestConfig): Promise<AxiosResponse<string>> => {
    const signal = config.signal instanceof AbortSignal ? config.signal : new AbortController().signal;
    return toResponse(await send(toRemoteRequest(config), signal), config);
  };
  const rest = new RestTransport({ ...options, baseUrl: 'http://remote.invalid', axios: { request: request as AxiosInstance['request'] } });
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
  const { pathname, searchParams: query } = new URL(url);
  const [kind = '', id = ''] = pathname.slice(1).split('/').map(decodeURIComponent);
  const header = (name: string): string | undefined => {
    const value: unknown = headers?.[name];
    return typeof value === 'string' ? value : undefined;
  };
  const body: unknown = typeof data === 'string' ? JSON.parse(data) : undefined;
  const { _baseUpdatedAt: base, _deltas: deltas, ...payload } = isJsonObject(body) ? body : {};
  const common = { kind, id, page: undefined, payload: undefined, deltas: undefined, base: undefined, force: false, createOnly: false };
  const asked = { ...common, key: header('X-Idempotency-Key'), authorization: header('Authorization') };
  if (method === 'PUT') {
    return {
      ...asked,
      action: 'upsert',
      payload,
      deltas,
      base: typeof base === 'string' ? base : undefined,
      force: header('X-Force-Update') === 'true',
      createOnly: header('X-Create-Only') === 'true',
    };
  }
  if (method === 'DELETE') return { ...asked, action: 'delete', base: query.get('_baseUpdatedAt') ?? undefined, force: header('X-Force-Delete') === 'true' };
  if (id !== '') return { ...asked, action: 'fetch' };
  // A list always names its limit, so that a kind may be called 'health'.
  if (query.get('limit') === null) return { ...asked, action: 'health', kind: '' };
  return { ...asked, action: 'list', page: toPage(query) };
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

function toResponse({ status, body, text, version, retryAfter }: RemoteAnswer, config: AxiosRequestConfig): AxiosResponse<string> {
  const headers: Record<string, string> = {};
  if (version !== undefined) headers['etag'] = version;
  if (retryAfter !== undefined) headers['retry-after'] = String(retryAfter);
  const data = text ?? (body === undefined ? '' : JSON.stringify(body));
  return { status, statusText: '', headers, data, config: config as AxiosResponse<string>['config'] };
}
