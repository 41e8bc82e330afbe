import { lastLook } from '../model/last-look.ts';
import { aFunction, anObject, textThat } from '../model/options/bounds.ts';
import { completeOptions, ownedBy } from '../model/options/complete-options.ts';
import { byDefault, required, type OptionList } from '../model/options/option-list.ts';
import { isJsonObject, type JsonObject } from '../model/values/json.ts';
import { isTombstone, rowIdOf, rowTimestampOf } from './answers/answer-fields.ts';
import { createCrudHttp, type CrudHttp } from './http/crud-http.ts';
import { isSuccessStatus, readBody } from './http/http-answer.ts';
import { parseUrl } from './http/parse-url.ts';
import { SendDefect } from './http/send-defect.ts';
import type {
  RemoteAnswer,
  RemoteDelete,
  RemoteFetch,
  RemoteList,
  RemoteRequest,
  RemoteUpsert,
} from './http/remote-request.ts';

/**
 * The six calls of a CRUD backend. Each sends its request with `http`, or in its own way, and resolves with the answer,
 * whatever its status.
 */
export interface CrudSendOptions {
  /** Where the API is, such as `https://api.example.com/v1`. */
  readonly url: string;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Asks whether the backend is there. */
  readonly health: (http: CrudHttp) => Promise<RemoteAnswer>;
  /** Asks for a page of rows; the body of its answer is `{ items, nextPageToken?, hasMore? }`. */
  readonly list: (request: RemoteList, http: CrudHttp) => Promise<RemoteAnswer>;
  /** Asks for one row; the body of its answer is the row. 404, or a body of null, says that there is none. */
  readonly read: (request: RemoteFetch | RemoteUpsert | RemoteDelete, http: CrudHttp) => Promise<RemoteAnswer>;
  /** Creates a row that `read` did not find. */
  readonly create: (request: RemoteUpsert, http: CrudHttp) => Promise<RemoteAnswer>;
  /**
   * Changes the row. `current` is what `read` found: the version that the change was made on. A body of null says that
   * no row had that version any more, and makes a conflict.
   */
  readonly update: (request: RemoteUpsert, http: CrudHttp, current: JsonObject) => Promise<RemoteAnswer>;
  /** Deletes the row. `current` and a body of null mean the same as for `update`. */
  readonly remove: (request: RemoteDelete, http: CrudHttp, current: JsonObject) => Promise<RemoteAnswer>;
}

const isHttpUrl = (url: string): boolean => ['http:', 'https:'].includes(parseUrl(url)?.protocol ?? '');

/** Defaults and bounds of {@link CrudSendOptions}. */
export const crudSendOptions = {
  url: required(textThat("an absolute http(s) URL such as 'https://api.example.com/v1'", isHttpUrl)),
  headers: byDefault({}, anObject),
  health: required(aFunction),
  list: required(aFunction),
  read: required(aFunction),
  create: required(aFunction),
  update: required(aFunction),
  remove: required(aFunction),
} satisfies OptionList<CrudSendOptions>;

/**
 * Makes the `send` of `createTransport` for a backend with ordinary CRUD calls, without versions and idempotency keys.
 * Each write reads the row first. Without a row it creates one; another version is a conflict; the same version is
 * updated or deleted. Use it with the option `idempotency: 'none'`. A change that somebody else makes between the read
 * and the write is overwritten, unless `update` and `remove` send the version along.
 */
export function crudSend(
  given: CrudSendOptions,
): (request: RemoteRequest, signal: AbortSignal) => Promise<RemoteAnswer> {
  const { url, headers, ...calls } = completeOptions<CrudSendOptions, typeof crudSendOptions>(
    ownedBy('crudSend'),
    crudSendOptions,
    given,
  );
  return async (request, signal) => {
    const http = createCrudHttp({ url, headers, authorization: request.authorization, signal });
    switch (request.action) {
      case 'health':
        return calls.health(http);
      case 'list':
        return calls.list(request, http);
      case 'fetch':
        return unlessNull(await calls.read(request, http), noRow);
      case 'upsert':
      case 'delete': {
        const found = unlessNull(await calls.read(request, http), noRow);
        lastLook(signal);
        // Nothing leaves after an abort (I9).
        signal.throwIfAborted();
        return unlessNull(await write(request, found, { calls, http }), conflictUnseen);
      }
      default:
        return request satisfies never;
    }
  };
}

/** An API that looks rows up by a filter answers 200 with an empty list where none is. */
const unlessNull = (answer: RemoteAnswer, instead: RemoteAnswer): RemoteAnswer =>
  isSuccessStatus(answer.status) && answer.body === null ? instead : answer;
const noRow: RemoteAnswer = { status: 404, body: { error: 'not_found' } };
/** Without the row: the engine fetches it. */
const conflictUnseen: RemoteAnswer = { status: 409, body: { error: 'conflict' } };

interface Writing {
  readonly calls: Pick<CrudSendOptions, 'create' | 'update' | 'remove'>;
  readonly http: CrudHttp;
}

async function write(
  request: RemoteUpsert | RemoteDelete,
  found: RemoteAnswer,
  { calls, http }: Writing,
): Promise<RemoteAnswer> {
  if (found.status === 404 || found.status === 410)
    // Whether the row is gone, or the whole API, the transport finds out.
    return request.action === 'upsert' && request.base === undefined ? calls.create(request, http) : found;
  if (!isSuccessStatus(found.status)) return found;
  const current = rowIn(found, request);
  if (current === undefined) return found;
  const isOtherVersion = request.base !== undefined && rowTimestampOf(current) !== request.base;
  if (request.action === 'delete') {
    if (isTombstone(current)) return { status: 404, body: { error: 'deleted' } };
    return isOtherVersion && !request.force ? conflict(current) : calls.remove(request, http, current);
  }
  return request.createOnly || (isOtherVersion && !request.force)
    ? conflict(current)
    : calls.update(request, http, current);
}

const conflict = (current: JsonObject): RemoteAnswer => ({ status: 409, body: { error: 'conflict', current } });

/** The row that was read; undefined where a web page came in its place, which the transport recognises. */
function rowIn({ body, text = '' }: RemoteAnswer, { kind, id }: RemoteUpsert | RemoteDelete): JsonObject | undefined {
  const read = body === undefined ? readBody({ text }) : ({ type: 'json', value: body } as const);
  if (read.type === 'notJson' && read.isHtml) return undefined;
  if (read.type === 'json' && isJsonObject(read.value) && rowIdOf(read.value) === id) return read.value;
  // Handed on, it would count as the answer to the write, which was not sent.
  throw new SendDefect(`read must answer with the row '${id.slice(0, 60)}' of ${kind}, with null, or with 404`);
}
