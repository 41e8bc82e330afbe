import { exactDigits } from '../model/values/exact-number.ts';
import { applyDeltas, misfit, parseWireDeltas, wireDeltasKey, type Delta } from '../model/values/delta.ts';
import { forbiddenKeys, isJsonObject, type Json, type JsonObject } from '../model/values/json.ts';

/** What a server answers to one request, before it is put on the wire. `version` becomes the ETag. */
export interface WireAnswer {
  readonly status: number;
  readonly body?: JsonObject;
  readonly version?: string;
}

/**
 * Builds the JSON error body that every refusal has (PROTOCOL §3): a code for programs, a message for people, reasons
 * by field.
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

/** Builds the 409 or 412 answer with the row as it is stored (PROTOCOL §3). */
export const conflictAnswer = (
  status: 409 | 412,
  current: JsonObject,
  serverTimestamp: string | number,
  version: string,
): WireAnswer => ({
  status,
  body: {
    error: 'conflict',
    message: 'the stored row is not the one this change was based on',
    current,
    serverTimestamp,
    version,
  },
  version,
});

/** One write as the wire asks for it, alone or as an item of a batch. */
export interface WriteRequest {
  readonly type: 'upsert' | 'delete';
  readonly kind: string;
  readonly id: string;
  /** Fields to merge, without `_baseUpdatedAt`; absent on deletes. */
  readonly payload?: JsonObject | undefined;
  /** Relative changes, as they came (`_deltas`): applied to the stored row in the step that checks and writes it. */
  readonly deltas?: Json | undefined;
  /** The version the change was made on, verbatim; absent: no conflict check. */
  readonly base?: string | undefined;
  readonly force: boolean;
  /** Idempotency key; absent: nothing is remembered. */
  readonly key?: string | undefined;
  /** `X-Create-Only`: an existing row is a conflict instead of being overwritten (F-40). */
  readonly createOnly?: boolean | undefined;
  /** `If-Match`, verbatim. */
  readonly ifMatch?: string | undefined;
}

/** What the conflict rules need to know of the stored row. */
export interface StoredVersion {
  readonly updatedAt: string;
  readonly version: string;
  readonly deleted: boolean;
}

export type UpsertDecision = 'create' | 'update' | 'undelete' | 'notFound' | 'conflict' | 'preconditionFailed';
export type DeleteDecision = 'delete' | 'notFound' | 'gone' | 'conflict' | 'preconditionFailed';

/**
 * Decides what a PUT does (PROTOCOL §9): a conflict iff not forced and its base differs from the stored version. A base
 * for a row that is not there is 404; without base a tombstone is undeleted, and a live row overwritten unless the
 * client asked to create only.
 */
export function decideUpsert(stored: StoredVersion | undefined, request: WriteRequest): UpsertDecision {
  // A delta needs a value to change: what is not there, or deleted, is not brought back by it.
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

/** Decides what a DELETE does: what is already gone stays gone, whatever base it was based on. */
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

/** Writes a version as ETag. */
export const etagOf = (version: string): string => `"${version}"`;
const unquoteTag = (tag: string): string => tag.replace(/^W\//, '').replace(/^"(.*)"$/, '$1');

/**
 * Tells which answers are remembered under an idempotency key (PROTOCOL §9): what a repeat would decide anew, because
 * somebody may have repaired it meanwhile, is not (F-32, F-133).
 */
export function isRemembered(type: WriteRequest['type'], status: number): boolean {
  if (status >= 200 && status < 300) return true;
  if (status === 404 || status === 410) return type === 'delete';
  return status === 400 || status === 413 || status === 415 || status === 422;
}

/**
 * One text for one request identity, the same for a single request and a batch item, so that either may repeat the
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

/** Whether a body that names its row names the one of the path; a body need not. */
export const namesRow = (named: Json | undefined, id: string): boolean =>
  named === undefined || ((typeof named === 'string' || typeof named === 'number') && String(named) === id);

/** Longest id accepted, in characters. */
export const maxIdLength = 255;

/** Says why an id cannot name a row; undefined for a good one. */
export function idProblem(id: string): string | undefined {
  if (id === '') return 'the id is empty';
  if (id.length > maxIdLength) return `the id has ${id.length} characters, at most ${maxIdLength} are accepted`;
  // Half a surrogate pair is no text: a database stores another one.
  if (/\p{Surrogate}/u.test(id)) return 'the id is no well-formed text';
  if (exactDigits(id) !== undefined)
    return 'the id is a number with more digits than JSON readers hold; send it as a text';
  if (id === '.' || id === '..' || forbiddenKeys.includes(id)) return `the id ${id} is not accepted`;
  return undefined;
}

/** One item of `POST /{batchPath}` (PROTOCOL §6), or the reason why it is none. */
export function parseBatchItem(
  item: Json,
):
  | { readonly opId: string; readonly request: WriteRequest }
  | { readonly opId: string | undefined; readonly problem: string } {
  if (!isJsonObject(item)) return { opId: undefined, problem: 'an op must be an object' };
  const { opId, kind, id, type, payload, baseUpdatedAt, force } = item;
  if (typeof opId !== 'string' || opId === '') return { opId: undefined, problem: 'opId must be a text' };
  if (typeof kind !== 'string') return { opId, problem: 'kind must be a text' };
  if (typeof id !== 'string' && typeof id !== 'number') return { opId, problem: 'id must be a text' };
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

/**
 * Says why a value cannot be the version that a change was made on. Taken for no base, it would switch the conflict
 * check off.
 */
export const baseProblem = (value: unknown): string | undefined =>
  value === undefined || value === null || typeof value === 'string' || typeof value === 'number'
    ? undefined
    : '_baseUpdatedAt must be one text';

/** Takes `_baseUpdatedAt` and `_deltas` out of a body. */
export function splitBase(body: JsonObject): {
  readonly payload: JsonObject;
  readonly base: string | undefined;
  readonly deltas: Json | undefined;
} {
  const { _baseUpdatedAt, [wireDeltasKey]: deltas, ...payload } = body;
  return { payload, base: baseText(_baseUpdatedAt), deltas };
}

/**
 * What the deltas of a request make of the stored row: the values to write, or the refusal (422) that names the field.
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

/** Gives an item of a batch its answer: the row as `data`, anything else as `error`. */
export function batchResult(opId: string, answer: WireAnswer): JsonObject {
  const ok = answer.status < 300;
  return {
    opId,
    statusCode: answer.status,
    ...(answer.body === undefined ? {} : ok ? { data: answer.body } : { error: answer.body }),
    ...(answer.version === undefined ? {} : { version: answer.version }),
  };
}

/** JSON text with sorted keys: key order carries no meaning. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(canonicalJson).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null)}`).join(',')}}`;
}
