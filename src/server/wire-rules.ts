import { exactDigits } from '../model/values/exact-number.ts';
import { applyDeltas, misfit, parseWireDeltas, wireDeltasKey, type Delta } from '../model/values/delta.ts';
import { forbiddenKeys, isJsonObject, type Json, type JsonObject } from '../model/values/json.ts';

/** A server's answer to one request before serialisation. `version` becomes the ETag. */
export interface WireAnswer {
  readonly status: number;
  readonly body?: JsonObject;
  readonly version?: string;
}

/**
 * Builds the JSON error body of every refusal (PROTOCOL §3): a code for programs, a message for people, reasons by
 * field.
 */
export const errorBody = (error: string, message: string, fields?: Readonly<Record<string, string>>): JsonObject =>
  fields === undefined ? { error, message } : { error, message, fields };

export const refusal = (
  status: number,
  error: string,
  message: string,
  fields?: Readonly<Record<string, string>>,
): WireAnswer => ({
  status,
  body: errorBody(error, message, fields),
});

/** Builds the 409 or 412 answer with the stored row (PROTOCOL §3). */
export const conflictAnswer = (
  status: 409 | 412,
  current: JsonObject,
  serverTimestamp: string | number,
  version: string,
): WireAnswer => ({
  status,
  body: {
    error: 'conflict',
    message: 'the stored row differs from the version that this change is based on',
    current,
    serverTimestamp,
    version,
  },
  version,
});

/** One requested write, alone or as an item of a batch. */
export interface WriteRequest {
  readonly type: 'upsert' | 'delete';
  readonly kind: string;
  readonly id: string;
  /** Fields to merge, without `_baseUpdatedAt`; absent on deletes. */
  readonly payload?: JsonObject | undefined;
  /** Relative changes as received (`_deltas`). The step that checks and writes the stored row applies them. */
  readonly deltas?: Json | undefined;
  /** The version that the change is based on, verbatim. Absent: no conflict check. */
  readonly base?: string | undefined;
  readonly force: boolean;
  /** Idempotency key. Absent: the answer is not stored. */
  readonly key?: string | undefined;
  /** `X-Create-Only`: an existing row is a conflict instead of being overwritten (F-40). */
  readonly createOnly?: boolean | undefined;
  /** `If-Match`, verbatim. */
  readonly ifMatch?: string | undefined;
}

/** The part of the stored row that the conflict rules need. */
export interface StoredVersion {
  readonly updatedAt: string;
  readonly version: string;
  readonly deleted: boolean;
}

export type UpsertDecision = 'create' | 'update' | 'undelete' | 'notFound' | 'conflict' | 'preconditionFailed';
export type DeleteDecision = 'delete' | 'notFound' | 'gone' | 'conflict' | 'preconditionFailed';

/**
 * Decides the effect of a PUT (PROTOCOL §9). It is a conflict if it is not forced and its base differs from the stored
 * version. A base for a missing row is 404. Without a base, a tombstone is undeleted and a live row overwritten, unless
 * the client only wants to create.
 */
export function decideUpsert(stored: StoredVersion | undefined, request: WriteRequest): UpsertDecision {
  // A delta needs a value to change. It does not restore a missing or deleted row.
  if (request.deltas !== undefined && (stored === undefined || stored.deleted)) return 'notFound';
  const conditional = request.base !== undefined || request.ifMatch !== undefined;
  if (stored === undefined) return conditional && !request.force ? 'notFound' : 'create';
  if (!request.force) {
    if (request.createOnly === true && !conditional) return 'conflict';
    const failed = failedCondition(stored, request);
    if (failed !== undefined) return failed;
  }
  return stored.deleted ? 'undelete' : 'update';
}

/** Decides the effect of a DELETE. A row that is already gone stays gone, whatever the base was. */
export function decideDelete(stored: StoredVersion | undefined, request: WriteRequest): DeleteDecision {
  if (stored === undefined) return 'notFound';
  if (stored.deleted) return 'gone';
  return (request.force ? undefined : failedCondition(stored, request)) ?? 'delete';
}

function failedCondition(stored: StoredVersion, request: WriteRequest): 'conflict' | 'preconditionFailed' | undefined {
  if (request.base !== undefined && request.base !== stored.updatedAt) return 'conflict';
  if (request.ifMatch !== undefined && !matchesVersion(request.ifMatch, stored)) return 'preconditionFailed';
  return undefined;
}

function matchesVersion(ifMatch: string, stored: StoredVersion): boolean {
  return ifMatch.split(',').some((part) => {
    const tag = part.trim();
    return tag === '*' ? !stored.deleted : unquoteTag(tag) === stored.version;
  });
}

