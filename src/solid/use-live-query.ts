import { createMemo, type Accessor } from 'solid-js';
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
import { useStores } from './sync-provider.ts';
import { useStore } from './use-store.ts';

/**
 * Follows a query of the local database. `deps` are what the query depends on: accessors or values, compared by
 * content. The query gets their values after the engine; `tables` are what it reads.
 */
export function useLiveQuery<T, const Deps extends readonly unknown[]>(
  query: (engine: SyncEngine, ...deps: DepValues<Deps>) => Promise<T>,
  deps: Deps,
  options: LiveQueryOptions<T>,
): Accessor<QueryResult<T>> {
  const stores = useStores('useLiveQuery');
  let shown: ReadableStore<QueryResult<T>> | undefined;
  const values = createMemo<readonly unknown[]>((last) => readDeps(last, deps.map(readGetter)));
  return useStore(() => {
    const given = values() as DepValues<Deps>;
    shown = liveQueryStore(stores(), (engine) => query(engine, ...given), given, options, shown);
    return shown;
  });
}

/** As {@link useLiveQuery}, for one row of a table of the engine; `null` when the row does not exist. */
export function useLiveRow<Entity extends ObjectLiteral>(
  table: SyncTable<Entity>,
  id: ValueOrGetter<string | number>,
  options: LiveRowOptions<Entity> = {},
): Accessor<QueryResult<Entity | null>> {
  const row = liveRow(table, options);
  return useLiveQuery((engine, key) => row.query(engine, key), [() => readGetter(id)], row.options);
}
