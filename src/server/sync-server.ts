import type { FastifyError, FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { databasePathProblem } from '../model/platform/database-path.ts';
import { parseJson, stringifyJson } from '../model/values/exact-json.ts';
import { isJsonObject, type Json, type JsonObject } from '../model/values/json.ts';
import { aText, anObject } from '../model/options/bounds.ts';
import { checkOptions, ownedBy, withDefaults } from '../model/options/complete-options.ts';
import { optional } from '../model/options/option-list.ts';
import { createCorsHook } from './cors.ts';
import { parsePageQuery } from './paging.ts';
import { pathSegments } from './request-path.ts';
import {
  serverOptions,
  type ServerChange,
  type ServerSettings,
  type ServerUser,
  type SyncServerOptions,
} from './server-options.ts';
import { StoreBusyError, type ServerStore, type WriteContext } from './server-store.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { SqliteStore } from './sqlite-store.ts';
import { createTableShape, type TableShape } from './table-shape.ts';
import {
  baseProblem,
  batchResult,
  errorBody,
  etagOf,
  parseBatchItem,
  refusal,
  splitBase,
  type WireAnswer,
  type WriteRequest,
} from './wire-rules.ts';

/**
 * Serves the sync protocol below the prefix of its registration (PROTOCOL §9). Encapsulated: the app's own routes,
 * hooks and parsers are unchanged.
 */
export const syncServer: FastifyPluginAsync<SyncServerOptions> = async (app, options) => {
  checkOptions(ownedBy('syncServer'), pluginOptions, options);
  await mountSyncServer(app, options);
};

/** Fastify also passes the options of `register` to a plugin. */
const pluginOptions = {
  ...serverOptions,
  prefix: optional(aText),
  logLevel: optional(aText),
  logSerializers: optional(anObject),
};

/** The body of the plugin, generic in the app's user type. The options are already checked. */
export async function mountSyncServer<User extends ServerUser>(
  app: FastifyInstance,
  given: SyncServerOptions<User>,
): Promise<void> {
  const options = withDefaults<SyncServerOptions<User>, typeof serverOptions>(serverOptions, given);
  const { clock } = options;
  checkDatabase(options.dataSource);
  if (!options.dataSource.isInitialized) await options.dataSource.initialize();
  const shapes = new Map<string, TableShape>();
  for (const table of options.tables) {
    const shape = createTableShape(options.dataSource, table, options);
    if (shapes.has(shape.kind)) throw new TypeError(`the kind '${shape.kind}' is registered twice`);
    if (shape.kind === options.batchPath)
      throw new TypeError(`the kind '${shape.kind}' is the batch path; set batchPath to another one`);
    shapes.set(shape.kind, shape);
  }
  const store = new SqliteStore(new SqliteConnection(options.dataSource), clock);
  await store.open([...shapes.values()]);
  scheduleCleanUp(app, options, store, [...shapes.values()]);

  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit: options.bodyLimitBytes },
    (_request, body, done) => {
      try {
        // A DELETE may declare JSON and send no body.
        done(null, body === '' ? undefined : parseJson(String(body)));
      } catch (cause) {
        done(
          Object.assign(new Error('the body is not valid JSON', { cause }), { statusCode: 400, code: 'invalid_json' }),
        );
      }
    },
  );
  app.setReplySerializer((payload) => stringifyJson(payload));
  app.addHook('onRequest', createCorsHook(options.cors));
  app.setErrorHandler((error: FastifyError, request, reply) => sendError(error, request, reply));
  const handlers = new SyncHandlers(options, shapes, store);
  app.all('/*', async (request, reply) => handlers.handle(request, reply, app.prefix));
}

/** Runs before the database is opened, because opening creates the file. */
function checkDatabase({ options }: SyncServerOptions['dataSource']): void {
  if (options.type !== 'better-sqlite3')
    throw new TypeError(`the sync server needs a DataSource of type 'better-sqlite3', got '${options.type}'`);
  const { database } = options;
  const problem = typeof database === 'string' ? databasePathProblem(database) : undefined;
  if (problem !== undefined) {
    throw new TypeError(
      `the database of the DataSource must be the path of an SQLite file: ${problem}; the text is not shown, because it may contain a password`,
    );
  }
}

class SyncHandlers<User extends ServerUser> {
  readonly #options: ServerSettings<User>;
  readonly #shapes: ReadonlyMap<string, TableShape>;
  readonly #store: ServerStore;

  constructor(options: ServerSettings<User>, shapes: ReadonlyMap<string, TableShape>, store: ServerStore) {
    this.#options = options;
    this.#shapes = shapes;
    this.#store = store;
  }

