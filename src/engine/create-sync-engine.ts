import { SyncAbortedError } from '../model/errors/errors.ts';
import { checkNames, checkOptions, ownedBy, pickOptions } from '../model/options/complete-options.ts';
import { without, type OptionList } from '../model/options/option-list.ts';
import { RestTransport } from '../transport/rest-transport.ts';
import { restOptions, type RestTransportOptions } from '../transport/http/rest-options.ts';
import { composePorts } from './ports/compose-ports.ts';
import { createDataAccess } from './access/create-data-access.ts';
import { createEngineCore, internalsOf, rememberInternals } from './core/engine-core.ts';
import { engineOptions, type SyncEngineOptions } from './ports/engine-options.ts';
import type { SyncEngine } from './api/sync-engine.ts';
import { untilOver } from './waits/until-over.ts';
import { handled } from './waits/waiters.ts';

/**
 * Builds an engine over a database and a transport. Throws `RangeError` naming a bad setting and `TypeError` naming a table that cannot be
 * synchronised; reads, writes and asks nothing before `start()` or the first command.
 */
export function createSyncEngine(options: SyncEngineOptions): SyncEngine {
  checkOptions(ownedBy('createSyncEngine'), engineOptions, options);
  const { ports, store } = composePorts(options);
  const { gate, queue, outbox, cursors, repairs } = store;
  const core = createEngineCore({ ports, queue, inspection: store.inspection, connectivity: options.connectivity, detached: (work) => gate.detached(work) });
  /** Never part of a transaction of the app, and over when the engine is. */
  const alive = <T>(work: () => Promise<T>): Promise<T> =>
    handled(internalsOf(core)?.isDisposed() === true ? Promise.reject(new SyncAbortedError('the engine is disposed; create a new one')) : gate.detached(work));
  const push = (): void => internalsOf(core)?.send({ type: 'SYNC', pullKinds: [], automatic: true });
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
    ...createDataAccess({ dataSource: options.dataSource, tables: options.tables, store, config: ports.config, clock: ports.clock, core, alive, push }),
  };
  store.onFacts((facts) => internalsOf(core)?.tell(facts));
  const internals = internalsOf(core);
  if (internals !== undefined) rememberInternals(engine, internals);
  return engine;
}

export type RestSyncEngineOptions = Omit<SyncEngineOptions, 'transport'> & RestTransportOptions;

/** Those of the engine, which gets its transport made. */
const ownOptions = without(engineOptions, 'transport');
const restEngineOptions = { ...ownOptions, ...restOptions } satisfies OptionList<RestSyncEngineOptions>;

/** Builds a `RestTransport` and an engine over it in one call; `config.requestTimeoutMs` holds for the requests, too. */
export function createRestSyncEngine(options: RestSyncEngineOptions): SyncEngine {
  checkNames(ownedBy('createRestSyncEngine'), restEngineOptions, options);
  const rest = pickOptions<RestTransportOptions>(restOptions, options);
  const transport = new RestTransport({ ...rest, requestTimeoutMs: rest.requestTimeoutMs ?? options.config?.requestTimeoutMs });
  return createSyncEngine({ ...pickOptions<Omit<SyncEngineOptions, 'transport'>>(ownOptions, options), transport });
}
