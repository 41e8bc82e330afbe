import { distinctUntilChanged, map, of, type Observable } from 'rxjs';
import type { DataSource } from 'typeorm';
import type { SyncFact } from '../../model/events.ts';
import type { Op } from '../../model/operation.ts';
import type { Kinds } from '../../model/run.ts';
import type { ChangeFeed } from '../follow/change-feed.ts';
import type { ConnectionGate } from '../gate/connection-gate.ts';
import { rethrowForCaller } from '../sql/database-failure.ts';
import { releaseDependents } from '../taking/dependencies.ts';
import { enqueueOp } from '../outbox/enqueue.ts';
import { changeTries, recordFailure } from '../outbox/transitions/retry.ts';
import { leaveById, promoteHeads } from '../outbox/transitions/lead-line.ts';
import { outboxColumns, toOp, toStoredOp, type RawOutboxRow } from '../outbox/outbox-rows.ts';
import { countQueue } from '../outbox/queue-counts.ts';
import { dropOperations } from './queue.ts';
import { liveRead } from '../follow/live-read.ts';
import { chunked, listOf, type Session } from '../sql/session.ts';
import type { StoreContext } from '../database/store-context.ts';
import { boundedError } from '../sql/stored-reason.ts';

interface KindsFilter {
  readonly kinds?: Kinds | undefined;
}

/** An operation that needs attention, with what is known of its failures. Times are epoch ms. */
export interface StuckOperation {
  readonly op: Op;
  readonly tryCount: number;
  readonly lastError?: string | undefined;
  readonly errorCode?: string | undefined;
  readonly lastTriedAt?: number | undefined;
}

/** The queue as an app or a test looks at it. Every method rejects with `DatabaseError` when the database refuses. */
export interface OutboxRepository {
  /**
   * Queues an operation in a transaction of its own. Throws `ValidationError` naming the field; nothing was written.
   */
  enqueue(op: Op): Promise<void>;
  /** Reads without removing, in outbox order, unfolded. `limit` is 100 unless told; `kinds: []` gives none. */
  take(
    options?: KindsFilter & { readonly limit?: number; readonly maxTryCountExclusive?: number },
  ): Promise<readonly Op[]>;
  /** Removes operations that the server has; unknown ids are ignored. */
  ack(opIds: readonly string[]): Promise<void>;
  hasOperations(filter?: KindsFilter): Promise<boolean>;
  /** Emits the count at once and after each change; stuck operations count only with `includeStuck`. */
  watchPendingCount(filter?: KindsFilter & { readonly includeStuck?: boolean }): Observable<number>;
  watchHasOperations(filter?: KindsFilter & { readonly includeStuck?: boolean }): Observable<boolean>;
  /** Counts a failed try for each operation and keeps its error; at `maxOutboxTryCount` it is stuck. */
  recordFailures(errors: Readonly<Record<string, string>>, triedAt?: number): Promise<void>;
  incrementTryCount(opIds: readonly string[]): Promise<void>;
  /** Makes operations ready again; their last error is kept. */
  resetTryCount(opIds: readonly string[]): Promise<void>;
  /**
   * All operations with at least `minTryCount` tries (default `maxOutboxTryCount`), in outbox order. Throws
   * `RangeError` below 1.
   */
  getStuck(options?: KindsFilter & { readonly minTryCount?: number }): Promise<readonly StuckOperation[]>;
  countStuck(options?: KindsFilter & { readonly minTryCount?: number }): Promise<number>;
  /**
   * Gives up stuck operations made at or before a time, or with `states: 'all'` all that are not under way (F-48);
   * returns how many.
   */
  purgeOlderThan(threshold: Date | number | string, options?: { readonly states?: 'stuck' | 'all' }): Promise<number>;
}

export interface OutboxRepositoryParts {
  readonly dataSource: DataSource;
  readonly gate: ConnectionGate;
  readonly feed: ChangeFeed;
  /** Listens to other connections' commits while somebody watches; returns the function that ends it. */
  listenElsewhere(): () => void;
  /** Told after the commit: nobody's edits leave without an event (F-48, F-108). */
  onPurged(facts: readonly SyncFact[]): void;
}

