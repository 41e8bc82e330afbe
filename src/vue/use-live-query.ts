import { computed, toValue, type MaybeRefOrGetter, type ShallowRef } from 'vue';
import type { ObjectLiteral } from 'typeorm';
import type { SyncEngine } from '../engine/api/sync-engine.ts';
import type { SyncTable } from '../persistence/tables/sync-table.ts';
import {
  liveQueryStore,
  liveRow,
  readDeps,
  type LiveQueryOptions,
  type LiveRowOptions,
} from '../queries/live-query.ts';
import type { QueryResult } from '../queries/query-store.ts';
import type { ReadableStore } from '../queries/readable-store.ts';
import { useStores } from './provide-sync-engine.ts';
import { useStore } from './use-store.ts';

/** What the refs and getters of a list hold. */
export type DepValues<Deps extends readonly unknown[]> = {
  readonly [Index in keyof Deps]: Deps[Index] extends MaybeRefOrGetter<infer Value> ? Value : Deps[Index];
};

/**
 * Follows a query of the local database. `deps` are what the query depends on: refs, getters, or values, compared by
 * content. The query gets their values after the engine; `tables` are what it reads.
 */
export function useLiveQuery<T, const Deps extends readonly unknown[]>(
  query: (engine: SyncEngine, ...deps: DepValues<Deps>) => Promise<T>,
  deps: Deps,
  options: LiveQueryOptions<T>,
): Readonly<ShallowRef<QueryResult<T>>> {
  const stores = useStores('useLiveQuery');
  let shown: ReadableStore<QueryResult<T>> | undefined;
  const values = computed<readonly unknown[]>((last) => readDeps(last, deps.map(toValue)));
  return useStore(() => {
    const given = values.value as DepValues<Deps>;
    shown = liveQueryStore(stores.value, (engine) => query(engine, ...given), given, options, shown);
    return shown;
  });
}

/** As {@link useLiveQuery}, for one row of a table of the engine; `null` when the row does not exist. */
export function useLiveRow<Entity extends ObjectLiteral>(
  table: SyncTable<Entity>,
  id: MaybeRefOrGetter<string | number>,
  options: LiveRowOptions<Entity> = {},
): Readonly<ShallowRef<QueryResult<Entity | null>>> {
  const row = liveRow(table, options);
  return useLiveQuery<Entity | null, readonly [typeof id]>(row.query, [id], row.options);
}
