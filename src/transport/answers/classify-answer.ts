import { isJsonObject, type Json, type JsonObject } from '../../model/values/json.ts';
import type { Op } from '../../model/operation.ts';
import {
  pushConflict,
  pushForbidden,
  pushMalformed,
  pushNotFound,
  pushRejected,
  pushSuccess,
  pushThrottled,
  pushUnauthorized,
  pushUnavailable,
  type PushResult,
  type RefusalWords,
} from '../../model/transport.ts';
import { htmlFact, shapeOfBody } from './answer-shape.ts';
import { isTombstone, rowIdOf, rowTimestampOf, scalarText } from './answer-fields.ts';
import { isSuccessStatus, type Body } from '../http/http-answer.ts';
import { readRefusal } from './read-refusal.ts';
import { codeOf, type Refusal } from './refusal-words.ts';
import type { AnswerToClassify, RestSettings, StatusVerdict } from '../http/rest-options.ts';
import { unauthorizedWords } from './unauthorized-words.ts';

/** An answer to one operation, alone or as an item of a batch. */
export interface OpAnswer {
  readonly status: number;
  /** The row on success, otherwise the refusal or conflict. */
  readonly body: Body;
  /** The ETag, or the item's `version`. */
  readonly version?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly clockOffsetMs?: number | undefined;
  /** For an item of a batch: the server's explanation beside the row. */
  readonly said?: Json | undefined;
  /** The text about a redirect. */
  readonly redirect?: string | undefined;
}

/**
 * A 404 or 410 that does not tell whether the row or the whole route is missing. Requires a check of the collection
 * (F-22).
 */
export interface UnclearNotFound extends RefusalWords {
  readonly type: 'unclearNotFound';
  readonly statusCode: number;
  readonly isHtml?: true | undefined;
}

type Classify = RestSettings['classifyStatus'];
/** The app's options for reading answers. */
export type Reading = Pick<RestSettings, 'classifyStatus' | 'readRefusal' | 'tokenHint'>;

/** Codes by which the API itself reports a missing row. */
const missingRowCodes: ReadonlySet<string> = new Set(['not_found', 'deleted', 'gone']);
/** Codes by which the API reports a wrong route, not a missing row (PROTOCOL §9). */
const missingRouteCodes: ReadonlySet<string> = new Set(['unknown_route', 'unknown_kind']);

/** Turns an answer into exactly one result, by status and JSON fields, never by texts. */
export function classifyAnswer(op: Op, answer: OpAnswer, settings: Reading): PushResult | UnclearNotFound {
  const classify = settings.classifyStatus;
  if (classify === undefined) return byVerdict(op, answer, verdictOf(answer), settings);
  const verdict = askApp(classify, {
    status: answer.status,
    body: answer.body.type === 'json' ? answer.body.value : undefined,
    op,
  });
  if (verdict instanceof Error) return pushMalformed(`${labelOf(op)}: classifyStatus failed: ${verdict.message}`);
  if (verdict === 'applied') return appliedResult(op, answer, true);
  return byVerdict(op, answer, verdict ?? verdictOf(answer), settings);
}

