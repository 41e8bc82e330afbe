import { isJsonObject, type Json, type JsonObject } from '../../model/values/json.ts';
import { requestIdOf, type Op } from '../../model/operation.ts';
import { stringifyJson } from '../../model/values/exact-json.ts';
import { deltaRequestOf, payloadWithDeltas } from '../../rules/pending/deltas.ts';
import { rowIdOf, scalarText } from '../answers/answer-fields.ts';
import type { OpAnswer } from '../answers/classify-answer.ts';
import { isSuccessStatus, type Body } from '../http/http-answer.ts';

/** Writes one item of the request (PROTOCOL §6) as JSON. Throws for a payload that JSON cannot hold. */
export function batchItem(op: Op, settings: { readonly deltas: boolean }): string {
  const deltas = settings.deltas ? deltaRequestOf(op) : undefined;
  const isUnconditional = op.baseUpdatedAt === undefined || deltas?.conditional === false;
  // JSON omits undefined.
  return stringifyJson({
    opId: requestIdOf(op),
    kind: op.kind,
    id: op.id,
    type: op.type,
    payload: op.type === 'upsert' ? (deltas === undefined ? op.payload : payloadWithDeltas(deltas)) : undefined,
    force: op.force === true ? true : undefined,
    baseUpdatedAt: op.force === true || isUnconditional ? undefined : op.baseUpdatedAt,
  });
}

/** The items of a batch answer by operation. A missing entry means no item; undefined means an unusable one. */
export interface BatchItems {
  readonly answers: ReadonlyMap<Op, OpAnswer | undefined>;
  readonly warnings: readonly string[];
}

/**
 * Reads `results` item by item, so that a broken item affects only its own operation (F-88). Undefined: there is no
 * list of results.
 */
export function readBatchItems(
  body: Json | undefined,
  ops: readonly Op[],
  whole: Pick<OpAnswer, 'retryAfterMs' | 'clockOffsetMs'>,
): BatchItems | undefined {
  const results = isJsonObject(body) ? body['results'] : undefined;
  if (!Array.isArray(results)) return undefined;
  const byRequestId = new Map(ops.map((op) => [requestIdOf(op), op]));
  const answers = new Map<Op, OpAnswer | undefined>();
  const warnings: string[] = [];
  const list: readonly Json[] = results;
  list.forEach((item, position) => {
    const opId = isJsonObject(item) ? scalarText(item['opId']) : undefined;
    const op = opId === undefined ? undefined : byRequestId.get(opId);
    if (!isJsonObject(item) || opId === undefined) {
      warnings.push(`The batch answer's results[${position}] has no opId and was ignored`);
    } else if (op === undefined) {
      warnings.push(`The batch answer has a result for the unknown opId '${opId.slice(0, 100)}', which was ignored`);
    } else if (!answers.has(op)) {
      // The first of several items for one operation counts, even if it is broken. A later one may belong to another
      // attempt.
      answers.set(op, readItem(item, whole));
    }
  });
  return { answers, warnings };
}

function readItem(
  item: JsonObject,
  { retryAfterMs, clockOffsetMs }: Pick<OpAnswer, 'retryAfterMs' | 'clockOffsetMs'>,
): OpAnswer | undefined {
  const status = statusOf(item);
  if (!Number.isInteger(status) || status < 100 || status > 599) return undefined;
  return {
    status,
    body: isSuccessStatus(status) ? rowBody(item['data']) : { type: 'json', value: errorBody(item) },
    ...(isSuccessStatus(status) ? {} : { said: saidIn(item) }),
    version: scalarText(item['version']),
    retryAfterMs,
    clockOffsetMs,
  };
}

const statusOf = (item: JsonObject): number => Number(scalarText(item['statusCode']) ?? Number.NaN);

/** Whether every operation seems to be accepted at first sight. {@link readBatchItems} makes the real decision. */
export function seemsAccepted(body: Json | undefined, ops: readonly Op[]): boolean {
  const results = isJsonObject(body) ? body['results'] : undefined;
  return (
    Array.isArray(results) &&
    results.length === ops.length &&
    results.every((item: Json) => isJsonObject(item) && isSuccessStatus(statusOf(item)))
  );
}

const rowBody = (data: Json | undefined): Body =>
  data === undefined || data === null ? { type: 'empty' } : { type: 'json', value: data };

/** The item's explanation: its `error` if that is an object or list, otherwise the item without the row. */
function saidIn(item: JsonObject): Json {
  const {
    error,
    opId: _opId,
    statusCode: _statusCode,
    version: _version,
    data,
    current: _current,
    serverData: _serverData,
    ...rest
  } = item;
  if (typeof error === 'object' && error !== null) return error;
  const own = error === undefined ? rest : { ...rest, error };
  // Some servers put the body of a single answer there.
  return Object.keys(own).length === 0 && data !== undefined && !(isJsonObject(data) && rowIdOf(data) !== undefined)
    ? data
    : own;
}

/** Converts an item to the body of a single answer: its `error`, or the item itself. */
function errorBody(item: JsonObject): JsonObject {
  const { error } = item;
  if (!isJsonObject(error))
    return { ...picked(item, ['error', 'code', 'message', 'fields', 'serverTimestamp']), ...currentOf(item) };
  const complete = isJsonObject(error['current']) || isJsonObject(error['serverData']) || rowIdOf(error) !== undefined;
  return complete ? error : { ...currentOf(item), ...error };
}

function currentOf(item: JsonObject): JsonObject {
  const current = [item['current'], item['serverData'], item['data']].find(isJsonObject);
  return current === undefined ? {} : { current };
}

function picked(item: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(
    keys.flatMap((key): [string, Json][] => {
      const value = item[key];
      return value === undefined ? [] : [[key, value]];
    }),
  );
}
