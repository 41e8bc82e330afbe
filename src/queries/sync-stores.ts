import type { Observable } from 'rxjs';
import type { SyncEngine } from '../engine/api/sync-engine.ts';
import { internalsOf } from '../engine/core/engine-internals.ts';
import type { StoredConflict } from '../model/conflict.ts';
import { reportQuietly } from '../model/platform/report-quietly.ts';
import type { QueuedOperation } from '../model/queue.ts';
import type { SyncStatus } from '../model/status.ts';
import type { LiveTable } from '../persistence/follow/live-source.ts';
import type { RowStatus } from '../persistence/follow/row-status.ts';
import type { Diagnosis } from '../rules/diagnosis/diagnosis.ts';
import { needsRepair } from '../rules/diagnosis/needs-repair.ts';
import { queryKey } from './query-key.ts';
import { createQueryStore, unread, type QueryOptions, type QueryResult } from './query-store.ts';
import type { ReadableStore } from './readable-store.ts';
import { shareRows } from './share-rows.ts';
import { createSharedStore, type SharedStore } from './shared-store.ts';

/** How long a source is followed after its last subscriber: longer than a page that suspends needs to come back. */
const graceMs = 2_000;
/** Most refused changes that are listed. */
const mostRejected = 200;

const starting: SyncStatus = Object.freeze({
  phase: 'starting',
  pending: 0,
  stuck: 0,
  conflicts: 0,
  online: true,
  paused: false,
  scopeChanged: false,
});
const settled: RowStatus = Object.freeze({ state: 'acked', opIds: Object.freeze([]), tryCount: 0 });
const nothingYet: readonly Diagnosis[] = Object.freeze([
  Object.freeze({ code: 'starting', level: 'ok', evidence: {}, remedies: Object.freeze([]) }),
]);
const none: readonly never[] = Object.freeze([]);

/** A source that nothing comes from: where no engine is there yet, as on a server. */
const still = <T>(value: T): ReadableStore<T> => ({
  subscribe: () => () => undefined,
  getSnapshot: () => value,
  getServerSnapshot: () => value,
});

export interface SyncStores {
  readonly engine: SyncEngine;
  readonly status: ReadableStore<SyncStatus>;
  readonly diagnosis: ReadableStore<readonly Diagnosis[]>;
  /** Conflicts that wait for a decision, oldest first. */
  readonly conflicts: ReadableStore<readonly StoredConflict[]>;
  /** Changes that the server refused, or of which nobody knows what came; the oldest 200. */
  readonly rejected: ReadableStore<readonly QueuedOperation[]>;
  /** How a row stands to the server. */
  row(table: LiveTable, id: string | number): ReadableStore<RowStatus>;
  /**
   * A live query. Queries with the same `key` are one: given two different ones, the first counts. Without a key the
   * store is the caller's alone.
   */
  query<T>(
    query: (engine: SyncEngine) => Promise<T>,
    options: QueryOptions<T> & { readonly key?: unknown },
  ): SharedStore<QueryResult<T>>;
}

/** What screens show where there is no engine yet. */
export const noStores: Omit<SyncStores, 'engine'> = {
  status: still(starting),
  diagnosis: still(nothingYet),
  conflicts: still(none),
  rejected: still(none),
  row: () => still(settled),
  query: (_, { initial }) => ({ ...still(unread(initial)), touch: () => undefined }),
};

const storesByEngine = new WeakMap<SyncEngine, SyncStores>();

/** The stores of an engine: always the same ones for the same engine. Throws `TypeError` for an object that is no engine. */
export function syncStores(engine: SyncEngine): SyncStores {
  const known = storesByEngine.get(engine);
  if (known !== undefined) return known;
  const stores = createSyncStores(engine);
  storesByEngine.set(engine, stores);
  return stores;
}

function createSyncStores(engine: SyncEngine): SyncStores {
  const { ports, queue, detached = <R>(work: () => R): R => work() } = internalsOf(engine, 'syncStores');
  const { clock, config } = ports;
  const queries = new Map<string, SharedStore<unknown>>();

  /** A stream as a store. It ends with the engine, and then keeps its last value. */
  const following = <T>(stream: () => Observable<T>, initial: T, onEnd?: () => void): SharedStore<T> => {
    let last = initial;
    return createSharedStore<T>({
      initial,
      server: initial,
      clock,
      graceMs,
      ...(onEnd === undefined ? {} : { onEnd }),
      start: (set) => {
        const subscription = stream().subscribe({
          next: (value) => {
            last = shareRows(last, value, opIdOf);
            set(last);
          },
          error: reportQuietly,
        });
        return () => subscription.unsubscribe();
      },
    });
  };
  /** One store for all who ask under a key, while anybody follows it. */
  const shared = <T>(key: string, make: (onEnd: () => void) => SharedStore<T>): SharedStore<T> => {
    const known = queries.get(key);
    if (known !== undefined) return known as SharedStore<T>;
    const made = make(() => {
      if (queries.get(key) === made) queries.delete(key);
    });
    queries.set(key, made);
    return made;
  };

  return {
    engine,
    status: {
      subscribe: (listener) => {
        const subscription = engine.status$.subscribe(listener);
        return () => subscription.unsubscribe();
      },
      getSnapshot: () => engine.status(),
      getServerSnapshot: () => starting,
    },
    diagnosis: following(() => engine.diagnosis$, nothingYet),
    conflicts: following<readonly StoredConflict[]>(() => engine.conflicts$, none),
    rejected: following<readonly QueuedOperation[]>(
      () =>
        engine.liveQuery(
          async () => (await detached(() => queue.sample(mostRejected))).operations.filter(needsRepair),
          { tables: ['sync_outbox'] },
        ),
      none,
    ),
    row: (table, id) =>
      shared(`row ${queryKey([table, String(id)])}`, (onEnd) =>
        following(() => engine.watchRowStatus(table, id), settled, onEnd),
      ),
    query: (query, options) => {
      const make = (onEnd?: () => void) =>
        createQueryStore({
          ...options,
          engine,
          query,
          clock,
          staleAfterMs: config.staleAfterMs,
          graceMs,
          ...(onEnd === undefined ? {} : { onEnd }),
        });
      const { key, tables, marks } = options;
      return key === undefined ? make() : shared(`query ${queryKey([key, tables, marks === true])}`, make);
    },
  };
}

/** Conflicts and operations have no `id`. */
const opIdOf = (row: unknown): unknown => {
  if (typeof row !== 'object' || row === null) return undefined;
  if ('opId' in row) return row.opId;
  return 'conflict' in row ? (row.conflict as { readonly opId?: unknown }).opId : undefined;
};
