import { Observable } from 'rxjs';
import type { StoredConflict } from '../../model/conflict.ts';
import type { SyncEngineCore } from '../api/sync-engine.ts';
import { explainOperation } from '../status/explain.ts';
import { readAgain } from '../status/read-again.ts';
import type { EngineContext } from './engine-context.ts';

type QueueCommands = Pick<
  SyncEngineCore,
  | 'resolveConflict'
  | 'conflicts'
  | 'conflicts$'
  | 'getStuckOperations'
  | 'retryStuckOperations'
  | 'dropStuckOperations'
  | 'explain'
  | 'pending$'
>;

/** Commands that read and change the queue and its conflicts. `detached` reads outside the app's transaction. */
export function queueCommands(
  { ports, queue, actor, life, news }: EngineContext,
  detached: <T>(work: () => T) => T,
): QueueCommands {
  const { store, kinds } = ports;
  /** Emits now and after each change of the queue, even before the engine is started. */
  const queueChanges = new Observable<undefined>((subscriber) => {
    subscriber.next(undefined);
    const stop = queue.subscribe(() => subscriber.next(undefined));
    const end = news.conflicts.stream.subscribe({ complete: () => subscriber.complete() });
    return () => {
      stop();
      end.unsubscribe();
    };
  });
  const reread = <T>(
    causes: readonly Observable<unknown>[],
    read: () => Promise<T>,
    isSame: (a: T, b: T) => boolean,
  ): Observable<T> => readAgain(causes, () => detached(read), isSame);

  /** Conflicts that wait for a decision. A decided conflict only waits for a run. */
  const openConflicts = async (): Promise<readonly StoredConflict[]> =>
    (await store.conflicts()).filter(({ state }) => state !== 'decided');

  return {
    resolveConflict: (opId, resolution, { expected } = {}) =>
      life.alive(async () => {
        await store.decideConflict(opId, resolution, { expected });
        life.send({ type: 'RESOLVE_CONFLICT', opId, resolution });
      }),
    conflicts: () => life.alive(openConflicts),
    conflicts$: reread([news.conflicts.stream, queueChanges], openConflicts, sameConflicts),
    getStuckOperations: (filter) =>
      life.alive(async () =>
        (await queue.list(filter)).filter(({ parkedFor }) => parkedFor === 'stuck' || parkedFor === 'ambiguous'),
      ),
    retryStuckOperations: (filter) =>
      life.alive(async () => {
        const count = await queue.retryStuck(filter);
        if (count > 0) life.send({ type: 'SYNC', pullKinds: [], automatic: true });
        return count;
      }),
    dropStuckOperations: (filter) =>
      life.alive(async () => {
        const facts = await queue.dropStuck(filter);
        news.tell(facts);
        return facts.filter(({ type }) => type === 'op.discarded').length;
      }),
    explain: () =>
      life.alive(async () => {
        const operations = await queue.list();
        const snapshot = actor.getSnapshot();
        return operations.map((operation) => explainOperation(operation, snapshot, kinds.has(operation.kind)));
      }),
    pending$: (options = {}) =>
      reread(
        [queueChanges],
        async () => {
          const { pending, stuck } = await queue.counts(options);
          return options.includeStuck === true ? pending + stuck : pending;
        },
        Object.is,
      ),
  };
}

const sameConflicts = (a: readonly StoredConflict[], b: readonly StoredConflict[]): boolean =>
  a.length === b.length &&
  a.every((one, index) => {
    const other = b[index];
    return (
      one.conflict.opId === other?.conflict.opId &&
      one.detectedAt === other.detectedAt &&
      one.state === other.state &&
      one.reason === other.reason &&
      one.conflict.serverTimestamp === other.conflict.serverTimestamp &&
      one.conflict.serverVersion === other.conflict.serverVersion &&
      one.conflict.serverDeleted === other.conflict.serverDeleted
    );
  });
