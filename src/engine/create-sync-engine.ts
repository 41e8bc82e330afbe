import { checkNames, checkOptions, ownedBy, pickOptions } from '../model/options/complete-options.ts';
import { without, type OptionList } from '../model/options/option-list.ts';
import { RestTransport } from '../transport/rest-transport.ts';
import { restOptions, type RestTransportOptions } from '../transport/http/rest-options.ts';
import { composePorts } from './ports/compose-ports.ts';
import { engineOverDatabase } from './engine-over-database.ts';
import { engineOptions, type SyncEngineOptions } from './ports/engine-options.ts';
import type { SyncEngine } from './api/sync-engine.ts';

/**
 * Builds an engine over a database and a transport. Throws `RangeError` that names an invalid setting, or `TypeError`
 * that names a table that cannot be synchronised. Accesses neither database nor network before `start()` or the first
 * command.
 */
export function createSyncEngine(options: SyncEngineOptions): SyncEngine {
  checkOptions(ownedBy('createSyncEngine'), engineOptions, options);
  return engineOverDatabase(composePorts(options), options);
}

export type RestSyncEngineOptions = Omit<SyncEngineOptions, 'transport'> & RestTransportOptions;

/** Options of the engine itself; the transport is created from the others. */
const ownOptions = without(engineOptions, 'transport');
const restEngineOptions = { ...ownOptions, ...restOptions } satisfies OptionList<RestSyncEngineOptions>;

/**
 * Builds a `RestTransport` and an engine over it in one call. `config.requestTimeoutMs` also applies to the requests.
 */
export function createRestSyncEngine(options: RestSyncEngineOptions): SyncEngine {
  checkNames(ownedBy('createRestSyncEngine'), restEngineOptions, options);
  const rest = pickOptions<RestTransportOptions>(restOptions, options);
  const transport = new RestTransport({
    ...rest,
    requestTimeoutMs: rest.requestTimeoutMs ?? options.config?.requestTimeoutMs,
  });
  return createSyncEngine({ ...pickOptions<Omit<SyncEngineOptions, 'transport'>>(ownOptions, options), transport });
}
