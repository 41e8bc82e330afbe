import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { isJsonObject, type Json, type JsonObject } from '../model/values/json.ts';
import { aPort, aText, isListOfTexts, numberFrom, valueThat } from '../model/options/bounds.ts';
import { completeOptions, ownedBy, pickOptions } from '../model/options/complete-options.ts';
import { byDefault, optional, type Completed, type OptionList } from '../model/options/option-list.ts';
import { refusal, type WireAnswer, type WriteRequest } from '../server/wire-rules.ts';
import { aBackend, MemoryBackend, memoryBackendOptions, type MemoryBackendOptions } from './memory-backend.ts';
import {
  createHold,
  FaultQueue,
  type CutPoint,
  type FailureOptions,
  type HeldRequests,
  type RecordedRequest,
  type RequestMatch,
} from './test-server-faults.ts';
import {
  corsHeaders,
  jsonAnswer,
  readRequest,
  toHttpAnswer,
  writeAnswer,
  type HttpAnswer,
} from './test-server-http.ts';
import { route } from './test-server-routes.ts';

export interface TestServerOptions extends MemoryBackendOptions {
  /** Shares the rows with another server or a `MemoryTransport`. @defaultValue its own rows */
  readonly backend?: MemoryBackend;
  /** Existing kinds; others answer 404 `unknown_route`. @defaultValue every kind exists */
  readonly kinds?: readonly string[];
  /** Path before the kinds, such as `/api/v1`. @defaultValue `''` */
  readonly basePath?: string;
  /** Path of batches, below `basePath`. @defaultValue `batch` */
  readonly batchPath?: string;
  /** Port to listen on; 0 uses a free one. @defaultValue 0 */
  readonly port?: number;
  /** The only `Authorization` header that is accepted. @defaultValue no check */
  readonly acceptedToken?: string;
  /** Announced in `X-Tombstone-Retention`. */
  readonly tombstoneRetentionSeconds?: number;
}

/** Defaults and bounds of {@link TestServerOptions}. */
export const testServerOptions = {
  backend: optional(aBackend),
  kinds: optional(valueThat('a list of kinds', isListOfTexts)),
  basePath: byDefault('', aText),
  batchPath: byDefault('batch', aText),
  port: byDefault(0, aPort),
  acceptedToken: optional(aText),
  tombstoneRetentionSeconds: optional(numberFrom(0)),
  ...memoryBackendOptions,
} satisfies OptionList<TestServerOptions>;

/**
 * Starts a sync server on a free loopback port, for tests. Kinds need no schema, and the server can simulate every kind
 * of failure (PROTOCOL §9, TSV-01 and following).
 */
export async function createTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const server = new TestServer(options);
  await server.start();
  return server;
}

/**
 * A running sync server and its switches. Order of effects per request: recorded → delayed or held → hung or cut →
 * failed → portal or invalid JSON → authorisation → routing (TSV-12, health included).
 */
export class TestServer {
  readonly backend: MemoryBackend;
  /** Answers everything with 200 and broken JSON. */
  returnInvalidJson = false;
  /** Answers conflicts without the current row. */
  returnIncompleteConflict = false;
  /** Answers writes with the row of another id; `everywhere` also affects fetches. */
  returnWrongEntity: boolean | 'everywhere' = false;
  /** Answers everything with 200 and an HTML page, like a captive portal. */
  captivePortal = false;
  /** The answer to an applied PUT: the row, 204 without version, or the row without its sync fields. */
  putAnswer: 'row' | 'empty' | 'withoutVersion' = 'row';
  /**
   * Ends a kept-alive connection as soon as its next request arrives, before or after the effect, like a network device
   * that forgets idle connections.
   */
  cutKeptConnections: 'beforeCommit' | 'afterCommit' | undefined;
  /** The accepted Authorization; a function judges each request; undefined: no check. */
  acceptedToken: string | ((authorization: string | undefined) => boolean) | undefined;
  /** Overrides the Date header, epoch ms. */
  serverTime: (() => number) | undefined;
  readonly recordedRequests: RecordedRequest[] = [];

  readonly #options: Completed<TestServerOptions, typeof testServerOptions>;
  readonly #faults = new FaultQueue();
  readonly #poisoned = new Set<string>();
  readonly #usedSockets = new WeakSet<Socket>();
  #server: Server | undefined;
  #port: number;

