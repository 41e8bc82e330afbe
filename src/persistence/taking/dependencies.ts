import type { SyncFact } from '../../model/events.ts';
import type { JsonObject } from '../../model/values/json.ts';
import { OutboxState } from '../database/outbox-columns.ts';
import { readQueues } from '../outbox/outbox-rows.ts';
import { stopWaiting, stopWaitingFor, waitFor } from '../outbox/transitions/wait-for.ts';
import { isNewThere, queueNeverSent } from './never-sent.ts';
import { referencesOf, type Reference } from '../tables/references.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import type { Session } from '../sql/session.ts';
import type { StoreContext } from '../database/store-context.ts';
import type { Group } from './request-group.ts';
import { releaseWaits } from './release-waits.ts';
import { ringThrough, type ReferenceRing } from './reference-rings.ts';
import { describeRing, openRing } from './split-creation.ts';
import { nameOf, waitingRings, type Waiting } from './waiting-rings.ts';

/**
 * Excludes groups that must wait (PROTOCOL §7). An upsert waits for the unsettled first request of a row it references,
 * and for the operation that releases a UNIQUE value it takes. A delete waits for pending operations that delete or
 * detach rows referencing it. In a ring, the operation queued first goes first. Open requests never wait again.
 * Undefined: a ring of creations was opened, so the groups must be rebuilt.
 */
export async function holdBack(
  session: Session,
  context: StoreContext,
  table: ReplicaTable,
  groups: readonly Group[],
  facts: SyncFact[],
): Promise<readonly Group[] | undefined> {
  const children = [...context.registry.values()].filter((child) =>
    child.dependsOn.some(({ kind }) => kind === table.kind),
  );
  const hasReferences = table.dependsOn.length > 0 || children.length > 0;
  const waits = await releaseWaits(session, table, groups);
  if (!hasReferences && waits.size === 0) return groups;
  if (hasReferences)
    await queueNeverSent(
      session,
      context,
      groups.flatMap(({ frozen, folded }) =>
        frozen || folded.type !== 'upsert' ? [] : referencesOf(table, folded.payload),
      ),
    );
  const held = new Map<Group, Waiting>();
  const rings: ReferenceRing[] = [];
  for (const group of groups) {
    const blocker =
      waits.get(group) ?? (hasReferences ? await referenceWait(session, context, group, rings) : undefined);
    if (blocker !== undefined)
      held.set(group, { kind: table.kind, id: group.entityId, seq: group.head.seq, waitsFor: nameOf(blocker) });
  }
  for (const ring of rings) if (await openRing(session, ring, context.unit.clock.now())) return undefined;
  for (const ring of rings)
    facts.push({
      type: 'store.warning',
      message: `${describeRing(ring)}; ${nameOf(ring[0] ?? { kind: '', id: '' })} was queued first and is sent first`,
    });
  if (held.size === 0) return groups;
  const first = await firstOfRings(session, context, [...held.values()], facts);
  for (const { seq, waitsFor } of held.values()) {
    if (first.has(seq)) continue;
    await waitFor(session, seq, waitsFor);
  }
  return groups.filter((group) => !held.has(group) || first.has(group.head.seq));
}

const referenceWait = async (
  session: Session,
  context: StoreContext,
  group: Group,
  rings: ReferenceRing[],
): Promise<Reference | undefined> =>
  group.frozen
    ? undefined
    : group.folded.type === 'upsert'
      ? unsettledCreate(session, context, group, group.folded.payload, rings)
      : pendingChild(session, context, group);

/**
 * Sends the oldest operation of each ring first, with a warning. Operations that had begun to wait are planned again in
 * the same take.
 */
async function firstOfRings(
  session: Session,
  context: StoreContext,
  held: readonly Waiting[],
  facts: SyncFact[],
): Promise<ReadonlySet<number>> {
  const rings = await waitingRings(session, context, held);
  const first = new Set<number>();
  for (const [oldest, ...others] of rings) {
    if (oldest === undefined) continue;
    if (!held.some(({ seq }) => seq === oldest.seq)) {
      await stopWaiting(session, oldest.seq);
      continue;
    }
    first.add(oldest.seq);
    facts.push({
      type: 'store.warning',
      message: `the queued changes of ${[oldest, ...others].map(nameOf).join(' and ')} wait for each other: they swap UNIQUE values or refer to each other; the change of ${nameOf(oldest)} was queued first and is sent first, although the server may refuse it`,
    });
  }
  return first;
}

