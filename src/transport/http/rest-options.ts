import { parseUrl } from './parse-url.ts';
import type { AxiosInstance } from 'axios';
import type { Clock } from '../../model/platform/clock.ts';
import type { Json } from '../../model/values/json.ts';
import type { Op } from '../../model/operation.ts';
import {
  aClock,
  aFlag,
  aFunction,
  anObject,
  objectWith,
  oneOf,
  textThat,
  timerTime,
  wholeFrom,
} from '../../model/options/bounds.ts';
import { completeOptions, ownedBy } from '../../model/options/complete-options.ts';
import { byDefault, optional, required, type Completed, type OptionList } from '../../model/options/option-list.ts';
import { remoteBase } from './remote-url.ts';
import { systemClock } from '../../model/platform/system-clock.ts';

/** The meaning of an answer, for backends whose status codes do not tell. */
export type StatusVerdict =
  | 'applied'
  | 'conflict'
  | 'notFound'
  | 'rejected'
  | 'forbidden'
  | 'unauthorized'
  | 'throttled'
  | 'unavailable'
  | 'malformed';

/** An answer as passed to `classifyStatus`. `body` is undefined if it is empty or not JSON. */
export interface AnswerToClassify {
  readonly status: number;
  readonly body: Json | undefined;
  /** The operation of the answer; absent for a fetched row. */
  readonly op?: Op | undefined;
}

/** A refusal as passed to `readRefusal`. */
export interface AnswerToRead {
  readonly status: number;
  /** Undefined if the body is empty or not JSON. For an item of a batch: its `error`, or else the item itself. */
  readonly body: Json | undefined;
  /** The text of a body that is not JSON, otherwise ''. */
  readonly text: string;
  readonly op: Op;
}

/** The reason of a refusal. `fields` maps wire keys to reasons. */
export interface ReadRefusal {
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly fields?: Readonly<Record<string, string>> | undefined;
}

/**
 * Returns the value of `Authorization`, verbatim. `refresh: true` requests a new one because the server refused the
 * last (401).
 */
export type TokenProvider = (options?: { readonly refresh?: boolean }) => string | Promise<string>;

/** Settings of {@link RestTransport}. Times in ms. */
export interface RestTransportOptions {
  /**
   * Every request keeps its path and query, but not its fragment. In a page it may be relative to the document's base,
   * such as '/api'.
   */
  readonly baseUrl: string;
  /**
   * Ends the path of every request with a slash, for servers that redirect to it, such as Django. @defaultValue false
   */
  readonly trailingSlash?: boolean | undefined;
  /**
   * Called before every attempt. An error means that the user is signed out. Throw a `NetworkError` if only the token
   * server is unreachable.
   */
  readonly token?: TokenProvider | undefined;
  /** Your own instance, for interceptors, proxies or adapters. It follows no redirects either. */
  readonly axios?: Pick<AxiosInstance, 'request'> | undefined;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Concurrent requests of a push, at most one per entity. @defaultValue 1 */
  readonly pushConcurrency?: number | undefined;
  /** Sends several operations in one `POST /{batchPath}`. @defaultValue false */
  readonly enableBatch?: boolean | undefined;
  /** Operations per batch request. @defaultValue 100 */
  readonly batchSize?: number | undefined;
  /** Path of the batch endpoint below `baseUrl`. @defaultValue `batch` */
  readonly batchPath?: string | undefined;
  /** Maximum duration of a request, from its start to the last byte of the answer. @defaultValue 30,000 (30 seconds) */
  readonly requestTimeoutMs?: number | undefined;
  /**
   * Maximum length of an answer, in characters after decompression. A longer answer fails its request with a clear
   * error (I10).
   *
   * @defaultValue 50,000,000
   */
  readonly maxContentLength?: number | undefined;
  /** Sends `If-Match` and `X-Create-Only` (PROTOCOL §3); has no effect on batches. @defaultValue false */
  readonly conditionalWrite?: boolean | undefined;
  /**
   * Sends relative changes as `_deltas` instead of the fields' values (PROTOCOL §3), for servers that apply them.
   *
   * @defaultValue false
   */
  readonly deltas?: boolean | undefined;
  /**
   * `key`: the server remembers the key of each request, so a repeated request has no second effect. `none`: the server
   * ignores keys. The engine then fetches the row before it repeats a request whose answer was lost.
   *
   * @defaultValue `key`
   */
  readonly idempotency?: 'key' | 'none' | undefined;
  /** Overrides the meaning of an answer. Return undefined to use the rules of the protocol. */
  readonly classifyStatus?: ((answer: AnswerToClassify) => StatusVerdict | undefined) | undefined;
  /**
   * Extracts the reason from a refusal whose body no rule understands. Return undefined to use the rules. It changes
   * only the text, never the meaning of the answer. If it throws, the message of its error is appended to the reason
   * found by the rules.
   */
  readonly readRefusal?: ((answer: AnswerToRead) => ReadRefusal | undefined) | undefined;
  /** Supplies the timers of request timeouts. @defaultValue the platform's */
  readonly clock?: Clock | undefined;
}

