import type { DataSource } from 'typeorm';
import { createActor, type AnyActorLogic } from 'xstate';
import { assembleMachine } from '../../src/engine/machine/assemble-machine.ts';
import { composePorts } from '../../src/engine/ports/compose-ports.ts';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import type { SyncMachineOptions } from '../../src/engine/ports/engine-options.ts';
import type { SyncSnapshot } from '../../src/machines/sync-machine.ts';
import type { TransportAdapter } from '../../src/model/transport.ts';
import { syncTable } from '../../src/persistence/tables/sync-table.ts';
import { createWriter } from '../../src/persistence/writing/writer.ts';
import { FaultyTransport } from '../../src/testing/faulty-transport.ts';
import { MemoryBackend } from '../../src/testing/memory-backend.ts';
import { MemoryTransport } from '../../src/testing/memory-transport.ts';
import { seededRandom } from '../../src/testing/seeded-random.ts';
import { createSimulatedClock, type SimulatedClock } from '../../src/testing/simulated-clock.ts';
import { openCrashableDatabase, type CrashableDatabase } from '../../src/simulation/crashable-database.ts';
import { emptyDatabase, simulatedEntities, type SimulatedRow } from '../../src/simulation/simulated-app.ts';
import { keyOf, pathLimits, type Cause, type ChartPath } from './chart-paths.ts';

const [listEntity, taskEntity] = simulatedEntities;
if (listEntity === undefined || taskEntity === undefined) throw new Error('the simulated app has two tables');
/** A conflict in a list is the server's; one in a task is merged and sent again. */
const tables = {
  lists: syncTable<SimulatedRow>(listEntity, { conflict: { strategy: 'serverWins' } }),
  tasks: syncTable<SimulatedRow>(taskEntity, { conflict: { strategy: 'autoPreserve' } }),
};
type Kind = keyof typeof tables;
const rowsPerKind = 8;

interface World {
  readonly backend: MemoryBackend;
  readonly clock: SimulatedClock;
  readonly database: CrashableDatabase;
  readonly options: SyncMachineOptions;
  readonly transport: FaultyTransport;
  /** The next statement fails with this code. */
  failNext: string | undefined;
}

const optionsOf = (dataSource: DataSource, transport: TransportAdapter, clock: SimulatedClock): SyncMachineOptions => ({
  dataSource,
  transport,
  clock,
  tables: Object.values(tables),
  random: seededRandom(1),
  config: { ...pathLimits, fullResyncIntervalMs: Infinity, busyTimeoutMs: 0, leaseTtlMs: 60_000 },
});

async function open(bytes: Buffer, backend: MemoryBackend, clock: SimulatedClock): Promise<World> {
  const world: { failNext: string | undefined } = { failNext: undefined };
  const database = await openCrashableDatabase(bytes, clock, {
    onStatement: () => {
      const code = world.failNext;
      world.failNext = undefined;
      if (code !== undefined) throw Object.assign(new Error(`planted: ${code}`), { code });
    },
    beforeCommit: () => undefined,
    afterCommit: () => undefined,
  });
  const transport = new FaultyTransport(
    new MemoryTransport({ backend, capabilities: { idempotency: 'key', conditionalWrite: true } }),
    { rate: 0 },
  );
  // What a dead process would send is not sent any more.
  const never = new Promise<never>(() => undefined);
  const alive: TransportAdapter = {
    capabilities: transport.capabilities,
    pull: (request) => (database.isDead ? never : transport.pull(request)),
    push: (ops, context) => (database.isDead ? never : transport.push(ops, context)),
    forcePush: (op, context) => (database.isDead ? never : transport.forcePush(op, context)),
    fetch: (request) => (database.isDead ? never : transport.fetch(request)),
    health: (context) => (database.isDead ? never : transport.health(context)),
  };
  return Object.assign(world, {
    backend,
    clock,
    database,
    transport,
    options: optionsOf(database.dataSource, alive, clock),
  });
}

/** The bytes of a device that has synced some rows, and the server that has them. */
export async function createStart(): Promise<{ readonly bytes: Buffer; createBackend(): MemoryBackend }> {
  const createBackend = (): MemoryBackend => {
    const backend = new MemoryBackend({ naming: 'camelCase', now: () => Date.UTC(2026, 0, 1) });
    for (const kind of ['lists', 'tasks'] as const)
      backend.seed(
        kind,
        Array.from({ length: rowsPerKind }, (_, index) => ({
          id: `${kind}-${index}`,
          title: 'seeded',
          ...(kind === 'tasks' ? { note: null, done: false, points: 0, tags: null, listId: null } : {}),
        })),
      );
    return backend;
  };
  const { database, options } = await open(await emptyDatabase(), createBackend(), createSimulatedClock());
  const engine = createSyncEngine(options);
  await engine.sync();
  await engine.dispose();
  return { bytes: database.crash(), createBackend };
}

