import type { QueuedOperation, QueueSample } from '../../model/queue.ts';
import { OutboxState } from '../database/outbox-columns.ts';
import type { StoreContext } from '../database/store-context.ts';
import { outboxSelection, toStoredOp, type RawOutboxRow, type StoredOp } from '../outbox/outbox-rows.ts';
import type { Session } from '../sql/session.ts';
import { newerKinds } from '../upgrades/upgrade-schemas.ts';
import { toQueuedOperations } from './queued-operations.ts';

/** Sorts of operations, each found by its own index. */
const sorts = [
  `"state" = ${OutboxState.parked} AND "parked" = 'conflict'`,
  `"state" = ${OutboxState.parked} AND "parked" = 'stuck'`,
  `"state" = ${OutboxState.parked} AND "parked" = 'ambiguous'`,
  `"state" = ${OutboxState.waiting}`,
];

/** Reads a sample of the queue that contains everything a diagnosis needs, whatever the length of the queue. */
export async function sampleQueue(session: Session, context: StoreContext, limit: number): Promise<QueueSample> {
  const found = new Map<number, StoredOp>();
  let isCut = false;
  const look = async (condition: string, most: number, parameters: readonly unknown[] = []): Promise<void> => {
    const rows = await session.query<RawOutboxRow>(
      `SELECT ${outboxSelection} FROM "sync_outbox" WHERE ${condition} LIMIT ${most}`,
      parameters,
    );
    if (most > 1 && rows.length === most) isCut = true;
    for (const op of rows.map(toStoredOp)) found.set(op.seq, op);
  };
  for (const sort of sorts) await look(sort, limit);
  for (const state of [OutboxState.ready, OutboxState.inFlight]) await look(`"state" = ${state}`, 1);
  const refused = await newerKinds(session, [...context.registry.values()]);
  for (const kind of await queuedKinds(session))
    if (refused.has(kind) || !context.registry.has(kind)) await look('"kind" = ?', limit, [kind]);
  const quarantine = await session.query<{ kind: string; id: string; error: string }>(
    `SELECT "kind", "entity_id" AS "id", "error" FROM "sync_quarantine" LIMIT ${limit}`,
  );
  const ops = [...found.values()].sort((a, b) => a.seq - b.seq);
  const operations: readonly QueuedOperation[] = toQueuedOperations(context, ops, refused);
  return { operations, quarantine, isCut: isCut || quarantine.length === limit };
}

/** The queued kinds. Jumps from one to the next along the index, whatever the length of the queue. */
async function queuedKinds(session: Session): Promise<readonly string[]> {
  const kinds = await session.query<{ kind: string }>(
    `WITH RECURSIVE "kinds"("kind") AS (SELECT MIN("kind") FROM "sync_outbox" UNION ALL
       SELECT (SELECT MIN("kind") FROM "sync_outbox" WHERE "kind" > "kinds"."kind") FROM "kinds" WHERE "kinds"."kind" IS NOT NULL)
     SELECT "kind" FROM "kinds" WHERE "kind" IS NOT NULL`,
  );
  return kinds.map(({ kind }) => kind);
}
