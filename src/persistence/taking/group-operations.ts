import { isPureDelta } from '../../rules/pending/deltas.ts';
import { foldOps, type FoldedRequest } from '../../rules/pending/fold.ts';
import { reproject } from '../../rules/pending/overlay.ts';
import { newestKnown, readBases, type BaseRecord } from '../outbox/base-rows.ts';
import type { Group } from './request-group.ts';
import { frozenGroup, type StoredOp } from '../outbox/outbox-rows.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import type { Session } from '../sql/session.ts';

export const unfrozenOf = (
  queues: ReadonlyMap<string, readonly StoredOp[]>,
): ReadonlyMap<string, readonly StoredOp[]> =>
  new Map(
    [...queues].filter(
      ([, queue]) => frozenGroup(queue).length === 0 && !queue.some(({ damaged }) => damaged !== undefined),
    ),
  );

/** The number of operations of a queue that are sent together; without limits, each is sent alone. */
export const foldableIn =
  (limits: ReadonlyMap<string, number> | undefined) =>
  (entityId: string, queue: readonly StoredOp[]): number =>
    limits === undefined ? 1 : (limits.get(entityId) ?? queue.length);

export const groupOf = (queue: readonly StoredOp[], foldable: number): readonly StoredOp[] => {
  const frozen = frozenGroup(queue);
  return frozen.length > 0 ? frozen : queue.slice(0, foldable);
};

export function toGroup(
  table: ReplicaTable,
  entityId: string,
  ops: readonly StoredOp[],
  unknown: BaseRecord | undefined,
  sendsDeltas: boolean | undefined,
): Group | undefined {
  const head = ops[0];
  const newest = ops.at(-1);
  if (!head || !newest) return undefined;
  const frozen = newest.requestId !== undefined;
  const folded = foldOps(ops);
  const hasServerRow = isOnServer(folded, ops, unknown);
  // A delete that was resolved by keeping the row: its request in flight has a body.
  if (frozen && folded.type !== 'upsert' && newest.frozenBody !== undefined) {
    const { opId, localTimestamp, frozenBody, frozenBase } = newest;
    return {
      table,
      entityId,
      head,
      newest,
      ops,
      frozen,
      hasServerRow,
      sendsDeltas,
      folded: {
        type: 'upsert',
        opId,
        creates: false,
        payload: frozenBody,
        changedFields: undefined,
        baseUpdatedAt: frozenBase,
        localTimestamp,
      },
    };
  }
  // An in-flight operation never folds away: a delete that resolves a create conflict is resent unchanged (I2).
  if (frozen && folded.type === 'nothing') {
    return {
      table,
      entityId,
      head,
      newest,
      ops,
      frozen,
      hasServerRow,
      sendsDeltas,
      folded: {
        type: 'delete',
        opId: newest.opId,
        creates: false,
        baseUpdatedAt: newest.frozenBase,
        localTimestamp: newest.localTimestamp,
      },
    };
  }
  return { table, entityId, head, newest, ops, frozen, hasServerRow, sendsDeltas, folded };
}

/**
 * Whether the server has a live row into which part of a body could be merged. True if the base is its version, or if
 * it accepted our last write without a version. False for a creation, a row from before the table was synchronised, and
 * a restored row (F-152).
 */
function isOnServer(folded: FoldedRequest, ops: readonly StoredOp[], unknown: BaseRecord | undefined): boolean {
  if (folded.type !== 'upsert' || folded.creates || ops.some((op) => op.type === 'delete') || bringsBack(folded))
    return false;
  return (folded.baseUpdatedAt ?? '') !== '' || unknown?.lastSent !== undefined;
}

/**
 * An upsert that changes no field only requires the row to exist. Only a deletion accepted by the server can precede
 * it.
 */
const bringsBack = ({ changedFields, deltas = [] }: FoldedRequest & { type: 'upsert' }): boolean =>
  changedFields?.length === 0 && deltas.length === 0;

/** A pure delta applies to the newest known row, because it contains no decision on an older one. */
export async function onNewestRows(session: Session, groups: readonly Group[]): Promise<readonly Group[]> {
  const relative = groups.filter(({ frozen, folded }) => !frozen && folded.type === 'upsert' && isPureDelta(folded));
  const [first] = relative;
  if (first === undefined) return groups;
  const bases = await readBases(
    session,
    first.table.kind,
    relative.map(({ entityId }) => entityId),
  );
  return groups.map((group) => (relative.includes(group) ? onNewestRow(group, bases.get(group.entityId)) : group));
}

function onNewestRow(group: Group, base: BaseRecord | undefined): Group {
  const { folded, table, newest } = group;
  const { row, version } = newestKnown(base);
  if (folded.type !== 'upsert' || row === undefined || version === undefined || table.isDeleted(row)) return group;
  const payload = reproject(
    row,
    { ...newest, type: 'upsert', payload: folded.payload, changedFields: [], deltas: folded.deltas },
    table.keys,
  );
  return { ...group, hasServerRow: true, folded: { ...folded, payload, baseUpdatedAt: version } };
}
