import type { DataSource } from 'typeorm';

const logged = new WeakMap<DataSource, Set<string>>();

/**
 * Writes a warning to the log of the data source, once per data source, because opening the file and several engines
 * find the same faults.
 */
export function logOnce(dataSource: DataSource, message: string): void {
  const before = logged.get(dataSource) ?? new Set<string>();
  logged.set(dataSource, before);
  if (before.has(message)) return;
  before.add(message);
  dataSource.logger.log('warn', `synchart: ${message}`);
}