export interface Walk {
  /** Undefined when the engine went every step as the graph says. */
  readonly leftAt?: { readonly step: number; readonly cause: Cause; readonly expected: string; readonly found: string };
  /** What a new engine made of the stored bytes: nothing, when all is well. */
  readonly broken: readonly string[];
}

/**
 * Lets the engine go a path of the graph by real causes, kills it where the path ends, and starts another one on what
 * was committed.
 */
export async function walk(path: ChartPath, start: Awaited<ReturnType<typeof createStart>>): Promise<Walk> {
  const backend = start.createBackend();
  const clock = createSimulatedClock();
  const world = await open(start.bytes, backend, clock);
  const { ports } = composePorts(world.options);
  const { machine } = assembleMachine(ports);
  const edited: { kind: Kind; id: string }[] = [];
  const writer = createWriter(world.database.dataSource, { clock });
  let done = 0;

  const edit = async (): Promise<void> => {
    const decision = path.steps
      .slice(done)
      .find(({ cause }) => cause.type === 'actor' && cause.actor === 'decideConflict')?.cause;
    const kind: Kind = decision?.type === 'actor' && decision.answer === 'apply' ? 'lists' : 'tasks';
    const id = `${kind}-${edited.length}`;
    edited.push({ kind, id });
    const before = await world.database.dataSource.getRepository<SimulatedRow>(kind).findOneByOrFail({ id });
    await writer
      .forTable(tables[kind])
      .replaceAndEnqueueDiff(before, { ...before, title: `edited here ${edited.length}` });
  };
  const changeElsewhere = (): void => {
    const last = edited.at(-1);
    if (last !== undefined)
      backend.update(
        last.kind,
        last.id,
        last.kind === 'lists' ? { title: 'from elsewhere' } : { note: `from elsewhere ${Math.random()}` },
      );
  };
  const settlesNext = (): string | undefined => {
    const next = path.steps
      .slice(done)
      .find(({ cause }) => cause.type === 'actor' && cause.actor === 'settleBatch')?.cause;
    return next?.type === 'actor' ? next.answer : undefined;
  };
  const lease = (expiresAt: number): Promise<unknown> =>
    world.database.dataSource.query(
      `INSERT INTO sync_lease (name, owner, token, expires_at) VALUES ('run', 'another', 1, ${expiresAt}) ON CONFLICT (name) DO UPDATE SET owner = 'another', token = token + 1, expires_at = ${expiresAt}`,
    );

  /** Makes the world such that the actor will answer as the path says. */
  const prepare = async (actor: string): Promise<void> => {
    const cause = path.steps[done]?.cause;
    if (cause?.type !== 'actor' || cause.actor !== actor) return;
    const { answer, failure } = cause;
    if (actor === 'hydrate' && answer === 'paused') await ports.store.rememberPaused(true);
    if (actor === 'acquireLease') {
      const [held]: { expires_at: number }[] = await world.database.dataSource.query(
        "SELECT expires_at FROM sync_lease WHERE owner = 'another'",
      );
      if (answer === 'taken') await lease(clock.now() + 1_000);
      else if (held !== undefined && held.expires_at > 0) await lease(0);
    }
    if (actor === 'takeBatch' && answer === 'filled') await edit();
    if (actor === 'sendBatch' && settlesNext() === 'conflict') changeElsewhere();
    if (actor === 'repushDecision' && answer === 'again') changeElsewhere();
    world.transport.offline = answer === 'cutOff' || failure === 'unavailable';
    if (failure === 'storeBusy') world.failNext = 'SQLITE_BUSY';
    if (failure === 'storeFailed') world.failNext = 'SQLITE_FULL';
  };
  /** The real actor, which begins once the world is prepared; one that was left before never does. */
  const begun = new WeakSet<object>();
  const prepared = (name: string, real: AnyActorLogic): AnyActorLogic => ({
    ...real,
    transition: (state, event, scope) =>
      (event as { type: string }).type === 'xstate.stop' && !begun.has(scope.self)
        ? { ...(state as object), status: 'stopped' }
        : real.transition(state, event, scope),
    start: (state, scope) => {
      void new Promise((resolve) => setImmediate(resolve))
        .then(() =>
          scope.self.getSnapshot().status === 'active' && !world.database.isDead ? prepare(name) : undefined,
        )
        .then(() => {
          if (scope.self.getSnapshot().status !== 'active' || world.database.isDead) return;
          begun.add(scope.self);
          real.start?.(state, scope);
        });
    },
  });
  const actors = Object.fromEntries(
    Object.entries(machine.implementations.actors as Record<string, AnyActorLogic>).map(([name, real]) => [
      name,
      prepared(name, real),
    ]),
  );
  const actor = createActor(machine.provide({ actors: actors as never }), { clock });

  const bytes = await new Promise<{ readonly left: Buffer; readonly leftAt?: Walk['leftAt'] }>((resolve) => {
    let last = '';
    let isOver = false;
    const end = (leftAt?: Walk['leftAt']): void => {
      isOver = true;
      resolve({ left: world.database.crash(), ...(leftAt === undefined ? {} : { leftAt }) });
    };
    const next = (): void => {
      const cause = path.steps[done]?.cause;
      if (cause === undefined) end();
      else if (cause.type === 'command') actor.send(cause.event);
      else if (cause.type === 'delay') {
        // The wait that the chart announced, and not a moment more.
        const due = cause.delay.startsWith('leasePoll')
          ? 250
          : cause.delay.startsWith('conflict')
            ? pathLimits.conflictRetryDelayMs
            : (actor.getSnapshot().context.wait?.delayMs ?? 0);
        setImmediate(() => clock.increment(due));
      }
    };
    const look = (snapshot: SyncSnapshot): void => {
      if (isOver) return;
      const found = keyOf(snapshot);
      if (found === last) return;
      last = found;
      const step = path.steps[done];
      if (step === undefined) return;
      if (found !== step.key) return end({ step: done, cause: step.cause, expected: step.key, found });
      done += 1;
      next();
    };
    last = keyOf(actor.getSnapshot());
    actor.subscribe({ next: look, complete: () => look(actor.getSnapshot()) });
    actor.start();
    next();
    // An engine that stands still is as wrong as one that goes another way.
    setTimeout(() => {
      const step = path.steps[done];
      if (!isOver && step !== undefined)
        end({ step: done, cause: step.cause, expected: step.key, found: `still ${last}` });
    }, 20_000).unref();
  });
  actor.stop();
  return {
    broken: await restore(bytes.left, backend, clock.now()),
    ...(bytes.leftAt === undefined ? {} : { leftAt: bytes.leftAt }),
  };
}

