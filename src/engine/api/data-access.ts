import type { Observable } from 'rxjs';
import type { ObjectLiteral } from 'typeorm';
import type { EnqueueAllOptions, EnqueuedAll } from '../../persistence/writing/enqueue-all.ts';
import type { Freshness } from '../../persistence/follow/freshness.ts';
import type { LiveQueryOptions, LiveResult } from '../../persistence/follow/live-query.ts';
import type { LiveTable } from '../../persistence/follow/live-source.ts';
import type { RowMark } from '../../persistence/follow/row-marks.ts';
import type { RowStatus } from '../../persistence/follow/row-status.ts';
import type { SyncTable } from '../../persistence/tables/sync-table.ts';
import type { SyncEntityWriter } from '../../persistence/writing/writer.ts';
import type { SyncRepository } from './sync-repository.ts';

/** Options of an engine's live query. The engine supplies its database and clock. */
export type EngineLiveQueryOptions<T> = Omit<LiveQueryOptions<T>, 'dataSource' | 'clock'>;

/** How an app reads and writes the rows of an engine's database. */
export interface DataAccess {
  /**
   * Writes rows of a registered table together with their operations. Throws `TypeError` for a table of another engine.
   */
  writer<Entity extends ObjectLiteral>(table: SyncTable<Entity>): SyncEntityWriter<Entity>;
  /** Reads and writes the rows of a registered table. Throws `TypeError` for a table of another engine. */
  repository<Entity extends ObjectLiteral>(table: SyncTable<Entity>): SyncRepository<Entity>;
  /**
   * Queues rows that existed before their table was synchronised: all visible rows that no server ever had and that are
   * not queued yet. After a crash, or at each start, a further call continues and queues nothing twice. If the server
   * has such a row after all, the server's row stays. Resolves when the rows are queued; `sync()` sends them. Rejects
   * with `SyncAbortedError` for an aborted `signal`, and with `ValidationError` for a `pullOnly` table.
   */
  enqueueAll<Entity extends ObjectLiteral>(
    table: SyncTable<Entity>,
    options?: EnqueueAllOptions<Entity>,
  ): Promise<EnqueuedAll>;
  /**
   * Follows a query: emits its current result, and a new one after each commit that may have changed it; see
   * `liveQuery` of `synchart/persistence`. Completes when the engine is disposed.
   */
  liveQuery<T>(
    query: () => Promise<T>,
    options: EngineLiveQueryOptions<T> & { readonly metadata: true },
  ): Observable<LiveResult<T>>;
  liveQuery<T>(
    query: () => Promise<T>,
    options: EngineLiveQueryOptions<T> & { readonly metadata?: false | undefined },
  ): Observable<T>;
  /** Reads the sync status of a row. Rejects with `TypeError` for a table that is not an entity of the database. */
  rowStatus(table: LiveTable, id: string | number): Promise<RowStatus>;
  /** Like {@link rowStatus}, now and after each change, until the engine is disposed. */
  watchRowStatus(table: LiveTable, id: string | number): Observable<RowStatus>;
  /**
   * Follows the freshness of tables: whether their first pull is complete, and the time of the oldest last pull. Omits
   * tables that the engine does not pull. Completes when the engine is disposed.
   */
  watchFreshness(tables: readonly LiveTable[]): Observable<Freshness>;
  /**
   * Reads the pending operations of a table's rows, by id; omits rows without any. Uses a single statement, so it suits
   * lists. Rejects with `DatabaseError`.
   */
  rowMarks(table: LiveTable, ids: readonly (string | number)[]): Promise<ReadonlyMap<string, RowMark>>;
}
