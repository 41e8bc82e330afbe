import { ParseError, syncErrorInfo } from '../model/errors.ts';
import type { SyncFact } from '../model/events.ts';
import { readDamagedConflicts, removeConflicts } from './conflict-rows.ts';
import { OutboxState } from './entities.ts';
import { type StoredOp } from './outbox-rows.ts';
import type { Session } from './session.ts';
import type { StoreContext } from './store-context.ts';
import { boundedError } from './stored-reason.ts';

type Head = Pick<StoredOp, 'seq' | 'opId' | 'kind' | 'entityId' | 'tryCount'>;

/** The head of a line waits for a person, since something stored of its entity is damaged; the others go on (I13, F-164). */
export async function parkDamagedHead(session: Session, head: Head, message: string): Promise<SyncFact> {
  await session.run(
    `UPDATE "sync_outbox" SET "state" = ${OutboxState.parked}, "parked" = 'stuck', "error_code" = 'damaged', "last_error" = ? WHERE "seq" = ?`,
    [boundedError(message), head.seq],
  );
  const error = new ParseError(`operation ${head.opId} on ${head.kind}/${head.entityId} cannot be sent: ${message}`);
  return { type: 'op.stuck', opId: head.opId, kind: head.kind, entityId: head.entityId, tryCount: head.tryCount, error, errorInfo: syncErrorInfo(error) };
}

/**
 * Conflicts that nobody can read, and heads parked for a conflict that is not there. The operation stays, and is told with its reason; sent
 * again, it meets the conflict anew, so the damaged copy goes.
 */
export async function parkDamagedConflicts(session: Session, { registry }: StoreContext): Promise<readonly SyncFact[]> {
  const facts: SyncFact[] = [];
  const reasons = new Map<string, string>();
  for (const { kind, entityId, message } of await readDamagedConflicts(session)) {
    if (!registry.has(kind)) continue;
    reasons.set(`${kind}\n${entityId}`, message);
    facts.push({ type: 'store.warning', message: `${message}; it was removed, its operation stays` });
    await removeConflicts(session, kind, [entityId]);
  }
  const heads = await session.query<{ seq: number; opId: string; kind: string; entityId: string; tryCount: number }>(
    `SELECT "seq", "op_id" AS "opId", "kind", "entity_id" AS "entityId", "try_count" AS "tryCount" FROM "sync_outbox" o
     WHERE "state" = ${OutboxState.parked} AND "parked" = 'conflict'
       AND NOT EXISTS (SELECT 1 FROM "sync_conflicts" c WHERE c."kind" = o."kind" AND c."entity_id" = o."entity_id")`,
  );
  for (const head of heads) {
    const reason = reasons.get(`${head.kind}\n${head.entityId}`) ?? `sync_conflicts has no row ${head.kind}/${head.entityId} any more`;
    facts.push(await parkDamagedHead(session, head, `${reason}; retry the operation to compare it with the server again, or drop it`));
  }
  return facts;
}

/** Heads parked for an unknown reason, by ranges of the index: those parked for a known one are not looked at. */
const unknownReasons = [
  `"parked" IS NULL`,
  `"parked" < 'ambiguous'`,
  `"parked" > 'ambiguous' AND "parked" < 'conflict'`,
  `"parked" > 'conflict' AND "parked" < 'stuck'`,
  `"parked" > 'stuck'`,
]
  .map((range) => `SELECT "seq" FROM "sync_outbox" WHERE "state" = ${OutboxState.parked} AND ${range}`)
  .join(' UNION ALL ');

/** Heads parked for a reason that does not exist, which no command would find. Where a conflict waits, that is the reason; the others are told apart. */
export async function parkUnknownReasons(session: Session): Promise<void> {
  const isUnknown = `"seq" IN (${unknownReasons})`;
  await session.run(
    `UPDATE "sync_outbox" SET "parked" = 'conflict' WHERE ${isUnknown}
       AND EXISTS (SELECT 1 FROM "sync_conflicts" c WHERE c."kind" = "sync_outbox"."kind" AND c."entity_id" = "sync_outbox"."entity_id")`,
  );
  await session.run(
    `UPDATE "sync_outbox" SET "parked" = 'stuck', "error_code" = 'damaged',
       "last_error" = 'row seq ' || "seq" || ' of sync_outbox is damaged: "parked" is no known reason; retry or drop the operation' WHERE ${isUnknown}`,
  );
}
