import type { DataSource, ObjectLiteral } from 'typeorm';
import type { Clock } from '../model/platform/clock.ts';
import type { SyncConfig } from '../model/config.ts';
import type { SyncFact } from '../model/events.ts';
import { SyncStepError } from '../model/errors/failure.ts';
import type { JsonObject } from '../model/values/json.ts';
import type { InspectionPort } from '../model/inspection.ts';
import type { StorePort } from '../model/ports.ts';
import type { QueuePort } from '../model/queue.ts';
import { applyPages, applyProof } from './pulling/apply-pages.ts';
import { changeFeedOf, type ChangeFeed } from './follow/change-feed.ts';
import { confirmBase } from './outbox/confirm-base.ts';
import { readConflicts } from './outbox/conflict-rows.ts';
import { gateConnection, type ConnectionGate } from './gate/connection-gate.ts';
import { createCursorRepository, type CursorRepository } from './replica/cursor-repository.ts';
import { rethrowForCaller, toStoreFailure } from './sql/database-failure.ts';
import { enqueueAll, type EnqueueAllOptions, type EnqueuedAll } from './writing/enqueue-all.ts';
import { createInspection } from './queue/inspection.ts';
import { defaultPollIntervalMs, pollElsewhere } from './follow/data-version.ts';
import { createLease } from './runs/lease.ts';
import { lockedLease } from './runs/locked-lease.ts';
import { tabLockOf } from './runs/tab-lock.ts';
import { createLeaseHolder } from './database/lease-holder.ts';
import { createOutboxRepository } from './queue/create-outbox-repository.ts';
import type { OutboxRepository } from './queue/outbox-repository.ts';
import { readFates, type OperationFate } from './outbox/operation-fate.ts';
import { parkExhausted, repairStates } from './outbox/transitions/begin-run.ts';
import { repairParkedReasons } from './outbox/transitions/park-unreadable.ts';
import { parkDamagedConflicts } from './taking/park-damaged.ts';
import { readPosition } from './replica/pull-positions.ts';
import { announceQuarantined } from './replica/quarantine.ts';
import { createQueue } from './queue/queue.ts';
import { registerTables } from './tables/register-table.ts';
import { forgetLongRemoved } from './replica/removed-rows.ts';
import { createRepairs, type Repairs } from './writing/repairs.ts';
import type { ReplicaTable } from './tables/replica-table.ts';
import {
  acceptServer,
  decideConflict,
  freezeResolution,
  loadConflict,
  parkConflict,
  settleResolution,
} from './settling/resolutions.ts';
import {
  completeFetch,
  dueForResync,
  neverPulled,
  notePullCompleted,
  openResync,
  readPulledAt,
  readUnproven,
} from './replica/resync.ts';
import { closeRun, conflictsToWork, readyForRun, unregisteredKinds } from './runs/runs.ts';
import { checkSchema } from './database/schema-check.ts';
import { applyServerRows } from './pulling/server-rows.ts';
import { settleAnswers } from './settling/settle.ts';
import { retryQuarantined } from './pulling/retry-quarantined.ts';
import { storeReferring } from './pulling/store-referring.ts';
import { tableOf, type StoreContext } from './database/store-context.ts';
import { sweepResync } from './pulling/sweep-resync.ts';
import type { SyncTable } from './tables/sync-table.ts';
import { damagedScope, forgetState, readRemembered, readState, writeState } from './database/sync-state.ts';
import { createTableWarnings } from './tables/table-warnings.ts';
import { takeReady } from './taking/take-ready.ts';
import { createUnitOfWork } from './database/unit-of-work.ts';
import { upgradeSchemas } from './upgrades/upgrade-schemas.ts';
import { walResetWarning } from './drivers/wal-reset.ts';
import { randomId } from '../model/platform/random-id.ts';

export interface StoreOptions {
  readonly dataSource: DataSource;
  readonly tables: readonly SyncTable[];
  readonly config: SyncConfig;
  readonly clock: Clock;
  /** Names this engine to the lease; unique among all that share the database. */
  readonly owner: string;
}

