import { foldLimit, referencesAdded } from '../../rules/pending/fold-limit.ts';
import type { PendingOp } from '../../rules/pending/pending-op.ts';
import type { StoredOp } from '../outbox/outbox-rows.ts';
import { namesOfRow } from '../tables/reference-keys.ts';
import { releasesOf } from '../outbox/released-values.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import { listOf, type Session } from '../sql/session.ts';
import type { StoreContext } from '../database/store-context.ts';
import { uniqueValuesTaken } from '../columns/table-keys.ts';
import { waitingForCode } from '../outbox/error-codes.ts';

/** Work of other entities that a fold must not overtake. */
interface LaterWork {
  /** Ids of rows that the server does not have yet, with the first operation of each line. */
  readonly creations: ReadonlyMap<string, readonly { readonly kind: string; readonly seq: number }[]>;
  /** Operations that release a UNIQUE value or a reference to a row. */
  readonly releases: Awaited<ReturnType<typeof releasesOf>>;
}

type Queues = ReadonlyMap<string, readonly StoredOp[]>;

/**
 * How many operations of each entity of one table may fold, for entities that may not fold completely. Uses a few
 * indexed statements per batch, and none without a second operation.
 */
export async function foldLimits(
  session: Session,
  context: StoreContext,
  table: ReplicaTable,
  queues: Queues,
): Promise<ReadonlyMap<string, number>> {
  const several = new Map([...queues].filter(([, queue]) => queue.length > 1));
  if (several.size === 0) return new Map();
  const work: LaterWork = {
    creations: await creationsAmong(session, context, several),
    releases: await releasesOf(
      session,
      [...several].flatMap(([entityId, queue]) =>
        followersOf(queue).flatMap(({ op, before }) => needed(table, entityId, op, before)),
      ),
    ),
  };
  const limits = new Map<string, number>();
  for (const [entityId, queue] of several) {
    const limit = foldLimit(queue, (op, before, first) => {
      const isBetween = (seq: number): boolean => seq > first.seq && seq < op.seq;
      const isOther = (kind: string, id: string): boolean => !(kind === table.kind && id === entityId);
      return (
        op.errorCode === waitingForCode ||
        referencesAdded(before.payload, op).some((id) =>
          work.creations.get(id)?.some(({ kind, seq }) => isBetween(seq) && isOther(kind, id)),
        ) ||
        needed(table, entityId, op, before).some((value) =>
          work.releases
            .get(value)
            ?.some((release) => isBetween(release.seq) && isOther(release.kind, release.entityId)),
        )
      );
    });
    if (limit < queue.length) limits.set(entityId, limit);
  }
  return limits;
}

/**
 * What others must release before the operation: the UNIQUE values it takes, or the references to the row it deletes.
 */
const needed = (table: ReplicaTable, entityId: string, op: PendingOp, before: PendingOp): readonly string[] =>
  op.type === 'delete' ? namesOfRow(table, entityId) : uniqueValuesTaken(table.uniqueKeys, before.payload, op.payload);

/** Each operation after the first, with its predecessor. */
const followersOf = (queue: readonly PendingOp[]): readonly { readonly op: PendingOp; readonly before: PendingOp }[] =>
  queue.slice(1).flatMap((op, index) => {
    const before = queue[index];
    return before === undefined ? [] : [{ op, before }];
  });

async function creationsAmong(
  session: Session,
  context: StoreContext,
  queues: Queues,
): Promise<LaterWork['creations']> {
  const followers = [...queues.values()].flatMap(followersOf);
  const ids = [...new Set(followers.flatMap(({ op, before }) => referencesAdded(before.payload, op)))];
  const found = new Map<string, { kind: string; seq: number }[]>();
  if (ids.length === 0) return found;
  // CROSS JOIN fixes the join order: each id is looked up in the index of its kind.
  const rows = await session.query<{ kind: string; id: string; seq: number | string }>(
    session.dialect.name === 'sqlite'
      ? `SELECT o."kind", o."entity_id" AS "id", MIN(o."seq") AS "seq" FROM json_each(?) k CROSS JOIN json_each(?) e CROSS JOIN "sync_outbox" o
         WHERE o."kind" = k.value AND o."entity_id" = e.value AND o."op" = 'upsert' AND o."base_updated_at" IS NULL GROUP BY o."kind", o."entity_id"`
      : `SELECT "kind", "entity_id" AS "id", MIN("seq") AS "seq" FROM "sync_outbox"
         WHERE ${session.dialect.inList('"kind"')} AND ${session.dialect.inList('"entity_id"')} AND "op" = 'upsert' AND "base_updated_at" IS NULL GROUP BY "kind", "entity_id"`,
    [listOf([...context.registry.keys()]), listOf(ids)],
  );
  for (const { kind, id, seq } of rows) found.set(id, [...(found.get(id) ?? []), { kind, seq: Number(seq) }]);
  return found;
}