  constructor(options: TestServerOptions = {}) {
    this.#options = completeOptions<TestServerOptions, typeof testServerOptions>(
      ownedBy('createTestServer'),
      testServerOptions,
      options,
    );
    this.backend =
      options.backend ?? new MemoryBackend(pickOptions<MemoryBackendOptions>(memoryBackendOptions, options));
    this.acceptedToken = options.acceptedToken;
    this.#port = this.#options.port;
  }

  /** Base URL for transports. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}${this.#options.basePath}`;
  }

  get port(): number {
    return this.#port;
  }

  get conflictCheckEnabled(): boolean {
    return this.backend.conflictCheckEnabled;
  }

  set conflictCheckEnabled(enabled: boolean) {
    this.backend.conflictCheckEnabled = enabled;
  }

  /** Number of requests by method. */
  get requestCounts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { method } of this.recordedRequests) counts[method] = (counts[method] ?? 0) + 1;
    return counts;
  }

  // ── Running ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Starts listening; after a stop, on the same port with the same rows. Does nothing while it runs. */
  async start(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer((request, response) => {
      this.#handle(request, response, server).catch((error: unknown) =>
        response.destroy(error instanceof Error ? error : undefined),
      );
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Stops at once: cuts open connections, and running requests have no effect. Keeps the rows. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  async close(): Promise<void> {
    await this.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Cuts the open connections and keeps listening. */
  cutConnections(): void {
    this.#server?.closeAllConnections();
  }

  /** Deletes rows, stored answers, recorded requests and faults. Keeps `conflictCheckEnabled`, clock and paging. */
  clear(): void {
    this.backend.clear();
    this.recordedRequests.length = 0;
    this.#poisoned.clear();
    this.clearFaults();
  }

  // ── Rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  seed(kind: string, rows: JsonObject | readonly JsonObject[]): void {
    this.backend.seed(kind, rows);
  }

  update(kind: string, id: string, data: JsonObject): JsonObject {
    return this.backend.update(kind, id, data);
  }

  get(kind: string, id: string, options?: { readonly includeDeleted?: boolean }): JsonObject | undefined {
    return this.backend.get(kind, id, options);
  }

  getAll(kind: string, options?: { readonly includeDeleted?: boolean }): JsonObject[] {
    return this.backend.getAll(kind, options);
  }

  /** Removes a row without a tombstone. */
  remove(kind: string, id: string): boolean {
    return this.backend.remove(kind, id);
  }

  softDelete(kind: string, id: string): JsonObject {
    return this.backend.softDelete(kind, id);
  }

  setClock(clock: (() => string | number) | undefined): void {
    this.backend.setClock(clock);
  }

  /**
   * Answers lists from the current rows until {@link releaseLists}, like a lagging read replica. Single reads and
   * writes continue normally.
   */
  holdLists(): void {
    this.backend.holdLists();
  }

  /** Ends the lag of lists. */
  releaseLists(): void {
    this.backend.releaseLists();
  }

  forgetIdempotencyKeys(): void {
    this.backend.forgetIdempotencyKeys();
  }

  effectCount(filter?: Parameters<MemoryBackend['effectCount']>[0]): number {
    return this.backend.effectCount(filter);
  }

  // ── Faults ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Answers the next n matching requests with a status; `Infinity` for all. */
  failNextRequests(count: number, status: number, options: FailureOptions = {}): void {
    this.#faults.arm({ type: 'status', status, options }, count, options.match);
  }

  /** Delays the answers to the next requests, in real time. Prefer `holdNextRequests` in tests. */
  delayNextRequests(delayMs: number, count = 1, match?: RequestMatch): void {
    this.#faults.arm({ type: 'delay', delayMs }, count, match);
  }

  /** Holds the next requests until the returned function is called. */
  holdNextRequests(count = Infinity, match?: RequestMatch): HeldRequests {
    const { held, enter } = createHold(() => this.#faults.disarm(fault));
    const fault = { type: 'hold', enter } as const;
    this.#faults.arm(fault, count, match);
    return held;
  }

  /** Breaks the connection of the next requests at the given point. */
  cutNextRequests(count: number, at: CutPoint, match?: RequestMatch): void {
    this.#faults.arm({ type: 'cut', at }, count, match);
  }

  /** Accepts the next requests and never answers; with `afterCommit`, they take effect. */
  hangNextRequests(count = 1, options: { readonly afterCommit?: boolean; readonly match?: RequestMatch } = {}): void {
    this.#faults.arm({ type: 'hang', afterCommit: options.afterCommit ?? false }, count, options.match);
  }

  /** Disarms all faults and switches that break answers. Held requests stay held. */
  clearFaults(): void {
    this.#faults.clear();
    this.returnInvalidJson = false;
    this.returnIncompleteConflict = false;
    this.returnWrongEntity = false;
    this.captivePortal = false;
    this.putAnswer = 'row';
  }

  /**
   * Refuses writes that match the predicate, like business rules. The answers are stored under their keys. Returns a
   * function that ends it.
   */
  refuse(
    predicate: (write: WriteRequest) => boolean,
    options: { readonly status?: number; readonly body?: JsonObject } = {},
  ): () => void {
    const status = options.status ?? 422;
    const answer: WireAnswer =
      options.body === undefined
        ? refusal(status, 'refused', 'a rule of the server refuses this')
        : { status, body: options.body };
    return this.backend.addRule((write) => (predicate(write) ? answer : undefined));
  }

  /** Answers writes of this row with 500. Returns a function that ends it. */
  poison(kind: string, id: string): () => void {
    const name = JSON.stringify([kind, id]);
    this.#poisoned.add(name);
    return () => this.#poisoned.delete(name);
  }

  // ── One request ───────────────────────────────────────────────────────────────────────────────────────────────────

  async #handle(incoming: IncomingMessage, response: ServerResponse, server: Server): Promise<void> {
    const request = await readRequest(incoming, this.#options.basePath);
    if (request.method === 'OPTIONS') {
      response.writeHead(204, corsHeaders).end();
      return;
    }
    this.recordedRequests.push(request);
    const isKept = this.#usedSockets.has(incoming.socket);
    this.#usedSockets.add(incoming.socket);
    const delay = this.#faults.take('delay', request);
    if (delay !== undefined)
      await new Promise((resolve) => {
        setTimeout(resolve, delay.delayMs);
      });
    await this.#faults.take('hold', request)?.enter();
    // A server that was stopped meanwhile does nothing more.
    if (this.#server !== server) return;
    const keptCut = isKept && this.cutKeptConnections !== undefined ? { at: this.cutKeptConnections } : undefined;
    const cut = this.#faults.take('cut', request) ?? keptCut;
    const hang = cut === undefined ? this.#faults.take('hang', request) : undefined;
    if (cut?.at === 'beforeCommit') response.destroy();
    if (cut?.at === 'beforeCommit' || hang?.afterCommit === false) return;
    const answer = this.#answer(request);
    if (hang !== undefined) return;
    if (cut?.at === 'afterCommit') response.destroy();
    else {
      if (this.serverTime !== undefined) response.setHeader('date', new Date(this.serverTime()).toUTCString());
      writeAnswer(response, answer, cut?.at === 'midBody');
    }
  }

  #answer(request: RecordedRequest): HttpAnswer {
    const failure = this.#faults.take('status', request);
    if (failure !== undefined) {
      if (failure.options.afterCommit === true) this.#route(request);
      return failureAnswer(failure.status, failure.options);
    }
    if (this.captivePortal)
      return {
        status: 200,
        headers: { 'content-type': 'text/html; charset=utf-8' },
        text: '<!doctype html><title>Sign in to the network</title><p>Welcome',
      };
    if (this.returnInvalidJson)
      return { status: 200, headers: { 'content-type': 'application/json' }, text: '{"items": [{"id": "1", ' };
    if (request.kind !== 'health' && !this.#isAccepted(request.headers.authorization))
      return toHttpAnswer(refusal(401, 'unauthorized', 'the server rejects the token'));
    return this.#route(request);
  }

  #route(request: RecordedRequest): HttpAnswer {
    return route(this.backend, request, {
      batchPath: this.#options.batchPath,
      kinds: this.#options.kinds,
      tombstoneRetentionSeconds: this.#options.tombstoneRetentionSeconds,
      distort: (answer, type) => this.#distort(answer, type),
      refuses: (kind, id) =>
        this.#poisoned.has(JSON.stringify([kind, id]))
          ? refusal(500, 'internal', `${kind}/${id} breaks this server`)
          : undefined,
    });
  }

  #isAccepted(authorization: string | undefined): boolean {
    const accepted = this.acceptedToken;
    return typeof accepted === 'function'
      ? accepted(authorization)
      : accepted === undefined || accepted === authorization;
  }

  #distort(answer: WireAnswer, type: WriteRequest['type'] | 'fetch'): WireAnswer {
    const { status, body } = answer;
    const wrong = this.returnWrongEntity === 'everywhere' || (this.returnWrongEntity && type !== 'fetch');
    if (body !== undefined && status === 409 && this.returnIncompleteConflict)
      return { status, body: { error: 'conflict' } };
    if (body !== undefined && status === 409 && wrong && isJsonObject(body['current']))
      return { ...answer, body: { ...body, current: otherRow(body['current']) } };
    if (status >= 300 || body === undefined) return answer;
    if (wrong) return { ...answer, body: otherRow(body) };
    if (type !== 'upsert' || this.putAnswer === 'row') return answer;
    if (this.putAnswer === 'empty') return { status: 204 };
    const { updatedAt: _camel, updated_at: _snake, ...rest } = body;
    return { status, body: rest };
  }
}

const otherRow = (row: JsonObject): JsonObject => ({ ...row, id: `other-${String(row['id'])}` });

function failureAnswer(status: number, options: FailureOptions): HttpAnswer {
  const headers = {
    ...(options.retryAfter === undefined ? {} : { 'retry-after': String(options.retryAfter) }),
    ...options.headers,
  };
  const body: Json = options.body ?? { error: 'injected', message: `this request was to fail with ${status}` };
  return typeof body === 'string'
    ? { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers }, text: body }
    : jsonAnswer(status, body, headers);
}
