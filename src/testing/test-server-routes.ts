import { isJsonObject, type Json, type JsonObject } from '../model/values/json.ts';
import { parsePageQuery } from '../server/paging.ts';
import {
  baseProblem,
  batchResult,
  parseBatchItem,
  refusal,
  splitBase,
  type WireAnswer,
  type WriteRequest,
} from '../server/wire-rules.ts';
import type { MemoryBackend } from './memory-backend.ts';
import type { RecordedRequest } from './test-server-faults.ts';
import { jsonAnswer, toHttpAnswer, withId, type HttpAnswer } from './test-server-http.ts';

/** The server's switches that the routes need, read for each request. */
export interface RouteSettings {
  readonly batchPath: string;
  /** Undefined: every kind exists. */
  readonly kinds: readonly string[] | undefined;
  readonly tombstoneRetentionSeconds: number | undefined;
  /** Replaces the right row by a wrong or incomplete one, like a broken server. */
  readonly distort: (answer: WireAnswer, type: WriteRequest['type'] | 'fetch') => WireAnswer;
  readonly refuses: (kind: string, id: string) => WireAnswer | undefined;
}

const notFoundRoute = (request: RecordedRequest): HttpAnswer =>
  toHttpAnswer(refusal(404, 'unknown_route', `there is no route ${request.method} ${request.path}`));
const noObject = toHttpAnswer(refusal(400, 'invalid_json', 'the body must be a JSON object'));
const flag = (value: unknown): boolean => value === 'true' || value === '1';
const header = (request: RecordedRequest, name: string): string | undefined => {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
};

/** Answers a request from the backend (PROTOCOL §2–§6). */
export function route(backend: MemoryBackend, request: RecordedRequest, settings: RouteSettings): HttpAnswer {
  const { kind, id, method } = request;
  if (kind === undefined) return notFoundRoute(request);
  if (kind === 'health' && id === undefined)
    return method === 'GET' ? jsonAnswer(200, { status: 'ok' }) : wrongMethod(method);
  if (request.path === `/${settings.batchPath}`)
    return method === 'POST' ? batch(backend, request, settings) : wrongMethod(method);
  if (settings.kinds !== undefined && !settings.kinds.includes(kind)) return notFoundRoute(request);
  switch (method) {
    case 'GET':
      return id === undefined ? list(backend, kind, request, settings) : fetchOne(backend, kind, id, settings);
    case 'POST':
      return id === undefined ? post(backend, kind, request, settings) : wrongMethod(method);
    case 'PUT':
    case 'DELETE':
      return id === undefined
        ? toHttpAnswer(refusal(400, 'missing_id', `${method} needs an id in its path`))
        : write(backend, kind, id, request, settings);
    default:
      return wrongMethod(method);
  }
}

const wrongMethod = (method: string): HttpAnswer =>
  toHttpAnswer(refusal(405, 'method_not_allowed', `${method} is not allowed here`));

function list(backend: MemoryBackend, kind: string, request: RecordedRequest, settings: RouteSettings): HttpAnswer {
  const query = parsePageQuery(request.query, { cap: backend.pageCap ?? Number.MAX_SAFE_INTEGER, defaultLimit: 500 });
  if (typeof query === 'string') return toHttpAnswer(refusal(400, 'invalid_query', query));
  const page = backend.list(kind, query);
  if (page === undefined)
    return toHttpAnswer(refusal(400, 'invalid_page_token', 'the page token is not a token of this server'));
  return jsonAnswer(
    200,
    { ...page },
    {
      ...(backend.pageCap === undefined || !backend.announcePageCap ? {} : { 'x-page-limit': String(backend.pageCap) }),
      ...(settings.tombstoneRetentionSeconds === undefined
        ? {}
        : { 'x-tombstone-retention': String(settings.tombstoneRetentionSeconds) }),
    },
  );
}

function fetchOne(backend: MemoryBackend, kind: string, id: string, settings: RouteSettings): HttpAnswer {
  return toHttpAnswer(settings.distort(backend.fetch(kind, id), 'fetch'));
}

function post(backend: MemoryBackend, kind: string, request: RecordedRequest, settings: RouteSettings): HttpAnswer {
  if (!isJsonObject(request.body)) return noObject;
  const key = backend.keysOf(kind).id;
  const row = withId(request.body, key);
  const answer = backend.write({ ...toWrite(request, kind, String(row[key]), 'upsert', row), base: undefined });
  return toHttpAnswer(settings.distort(answer.status === 200 ? { ...answer, status: 201 } : answer, 'upsert'));
}

function write(
  backend: MemoryBackend,
  kind: string,
  id: string,
  request: RecordedRequest,
  settings: RouteSettings,
): HttpAnswer {
  if (request.method === 'DELETE')
    return toHttpAnswer(applyWrite(backend, toWrite(request, kind, id, 'delete', undefined), settings));
  if (!isJsonObject(request.body)) return noObject;
  const unreadable = baseProblem(request.body['_baseUpdatedAt']);
  if (unreadable !== undefined) return toHttpAnswer(refusal(400, 'invalid_base', unreadable));
  return toHttpAnswer(applyWrite(backend, toWrite(request, kind, id, 'upsert', request.body), settings));
}

const applyWrite = (backend: MemoryBackend, write: WriteRequest, settings: RouteSettings): WireAnswer =>
  settings.refuses(write.kind, write.id) ?? settings.distort(backend.write(write), write.type);

function toWrite(
  request: RecordedRequest,
  kind: string,
  id: string,
  type: WriteRequest['type'],
  body: JsonObject | undefined,
): WriteRequest {
  const split =
    body === undefined
      ? { payload: undefined, base: request.query['_baseUpdatedAt'], deltas: undefined }
      : splitBase(body);
  return {
    type,
    kind,
    id,
    payload: split.payload,
    deltas: split.deltas,
    base: split.base,
    force: flag(header(request, type === 'upsert' ? 'x-force-update' : 'x-force-delete')),
    key: header(request, 'x-idempotency-key'),
    createOnly: flag(header(request, 'x-create-only')),
    ifMatch: header(request, 'if-match'),
  };
}

function batch(backend: MemoryBackend, request: RecordedRequest, settings: RouteSettings): HttpAnswer {
  const ops = isJsonObject(request.body) ? request.body['ops'] : undefined;
  if (!Array.isArray(ops)) return toHttpAnswer(refusal(400, 'invalid_batch', 'the body must be {"ops": [...]}'));
  const results = (ops as readonly Json[]).map((item): JsonObject => {
    const parsed = parseBatchItem(item);
    if ('problem' in parsed) return batchResult(parsed.opId ?? '', refusal(400, 'invalid_op', parsed.problem));
    if (settings.kinds !== undefined && !settings.kinds.includes(parsed.request.kind)) {
      return batchResult(parsed.opId, refusal(404, 'unknown_route', `there is no kind ${parsed.request.kind}`));
    }
    return batchResult(parsed.opId, applyWrite(backend, parsed.request, settings));
  });
  return jsonAnswer(200, { results });
}