/** The store of an engine, and the repositories an app sees. */
export interface Store {
  readonly store: StorePort;
  readonly registry: ReadonlyMap<string, ReplicaTable>;
  readonly queue: QueuePort;
  /** Looks into it, for tools. */
  readonly inspection: InspectionPort;
  readonly repairs: Repairs;
  readonly outbox: OutboxRepository;
  /**
   * Calls with what happened outside of any run (a purge, rows from the server), after the commit; returns the function
   * that ends it.
   */
  onFacts(listener: (facts: readonly SyncFact[]) => void): () => void;
  /** What has become of operations, by id. */
  fatesOf(opIds: readonly string[]): Promise<ReadonlyMap<string, OperationFate>>;
  /** Stores rows that the app has from the server by itself, as a pull would; {@link onFacts} tells. */
  applyServerRows(kind: string, rows: readonly JsonObject[]): Promise<void>;
  /** Queues rows as they are, in batches, until `isOver`. */
  enqueueAll<Entity extends ObjectLiteral>(
    kind: string,
    options: EnqueueAllOptions<Entity> | undefined,
    isOver: () => boolean,
  ): Promise<EnqueuedAll>;
  readonly cursors: CursorRepository;
  readonly gate: ConnectionGate;
  readonly feed: ChangeFeed;
}