/** The ETag of a version. */
export const etagOf = (version: string): string => `"${version}"`;
const unquoteTag = (tag: string): string => tag.replace(/^W\//, '').replace(/^"(.*)"$/, '$1');

/**
 * Whether an answer is stored under its idempotency key (PROTOCOL §9). Answers that a repeat should decide again are
 * not, because somebody may have fixed the cause (F-32, F-133).
 */
export function isRemembered(type: WriteRequest['type'], status: number): boolean {
  if (status >= 200 && status < 300) return true;
  if (status === 404 || status === 410) return type === 'delete';
  return status === 400 || status === 413 || status === 415 || status === 422;
}

/**
 * The identity of a request as text. It is equal for a single request and a batch item, so that either may repeat the
 * other.
 */
export const requestFingerprint = ({ type, kind, id, payload, deltas, base, force }: WriteRequest): string =>
  canonicalJson([type, kind, id, payload ?? null, base ?? null, force, ...(deltas === undefined ? [] : [deltas])]);

export const idempotencyMismatch = (key: string): WireAnswer =>
  refusal(
    422,
    'idempotency_mismatch',
    `the idempotency key ${key} was used for another request; another body needs another key`,
  );

/** Whether the id in a body equals that of the path; a body need not contain one. */
export const namesRow = (named: Json | undefined, id: string): boolean =>
  named === undefined || ((typeof named === 'string' || typeof named === 'number') && String(named) === id);

/** Maximum length of an id, in characters. */
export const maxIdLength = 255;

/** Why an id is invalid; undefined for a valid one. */
export function idProblem(id: string): string | undefined {
  if (id === '') return 'the id is empty';
  if (id.length > maxIdLength) return `the id has ${id.length} characters, but at most ${maxIdLength} are accepted`;
  // Half a surrogate pair is not valid text; a database would store a different one.
  if (/\p{Surrogate}/u.test(id)) return 'the id is not valid Unicode text';
  if (exactDigits(id) !== undefined)
    return 'the id is a number with more digits than JSON readers can hold; send it as a string';
  if (id === '.' || id === '..' || forbiddenKeys.includes(id)) return `the id ${id} is not accepted`;
  return undefined;
}

/** One item of `POST /{batchPath}` (PROTOCOL §6), or the reason why it is invalid. */
export function parseBatchItem(
  item: Json,
):
  | { readonly opId: string; readonly request: WriteRequest }
  | { readonly opId: string | undefined; readonly problem: string } {
  if (!isJsonObject(item)) return { opId: undefined, problem: 'an op must be an object' };
  const { opId, kind, id, type, payload, baseUpdatedAt, force } = item;
  if (typeof opId !== 'string' || opId === '') return { opId: undefined, problem: 'opId must be a string' };
  if (typeof kind !== 'string') return { opId, problem: 'kind must be a string' };
  if (typeof id !== 'string' && typeof id !== 'number') return { opId, problem: 'id must be a string' };
  if (type !== 'upsert' && type !== 'delete') return { opId, problem: 'type must be upsert or delete' };
  if (type === 'upsert' && (payload === undefined || !isJsonObject(payload)))
    return { opId, problem: 'payload must be an object' };
  const unreadable =
    baseProblem(baseUpdatedAt) ?? (isJsonObject(payload) ? baseProblem(payload['_baseUpdatedAt']) : undefined);
  if (unreadable !== undefined) return { opId, problem: unreadable };
  const split = isJsonObject(payload) ? splitBase(payload) : { payload: undefined, base: undefined, deltas: undefined };
  const base = baseText(baseUpdatedAt) ?? split.base;
  return {
    opId,
    request: {
      type,
      kind,
      id: String(id),
      payload: type === 'upsert' ? split.payload : undefined,
      deltas: split.deltas,
      base,
      force: force === true,
      key: opId,
    },
  };
}

/** Why a value cannot be the base version of a change. Treating it as absent would disable the conflict check. */
export const baseProblem = (value: unknown): string | undefined =>
  value === undefined || value === null || typeof value === 'string' || typeof value === 'number'
    ? undefined
    : '_baseUpdatedAt must be a single string';

/** Extracts `_baseUpdatedAt` and `_deltas` from a body. */
export function splitBase(body: JsonObject): {
  readonly payload: JsonObject;
  readonly base: string | undefined;
  readonly deltas: Json | undefined;
} {
  const { _baseUpdatedAt, [wireDeltasKey]: deltas, ...payload } = body;
  return { payload, base: baseText(_baseUpdatedAt), deltas };
}

/**
 * Applies the deltas of a request to the stored row. Returns the values to write, or the refusal (422) that names the
 * field.
 */
export function effectOfDeltas(
  request: WriteRequest,
  stored: JsonObject,
  serverKeys: readonly string[],
): { readonly values: JsonObject } | { readonly refused: WireAnswer } {
  if (request.deltas === undefined) return { values: {} };
  const deltas = parseWireDeltas(request.deltas);
  if (typeof deltas === 'string')
    return { refused: refusal(422, 'validation', deltas, { [wireDeltasKey]: 'malformed' }) };
  const problems: [string, string][] = deltas.flatMap((delta): [string, string][] => {
    const problem = problemOfDelta(delta, request, stored, serverKeys);
    return problem === undefined ? [] : [[delta.field, problem]];
  });
  if (problems.length > 0) {
    return {
      refused: refusal(
        422,
        'validation',
        problems.map(([field, problem]) => `${field} ${problem}`).join(', '),
        Object.fromEntries(problems),
      ),
    };
  }
  const row = applyDeltas(stored, deltas);
  return { values: Object.fromEntries(deltas.map(({ field }) => [field, row[field] ?? null])) };
}

function problemOfDelta(
  delta: Delta,
  { payload }: WriteRequest,
  stored: JsonObject,
  serverKeys: readonly string[],
): string | undefined {
  const { field } = delta;
  if (forbiddenKeys.includes(field)) return 'is not accepted';
  if (serverKeys.includes(field)) return 'belongs to the server';
  if (payload !== undefined && Object.hasOwn(payload, field)) return 'is both written and changed by a delta';
  return misfit(stored[field], delta);
}

const baseText = (value: Json | undefined): string | undefined =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;

/** Builds the answer to an item of a batch: the row as `data`, anything else as `error`. */
export function batchResult(opId: string, answer: WireAnswer): JsonObject {
  const ok = answer.status < 300;
  return {
    opId,
    statusCode: answer.status,
    ...(answer.body === undefined ? {} : ok ? { data: answer.body } : { error: answer.body }),
    ...(answer.version === undefined ? {} : { version: answer.version }),
  };
}

/** JSON text with sorted keys, because key order has no meaning. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(canonicalJson).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null)}`).join(',')}}`;
}
