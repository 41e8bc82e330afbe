import type { SyncConfig } from '../../model/config.ts';
import type { ConflictStrategy } from '../../model/conflict.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import type { UnitOfWork } from './unit-of-work.ts';

/** What every part of the store works with. */
export interface StoreContext {
  readonly unit: UnitOfWork;
  readonly registry: ReadonlyMap<string, ReplicaTable>;
  readonly config: SyncConfig;
  readonly strategyOf: (kind: string) => ConflictStrategy;
}

/** The registered table of a kind. Throws for one that is not registered: callers have filtered by registered kinds. */
export function tableOf(context: StoreContext, kind: string): ReplicaTable {
  const table = context.registry.get(kind);
  if (!table)
    throw new TypeError(`kind '${kind}' is not registered; known are ${[...context.registry.keys()].join(', ')}`);
  return table;
}
