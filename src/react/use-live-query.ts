import { useEffect, useMemo, useRef } from 'react';
import type { DependencyList } from 'react';
import type { ObjectLiteral } from 'typeorm';
import type { SyncEngine } from '../engine/api/sync-engine.ts';
import type { SyncTable } from '../persistence/tables/sync-table.ts';
import { queryKey } from '../queries/query-key.ts';
import { unread, type QueryOptions, type QueryResult } from '../queries/query-store.ts';
import type { ReadableStore } from '../queries/readable-store.ts';
import type { SyncStores } from '../queries/sync-stores.ts';
import { useStores } from './sync-provider.ts';
import { useStore } from './use-sync-status.ts';

/** Reads only. It gets the engine of the provider. */
export type LiveQueryFunction<T> = (engine: SyncEngine) => Promise<T>;

export interface LiveQueryHookOptions<T> extends QueryOptions<T> {
  /**
   * Components whose queries have the same key and equal `deps` share one query. Default: each component has a query of
   * its own.
   */
  readonly key?: string | undefined;
  /** Whether to show the last data while the query of new `deps` is loading. Default false. */
  readonly keepPrevious?: boolean | undefined;
}

/**
 * Follows a query of the local database. `deps` are what the query depends on, as for `useEffect`; `tables` are what it
 * reads.
 */
export function useLiveQuery<T>(
  query: LiveQueryFunction<T>,
  deps: DependencyList,
  options: LiveQueryHookOptions<T>,
): QueryResult<T> {
  const stores = useStores('useLiveQuery');
  const { key, tables, marks, keepPrevious = false } = options;
  const shown = useRef<ReadableStore<QueryResult<T>>>(undefined);
  const store = useMemo(
    () => {
      const initial = keepPrevious ? shown.current?.getSnapshot().data : undefined;
      return queryStoreOf(stores, query, key === undefined ? undefined : [key, deps], {
        ...options,
        initial: options.initial ?? initial,
      });
    },
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
  options: Omit<QueryOptions<Entity | null>, 'tables' | 'rowKey'> & {
    /** Name of the property that is the primary key. Default `id`. */
    readonly idProperty?: string | undefined;
  } = {},
): QueryResult<Entity | null> {
  const { idProperty = 'id', ...others } = options;
  return useLiveQuery<Entity | null>(
    (engine) => engine.repository(table).findOneBy({ [idProperty]: id } as Partial<Entity>),
    [id],
    { ...others, key: `row by ${idProperty}`, tables: [table], rowKey: (row) => (isRow(row) ? row[idProperty] : row) },
  );
}

const isRow = (row: unknown): row is Readonly<Record<string, unknown>> => typeof row === 'object' && row !== null;

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
    () => queryStoreOf(stores, query, [options.key, deps], options),
    [stores, options.key, queryKey(options.tables), options.marks, ...deps],
  );
  const result = useStore(store);
  if (result.data !== undefined) return result as ReadyResult<T>;
  if (result.status === 'error') throw result.error;
  throw stores === null ? untilEngine() : untilReady(store);
}

function queryStoreOf<T>(
  stores: SyncStores | null,
  query: LiveQueryFunction<T>,
  key: unknown,
  options: QueryOptions<T>,
): ReadableStore<QueryResult<T>> & { touch?(): void } {
  if (stores !== null) return stores.query(query, { ...options, key });
  const nothing = unread(options.initial);
  return { subscribe: () => () => undefined, getSnapshot: () => nothing, getServerSnapshot: () => nothing };
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