const isOf = (reference: Reference, group: Group): boolean =>
  reference.kind === group.table.kind && reference.id === group.entityId;

/**
 * The first referenced row that the server lacks. A row of a ring whose oldest member this is counts as present, and
 * the ring is recorded.
 */
async function unsettledCreate(
  session: Session,
  context: StoreContext,
  group: Group,
  payload: JsonObject,
  rings: ReferenceRing[],
): Promise<Reference | undefined> {
  for (const reference of referencesOf(group.table, payload)) {
    if (isOf(reference, group)) continue;
    const head = (await readQueues(session, reference.kind, [reference.id])).get(reference.id)?.[0];
    if (head === undefined || !(await isNewThere(session, reference, head))) continue;
    const ring = head.seq > group.head.seq ? await ringThrough(session, context, group, reference) : undefined;
    if (ring === undefined) return reference;
    rings.push(ring);
  }
  return undefined;
}

async function pendingChild(session: Session, context: StoreContext, group: Group): Promise<Reference | undefined> {
  for (const child of await deletedChildren(session, context, { kind: group.table.kind, id: group.entityId })) {
    if (child.seq < group.head.seq || !(await isWaitedFor(session, context, child, group, new Set()))) return child;
  }
  return undefined;
}

/**
 * Like {@link ringThrough} for deletes: whether the child waits for the group's own delete, through younger operations
 * only.
 */
async function isWaitedFor(
  session: Session,
  context: StoreContext,
  from: Reference,
  group: Group,
  visited: Set<string>,
): Promise<boolean> {
  const key = `${from.kind}/${from.id}`;
  if (visited.has(key)) return false;
  visited.add(key);
  for (const child of await deletedChildren(session, context, from)) {
    if (isOf(child, group)) return true;
    if (child.seq > group.head.seq && (await isWaitedFor(session, context, child, group, visited))) return true;
  }
  return false;
}

/**
 * Rows with a pending delete that referenced this one when they were deleted. `seq` is the start of their entity's
 * line.
 */
async function deletedChildren(
  session: Session,
  context: StoreContext,
  parent: Reference,
): Promise<readonly (Reference & { readonly seq: number })[]> {
  const found: (Reference & { readonly seq: number })[] = [];
  const value =
    session.dialect.name === 'sqlite'
      ? `json_extract(b."base_row", '$."' || ? || '"')`
      : `(CAST(b."base_row" AS json) ->> ?)`;
  for (const child of context.registry.values()) {
    const keys = child.dependsOn.flatMap(({ key, kind }) =>
      kind !== parent.kind ? [] : key === undefined ? child.relationKeysTo(kind) : [key],
    );
    for (const key of new Set(keys)) {
      const rows = await session.query<{ id: string; seq: number | string }>(
        `SELECT o."entity_id" AS "id", (SELECT MIN(h."seq") FROM "sync_outbox" h WHERE h."kind" = o."kind" AND h."entity_id" = o."entity_id") AS "seq"
         FROM "sync_outbox" o JOIN "sync_base" b ON b."kind" = o."kind" AND b."entity_id" = o."entity_id"
         WHERE o."kind" = ? AND o."op" = 'delete' AND o."state" <> ${OutboxState.parked} AND CAST(${value} AS text) = ? ORDER BY o."seq"`,
        [child.kind, key, parent.id],
      );
      found.push(
        ...rows
          .map(({ id, seq }) => ({ kind: child.kind, id, seq: Number(seq) }))
          .filter(({ kind, id }) => kind !== parent.kind || id !== parent.id),
      );
    }
  }
  return found;
}

/** Makes operations ready that waited for departed operations of these entities. */
export async function releaseDependents(
  session: Session,
  context: StoreContext,
  kind: string,
  entityIds: readonly string[],
): Promise<void> {
  if (
    entityIds.length === 0 ||
    ![...context.registry.values()].some(
      (table) => table.referenceKeys.length + table.uniqueKeys.length + table.dependsOn.length > 0,
    )
  )
    return;
  await stopWaitingFor(
    session,
    entityIds.map((id) => `${kind}/${id}`),
  );
}
