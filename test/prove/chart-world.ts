import type { DataSource } from 'typeorm';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import type { TransportAdapter } from '../../src/model/transport.ts';
import { syncTable } from '../../src/persistence/tables/sync-table.ts';
import { createWriter } from '../../src/persistence/writing/writer.ts';
import { MemoryBackend } from '../../src/testing/memory-backend.ts';
import { MemoryTransport } from '../../src/testing/memory-transport.ts';
import { seededRandom } from '../../src/testing/seeded-random.ts';
import { createSimulatedClock, type SimulatedClock } from '../../src/testing/simulated-clock.ts';
import { openCrashableDatabase, type CrashableDatabase } from '../../src/simulation/crashable-database.ts';
import { emptyDatabase, simulatedEntities, type SimulatedRow } from '../../src/simulation/simulated-app.ts';
import { followPath, PathLeftError } from '../../src/simulation/paths/follow-path.ts';
import { pathLimits } from '../../src/simulation/paths/sync-graph.ts';
import type { SyncPath } from '../../src/simulation/paths/sync-paths.ts';

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
  readonly options: ReturnType<typeof optionsOf>;
  /** The next statement fails with this code. */
  failNext: string | undefined;
}

const optionsOf = (dataSource: DataSource, transport: TransportAdapter, clock: SimulatedClock) => ({
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
  const transport = new MemoryTransport({ backend, capabilities: { idempotency: 'key', conditionalWrite: true } });
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
  readonly left?: PathLeftError;
  /** What a new engine made of the stored bytes: nothing, when all is well. */
  readonly broken: readonly string[];
}

/**
 * Lets the engine go a path of the graph by real causes, kills it where the path ends, and starts another one on what
 * was committed.
 */
export async function walk(path: SyncPath, start: Awaited<ReturnType<typeof createStart>>): Promise<Walk> {
  const backend = start.createBackend();
  const clock = createSimulatedClock();
  const world = await open(start.bytes, backend, clock);
  const { dataSource } = world.database;
  const edited: { kind: Kind; id: string }[] = [];
  const writer = createWriter(dataSource, { clock });
  let bytes: Buffer | undefined;
  const left = await followPath(path, {
    options: world.options,
    edit: async (decision) => {
      const kind: Kind = decision === 'apply' ? 'lists' : 'tasks';
      const id = `${kind}-${edited.length}`;
      edited.push({ kind, id });
      const before = await dataSource.getRepository<SimulatedRow>(kind).findOneByOrFail({ id });
      await writer
        .forTable(tables[kind])
        .replaceAndEnqueueDiff(before, { ...before, title: `edited here ${edited.length}` });
    },
    changeElsewhere: () => {
      const last = edited.at(-1);
      if (last === undefined) return;
      const patch = last.kind === 'lists' ? { title: 'from elsewhere' } : { note: `from elsewhere ${Math.random()}` };
      backend.update(last.kind, last.id, patch);
    },
    failNextStatement: (code) => {
      world.failNext = code;
    },
    isAlive: () => !world.database.isDead,
    atEnd: () => {
      bytes = world.database.crash();
    },
  }).then(
    (stop) => {
      stop();
      return undefined;
    },
    (error: unknown) => {
      if (error instanceof PathLeftError) return error;
      throw error;
    },
  );
  if (bytes === undefined) throw new Error('the path has no end');
  return { broken: await restore(bytes, backend, clock.now()), ...(left === undefined ? {} : { left }) };
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
