import { SyncAbortedError } from '../model/errors/errors.ts';
import { createDataAccess } from './access/create-data-access.ts';
import type { SyncEngine } from './api/sync-engine.ts';
import { createEngineCore } from './core/engine-core.ts';
import { attachInternals, internalsOf, type RunningMachine } from './core/engine-internals.ts';
import type { Composition } from './ports/compose-ports.ts';
import type { SyncEngineOptions } from './ports/engine-options.ts';
import { pageConnectivity } from './triggers/browser-connectivity.ts';
import { untilOver } from './waits/until-over.ts';
import { handled } from './waits/waiters.ts';

type DatabaseOptions = Pick<SyncEngineOptions, 'dataSource' | 'tables' | 'connectivity'>;

/** Keyed by the actor, an object of XState. */
const engines = new WeakMap<object, SyncEngine>();

/** The engine that controls an actor. */
export const engineLeading = (actor: object): SyncEngine | undefined => engines.get(actor);

/** Builds the complete façade over a database: over the app's actor, or over its own. */
export function engineOverDatabase(
  { ports, store }: Composition,
  { dataSource, tables, connectivity }: DatabaseOptions,
  running?: RunningMachine,
): SyncEngine {
  const { gate, queue, outbox, cursors, repairs } = store;
  const core = createEngineCore({
    ports,
    queue,
    inspection: store.inspection,
    storage: store.storage,
    connectivity: connectivity === false ? undefined : (connectivity ?? pageConnectivity()),
    running,
    detached: (work) => gate.detached(work),
  });
  const internals = internalsOf(core, 'createSyncEngine');
  const { isDisposed, send, tell } = internals;
  /** Never joins a transaction of the app. Rejects once the engine is disposed. */
  const alive = <T>(work: () => Promise<T>): Promise<T> =>
    handled(
      isDisposed()
        ? Promise.reject(new SyncAbortedError('the engine is disposed; create a new one'))
        : gate.detached(work),
    );
  const push = (): void => send({ type: 'SYNC', pullKinds: [], automatic: true });
  const engine: SyncEngine = {
    ...core,
    outbox: {
      ...outbox,
      watchPendingCount: (filter) => untilOver(outbox.watchPendingCount(filter), core.events$),
      watchHasOperations: (filter) => untilOver(outbox.watchHasOperations(filter), core.events$),
    },
    cursors,
    amend: (opId, patch) =>
      alive(async () => {
        await repairs.amend(opId, patch);
        push();
      }),
    undoDiscard: (opId) => alive(() => repairs.undoDiscard(opId)),
    discarded: (filter) => alive(() => repairs.discarded(filter)),
    ...createDataAccess({
      dataSource,
      tables,
      store,
      config: ports.config,
      clock: ports.clock,
      core,
      isDisposed,
      alive,
      push,
    }),
  };
  store.onFacts(tell);
  attachInternals(engine, {
    ...internals,
    tableOf: (kind) => {
      const replica = store.registry.get(kind);
      const table = tables.find(({ target }) => dataSource.getMetadata(target) === replica?.metadata);
      return replica && table && { table, propertyOf: (wireKey) => replica.columns.propertyOf(wireKey) };
    },
  });
  engines.set(engine.actor, engine);
  return engine;
}
