import { createActor, type AnyActorLogic } from 'xstate';
import { assembleMachine } from '../../engine/machine/assemble-machine.ts';
import { composePorts } from '../../engine/ports/compose-ports.ts';
import type { SyncMachineOptions } from '../../engine/ports/engine-options.ts';
import type { SyncSnapshot } from '../../machines/sync-machine.ts';
import { SyncStepError, type SyncFailure } from '../../model/errors/failure.ts';
import { yieldTurn } from '../../model/platform/yield-turn.ts';
import { FaultyTransport } from '../../testing/faulty-transport.ts';
import type { SimulatedClock } from '../../testing/simulated-clock.ts';
import { leasePollMs, pathLimits, stateKey, type SyncCause } from './sync-graph.ts';
import type { SyncPath, SyncPathStep } from './sync-paths.ts';

/** What an app provides so that an engine can follow a path. */
export interface PathWorld {
  /**
   * Options of the engine under test: a database that has synced once, the app's tables, and a transport.
   * {@link pathLimits} are added to its `config`. No full resync may become due.
   */
  readonly options: SyncMachineOptions & { readonly clock: SimulatedClock };
  /**
   * Edits a row that this path has not edited yet, and queues it. `decision` is the path's treatment of a conflict of
   * this row: `apply` takes the server's row, so the table needs `serverWins`; `repush` sends a merged row, so it needs
   * a merging strategy. Without `decision`, any table fits.
   */
  edit(decision: 'apply' | 'repush' | undefined): Promise<void>;
  /** Changes the row of the last edit on the server, so that it conflicts. */
  changeElsewhere(): Promise<void> | void;
  /**
   * Makes the next database statement fail with this SQLite code. Without this function, the step fails before it
   * reaches the database.
   */
  failNextStatement?(code: 'SQLITE_BUSY' | 'SQLITE_FULL'): void;
  /** False once the process counts as dead. Nothing starts after that. */
  isAlive?(): boolean;
  /** Called at the end of the path, before the engine can continue. */
  atEnd?(): void;
  /** Called after each step of the path. */
  onStep?(snapshot: SyncSnapshot, step: SyncPathStep): void;
}

/** The engine deviated from the chart. */
export class PathLeftError extends Error {
  override readonly name = 'PathLeftError';

  constructor(
    readonly path: SyncPath,
    /** Index of the step. */
    readonly step: number,
    readonly expected: string,
    readonly found: string,
  ) {
    super(
      `The engine left the path at step ${step + 1}: expected '${expected}', found '${found}'. ${path.description}`,
    );
  }
}

/** Stops the engine that followed the path. */
export type StopFollowing = () => void;

/** Real time in ms after which an engine without progress counts as stuck. */
const stillAfterMs = 20_000;

/**
 * Leads an engine along a path by real causes: disconnects the network, edits rows, holds the lease, advances the
 * clock. Resolves at the end of the path with a function that stops the engine. Rejects with {@link PathLeftError} when
 * the engine deviates from the chart or makes no progress.
 */
