import { createStore, type Store } from '../../persistence/create-store.ts';
import { checkSyncTables, type SyncTable } from '../../persistence/tables/sync-table.ts';
import { resolveSyncConfig } from '../../model/config.ts';
import { withDefaults } from '../../model/options/complete-options.ts';
import { checkConflictConfig } from './check-conflict-config.ts';
import type { EnginePorts } from './engine-ports.ts';
import { machineOptions, type MachineSettings, type SyncMachineOptions } from './engine-options.ts';
import { TransportSwitch } from './transport-switch.ts';
import { randomId } from '../../model/platform/random-id.ts';

/** The ports of an engine over its database. */
export interface Composition {
  readonly ports: EnginePorts;
  readonly store: Store;
}

/**
 * Builds the ports of an engine from checked options. Throws `RangeError` for a setting and `TypeError` for a table.
 * Accesses neither database nor network.
 */
export function composePorts(options: SyncMachineOptions): Composition {
  const settings = withDefaults<SyncMachineOptions, typeof machineOptions>(machineOptions, options);
  const { dataSource, clock, random, scope } = settings;
  const config = resolveSyncConfig(settings.config);
  const tables = withConflictSettings(settings);
  const store = createStore({ dataSource, tables, config, clock, owner: randomId() });
  for (const { kind, conflict } of store.registry.values()) checkConflictConfig(kind, conflict);
  const stranger = Object.keys(settings.tableConflicts).find((kind) => !store.registry.has(kind));
  if (stranger !== undefined) {
    throw new TypeError(
      `tableConflicts names '${stranger}', which is not a registered kind; registered are ${[...store.registry.keys()].join(', ')}`,
    );
  }
  const ports: EnginePorts = {
    store: store.store,
    transport: new TransportSwitch(settings.transport),
    kinds: store.registry,
    config,
    clock,
    random,
    scope,
  };
  return { ports, store };
}

function withConflictSettings({ dataSource, tables, tableConflicts }: MachineSettings): readonly SyncTable[] {
  checkSyncTables(tables);
  return tables.map((table) => {
    const kind =
      table.options.kind ??
      (dataSource.isInitialized && dataSource.hasMetadata(table.target)
        ? dataSource.getMetadata(table.target).tableName
        : undefined);
    const conflict = kind === undefined ? undefined : tableConflicts[kind.trim()];
    return conflict === undefined
      ? table
      : { ...table, options: { ...table.options, conflict: { ...table.options.conflict, ...conflict } } };
  });
}
