import type { DataSource } from 'typeorm';
import type { SyncTable } from './sync-table.ts';

const captured = new WeakMap<DataSource, Set<string>>();

/** Records which tables are captured on a data source, because its engine is created elsewhere. */
export function rememberCaptured(dataSource: DataSource, tables: readonly SyncTable[]): void {
  const names = captured.get(dataSource) ?? new Set();
  for (const { target } of tables) names.add(dataSource.getMetadata(target).tablePath);
  captured.set(dataSource, names);
}

/** Names (`tablePath`) of the tables captured on a data source; undefined if there are none. */
export const capturedNames = (dataSource: DataSource): ReadonlySet<string> | undefined => captured.get(dataSource);
