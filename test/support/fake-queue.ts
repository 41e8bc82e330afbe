import type { QueuedOperation, QueuePort } from '../../src/model/queue.ts';
import { discardedFacts, entityKey, type FakeDatabase, type Queued } from './fake-database.ts';

/** The queue's port over a {@link FakeDatabase}. */
export function createFakeQueue(database: FakeDatabase): QueuePort {
  const inFilter =
    (wanted: readonly string[] | undefined) =>
    ({ op }: Queued): boolean =>
      wanted === undefined || wanted.includes(op.kind);
  const parkedIn = (wanted: readonly string[] | undefined, ...reasons: readonly string[]): Queued[] =>
    database.ops
      .filter(({ parkedFor }) => parkedFor !== undefined && reasons.includes(parkedFor))
      .filter(inFilter(wanted));
  const turn = (): Promise<void> => Promise.resolve();
  const queue: QueuePort = {
    list: async (filter) => {
      await turn();
      return database.ops.filter(inFilter(filter?.kinds)).map((queued): QueuedOperation => {
        const line = database.queueOf(queued.op.kind, queued.op.id);
        return {
          opId: queued.op.opId,
          kind: queued.op.kind,
          entityId: queued.op.id,
          type: queued.op.type,
          state: queued.state,
          parkedFor: queued.parkedFor,
          waitingFor: line[line.indexOf(queued) - 1]?.op.opId,
          dueAt: queued.dueAt,
          tryCount: queued.tryCount,
          lastError: queued.lastError,
          errorCode: queued.errorCode,
          enqueuedAt: queued.enqueuedAt,
        };
      });
    },
    counts: async (filter) => {
      await turn();
      const stuck = parkedIn(filter?.kinds, 'stuck').length;
      return {
        stuck,
        pending: database.ops.filter(inFilter(filter?.kinds)).length - stuck,
        conflicts: [...database.conflicts.values()].filter(
          ({ conflict, state }) => state !== 'decided' && (filter?.kinds?.includes(conflict.kind) ?? true),
        ).length,
      };
    },
    sample: async (limit) => {
      const operations = await queue.list();
      return { operations: operations.slice(0, limit), quarantine: [], isCut: operations.length > limit };
    },
    hasSendable: async (filter) => {
      await turn();
      return database.ops.some(
        (queued) =>
          inFilter(filter?.kinds)(queued) &&
          (queued.state === 'ready' || queued.state === 'waiting') &&
          queued.errorCode !== 'forbidden',
      );
    },
    retryStuck: async (filter) => {
      await turn();
      const heads = parkedIn(filter?.kinds, 'stuck', 'ambiguous');
      for (const head of heads) {
        for (const queued of database.queueOf(head.op.kind, head.op.id))
          Object.assign(queued, { tryCount: 0, dueAt: undefined });
        Object.assign(head, { state: 'ready', parkedFor: undefined });
      }
      database.changed(true);
      return heads.length;
    },
    dropStuck: async (filter) => {
      await turn();
      const facts = parkedIn(filter?.kinds, 'stuck', 'ambiguous').flatMap((head) => {
        const { kind, id } = head.op;
        // What was refused together goes together.
        const leaving = database
          .queueOf(kind, id)
          .filter((queued) => queued === head || queued.tryCount >= head.tryCount);
        const gone = database.leave(
          kind,
          id,
          leaving.map(({ op }) => op.opId),
          'dropped',
        );
        database.conflicts.delete(entityKey(kind, id));
        return discardedFacts(gone, 'dropped');
      });
      database.changed();
      return facts;
    },
    subscribe: (listener) => {
      database.listeners.add(listener);
      return () => database.listeners.delete(listener);
    },
    adoptScope: async (scope) => {
      await turn();
      database.scope = scope;
    },
    clearScope: async (scope) => {
      await turn();
      const facts = discardedFacts(database.ops, 'scopeCleared');
      database.ops = [];
      for (const part of [database.rows, database.known, database.positions, database.resyncs, database.conflicts])
        part.clear();
      const { retryAt: _retryAt, request: _request, lastSyncedAt: _last, ...state } = database.state;
      database.state = { ...state, attempt: 0 };
      database.scope = scope;
      return facts;
    },
  };
  return queue;
}
