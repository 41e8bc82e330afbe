import type { DiscardReason, GivenUp } from '../model/events.ts';
import type { StoredOp } from './outbox-rows.ts';
import { chunked, type Session } from './session.ts';

/** Keeps what was given up, so that it can be shown and brought back as a new operation. */
export async function rememberDiscarded(session: Session, ops: readonly StoredOp[], reason: DiscardReason, now: number): Promise<void> {
  for (const part of chunked(ops, 500)) {
    await session.run(
      `INSERT INTO "sync_discarded" ("op_id", "kind", "entity_id", "op", "payload", "changed_fields", "deltas", "creates", "reason", "discarded_at", "schema_version") VALUES ${part.map(() => '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)').join(', ')}`,
      part.flatMap((op) => [
        op.opId,
        op.kind,
        op.entityId,
        op.type,
        op.payload === undefined ? null : JSON.stringify(op.payload),
        op.changedFields === undefined ? null : JSON.stringify(op.changedFields),
        op.deltas === undefined ? null : JSON.stringify(op.deltas),
        op.creates ? 1 : 0,
        reason,
        now,
        op.schemaVersion,
      ]),
    );
  }
}

/** Keeps the newest `limit` entries. */
export async function trimDiscarded(session: Session, limit: number): Promise<void> {
  await session.run('DELETE FROM "sync_discarded" WHERE "id" <= (SELECT MAX("id") FROM "sync_discarded") - ?', [limit]);
}

/** What is lost with an operation, for the event. */
export const toGivenUp = (op: StoredOp): GivenUp => ({
  opId: op.opId,
  kind: op.kind,
  entityId: op.entityId,
  operationType: op.type,
  data: op.payload ?? {},
  ...(op.changedFields === undefined ? {} : { changedFields: op.changedFields }),
  ...(op.deltas === undefined ? {} : { deltas: op.deltas }),
});
