import { heedsOutbox } from '../../machines/heeds-outbox.ts';
import type { SyncMachineEvent } from '../../machines/machine-events.ts';
import { phaseOf } from '../../machines/phase-of.ts';
import type { SyncSnapshot } from '../../machines/sync-machine.ts';
import { SyncAbortedError, SyncError } from '../../model/errors/errors.ts';
import type { Clock } from '../../model/platform/clock.ts';
import { reportQuietly } from '../../model/platform/report-quietly.ts';
import type { ConnectivityPort } from '../../model/ports.ts';
import type { QueuePort } from '../../model/queue.ts';
import type { StoragePort } from '../../model/storage-status.ts';
import { rethrowForCaller } from '../../persistence/sql/database-failure.ts';
import type { StatusKeeper } from '../status/status-keeper.ts';
import { createStallWatch } from '../status/watch-stalls.ts';
import { handled, type Waiters } from '../waits/waiters.ts';
import { waitUntil } from '../waits/wait-until.ts';
import type { RunningMachine } from './engine-internals.ts';
import type { EngineNews } from './engine-news.ts';

interface LifeParts {
  readonly running: RunningMachine;
  /** The app created the actor and may stop it. */
  readonly isActorOfApp: boolean;
  readonly queue: QueuePort;
  readonly connectivity: ConnectivityPort | undefined;
  readonly storage: StoragePort | undefined;
  readonly clock: Clock;
  readonly stallAfterMs: number;
  readonly detached: <T>(work: () => T) => T;
  readonly waiters: Waiters;
  readonly status: StatusKeeper;
  readonly news: EngineNews;
}

/** Whether the chart has ended. */
export const isOver = (snapshot: SyncSnapshot): boolean =>
  phaseOf(snapshot) === 'stopped' || snapshot.status !== 'active';

/** The life cycle of an engine: it starts with the first command and ends with `dispose()`. */
export class EngineLife {
  readonly #parts: LifeParts;
  readonly #stalls: ReturnType<typeof createStallWatch>;
  readonly #endings: (() => void)[] = [];
  readonly #undo: (() => void)[] = [];
  #isStarted = false;
  #disposing: Promise<void> | undefined;

  constructor(parts: LifeParts) {
    const { queue, clock, stallAfterMs, news, detached } = parts;
    this.#parts = parts;
    this.#stalls = createStallWatch({
      queue,
      clock,
      stallAfterMs,
      tell: (fact, runId) =>
        detached(() => news.onEvent({ ...fact, at: clock.now(), ...(runId === undefined ? {} : { runId }) })),
    });
  }

  get isDisposed(): boolean {
    return this.#disposing !== undefined;
  }

  /** Runs a command of the app outside its transaction. The first command starts the engine. */
  alive<T>(work: () => Promise<T>): Promise<T> {
    if (this.isDisposed) return handled(Promise.reject(disposed()));
    this.#ensureStarted();
    return handled(this.#parts.detached(work).catch(rethrowForCaller));
  }

  /** Starts the engine for a command that does not wait. Throws once the engine is disposed. */
  begin(): void {
    if (this.isDisposed) throw disposed();
    this.#ensureStarted();
  }

  send(event: SyncMachineEvent): void {
    const { running, detached } = this.#parts;
    detached(() => running.actor.send(event));
  }

  /** Like {@link send}, for triggers: starts the engine, and does nothing after it is disposed. */
  sendWhileAlive(event: SyncMachineEvent): void {
    if (this.isDisposed) return;
    this.#ensureStarted();
    this.send(event);
  }

  until(
    reached: (snapshot: SyncSnapshot) => boolean,
    options: { signal?: AbortSignal | undefined; timeoutMs?: number | undefined } = {},
  ): Promise<SyncSnapshot> {
    const { running, clock } = this.#parts;
    return waitUntil(running.actor, reached, { ...options, clock });
  }

  /** Calls the listener before the chart stops. */
  onDispose(listener: () => void): void {
    this.#endings.push(listener);
  }

  /** Stops the chart, waits for running work, and ends every stream and promise. */
  dispose(): Promise<void> {
    this.#disposing ??= handled(this.#parts.detached(() => this.#end()));
    return this.#disposing;
  }

  /** An actor of the app may already run. Its engine follows it from the start. */
  follow(): void {
    const { running, status } = this.#parts;
    this.#ensureStarted();
    status.onSnapshot(running.actor.getSnapshot(), running.parts.memory.lastSyncedAt);
  }

  #ensureStarted(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    const { running, connectivity, storage, detached, status } = this.#parts;
    this.#undo.push(this.#watchActor(), () => this.#stalls.stop(), this.#watchQueue());
    detached(() => running.actor.start());
    if (connectivity !== undefined) {
      const say = (online: boolean): void => this.send({ type: online ? 'network.online' : 'network.offline' });
      this.#undo.push(connectivity.subscribe(say));
      if (!connectivity.isOnline()) say(false);
    }
    if (storage !== undefined) {
      const watched = storage.changes.subscribe(() => status.refresh());
      this.#undo.push(() => watched.unsubscribe());
    }
    status.recount();
  }

  #watchActor(): () => void {
    const { running, isActorOfApp, news, status, waiters } = this.#parts;
    const told = running.actor.on('*', news.onEmitted);
    const watched = running.actor.subscribe({
      next: (snapshot) => {
        status.onSnapshot(snapshot, running.parts.memory.lastSyncedAt);
        this.#stalls.onSnapshot(snapshot);
      },
      error: (error: unknown) => {
        reportQuietly(error);
        waiters.failAll(new SyncError('the sync machine has stopped on an internal error', { cause: error }));
      },
      complete: () => {
        if (isActorOfApp) void this.dispose();
      },
    });
    return () => {
      told.unsubscribe();
      watched.unsubscribe();
    };
  }

  #watchQueue(): () => void {
    const { running, queue, status } = this.#parts;
    return queue.subscribe(({ enqueued }) => {
      // Reacts only to new operations, because the engine's own takes and settles are commits, too.
      if (enqueued && heedsOutbox(running.actor.getSnapshot())) this.send({ type: 'outbox.changed' });
      status.recount();
    });
  }

  async #end(): Promise<void> {
    const { running, status, waiters, news } = this.#parts;
    const { actor, parts } = running;
    for (const end of this.#endings) end();
    if (this.#isStarted) {
      if (!isOver(actor.getSnapshot())) actor.send({ type: 'STOP' });
      await this.until(isOver).catch(() => undefined);
      await parts.memory.quiet();
      await parts.keeper.released();
    }
    for (const end of this.#undo.splice(0)) end();
    await status.close();
    waiters.failAll(disposed());
    for (const hub of [news.events, news.conflicts, status.hub]) hub.complete();
  }
}

const disposed = (): SyncAbortedError => new SyncAbortedError('the engine is disposed; create a new one');
