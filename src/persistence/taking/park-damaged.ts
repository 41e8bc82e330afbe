import { ParseError, syncErrorInfo } from '../../model/errors/errors.ts';
import type { SyncFact } from '../../model/events.ts';
import { readDamagedConflicts, removeConflicts } from '../outbox/conflict-rows.ts';
import { OutboxState } from '../database/outbox-columns.ts';
import { damagedCode } from '../outbox/error-codes.ts';
import { type StoredOp } from '../outbox/outbox-rows.ts';
import { parkUnreadable } from '../outbox/transitions/park-unreadable.ts';
import type { Session } from '../sql/session.ts';
import type { StoreContext } from '../database/store-context.ts';
import { boundedError } from '../sql/stored-reason.ts';

type Head = Pick<StoredOp, 'seq' | 'opId' | 'kind' | 'entityId' | 'tryCount'>;

/**
 * Parks the first operation of an entity whose stored data is damaged, until a person decides. Other entities continue
 * (I13, F-164).
 */
export async function parkDamagedHead(session: Session, head: Head, message: string): Promise<SyncFact> {
  await parkUnreadable(session, head.seq, damagedCode, boundedError(message));
  const error = new ParseError(`operation ${head.opId} on ${head.kind}/${head.entityId} cannot be sent: ${message}`);
  return {
    type: 'op.stuck',
    opId: head.opId,
    kind: head.kind,
    entityId: head.entityId,
    tryCount: head.tryCount,
    error,
    errorInfo: syncErrorInfo(error),
  };
}

/**
 * Removes conflicts that cannot be read, and marks operations parked for a missing conflict as stuck. The operation
 * stays and states the reason. When it is sent again, it meets the conflict again, so nothing needs the damaged copy.
 */
export async function parkDamagedConflicts(session: Session, { registry }: StoreContext): Promise<readonly SyncFact[]> {
  const facts: SyncFact[] = [];
  const reasons = new Map<string, string>();
  for (const { kind, entityId, message, text } of await readDamagedConflicts(session)) {
    if (!registry.has(kind)) continue;
    reasons.set(`${kind}\n${entityId}`, message);
    facts.push({
      type: 'store.warning',
      message: `${message}; it was removed. Its operation stays; retry or drop it. The removed row contained: ${text}`,
    });
    await removeConflicts(session, kind, [entityId]);
  }
  const heads = await session.query<{ seq: number; opId: string; kind: string; entityId: string; tryCount: number }>(
    `SELECT "seq", "op_id" AS "opId", "kind", "entity_id" AS "entityId", "try_count" AS "tryCount" FROM "sync_outbox" o
     WHERE "state" = ${OutboxState.parked} AND "parked" = 'conflict'
       AND NOT EXISTS (SELECT 1 FROM "sync_conflicts" c WHERE c."kind" = o."kind" AND c."entity_id" = o."entity_id")`,
  );
  for (const head of heads) {
    const reason =
      reasons.get(`${head.kind}\n${head.entityId}`) ??
      `sync_conflicts has no row ${head.kind}/${head.entityId} any more`;
    facts.push(
      await parkDamagedHead(
        session,
        head,
        `${reason}; retry the operation to compare it with the server again, or drop it`,
      ),
    );
  }
  return facts;
}
