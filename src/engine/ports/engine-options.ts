import type { DataSource } from 'typeorm';
import type { Clock, RandomSource } from '../../model/platform/clock.ts';
import type { SyncConfig } from '../../model/config.ts';
import type { TableConflictConfig } from '../../model/conflict.ts';
import type { ConnectivityPort } from '../../model/ports.ts';
import type { TransportAdapter } from '../../model/transport.ts';
import type { SyncTable } from '../../persistence/tables/sync-table.ts';

/** What a machine is made from. Nothing is read, written or asked while it is made. */
export interface SyncMachineOptions {
  /** Initialised, with the sync tables migrated; stays the app's. */
  readonly dataSource: DataSource;
  readonly transport: TransportAdapter;
  readonly tables: readonly SyncTable[];
  readonly config?: Partial<SyncConfig> | undefined;
  /** Conflict settings by kind; they go before those of `syncTable`. */
  readonly tableConflicts?: Readonly<Record<string, TableConflictConfig>> | undefined;
  /**
   * Whose data this is, such as user and base URL; undefined or '' while nobody is signed in. Synchronous and cheap: asked before each request.
   * After a change nothing is sent or pulled until the app decides (F-143).
   */
  readonly scope?: (() => string | undefined) | undefined;
  /** One object for everything that waits; the platform's by default. */
  readonly clock?: Clock | undefined;
  readonly random?: RandomSource | undefined;
}

export interface SyncEngineOptions extends SyncMachineOptions {
  /** Tells whether there is a network; without it the engine finds out by trying. */
  readonly connectivity?: ConnectivityPort | undefined;
}
