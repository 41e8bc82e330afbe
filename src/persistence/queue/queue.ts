import type { SyncFact } from '../../model/events.ts';
import type { QueuedOperation, QueueFilter, QueuePort, QueueSample } from '../../model/queue.ts';
import type { ChangeFeed } from '../follow/change-feed.ts';
import { clearScope } from './clear-scope.ts';
import { rethrowForCaller } from '../sql/database-failure.ts';
import { OutboxState } from '../database/outbox-columns.ts';
import { isRefusalCode } from '../../rules/answers/refusal-code.ts';
import { grouped } from '../../rules/values/grouped.ts';
import type { StoredOp } from '../outbox/outbox-rows.ts';
import { countQueue } from '../outbox/queue-counts.ts';
import { retryEntities } from '../outbox/transitions/retry.ts';
import type { Session } from '../sql/session.ts';
import type { StoreContext } from '../database/store-context.ts';
import { dropOperations } from './drop-operations.ts';
import { ofFilter, selectOperations } from './selected-operations.ts';
import { openResync } from '../replica/resync.ts';
import { writeState } from '../database/sync-state.ts';
import { QueueCounter } from './queue-counter.ts';
import { newerKinds } from '../upgrades/upgrade-schemas.ts';
import { toQueuedOperations } from './queued-operations.ts';
import { sampleQueue } from './queue-sample.ts';

/** Reads and repairs the queue outside any run. */
export function createQueue(
  context: StoreContext,
  feed: ChangeFeed,
  { hearsAll }: { readonly hearsAll: boolean },
): QueuePort {
  const { unit } = context;
  const counter = new QueueCounter(feed, hearsAll);

  /** Operations of the named kinds that have no registered table. Nothing else can be done with them here. */
  const orphansOf = (session: Session, filter: QueueFilter | undefined): Promise<readonly StoredOp[]> => {
    const strangers = filter?.kinds?.filter((kind) => !context.registry.has(kind)) ?? [];
    return strangers.length === 0
      ? Promise.resolve([])
      : selectOperations(session, '', { ...filter, kinds: strangers });
  };
  /** The operations named in `opIds` that the server refused and the engine would send again. */
  const refusedOf = async (session: Session, filter: QueueFilter | undefined): Promise<readonly StoredOp[]> => {
    if (filter?.opIds === undefined) return [];
    const waiting = await selectOperations(session, ` AND "state" = ${OutboxState.waiting}`, filter);
    return waiting.filter(({ errorCode }) => errorCode === 'forbidden' || isRefusalCode(errorCode));
  };
  const stuckOrUnproven = ` AND "state" = ${OutboxState.parked} AND "parked" IN ('stuck', 'ambiguous')`;

  return {
    list: (filter?: QueueFilter): Promise<readonly QueuedOperation[]> =>
      unit.read(async (session) => {
        const ops = await selectOperations(session, '', filter);
        const refused = await newerKinds(session, [...context.registry.values()]);
        return toQueuedOperations(context, ops, refused);
      }),

    counts: (
      filter?: QueueFilter,
    ): Promise<{ readonly pending: number; readonly stuck: number; readonly conflicts: number }> =>
      unit.read(async (session) => {
        if (filter?.kinds === undefined) return counter.count(session);
        const kinds = ofFilter(session, filter);
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
        const kinds = ofFilter(session, filter);
        // Two queries, because each uses its own partial index.
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

    /** Includes the followers that they block (F-49). */
    retryStuck: (filter?: QueueFilter): Promise<number> =>
      unit.transaction(async (session) => {
        const ops = await selectOperations(session, stuckOrUnproven, filter);
        for (const [kind, heads] of grouped(ops, (op) => op.kind)) {
          // Somebody decided to send the same request again, as if for the first time.
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

    /** Restores their rows to the server's state, and discards operations built on a dropped create (F-49). */
    dropStuck: (filter?: QueueFilter): Promise<readonly SyncFact[]> =>
      unit.transaction(async (session) => {
        const parked = await selectOperations(session, stuckOrUnproven, filter);
        const heads = [...parked, ...(await refusedOf(session, filter))];
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
