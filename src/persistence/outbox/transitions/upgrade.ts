import { OutboxState } from '../../database/outbox-columns.ts';
import { listOf, type Session, type SqlType } from '../../sql/session.ts';
import { upgradeFailedCode } from '../error-codes.ts';
import { startsFrom, seqIn } from './move.ts';
import { hasConflict } from './has-conflict.ts';

const { ready, parked } = OutboxState;

/** An operation in the current format of its table, as JSON texts. */
export interface UpgradedOperation {
  readonly seq: number;
  readonly payload: string;
  readonly changedFields: string | null;
  readonly deltas: string | null;
}

const rewrittenTypes: readonly SqlType[] = ['integer', 'text', 'text', 'text'];

/** Rewrites operations in another format. `frozen_body` keeps what an open request has sent under its key (I2). */
export async function rewriteUpgraded(session: Session, operations: readonly UpgradedOperation[]): Promise<void> {
  if (operations.length === 0) return;
  await session.run(
    `UPDATE "sync_outbox" SET
       "frozen_body" = CASE WHEN "request_id" IS NOT NULL THEN COALESCE("frozen_body", "payload") ELSE "frozen_body" END,
       "frozen_version" = CASE WHEN "request_id" IS NOT NULL THEN COALESCE("frozen_version", "schema_version") ELSE NULL END,
       "payload" = "u"."column2", "changed_fields" = "u"."column3", "deltas" = "u"."column4"
     FROM (${session.dialect.values(rewrittenTypes, operations.length)}) AS "u" WHERE "sync_outbox"."seq" = "u"."column1"`,
    operations.flatMap(({ seq, payload, changedFields, deltas }) => [seq, payload, changedFields, deltas]),
  );
}

/**
 * Records the format version of operations. Makes entities ready again that an earlier release could not upgrade, if
 * none of their operations is left behind.
 */
export async function markUpgraded(
  session: Session,
  of: {
    readonly kind: string;
    readonly entityIds: readonly string[];
    readonly seqs: readonly number[];
    readonly version: number;
  },
): Promise<void> {
  await session.run(`UPDATE "sync_outbox" SET "schema_version" = ? WHERE ${seqIn(session)}`, [
    of.version,
    listOf(of.seqs),
  ]);
  await session.run(
    `UPDATE "sync_outbox" SET "state" = CASE WHEN ${hasConflict} THEN ${parked} ELSE ${ready} END,
       "parked" = CASE WHEN ${hasConflict} THEN 'conflict' ELSE NULL END, "error_code" = NULL, "last_error" = NULL
     WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')} AND "error_code" = '${upgradeFailedCode}' AND ${startsFrom('unparkUpgraded')}
       AND NOT EXISTS (SELECT 1 FROM "sync_outbox" o WHERE o."kind" = "sync_outbox"."kind" AND o."entity_id" = "sync_outbox"."entity_id" AND o."schema_version" <> ?)`,
    [of.kind, listOf(of.entityIds), of.version],
  );
}
