import { outdatedDecision, type Conflict } from '../../model/conflict.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { TakenRequest } from '../../model/ports.ts';
import { withRebasedDeltas } from '../../rules/pending/deltas.ts';
import { foldOps } from '../../rules/pending/fold.ts';
import { overlay } from '../../rules/pending/overlay.ts';
import { OutboxState } from '../database/outbox-columns.ts';
import { readConflict, writeConflict } from '../outbox/conflict-rows.ts';
import type { StoredOp } from '../outbox/outbox-rows.ts';
import { markSettled } from '../replica/resync-marks.ts';
import type { EntityChanges } from './entity-changes.ts';
import type { Settling } from './settling.ts';

/** Parks the entity's line, stores the server's row under it, and stores the conflict for its decision. */
export async function settleConflict(
  { session, context, changes, request, group, tally }: Settling,
  outcome: Outcome & { type: 'conflict' },
): Promise<void> {
  const { table } = changes;
  const { entityId } = request;
  const earlier = await readConflict(session, table.kind, entityId);
  const { conflict, head } = describeConflict(changes, entityId, outcome, {
    isCreation: isNewThere(request, changes.queueOf(entityId)[0], earlier?.conflict),
  });
  if (!head) return;
  const now = context.unit.clock.now();
  for (const member of group)
    changes.transition({
      seq: member.seq,
      close: member.requestId !== undefined,
      ...(member.seq === head.seq ? { state: OutboxState.parked, parked: 'conflict' as const } : {}),
    });
  if (outcome.current !== undefined || outcome.deleted) {
    changes.refresh(entityId, {
      row: outcome.current,
      version: outcome.serverTimestamp || undefined,
      deleted: outcome.deleted,
    });
    // The server has just returned its row. A lagging list must not replace it by an older one in this full resync
    // (F-157).
    await markSettled(session, table.kind, [entityId]);
  }
  if (outcome.current !== undefined) {
    const { row, deletedLocally } = overlay(outcome.current, changes.queueOf(entityId), table.keys);
    if (row !== undefined) changes.writeRow({ id: entityId, row, server: outcome.current }, deletedLocally);
  }
  const strategy = context.strategyOf(table.kind);
  // A person decided on another row. The conflict is shown again and not left to the strategy.
  const wasDecided = earlier?.state === 'decided';
  await writeConflict(
    session,
    {
      conflict,
      strategy,
      detectedAt: now,
      ...(wasDecided ? { state: 'awaiting', reason: outdatedDecision } : { state: 'detected' }),
    },
    now,
    table.schema.version,
  );
  tally.conflicts.push({ kind: table.kind, entityId, opId: conflict.opId });
  tally.facts.push({ type: 'conflict.detected', conflict, strategy });
}

/** The reply to an earlier request may be lost. Its row may be the one that the server has deleted since. */
const isNewThere = (
  { firstSentAt }: TakenRequest,
  head: StoredOp | undefined,
  earlier: Conflict | undefined,
): boolean =>
  firstSentAt === undefined && (earlier === undefined ? head?.creates === true : earlier.isCreation === true);

/** The current conflict of an entity: all its unsent operations folded, against the server's row. */
export function describeConflict(
  changes: EntityChanges,
  entityId: string,
  outcome: Outcome & { type: 'conflict' },
  { isCreation }: { readonly isCreation: boolean },
): { readonly conflict: Conflict; readonly head: StoredOp | undefined } {
  const queue = changes.queueOf(entityId);
  const newest = queue.at(-1);
  const folded = queue.length === 0 ? undefined : foldOps(queue);
  const deltas = folded?.type === 'upsert' ? folded.deltas : undefined;
  const serverData = outcome.current ?? {};
  const conflict: Conflict = {
    kind: changes.table.kind,
    entityId,
    opId: newest?.opId ?? '',
    opType: folded?.type === 'upsert' ? 'upsert' : 'delete',
    localData:
      folded?.type === 'upsert'
        ? withRebasedDeltas(folded.payload, { deltas, serverData, serverDeleted: outcome.deleted })
        : {},
    serverData,
    baseData: changes.baseOf(entityId)?.baseRow,
    localTimestamp: newest?.localTimestamp ?? '',
    serverTimestamp: outcome.serverTimestamp,
    serverVersion: outcome.version,
    changedFields:
      folded?.type === 'upsert'
        ? folded.changedFields && [...folded.changedFields, ...new Set(deltas?.map(({ field }) => field))]
        : undefined,
    ...(deltas === undefined ? {} : { deltas }),
    serverDeleted: outcome.deleted,
    ...(isCreation && folded?.type === 'upsert' ? { isCreation } : {}),
  };
  return { conflict, head: queue[0] };
}
