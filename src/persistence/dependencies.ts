import type { SyncFact } from '../model/events.ts';
import type { JsonObject } from '../model/json.ts';
import { OutboxState } from './entities.ts';
import { readQueues } from './outbox-rows.ts';
import { isNewThere, queueNeverSent } from './never-sent.ts';
import { referencesOf, type Reference } from './references.ts';
import type { ReplicaTable } from './replica-table.ts';
import { listOf, type Session } from './session.ts';
import type { StoreContext } from './store-context.ts';
import type { Group } from './request-group.ts';
import { releaseWaits } from './release-waits.ts';
import { nameOf, waitingRings, type Waiting } from './waiting-rings.ts';

/** Error code of a head that waits for another entity; never a failure. */
export const waitingForCode = 'waitingFor';

/**
 * Leaves out groups that must wait: an upsert for the unsettled first request of a row it references, and for the operation that releases a UNIQUE value it
 * takes; a delete for pending operations that delete rows which reference it, or let go of it (PROTOCOL §7). They wait until that one leaves. In a ring the operation queued first goes
 * first. Open requests never wait again.
 */
export async function holdBack(
  session: Session,
  context: StoreContext,
  table: ReplicaTable,
  groups: readonly Group[],
  facts: SyncFact[],
): Promise<readonly Group[]> {
  const children = [...context.registry.values()].filter((child) => child.dependsOn.some(({ kind }) => kind === table.kind));
  const hasReferences = table.dependsOn.length > 0 || children.length > 0;
  const waits = await releaseWaits(session, table, groups);
  if (!hasReferences && waits.size === 0) return groups;
  if (hasReferences)
    await queueNeverSent(
      session,
      context,
      groups.flatMap(({ frozen, folded }) => (frozen || folded.type !== 'upsert' ? [] : referencesOf(table, folded.payload))),
    );
  const held = new Map<Group, Waiting>();
  for (const group of groups) {
    const blocker = waits.get(group) ?? (hasReferences ? await referenceWait(session, context, group) : undefined);
    if (blocker !== undefined) held.set(group, { kind: table.kind, id: group.entityId, seq: group.head.seq, waitsFor: nameOf(blocker) });
  }
  if (held.size === 0) return groups;
  const first = await firstOfRings(session, context, [...held.values()], facts);
  for (const { seq, waitsFor } of held.values()) {
    if (first.has(seq)) continue;
    await session.run(
      `UPDATE "sync_outbox" SET "state" = ${OutboxState.waiting}, "due_at" = NULL, "error_code" = '${waitingForCode}', "last_error" = ? WHERE "seq" = ?`,
      [waitsFor, seq],
    );
  }
  return groups.filter((group) => !held.has(group) || first.has(group.head.seq));
}

const referenceWait = async (session: Session, context: StoreContext, group: Group): Promise<Reference | undefined> =>
  group.frozen
    ? undefined
    : group.folded.type === 'upsert'
      ? unsettledCreate(session, context, group, group.folded.payload)
      : pendingChild(session, context, group);

