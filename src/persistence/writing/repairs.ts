import { applyDelta, applyDeltas, type Delta } from '../../model/values/delta.ts';
import { ValidationError } from '../../model/errors/errors.ts';
import type { DiscardReason } from '../../model/events.ts';
import type { Json, JsonObject } from '../../model/values/json.ts';
import { deleteOp, upsertOp, type OpType } from '../../model/operation.ts';
import type { Kinds } from '../../model/run.ts';
import { deepEqual } from '../../rules/values/deep-equal.ts';
import { claims } from '../../rules/pending/lay-payloads.ts';
import { overlay } from '../../rules/pending/overlay.ts';
import { newestKnown, readBases } from '../outbox/base-rows.ts';
import { readConflict } from '../outbox/conflict-rows.ts';
import { rethrowForCaller } from '../sql/database-failure.ts';
import { amendOperation as amendStored } from '../outbox/transitions/contents.ts';
import { retryOperations } from '../outbox/transitions/retry.ts';
import { enqueueOp, payloadToSend } from '../outbox/enqueue.ts';
import {
  frozenGroup,
  outboxSelection,
  readQueues,
  toStoredOp,
  type RawOutboxRow,
  type StoredOp,
} from '../outbox/outbox-rows.ts';
import { selectionOf, valuesOf, type RawRowOf } from '../database/column-list.ts';
import { discardedColumns } from '../database/entities.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import { listOf, type Session } from '../sql/session.ts';
import type { StoreContext } from '../database/store-context.ts';
import {
  numberFault,
  operationTypes,
  storedDeltas,
  storedFields,
  storedObject,
  wordFault,
} from '../sql/stored-shape.ts';

/** A discarded operation, stored so that it can be restored. */
export interface DiscardedOperation {
  readonly opId: string;
  readonly kind: string;
  readonly entityId: string;
  readonly type: OpType;
  /** Wire JSON; empty for a delete. */
  readonly data: JsonObject;
  readonly changedFields?: readonly string[];
  readonly deltas?: readonly Delta[];
  readonly reason: DiscardReason;
  /** Epoch ms. */
  readonly discardedAt: number;
}

/** New values by property name of the entity. */
export type AmendPatch = Readonly<Record<string, unknown>>;

/** Repairs single operations outside any run. Each call is one transaction. */
export interface Repairs {
  /**
   * Changes what a waiting, refused or stuck operation will send, and the local row; resets its attempts. Throws
   * `ValidationError` for an unknown operation, a delete, an open request, an undecided conflict, and for values that
   * could not be written.
   */
  amend(opId: string, patch: AmendPatch): Promise<void>;
  /**
   * Restores a discarded operation: applies its changes to the current row and queues them as a new operation. Returns
   * the new id, or undefined if nothing is left to change. Throws `ValidationError` if the history does not have it.
   */
  undoDiscard(opId: string): Promise<string | undefined>;
  /** Discarded operations, newest first; at most `discardHistory`. */
  discarded(filter?: { readonly kinds?: Kinds | undefined }): Promise<readonly DiscardedOperation[]>;
}

export function createRepairs(context: StoreContext, newOpId: () => string): Repairs {
  const { unit } = context;
  return {
    amend: (opId, patch) =>
      unit.transaction((session) => amendOperation(session, context, opId, patch)).catch(rethrowForCaller),
    undoDiscard: (opId) =>
      unit
        .transaction(async (session) => {
          const row = await session.one<RawDiscardedRow>(
            `${discardedSql} WHERE "op_id" = ? ORDER BY "id" DESC LIMIT 1`,
            [opId],
          );
          if (!row)
            throw new ValidationError(
              `operation '${opId}' is not among the last ${context.config.discardHistory} discarded operations; engine.discarded() lists them`,
            );
          const undone = await bringBack(session, context, row, newOpId());
          await session.run('DELETE FROM "sync_discarded" WHERE "id" = ?', [row.id]);
          return undone;
        })
        .catch(rethrowForCaller),
    discarded: (filter) =>
      unit
        .read(async (session) => {
          const kinds =
            filter?.kinds === undefined
              ? { sql: '', parameters: [] }
              : { sql: ` WHERE ${session.dialect.inList('"kind"')}`, parameters: [listOf(filter.kinds)] };
          return (
            await session.query<RawDiscardedRow>(`${discardedSql}${kinds.sql} ORDER BY "id" DESC`, kinds.parameters)
          ).map(toDiscarded);
        })
        .catch(rethrowForCaller),
  };
}