/**
 * Builds everything behind the ports on a DataSource. Throws `TypeError` for tables that cannot be synchronised;
 * touches no database yet.
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
  const runStarts = new Map<number, number>();
  let hasBegun = false;
  /** Kinds whose states have been looked over by this process. */
  const repaired = new Set<string>();

  const store: StorePort = {
    lease: tabLock === undefined ? lease : lockedLease(lease, tabLock),

    hydrate: async () => {
      try {
        const seen = await unit.read(async (session) => {
          await checkSchema(session, dataSource, registry.values());
          const ofFile = await walResetWarning(dataSource, (sql) => session.query(sql));
          return [...(ofFile === undefined ? [] : [ofFile]), ...(await warnings.ofSchema(session))];
        });
        warnings.tell([...seen, ...warnings.ofCapture()]);
      } catch (error) {
        throw toStoreFailure(error, clock.now());
      }
      const remembered = await unit.transaction(async (session) => {
        for (const table of registry.values()) await table.rows.mendTree(session);
        return readRemembered(session);
      });
      warnings.tell(remembered.damage);
      return remembered.state;
    },
    rememberWait: (wait) =>
      unit.transaction((session) =>
        wait.attempt === 0 && wait.retryAt === undefined && wait.request === undefined
          ? forgetState(session, 'wait')
          : writeState(session, 'wait', wait),
      ),
    rememberPaused: (paused) =>
      unit.transaction((session) => (paused ? writeState(session, 'paused', true) : forgetState(session, 'paused'))),
    rememberClockOffset: (offsetMs) => unit.transaction((session) => writeState(session, 'clockOffsetMs', offsetMs)),

    claimScope: (scope) =>
      unit.transaction(async (session) => {
        const stored = await readState(session, 'scope');
        if (stored.damaged) throw new SyncStepError({ type: 'scopeChanged', message: damagedScope, at: clock.now() });
        if (stored.value === undefined) await writeState(session, 'scope', scope);
        return { owner: stored.value ?? scope };
      }),

    beginRun: async ({ explicit, kinds, runId }) => {
      const since = clock.now();
      if (!hasBegun) warnings.tell(warnings.ofCapture());
      const begun = await unit.fenced(async (session) => {
        if (!hasBegun) await parkExhausted(session, config.maxOutboxTryCount);
        const damage = await parkDamagedConflicts(session, context);
        // After it: a damaged conflict is no reason any more.
        if (!hasBegun) await repairParkedReasons(session);
        await readyForRun(session, context, { explicit });
        const strangers = await unregisteredKinds(session, [...registry.keys()]);
        const facts = strangers.map(
          (kind): SyncFact => ({
            type: 'transport.warning',
            message: `operations of kind '${kind}' wait: no table is registered for it (F-101)`,
          }),
        );
        return {
          conflicts: await conflictsToWork(session, context, { kinds, explicit }),
          facts: [...damage, ...facts],
        };
      });
      // Only what is committed is known to be so.
      hasBegun = true;
      runStarts.clear();
      runStarts.set(runId, since);
      return begun;
    },
    upgradeSchemas: () => upgradeSchemas(context),
    dueForResync: (kinds) => unit.read((session) => dueForResync(session, context, kinds)),
    neverPulled: (kinds) => unit.read((session) => neverPulled(session, kinds)),

    take: async (options) => {
      const unchecked = options.kinds.filter((kind) => !repaired.has(kind));
      let repairs = false;
      const taken = await unit.fenced(async (session) => {
        const first = await takeReady(session, context, options);
        if (first.requests.length > 0 || unchecked.length === 0) return first;
        // What waits for nothing would never be taken by anybody.
        await repairStates(session, unchecked, config.maxOutboxTryCount);
        repairs = true;
        const second = await takeReady(session, context, options);
        return { ...second, facts: [...first.facts, ...second.facts] };
      });
      if (repairs) for (const kind of unchecked) repaired.add(kind);
      return taken;
    },
    confirmBase: (request, found) => unit.fenced((session) => confirmBase(session, request, found)),
    settle: (answers) => unit.fenced((session) => settleAnswers(session, context, answers)),

    loadConflict: (ref) => unit.fenced((session) => loadConflict(session, context, ref)),
    parkConflict: (ref, reason, options) =>
      unit.fenced((session) => parkConflict(session, context, ref, reason, options)),
    acceptServer: (ref, resolution) => unit.fenced((session) => acceptServer(session, context, ref, resolution)),
    freezeResolution: (ref, resolution) =>
      unit.fenced((session) => freezeResolution(session, context, ref, resolution)),
    settleResolution: (ref, answer) => unit.fenced((session) => settleResolution(session, context, ref, answer)),
    decideConflict: (opId, resolution, options) =>
      unit
        .transaction((session) => decideConflict(session, context, opId, resolution, options))
        .catch(rethrowForCaller),
    conflicts: () => unit.read(readConflicts).catch(rethrowForCaller),

    pullPosition: async (kind, { resync }) => {
      const damage: string[] = [];
      const position = await unit.read((session) =>
        readPosition(session, kind, resync, (message) => damage.push(message)),
      );
      warnings.tell(damage);
      return position;
    },
    applyPages: (kind, pages, options) => applyPages(context, kind, pages, options),
    completePull: (kind, { resync, tombstoneRetentionMs }) =>
      unit.fenced(async (session) => {
        const facts: SyncFact[] = [];
        const { upserts, deletes } = await retryQuarantined(session, context, tableOf(context, kind));
        if (upserts + deletes > 0) facts.push({ type: 'cache.updated', kind, upserts, deletes });
        facts.push(...(await storeReferring(session, context, tableOf(context, kind))));
        // What a full resync did not list may hold a UNIQUE value until it is swept.
        if (resync) await completeFetch(session, kind);
        else facts.push(...(await announceQuarantined(session, tableOf(context, kind))));
        await forgetLongRemoved(session, kind, clock.now());
        await notePullCompleted(session, kind, clock.now(), tombstoneRetentionMs);
        return facts;
      }),

    pulledAt: (kinds) => unit.read((session) => readPulledAt(session, kinds)),
    openResync: (kinds) => unit.fenced((session) => openResync(session, context, kinds)),
    unprovenRows: (kind, { requested }) => unit.fenced((session) => readUnproven(session, context, kind, requested)),
    proveAbsence: (kind, proof) => unit.fenced((session) => applyProof(session, context, kind, proof)),
    sweepResync: (kind, options) => unit.fenced((session) => sweepResync(session, context, kind, options)),

    finishRun: async ({ runId, othersSucceeded, kinds }) => {
      // Asked again while it waited for a resolver: tries are counted once per run.
      const since = runStarts.get(runId);
      const result = await unit.fenced(async (session) => {
        await writeState(session, 'lastSyncedAt', clock.now());
        return closeRun(session, context, {
          since: since ?? clock.now(),
          othersSucceeded: othersSucceeded && since !== undefined,
          kinds,
        });
      });
      runStarts.delete(runId);
      return result;
    },
  };
  return {
    store,
    registry,
    queue: createQueue(context, feed),
    inspection: createInspection(context),
    repairs: createRepairs(context, randomId),
    outbox: createOutboxRepository(context, {
      dataSource,
      gate,
      feed,
      listenElsewhere: () => pollElsewhere({ dataSource, gate, feed, clock, intervalMs: defaultPollIntervalMs }),
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
    onFacts: (listener) => {
      factListeners.add(listener);
      return () => factListeners.delete(listener);
    },
  };
}
