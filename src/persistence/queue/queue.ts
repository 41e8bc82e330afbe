import type { SyncFact } from '../../model/events.ts';
import type { QueuedOperation, QueueFilter, QueuePort, QueueSample } from '../../model/queue.ts';
import type { ChangeFeed } from '../follow/change-feed.ts';
import { clearScope } from './clear-scope.ts';
import { rethrowForCaller } from '../sql/database-failure.ts';
import { removeConflicts } from '../outbox/conflict-rows.ts';
import { releaseDependents } from '../taking/dependencies.ts';
import { OutboxState } from '../database/outbox-columns.ts';
import { EntityChanges } from '../settling/entity-changes.ts';
import { grouped } from '../../rules/values/grouped.ts';
import { frozenGroup, outboxSelection, toStoredOp, type RawOutboxRow, type StoredOp } from '../outbox/outbox-rows.ts';
import { countQueue } from '../outbox/queue-counts.ts';
import { leave } from '../outbox/transitions/lead-line.ts';
import { retryEntities } from '../outbox/transitions/retry.ts';
import { giveUp } from '../settling/resolutions.ts';
import { listOf, type Session } from '../sql/session.ts';
import { writeChanges } from '../settling/write-changes.ts';
import type { StoreContext } from '../database/store-context.ts';
import { openResync } from '../replica/resync.ts';
import { writeState } from '../database/sync-state.ts';
import { newerKinds } from '../upgrades/upgrade-schemas.ts';
import { toQueuedOperations } from './queued-operations.ts';
import { sampleQueue } from './queue-sample.ts';

const whereKinds = (
  session: Session,
  filter: QueueFilter | undefined,
): { readonly sql: string; readonly parameters: readonly unknown[] } => {
  const lists = [
    ['"kind"', filter?.kinds],
    ['"op_id"', filter?.opIds],
  ] as const;
  const given = lists.flatMap(([column, list]) =>
    list === undefined ? [] : [{ sql: ` AND ${session.dialect.inList(column)}`, list: listOf(list) }],
  );
  return { sql: given.map(({ sql }) => sql).join(''), parameters: given.map(({ list }) => list) };
};

/** Looks at the queue and repairs it, outside of any run. */
export function createQueue(context: StoreContext, feed: ChangeFeed): QueuePort {
  const { unit } = context;

  const select = (
    session: Session,
    condition: string,
    filter: QueueFilter | undefined,
  ): Promise<readonly StoredOp[]> => {
    const kinds = whereKinds(session, filter);
    return session
      .query<RawOutboxRow>(
        `SELECT ${outboxSelection} FROM "sync_outbox" WHERE ${condition}${kinds.sql} ORDER BY "seq"`,
        kinds.parameters,
      )
      .then((rows) => rows.map(toStoredOp));
  };
  /** Operations of named kinds that no table is registered for: nothing else could ever become of them here. */
  const orphansOf = (session: Session, filter: QueueFilter | undefined): Promise<readonly StoredOp[]> => {
    const strangers = filter?.kinds?.filter((kind) => !context.registry.has(kind)) ?? [];
    return strangers.length === 0 ? Promise.resolve([]) : select(session, 'true', { ...filter, kinds: strangers });
  };
  const stuckOrUnproven = `"state" = ${OutboxState.parked} AND "parked" IN ('stuck', 'ambiguous')`;

  return {
    list: (filter?: QueueFilter): Promise<readonly QueuedOperation[]> =>
      unit.read(async (session) => {
        const ops = await select(session, 'true', filter);
        const refused = await newerKinds(session, [...context.registry.values()]);
        return toQueuedOperations(context, ops, refused);
      }),

    counts: (
      filter?: QueueFilter,
    ): Promise<{ readonly pending: number; readonly stuck: number; readonly conflicts: number }> =>
      unit.read(async (session) => {
        const kinds = whereKinds(session, filter);
        const { total, stuck: stuckCount } = await countQueue(session, filter);
        const conflicts = await session.one<{ count: number | string }>(
          `SELECT COUNT(*) AS "count" FROM "sync_conflicts" WHERE "state" <> 'decided'${kinds.sql}`,
          kinds.parameters,
        );
        return { pending: total - stuckCount, stuck: stuckCount, conflicts: Number(conflicts?.count ?? 0) };
      }),

    sample: (limit: number): Promise<QueueSample> => unit.read((session) => sampleQueue(session, context, limit)),

    hasSendable: (filter?: QueueFilter): Promise<boolean> =>
      unit.read(async (session) => {
        const kinds = whereKinds(session, filter);
        // Two questions: each is answered by its own partial index.
        for (const state of [OutboxState.ready, OutboxState.waiting]) {
          const condition = `"state" = ${state} AND ("error_code" IS NULL OR "error_code" <> 'forbidden')${kinds.sql}`;
          if (
            (await session.one(
              `SELECT 1 AS "found" FROM "sync_outbox" WHERE ${condition} LIMIT 1`,
              kinds.parameters,
            )) !== undefined
          )
            return true;
        }
        return false;
      }),

    /** All of them, and the followers whose entity they hold up (F-49). */
    retryStuck: (filter?: QueueFilter): Promise<number> =>
      unit.transaction(async (session) => {
        const ops = await select(session, stuckOrUnproven, filter);
        for (const [kind, heads] of grouped(ops, (op) => op.kind)) {
          // Somebody has looked at it and lets it go out: the same request, as if for the first time.
          const unproven = heads.filter(({ parked }) => parked === 'ambiguous').map((op) => op.entityId);
          await retryEntities(
            session,
            kind,
            heads.map((op) => op.entityId),
            unproven,
          );
        }
        return ops.length;
      }),

    /** Their rows go to the server's state; what was built on a dropped create goes with it (F-49). */
    dropStuck: (filter?: QueueFilter): Promise<readonly SyncFact[]> =>
      unit.transaction(async (session) => {
        const heads = await select(session, stuckOrUnproven, filter);
        const orphans = await orphansOf(session, filter);
        const known = new Set(orphans.map(({ seq }) => seq));
        return dropOperations(session, context, [...heads.filter(({ seq }) => !known.has(seq)), ...orphans]);
      }),

    subscribe: (listener: (change: { readonly enqueued: boolean }) => void): (() => void) =>
      feed.subscribe(listener, ['sync_outbox', 'sync_conflicts']),

    adoptScope: (scope: string, options?: { readonly resync?: boolean | undefined }): Promise<void> =>
      unit.transaction(async (session) => {
        await writeState(session, 'scope', scope);
        const pulled = [...context.registry.values()].filter(({ pushOnly }) => !pushOnly).map(({ kind }) => kind);
        if (options?.resync === true) await openResync(session, context, pulled);
      }),

    clearScope: (scope, options): Promise<readonly SyncFact[]> =>
      unit.transaction((session) => clearScope(session, context, scope, options)).catch(rethrowForCaller),
  };
}