export async function followPath(path: SyncPath, world: PathWorld): Promise<StopFollowing> {
  const { options } = world;
  const { clock } = options;
  const transport = new FaultyTransport(options.transport, { rate: 0, clock });
  const { ports } = composePorts({
    ...options,
    transport,
    config: { fullResyncIntervalMs: Infinity, busyTimeoutMs: 0, ...options.config, ...pathLimits },
  });
  const { machine } = assembleMachine(ports);
  const isAlive = (): boolean => world.isAlive?.() ?? true;
  let done = 0;

  const nextOf = (actor: string): string | undefined => {
    const found = path.steps.slice(done).find(({ cause }) => cause.type === 'actor' && cause.actor === actor)?.cause;
    return found?.type === 'actor' ? found.answer : undefined;
  };
  const decision = (): 'apply' | 'repush' | undefined => {
    const answer = nextOf('decideConflict');
    return answer === 'apply' || answer === 'repush' ? answer : undefined;
  };
  const holdLease = (expiresAt: number): Promise<unknown> =>
    options.dataSource.query(
      `INSERT INTO sync_lease (name, owner, token, expires_at) VALUES ('run', 'another', 1, ${expiresAt}) ON CONFLICT (name) DO UPDATE SET owner = 'another', token = token + 1, expires_at = ${expiresAt}`,
    );
  const leaseAs = async (answer: string): Promise<void> => {
    if (answer === 'taken') {
      await holdLease(clock.now() + 1_000);
      return;
    }
    const [held]: { expires_at: number }[] = await options.dataSource.query(
      "SELECT expires_at FROM sync_lease WHERE owner = 'another'",
    );
    if (held !== undefined && held.expires_at > 0) await holdLease(0);
  };

  /** Prepares the world so that the actor answers as in the path. Returns the failure that it must produce itself. */
  const prepare = async (actor: string): Promise<SyncFailure | undefined> => {
    const cause = path.steps[done]?.cause;
    if (cause?.type !== 'actor' || cause.actor !== actor) return undefined;
    const { answer, failure } = cause;
    if (actor === 'hydrate' && answer === 'paused') await ports.store.rememberPaused(true);
    if (actor === 'acquireLease') await leaseAs(answer);
    if (actor === 'takeBatch' && answer === 'filled') await world.edit(decision());
    if (actor === 'sendBatch' && nextOf('settleBatch') === 'conflict') await world.changeElsewhere();
    if (actor === 'repushDecision' && answer === 'again') await world.changeElsewhere();
    transport.offline = answer === 'cutOff' || failure === 'unavailable';
    if (failure !== 'storeBusy' && failure !== 'storeFailed') return undefined;
    if (world.failNextStatement === undefined)
      return { type: failure, message: 'played by followPath', at: clock.now() };
    world.failNextStatement(failure === 'storeBusy' ? 'SQLITE_BUSY' : 'SQLITE_FULL');
    return undefined;
  };

  const actors = Object.entries(machine.implementations.actors as Record<string, AnyActorLogic>).map(
    ([name, real]) => [name, preparedActor(real, isAlive, () => prepare(name))] as const,
  );
  const actor = createActor(machine.provide({ actors: Object.fromEntries(actors) }), { clock });

  await new Promise<void>((resolve, reject) => {
    let last = stateKey(actor.getSnapshot());
    let isOver = false;
    const end = (left?: PathLeftError): void => {
      isOver = true;
      world.atEnd?.();
      clearTimeout(still);
      if (left === undefined) resolve();
      else {
        actor.stop();
        reject(left);
      }
    };
    // An engine without progress is as wrong as one that deviates.
    const still = setTimeout(() => {
      const step = path.steps[done];
      if (!isOver && step !== undefined) end(new PathLeftError(path, done, step.key, `still ${last}`));
    }, stillAfterMs);
    const next = (): void => {
      const cause = path.steps[done]?.cause;
      if (cause === undefined) end();
      else if (cause.type === 'command') actor.send(cause.event);
      else if (cause.type === 'delay') {
        // Exactly the wait that the chart announced.
        const waitMs = waitOf(cause, actor.getSnapshot());
        void yieldTurn().then(() => clock.increment(waitMs));
      }
    };
    const look = (snapshot: SyncSnapshot): void => {
      const found = stateKey(snapshot);
      if (isOver || found === last) return;
      last = found;
      const step = path.steps[done];
      if (step === undefined) return;
      if (found !== step.key) {
        end(new PathLeftError(path, done, step.key, found));
        return;
      }
      done += 1;
      world.onStep?.(snapshot, step);
      next();
    };
    actor.subscribe({ next: look, complete: () => look(actor.getSnapshot()) });
    actor.start();
    next();
  });
  return () => actor.stop();
}

function waitOf({ delay }: Extract<SyncCause, { type: 'delay' }>, { context: { wait } }: SyncSnapshot): number {
  if (delay.startsWith('leasePoll')) return leasePollMs;
  return delay.startsWith('conflict') ? pathLimits.conflictRetryDelayMs : (wait?.delayMs ?? 0);
}

/** Starts the real actor after the world is prepared. An actor that the chart leaves earlier never starts. */
function preparedActor(
  real: AnyActorLogic,
  isAlive: () => boolean,
  prepare: () => Promise<SyncFailure | undefined>,
): AnyActorLogic {
  const begun = new WeakSet<object>();
  return {
    ...real,
    transition: (state, event, scope) => {
      const { type, failure } = event as { readonly type: string; readonly failure?: SyncFailure };
      if (type === playedFailure && failure !== undefined)
        return { ...(state as object), status: 'error', error: new SyncStepError(failure) };
      return type === 'xstate.stop' && !begun.has(scope.self)
        ? { ...(state as object), status: 'stopped' }
        : real.transition(state, event, scope);
    },
    start: (state, scope) => {
      const isWanted = (): boolean => scope.self.getSnapshot().status === 'active' && isAlive();
      void yieldTurn()
        .then(() => (isWanted() ? prepare() : undefined))
        .then((failure) => {
          if (!isWanted()) return;
          begun.add(scope.self);
          if (failure === undefined) real.start?.(state, scope);
          else scope.self.send({ type: playedFailure, failure });
        });
    },
  };
}

const playedFailure = 'synchart.path.failure';
