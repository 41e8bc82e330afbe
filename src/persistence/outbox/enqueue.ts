import { wireDeltasKey } from '../../model/values/delta.ts';
import { ValidationError } from '../../model/errors/errors.ts';
import { forbiddenKeys, type JsonObject } from '../../model/values/json.ts';
import type { Op, UpsertOp } from '../../model/operation.ts';
import { deepEqual } from '../../rules/values/deep-equal.ts';
import { OutboxState } from '../database/outbox-columns.ts';
import { forbiddenKeyIn } from '../../model/values/forbidden-keys.ts';
import { unwritableIn, whyUnwritable } from '../../model/values/nesting.ts';
import { joinTurn } from '../gate/postgres-turn.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import { noteReleases } from './released-values.ts';
import type { Session } from '../sql/session.ts';

/** The row before the write being queued; undefined if there was none or it is unknown. */
export interface PreImage {
  readonly row: JsonObject | undefined;
  readonly version: string | undefined;
  /** The current server row, if the user saw an older one (F-140). */
  readonly newer?: { readonly row: JsonObject; readonly version: string } | undefined;
}

/**
 * True for a change of a row that the server may or may not have, such as a row from before the table was synchronised.
 * Sent blindly, it would overwrite what others wrote.
 */
export const isUnseen = (op: Op, preImage: PreImage): boolean =>
  !op.creates && !op.baseUpdatedAt && preImage.row !== undefined && !preImage.version;

const maxIdLength = 10_240;

/**
 * Rejects operations that could never be sent. `known`: the server's row. Throws `ValidationError` that names the
 * field; nothing is written.
 */
export function checkOp(op: Op, table: ReplicaTable | undefined, known?: JsonObject): void {
  if (op.kind.trim() === '' || op.kind !== op.kind.trim())
    throw new ValidationError(`operation ${op.opId}: kind '${op.kind}' must not be blank or start or end with a space`);
  if (op.opId === '') throw new ValidationError('operation: opId must not be empty');
  if (typeof op.id !== 'string' || op.id === '')
    throw new ValidationError(
      `operation ${op.opId} on ${op.kind}: id must be a non-empty string; set one before writing, such as a UUID`,
    );
  if (op.id === '.' || op.id === '..')
    throw new ValidationError(`operation ${op.opId} on ${op.kind}: id '${op.id}' cannot be part of a URL`);
  if (op.id.length > maxIdLength)
    throw new ValidationError(
      `operation ${op.opId} on ${op.kind}: id has ${op.id.length} characters, but at most ${maxIdLength} are allowed`,
    );
  if (table?.pullOnly) throw new ValidationError(`kind '${op.kind}' is registered as pullOnly: it cannot be written`);
  if (op.type === 'delete') return;
  const unwritable = unwritableIn(op.payload) ?? unwritableDelta(op);
  if (unwritable !== undefined)
    throw new ValidationError(
      `operation ${op.opId} on ${op.kind}/${op.id}: field '${unwritable.field}' ${unwritable.reason}; nothing was written`,
    );
  const bad = forbiddenIn(op.payload, known) ?? op.changedFields?.find((field) => forbiddenKeys.includes(field));
  if (bad !== undefined)
    throw new ValidationError(
      `operation ${op.opId} on ${op.kind}/${op.id}: field '${bad}' is not allowed, because it could change the prototype of objects; rename it`,
    );
  const stranger = op.changedFields?.find((field) => !Object.hasOwn(op.payload, field));
  if (stranger !== undefined) {
    throw new ValidationError(
      `operation ${op.opId} on ${op.kind}/${op.id}: changedFields names '${stranger}', which the payload does not have; its keys are ${Object.keys(op.payload).join(', ')}`,
    );
  }
  checkDeltas(op, table);
  const payloadId = table?.readId(op.payload);
  if (payloadId !== undefined && payloadId !== op.id)
    throw new ValidationError(
      `operation ${op.opId} on ${op.kind}/${op.id}: the payload has the different id '${payloadId}'`,
    );
}

/**
 * Checks at any depth, so that a change that the server would refuse is never queued. A field unchanged since the
 * server sent it is sent back as it is; otherwise the user could not edit the rest of the row.
 */
function forbiddenIn(payload: JsonObject, known: JsonObject | undefined): string | undefined {
  for (const [key, value] of Object.entries(payload)) {
    if (forbiddenKeys.includes(key)) return key;
    const found = forbiddenKeyIn(value);
    if (found !== undefined && !(known !== undefined && Object.hasOwn(known, key) && deepEqual(known[key], value)))
      return found;
  }
  return undefined;
}

function unwritableDelta({ deltas }: UpsertOp): ReturnType<typeof unwritableIn> {
  for (const delta of deltas ?? []) {
    const reason = delta.type === 'increment' ? undefined : whyUnwritable(delta.values);
    if (reason !== undefined) return { field: delta.field, reason };
  }
  return undefined;
}

