import type { DataSource } from 'typeorm';

/**
 * Runs `DataSource.runMigrations`, `undoLastMigration` and `synchronize` within `around`. Only these methods change
 * tables.
 */
export function aroundSchemaWork(dataSource: DataSource, around: <T>(work: () => Promise<T>) => Promise<T>): void {
  const run = dataSource.runMigrations.bind(dataSource);
  const undo = dataSource.undoLastMigration.bind(dataSource);
  const synchronize = dataSource.synchronize.bind(dataSource);
  dataSource.runMigrations = (options) => around(() => run(options));
  dataSource.undoLastMigration = (options) => around(() => undo(options));
  dataSource.synchronize = (drop) => around(() => synchronize(drop));
}
