import type { DataSource, ObjectLiteral } from 'typeorm';
import type { Clock } from '../model/platform/clock.ts';
import type { SyncConfig } from '../model/config.ts';
import type { SyncFact } from '../model/events.ts';
import type { JsonObject } from '../model/values/json.ts';
import type { InspectionPort } from '../model/inspection.ts';
import type { StorePort } from '../model/ports.ts';
import type { QueuePort } from '../model/queue.ts';
import type { StoragePort } from '../model/storage-status.ts';
import { changeFeedOf, type ChangeFeed } from './follow/change-feed.ts';
import { gateConnection, type ConnectionGate } from './gate/connection-gate.ts';
import { createCursorRepository, type CursorRepository } from './replica/cursor-repository.ts';
import { rethrowForCaller } from './sql/database-failure.ts';
import { enqueueAll, type EnqueueAllOptions, type EnqueuedAll } from './writing/enqueue-all.ts';
import { createInspection } from './queue/inspection.ts';
import { hearsAllCommits, pollOption, pollElsewhere } from './follow/data-version.ts';
import { createLease } from './runs/lease.ts';
import { lockedLease } from './runs/locked-lease.ts';
import { tabLockOf } from './runs/tab-lock.ts';
import { createLeaseHolder } from './database/lease-holder.ts';
import { createOutboxRepository } from './queue/create-outbox-repository.ts';
import type { OutboxRepository } from './queue/outbox-repository.ts';
import { readFates, type OperationFate } from './outbox/operation-fate.ts';
import { createQueue } from './queue/queue.ts';
import { registerTables } from './tables/register-table.ts';
import { createRepairs, type Repairs } from './writing/repairs.ts';
import type { ReplicaTable } from './tables/replica-table.ts';
import { applyServerRows } from './pulling/server-rows.ts';
import { tableOf, type StoreContext } from './database/store-context.ts';
import type { SyncTable } from './tables/sync-table.ts';
import { createTableWarnings } from './tables/table-warnings.ts';
import { storagePortOf } from './database/storage-port.ts';
import { createUnitOfWork } from './database/unit-of-work.ts';
import { timeOrderedId } from '../model/platform/time-ordered-id.ts';
import { storePulls } from './store-pulls.ts';
import { storePushes } from './store-pushes.ts';
import { storeRuns } from './store-runs.ts';
import { storeState } from './store-state.ts';

export interface StoreOptions {
  readonly dataSource: DataSource;
  readonly tables: readonly SyncTable[];
  readonly config: SyncConfig;
  readonly clock: Clock;
  /** Identifies this engine to the lease; unique among all engines of the database. */
  readonly owner: string;
}

/** The store of an engine, and the app's repositories. */
export interface Store {
  readonly store: StorePort;
  readonly registry: ReadonlyMap<string, ReplicaTable>;
  readonly queue: QueuePort;
  /** Reads the database, for tools. */
  readonly inspection: InspectionPort;
  readonly repairs: Repairs;
  readonly outbox: OutboxRepository;
  /**
   * Calls the listener after each commit outside a run (a purge, rows from the server). Returns a function that
   * unsubscribes.
   */
  onFacts(listener: (facts: readonly SyncFact[]) => void): () => void;
  /** The fates of operations, by id. */
  fatesOf(opIds: readonly string[]): Promise<ReadonlyMap<string, OperationFate>>;
  /** Stores rows that the app received from the server itself, as a pull would. {@link onFacts} reports it. */
  applyServerRows(kind: string, rows: readonly JsonObject[]): Promise<void>;
  /** Queues existing rows in batches until `isOver`. */
  enqueueAll<Entity extends ObjectLiteral>(
    kind: string,
    options: EnqueueAllOptions<Entity> | undefined,
    isOver: () => boolean,
  ): Promise<EnqueuedAll>;
  readonly cursors: CursorRepository;
  readonly gate: ConnectionGate;
  readonly feed: ChangeFeed;
  /** Where a page keeps the database; undefined outside pages. */
  readonly storage: StoragePort | undefined;
}

/**
 * Builds everything behind the ports on a DataSource. Throws `TypeError` for a table that cannot be synchronised. Does
 * not access the database yet.
 */
export function createStore({ dataSource, tables, config, clock, owner }: StoreOptions): Store {
  const registry = registerTables(dataSource, tables);
  const gate = gateConnection(dataSource, {
    clock,
    busyTimeoutMs: config.busyTimeoutMs,
    gateTimeoutMs: config.gateTimeoutMs,
  });
  const feed = changeFeedOf(dataSource, gate);
  const holder = createLeaseHolder(owner);
  const unit = createUnitOfWork(dataSource, gate, clock, holder);
  const lease = createLease(unit, holder, config.leaseTtlMs);
  const tabLock = tabLockOf(dataSource);
  const context: StoreContext = {
    unit,
    registry,
    config,
    strategyOf: (kind) => registry.get(kind)?.conflict.strategy ?? config.conflictStrategy,
  };
  const factListeners = new Set<(facts: readonly SyncFact[]) => void>();
  const tellOutside = (facts: readonly SyncFact[]): void => factListeners.forEach((listener) => listener(facts));
  const warnings = createTableWarnings(dataSource, registry, tellOutside);
  const store: StorePort = {
    lease: tabLock === undefined ? lease : lockedLease(lease, tabLock),
    ...storeState(dataSource, context, warnings),
    ...storeRuns(context, warnings),
    ...storePushes(context),
    ...storePulls(context, warnings),
  };
  return {
    store,
    registry,
    queue: createQueue(context, feed, { hearsAll: hearsAllCommits(dataSource) }),
    inspection: createInspection(context),
    repairs: createRepairs(context, timeOrderedId),
    outbox: createOutboxRepository(context, {
      dataSource,
      gate,
      feed,
      listenElsewhere: () => pollElsewhere({ dataSource, gate, feed, clock, intervalMs: pollOption.fallback }),
      onPurged: tellOutside,
    }),
    fatesOf: (opIds) => unit.read((session) => readFates(session, opIds)).catch(rethrowForCaller),
    applyServerRows: async (kind, rows) =>
      tellOutside(
        await unit.transaction((session) => applyServerRows(session, context, kind, rows)).catch(rethrowForCaller),
      ),
    enqueueAll: (kind, options, isOver) =>
      enqueueAll({ unit, table: tableOf(context, kind), isOver }, options).catch(rethrowForCaller),
    cursors: createCursorRepository(unit),
    gate,
    feed,
    storage: storagePortOf(dataSource),
    onFacts: (listener) => {
      factListeners.add(listener);
      return () => factListeners.delete(listener);
    },
  };
}