/** Defaults and bounds of {@link RestTransportOptions}. */
export const restOptions = {
  baseUrl: required(
    textThat(
      "an absolute http(s) URL such as 'https://api.example.com/v1'",
      isBaseUrl,
      '. A relative one works only in a page served over http(s).',
    ),
  ),
  trailingSlash: byDefault(false, aFlag),
  token: optional(aFunction),
  axios: optional(objectWith('an axios instance', 'request')),
  headers: byDefault({}, anObject),
  pushConcurrency: byDefault(1, wholeFrom(1)),
  enableBatch: byDefault(false, aFlag),
  batchSize: byDefault(100, wholeFrom(1)),
  batchPath: byDefault('batch', textThat("a path below baseUrl such as 'batch'", isPathBelow)),
  requestTimeoutMs: byDefault(30_000, timerTime),
  maxContentLength: byDefault(50_000_000, wholeFrom(1)),
  conditionalWrite: byDefault(false, aFlag),
  deltas: byDefault(false, aFlag),
  idempotency: byDefault('key', oneOf('key', 'none')),
  classifyStatus: optional(aFunction),
  readRefusal: optional(aFunction),
  clock: byDefault(systemClock, aClock),
} satisfies OptionList<RestTransportOptions>;

/** {@link RestTransportOptions} with defaults filled in. */
export interface RestSettings extends Omit<Completed<RestTransportOptions, typeof restOptions>, 'baseUrl'> {
  readonly base: URL;
  /** Advice for a 401 if no request carries a token. */
  readonly tokenHint: string | undefined;
}

/** Fills in defaults. Throws `TypeError` or `RangeError` for invalid options. */
export function resolveRestOptions(options: RestTransportOptions): RestSettings {
  const { baseUrl, headers, batchPath, ...settings } = completeOptions<RestTransportOptions, typeof restOptions>(
    ownedBy('RestTransport'),
    restOptions,
    options,
  );
  checkHeaders(headers);
  return {
    ...settings,
    headers,
    batchPath: segmentsOf(batchPath).join('/'),
    base: toBaseUrl(baseUrl),
    tokenHint: tokenHintOf(options),
  };
}

function isBaseUrl(baseUrl: string): boolean {
  const url = baseUrl === '' ? undefined : parseUrl(baseUrl, pageUrl());
  return url !== undefined && ['http:', 'https:'].includes(url.protocol);
}

function toBaseUrl(baseUrl: string): URL {
  const base = new URL(baseUrl, pageUrl());
  // XHR and fetch reject credentials in URLs, and messages would show them.
  if (base.username !== '' || base.password !== '')
    throw new TypeError('RestTransport: baseUrl must not contain credentials; return them from token()');
  return base;
}

/** The base of a relative `baseUrl`; undefined outside a page or worker. */
function pageUrl(): string | undefined {
  const { document, location } = globalThis as {
    readonly document?: { readonly baseURI?: string };
    readonly location?: { readonly origin?: string };
  };
  return document?.baseURI ?? location?.origin;
}

function tokenHintOf({ baseUrl, token, headers = {} }: RestTransportOptions): string | undefined {
  if (token !== undefined || Object.keys(headers).some((name) => name.toLowerCase() === 'authorization'))
    return undefined;
  return `no token is configured: pass the option token to ${baseUrl === remoteBase ? 'createTransport' : 'RestTransport'}`;
}

function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    try {
      new Headers([[name, value]]);
    } catch (cause) {
      throw new TypeError(`RestTransport: header '${name}' has a name or value that HTTP does not allow`, { cause });
    }
  }
}

const segmentsOf = (path: string): readonly string[] => path.split('/').filter((segment) => segment !== '');

function isPathBelow(path: string): boolean {
  const segments = segmentsOf(path);
  return segments.length > 0 && !segments.some((segment) => segment === '.' || segment === '..');
}