// ── Amending ────────────────────────────────────────────────────────────────────────────────────────────────────────

async function amendOperation(session: Session, context: StoreContext, opId: string, patch: AmendPatch): Promise<void> {
  const raw = await session.one<RawOutboxRow>(`SELECT ${outboxSelection} FROM "sync_outbox" WHERE "op_id" = ?`, [opId]);
  if (!raw)
    throw new ValidationError(
      `operation '${opId}' is not queued; engine.explain() lists queued operations, and undoDiscard restores discarded ones`,
    );
  const op = toStoredOp(raw);
  const table = tableFor(context, op);
  const queue = (await readQueues(session, op.kind, [op.entityId])).get(op.entityId) ?? [];
  await assertAmendable(session, op, queue);
  const values = wirePatch(table, op, patch);
  if (Object.keys(values).length === 0) throw new ValidationError(`${named(op)}: the patch names no field`);
  const amended = amendQueue(queue, op, values);
  for (const one of amended) {
    await amendStored(session, {
      seq: one.seq,
      payload: JSON.stringify(one.payload),
      changedFields: one.changedFields === undefined ? null : JSON.stringify(one.changedFields),
      deltas: one.deltas === undefined ? null : JSON.stringify(one.deltas),
    });
  }
  await makeReady(session, context, op, queue);
  const bySeq = new Map(amended.map((one) => [one.seq, one]));
  const known = newestKnown((await readBases(session, op.kind, [op.entityId])).get(op.entityId));
  const local = overlay(
    known.row,
    queue.map((one) => bySeq.get(one.seq) ?? one),
    table.keys,
  );
  if (local.row !== undefined)
    await table.rows.upsert(session, [local.row], { keepDeletedLocally: local.deletedLocally });
}

const named = (op: { readonly opId: string; readonly kind: string; readonly entityId: string }): string =>
  `operation ${op.opId} on ${op.kind}/${op.entityId}`;

function tableFor(
  context: StoreContext,
  op: { readonly opId: string; readonly kind: string; readonly entityId: string },
): ReplicaTable {
  const table = context.registry.get(op.kind);
  if (!table) throw new ValidationError(`${named(op)}: no table is registered for the kind '${op.kind}'`);
  return table;
}

async function assertAmendable(session: Session, op: StoredOp, queue: readonly StoredOp[]): Promise<void> {
  if (op.type === 'delete')
    throw new ValidationError(`${named(op)} is a delete without data to amend; drop it, or restore the row`);
  if (op.damaged !== undefined) throw new ValidationError(`${named(op)} cannot be amended: ${op.damaged}; drop it`);
  if (frozenGroup(queue).some(({ seq }) => seq === op.seq)) {
    throw new ValidationError(
      `${named(op)} is in flight, and the server may have it already. Amend it after the answer, or write the change as a new operation`,
    );
  }
  const conflict = await readConflict(session, op.kind, op.entityId);
  const last = conflict === undefined ? -1 : queue.findIndex(({ opId }) => opId === conflict.conflict.opId);
  if (queue.findIndex(({ seq }) => seq === op.seq) <= last) {
    throw new ValidationError(
      `${named(op)} has a conflict that waits for a decision; decide it with resolveConflict('${conflict?.conflict.opId ?? op.opId}', acceptMerged(data))`,
    );
  }
}

