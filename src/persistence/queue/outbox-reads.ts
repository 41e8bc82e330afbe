import type { StoreContext } from '../database/store-context.ts';
import { outboxSelection, toOp, toStoredOp, type RawOutboxRow } from '../outbox/outbox-rows.ts';
import { rethrowForCaller } from '../sql/database-failure.ts';
import { listOf, type Session } from '../sql/session.ts';
import type { KindsFilter, OutboxRepository } from './outbox-repository.ts';

/** The methods of an app's outbox that only read. */
export function outboxReads({
  unit,
  config,
}: StoreContext): Pick<OutboxRepository, 'take' | 'hasOperations' | 'getStuck' | 'countStuck'> {
  const read = <T>(work: (session: Session) => Promise<T>): Promise<T> => unit.read(work).catch(rethrowForCaller);
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
  return {
    take: async (options = {}) => {
      if (options.kinds?.length === 0) return [];
      return read(async (session) => {
        const kinds = whereKinds(session, options);
        const tries = options.maxTryCountExclusive === undefined ? '' : ' AND "try_count" < ?';
        const rows = await session.query<RawOutboxRow>(
          `SELECT ${outboxSelection} FROM "sync_outbox" WHERE true${kinds.sql}${tries} ORDER BY "seq" LIMIT ?`,
          [
            ...kinds.parameters,
            ...(options.maxTryCountExclusive === undefined ? [] : [options.maxTryCountExclusive]),
            options.limit ?? 100,
          ],
        );
        return rows.map((row) => toOp(toStoredOp(row)));
      });
    },

    hasOperations: async (filter) => {
      if (filter?.kinds?.length === 0) return false;
      return read(async (session) => {
        const kinds = whereKinds(session, filter);
        return (
          (await session.one(
            `SELECT 1 AS "found" FROM "sync_outbox" WHERE true${kinds.sql} LIMIT 1`,
            kinds.parameters,
          )) !== undefined
        );
      });
    },

    getStuck: async (options) => {
      const where = stuckWhere(minimum(options?.minTryCount));
      return read(async (session) => {
        const kinds = whereKinds(session, options);
        const rows = await session.query<RawOutboxRow>(
          `SELECT ${outboxSelection} FROM "sync_outbox" WHERE ${where.sql}${kinds.sql} ORDER BY "seq"`,
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
        const kinds = whereKinds(session, options);
        const row = await session.one<{ count: number | string }>(
          `SELECT COUNT(*) AS "count" FROM "sync_outbox" WHERE ${where.sql}${kinds.sql}`,
          [...where.parameters, ...kinds.parameters],
        );
        return Number(row?.count ?? 0);
      });
    },
  };
}

/** SQL condition: the operation is of one of these kinds. Begins with AND, or is empty. */
const whereKinds = (
  session: Session,
  filter: KindsFilter | undefined,
): { readonly sql: string; readonly parameters: readonly unknown[] } =>
  filter?.kinds === undefined
    ? { sql: '', parameters: [] }
    : { sql: ` AND ${session.dialect.inList('"kind"')}`, parameters: [listOf(filter.kinds)] };
