import type { JsonObject } from '../model/json.ts';
import { OutboxState } from './entities.ts';
import { readQueues } from './outbox-rows.ts';
import { isNewThere, queueNeverSent } from './never-sent.ts';
import { referencesOf, type Reference } from './references.ts';
import type { ReplicaTable } from './replica-table.ts';
import { listOf, type Session } from './session.ts';
import type { StoreContext } from './store-context.ts';
import type { Group } from './request-group.ts';

/** Error code of a head that waits for another entity; never a failure. */
export const waitingForCode = 'waitingFor';

/**
 * Leaves out groups that must wait: an upsert for the unsettled first request of a row it references, a delete for pending deletes of rows that
 * reference it (PROTOCOL §7). They wait until that one leaves; a cycle is broken by `seq`. Open requests never wait again.
 */
export async function holdBack(session: Session, context: StoreContext, table: ReplicaTable, groups: readonly Group[]): Promise<readonly Group[]> {
  const children = [...context.registry.values()].filter((child) => child.dependsOn.some(({ kind }) => kind === table.kind));
  if (table.dependsOn.length === 0 && children.length === 0) return groups;
  await queueNeverSent(
    session,
    context,
    groups.flatMap(({ frozen, folded }) => (frozen || folded.type !== 'upsert' ? [] : referencesOf(table, folded.payload))),
  );
  const ready: Group[] = [];
  const held: { readonly seq: number; readonly waitingFor: string }[] = [];
  for (const group of groups) {
    const blocker = group.frozen
      ? undefined
      : group.folded.type === 'upsert'
        ? await unsettledCreate(session, context, group, group.folded.payload)
        : await pendingChild(session, context, group);
    if (blocker === undefined) ready.push(group);
    else held.push({ seq: group.head.seq, waitingFor: `${blocker.kind}/${blocker.id}` });
  }
  for (const { seq, waitingFor } of held) {
    await session.run(
      `UPDATE "sync_outbox" SET "state" = ${OutboxState.waiting}, "due_at" = NULL, "error_code" = '${waitingForCode}', "last_error" = ? WHERE "seq" = ?`,
      [waitingFor, seq],
    );
  }
  return ready;
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
  if (entityIds.length === 0 || ![...context.registry.values()].some((table) => table.dependsOn.length > 0)) return;
  await session.run(
    `UPDATE "sync_outbox" SET "state" = ${OutboxState.ready}, "error_code" = NULL, "last_error" = NULL WHERE "state" = ${OutboxState.waiting} AND "error_code" = '${waitingForCode}' AND ${session.dialect.inList('"last_error"')}`,
    [listOf(entityIds.map((id) => `${kind}/${id}`))],
  );
}
