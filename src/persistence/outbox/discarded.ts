import type { DiscardReason, GivenUp, SyncFact } from '../../model/events.ts';
import { storedExcerpt } from '../sql/stored-excerpt.ts';
import type { StoredOp } from './outbox-rows.ts';
import { insertionOf, parametersOf } from '../database/column-list.ts';
import { discardedColumns } from '../database/entities.ts';
import { chunked, type Session } from '../sql/session.ts';

// The database generates the ids.
const { id: _id, ...writtenColumns } = discardedColumns;

/** Stores discarded operations, so that they can be shown and restored as new operations. */
export async function rememberDiscarded(
  session: Session,
  ops: readonly StoredOp[],
  reason: DiscardReason,
  now: number,
): Promise<void> {
  for (const part of chunked(ops, 500)) {
    await session.run(
      insertionOf('sync_discarded', writtenColumns, part.length),
      part.flatMap((op) =>
        parametersOf(writtenColumns, {
          opId: op.opId,
          kind: op.kind,
          entityId: op.entityId,
          op: op.type,
          payload: op.stored === undefined ? textOf(op.payload) : op.stored.payload,
          changedFields: op.stored === undefined ? textOf(op.changedFields) : op.stored.changedFields,
          deltas: op.stored === undefined ? textOf(op.deltas) : op.stored.deltas,
          creates: op.creates ? 1 : 0,
          reason,
          discardedAt: now,
          schemaVersion: op.schemaVersion,
        }),
      ),
    );
  }
}

const textOf = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));

/** Reports the content of a discarded operation that was unreadable; this may be the only copy (I1, F-164). */
export function toldOfDamaged({ opId, kind, entityId, damaged, stored }: StoredOp): readonly SyncFact[] {
  if (damaged === undefined || stored === undefined) return [];
  const message = `operation ${opId} on ${kind}/${entityId} was discarded although it could not be read (${damaged}); sync_discarded keeps its stored form: ${storedExcerpt({ ...stored })}`;
  return [{ type: 'store.warning', message }];
}

/** Keeps the newest `limit` entries. */
export async function trimDiscarded(session: Session, limit: number): Promise<void> {
  await session.run('DELETE FROM "sync_discarded" WHERE "id" <= (SELECT MAX("id") FROM "sync_discarded") - ?', [limit]);
}

/** The lost data of an operation, for the event. */
export const toGivenUp = (op: StoredOp): GivenUp => ({
  opId: op.opId,
  kind: op.kind,
  entityId: op.entityId,
  operationType: op.type,
  data: op.payload ?? {},
  ...(op.changedFields === undefined ? {} : { changedFields: op.changedFields }),
  ...(op.deltas === undefined ? {} : { deltas: op.deltas }),
});
