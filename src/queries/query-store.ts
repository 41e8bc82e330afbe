import type { SyncEngine } from '../engine/api/sync-engine.ts';
import type { Clock } from '../model/platform/clock.ts';
import type { Freshness } from '../persistence/follow/freshness.ts';
import type { LiveTable } from '../persistence/follow/live-source.ts';
import type { RowMark } from '../persistence/follow/row-marks.ts';
import { idOf, shareMap, shareRows, type RowKey } from './share-rows.ts';
import { createSharedStore, type SharedStore } from './shared-store.ts';

/** What a live query shows. Immutable: rows that did not change are the same objects as before. */
export interface QueryResult<T> {
  readonly status: 'loading' | 'ready' | 'error';
  /** Absent until the first result. With `error` it is the last good one. */
  readonly data: T | undefined;
  /** Why the query failed last. It is tried again by itself. */
  readonly error?: unknown;
  /** The first pull of these tables has finished: what is missing here is missing there, too. */
  readonly complete: boolean;
  /** The last pull of these tables is older than `config.staleAfterMs`, or there was none. */
  readonly stale: boolean;
  /** With `marks`: what waits for the rows, by id. A row without a mark has nothing that waits. */
  readonly marks?: ReadonlyMap<string, RowMark>;
}

export interface QueryOptions<T> {
  /** The tables that the query reads. The first one is that of its rows. */
  readonly tables: readonly LiveTable[];
  /** Whether to read {@link QueryResult.marks}. Default false. */
  readonly marks?: boolean | undefined;
  /** Tells rows apart. Default: by their property `id`. */
  readonly rowKey?: ((row: unknown) => unknown) | undefined;
  /** What a server renders, and a page until the first result. */
  readonly initial?: T | undefined;
}

export interface QueryStoreParts<T> extends QueryOptions<T> {
  readonly engine: SyncEngine;
  /** Only reads. */
  readonly query: (engine: SyncEngine) => Promise<T>;
  readonly clock: Clock;
  readonly staleAfterMs: number;
  readonly graceMs: number;
  onEnd?(): void;
}

/** How long a query that failed waits before it is made again; at most the last of them. */
const retryAfterMs = [1_000, 5_000, 30_000] as const;
const longestTimerMs = 2 ** 31 - 1;

/** Before anything was read. */
export const unread = <T>(initial: T | undefined): QueryResult<T> =>
  Object.freeze({
    status: initial === undefined ? 'loading' : 'ready',
    data: initial,
    complete: false,
    stale: true,
  });

/** A live query as a store. */
export function createQueryStore<T>(parts: QueryStoreParts<T>): SharedStore<QueryResult<T>> {
  const first = unread(parts.initial);
  let last = first;
  return createSharedStore<QueryResult<T>>({
    initial: first,
    server: first,
    clock: parts.clock,
    graceMs: parts.graceMs,
    ...(parts.onEnd === undefined ? {} : { onEnd: parts.onEnd }),
    start: (set) =>
      follow(parts, last, (change) => {
        const next = { ...last, ...change };
        // An error that is over leaves no trace.
        if (next.status !== 'error') delete next.error;
        if (isSame(last, next)) return;
        last = Object.freeze(next);
        set(last);
      }),
  });
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const isSame = <T>(a: QueryResult<T>, b: QueryResult<T>): boolean =>
  a.status === b.status &&
  a.data === b.data &&
  a.error === b.error &&
  a.complete === b.complete &&
  a.stale === b.stale &&
  a.marks === b.marks;

interface Read<T> {
  readonly data: T;
  readonly marks?: ReadonlyMap<string, RowMark>;
}

function follow<T>(
  parts: QueryStoreParts<T>,
  /** What was shown when it was followed last. */
  known: QueryResult<T>,
  tell: (change: Partial<Mutable<QueryResult<T>>>) => void,
): () => void {
  const { engine, query, tables, clock, staleAfterMs, rowKey = idOf } = parts;
  let read: Read<T> | undefined;
  let freshness: Freshness | undefined;
  let failures = 0;
  let isOver = false;
  let retryTimer: unknown;
  let staleTimer: unknown;
  let endRows: () => void = () => undefined;

  const publish = (): void => {
    // Rows and freshness come from two readings; the first result has both.
    if (read === undefined || freshness === undefined || isOver) return;
    clock.clearTimeout(staleTimer);
    const { complete, pulledAt } = freshness;
    const leftMs = pulledAt === undefined ? Infinity : pulledAt + staleAfterMs - clock.now();
    if (leftMs > 0 && leftMs !== Infinity) staleTimer = clock.setTimeout(publish, Math.min(leftMs, longestTimerMs));
    tell({ status: 'ready', ...read, complete, stale: !complete || leftMs <= 0 });
  };
  const readOnce = async (): Promise<Read<T>> => {
    const data = await query(engine);
    if (parts.marks !== true) return { data };
    return { data, marks: await engine.rowMarks(tables[0] ?? '', idsOf(data, rowKey)) };
  };
  const followRows = (): void => {
    const subscription = engine
      .liveQuery(readOnce, {
        tables: parts.marks === true ? [...tables, 'sync_outbox', 'sync_conflicts'] : tables,
        // Rows are compared one by one below.
        distinct: false,
      })
      .subscribe({
        next: ({ data, marks }) => {
          failures = 0;
          read = {
            data: shareRows(read?.data ?? known.data, data, rowKey),
            ...(marks === undefined ? {} : { marks: shareMap(read?.marks ?? known.marks, marks) }),
          };
          publish();
        },
        error: (error: unknown) => {
          tell({ status: 'error', error });
          const waitMs = retryAfterMs[Math.min(failures, retryAfterMs.length - 1)] ?? 0;
          failures += 1;
          if (!isOver) retryTimer = clock.setTimeout(followRows, waitMs);
        },
      });
    endRows = () => subscription.unsubscribe();
  };
  const pulls = engine.watchFreshness(tables).subscribe({
    next: (news) => {
      freshness = news;
      publish();
    },
    // The rows tell what is wrong with the database.
    error: () => {
      freshness = { complete: false };
      publish();
    },
  });
  followRows();
  return () => {
    isOver = true;
    endRows();
    pulls.unsubscribe();
    clock.clearTimeout(retryTimer);
    clock.clearTimeout(staleTimer);
  };
}

function idsOf(data: unknown, rowKey: RowKey): string[] {
  const rows: readonly unknown[] = Array.isArray(data) ? data : [data];
  return rows.flatMap((row) => {
    const id = rowKey(row);
    return typeof id === 'string' || typeof id === 'number' ? [String(id)] : [];
  });
}