/** Lets the oldest operation of each ring go, and says so. One that began to wait earlier is looked at again by the same take. */
async function firstOfRings(session: Session, context: StoreContext, held: readonly Waiting[], facts: SyncFact[]): Promise<ReadonlySet<number>> {
  const rings = await waitingRings(session, context, held, waitingForCode);
  const first = new Set<number>();
  for (const [oldest, ...others] of rings) {
    if (oldest === undefined) continue;
    if (!held.some(({ seq }) => seq === oldest.seq)) {
      await session.run(`UPDATE "sync_outbox" SET "state" = ${OutboxState.ready}, "error_code" = NULL, "last_error" = NULL WHERE "seq" = ?`, [oldest.seq]);
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

const isOf = (reference: Reference, group: Group): boolean => reference.kind === group.table.kind && reference.id === group.entityId;

async function unsettledCreate(session: Session, context: StoreContext, group: Group, payload: JsonObject): Promise<Reference | undefined> {
  for (const reference of referencesOf(group.table, payload)) {
    if (isOf(reference, group)) continue;
    const head = (await readQueues(session, reference.kind, [reference.id])).get(reference.id)?.[0];
    if (head === undefined || !(await isNewThere(session, reference, head))) continue;
    if (head.seq > group.head.seq && (await dependsBack(session, context, reference, group, new Set()))) continue;
    return reference;
  }
  return undefined;
}

/** Whether the referenced create waits for the group itself, over however many steps, all of them younger: only the oldest of a cycle goes first. */
async function dependsBack(session: Session, context: StoreContext, from: Reference, group: Group, visited: Set<string>): Promise<boolean> {
  const key = `${from.kind}/${from.id}`;
  if (visited.has(key)) return false;
  visited.add(key);
  const table = context.registry.get(from.kind);
  const queue = (await readQueues(session, from.kind, [from.id])).get(from.id);
  const head = queue?.[0];
  if (!table || head === undefined || head.seq < group.head.seq || !(await isNewThere(session, from, head))) return false;
  for (const reference of referencesOf(table, queue?.findLast((op) => op.type === 'upsert')?.payload)) {
    if (isOf(reference, group)) return true;
    if (await dependsBack(session, context, reference, group, visited)) return true;
  }
  return false;
}

async function pendingChild(session: Session, context: StoreContext, group: Group): Promise<Reference | undefined> {
  for (const child of await deletedChildren(session, context, { kind: group.table.kind, id: group.entityId })) {
    if (child.seq < group.head.seq || !(await isWaitedFor(session, context, child, group, new Set()))) return child;
  }
  return undefined;
}

/** As {@link dependsBack}, for deletes: whether the child waits for the group's own delete, all steps being younger. */
async function isWaitedFor(session: Session, context: StoreContext, from: Reference, group: Group, visited: Set<string>): Promise<boolean> {
  const key = `${from.kind}/${from.id}`;
  if (visited.has(key)) return false;
  visited.add(key);
  for (const child of await deletedChildren(session, context, from)) {
    if (isOf(child, group)) return true;
    if (child.seq > group.head.seq && (await isWaitedFor(session, context, child, group, visited))) return true;
  }
  return false;
}

/** Rows with a pending delete that referenced this one when they were deleted; `seq` is where their entity's line begins. */
async function deletedChildren(session: Session, context: StoreContext, parent: Reference): Promise<readonly (Reference & { readonly seq: number })[]> {
  const found: (Reference & { readonly seq: number })[] = [];
  const value = session.dialect.name === 'sqlite' ? `json_extract(b."base_row", '$."' || ? || '"')` : `(CAST(b."base_row" AS json) ->> ?)`;
  for (const child of context.registry.values()) {
    const keys = child.dependsOn.flatMap(({ key, kind }) => (kind !== parent.kind ? [] : key === undefined ? child.relationKeysTo(kind) : [key]));
    for (const key of new Set(keys)) {
      const rows = await session.query<{ id: string; seq: number | string }>(
        `SELECT o."entity_id" AS "id", (SELECT MIN(h."seq") FROM "sync_outbox" h WHERE h."kind" = o."kind" AND h."entity_id" = o."entity_id") AS "seq"
         FROM "sync_outbox" o JOIN "sync_base" b ON b."kind" = o."kind" AND b."entity_id" = o."entity_id"
         WHERE o."kind" = ? AND o."op" = 'delete' AND o."state" <> ${OutboxState.parked} AND CAST(${value} AS text) = ? ORDER BY o."seq"`,
        [child.kind, key, parent.id],
      );
      found.push(...rows.map(({ id, seq }) => ({ kind: child.kind, id, seq: Number(seq) })).filter(({ kind, id }) => kind !== parent.kind || id !== parent.id));
    }
  }
  return found;
}

/** Makes ready what waited for operations of these entities, which have left. */
export async function releaseDependents(session: Session, context: StoreContext, kind: string, entityIds: readonly string[]): Promise<void> {
  if (
    entityIds.length === 0 ||
    ![...context.registry.values()].some((table) => table.referenceKeys.length + table.uniqueKeys.length + table.dependsOn.length > 0)
  )
    return;
  await session.run(
    `UPDATE "sync_outbox" SET "state" = ${OutboxState.ready}, "error_code" = NULL, "last_error" = NULL WHERE "state" = ${OutboxState.waiting} AND "error_code" = '${waitingForCode}' AND ${session.dialect.inList('"last_error"')}`,
    [listOf(entityIds.map((id) => `${kind}/${id}`))],
  );
}