function checkDeltas(op: UpsertOp, table: ReplicaTable | undefined): void {
  const named = `operation ${op.opId} on ${op.kind}/${op.id}`;
  for (const { field } of op.deltas ?? []) {
    if (op.creates)
      throw new ValidationError(`${named}: a creation sends the whole row, so it cannot have a delta of '${field}'`);
    if (forbiddenKeys.includes(field) || field === wireDeltasKey)
      throw new ValidationError(`${named}: a delta of '${field}' is not allowed`);
    if (table && Object.values(table.keys).includes(field))
      throw new ValidationError(`${named}: '${field}' belongs to the server, so it cannot have a delta`);
    if (!Object.hasOwn(op.payload, field))
      throw new ValidationError(
        `${named}: the payload lacks '${field}', which a delta changes; the payload must be the row as the user sees it`,
      );
    if (op.changedFields?.includes(field))
      throw new ValidationError(
        `${named}: '${field}' is both written and changed by a delta; use one of the two, or queue two operations`,
      );
  }
}

/** The payload without server-owned and local-only fields (F-122). */
export function payloadToSend(payload: JsonObject, table: ReplicaTable | undefined): JsonObject {
  if (!table) return payload;
  const { [table.keys.updatedAt]: _updatedAt, [table.keys.deletedAt]: _deletedAt, ...rest } = payload;
  return rest;
}

/**
 * Queues an operation within the caller's transaction, behind the others of its entity, and stores the pre-image of the
 * first one. Replaces a queued operation with the same `opId`, including its attempts, if its request is not open
 * (F-103, OUT-17).
 */
export async function enqueueOp(
  session: Session,
  op: Op,
  table: ReplicaTable | undefined,
  preImage: PreImage,
  now: number,
): Promise<void> {
  checkOp(op, table, preImage.row);
  // The app's own transactions lack the turn that the store's transactions take at their start.
  if (session.dialect.name === 'postgres') await joinTurn(session.queryRunner);
  const version = table?.schema.version ?? 1;
  await session.later(
    `INSERT INTO "sync_base" ("kind", "entity_id", "base_row", "base_version", "server_row", "server_version", "version_unknown", "schema_version") VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT ("kind", "entity_id") DO NOTHING`,
    [
      op.kind,
      op.id,
      preImage.row === undefined ? null : JSON.stringify(preImage.row),
      preImage.version || null,
      preImage.newer === undefined ? null : JSON.stringify(preImage.newer.row),
      preImage.newer?.version ?? null,
      isUnseen(op, preImage) ? 1 : 0,
      version,
    ],
  );
  const payload = op.type === 'upsert' ? JSON.stringify(payloadToSend(op.payload, table)) : null;
  const changedFields =
    op.type === 'upsert' && op.changedFields !== undefined ? JSON.stringify(op.changedFields) : null;
  const deltas =
    op.type === 'upsert' && op.deltas !== undefined && op.deltas.length > 0 ? JSON.stringify(op.deltas) : null;
  const queued = await session.query<{ queued: number }>(
    `INSERT INTO "sync_outbox" ("op_id", "kind", "entity_id", "op", "creates", "payload", "deltas", "changed_fields", "base_updated_at", "ts", "schema_version", "state", "enqueued_at")
     SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, CASE WHEN EXISTS (SELECT 1 FROM "sync_outbox" WHERE "kind" = ? AND "entity_id" = ?) THEN ${OutboxState.behind} ELSE ${OutboxState.ready} END, ?
     WHERE true
     ON CONFLICT ("op_id") DO UPDATE SET "op" = excluded."op", "creates" = excluded."creates", "payload" = excluded."payload", "deltas" = excluded."deltas", "changed_fields" = excluded."changed_fields",
       "base_updated_at" = excluded."base_updated_at", "ts" = excluded."ts", "schema_version" = excluded."schema_version", "try_count" = 0, "last_error" = NULL, "error_code" = NULL, "last_tried_at" = NULL,
       "parked" = NULL, "due_at" = NULL, "state" = CASE WHEN "sync_outbox"."state" = ${OutboxState.behind} THEN ${OutboxState.behind} ELSE ${OutboxState.ready} END
       WHERE "sync_outbox"."request_id" IS NULL AND "sync_outbox"."state" <> ${OutboxState.inFlight} AND "sync_outbox"."kind" = excluded."kind" AND "sync_outbox"."entity_id" = excluded."entity_id"
         AND NOT EXISTS (SELECT 1 FROM "sync_outbox" h WHERE h."kind" = excluded."kind" AND h."entity_id" = excluded."entity_id" AND h."seq" > "sync_outbox"."seq" AND h."request_id" IS NOT NULL)
     RETURNING 1 AS "queued"`,
    [
      op.opId,
      op.kind,
      op.id,
      op.type,
      op.creates ? 1 : 0,
      payload,
      deltas,
      changedFields,
      op.baseUpdatedAt || null,
      op.localTimestamp,
      version,
      op.kind,
      op.id,
      now,
    ],
  );
  if (queued.length === 0) {
    throw new ValidationError(
      `operation ${op.opId} on ${op.kind}/${op.id} is already in flight, or its opId belongs to another entity; queue the change under a new opId`,
    );
  }
  await noteReleases(session, table, [{ op, preImage }]);
}
