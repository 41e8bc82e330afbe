import { EntityManager, type DataSource } from 'typeorm';

/** A method of a manager, whatever its overloads. */
export type ManagerMethod = (this: EntityManager, ...parameters: readonly unknown[]) => Promise<unknown>;
type Replaceable = 'transaction' | 'save' | 'remove' | 'softRemove' | 'recover';

/** Reads a method of `EntityManager.prototype`. */
export const managerMethod = (name: Replaceable): ManagerMethod => EntityManager.prototype[name] as ManagerMethod;

/**
 * Replaces methods of all managers of a data source: those that `DataSource.createEntityManager` creates, one per query
 * runner, and `DataSource.manager`. Repositories call their manager, so they follow.
 */
export function replaceManagerMethods(
  dataSource: DataSource,
  methods: Readonly<Partial<Record<Replaceable, ManagerMethod>>>,
): void {
  const createEntityManager = dataSource.createEntityManager.bind(dataSource);
  dataSource.createEntityManager = (queryRunner) => Object.assign(createEntityManager(queryRunner), methods);
  Object.assign(dataSource.manager, methods);
}
