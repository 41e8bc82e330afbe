import { upsertOp } from '../../model/operation.ts';
import { readUnknownVersions } from '../outbox/base-rows.ts';
import { enqueueOp, payloadToSend } from '../outbox/enqueue.ts';
import type { StoredOp } from '../outbox/outbox-rows.ts';
import type { Reference } from '../tables/references.ts';
import type { Session } from '../sql/session.ts';
import type { StoreContext } from '../database/store-context.ts';

/**
 * Queues referenced rows that no server ever had, such as those from before their table was synchronised. A server that
 * checks references would otherwise refuse the others. No field counts as changed by the user, so if the server has
 * such a row, its own stays.
 */
export async function queueNeverSent(
  session: Session,
  context: StoreContext,
  references: readonly Reference[],
): Promise<void> {
  const byKind = new Map<string, Set<string>>();
  for (const { kind, id } of references) byKind.set(kind, (byKind.get(kind) ?? new Set()).add(id));
  const now = context.unit.clock.now();
  for (const [kind, ids] of byKind) {
    const table = context.registry.get(kind);
    if (table === undefined || table.pullOnly) continue;
    const rows = await table.rows.read(session, await table.rows.neverSent(session, [...ids]));
    for (const [id, row] of rows) {
      const localTimestamp = new Date(now).toISOString();
      const op = upsertOp({
        kind,
        id,
        localTimestamp,
        payload: payloadToSend(row, table),
        changedFields: [],
        creates: false,
      });
      await enqueueOp(session, op, table, { row, version: undefined }, now);
    }
  }
}

/** Whether the server may lack the entity until this operation, the first of its line, has arrived. */
export async function isNewThere(session: Session, { kind, id }: Reference, head: StoredOp): Promise<boolean> {
  if (head.creates) return true;
  if (head.type !== 'upsert' || head.baseUpdatedAt !== undefined) return false;
  const base = (await readUnknownVersions(session, kind, [id])).get(id);
  return (
    base !== undefined &&
    base.lastSent === undefined &&
    base.baseVersion === undefined &&
    base.serverVersion === undefined
  );
}