/** The patch by wire key, with each value as it would be written. */
function wirePatch(table: ReplicaTable, op: StoredOp, patch: AmendPatch): JsonObject {
  const row = table.mapping.entityToWire(patch);
  const entries = Object.keys(patch).map((property): [string, Json] => {
    const key = table.columns.wireKeyOf(property);
    if (Object.values(table.keys).includes(key))
      throw new ValidationError(
        `${named(op)}: '${property}' cannot be amended, because it identifies the row or belongs to the server`,
      );
    const value = row[key];
    if (value === undefined)
      throw new ValidationError(`${named(op)}: '${property}' is undefined; use null to clear it`);
    return [key, value];
  });
  const values = Object.fromEntries(entries);
  const complaint = table.mapping.complaintAbout(values);
  if (complaint !== undefined) throw new ValidationError(`${named(op)}: ${complaint}; nothing was written`);
  return values;
}

/**
 * The operation with its new values, and the effect on later ones. The repair is the newest intention, so it replaces a
 * later value of the same field; later deltas apply on top of it.
 */
function amendQueue(queue: readonly StoredOp[], target: StoredOp, values: JsonObject): readonly StoredOp[] {
  const fields = Object.keys(values);
  const current = new Map(Object.entries(values));
  return queue
    .filter((op) => op.seq >= target.seq && op.type === 'upsert')
    .map((op): StoredOp => {
      if (op.seq === target.seq) {
        const deltas = op.deltas?.filter(({ field }) => !fields.includes(field));
        return {
          ...op,
          payload: { ...op.payload, ...values },
          changedFields: op.changedFields && [...new Set([...op.changedFields, ...fields])],
          deltas: deltas?.length === 0 ? undefined : deltas,
        };
      }
      const payload = new Map(Object.entries(op.payload ?? {}));
      for (const field of fields) {
        if (!payload.has(field)) continue;
        if (claims(op, field)) current.set(field, values[field] ?? null);
        for (const delta of op.deltas ?? [])
          if (delta.field === field) current.set(field, applyDelta(current.get(field), delta));
        payload.set(field, current.get(field) ?? null);
      }
      return { ...op, payload: Object.fromEntries(payload) };
    });
}

/** Resets the attempts of everything in the same request. An open request and a conflict stay unchanged. */
async function makeReady(
  session: Session,
  context: StoreContext,
  op: StoredOp,
  queue: readonly StoredOp[],
): Promise<void> {
  const group = context.config.coalesce ? queue.slice(frozenGroup(queue).length) : [op];
  await retryOperations(
    session,
    group.map(({ seq }) => seq),
  );
}

// ── Bringing back ───────────────────────────────────────────────────────────────────────────────────────────────────

type RawDiscardedRow = RawRowOf<typeof discardedColumns>;

const discardedSql = `SELECT ${selectionOf(discardedColumns)} FROM "sync_discarded"`;

function toDiscarded(row: RawDiscardedRow): DiscardedOperation {
  const { opId, kind, entityId, op, payload, reason, discardedAt, changedFields, deltas } = valuesOf(
    discardedColumns,
    row,
  ).values;
  return {
    opId,
    kind,
    entityId,
    type: op,
    data: payload ?? {},
    reason,
    discardedAt,
    ...(changedFields === undefined ? {} : { changedFields }),
    ...(deltas === undefined ? {} : { deltas }),
  };
}

/**
 * A discarded operation of an older table version in the current format. Throws `ValidationError` if the conversion is
 * impossible.
 */
