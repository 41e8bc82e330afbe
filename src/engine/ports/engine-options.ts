import type { DataSource } from 'typeorm';
import type { Clock, RandomSource } from '../../model/platform/clock.ts';
import type { SyncConfig } from '../../model/config.ts';
import type { TableConflictConfig } from '../../model/conflict.ts';
import {
  aClock,
  aDataSource,
  aFunction,
  anObject,
  objectWith,
  orFalse,
  valueThat,
} from '../../model/options/bounds.ts';
import { byDefault, optional, required, type Completed, type OptionList } from '../../model/options/option-list.ts';
import type { ConnectivityPort } from '../../model/ports.ts';
import type { TransportAdapter } from '../../model/transport.ts';
import { systemClock } from '../../model/platform/system-clock.ts';
import type { SyncTable } from '../../persistence/tables/sync-table.ts';
import { systemRandom } from './system-random.ts';

/** The parts of a machine. Creating a machine accesses neither database nor network. */
export interface SyncMachineOptions {
  /** An initialised DataSource whose sync tables are migrated. The app owns it and closes it. */
  readonly dataSource: DataSource;
  /** Connects to the backend: a `RestTransport`, one made by `createTransport`, or your own adapter. */
  readonly transport: TransportAdapter;
  /** The tables to synchronise, as returned by `syncTable`. */
  readonly tables: readonly SyncTable[];
  /** Settings of the engine; absent ones use their defaults. */
  readonly config?: Partial<SyncConfig> | undefined;
  /** Conflict settings by kind; they override those of `syncTable`. */
  readonly tableConflicts?: Readonly<Record<string, TableConflictConfig>> | undefined;
  /**
   * Names the owner of the data, such as user and base URL; undefined or '' while nobody is signed in. Must be
   * synchronous and cheap: the engine calls it before each request. After a change, nothing is sent or pulled until the
   * app decides (F-143).
   */
  readonly scope?: (() => string | undefined) | undefined;
  /** Supplies the time and all timers. @defaultValue the platform's */
  readonly clock?: Clock | undefined;
  /** Randomises retry delays, so that clients do not return all at once. @defaultValue `Math.random` */
  readonly random?: RandomSource | undefined;
}

export interface SyncEngineOptions extends SyncMachineOptions {
  /**
   * Reports whether there is a network. With `false`, the engine detects outages by its own requests.
   *
   * @defaultValue that of the browser in a page, elsewhere none
   */
  readonly connectivity?: ConnectivityPort | false | undefined;
}

/** Defaults and bounds of {@link SyncMachineOptions}. */
export const machineOptions = {
  dataSource: required(aDataSource),
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
  connectivity: optional(orFalse(objectWith('a connectivity port', 'isOnline', 'subscribe'))),
} satisfies OptionList<SyncEngineOptions>;

/** Options with their defaults filled in. */
export type MachineSettings = Completed<SyncMachineOptions, typeof machineOptions>;
