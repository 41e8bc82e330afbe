import type { DataSource } from 'typeorm';
import type { Clock, RandomSource } from '../../model/platform/clock.ts';
import type { SyncConfig } from '../../model/config.ts';
import type { TableConflictConfig } from '../../model/conflict.ts';
import { aClock, aFunction, anObject, objectWith, orFalse, valueThat } from '../../model/options/bounds.ts';
import { byDefault, optional, required, type Completed, type OptionList } from '../../model/options/option-list.ts';
import type { ConnectivityPort } from '../../model/ports.ts';
import type { TransportAdapter } from '../../model/transport.ts';
import { systemClock } from '../../model/platform/system-clock.ts';
import type { SyncTable } from '../../persistence/tables/sync-table.ts';
import { systemRandom } from './system-random.ts';

/** What a machine is made from. Nothing is read, written or asked while it is made. */
export interface SyncMachineOptions {
  /** Initialised, with the sync tables migrated; stays the app's. */
  readonly dataSource: DataSource;
  /** Reaches the backend: a `RestTransport`, one made by `createTransport`, or an adapter of your own. */
  readonly transport: TransportAdapter;
  /** What is synchronised, as `syncTable` returns it. */
  readonly tables: readonly SyncTable[];
  /** Settings of the engine; what is absent has its default. */
  readonly config?: Partial<SyncConfig> | undefined;
  /** Conflict settings by kind; they go before those of `syncTable`. */
  readonly tableConflicts?: Readonly<Record<string, TableConflictConfig>> | undefined;
  /**
   * Whose data this is, such as user and base URL; undefined or '' while nobody is signed in. Synchronous and cheap:
   * asked before each request. After a change nothing is sent or pulled until the app decides (F-143).
   */
  readonly scope?: (() => string | undefined) | undefined;
  /** One object for everything that waits. @defaultValue the platform's */
  readonly clock?: Clock | undefined;
  /** Spreads retries, so that clients do not come back together. @defaultValue `Math.random` */
  readonly random?: RandomSource | undefined;
}

export interface SyncEngineOptions extends SyncMachineOptions {
  /**
   * Tells whether there is a network; without it the engine finds out by trying. `false`: nobody tells.
   * @defaultValue in a page what the browser says, elsewhere nobody
   */
  readonly connectivity?: ConnectivityPort | false | undefined;
}

/** Defaults and bounds of {@link SyncMachineOptions}. */
export const machineOptions = {
  dataSource: required(objectWith('a DataSource of TypeORM', 'getMetadata')),
  transport: required(objectWith('a transport adapter', 'pull', 'push', 'forcePush', 'fetch', 'health')),
  tables: required(valueThat('a list of synchronised tables: pass [syncTable(…), …]', Array.isArray)),
  config: byDefault({}, anObject),
  tableConflicts: byDefault({}, anObject),
  scope: optional(aFunction),
  clock: byDefault(systemClock, aClock),
  random: byDefault(systemRandom, aFunction),
} satisfies OptionList<SyncMachineOptions>;

/** Defaults and bounds of {@link SyncEngineOptions}. */
export const engineOptions = {
  ...machineOptions,
  connectivity: optional(orFalse(objectWith('a port that tells whether there is a network', 'isOnline', 'subscribe'))),
} satisfies OptionList<SyncEngineOptions>;

/** Options with their defaults filled in. */
export type MachineSettings = Completed<SyncMachineOptions, typeof machineOptions>;