export function createOutboxRepository(
  context: StoreContext,
  { dataSource, gate, feed, listenElsewhere, onPurged }: OutboxRepositoryParts,
): OutboxRepository {
  const { unit, config } = context;
  const kindsOf = (
    session: Session,
    filter: KindsFilter | undefined,
  ): { readonly sql: string; readonly parameters: readonly unknown[] } =>
    filter?.kinds === undefined
      ? { sql: '', parameters: [] }
      : { sql: ` AND ${session.dialect.inList('"kind"')}`, parameters: [listOf(filter.kinds)] };
  const read = <T>(work: (session: Session) => Promise<T>): Promise<T> => unit.read(work).catch(rethrowForCaller);
  const write = <T>(work: (session: Session) => Promise<T>): Promise<T> =>
    unit.transaction(work).catch(rethrowForCaller);

  const stuckWhere = (minTryCount: number): { readonly sql: string; readonly parameters: readonly unknown[] } => ({
    sql: `("try_count" >= ?${minTryCount === config.maxOutboxTryCount ? ` OR "parked" = 'stuck'` : ''})`,
    parameters: [minTryCount],
  });
  const minimum = (given: number | undefined): number => {
    const value = given ?? config.maxOutboxTryCount;
    if (!Number.isInteger(value) || value < 1)
      throw new RangeError(`minTryCount must be a whole number of at least 1, got ${String(given)}`);
    return value;
  };
  const count = async (
    session: Session,
    filter: (KindsFilter & { readonly includeStuck?: boolean }) | undefined,
  ): Promise<number> => {
    if (filter?.kinds?.length === 0) return 0;
    const { total, stuck } = await countQueue(session, filter);
    return filter?.includeStuck ? total : total - stuck;
  };
  const watch = (filter: (KindsFilter & { readonly includeStuck?: boolean }) | undefined): Observable<number> => {
    if (filter?.kinds?.length === 0) return of(0);
    return liveRead<number>({
      dataSource,
      gate,
      feed,
      listenElsewhere,
      tables: ['sync_outbox'],
      begin: () => {
        let last: number | undefined;
        return {
          read: () => read((session) => count(session, filter)),
          isNews: (value) => {
            const isOther = value !== last;
            last = value;
            return isOther;
          },
        };
      },
    });
  };

  return {
    enqueue: (op) =>
      write(async (session) => {
        const table = context.registry.get(op.kind);
        const row = table && (await table.rows.read(session, [op.id])).get(op.id);
        await enqueueOp(
          session,
          op,
          table,
          { row: op.creates ? undefined : row, version: (row && table.readUpdatedAt(row)) ?? op.baseUpdatedAt },
          unit.clock.now(),
        );
      }),

    take: async (options = {}) => {
      if (options.kinds?.length === 0) return [];
      return read(async (session) => {
        const kinds = kindsOf(session, options);
        const tries = options.maxTryCountExclusive === undefined ? '' : ' AND "try_count" < ?';
        const rows = await session.query<RawOutboxRow>(
          `SELECT ${outboxColumns} FROM "sync_outbox" WHERE true${kinds.sql}${tries} ORDER BY "seq" LIMIT ?`,
          [
            ...kinds.parameters,
            ...(options.maxTryCountExclusive === undefined ? [] : [options.maxTryCountExclusive]),
            options.limit ?? 100,
          ],
        );
        return rows.map((row) => toOp(toStoredOp(row)));
      });
    },

    ack: async (opIds) => {
      if (opIds.length === 0) return;
      await write(async (session) => {
        for (const part of chunked(opIds, 10_000)) {
          const gone = await leaveById(session, part);
          // The server has a row now of which it never said a version: it counts as sent, and is looked at before its
          // next operation.
          for (const { kind, entityId, payload } of gone) {
            if (payload === null) continue;
            await session.run(
              `UPDATE "sync_base" SET "version_unknown" = 1, "last_sent" = ? WHERE "kind" = ? AND "entity_id" = ? AND "base_version" IS NULL AND "server_version" IS NULL`,
              [payload, kind, entityId],
            );
          }
          for (const kind of new Set(gone.map((row) => row.kind))) {
            const entityIds = [...new Set(gone.filter((row) => row.kind === kind).map((row) => row.entityId))];
            const entities = listOf(entityIds);
            const { inList } = session.dialect;
            await session.run(`DELETE FROM "sync_conflicts" WHERE "kind" = ? AND ${inList('"op_id"')}`, [
              kind,
              listOf(part),
            ]);
            await releaseDependents(session, context, kind, entityIds);
            await promoteHeads(session, kind, entityIds, config.maxOutboxTryCount);
            await session.run(
              `DELETE FROM "sync_base" WHERE "kind" = ? AND ${inList('"entity_id"')} AND ("version_unknown" = 0 OR "last_sent" IS NULL)
               AND NOT EXISTS (SELECT 1 FROM "sync_outbox" o WHERE o."kind" = "sync_base"."kind" AND o."entity_id" = "sync_base"."entity_id")`,
              [kind, entities],
            );
          }
        }
      });
    },

    hasOperations: async (filter) => {
      if (filter?.kinds?.length === 0) return false;
      return read(async (session) => {
        const kinds = kindsOf(session, filter);
        return (
          (await session.one(
            `SELECT 1 AS "found" FROM "sync_outbox" WHERE true${kinds.sql} LIMIT 1`,
            kinds.parameters,
          )) !== undefined
        );
      });
    },

    watchPendingCount: watch,
    watchHasOperations: (filter) =>
      watch(filter).pipe(
        map((pending) => pending > 0),
        distinctUntilChanged(),
      ),

    recordFailures: async (errors, triedAt) => {
      const entries = Object.entries(errors);
      if (entries.length === 0) return;
      await write(async (session) => {
        for (const [opId, error] of entries)
          await recordFailure(session, opId, boundedError(error), triedAt ?? unit.clock.now());
        await changeTries(
          session,
          entries.map(([opId]) => opId),
          'countOne',
          config.maxOutboxTryCount,
        );
      });
    },

    incrementTryCount: async (opIds) => {
      if (opIds.length > 0) await write((session) => changeTries(session, opIds, 'countOne', config.maxOutboxTryCount));
    },

    resetTryCount: async (opIds) => {
      if (opIds.length === 0) return;
      await write((session) => changeTries(session, opIds, 'reset', config.maxOutboxTryCount));
    },

    getStuck: async (options) => {
      const where = stuckWhere(minimum(options?.minTryCount));
      return read(async (session) => {
        const kinds = kindsOf(session, options);
        const rows = await session.query<RawOutboxRow>(
          `SELECT ${outboxColumns} FROM "sync_outbox" WHERE ${where.sql}${kinds.sql} ORDER BY "seq"`,
          [...where.parameters, ...kinds.parameters],
        );
        return rows.map(toStoredOp).map((op) => ({
          op: toOp(op),
          tryCount: op.tryCount,
          lastError: op.lastError,
          errorCode: op.errorCode,
          lastTriedAt: op.lastTriedAt,
        }));
      });
    },

    countStuck: async (options) => {
      const where = stuckWhere(minimum(options?.minTryCount));
      return read(async (session) => {
        const kinds = kindsOf(session, options);
        const row = await session.one<{ count: number | string }>(
          `SELECT COUNT(*) AS "count" FROM "sync_outbox" WHERE ${where.sql}${kinds.sql}`,
          [...where.parameters, ...kinds.parameters],
        );
        return Number(row?.count ?? 0);
      });
    },

    purgeOlderThan: async (threshold, options) => {
      const time = new Date(threshold);
      if (Number.isNaN(time.getTime()))
        throw new RangeError(`purgeOlderThan: the threshold must be a time, got ${String(threshold)}`);
      const facts = await write(async (session) => {
        const stuck = options?.states === 'all' ? '' : ` AND ("parked" = 'stuck')`;
        const rows = await session.query<RawOutboxRow>(
          `SELECT ${outboxColumns} FROM "sync_outbox" WHERE "ts" <= ?${stuck} ORDER BY "seq"`,
          [time.toISOString()],
        );
        return dropOperations(session, context, rows.map(toStoredOp), 'purged');
      });
      onPurged(facts);
      return facts.filter((fact) => fact.type === 'op.discarded').length;
    },
  };
}
