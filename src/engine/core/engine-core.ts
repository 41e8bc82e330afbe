import { createActor } from 'xstate';
import { Observable } from 'rxjs';
import { heedsOutbox } from '../../machines/heeds-outbox.ts';
import { phaseOf } from '../../machines/phase-of.ts';
import type { SyncMachineEvent } from '../../machines/machine-events.ts';
import type { SyncSnapshot } from '../../machines/sync-machine.ts';
import type { StoredConflict } from '../../model/conflict.ts';
import { SyncAbortedError, SyncError } from '../../model/errors/errors.ts';
import { rethrowForCaller } from '../../persistence/sql/database-failure.ts';
import { toSyncError } from '../../rules/sync-rules.ts';
import { assembleMachine } from '../machine/assemble-machine.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';
import { explainOperation } from '../status/explain.ts';
import { reportQuietly } from '../../model/platform/report-quietly.ts';
import { attachInternals, type EngineParts, type RunningMachine } from './engine-internals.ts';
import { createEngineNews } from './engine-news.ts';
import { askedKinds, createRunRequests } from './run-requests.ts';
import { pauseReached, resumeReached } from '../waits/pause-waits.ts';
import { readAgain } from '../status/read-again.ts';
import { createScopeCommands } from '../scope/scope-commands.ts';
import { createStatusKeeper } from '../status/status-keeper.ts';
import type { SyncEngineCore } from '../api/sync-engine.ts';
import { startInterval } from '../triggers/interval-trigger.ts';
import { startTableClocks } from '../triggers/table-clocks.ts';
import type { EndTrigger, TriggerSite } from '../triggers/trigger-site.ts';
import { handled, Waiters } from '../waits/waiters.ts';
import { waitUntil } from '../waits/wait-until.ts';
import { createStallWatch } from '../status/watch-stalls.ts';
import { checkWhenPaused } from '../waits/when-paused.ts';
import { whenPushed } from '../status/when-pushed.ts';

const defaultIntervalMs = 5 * 60 * 1000;

