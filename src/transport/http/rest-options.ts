import type { AxiosInstance } from 'axios';
import type { Clock } from '../../model/platform/clock.ts';
import type { Json } from '../../model/values/json.ts';
import type { Op } from '../../model/operation.ts';
import { remoteBase } from './remote-url.ts';
import { systemClock } from './system-clock.ts';

/** What an answer means, for backends whose statuses do not say so by themselves. */
export type StatusVerdict = 'applied' | 'conflict' | 'notFound' | 'rejected' | 'forbidden' | 'unauthorized' | 'throttled' | 'unavailable' | 'malformed';

/** An answer as `classifyStatus` sees it; `body` is undefined when it is empty or not JSON. */
export interface AnswerToClassify {
  readonly status: number;
  readonly body: Json | undefined;
  /** The operation answered; absent when a fetched row is answered. */
  readonly op?: Op | undefined;
}

/** A refusal as `readRefusal` sees it. */
export interface AnswerToRead {
  readonly status: number;
  /** Undefined when the body is empty or not JSON. Of a batch it is what the item says: its `error`, else the item itself. */
  readonly body: Json | undefined;
  /** What came where it was no JSON, else ''. */
  readonly text: string;
  readonly op: Op;
}

/** The reason of a refusal. `fields` maps wire keys to reasons. */
export interface ReadRefusal {
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly fields?: Readonly<Record<string, string>> | undefined;
}

/** Reads the value of `Authorization`, verbatim. `refresh: true` asks for a new one because the server refused the last (401). */
export type TokenProvider = (options?: { readonly refresh?: boolean }) => string | Promise<string>;

/** Settings of {@link RestTransport}. Times in ms. */
export interface RestTransportOptions {
  /** Its path and query are kept in every request; a fragment is not. In a page it may be relative to the document's base, such as '/api'. */
  readonly baseUrl: string;
  /** Ends the path of every request with a slash, for servers that redirect to it, such as Django. Default false. */
  readonly trailingSlash?: boolean | undefined;
  /** Read for every attempt. A throw means "signed out"; throw a `NetworkError` where it only means "cannot reach the token server". */
  readonly token?: TokenProvider | undefined;
  /** An instance of your own, for interceptors, proxies or adapters. Redirects are not followed with it either. */
  readonly axios?: Pick<AxiosInstance, 'request'> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Requests in flight during a push, one per entity at most. Default 1. */
  readonly pushConcurrency?: number | undefined;
  /** Sends several operations in one `POST /{batchPath}`. Default false. */
  readonly enableBatch?: boolean | undefined;
  /** Operations per batch request. Default 100. */
  readonly batchSize?: number | undefined;
  readonly batchPath?: string | undefined;
  /** The longest a request may take, from its start to the last byte of the answer. Default 30,000. */
  readonly requestTimeoutMs?: number | undefined;
  /**
   * The longest answer that is read, in characters after decompression. A longer one ends its request with a clear error and is no answer
   * (I10). Default 50,000,000.
   */
  readonly maxContentLength?: number | undefined;
  /** Sends `If-Match` and `X-Create-Only` (PROTOCOL §3); has no effect on batches. Default false. */
  readonly conditionalWrite?: boolean | undefined;
  /** Sends relative changes as `_deltas` in place of their fields' values (PROTOCOL §3), for servers that apply them themselves. Default false. */
  readonly deltas?: boolean | undefined;
  /** Overrides the meaning of an answer; undefined leaves it to the rules of the protocol. */
  readonly classifyStatus?: ((answer: AnswerToClassify) => StatusVerdict | undefined) | undefined;
  /**
   * Reads the reason out of a refusal whose body no rule knows; undefined leaves it to the rules. It changes words only, never what the answer
   * means. If it throws, the error's message is added to the reason that the rules find.
   */
  readonly readRefusal?: ((answer: AnswerToRead) => ReadRefusal | undefined) | undefined;
  readonly clock?: Clock | undefined;
}

/** The one list of all options: the compiler asks for each of them here. */
const optionNames: Readonly<Record<keyof RestTransportOptions, true>> = {
  baseUrl: true,
  trailingSlash: true,
  token: true,
  axios: true,
  headers: true,
  pushConcurrency: true,
  enableBatch: true,
  batchSize: true,
  batchPath: true,
  requestTimeoutMs: true,
  maxContentLength: true,
  conditionalWrite: true,
  deltas: true,
  classifyStatus: true,
  readRefusal: true,
  clock: true,
};

