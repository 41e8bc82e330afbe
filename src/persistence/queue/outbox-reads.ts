import type { StoreContext } from '../database/store-context.ts';
import { toOp } from '../outbox/outbox-rows.ts';
import { rethrowForCaller } from '../sql/database-failure.ts';
import type { Session } from '../sql/session.ts';
import type { OutboxRepository } from './outbox-repository.ts';
import { ofFilter, selectOperations } from './selected-operations.ts';

/** The read-only methods of an app's outbox. */
export function outboxReads({
  unit,
  config,
}: StoreContext): Pick<OutboxRepository, 'take' | 'hasOperations' | 'getStuck' | 'countStuck'> {
  const read = <T>(work: (session: Session) => Promise<T>): Promise<T> => unit.read(work).catch(rethrowForCaller);
  const stuckWhere = (minTryCount: number): { readonly sql: string; readonly parameters: readonly unknown[] } => ({
    sql: ` AND ("try_count" >= ?${minTryCount === config.maxOutboxTryCount ? ` OR "parked" = 'stuck'` : ''})`,
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
        const { kinds, limit = 100, maxTryCountExclusive: tries } = options;
        const condition = tries === undefined ? '' : { sql: ' AND "try_count" < ?', parameters: [tries] };
        return (await selectOperations(session, condition, { kinds }, limit)).map(toOp);
      });
    },

    hasOperations: async (filter) => {
      if (filter?.kinds?.length === 0) return false;
      return read(async (session) => {
        const kinds = ofFilter(session, { kinds: filter?.kinds });
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
        return (await selectOperations(session, where, { kinds: options?.kinds })).map((op) => ({
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
        const kinds = ofFilter(session, { kinds: options?.kinds });
        const row = await session.one<{ count: number | string }>(
          `SELECT COUNT(*) AS "count" FROM "sync_outbox" WHERE true${where.sql}${kinds.sql}`,
          [...where.parameters, ...kinds.parameters],
        );
        return Number(row?.count ?? 0);
      });
    },
  };
}