/** Starts a new engine on the stored bytes, lets it go on to the end, and says what does not hold then. */
async function restore(bytes: Buffer, backend: MemoryBackend, now: number): Promise<readonly string[]> {
  // The dead process may hold the lease: it runs out.
  const clock = createSimulatedClock(now + 120_000);
  const { database, options } = await open(bytes, backend, clock);
  const engine = createSyncEngine(options);
  engine.events$.subscribe((event) => {
    if (event.type === 'backoff.scheduled') setImmediate(() => void clock.advance(event.delayMs));
  });
  const drive = setInterval(() => void clock.advance(1_000), 5);
  try {
    await engine.start();
    if (engine.status().paused) await engine.resume();
    await engine.sync();
    const broken: string[] = [];
    if (await engine.outbox.hasOperations())
      broken.push(`something is left: ${JSON.stringify(await engine.explain())} (I12)`);
    for (const kind of ['lists', 'tasks'] as const) {
      const here = database
        .look<{ id: string; title: string }>(`SELECT id, title FROM ${kind} ORDER BY id`)
        .map(({ id, title }) => `${id} ${title}`);
      const there = backend
        .getAll(kind)
        .map((row) => `${String(row['id'])} ${String(row['title'])}`)
        .toSorted();
      if (here.join() !== there.join())
        broken.push(`${kind} here: ${here.join()}; on the server: ${there.join()} (I5)`);
    }
    const keys = backend.effects.map(({ key }) => key);
    if (new Set(keys).size !== keys.length) broken.push(`a request took effect twice: ${keys.join()} (I2)`);
    return broken;
  } catch (error) {
    return [`the new engine failed: ${String(error)}`];
  } finally {
    clearInterval(drive);
    await engine.dispose();
    database.crash();
  }
}