/** Calls the app's `classifyStatus`. Returns its error instead of throwing (I13). */
export function askApp(classify: Classify, answer: AnswerToClassify): StatusVerdict | undefined | Error {
  try {
    return classify?.(answer);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** What a 404 or 410 with this body reports as missing. */
export function missingOf(body: Json | undefined): 'row' | 'route' | 'unclear' {
  const code = isJsonObject(body) ? codeOf(body) : undefined;
  if (code === undefined) return 'unclear';
  return missingRowCodes.has(code) ? 'row' : missingRouteCodes.has(code) ? 'route' : 'unclear';
}

/** Names the request in messages. */
export const labelOf = (op: Op): string =>
  `${op.type} of ${op.kind}/${op.id.length <= 60 ? op.id : `${op.id.slice(0, 60)}…`}`;

function verdictOf({ status, body, retryAfterMs }: OpAnswer): StatusVerdict | 'unclearNotFound' {
  if (isSuccessStatus(status)) return 'applied';
  switch (status) {
    case 401:
      return 'unauthorized';
    case 403:
      return 'forbidden';
    case 404:
    case 410: {
      const missing = missingOf(body.type === 'json' ? body.value : undefined);
      return missing === 'row' ? 'notFound' : missing === 'route' ? 'malformed' : 'unclearNotFound';
    }
    case 408:
    case 425:
      return 'unavailable';
    case 409:
    case 412:
      return 'conflict';
    case 429:
      return 'throttled';
    case 503:
      return retryAfterMs === undefined ? 'unavailable' : 'throttled';
    default:
  }
  if (status >= 500 && status <= 599) return 'unavailable';
  return status >= 400 && status <= 499 ? 'rejected' : 'malformed';
}

function byVerdict(
  op: Op,
  answer: OpAnswer,
  verdict: StatusVerdict | 'unclearNotFound',
  settings: Reading,
): PushResult | UnclearNotFound {
  const { status } = answer;
  const json = answer.body.type === 'json' ? answer.body.value : undefined;
  const words = () => readRefusal(op, answer, settings.readRefusal);
  switch (verdict) {
    case 'applied':
      return appliedResult(op, answer, false);
    case 'conflict':
      return conflictResult(op, answer, json, words);
    case 'notFound':
      return pushNotFound(status, words());
    case 'unclearNotFound':
      return { type: 'unclearNotFound', ...words(), ...htmlFact(answer.body), statusCode: status };
    case 'rejected': {
      const refusal = words();
      return pushRejected({
        statusCode: status,
        ...refusal,
        message:
          refusal.message ??
          `${labelOf(op)} was refused with ${status}${refusal.code === undefined ? '' : ` (${refusal.code})`}`,
      });
    }
    case 'forbidden': {
      const { message = `${labelOf(op)} is forbidden (${status})`, ...refusal } = words();
      return { ...pushForbidden(message), ...refusal };
    }
    case 'unauthorized':
      return pushUnauthorized(unauthorizedWords(status, settings, words().message));
    case 'throttled':
      return pushThrottled({
        statusCode: status,
        retryAfterMs: answer.retryAfterMs,
        message: words().message ?? `The server asks the client to wait (${status})`,
      });
    case 'unavailable':
      return pushUnavailable({
        dispatched: true,
        statusCode: status,
        message: `${labelOf(op)} was answered with ${status}`,
      });
    case 'malformed':
      return { ...pushMalformed(malformedMessage(op, answer)), ...htmlFact(answer.body) };
    default:
      return verdict satisfies never;
  }
}

function malformedMessage(op: Op, { status, redirect }: OpAnswer): string {
  if (redirect !== undefined) return `${labelOf(op)} was answered with ${status}: ${redirect}`;
  return `${labelOf(op)} was answered with ${status}, ${notOfThisApi}`;
}

/** The end of a message about an answer that did not come from the API. */
export const notOfThisApi = 'which is not an answer of this API. Check baseUrl and the kind.';

/** `trusted`: the app itself reports success, whatever the body is. */
function appliedResult(op: Op, { status, body, version, clockOffsetMs }: OpAnswer, trusted: boolean): PushResult {
  if (body.type === 'empty') return pushSuccess({ serverVersion: version, clockOffsetMs });
  const row = body.type === 'json' ? body.value : undefined;
  if (!isJsonObject(row)) {
    if (trusted) return pushSuccess({ serverVersion: version, clockOffsetMs });
    const message = `${labelOf(op)} was answered with ${status}: expected the row as a JSON object or an empty body, got ${shapeOfBody(body)}. Check baseUrl.`;
    return { ...pushMalformed(message), ...htmlFact(body) };
  }
  const id = rowIdOf(row);
  if (id === undefined) return pushSuccess({ serverVersion: version, clockOffsetMs });
  if (id !== op.id)
    return pushMalformed(`${labelOf(op)} was answered with the row '${id.slice(0, 60)}' of another entity.`);
  return { type: 'pushSuccess', serverData: row, serverVersion: version, clockOffsetMs };
}

/**
 * Finds the row of a conflict (PROTOCOL §3): `current`, or else `serverData`, or else the body itself. Only a row with
 * the right id counts; otherwise it must be fetched (F-33, F-34). Keeps the server's explanation, because the engine
 * may find that there is no conflict (F-151).
 */
function conflictResult(
  op: Op,
  { status: statusCode, version }: OpAnswer,
  body: Json | undefined,
  words: () => Refusal,
): PushResult {
  if (!isJsonObject(body)) return pushConflict({ statusCode, ...words() });
  const candidates: readonly (Json | undefined)[] = [body['current'], body['serverData'], body];
  const data = candidates.find((candidate): candidate is JsonObject => isJsonObject(candidate));
  if (data === undefined || rowIdOf(data) !== op.id) return pushConflict({ statusCode, ...words() });
  return pushConflict({
    statusCode,
    // A body that is the row contains no explanation: its fields may be called `message` or `code`.
    ...(data === body ? {} : words()),
    serverData: data,
    serverTimestamp: scalarText(body['serverTimestamp']) ?? rowTimestampOf(data),
    serverVersion: scalarText(body['version']) ?? scalarText(data['version']) ?? version,
    ...(isTombstone(data) ? { serverDeleted: true } : {}),
  });
}
