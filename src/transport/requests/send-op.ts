import { AuthError, NetworkError, ParseError, TransportError, ValidationError } from '../../model/errors/errors.ts';
import type { JsonObject } from '../../model/values/json.ts';
import { requestIdOf, type Op } from '../../model/operation.ts';
import {
  pushAmbiguous,
  pushMalformed,
  pushNotFound,
  pushRejected,
  pushUnauthorized,
  pushUnavailable,
  type PushResult,
  type RefusalWords,
} from '../../model/transport.ts';
import { stringifyJson } from '../../model/values/exact-json.ts';
import { deltaRequestOf, payloadWithDeltas } from '../../rules/pending/deltas.ts';
import { isTombstone } from '../answers/answer-fields.ts';
import {
  classifyAnswer,
  labelOf,
  notOfThisApi,
  type OpAnswer,
  type UnclearNotFound,
} from '../answers/classify-answer.ts';
import type { HttpRequest } from '../http/exchange.ts';
import { clockOffsetMsOf, readBody, retryAfterMsOf, type HttpAnswer } from '../http/http-answer.ts';
import { fetchRow } from './fetch-row.ts';
import type { PresenceMark } from './kind-presence.ts';
import { ExchangeError } from '../http/network-failure.ts';
import { SendDefect } from '../http/send-defect.ts';
import { redirectWords } from '../answers/redirect-words.ts';
import type { SendParts } from './send-parts.ts';

/** Sends one operation in its own request (PROTOCOL §3, §4). Never throws; every case becomes one result. */
export async function sendOp(op: Op, parts: SendParts, signal: AbortSignal | undefined): Promise<PushResult> {
  let request: HttpRequest;
  try {
    request = requestOf(op, parts, signal);
  } catch (error) {
    return unsendable(op, error);
  }
  try {
    const answer = await parts.send(request);
    const answered = parts.presence.mark();
    return await clarified(op, classifyAnswer(op, toOpAnswer(answer), parts.settings), { parts, signal, answered });
  } catch (error) {
    return failedResult(op, error);
  }
}

/**
 * Why the operation cannot be sent, or undefined. Batches use it too: their ids travel in the body and follow the same
 * rules.
 */
export function refusedBeforeSending(op: Op, { urls }: Pick<SendParts, 'urls'>): PushResult | undefined {
  try {
    urls.check(op.kind, op.id);
    return undefined;
  } catch (error) {
    return unsendable(op, error);
  }
}

interface Clarifying {
  readonly parts: SendParts;
  readonly signal: AbortSignal | undefined;
  /** The time of the answer. */
  readonly answered: PresenceMark;
}

/**
 * Resolves a 404 that does not tell what is missing. It concerns the row if the collection answers afterwards (F-150).
 * For a delete, the row must also be absent, because a server without a DELETE route answers in the same way.
 */
export async function clarified(
  op: Op,
  result: PushResult | UnclearNotFound,
  { parts, signal, answered }: Clarifying,
): Promise<PushResult> {
  if (result.type !== 'unclearNotFound') return result;
  const { statusCode, type: _type, isHtml, ...words } = result;
  let exists: boolean;
  try {
    exists = await parts.presence.exists(op.kind, signal, answered);
  } catch (error) {
    // This loses the answer to the operation itself, so the same request is sent again.
    return pushAmbiguous({
      message: `${labelOf(op)} was answered with ${statusCode}, and the check of the collection failed: ${messageOf(error)}`,
    });
  }
  if (!exists) {
    const message = `${labelOf(op)} was answered with ${statusCode} by a server that does not serve '${op.kind}' either, ${notOfThisApi}`;
    return { ...pushMalformed(message), isHtml };
  }
  if (op.type === 'upsert') return pushNotFound(statusCode, words);
  const row = await fetchRow(op.kind, op.id, parts, signal);
  switch (row.type) {
    case 'fetchNotFound':
      return pushNotFound(statusCode, words);
    case 'fetchSuccess':
      return rowIsThere(op, row.data, statusCode, words);
    case 'fetchError':
      return withoutProof(
        `${labelOf(op)} was answered with ${statusCode}, and the read of the row failed: ${messageOf(row.error)}`,
        row.error,
      );
  }
}

/** Without proof that the row is gone, the same request is sent again, unless the answer did not come from this API. */
function withoutProof(message: string, error: unknown): PushResult {
  if (error instanceof AuthError) return pushUnauthorized(message);
  const isTransient =
    error instanceof NetworkError ||
    (error instanceof TransportError && error.statusCode !== 404 && error.statusCode !== 410);
  return isTransient
    ? pushAmbiguous({ message })
    : { ...pushMalformed(message), ...(error instanceof ParseError && error.isHtml ? { isHtml: true } : {}) };
}

