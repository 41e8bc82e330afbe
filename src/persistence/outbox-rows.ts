import type { Delta } from '../model/delta.ts';
import type { Json, JsonObject } from '../model/json.ts';
import type { Op, OpType } from '../model/operation.ts';
import type { PendingOp } from '../rules/pending-op.ts';
import type { OutboxState, ParkedFor } from './entities.ts';
import { listOf, type Session } from './session.ts';

/** A queued operation as this folder works with it: JSON parsed, numbers as numbers. */
export interface StoredOp extends PendingOp {
  readonly kind: string;
  readonly entityId: string;
  readonly state: OutboxState;
  readonly parked: ParkedFor | undefined;
  readonly dueAt: number | undefined;
  readonly tryCount: number;
  readonly lastError: string | undefined;
  readonly errorCode: string | undefined;
  readonly lastTriedAt: number | undefined;
  /** Set on the newest operation of a frozen group. */
  readonly requestId: string | undefined;
  readonly frozenBody: JsonObject | undefined;
  readonly frozenBase: string | undefined;
  readonly force: boolean;
  readonly firstSentAt: number | undefined;
  readonly attempt: number;
  readonly enqueuedAt: number;
  /** Version of the table in whose shape the payload is; `frozenVersion` that of the open request, where the payload was upgraded since. */
  readonly schemaVersion: number;
  readonly frozenVersion: number | undefined;
  /** Stored JSON that no longer parses: the operation is parked, the others go on (F-16). */
  readonly damaged: boolean;
}

/** The row as the driver gives it, by alias. */
export interface RawOutboxRow {
  readonly seq: number | string;
  readonly opId: string;
  readonly kind: string;
  readonly entityId: string;
  readonly op: OpType;
  readonly creates: number;
  readonly payload: string | null;
  readonly deltas: string | null;
  readonly changedFields: string | null;
  readonly base: string | null;
  readonly ts: string;
  readonly state: OutboxState;
  readonly parked: ParkedFor | null;
  readonly dueAt: number | string | null;
  readonly tryCount: number;
  readonly lastError: string | null;
  readonly errorCode: string | null;
  readonly lastTriedAt: number | string | null;
  readonly requestId: string | null;
  readonly frozenBody: string | null;
  readonly frozenBase: string | null;
  readonly force: number;
  readonly firstSentAt: number | string | null;
  readonly attempt: number;
  readonly enqueuedAt: number | string;
  readonly schemaVersion: number;
  readonly frozenVersion: number | null;
}

export const outboxColumns = [
  '"seq"',
  '"op_id" AS "opId"',
  '"kind"',
  '"entity_id" AS "entityId"',
  '"op"',
  '"creates"',
  '"payload"',
  '"deltas"',
  '"changed_fields" AS "changedFields"',
  '"base_updated_at" AS "base"',
  '"ts"',
  '"state"',
  '"parked"',
  '"due_at" AS "dueAt"',
  '"try_count" AS "tryCount"',
  '"last_error" AS "lastError"',
  '"error_code" AS "errorCode"',
  '"last_tried_at" AS "lastTriedAt"',
  '"request_id" AS "requestId"',
  '"frozen_body" AS "frozenBody"',
  '"frozen_base" AS "frozenBase"',
  '"force"',
  '"first_sent_at" AS "firstSentAt"',
  '"attempt"',
  '"enqueued_at" AS "enqueuedAt"',
  '"schema_version" AS "schemaVersion"',
  '"frozen_version" AS "frozenVersion"',
].join(', ');

const numberOf = (value: number | string | null): number | undefined => (value === null ? undefined : Number(value));

/** JSON of ours that no longer parses is a damaged row: the operation must not take the others with it (F-16). */
export const parseJson = <T extends Json>(text: string | null): T | undefined => {
  if (text === null) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
};

/** Stored as written: by wire key, added up. */
export const parseDeltas = (text: string | null): readonly Delta[] | undefined => parseJson<Json>(text) as readonly Delta[] | undefined;

