import type { Observable } from 'rxjs';
import type { DataSource } from 'typeorm';
import type { Clock } from '../../model/platform/clock.ts';
import { aClock, aDataSource, aFlag, aFunction, orFlag, valueThat, type Bounds } from '../../model/options/bounds.ts';
import { completeOptions, ownedBy } from '../../model/options/complete-options.ts';
import { byDefault, optional, required, type OptionList } from '../../model/options/option-list.ts';
import { pollOption, pollElsewhere } from './data-version.ts';
import { liveRead } from './live-read.ts';
import { liveSourceOf, type LiveSource, type LiveTable } from './live-source.ts';
import { copyResult, equalsCopy } from './result-copy.ts';
import { dialectOf } from '../drivers/profile-of.ts';
import { listOf } from '../sql/session.ts';
import { systemClock } from '../../model/platform/system-clock.ts';

export interface LiveQueryOptions<T> {
  /**
   * The tables that the query reads. It runs again when one of them changes. Junction tables of their entities are
   * followed, too.
   */
  readonly tables: readonly LiveTable[];
  /** Required only if several open data sources have these tables. */
  readonly dataSource?: DataSource | undefined;
  /**
   * Skips a result equal to the last one: by content, or by a function of yours.
   *
   * @defaultValue true
   */
  readonly distinct?: boolean | ((last: T, next: T) => boolean) | undefined;
  /** How often to check for commits of other connections and processes; 0 = never. @defaultValue 1,000 (1 second) */
  readonly pollIntervalMs?: number | undefined;
  /** Schedules the polling of other connections. @defaultValue the platform's */
  readonly clock?: Clock | undefined;
}

/** With `metadata: true`, results are {@link LiveResult} objects. */
interface AnyLiveQueryOptions<T> extends LiveQueryOptions<T> {
  /** Returns a `LiveResult` instead of the plain result. @defaultValue false */
  readonly metadata?: boolean | undefined;
}

const aList: Bounds = valueThat('a list of tables', Array.isArray);

/** Defaults and bounds of {@link LiveQueryOptions}. */
export const liveQueryOptions = {
  tables: required(aList),
  dataSource: optional(aDataSource),
  distinct: byDefault(true, orFlag(aFunction)),
  pollIntervalMs: pollOption,
  clock: byDefault(systemClock, aClock),
  metadata: byDefault(false, aFlag),
} satisfies OptionList<AnyLiveQueryOptions<unknown>>;

/** How to find the tables of a query. */
export interface LiveOrigin {
  sourceOf(tables: readonly LiveTable[]): LiveSource;
  /** Takes precedence over the option. */
  readonly clock?: Clock;
}

/** A result and its relation to the server. */
export interface LiveResult<T> {
  readonly value: T;
  /** An operation on one of the tables is in the outbox. */
  readonly hasPendingWrites: boolean;
  /** No pull of all the tables has ended since the subscription began, so the server may have newer rows. */
  readonly fromCache: boolean;
}

type WithMetadata = { readonly metadata: true };
type WithoutMetadata = { readonly metadata?: false | undefined };

/**
 * Follows a query: emits its current result, and a new one after each commit that may have changed it (by this app, a
 * pull, a settle or another process). Results come in order, never from within a transaction; equal ones are skipped.
 * `query` must only read. An error of `query` ends the stream; RxJS `retry()` starts again. Throws `TypeError` if the
 * data source cannot be found.
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
  return liveQueryOn({ sourceOf: (tables) => liveSourceOf(tables, options) }, query, options);
}

/** Like {@link liveQuery} for a known database. Checks the options first. */
export function liveQueryOn<T>(
  origin: LiveOrigin,
  query: () => Promise<T>,
  given: AnyLiveQueryOptions<T>,
): Observable<T> | Observable<LiveResult<T>> {
  const options = completeOptions<AnyLiveQueryOptions<T>, typeof liveQueryOptions>(
    ownedBy('liveQuery'),
    liveQueryOptions,
    given,
  );
  const source = origin.sourceOf(options.tables);
  const { gate, feed, dataSource } = source;
  const { clock = options.clock } = origin;
  const { pollIntervalMs: intervalMs, distinct } = options;
  const listenElsewhere = (): (() => void) => pollElsewhere({ dataSource, gate, feed, clock, intervalMs });
  const shared = { dataSource, gate, feed, listenElsewhere };
  if (!options.metadata) {
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
 * Detects results that differ from the previous one. Compares with a copy, because the app may modify the objects it
 * received.
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