function inShapeOf(table: ReplicaTable, given: DiscardedOperation, version: number): DiscardedOperation {
  if (given.type === 'delete' || version === table.schema.version) return given;
  if (version > table.schema.version)
    throw new ValidationError(`${named(given)} was created by a newer version of the app; restore it there`);
  const { changedFields, deltas, data: payload, ...rest } = given;
  const op = upsertOp({
    kind: given.kind,
    id: given.entityId,
    opId: given.opId,
    payload,
    changedFields,
    deltas,
    creates: false,
    localTimestamp: new Date(0),
  });
  try {
    const upgraded = table.schema.upgradeOperation(op, version);
    return {
      ...rest,
      data: upgraded.payload,
      ...(upgraded.changedFields === undefined ? {} : { changedFields: upgraded.changedFields }),
      ...(upgraded.deltas === undefined ? {} : { deltas: upgraded.deltas }),
    };
  } catch (cause) {
    throw new ValidationError(
      `${named(given)} was created with version ${version} of the table and cannot be upgraded: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
  }
}

async function bringBack(
  session: Session,
  context: StoreContext,
  row: RawDiscardedRow,
  opId: string,
): Promise<string | undefined> {
  const stored = toDiscarded(row);
  const fault =
    storedObject(row.payload, 'payload').fault ??
    storedFields(row.changedFields, 'changed_fields').fault ??
    storedDeltas(row.deltas, 'deltas').fault ??
    wordFault(row.op, 'op', operationTypes) ??
    numberFault(row.creates, 'creates') ??
    numberFault(row.schemaVersion, 'schema_version');
  if (fault !== undefined)
    throw new ValidationError(
      `${named(stored)} cannot be restored: row id ${row.id} of sync_discarded is damaged: ${fault}; repair that row first`,
    );
  const { kind, entityId: id } = stored;
  const table = tableFor(context, stored);
  const given = inShapeOf(table, stored, Number(row.schemaVersion));
  const now = context.unit.clock.now();
  const before = (await table.rows.read(session, [id])).get(id);
  const isHidden = before !== undefined && (await table.rows.isDeletedLocally(session, id));
  const version = before === undefined ? undefined : table.readUpdatedAt(before);
  const shared = { kind, id, opId, localTimestamp: new Date(now) };
  const queue = (op: Parameters<typeof enqueueOp>[1]): Promise<void> =>
    enqueueOp(session, op, table, { row: op.creates ? undefined : before, version }, now);

  if (given.type === 'delete') {
    if (before === undefined || isHidden || table.isDeleted(before)) return undefined;
    await table.rows.markDeletedLocally(session, [id], new Date(now).toISOString());
    await queue(deleteOp({ ...shared, baseUpdatedAt: version }));
    return opId;
  }

  const keys: readonly string[] = Object.values(table.keys);
  const isAlive = before !== undefined && !isHidden && !table.isDeleted(before);
  const deltas = given.deltas ?? [];
  const wanted =
    before === undefined
      ? Object.keys(given.data)
      : (given.changedFields ?? Object.keys(given.data).filter((key) => !deltas.some(({ field }) => field === key)));
  const fields = wanted.filter((key) => !keys.includes(key) && given.data[key] !== undefined);
  const written = Object.fromEntries(fields.map((key): [string, Json] => [key, given.data[key] ?? null]));
  const after =
    before === undefined
      ? { ...written, [table.keys.id]: given.data[table.keys.id] ?? id }
      : applyDeltas({ ...before, ...written }, deltas);
  const changedFields = fields.filter((key) => !deepEqual(before?.[key] ?? null, written[key]));
  if (isAlive && changedFields.length === 0 && deltas.length === 0) return undefined;
  const complaint = table.mapping.complaintAbout(after);
  if (complaint !== undefined)
    throw new ValidationError(`${named(given)} cannot be restored: ${complaint}; nothing was written`);
  await table.rows.upsert(session, [
    { ...after, [table.keys.updatedAt]: before?.[table.keys.updatedAt] ?? '', [table.keys.deletedAt]: null },
  ]);
  const payload = payloadToSend(after, table);
  if (isAlive)
    await queue(upsertOp({ ...shared, payload, changedFields, deltas, baseUpdatedAt: version, creates: false }));
  else {
    // Restoring a row sends it whole; a row deleted by the server is sent without a base.
    const creates = version === undefined && row.creates === 1;
    await queue(
      upsertOp({
        ...shared,
        payload,
        creates,
        baseUpdatedAt: before !== undefined && !table.isDeleted(before) ? version : undefined,
      }),
    );
  }
  return opId;
}
