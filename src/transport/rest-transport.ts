import type { Op } from '../model/operation.ts';
import type {
  BatchPushResult,
  FetchResult,
  PullPage,
  PullRequest,
  PushContext,
  PushResult,
  TransportAdapter,
  TransportCapabilities,
  TransportContext,
} from '../model/transport.ts';
import { createAuthorizedExchange } from './http/authorized-exchange.ts';
import { createExchange, type Exchange } from './http/exchange.ts';
import { fetchRow } from './requests/fetch-row.ts';
import { isSuccessStatus } from './http/http-answer.ts';
import { createHttpClient } from './http/http-client.ts';
import { KindPresence } from './requests/kind-presence.ts';
import { parsePage } from './requests/pull-page.ts';
import { pushBatches } from './pushing/push-batches.ts';
import { pushSingle, type PushParts } from './pushing/push-single.ts';
import { ResourceUrls } from './requests/resource-url.ts';
import { resolveRestOptions, type RestTransportOptions } from './http/rest-options.ts';
import { PushAnswers } from './pushing/push-answers.ts';
import { sendOp } from './requests/send-op.ts';
import { httpFailure, toSyncError } from './answers/sync-errors.ts';
import { TokenSource } from './http/token-source.ts';

/**
 * Speaks the REST protocol (docs/protocol.md) with any backend. Never waits, and leaves retries to the chart, with two
 * exceptions that repeat a request once without delay: after a token refresh, and after a stale connection. Keeps idle
 * connections open; `close()` ends them.
 */
export class RestTransport implements TransportAdapter {
  readonly capabilities: TransportCapabilities;
  readonly #parts: PushParts;
  readonly #tokens: TokenSource;
  readonly #exchange: Exchange;
  readonly #close: () => void;

  constructor(options: RestTransportOptions) {
    const settings = resolveRestOptions(options);
    const client = createHttpClient(options.axios, settings.pushConcurrency);
    const { clock, requestTimeoutMs, maxContentLength, enableBatch } = settings;
    const urls = new ResourceUrls(settings.base, settings);
    this.#tokens = new TokenSource(options.token, { requestTimeoutMs, clock });
    this.#exchange = createExchange({
      client,
      headers: settings.headers,
      requestTimeoutMs,
      maxContentLength,
      clock,
      // Every write carries a key, or one key per operation in a batch. A subclass may declare that its server ignores
      // them.
      isRepeatable: ({ method }) => method === 'GET' || this.capabilities.idempotency !== 'none',
    });
    this.#close = () => client.close();
    const send = createAuthorizedExchange({ exchange: this.#exchange, tokens: this.#tokens });
    const presence = new KindPresence({ send, urls });
    this.#parts = { send, urls, presence, settings, health: (signal) => this.health({ signal }) };
    this.capabilities = {
      batch: enableBatch,
      // Batch items have no place for If-Match and X-Create-Only.
      conditionalWrite: settings.conditionalWrite && !enableBatch,
      idempotency: settings.idempotency,
      ...(settings.deltas ? { deltas: true } : {}),
    };
  }

  async pull(request: PullRequest): Promise<PullPage> {
    const { send, urls, settings } = this.#parts;
    const { kind, updatedSince, pageSize, includeDeleted, afterId, pageToken, signal } = request;
    try {
      const url = urls.collection(kind, { updatedSince, limit: pageSize, includeDeleted, afterId, pageToken });
      const answer = await send({ method: 'GET', url, signal });
      if (!isSuccessStatus(answer.status)) throw httpFailure(answer, settings);
      return parsePage(kind, answer);
    } catch (error) {
      throw toSyncError(error);
    }
  }

  async push(ops: readonly Op[], context: PushContext = {}): Promise<BatchPushResult> {
    if (ops.length === 0) return { results: [] };
    return this.#parts.settings.enableBatch
      ? pushBatches(ops, context, this.#parts)
      : pushSingle(ops, context, this.#parts);
  }

  /** Sends the operation without base, and with the header that asks the server to skip its conflict check. */
  async forcePush(op: Op, context: PushContext = {}): Promise<PushResult> {
    const result = await sendOp({ ...op, force: true }, this.#parts, context.signal);
    new PushAnswers([op], context).add(op, result);
    return result;
  }

  async fetch(request: {
    readonly kind: string;
    readonly id: string;
    readonly signal?: AbortSignal | undefined;
  }): Promise<FetchResult> {
    return fetchRow(request.kind, request.id, this.#parts, request.signal);
  }

  async health(context: TransportContext = {}): Promise<boolean> {
    try {
      // A failing token() says nothing about the server.
      const authorization = await this.#tokens.read(context.signal).then(
        (token) => token.authorization,
        () => undefined,
      );
      const answer = await this.#exchange(
        { method: 'GET', url: this.#parts.urls.path('health'), signal: context.signal },
        authorization,
      );
      return isSuccessStatus(answer.status);
    } catch {
      return false;
    }
  }

  /**
   * Closes the idle connections of the default client. The transport stays usable. An axios instance of the app must be
   * closed by the app (F-94).
   */
  close(): void {
    this.#close();
  }
}