/** A tombstone means that the row is gone. A live row means that the server did not delete it. */
function rowIsThere(op: Op, row: JsonObject, statusCode: number, words: Omit<RefusalWords, 'statusCode'>): PushResult {
  if (isTombstone(row)) return pushNotFound(statusCode, words);
  const message = `${labelOf(op)} was answered with ${statusCode}, but the row still exists: does the server have a DELETE route?`;
  return pushRejected({
    statusCode,
    ...words,
    message: words.message === undefined ? message : `${words.message} (${message})`,
  });
}

/** The result of an operation whose exchange ended without an answer. */
export function failedResult(op: Op, error: unknown): PushResult {
  if (error instanceof ExchangeError) {
    if (!error.dispatched) {
      return pushUnavailable({
        dispatched: false,
        message: error.message,
        ...(error.reason === 'unreachable' ? { noConnection: true } : {}),
      });
    }
    if (error.reason === 'tooLarge') return pushMalformed(`${labelOf(op)}: ${error.message}`);
    return pushAmbiguous({ message: error.message, ...(error.reason === 'timedOut' ? { timedOut: true } : {}) });
  }
  // The request may have arrived and would fail in the same way again. It stays open, and the run ends instead of
  // backing off.
  if (error instanceof SendDefect) return pushMalformed(error.message, error.cause ?? error);
  if (error instanceof AuthError) return pushUnauthorized(error.message);
  // token() could not reach its server. Nothing was sent, and other requests would fail as well.
  if (error instanceof NetworkError)
    return pushUnavailable({ dispatched: false, noConnection: true, message: error.message });
  return pushAmbiguous({ message: `${labelOf(op)} failed: ${messageOf(error)}` });
}

export function toOpAnswer(answer: HttpAnswer): OpAnswer {
  return {
    status: answer.status,
    body: readBody(answer),
    version: answer.header('etag'),
    retryAfterMs: retryAfterMsOf(answer),
    clockOffsetMs: clockOffsetMsOf(answer),
    redirect:
      answer.status >= 300 && answer.status <= 399 ? redirectWords(answer.url, answer.header('location')) : undefined,
  };
}

function requestOf(op: Op, { urls, settings }: SendParts, signal: AbortSignal | undefined): HttpRequest {
  const base = op.force === true ? undefined : op.baseUpdatedAt;
  const headers: Record<string, string> = { 'X-Idempotency-Key': headerValue('request id', requestIdOf(op)) };
  if (settings.conditionalWrite && op.force !== true) {
    if (op.baseVersion !== undefined) headers['If-Match'] = headerValue('baseVersion', entityTag(op.baseVersion));
    if (op.type === 'upsert' && op.creates) headers['X-Create-Only'] = 'true';
  }
  if (op.type === 'delete') {
    if (op.force === true) headers['X-Force-Delete'] = 'true';
    return { method: 'DELETE', url: urls.entity(op.kind, op.id, { _baseUpdatedAt: base }), headers, signal };
  }
  if (op.force === true) headers['X-Force-Update'] = 'true';
  const deltas = settings.deltas ? deltaRequestOf(op) : undefined;
  if (deltas?.conditional === false) delete headers['If-Match'];
  const sentBase = deltas?.conditional === false ? undefined : base;
  const payload = deltas === undefined ? op.payload : payloadWithDeltas(deltas);
  const body = stringifyJson(sentBase === undefined ? payload : { ...payload, _baseUpdatedAt: sentBase });
  return { method: 'PUT', url: urls.entity(op.kind, op.id), headers, body, signal };
}

/** Sends an ETag as received. A `version` from a body is not an ETag until it is quoted (RFC 9110). */
const entityTag = (version: string): string => (/^(W\/)?".*"$/.test(version) ? version : `"${version}"`);

/**
 * Clients differ in what they strip or reject in headers. A key that changes on its way does not identify the request
 * (I2).
 */
function headerValue(what: string, value: string): string {
  if (!/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value)) {
    throw new ValidationError(
      `The ${what} '${value.slice(0, 60)}' cannot be sent in a header: use visible ASCII characters.`,
    );
  }
  return value;
}

/** The result of an operation that cannot be sent in its current form. */
export const unsendable = (op: Op, error: unknown): PushResult =>
  pushRejected({ code: 'unsendable', message: `${labelOf(op)} was not sent: ${messageOf(error)}` });

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
