import type { DataSource } from 'typeorm';
import { beforeDisconnect } from '../typeorm/closing.ts';

const waiting = new WeakMap<DataSource, Set<() => void>>();

/**
 * Calls `listener` when the data source starts to close, which TypeORM does not report. Returns a function that
 * unsubscribes.
 */
export function onceClosing(dataSource: DataSource, listener: () => void): () => void {
  const listeners = waiting.get(dataSource) ?? watch(dataSource);
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function watch(dataSource: DataSource): Set<() => void> {
  const listeners = new Set<() => void>();
  waiting.set(dataSource, listeners);
  beforeDisconnect(dataSource.driver, () => {
    for (const listener of [...listeners]) listener();
    listeners.clear();
  });
  return listeners;
}
