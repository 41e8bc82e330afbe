import { createStore, type Store } from '../../persistence/create-store.ts';
import { checkSyncTables, type SyncTable } from '../../persistence/tables/sync-table.ts';
import { systemClock } from '../../persistence/drivers/system-clock.ts';
import { resolveSyncConfig } from '../../model/config.ts';
import { checkConflictConfig } from './check-conflict-config.ts';
import type { EnginePorts } from './engine-ports.ts';
import type { SyncMachineOptions } from './engine-options.ts';
import { systemRandom } from './system-random.ts';
import { TransportSwitch } from './transport-switch.ts';
import { randomId } from '../../model/platform/random-id.ts';

/** The ports of an engine over its database. */
export interface Composition {
  readonly ports: EnginePorts;
  readonly store: Store;
}

/** Validates the options and builds the ports. Throws `RangeError` for a setting, `TypeError` for a table; touches neither database nor network. */
export function composePorts(options: SyncMachineOptions): Composition {
  const config = resolveSyncConfig(options.config);
  const clock = options.clock ?? systemClock;
  const tables = withConflictSettings(options);
  const store = createStore({ dataSource: options.dataSource, tables, config, clock, owner: randomId() });
  for (const { kind, conflict } of store.registry.values()) checkConflictConfig(kind, conflict);
  const stranger = Object.keys(options.tableConflicts ?? {}).find((kind) => !store.registry.has(kind));
  if (stranger !== undefined) {
    throw new TypeError(`tableConflicts names '${stranger}', which is no registered kind; known are ${[...store.registry.keys()].join(', ')}`);
  }
  const ports: EnginePorts = {
    store: store.store,
    transport: new TransportSwitch(options.transport),
    kinds: store.registry,
    config,
    clock,
    random: options.random ?? systemRandom,
    scope: options.scope,
  };
  return { ports, store };
}

function withConflictSettings({ dataSource, tables, tableConflicts }: SyncMachineOptions): readonly SyncTable[] {
  checkSyncTables(tables);
  if (tableConflicts === undefined) return tables;
  return tables.map((table) => {
    const kind =
      table.options.kind ?? (dataSource.isInitialized && dataSource.hasMetadata(table.target) ? dataSource.getMetadata(table.target).tableName : undefined);
    const conflict = kind === undefined ? undefined : tableConflicts[kind.trim()];
    return conflict === undefined ? table : { ...table, options: { ...table.options, conflict: { ...table.options.conflict, ...conflict } } };
  });
}