/** Builds the façade over ports: the composition root gives it a database, tests a store in memory. */
export function createEngineCore(parts: EngineParts): SyncEngineCore {
  const { ports, queue, connectivity } = parts;
  const { clock, store } = ports;
  const detached = parts.detached ?? (<T>(work: () => T): T => work());
  const { actor, parts: machineParts } = parts.running ?? startable(ports);
  const { keeper, memory, questions } = machineParts;
  const waiters = new Waiters();
  const status = createStatusKeeper({ queue, snapshot: actor.getSnapshot(), clock, detached });
  const news = createEngineNews({ clock, waiters, status });
  const { tell, onEvent } = news;
  /** Now, and after each change of the queue; heard also before the engine is started. */
  const queueChanges = new Observable<undefined>((subscriber) => {
    subscriber.next(undefined);
    const stop = queue.subscribe(() => subscriber.next(undefined));
    const end = news.conflicts.stream.subscribe({ complete: () => subscriber.complete() });
    return () => {
      stop();
      end.unsubscribe();
    };
  });
  const undo: (() => void)[] = [];
  let isStarted = false;
  let disposing: Promise<void> | undefined;
  let endAuto: EndTrigger = () => undefined;

  const disposed = (): SyncAbortedError => new SyncAbortedError('the engine is disposed; create a new one');
  const send = (event: SyncMachineEvent): void => detached(() => actor.send(event));
  const stalls = createStallWatch({
    queue,
    clock,
    stallAfterMs: ports.config.stallAfterMs,
    tell: (fact, runId) =>
      detached(() => onEvent({ ...fact, at: clock.now(), ...(runId === undefined ? {} : { runId }) })),
  });

  // ── life ──

  const ensureStarted = (): void => {
    if (isStarted) return;
    isStarted = true;
    const told = actor.on('*', news.onEmitted);
    const watched = actor.subscribe({
      next: (snapshot) => {
        status.onSnapshot(snapshot, memory.lastSyncedAt);
        stalls.onSnapshot(snapshot);
      },
      error: (error: unknown) => {
        reportQuietly(error);
        waiters.failAll(new SyncError('the sync machine has stopped on an internal error', { cause: error }));
      },
      complete: () => {
        // The app stopped its own actor.
        if (parts.running !== undefined) void engine.dispose();
      },
    });
    const changed = queue.subscribe(({ enqueued }) => {
      // Only new work: the engine's own takes and settles are commits, too.
      if (enqueued && heedsOutbox(actor.getSnapshot())) send({ type: 'outbox.changed' });
      status.recount();
    });
    undo.push(
      () => told.unsubscribe(),
      () => watched.unsubscribe(),
      () => stalls.stop(),
      changed,
    );
    detached(() => actor.start());
    if (connectivity !== undefined) {
      const say = (online: boolean): void => send({ type: online ? 'network.online' : 'network.offline' });
      undo.push(connectivity.subscribe(say));
      if (!connectivity.isOnline()) say(false);
    }
    status.recount();
  };
  const alive = <T>(work: () => Promise<T>): Promise<T> => {
    if (disposing !== undefined) return handled(Promise.reject(disposed()));
    ensureStarted();
    return handled(detached(work).catch(rethrowForCaller));
  };
  const until = (
    reached: (snapshot: SyncSnapshot) => boolean,
    options: { signal?: AbortSignal | undefined; timeoutMs?: number | undefined } = {},
  ): Promise<SyncSnapshot> => waitUntil(actor, reached, { ...options, clock });
  const isOver = (snapshot: SyncSnapshot): boolean => phaseOf(snapshot) === 'stopped' || snapshot.status !== 'active';

  const runs = createRunRequests({
    actor,
    send,
    until,
    waiters,
    news,
    machine: machineParts,
    queue,
    kinds: ports.kinds,
  });
  const reread = <T>(
    causes: readonly Observable<unknown>[],
    read: () => Promise<T>,
    isSame: (a: T, b: T) => boolean,
  ): Observable<T> => readAgain(causes, () => detached(read), isSame);

  const engine: SyncEngineCore = {
    actor,
    start: () =>
      alive(async () => {
        const snapshot = await until((now) => phaseOf(now) !== 'starting' || isOver(now));
        if (phaseOf(snapshot) !== 'failed') return;
        const { failure } = snapshot.context;
        throw toSyncError(failure ?? { type: 'storeFailed', message: 'the database is unusable' }, {
          phase: 'sync',
          attempts: 1,
          maxRetries: 0,
        });
      }),
    sync: (options = {}) => {
      askedKinds(options);
      checkWhenPaused(options.whenPaused, 'sync');
      return alive(async () => (await runs.sync(options)).stats);
    },
    syncRun: (options = {}) => {
      checkWhenPaused(options.whenPaused, 'syncRun');
      return alive(() => runs.sync(options));
    },
    fullResync: (options = {}) => {
      checkWhenPaused(options.whenPaused, 'fullResync');
      return alive(() => runs.fullResync(options));
    },
    pause: () =>
      alive(async () => {
        const isReached = pauseReached();
        send({ type: 'PAUSE' });
        await until((now) => isOver(now) || isReached(now));
      }),
    resume: () =>
      alive(async () => {
        const isReached = resumeReached();
        send({ type: 'RESUME' });
        await until((now) => isOver(now) || isReached(now));
      }),
    signedIn: () =>
      alive(async () => {
        send({ type: 'SIGNED_IN' });
        // Who asks for the status afterwards learns whose the database is.
        await until((now) => isOver(now) || !now.matches({ session: { signedIn: 'checking' } }));
      }),
    startAuto: ({ interval = defaultIntervalMs } = {}) => {
      if (!(Number.isFinite(interval) && interval > 0))
        throw new RangeError(`startAuto: interval must be a number of milliseconds above 0, got ${String(interval)}`);
      if (disposing !== undefined) throw disposed();
      engine.stopAuto();
      ensureStarted();
      const ends = [startInterval(triggerSite, interval), startTableClocks(triggerSite)];
      endAuto = () => {
        for (const end of ends) end();
      };
    },
    stopAuto: () => endAuto(),
    resolveConflict: (opId, resolution) =>
      alive(async () => {
        await store.decideConflict(opId, resolution);
        send({ type: 'RESOLVE_CONFLICT', opId, resolution });
      }),
    conflicts: () => alive(() => store.conflicts()),
    conflicts$: reread([news.conflicts.stream, queueChanges], () => store.conflicts(), sameConflicts),
    getStuckOperations: (filter) =>
      alive(async () =>
        (await queue.list(filter)).filter(({ parkedFor }) => parkedFor === 'stuck' || parkedFor === 'ambiguous'),
      ),
    retryStuckOperations: (filter) =>
      alive(async () => {
        const count = await queue.retryStuck(filter);
        if (count > 0) send({ type: 'SYNC', pullKinds: [], automatic: true });
        return count;
      }),
    dropStuckOperations: (filter) =>
      alive(async () => {
        const facts = await queue.dropStuck(filter);
        tell(facts);
        return facts.filter(({ type }) => type === 'op.discarded').length;
      }),
    explain: () =>
      alive(async () => {
        const operations = await queue.list();
        const snapshot = actor.getSnapshot();
        return operations.map((operation) => explainOperation(operation, snapshot, ports.kinds.has(operation.kind)));
      }),
    events$: news.events.stream,
    status$: status.hub.stream,
    pending$: (options = {}) =>
      reread(
        [queueChanges],
        async () => {
          const { pending, stuck } = await queue.counts(options);
          return options.includeStuck === true ? pending + stuck : pending;
        },
        Object.is,
      ),
    status: () => status.current(),
    whenIdle: (options) =>
      alive(async () => {
        questions.leaveOpen();
        await until(
          (now) => isOver(now) || (now.matches({ activity: 'idle' }) && now.context.next === undefined),
          options,
        );
      }),
    whenPushed: ({ kinds, signal, timeoutMs } = {}) =>
      alive(() => whenPushed(queue, { kinds }, { signal, timeoutMs, clock }, () => disposing !== undefined)),
    adoptScope: (options) => alive(() => scopes.adopt(options)),
    clearScope: (options) => alive(() => scopes.clear(options)),
    dispose: () => (disposing ??= handled(detached(dispose))),
  };

  const scopes = createScopeCommands({
    ports,
    queue,
    send,
    tell,
    forget: () => {
      memory.lastSyncedAt = undefined;
      status.forget();
    },
    standingStill: async (work) => {
      if (actor.getSnapshot().matches({ activity: 'paused' })) return work();
      memory.pausesBriefly = true;
      try {
        await engine.pause();
        return await work();
      } finally {
        // Disposed meanwhile: what was done is done, and is told.
        await engine.resume().catch(() => undefined);
        memory.pausesBriefly = false;
      }
    },
  });

  async function dispose(): Promise<void> {
    engine.stopAuto();
    if (isStarted) {
      if (!isOver(actor.getSnapshot())) actor.send({ type: 'STOP' });
      await until(isOver).catch(() => undefined);
      await memory.quiet();
      await keeper.released();
    }
    for (const end of undo.splice(0)) end();
    await status.close();
    waiters.failAll(disposed());
    for (const hub of [news.events, news.conflicts, status.hub]) hub.complete();
  }

  const sendWhileAlive = (event: SyncMachineEvent): void => {
    if (disposing !== undefined) return;
    ensureStarted();
    send(event);
  };
  const triggerSite: TriggerSite = {
    ...ports,
    queue,
    events$: news.events.stream,
    send: sendWhileAlive,
    tell,
    isBusy: () => actor.getSnapshot().hasTag('busy'),
    isResting: () => {
      const { value, context } = actor.getSnapshot();
      return value.activity === 'idle' && context.next === undefined && context.wait === undefined;
    },
    detached,
  };
  attachInternals(engine, {
    ...parts,
    send: sendWhileAlive,
    isDisposed: () => disposing !== undefined,
    tell,
    triggerSite,
  });
  if (parts.running !== undefined) {
    ensureStarted();
    status.onSnapshot(actor.getSnapshot(), memory.lastSyncedAt);
  }
  return engine;
}

function startable(ports: EnginePorts): RunningMachine {
  const { machine, parts } = assembleMachine(ports);
  return { actor: createActor(machine, { clock: ports.clock }), parts };
}

const sameConflicts = (a: readonly StoredConflict[], b: readonly StoredConflict[]): boolean =>
  a.length === b.length &&
  a.every((one, index) => {
    const other = b[index];
    return (
      one.conflict.opId === other?.conflict.opId &&
      one.detectedAt === other.detectedAt &&
      one.state === other.state &&
      one.reason === other.reason &&
      one.conflict.serverTimestamp === other.conflict.serverTimestamp
    );
  });
