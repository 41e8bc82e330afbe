import { newestKnown, readBases } from '../outbox/base-rows.ts';
import type { StoredOp } from '../outbox/outbox-rows.ts';
import { namesOfRow } from '../tables/reference-keys.ts';
import type { Reference } from '../tables/references.ts';
import { releasesOf } from '../outbox/released-values.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import type { Group } from './request-group.ts';
import type { Session } from '../sql/session.ts';
import { uniqueValuesOf, uniqueValuesTaken } from '../columns/table-keys.ts';

/**
 * For each group that takes a UNIQUE value or deletes a row, finds the row whose queued operation releases that value
 * or reference (F-160). An operation queued earlier always counts. A later one counts only while the server's row still
 * holds the value, because a captured transaction queues its deletes last.
 */
export async function releaseWaits(
  session: Session,
  table: ReplicaTable,
  groups: readonly Group[],
): Promise<ReadonlyMap<Group, Reference>> {
  const waits = new Map<Group, Reference>();
  const takers = groups.flatMap((group) => {
    const values = group.frozen
      ? []
      : group.folded.type === 'upsert'
        ? takenBy(table, group.ops)
        : namesOfRow(table, group.entityId);
    return values.length === 0 ? [] : [{ group, values }];
  });
  const releases = await releasesOf(
    session,
    takers.flatMap(({ values }) => values),
  );
  if (releases.size === 0) return waits;
  const isHeldThere = await heldThere(
    session,
    table,
    [...releases.values()].flat().flatMap(({ kind, entityId }) => (kind === table.kind ? [entityId] : [])),
  );
  for (const { group, values } of takers) {
    const release = values
      .flatMap((value) => releases.get(value) ?? [])
      .find(
        ({ kind, entityId, seq, value }) =>
          !(kind === table.kind && entityId === group.entityId) &&
          (seq < group.head.seq || (group.folded.type === 'upsert' && isHeldThere(entityId, value))),
      );
    if (release !== undefined) waits.set(group, { kind: release.kind, id: release.entityId });
  }
  return waits;
}

/** Whether the newest known server row holds a UNIQUE value. */
async function heldThere(
  session: Session,
  table: ReplicaTable,
  ids: readonly string[],
): Promise<(id: string, value: string) => boolean> {
  const bases = await readBases(session, table.kind, [...new Set(ids)]);
  return (id, value) => {
    const { row } = newestKnown(bases.get(id));
    return row !== undefined && !table.isDeleted(row) && uniqueValuesOf(table.uniqueKeys, row).includes(value);
  };
}

/** The UNIQUE values that these operations assign to their row, one after another. */
function takenBy(table: ReplicaTable, ops: readonly StoredOp[]): readonly string[] {
  if (table.uniqueKeys.length === 0) return [];
  return ops.flatMap((op, index) => {
    if (op.type === 'delete') return [];
    const before = ops[index - 1];
    if (before !== undefined) return uniqueValuesTaken(table.uniqueKeys, before.payload, op.payload);
    const keys =
      op.creates || op.changedFields === undefined
        ? table.uniqueKeys
        : table.uniqueKeys.filter(({ fields }) => fields.some(({ key }) => op.changedFields?.includes(key)));
    return uniqueValuesOf(keys, op.payload);
  });
}
