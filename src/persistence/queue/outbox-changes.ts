import type { SyncFact } from '../../model/events.ts';
import type { StoreContext } from '../database/store-context.ts';
import { enqueueOp } from '../outbox/enqueue.ts';
import { changeTries, recordFailure } from '../outbox/transitions/retry.ts';
import { rethrowForCaller } from '../sql/database-failure.ts';
import type { Session } from '../sql/session.ts';
import { boundedError } from '../sql/stored-reason.ts';
import { acknowledge } from './acknowledge.ts';
import { dropOperations } from './drop-operations.ts';
import type { OutboxRepository } from './outbox-repository.ts';
import { selectOperations } from './selected-operations.ts';

export interface ChangeParts {
  /** Called after the commit, so that no edit leaves without an event (F-48, F-108). */
  onPurged(facts: readonly SyncFact[]): void;
}

/** The methods of an app's outbox that change it, each in its own transaction. */
export function outboxChanges(
  context: StoreContext,
  { onPurged }: ChangeParts,
): Pick<
  OutboxRepository,
  'enqueue' | 'ack' | 'recordFailures' | 'incrementTryCount' | 'resetTryCount' | 'purgeOlderThan'
> {
  const { unit, config } = context;
  const write = <T>(work: (session: Session) => Promise<T>): Promise<T> =>
    unit.transaction(work).catch(rethrowForCaller);

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

    ack: async (opIds) => {
      if (opIds.length > 0) await write((session) => acknowledge(session, context, opIds));
    },

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

    purgeOlderThan: async (threshold, options) => {
      const time = new Date(threshold);
      if (Number.isNaN(time.getTime()))
        throw new RangeError(`purgeOlderThan: the threshold must be a time, got ${String(threshold)}`);
      const facts = await write(async (session) => {
        const stuck = options?.states === 'all' ? '' : ` AND ("parked" = 'stuck')`;
        const condition = { sql: ` AND "ts" <= ?${stuck}`, parameters: [time.toISOString()] };
        return dropOperations(session, context, await selectOperations(session, condition, undefined), 'purged');
      });
      onPurged(facts);
      return facts.filter((fact) => fact.type === 'op.discarded').length;
    },
  };
}
