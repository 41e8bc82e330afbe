import type { JsonObject } from '../model/json.ts';
import { OutboxState } from './entities.ts';
import { readQueues } from './outbox-rows.ts';
import type { ReplicaTable } from './replica-table.ts';
import { listOf, type Session } from './session.ts';
import type { StoreContext } from './store-context.ts';
import type { Group } from './take-ready.ts';

/** Error code of a head that waits for another entity; never a failure. */
export const waitingForCode = 'waitingFor';

interface Reference {
  readonly kind: string;
  readonly id: string;
}

/** Which rows a payload points to, by the table's `dependsOn` (a plain list of kinds means every relation to them). */
export function referencesOf(table: ReplicaTable, row: JsonObject | undefined): readonly Reference[] {
  if (row === undefined) return [];
  return table.dependsOn.flatMap(({ key, kind }) => {
    const keys = key === undefined ? table.relationKeysTo(kind) : [key];
    return keys.flatMap((wireKey) => {
      const id = row[wireKey];
      return typeof id === 'string' || typeof id === 'number' ? [{ kind, id: String(id) }] : [];
    });
  });
}

/**
 * Leaves out groups that must wait: an upsert for the unsettled create of a row it references, a delete for pending deletes of rows that
 * reference it (PROTOCOL §7). They wait until that one leaves; a cycle is broken by `seq`. Open requests never wait again.
 */
export async function holdBack(session: Session, context: StoreContext, table: ReplicaTable, groups: readonly Group[]): Promise<readonly Group[]> {
  const parents = [...context.registry.values()].filter((child) => child.dependsOn.some(({ kind }) => kind === table.kind));
  if (table.dependsOn.length === 0 && parents.length === 0) return groups;
  const ready: Group[] = [];
  const held: { readonly seq: number; readonly waitingFor: string }[] = [];
  for (const group of groups) {
    const blocker = group.frozen ? undefined
      : group.folded.type === 'upsert' ? await unsettledCreate(session, context, group, group.folded.payload)
      : await pendingChild(session, parents, group);
    if (blocker === undefined) ready.push(group);
    else held.push({ seq: group.head.seq, waitingFor: `${blocker.kind}/${blocker.id}` });
  }
  for (const { seq, waitingFor } of held) {
    await session.run(`UPDATE "sync_outbox" SET "state" = ${OutboxState.waiting}, "due_at" = NULL, "error_code" = '${waitingForCode}', "last_error" = ? WHERE "seq" = ?`, [waitingFor, seq]);
  }
  return ready;
}

async function unsettledCreate(session: Session, context: StoreContext, group: Group, payload: JsonObject): Promise<Reference | undefined> {
  for (const reference of referencesOf(group.table, payload)) {
    if (reference.kind === group.table.kind && reference.id === group.entityId) continue;
    const head = (await readQueues(session, reference.kind, [reference.id])).get(reference.id)?.[0];
    if (!head?.creates) continue;
    if (head.seq > group.head.seq && (await dependsBack(session, context, reference, group, new Set()))) continue;
    return reference;
  }
  return undefined;
}

/** Whether the referenced create waits, over however many steps, for the group itself: then the older one goes first. */
async function dependsBack(session: Session, context: StoreContext, from: Reference, group: Group, visited: Set<string>): Promise<boolean> {
  const key = `${from.kind}/${from.id}`;
  if (visited.has(key)) return false;
  visited.add(key);
  const table = context.registry.get(from.kind);
  const queue = (await readQueues(session, from.kind, [from.id])).get(from.id);
  if (!table || !queue?.[0]?.creates) return false;
  for (const reference of referencesOf(table, queue.findLast((op) => op.type === 'upsert')?.payload)) {
    if (reference.kind === group.table.kind && reference.id === group.entityId) return true;
    if (await dependsBack(session, context, reference, group, visited)) return true;
  }
  return false;
}

async function pendingChild(session: Session, children: readonly ReplicaTable[], group: Group): Promise<Reference | undefined> {
  for (const child of children) {
    for (const key of child.dependsOn.flatMap((dependency) => (dependency.kind !== group.table.kind ? [] : dependency.key === undefined ? child.relationKeysTo(dependency.kind) : [dependency.key]))) {
      const value = session.dialect.name === 'sqlite' ? `json_extract(b."base_row", '$."' || ? || '"')` : `(CAST(b."base_row" AS jsonb) ->> ?)`;
      const row = await session.one<{ id: string }>(
        `SELECT o."entity_id" AS "id" FROM "sync_outbox" o JOIN "sync_base" b ON b."kind" = o."kind" AND b."entity_id" = o."entity_id"
         WHERE o."kind" = ? AND o."op" = 'delete' AND o."state" <> ${OutboxState.parked} AND CAST(${value} AS text) = ? AND o."entity_id" <> ? LIMIT 1`, [child.kind, key, group.entityId, child === group.table ? group.entityId : '']);
      if (row) return { kind: child.kind, id: row.id };
    }
  }
  return undefined;
}

/** Makes ready what waited for operations of these kinds: one of them has left. */
export async function releaseDependents(session: Session, context: StoreContext, kinds: readonly string[]): Promise<void> {
  const related = [...context.registry.values()].filter((table) => table.dependsOn.length > 0 || [...context.registry.values()].some((other) => other.dependsOn.some(({ kind }) => kind === table.kind)));
  if (related.length === 0 || !kinds.some((kind) => related.some((table) => table.kind === kind))) return;
  await session.run(
    `UPDATE "sync_outbox" SET "state" = ${OutboxState.ready}, "error_code" = NULL, "last_error" = NULL WHERE "state" = ${OutboxState.waiting} AND "error_code" = '${waitingForCode}' AND ${session.dialect.inList('"kind"')}`,
    [listOf(related.map((table) => table.kind))]);
}
