import type { Op } from '../../model/operation.ts';
import { checkOp, isUnseen, payloadToSend, type PreImage } from './enqueue.ts';
import { OutboxState } from '../database/outbox-columns.ts';
import { joinTurn } from '../gate/postgres-turn.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import { noteReleases } from './released-values.ts';
import { chunked, type Session, type SqlType } from '../sql/session.ts';

/** An operation to queue, and the row before the write. */
export interface Queueable {
  readonly op: Op;
  readonly preImage: PreImage;
}

const rowsPerStatement = 200;
const queuedTypes: readonly SqlType[] = [
  'text',
  'text',
  'text',
  'text',
  'integer',
  'text',
  'text',
  'text',
  'text',
  'text',
];

/**
 * Queues new operations of one table with few statements, at most one per entity, like {@link enqueueOp}. The operation
 * ids must be new. Throws `ValidationError` for the first operation that could never be sent; the caller must then roll
 * back.
 */
export async function enqueueMany(
  session: Session,
  table: ReplicaTable,
  list: readonly Queueable[],
  now: number,
): Promise<void> {
  for (const { op, preImage } of list) checkOp(op, table, preImage.row);
  if (session.dialect.name === 'postgres' && list.length > 0) await joinTurn(session.queryRunner);
  const { version } = table.schema;
  const json = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));
  for (const part of chunked(list, rowsPerStatement)) {
    await session.later(
      `INSERT INTO "sync_base" ("kind", "entity_id", "base_row", "base_version", "server_row", "server_version", "version_unknown", "schema_version")
       VALUES ${part.map(() => '(?, ?, ?, ?, ?, ?, ?, ?)').join(', ')} ON CONFLICT ("kind", "entity_id") DO NOTHING`,
      part.flatMap(({ op, preImage }) => [
        op.kind,
        op.id,
        json(preImage.row),
        preImage.version || null,
        json(preImage.newer?.row),
        preImage.newer?.version ?? null,
        isUnseen(op, preImage) ? 1 : 0,
        version,
      ]),
    );
    // The state depends only on earlier operations, because no part has two operations of one entity.
    await session.later(
      `INSERT INTO "sync_outbox" ("op_id", "kind", "entity_id", "op", "creates", "payload", "deltas", "changed_fields", "base_updated_at", "ts", "schema_version", "enqueued_at", "state")
       SELECT "o"."column1", "o"."column2", "o"."column3", "o"."column4", "o"."column5", "o"."column6", "o"."column7", "o"."column8", "o"."column9", "o"."column10", ${version}, ?,
         CASE WHEN EXISTS (SELECT 1 FROM "sync_outbox" q WHERE q."kind" = "o"."column2" AND q."entity_id" = "o"."column3") THEN ${OutboxState.behind} ELSE ${OutboxState.ready} END
       FROM (${session.dialect.values(queuedTypes, part.length)}) AS "o"`,
      [
        now,
        ...part.flatMap(({ op }) => [
          op.opId,
          op.kind,
          op.id,
          op.type,
          op.creates ? 1 : 0,
          op.type === 'upsert' ? JSON.stringify(payloadToSend(op.payload, table)) : null,
          op.type === 'upsert' && op.deltas !== undefined && op.deltas.length > 0 ? JSON.stringify(op.deltas) : null,
          op.type === 'upsert' ? json(op.changedFields) : null,
          op.baseUpdatedAt || null,
          op.localTimestamp,
        ]),
      ],
    );
    await noteReleases(session, table, part);
  }
}
