import type { SyncConfig } from '../../model/config.ts';
import type { ConflictStrategy } from '../../model/conflict.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import type { UnitOfWork } from './unit-of-work.ts';

/** Shared by every part of the store. */
export interface StoreContext {
  readonly unit: UnitOfWork;
  readonly registry: ReadonlyMap<string, ReplicaTable>;
  readonly config: SyncConfig;
  readonly strategyOf: (kind: string) => ConflictStrategy;
}

/** The registered table of a kind. Throws for an unregistered kind; callers filter by registered kinds. */
export function tableOf(context: StoreContext, kind: string): ReplicaTable {
  const table = context.registry.get(kind);
  if (!table)
    throw new TypeError(`kind '${kind}' is not registered; known are ${[...context.registry.keys()].join(', ')}`);
  return table;
}