  async handle(request: FastifyRequest, reply: FastifyReply, prefix: string): Promise<FastifyReply> {
    const segments = pathSegments(request.raw.url ?? request.url, prefix === '/' ? '' : prefix);
    const [first = '', id, ...rest] = segments ?? [];
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    if (segments === undefined || rest.length > 0) return send(reply, unknownRoute(request));
    if (first === 'health' && id === undefined)
      return method === 'GET' ? reply.send({ status: 'ok' }) : wrongMethod(reply, method, 'GET, HEAD');
    const isBatch = id === undefined && first === this.#options.batchPath;
    const shape = this.#shapes.get(first);
    if (shape === undefined && !isBatch) return send(reply, unknownRoute(request));
    const allowed = isBatch ? ['POST'] : id === undefined ? ['GET'] : ['GET', 'PUT', 'DELETE'];
    if (!allowed.includes(method)) return wrongMethod(reply, method, allowed.join(', '));
    const user = await this.#options.authenticate?.(request);
    if (user === null)
      return send(reply.header('www-authenticate', 'Bearer'), refusal(401, 'unauthorized', 'sign in again'));
    if (shape === undefined) return this.#batch(request, reply, user);
    if (id === undefined) return this.#list(request, reply, shape, user);
    if (method === 'GET')
      return send(reply, await this.#store.fetch(shape, id, this.#options.rowScope?.(user, shape.kind)));
    return this.#write(request, reply, shape, id, user);
  }

  async #list(
    request: FastifyRequest,
    reply: FastifyReply,
    shape: TableShape,
    user: User | undefined,
  ): Promise<FastifyReply> {
    const cap = this.#options.maxPageSize;
    const query = parsePageQuery(isRecord(request.query) ? request.query : {}, {
      cap,
      defaultLimit: Math.min(500, cap),
    });
    if (typeof query === 'string') return send(reply, refusal(400, 'invalid_query', query));
    const page = await this.#store.list(shape, query, this.#options.paging, this.#options.rowScope?.(user, shape.kind));
    if (page === undefined)
      return send(
        reply,
        refusal(
          400,
          'invalid_query',
          'updatedSince must be an ISO 8601 time or epoch ms, and pageToken a token of this server',
        ),
      );
    const retention = this.#options.tombstoneRetentionMs;
    if (Number.isFinite(retention)) void reply.header('x-tombstone-retention', String(Math.floor(retention / 1000)));
    return reply.header('x-page-limit', String(cap)).send({
      items: page.items,
      ...(page.nextPageToken === undefined ? {} : { nextPageToken: page.nextPageToken }),
      ...(this.#options.hasMore ? { hasMore: page.more } : {}),
    });
  }

  async #write(
    request: FastifyRequest,
    reply: FastifyReply,
    shape: TableShape,
    id: string,
    user: User | undefined,
  ): Promise<FastifyReply> {
    const type = request.method === 'PUT' ? 'upsert' : 'delete';
    const body = request.body;
    if (type === 'upsert' && !isJsonObject(body))
      return send(reply, refusal(400, 'invalid_json', 'the body must be a JSON object'));
    const query = isRecord(request.query) ? request.query : {};
    const unreadable = baseProblem(isJsonObject(body) ? body['_baseUpdatedAt'] : query['_baseUpdatedAt']);
    if (unreadable !== undefined) return send(reply, refusal(400, 'invalid_base', unreadable));
    const split =
      type === 'upsert' && isJsonObject(body)
        ? splitBase(body)
        : { payload: undefined, base: text(query['_baseUpdatedAt']), deltas: undefined };
    const write: WriteRequest = {
      type,
      id,
      kind: shape.kind,
      payload: split.payload,
      deltas: split.deltas,
      base: split.base,
      force: flag(request.headers[type === 'upsert' ? 'x-force-update' : 'x-force-delete']),
      key: text(request.headers['x-idempotency-key']),
      createOnly: flag(request.headers['x-create-only']),
      ifMatch: request.headers['if-match'],
    };
    const [answer] = await this.#apply([{ shape, request: write }], user, request);
    return send(reply, answer ?? refusal(500, 'internal', 'the store returned no answer'));
  }