/** What was kept beside operations that are gone, of a kind without a table. */
async function forgetLeft(session: Session, kind: string): Promise<void> {
  for (const name of ['sync_base', 'sync_conflicts'])
    await session.run(
      `DELETE FROM "${name}" WHERE "kind" = ? AND NOT EXISTS (SELECT 1 FROM "sync_outbox" o WHERE o."kind" = "${name}"."kind" AND o."entity_id" = "${name}"."entity_id")`,
      [kind],
    );
}

/**
 * Gives operations up; later ones of the entity stay, unless they were built on a dropped create. What is parked with
 * an open request goes as a whole; a request under way stays, with all it stands for, until it has its answer (I2).
 */
export async function dropOperations(
  session: Session,
  context: StoreContext,
  heads: readonly StoredOp[],
  reason: 'dropped' | 'purged' = 'dropped',
): Promise<readonly SyncFact[]> {
  const facts: SyncFact[] = [];
  for (const [kind, ops] of grouped(heads, (op) => op.kind)) {
    const table = context.registry.get(kind);
    const entityIds = ops.map((op) => op.entityId);
    if (!table) {
      await leave(
        session,
        ops.map((op) => op.seq),
      );
      await forgetLeft(session, kind);
      facts.push(...(await giveUp(session, context, ops, reason)));
      continue;
    }
    const changes = await EntityChanges.load(session, table, entityIds);
    const leaving = new Set(ops.map((op) => op.seq));
    for (const entityId of new Set(entityIds)) {
      const queue = changes.queueOf(entityId);
      // What was refused together goes together: the folded operations share their tries.
      for (const op of queue) if (op.tryCount >= context.config.maxOutboxTryCount) leaving.add(op.seq);
      const open = frozenGroup(queue);
      if (queue[0]?.state !== OutboxState.parked) for (const op of open) leaving.delete(op.seq);
      else if (open.some((op) => leaving.has(op.seq))) for (const op of open) leaving.add(op.seq);
      if (queue.some((op) => leaving.has(op.seq)))
        changes.depart(entityId, { leaving, mode: 'dropped', known: changes.knownOf(entityId) });
    }
    facts.push(...(await writeChanges(session, context, changes)));
    const left = [...new Set(changes.gone.map((op) => op.entityId))];
    await removeConflicts(session, kind, left);
    facts.push(...(await giveUp(session, context, changes.gone, reason)));
    await releaseDependents(session, context, kind, left);
  }
  return facts;
}
