import type { SyncFact } from '../../model/events.ts';
import { newestKnown, readBases, removeBases, toldOfDamagedBases } from '../outbox/base-rows.ts';
import { releaseDependents } from './dependencies.ts';
import { rememberDiscarded, trimDiscarded } from '../outbox/discarded.ts';
import type { Group } from './request-group.ts';
import type { StoredOp } from '../outbox/outbox-rows.ts';
import { leave, promoteToCreations } from '../outbox/transitions/lead-line.ts';
import { quarantine } from '../replica/quarantine.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import type { Session } from '../sql/session.ts';
import type { StoreContext } from '../database/store-context.ts';
import { storeRows } from '../replica/store-rows.ts';

/** Removes a creation that was deleted before it was sent. The server never learns of it. */
export async function leaveUnsent(
  session: Session,
  context: StoreContext,
  table: ReplicaTable,
  groups: readonly Group[],
  queues: ReadonlyMap<string, readonly StoredOp[]>,
): Promise<readonly SyncFact[]> {
  if (groups.length === 0) return [];
  const gone = groups.flatMap((group) => group.ops);
  await leave(
    session,
    gone.map((op) => op.seq),
  );
  const madeAgain = groups.flatMap(({ entityId, ops }) => {
    const next = queues.get(entityId)?.[ops.length];
    return next === undefined ? [] : [{ entityId, next }];
  });
  // The app created these rows again after the deletion, so the fold stopped before.
  await promoteToCreations(
    session,
    madeAgain.map(({ next }) => next.seq),
  );
  const kept = new Set(madeAgain.map(({ entityId }) => entityId));
  const ids = groups.flatMap(({ entityId }) => (kept.has(entityId) ? [] : [entityId]));
  const bases = await readBases(session, table.kind, ids);
  await removeBases(session, table.kind, ids);
  const now = context.unit.clock.now();
  // Somebody else may have created a row with this id. It was hidden under ours, and no pull returns it again (I5, I6).
  const theirs = ids.flatMap((id) => {
    const { row } = newestKnown(bases.get(id));
    return row === undefined || table.isDeleted(row) ? [] : [{ id, row, server: row }];
  });
  const shown = new Set(theirs.map(({ id }) => id));
  const hidden = ids.filter((id) => !shown.has(id));
  await table.rows.removeOrHide(session, hidden, new Date(now).toISOString());
  const stored = await storeRows(session, table, theirs, { wireValues: { exist: true } });
  const bad = await quarantine(session, table.kind, stored, now, table.pushOnly ? 'now' : 'atEndOfPull');
  await rememberDiscarded(session, gone, 'foldedAway', now);
  await trimDiscarded(session, context.config.discardHistory);
  await releaseDependents(session, context, table.kind, ids);
  return [
    ...toldOfDamagedBases(table.kind, bases.values()),
    ...gone.map(
      (op): SyncFact => ({
        type: 'op.discarded',
        opId: op.opId,
        kind: op.kind,
        entityId: op.entityId,
        reason: 'foldedAway',
        givenUp: [],
      }),
    ),
    ...bad,
  ];
}