/** Separates the transport's options from what was given along with them. */
export function splitRestOptions<Options extends RestTransportOptions>(
  options: Options,
): { readonly rest: RestTransportOptions; readonly others: Omit<Options, keyof RestTransportOptions> } {
  const { baseUrl, ...given } = options;
  const isRest = ([name]: [string, unknown]): boolean => Object.hasOwn(optionNames, name);
  const entries = Object.entries(given);
  return {
    rest: { ...Object.fromEntries(entries.filter(isRest)), baseUrl },
    others: Object.fromEntries(entries.filter((entry) => !isRest(entry))) as Omit<Options, keyof RestTransportOptions>,
  };
}

/** {@link RestTransportOptions} with defaults filled in. */
export interface RestSettings {
  readonly base: URL;
  readonly trailingSlash: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly pushConcurrency: number;
  readonly enableBatch: boolean;
  readonly batchSize: number;
  readonly batchPath: string;
  readonly requestTimeoutMs: number;
  readonly maxContentLength: number;
  readonly conditionalWrite: boolean;
  readonly deltas: boolean;
  /** What to do about a 401, where no request carries a token. */
  readonly tokenHint: string | undefined;
  readonly classifyStatus: RestTransportOptions['classifyStatus'];
  readonly readRefusal: RestTransportOptions['readRefusal'];
  readonly clock: Clock;
}

/** Fills in defaults; throws `TypeError` or `RangeError` on options that cannot work. */
export const resolveRestOptions = (options: RestTransportOptions): RestSettings => ({
  base: toBaseUrl(options.baseUrl),
  trailingSlash: options.trailingSlash ?? false,
  headers: toHeaders(options.headers ?? {}),
  pushConcurrency: positiveInteger('pushConcurrency', options.pushConcurrency ?? 1),
  enableBatch: options.enableBatch ?? false,
  batchSize: positiveInteger('batchSize', options.batchSize ?? 100),
  batchPath: toBatchPath(options.batchPath ?? 'batch'),
  requestTimeoutMs: positive('requestTimeoutMs', options.requestTimeoutMs ?? 30_000),
  maxContentLength: positiveInteger('maxContentLength', options.maxContentLength ?? 50_000_000),
  conditionalWrite: options.conditionalWrite ?? false,
  deltas: options.deltas ?? false,
  tokenHint: tokenHintOf(options),
  classifyStatus: options.classifyStatus,
  readRefusal: options.readRefusal,
  clock: options.clock ?? systemClock,
});

function toBaseUrl(baseUrl: string): URL {
  const page = pageUrl();
  const base = baseUrl !== '' && URL.canParse(baseUrl, page) ? new URL(baseUrl, page) : undefined;
  if (base === undefined || (base.protocol !== 'http:' && base.protocol !== 'https:')) {
    throw new TypeError(
      `RestTransport: baseUrl must be an absolute http(s) URL such as 'https://api.example.com/v1', got '${baseUrl}'. A relative one works only in a page served over http(s).`,
    );
  }
  // XHR and fetch refuse them, and they would show in messages.
  if (base.username !== '' || base.password !== '') throw new TypeError('RestTransport: baseUrl must hold no credentials; return them from token()');
  return base;
}

/** What a relative `baseUrl` is relative to; undefined outside of a page or worker. */
function pageUrl(): string | undefined {
  const { document, location } = globalThis as { readonly document?: { readonly baseURI?: string }; readonly location?: { readonly origin?: string } };
  return document?.baseURI ?? location?.origin;
}

function tokenHintOf({ baseUrl, token, headers = {} }: RestTransportOptions): string | undefined {
  if (token !== undefined || Object.keys(headers).some((name) => name.toLowerCase() === 'authorization')) return undefined;
  return `no token is configured: give ${baseUrl === remoteBase ? 'createTransport' : 'RestTransport'} a token function`;
}

function toHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(headers)) {
    try {
      new Headers([[name, value]]);
    } catch (cause) {
      throw new TypeError(`RestTransport: header '${name}' has a name or value that HTTP does not allow`, { cause });
    }
  }
  return headers;
}

function toBatchPath(batchPath: string): string {
  const segments = batchPath.split('/').filter((segment) => segment !== '');
  if (segments.length === 0 || segments.some((segment) => segment === '.' || segment === '..')) {
    throw new TypeError(`RestTransport: batchPath must name a path below baseUrl such as 'batch', got '${batchPath}'`);
  }
  return segments.join('/');
}

function positiveInteger(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`RestTransport: ${name} must be a whole number of at least 1, got ${value}`);
  return value;
}

function positive(name: string, value: number): number {
  // Above 2^31 - 1 ms the platform's timers fire at once.
  if (!(value > 0) || value > 2_147_483_647) throw new RangeError(`RestTransport: ${name} must be between 1 and 2147483647 ms, got ${value}`);
  return value;
}
