import type { SyncFact } from '../../model/events.ts';
import { grouped } from '../../rules/values/grouped.ts';
import { OutboxState } from '../database/outbox-columns.ts';
import type { StoreContext } from '../database/store-context.ts';
import { removeConflicts } from '../outbox/conflict-rows.ts';
import { frozenGroup, type StoredOp } from '../outbox/outbox-rows.ts';
import { leave } from '../outbox/transitions/lead-line.ts';
import { EntityChanges } from '../settling/entity-changes.ts';
import { giveUp } from '../settling/resolutions.ts';
import { writeChanges } from '../settling/write-changes.ts';
import type { Session } from '../sql/session.ts';
import { releaseDependents } from '../taking/dependencies.ts';

/** Removes the data of dropped operations of a kind without a table. */
async function forgetLeft(session: Session, kind: string): Promise<void> {
  for (const name of ['sync_base', 'sync_conflicts'])
    await session.run(
      `DELETE FROM "${name}" WHERE "kind" = ? AND NOT EXISTS (SELECT 1 FROM "sync_outbox" o WHERE o."kind" = "${name}"."kind" AND o."entity_id" = "${name}"."entity_id")`,
      [kind],
    );
}

/**
 * Discards operations. Later operations of the entity stay, unless they were built on a dropped create. A parked group
 * with an open request leaves as a whole. A request in flight stays with all its operations until it is answered (I2).
 */
export async function dropOperations(
  session: Session,
  context: StoreContext,
  heads: readonly StoredOp[],
  reason: 'dropped' | 'purged' = 'dropped',
): Promise<readonly SyncFact[]> {
  const facts: SyncFact[] = [];
  for (const [kind, ops] of grouped(heads, (op) => op.kind)) {
    const table = context.registry.get(kind);
    const entityIds = ops.map((op) => op.entityId);
    if (!table) {
      await leave(
        session,
        ops.map((op) => op.seq),
      );
      await forgetLeft(session, kind);
      facts.push(...(await giveUp(session, context, ops, reason)));
      continue;
    }
    const changes = await EntityChanges.load(session, table, entityIds);
    const leaving = new Set(ops.map((op) => op.seq));
    for (const entityId of new Set(entityIds)) {
      const queue = changes.queueOf(entityId);
      // Operations refused together leave together, because folded operations share their attempts.
      const isRefused = queue.some((op) => op.state === OutboxState.waiting && leaving.has(op.seq));
      const fewestTries = isRefused ? 1 : context.config.maxOutboxTryCount;
      for (const op of queue) if (op.tryCount >= fewestTries) leaving.add(op.seq);
      const open = frozenGroup(queue);
      if (queue[0]?.state !== OutboxState.parked) for (const op of open) leaving.delete(op.seq);
      else if (open.some((op) => leaving.has(op.seq))) for (const op of open) leaving.add(op.seq);
      if (queue.some((op) => leaving.has(op.seq)))
        changes.depart(entityId, { leaving, mode: 'dropped', known: changes.knownOf(entityId) });
    }
    facts.push(...(await writeChanges(session, context, changes)));
    const left = [...new Set(changes.gone.map((op) => op.entityId))];
    await removeConflicts(session, kind, left);
    facts.push(...(await giveUp(session, context, changes.gone, reason)));
    await releaseDependents(session, context, kind, left);
  }
  return facts;
}
