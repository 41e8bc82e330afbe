import type { ObjectLiteral } from 'typeorm';
import type { SyncEngine } from '../engine/api/sync-engine.ts';
import type { SyncTable } from '../persistence/tables/sync-table.ts';
import {
  liveQueryStore,
  liveRow,
  readDeps,
  readGetter,
  type DepValues,
  type LiveQueryOptions,
  type LiveRowOptions,
  type ValueOrGetter,
} from '../queries/live-query.ts';
import type { QueryResult } from '../queries/query-store.ts';
import type { ReadableStore } from '../queries/readable-store.ts';
import { useStores } from './provide-sync-engine.ts';
import { useStore, type Current } from './use-store.ts';

/**
 * Follows a query of the local database. `deps` are what the query depends on: getters or values, compared by content.
 * The query gets their values after the engine; `tables` are what it reads.
 */
export function useLiveQuery<T, const Deps extends readonly unknown[]>(
  query: (engine: SyncEngine, ...deps: DepValues<Deps>) => Promise<T>,
  deps: Deps,
  options: LiveQueryOptions<T>,
): Current<QueryResult<T>> {
  const stores = useStores('useLiveQuery');
  let shown: ReadableStore<QueryResult<T>> | undefined;
  let values: readonly unknown[] | undefined;
  return useStore(
    () => {
      values = readDeps(values, deps.map(readGetter));
      return [stores(), values as DepValues<Deps>];
    },
    (from, given) => {
      shown = liveQueryStore(from, (engine) => query(engine, ...given), given, options, shown);
      return shown;
    },
  );
}

/** As {@link useLiveQuery}, for one row of a table of the engine; `null` when the row does not exist. */
export function useLiveRow<Entity extends ObjectLiteral>(
  table: SyncTable<Entity>,
  id: ValueOrGetter<string | number>,
  options: LiveRowOptions<Entity> = {},
): Current<QueryResult<Entity | null>> {
  const row = liveRow(table, options);
  return useLiveQuery((engine, key) => row.query(engine, key), [() => readGetter(id)], row.options);
}
