import type { JsonObject } from '../../model/values/json.ts';
import { foldOps } from '../../rules/pending/fold.ts';
import { foldLimits } from './fold-limits.ts';
import { isNewThere } from './never-sent.ts';
import { frozenGroup, readQueues, type StoredOp } from '../outbox/outbox-rows.ts';
import { referencesOf, type Reference } from '../tables/references.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import type { Group } from './request-group.ts';
import type { Session } from '../sql/session.ts';
import type { StoreContext } from '../database/store-context.ts';

/** A row of a ring of creations: the content of its next request and the operations it covers. */
export interface RingMember extends Reference {
  readonly table: ReplicaTable;
  readonly queue: readonly StoredOp[];
  readonly first: readonly StoredOp[];
  readonly payload: JsonObject;
}

/** Rows that no server has and that reference each other in a cycle. */
export type ReferenceRing = readonly RingMember[];

/**
 * Finds a ring of creations that leads from a group through a row it references back to it, with all members queued
 * after the group. Only the oldest member finds the ring, so it is found once.
 */
export async function ringThrough(
  session: Session,
  context: StoreContext,
  group: Group,
  reference: Reference,
): Promise<ReferenceRing | undefined> {
  const { table, entityId, head, folded } = group;
  if (folded.type !== 'upsert') return undefined;
  const visited = new Set<string>();
  const pathFrom = async (from: Reference): Promise<RingMember[] | undefined> => {
    const name = `${from.kind}/${from.id}`;
    if (visited.has(name)) return undefined;
    visited.add(name);
    const member = await memberOf(session, context, from);
    const [oldest] = member?.queue ?? [];
    if (
      member === undefined ||
      oldest === undefined ||
      oldest.seq < head.seq ||
      !(await isNewThere(session, from, oldest))
    )
      return undefined;
    for (const next of referencesOf(member.table, member.payload)) {
      const rest = next.kind === table.kind && next.id === entityId ? [] : await pathFrom(next);
      if (rest !== undefined) return [member, ...rest];
    }
    return undefined;
  };
  const path = await pathFrom(reference);
  if (path === undefined) return undefined;
  const queue = (await readQueues(session, table.kind, [entityId])).get(entityId) ?? group.ops;
  return [{ kind: table.kind, id: entityId, table, queue, first: group.ops, payload: folded.payload }, ...path];
}

async function memberOf(
  session: Session,
  context: StoreContext,
  { kind, id }: Reference,
): Promise<RingMember | undefined> {
  const table = context.registry.get(kind);
  const queue = (await readQueues(session, kind, [id])).get(id);
  if (table === undefined || queue === undefined) return undefined;
  const frozen = frozenGroup(queue);
  const limit = context.config.coalesce
    ? ((await foldLimits(session, context, table, new Map([[id, queue]]))).get(id) ?? queue.length)
    : 1;
  const first = frozen.length > 0 ? frozen : queue.slice(0, limit);
  const folded = foldOps(first);
  return folded.type === 'upsert' ? { kind, id, table, queue, first, payload: folded.payload } : undefined;
}
