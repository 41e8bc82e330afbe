import type { Delta } from '../../model/values/delta.ts';
import type { JsonObject } from '../../model/values/json.ts';
import type { Op, OpType } from '../../model/operation.ts';
import type { PendingOp } from '../../rules/pending/pending-op.ts';
import type { OutboxState, ParkedFor } from '../database/entities.ts';
import { listOf, type Dialect, type Session } from '../sql/session.ts';
import { readReason } from '../sql/stored-reason.ts';
import {
  numberFault,
  numberOr,
  operationTypes,
  storedDeltas,
  storedFields,
  storedObject,
  timeFault,
  wordFault,
} from '../sql/stored-shape.ts';

/** A queued operation as this folder works with it: JSON parsed, numbers as numbers. */
export interface StoredOp extends PendingOp {
  readonly kind: string;
  readonly entityId: string;
  readonly state: OutboxState;
  readonly parked: ParkedFor | undefined;
  readonly dueAt: number | undefined;
  readonly tryCount: number;
  readonly lastError: string | undefined;
  /** The server's reasons by wire key. */
  readonly errorFields?: Readonly<Record<string, string>> | undefined;
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
  /**
   * Version of the table in whose shape the payload is; `frozenVersion` that of the open request, where the payload was
   * upgraded since.
   */
  readonly schemaVersion: number;
  readonly frozenVersion: number | undefined;
  /**
   * What is wrong with the stored row, naming its table and key; such an operation is parked, and the others go on
   * (F-16, F-164).
   */
  readonly damaged: string | undefined;
  /** What a damaged row holds, to the letter: giving it up loses nothing of it. */
  readonly stored?: StoredTexts | undefined;
}

