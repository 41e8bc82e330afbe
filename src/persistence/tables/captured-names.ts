import type { DataSource } from 'typeorm';
import type { SyncTable } from './sync-table.ts';

const captured = new WeakMap<DataSource, Set<string>>();

/**
 * Keeps which tables are captured on a data source; an engine on it is created elsewhere, and knows nothing of the
 * capture.
 */
export function rememberCaptured(dataSource: DataSource, tables: readonly SyncTable[]): void {
  const names = captured.get(dataSource) ?? new Set();
  for (const { target } of tables) names.add(dataSource.getMetadata(target).tablePath);
  captured.set(dataSource, names);
}

/** Names (`tablePath`) of the tables whose writes are captured on a data source; undefined where nothing is. */
export const capturedNames = (dataSource: DataSource): ReadonlySet<string> | undefined => captured.get(dataSource);
