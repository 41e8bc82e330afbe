import type { Observable } from 'rxjs';
import type { DataSource } from 'typeorm';
import type { Clock } from '../../model/platform/clock.ts';
import { defaultPollIntervalMs, pollElsewhere } from './data-version.ts';
import { liveRead } from './live-read.ts';
import { liveSourceOf, type LiveSource, type LiveTable } from './live-source.ts';
import { copyResult, equalsCopy } from './result-copy.ts';
import { dialectOf, listOf } from '../sql/session.ts';
import { systemClock } from '../../model/platform/system-clock.ts';

export interface LiveQueryOptions<T> {
  /**
   * The tables that the query reads; it is made again when one of them changes. Junction tables of their entities are
   * followed, too.
   */
  readonly tables: readonly LiveTable[];
  /** Needed only where several open data sources have these tables. */
  readonly dataSource?: DataSource | undefined;
  /**
   * Whether a result equal to the last one is left out. Default: yes, by content. A function compares in its own way.
   */
  readonly distinct?: boolean | ((last: T, next: T) => boolean) | undefined;
  /** How often commits of other connections and processes are looked for, ms. Default 1,000; 0: never. */
  readonly pollIntervalMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** A result, and how it stands to the server. */
export interface LiveResult<T> {
  readonly value: T;
  /** An operation on one of the tables waits in the outbox. */
  readonly hasPendingWrites: boolean;
  /** No pull of all the tables has ended since the subscription began: the server may have newer rows. */
  readonly fromCache: boolean;
}

type WithMetadata = { readonly metadata: true };
type WithoutMetadata = { readonly metadata?: false | undefined };

/**
 * Follows a query: its result now, and a new one after each commit that may have changed it (of this app, of a pull or
 * a settle, of another process). Results come in order, never from inside a transaction, and an equal one is left out.
 * `query` must only read. What it throws ends the stream with that error; `retry()` of RxJS begins anew. Throws
 * `TypeError` where the data source cannot be found.
 */
export function liveQuery<T>(
  query: () => Promise<T>,
  options: LiveQueryOptions<T> & WithMetadata,
): Observable<LiveResult<T>>;
export function liveQuery<T>(query: () => Promise<T>, options: LiveQueryOptions<T> & WithoutMetadata): Observable<T>;
export function liveQuery<T>(
  query: () => Promise<T>,
  options: LiveQueryOptions<T> & { readonly metadata?: boolean | undefined },
): Observable<T> | Observable<LiveResult<T>> {
  return liveQueryOn(liveSourceOf(options.tables, options), query, options);
}

/** As {@link liveQuery}, where the database is known. */
export function liveQueryOn<T>(
  source: LiveSource,
  query: () => Promise<T>,
  options: LiveQueryOptions<T> & { readonly metadata?: boolean | undefined },
): Observable<T> | Observable<LiveResult<T>> {
  const { gate, feed, dataSource } = source;
  const clock = options.clock ?? systemClock;
  const intervalMs = options.pollIntervalMs ?? defaultPollIntervalMs;
  if (!(intervalMs >= 0))
    throw new RangeError(`liveQuery: pollIntervalMs must be a number of at least 0, got ${String(intervalMs)}`);
  const listenElsewhere = (): (() => void) => pollElsewhere({ dataSource, gate, feed, clock, intervalMs });
  const shared = { dataSource, gate, feed, listenElsewhere };
  const distinct = options.distinct ?? true;
  if (options.metadata !== true) {
    return liveRead<T>({ ...shared, tables: source.tables, begin: () => ({ read: query, isNews: newsOf(distinct) }) });
  }
  return liveRead<LiveResult<T>>({
    ...shared,
    tables: [...source.tables, 'sync_outbox', 'sync_cursors'],
    begin: () => {
      const begunAt = clock.now();
      const isNewValue = newsOf(distinct);
      let last: LiveResult<T> | undefined;
      return {
        read: async () => {
          const value = await query();
          return { value, ...(await readFreshness(source, begunAt)) };
        },
        isNews: (result) => {
          const isSame = result.hasPendingWrites === last?.hasPendingWrites && result.fromCache === last.fromCache;
          last = result;
          return isNewValue(result.value) || !isSame;
        },
      };
    },
  });
}

/**
 * Tells results that differ from the one before. The app may change what it was given, so it is compared with a copy.
 */
function newsOf<T>(distinct: boolean | ((last: T, next: T) => boolean)): (value: T) => boolean {
  if (distinct === false) return () => true;
  let last: { readonly value: unknown } | undefined;
  if (distinct === true) {
    return (value) => {
      if (last !== undefined && equalsCopy(last.value, value)) return false;
      last = { value: copyResult(value) };
      return true;
    };
  }
  return (value) => {
    if (last !== undefined && distinct(last.value as T, value)) return false;
    last = { value };
    return true;
  };
}

async function readFreshness(
  { dataSource, kinds }: LiveSource,
  since: number,
): Promise<{ readonly hasPendingWrites: boolean; readonly fromCache: boolean }> {
  const dialect = dialectOf(dataSource);
  const sql = `SELECT (SELECT COUNT(*) FROM "sync_cursors" WHERE ${dialect.inList('"kind"')} AND "last_pull_at" >= ?) AS "pulled",
    (SELECT COUNT(*) FROM (SELECT 1 FROM "sync_outbox" WHERE ${dialect.inList('"kind"')} LIMIT 1) AS "queued") AS "pending"`;
  const [row] = await dataSource.query<
    readonly { readonly pulled: number | string; readonly pending: number | string }[]
  >(dialect.text(sql), [listOf(kinds), since, listOf(kinds)]);
  return { hasPendingWrites: Number(row?.pending ?? 0) > 0, fromCache: Number(row?.pulled ?? 0) < kinds.length };
}