  async #batch(request: FastifyRequest, reply: FastifyReply, user: User | undefined): Promise<FastifyReply> {
    const ops: Json | undefined = isJsonObject(request.body) ? request.body['ops'] : undefined;
    const most = this.#options.maxBatchSize;
    if (!Array.isArray(ops)) return send(reply, refusal(400, 'invalid_batch', 'the body must be {"ops": [...]}'));
    if (ops.length > most)
      return send(
        reply,
        refusal(413, 'batch_too_large', `a batch may contain at most ${most} operations, got ${ops.length}`),
      );
    const results: (JsonObject | undefined)[] = [];
    const writes: {
      readonly shape: TableShape;
      readonly request: WriteRequest;
      readonly opId: string;
      readonly index: number;
    }[] = [];
    for (const [index, item] of (ops as readonly Json[]).entries()) {
      const parsed = parseBatchItem(item);
      const shape = 'request' in parsed ? this.#shapes.get(parsed.request.kind) : undefined;
      if ('problem' in parsed)
        results[index] = batchResult(parsed.opId ?? '', refusal(400, 'invalid_op', parsed.problem));
      else if (shape === undefined)
        results[index] = batchResult(
          parsed.opId,
          refusal(404, 'unknown_route', `there is no kind ${parsed.request.kind}`),
        );
      else writes.push({ shape, request: parsed.request, opId: parsed.opId, index });
    }
    const answers = await this.#apply(writes, user, request);
    for (const [position, { opId, index }] of writes.entries()) {
      results[index] = batchResult(opId, answers[position] ?? refusal(500, 'internal', 'the store returned no answer'));
    }
    return reply.send({ results });
  }

  /** Executes writes of one user. Each kind has its own scope; the order is kept. */
  async #apply(
    writes: readonly { readonly shape: TableShape; readonly request: WriteRequest }[],
    user: User | undefined,
    request: FastifyRequest,
  ): Promise<readonly WireAnswer[]> {
    const answers: WireAnswer[] = [];
    for (let from = 0; from < writes.length; ) {
      const shape = writes[from]?.shape;
      let to = from;
      while (to < writes.length && writes[to]?.shape === shape) to += 1;
      const run = writes.slice(from, to);
      answers.push(...(await this.#store.write(run, this.#contextOf(user, shape?.kind ?? ''))));
      from = to;
    }
    this.#announce(
      writes.map((write) => write.request),
      answers,
      request,
    );
    return answers;
  }

  #contextOf(user: User | undefined, kind: string): WriteContext {
    const { beforeWrite, rowScope } = this.#options;
    return {
      scope: rowScope?.(user, kind),
      owner: user?.userId ?? '',
      judge:
        beforeWrite === undefined
          ? undefined
          : async ({ request, current }) => {
              const refused = await beforeWrite({
                user,
                kind,
                id: request.id,
                type: request.type,
                payload: request.payload,
                deltas: request.deltas,
                current,
                force: request.force,
              });
              return refused ?? undefined;
            },
    };
  }

  #announce(writes: readonly WriteRequest[], answers: readonly WireAnswer[], request: FastifyRequest): void {
    const changes = writes
      .filter((_, index) => (answers[index]?.status ?? 500) < 300)
      .map(({ kind, id, type }): ServerChange => ({ kind, id, type }));
    if (changes.length === 0) return;
    try {
      this.#options.onChange?.(changes);
    } catch (error) {
      request.log.error({ err: error }, 'the onChange listener threw');
    }
  }
}

const unknownRoute = (request: FastifyRequest): WireAnswer =>
  refusal(404, 'unknown_route', `there is no route ${request.method} ${request.url.split('?', 1)[0] ?? ''}`);
const wrongMethod = (reply: FastifyReply, method: string, allow: string): FastifyReply =>
  send(
    reply.header('allow', allow),
    refusal(405, 'method_not_allowed', `${method} is not allowed here, only ${allow}`),
  );
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const flag = (value: unknown): boolean => value === 'true' || value === '1';
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

function send(reply: FastifyReply, answer: WireAnswer): FastifyReply {
  if (answer.version !== undefined) void reply.header('etag', etagOf(answer.version));
  return answer.body === undefined ? reply.code(answer.status).send() : reply.code(answer.status).send(answer.body);
}

/** Every failure is answered as JSON with a code. Internal errors are logged and not disclosed. */
function sendError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof StoreBusyError)
    return reply.header('retry-after', '1').code(503).send(errorBody('busy', 'the server is busy; retry later'));
  const status = error.statusCode ?? 500;
  if (status >= 500) {
    request.log.error({ err: error }, 'request failed');
    return reply.code(500).send(errorBody('internal', 'the server failed; nothing was changed'));
  }
  const codes: Readonly<Record<number, string>> = {
    400: 'invalid_json',
    413: 'too_large',
    415: 'unsupported_media_type',
  };
  return reply.code(status).send(errorBody(codes[status] ?? 'invalid_request', error.message));
}

/** Removes expired answers and tombstones periodically. Ends with the app. */
function scheduleCleanUp<User extends ServerUser>(
  app: FastifyInstance,
  { clock, cleanUpIntervalMs, idempotencyRetentionMs, tombstoneRetentionMs }: ServerSettings<User>,
  store: ServerStore,
  shapes: readonly TableShape[],
): void {
  let timer: unknown;
  let ended = false;
  const next = (): void => {
    if (!ended) timer = clock.setTimeout(() => void run(), cleanUpIntervalMs);
  };
  const run = async (): Promise<void> => {
    const now = clock.now();
    try {
      await store.cleanUp(shapes, {
        answersMs: now - idempotencyRetentionMs,
        tombstonesMs: now - tombstoneRetentionMs,
      });
    } catch (error) {
      app.log.error({ err: error }, 'the clean-up failed and will be retried');
    }
    next();
  };
  app.addHook('onClose', async () => {
    ended = true;
    clock.clearTimeout(timer);
  });
  next();
}