export function toStoredOp(row: RawOutboxRow): StoredOp {
  // Parsed once: every operation of a batch is read twice, to send it and to settle it.
  const payload = row.op === 'upsert' ? parseJson<JsonObject>(row.payload) : undefined;
  const changedFields = parseJson<string[]>(row.changedFields);
  const deltas = parseDeltas(row.deltas);
  const frozenBody = parseJson<JsonObject>(row.frozenBody);
  const isBroken = (text: string | null, parsed: unknown): boolean => text !== null && parsed === undefined;
  return {
    seq: Number(row.seq),
    opId: row.opId,
    kind: row.kind,
    entityId: row.entityId,
    type: row.op,
    creates: row.creates === 1,
    // An upsert without payload is read as an empty object (OUT-31).
    payload: row.op === 'upsert' ? (payload ?? {}) : undefined,
    changedFields,
    deltas,
    baseUpdatedAt: row.base ?? undefined,
    localTimestamp: row.ts,
    state: row.state,
    parked: row.parked ?? undefined,
    dueAt: numberOf(row.dueAt),
    tryCount: row.tryCount,
    lastError: row.lastError ?? undefined,
    errorCode: row.errorCode ?? undefined,
    lastTriedAt: numberOf(row.lastTriedAt),
    requestId: row.requestId ?? undefined,
    frozenBody,
    frozenBase: row.frozenBase ?? undefined,
    force: row.force === 1,
    firstSentAt: numberOf(row.firstSentAt),
    attempt: row.attempt,
    enqueuedAt: Number(row.enqueuedAt),
    schemaVersion: Number(row.schemaVersion),
    frozenVersion: numberOf(row.frozenVersion),
    damaged:
      (row.op === 'upsert' && isBroken(row.payload, payload)) ||
      isBroken(row.changedFields, changedFields) ||
      isBroken(row.deltas, deltas) ||
      isBroken(row.frozenBody, frozenBody),
  };
}

/** The operation as the API shows it. */
export function toOp(stored: StoredOp): Op {
  const shared = {
    opId: stored.opId,
    kind: stored.kind,
    id: stored.entityId,
    localTimestamp: stored.localTimestamp,
    creates: stored.creates,
    ...(stored.baseUpdatedAt === undefined ? {} : { baseUpdatedAt: stored.baseUpdatedAt }),
  };
  if (stored.type === 'delete') return { type: 'delete', ...shared };
  return {
    type: 'upsert',
    ...shared,
    payload: stored.payload ?? {},
    ...(stored.changedFields === undefined ? {} : { changedFields: stored.changedFields }),
    ...(stored.deltas === undefined ? {} : { deltas: stored.deltas }),
  };
}

/** All operations of these entities, by entity, in outbox order. */
export async function readQueues(session: Session, kind: string, entityIds: readonly string[]): Promise<Map<string, StoredOp[]>> {
  const queues = new Map<string, StoredOp[]>();
  if (entityIds.length === 0) return queues;
  const rows = await session.query<RawOutboxRow>(
    `SELECT ${outboxColumns} FROM "sync_outbox" WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')} ORDER BY "seq"`,
    [kind, listOf(entityIds)],
  );
  for (const row of rows) {
    const queue = queues.get(row.entityId);
    if (queue) queue.push(toStoredOp(row));
    else queues.set(row.entityId, [toStoredOp(row)]);
  }
  return queues;
}

/** The operations of a frozen group: all up to the newest, which holds the request. Empty: no request is open. */
export const frozenGroup = (queue: readonly StoredOp[]): readonly StoredOp[] => {
  const holder = queue.findIndex((op) => op.requestId !== undefined);
  return holder === -1 ? [] : queue.slice(0, holder + 1);
};

/** Error texts are bounded and hold no payload (F-116). */
export const boundedError = (text: string): string => (text.length > 500 ? `${text.slice(0, 499)}…` : text);