/** The parts of an operation that are JSON, as they are stored. */
export interface StoredTexts {
  readonly payload: string | null;
  readonly changedFields: string | null;
  readonly deltas: string | null;
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

const outboxColumnList = [
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
];
export const outboxColumns = outboxColumnList.join(', ');

/**
 * A row in two values: what a driver spends on a row grows with its columns, and JSON inside of JSON is escaped for
 * nothing. Read with {@link unpackedOp}.
 */
export interface PackedOutboxRow {
  readonly packed: string;
  readonly payload: string | null;
}

/** All columns as those of {@link PackedOutboxRow}. */
export const packedOutboxColumns = ({ packed }: Dialect): string =>
  `${packed(outboxColumnList.filter((column) => column !== '"payload"').map((column) => column.replace(/ AS .*$/, '')))} AS "packed", "payload"`;

type PackedValues = readonly [
  seq: RawOutboxRow['seq'],
  opId: string,
  kind: string,
  entityId: string,
  op: OpType,
  creates: number,
  deltas: string | null,
  changedFields: string | null,
  base: string | null,
  ts: string,
  state: OutboxState,
  parked: ParkedFor | null,
  dueAt: number | null,
  tryCount: number,
  lastError: string | null,
  errorCode: string | null,
  lastTriedAt: number | null,
  requestId: string | null,
  frozenBody: string | null,
  frozenBase: string | null,
  force: number,
  firstSentAt: number | null,
  attempt: number,
  enqueuedAt: number,
  schemaVersion: number,
  frozenVersion: number | null,
];

export function unpackedOp({ packed, payload }: PackedOutboxRow): StoredOp {
  const list = JSON.parse(packed) as PackedValues;
  return toStoredOp({
    seq: list[0],
    opId: list[1],
    kind: list[2],
    entityId: list[3],
    op: list[4],
    creates: list[5],
    payload,
    deltas: list[6],
    changedFields: list[7],
    base: list[8],
    ts: list[9],
    state: list[10],
    parked: list[11],
    dueAt: list[12],
    tryCount: list[13],
    lastError: list[14],
    errorCode: list[15],
    lastTriedAt: list[16],
    requestId: list[17],
    frozenBody: list[18],
    frozenBase: list[19],
    force: list[20],
    firstSentAt: list[21],
    attempt: list[22],
    enqueuedAt: list[23],
    schemaVersion: list[24],
    frozenVersion: list[25],
  });
}

const numberOf = (value: number | string | null): number | undefined =>
  value === null ? undefined : numberOr(value, undefined);

/**
 * The parts that are JSON, and the first fault of any column. A damaged part counts as absent; the operation is not
 * sent.
 */
function readParts(row: RawOutboxRow): {
  readonly payload: JsonObject | undefined;
  readonly changedFields: readonly string[] | undefined;
  readonly deltas: readonly Delta[] | undefined;
  readonly frozenBody: JsonObject | undefined;
  readonly fault: string | undefined;
} {
  // Parsed once: every operation of a batch is read twice, to send it and to settle it.
  const payload = storedObject(row.op === 'delete' ? null : row.payload, 'payload');
  const changedFields = storedFields(row.changedFields, 'changed_fields');
  const deltas = storedDeltas(row.deltas, 'deltas');
  const frozenBody = storedObject(row.frozenBody, 'frozen_body');
  return {
    payload: payload.value,
    changedFields: changedFields.value,
    deltas: deltas.value,
    frozenBody: frozenBody.value,
    fault:
      payload.fault ??
      changedFields.fault ??
      deltas.fault ??
      frozenBody.fault ??
      wordFault(row.op, 'op', operationTypes) ??
      timeFault(row.ts, 'ts') ??
      numberFault(row.creates, 'creates') ??
      numberFault(row.tryCount, 'try_count') ??
      numberFault(row.attempt, 'attempt') ??
      numberFault(row.force, 'force') ??
      numberFault(row.enqueuedAt, 'enqueued_at') ??
      numberFault(row.schemaVersion, 'schema_version') ??
      numberFault(row.dueAt, 'due_at', nullable) ??
      numberFault(row.firstSentAt, 'first_sent_at', nullable) ??
      numberFault(row.lastTriedAt, 'last_tried_at', nullable) ??
      numberFault(row.frozenVersion, 'frozen_version', nullable),
  };
}
const nullable = { nullable: true } as const;

const damageOf = (row: RawOutboxRow, fault: string | undefined): string | undefined =>
  fault === undefined ? undefined : `row seq ${row.seq} of sync_outbox is damaged: ${fault}`;

export function toStoredOp(row: RawOutboxRow): StoredOp {
  const { payload, changedFields, deltas, frozenBody, fault } = readParts(row);
  const reason = readReason(row.lastError);
  return {
    seq: Number(row.seq),
    opId: row.opId,
    kind: row.kind,
    entityId: row.entityId,
    type: row.op === 'delete' ? 'delete' : 'upsert',
    creates: row.creates === 1,
    // An upsert without payload is read as an empty object (OUT-31).
    payload: row.op === 'delete' ? undefined : (payload ?? {}),
    changedFields,
    deltas,
    baseUpdatedAt: row.base ?? undefined,
    localTimestamp: row.ts,
    state: row.state,
    parked: row.parked ?? undefined,
    dueAt: numberOf(row.dueAt),
    tryCount: numberOr(row.tryCount, 0),
    lastError: reason.text,
    ...(reason.fields === undefined ? {} : { errorFields: reason.fields }),
    errorCode: row.errorCode ?? undefined,
    lastTriedAt: numberOf(row.lastTriedAt),
    requestId: row.requestId ?? undefined,
    frozenBody,
    frozenBase: row.frozenBase ?? undefined,
    force: row.force === 1,
    firstSentAt: numberOf(row.firstSentAt),
    attempt: numberOr(row.attempt, 0),
    enqueuedAt: numberOr(row.enqueuedAt, 0),
    schemaVersion: numberOr(row.schemaVersion, 1),
    frozenVersion: numberOf(row.frozenVersion),
    damaged: damageOf(row, fault),
    ...(fault === undefined
      ? {}
      : { stored: { payload: row.payload, changedFields: row.changedFields, deltas: row.deltas } }),
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
export async function readQueues(
  session: Session,
  kind: string,
  entityIds: readonly string[],
): Promise<Map<string, StoredOp[]>> {
  const queues = new Map<string, StoredOp[]>();
  if (entityIds.length === 0) return queues;
  const rows = await session.query<PackedOutboxRow>(
    `SELECT ${packedOutboxColumns(session.dialect)} FROM "sync_outbox" WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')} ORDER BY "seq"`,
    [kind, listOf(entityIds)],
  );
  for (const op of rows.map(unpackedOp)) {
    const queue = queues.get(op.entityId);
    if (queue) queue.push(op);
    else queues.set(op.entityId, [op]);
  }
  return queues;
}

/** The operations of a frozen group: all up to the newest, which holds the request. Empty: no request is open. */
export const frozenGroup = (queue: readonly StoredOp[]): readonly StoredOp[] => {
  const holder = queue.findIndex((op) => op.requestId !== undefined);
  return holder === -1 ? [] : queue.slice(0, holder + 1);
};
