import type { DataSource } from 'typeorm';

/**
 * Runs `DataSource.runMigrations`, `undoLastMigration` and `synchronize` inside of `around`. These are all that change
 * tables on their own.
 */
export function aroundSchemaWork(dataSource: DataSource, around: <T>(work: () => Promise<T>) => Promise<T>): void {
  const run = dataSource.runMigrations.bind(dataSource);
  const undo = dataSource.undoLastMigration.bind(dataSource);
  const synchronize = dataSource.synchronize.bind(dataSource);
  dataSource.runMigrations = (options) => around(() => run(options));
  dataSource.undoLastMigration = (options) => around(() => undo(options));
  dataSource.synchronize = (drop) => around(() => synchronize(drop));
}
