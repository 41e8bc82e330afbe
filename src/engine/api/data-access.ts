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

/** What an engine is asked to follow: its own database and clock are known. */
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
   * Queues rows that were there before their table was synchronised: all that no server ever had, shown and not queued
   * yet. Call it again after a crash, or at each start: it goes on where it was, and queues nothing twice. Where the
   * server has such a row after all, the server's stays. Resolves when they are queued; `sync()` sends them. Rejects
   * with `SyncAbortedError` when `signal` ends it, with `ValidationError` for a `pullOnly` table.
   */
  enqueueAll<Entity extends ObjectLiteral>(
    table: SyncTable<Entity>,
    options?: EnqueueAllOptions<Entity>,
  ): Promise<EnqueuedAll>;
  /**
   * Follows a query: its result now, and a new one after each commit that may have changed it; see `liveQuery` of
   * `synchart/persistence`. Over when the engine is disposed.
   */
  liveQuery<T>(
    query: () => Promise<T>,
    options: EngineLiveQueryOptions<T> & { readonly metadata: true },
  ): Observable<LiveResult<T>>;
  liveQuery<T>(
    query: () => Promise<T>,
    options: EngineLiveQueryOptions<T> & { readonly metadata?: false | undefined },
  ): Observable<T>;
  /**
   * Tells how a row stands to the server. Rejects with `TypeError` for a table that is not an entity of the database.
   */
  rowStatus(table: LiveTable, id: string | number): Promise<RowStatus>;
  /** As {@link rowStatus}, now and after each change, until the engine is disposed. */
  watchRowStatus(table: LiveTable, id: string | number): Observable<RowStatus>;
  /**
   * Follows how far tables are pulled: whether their first pull has finished, and when the one that was pulled longest
   * ago was. Tables that the engine does not pull are left out. Over when the engine is disposed.
   */
  watchFreshness(tables: readonly LiveTable[]): Observable<Freshness>;
  /**
   * Reads what waits for rows of a table, by id; rows for which nothing waits are left out. One statement for all of
   * them, for lists. Rejects with `DatabaseError`.
   */
  rowMarks(table: LiveTable, ids: readonly (string | number)[]): Promise<ReadonlyMap<string, RowMark>>;
}
