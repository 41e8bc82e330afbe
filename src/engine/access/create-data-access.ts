import type { Observable } from 'rxjs';
import type { DataSource, ObjectLiteral } from 'typeorm';
import type { Clock } from '../../model/platform/clock.ts';
import type { SyncConfig } from '../../model/config.ts';
import type { Store } from '../../persistence/create-store.ts';
import { watchFreshness } from '../../persistence/follow/freshness.ts';
import { liveQueryOn, type LiveResult } from '../../persistence/follow/live-query.ts';
import { liveSourceOf, type LiveSource, type LiveTable } from '../../persistence/follow/live-source.ts';
import { readRowMarks } from '../../persistence/follow/row-marks.ts';
import { rethrowForCaller, toStoreFailure } from '../../persistence/sql/database-failure.ts';
import { readRowStatus, watchRowStatusOn } from '../../persistence/follow/row-status.ts';
import type { ReplicaTable } from '../../persistence/tables/replica-table.ts';
import { checkSyncTable, type SyncTable } from '../../persistence/tables/sync-table.ts';
import { createWriter } from '../../persistence/writing/writer.ts';
import { watchAcks } from './await-acked.ts';
import { createSyncRepository } from './create-sync-repository.ts';
import type { DataAccess, EngineLiveQueryOptions } from '../api/data-access.ts';
import { createRefresh } from './read-policy.ts';
import type { SyncEngineCore } from '../api/sync-engine.ts';
import { untilOver } from '../waits/until-over.ts';

export interface DataAccessParts {
  readonly dataSource: DataSource;
  readonly tables: readonly SyncTable[];
  readonly store: Store;
  readonly config: SyncConfig;
  readonly clock: Clock;
  readonly core: SyncEngineCore;
  readonly isDisposed: () => boolean;
  /** Runs work outside the caller's transaction. Rejects if the engine is disposed. */
  alive<T>(work: () => Promise<T>): Promise<T>;
  /** Requests a push that retries automatically. */
  push(): void;
}

/** Builds the engine's access to rows. */
export function createDataAccess({
  dataSource,
  tables,
  store,
  config,
  clock,
  core,
  isDisposed,
  alive,
  push,
}: DataAccessParts): DataAccess {
  const { registry, gate, queue } = store;
  const acks = {
    core,
    queue,
    clock,
    defaultTimeoutMs: config.requestTimeoutMs,
    fatesOf: (opIds: readonly string[]) => store.fatesOf(opIds),
    push: () => gate.detached(push),
  };
  const writers = createWriter(dataSource, { clock }, () => watchAcks(acks));
  const refresh = createRefresh({ core, clock, defaultTimeoutMs: config.requestTimeoutMs });
  /** The engine's own registration of the table. Tables match by kind, even if the same entity was registered again. */
  const registered = <Entity extends ObjectLiteral>(table: SyncTable<Entity>, asked: string): SyncTable<Entity> => {
    checkSyncTable(table, `${asked}: the table`);
    const own = tables.find(({ target }) => target === table.target);
    if (own === undefined)
      throw new TypeError(`${asked}: the engine was created without this table; add it to the option tables`);
    return own as SyncTable<Entity>;
  };
  const replicaOf = <Entity extends ObjectLiteral>(own: SyncTable<Entity>, asked: string): ReplicaTable => {
    const metadata = dataSource.getMetadata(own.target);
    const replica = [...registry.values()].find((candidate) => candidate.metadata === metadata);
    if (replica === undefined)
      throw new TypeError(`${asked}: '${metadata.tableName}' is not registered with this engine`);
    return replica;
  };
  const sourceOf = (given: readonly LiveTable[]): LiveSource => {
    const source = liveSourceOf(given, { dataSource });
    const kindOf = (name: string): string =>
      [...registry.values()].find(({ metadata }) => metadata.tableName === name)?.kind ?? name;
    return { ...source, kinds: source.kinds.map((name) => (registry.has(name) ? name : kindOf(name))) };
  };
  function liveQuery<T>(
    query: () => Promise<T>,
    options: EngineLiveQueryOptions<T> & { readonly metadata: true },
  ): Observable<LiveResult<T>>;
  function liveQuery<T>(
    query: () => Promise<T>,
    options: EngineLiveQueryOptions<T> & { readonly metadata?: false | undefined },
  ): Observable<T>;
  function liveQuery<T>(
    query: () => Promise<T>,
    options: EngineLiveQueryOptions<T> & { readonly metadata?: boolean | undefined },
  ): Observable<T> | Observable<LiveResult<T>> {
    return untilOver<unknown>(liveQueryOn({ sourceOf, clock }, query, options), core.events$) as
      | Observable<T>
      | Observable<LiveResult<T>>;
  }
  return {
    liveQuery,
    writer: (table) => writers.forTable(registered(table, 'writer')),
    repository: <Entity extends ObjectLiteral>(table: SyncTable<Entity>) => {
      const own = registered(table, 'repository');
      const replica = replicaOf(own, 'repository');
      return createSyncRepository({
        dataSource,
        table: replica,
        writer: writers.forTable(own),
        refresh,
        applyServerRows: (rows) => alive(() => store.applyServerRows(replica.kind, rows)),
      });
    },
    enqueueAll: (table, options) =>
      alive(async () =>
        store.enqueueAll(replicaOf(registered(table, 'enqueueAll'), 'enqueueAll').kind, options, isDisposed),
      ),
    rowStatus: (table, id) => alive(() => readRowStatus(sourceOf([table]), id)),
    watchFreshness: (given) => {
      const source = sourceOf(given);
      const pulled = source.kinds.filter((kind) => registry.get(kind)?.pushOnly === false);
      return untilOver(watchFreshness({ ...source, kinds: pulled }, clock), core.events$);
    },
    // Not detached, because a live query runs it as one of its own statements.
    rowMarks: (table, ids) =>
      readRowMarks(sourceOf([table]), ids.map(String)).catch((error: unknown) =>
        rethrowForCaller(toStoreFailure(error, clock.now())),
      ),
    watchRowStatus: (table, id) => untilOver(watchRowStatusOn(sourceOf([table]), id, { clock }), core.events$),
  };
}
