import { useEffect, useMemo, useRef } from 'react';
import type { DependencyList } from 'react';
import type { ObjectLiteral } from 'typeorm';
import type { SyncEngine } from '../engine/api/sync-engine.ts';
import type { SyncTable } from '../persistence/tables/sync-table.ts';
import { liveQueryStore, liveRow, type LiveQueryOptions, type LiveRowOptions } from '../queries/live-query.ts';
import { queryKey } from '../queries/query-key.ts';
import type { QueryOptions, QueryResult } from '../queries/query-store.ts';
import type { ReadableStore } from '../queries/readable-store.ts';
import { useStores } from './sync-provider.ts';
import { useStore } from './use-sync-status.ts';

/** Reads only. It gets the engine of the provider. */
export type LiveQueryFunction<T> = (engine: SyncEngine) => Promise<T>;

/**
 * Follows a query of the local database. `deps` are what the query depends on, as for `useEffect`; `tables` are what it
 * reads.
 */
export function useLiveQuery<T>(
  query: LiveQueryFunction<T>,
  deps: DependencyList,
  options: LiveQueryOptions<T>,
): QueryResult<T> {
  const stores = useStores('useLiveQuery');
  const { key, tables, marks } = options;
  const shown = useRef<ReadableStore<QueryResult<T>>>(undefined);
  const store = useMemo(
    () => liveQueryStore(stores, query, deps, options, shown.current),
    // The text of the tables stands for them: a list written in the call is a new one in each render.
    [stores, key, queryKey(tables), marks, ...deps],
  );
  useEffect(() => {
    shown.current = store;
  }, [store]);
  return useStore(store);
}

/** As {@link useLiveQuery}, for one row of a table of the engine; `null` when the row does not exist. */
export function useLiveRow<Entity extends ObjectLiteral>(
  table: SyncTable<Entity>,
  id: string | number,
  options: LiveRowOptions<Entity> = {},
): QueryResult<Entity | null> {
  const row = liveRow(table, options);
  return useLiveQuery<Entity | null>((engine) => row.query(engine, id), [id], row.options);
}

export interface SuspenseQueryOptions<T> extends QueryOptions<T> {
  /** Names the query: together with `deps` it finds the query again after the component was suspended. */
  readonly key: string;
}

/** A result that is there. */
export interface ReadyResult<T> extends QueryResult<T> {
  readonly data: T;
}

/**
 * As {@link useLiveQuery}, but suspends until the first result is there, and throws its error to the nearest error
 * boundary where there is none. With `initial` it never suspends, which is what a server needs.
 */
export function useSuspenseLiveQuery<T>(
  query: LiveQueryFunction<T>,
  deps: DependencyList,
  options: SuspenseQueryOptions<T>,
): ReadyResult<T> {
  const stores = useStores('useSuspenseLiveQuery');
  const store = useMemo(
    () => liveQueryStore(stores, query, deps, options),
    [stores, options.key, queryKey(options.tables), options.marks, ...deps],
  );
  const result = useStore(store);
  if (result.data !== undefined) return result as ReadyResult<T>;
  if (result.status === 'error') throw result.error;
  throw stores === null ? untilEngine() : untilReady(store);
}

/** By the store: a component that suspends again waits for the same promise. */
const waits = new WeakMap<object, Promise<void>>();

function untilReady<T>(store: ReadableStore<QueryResult<T>>): Promise<void> {
  const known = waits.get(store);
  if (known !== undefined) return known;
  const wait = new Promise<void>((resolve) => {
    const end = store.subscribe(() => {
      if (store.getSnapshot().status === 'loading') return;
      resolve();
      waits.delete(store);
      end();
    });
  });
  waits.set(store, wait);
  return wait;
}

/** The provider renders again when it has an engine. A server never gets one. */
function untilEngine(): Promise<never> {
  if (typeof document === 'undefined')
    throw new Error('useSuspenseLiveQuery: a server has no engine; pass { initial } for what it renders');
  return never;
}
const never = new Promise<never>(() => undefined);
