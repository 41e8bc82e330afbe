import type { ObjectLiteral } from 'typeorm';
import type { SyncEngine } from '../engine/api/sync-engine.ts';
import type { SyncTable } from '../persistence/tables/sync-table.ts';
import { queryKey } from './query-key.ts';
import type { QueryOptions, QueryResult } from './query-store.ts';
import type { ReadableStore } from './readable-store.ts';
import type { SharedStore } from './shared-store.ts';
import { noStores, type SyncStores } from './sync-stores.ts';

export interface LiveQueryOptions<T> extends QueryOptions<T> {
  /**
   * Components whose queries have the same key and equal `deps` share one query. Default: each component has a query of
   * its own.
   */
  readonly key?: string | undefined;
  /** Whether to show the last data while the query of new `deps` is loading. Default false. */
  readonly keepPrevious?: boolean | undefined;
}

/** The store of a query. `shown` is the store of the dependencies before, if there were any. */
export function liveQueryStore<T>(
  stores: SyncStores | null,
  query: (engine: SyncEngine) => Promise<T>,
  deps: readonly unknown[],
  options: LiveQueryOptions<T>,
  shown?: ReadableStore<QueryResult<T>>,
): SharedStore<QueryResult<T>> {
  const { key, keepPrevious = false } = options;
  const previous = keepPrevious ? shown?.getSnapshot().data : undefined;
  return (stores ?? noStores).query(query, {
    ...options,
    key: key === undefined ? undefined : [key, deps],
    initial: options.initial ?? previous,
  });
}

export interface LiveRowOptions<Entity> extends Omit<QueryOptions<Entity | null>, 'tables' | 'rowKey'> {
  /** Name of the property that is the primary key. Default `id`. */
  readonly idProperty?: string | undefined;
}

interface LiveRow<Entity> {
  readonly query: (engine: SyncEngine, id: string | number) => Promise<Entity | null>;
  readonly options: LiveQueryOptions<Entity | null>;
}

/** The query for one row of a table. */
export function liveRow<Entity extends ObjectLiteral>(
  table: SyncTable<Entity>,
  { idProperty = 'id', ...others }: LiveRowOptions<Entity> = {},
): LiveRow<Entity> {
  return {
    query: (engine, id) => engine.repository(table).findOneBy({ [idProperty]: id } as Partial<Entity>),
    options: {
      ...others,
      key: `row by ${idProperty}`,
      tables: [table],
      rowKey: (row) => (isObject(row) ? row[idProperty] : row),
    },
  };
}

/** What the getters of a list give; other dependencies are values themselves. */
export type DepValues<Deps extends readonly unknown[]> = {
  readonly [Index in keyof Deps]: Deps[Index] extends () => infer Value ? Value : Deps[Index];
};

/** A value, or a getter of one that is read each time. */
export type ValueOrGetter<T> = T | (() => T);

/** Reads a dependency of a framework whose signals are getters. */
export const readGetter = <T>(dep: ValueOrGetter<T>): T => (typeof dep === 'function' ? (dep as () => T)() : dep);

/**
 * The values of dependencies: the same list as before while their content is equal. Plain data is copied, so that a
 * query of old dependencies never sees new ones.
 */
export const readDeps = (last: readonly unknown[] | undefined, next: readonly unknown[]): readonly unknown[] =>
  last !== undefined && queryKey(last) === queryKey(next) ? last : next.map(copyPlain);

function copyPlain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyPlain);
  if (!isObject(value)) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copyPlain(member)]));
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
