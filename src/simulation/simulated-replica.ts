import type { AxiosInstance } from 'axios';
import type { EntityManager } from 'typeorm';
import { createSyncEngine } from '../engine/create-sync-engine.ts';
import type { SyncEngine } from '../engine/api/sync-engine.ts';
import { createTriggers, type Triggers } from '../engine/triggers.ts';
import {
  acceptClient,
  acceptMerged,
  acceptServer,
  defer,
  type Conflict,
  type ConflictResolution,
  type ConflictResolver,
} from '../model/conflict.ts';
import type { SyncEvent } from '../model/events.ts';
import { captureWrites } from '../persistence/capture/capture-writes.ts';
import { createWriter, type SyncEntityWriter } from '../persistence/writing/writer.ts';
import type { Clock } from '../model/platform/clock.ts';
import type { TransportAdapter } from '../model/transport.ts';
import type { TokenProvider } from '../transport/http/rest-options.ts';
import { RestTransport } from '../transport/rest-transport.ts';
import { seededRandom } from '../testing/seeded-random.ts';
import { openCrashableDatabase, type CrashableDatabase } from './crashable-database.ts';
import type { ModelServer } from './model-server.ts';
import type { SimulationLog } from './simulation-log.ts';
import { simulatedKinds, simulatedTables, type SimulatedKind, type SimulatedRow } from './simulated-app.ts';
import { SimulatedConnection, type SimulatedCaller } from './simulated-network.ts';
import type { SimulatedBoundary, SimulatedClientKind, SimulatedWorld } from './simulation-script.ts';
import { ProcessClock, SimulationViolation, type VirtualTime } from './virtual-time.ts';

/** One engine of a process and its parts. */
export interface SimulatedEngine {
  readonly name: string;
  readonly engine: SyncEngine;
  readonly clock: ProcessClock;
  readonly triggers: Triggers;
}

/** The parts of a simulated transport: everything it may know of the outside world. */
export interface SimulatedTransportParts {
  readonly baseUrl: string;
  /** Receives requests instead of an axios instance; the only network there is. */
  readonly axios: Pick<AxiosInstance, 'request'>;
  /** The clock of the process. A transport must use no other. */
  readonly clock: Clock;
  readonly token: TokenProvider;
  /** The behaviour that the world requests from the transport, as far as it supports that. */
  readonly client: SimulatedClientKind;
}

/** Creates the transport of this package. */
export const simulatedRestTransport = ({ client, ...parts }: SimulatedTransportParts): TransportAdapter =>
  new RestTransport({
    ...parts,
    enableBatch: client.batch,
    batchSize: client.batchSize,
    pushConcurrency: client.pushConcurrency,
    conditionalWrite: client.conditionalWrite,
    deltas: client.deltas,
  });

/** What a replica reports to its oracle. */
export interface ReplicaWatch {
  /** Called after each commit, while nothing else runs. */
  onCommit(replica: SimulatedReplica): void;
  onEvent(replica: SimulatedReplica, event: SyncEvent): void;
}

interface Armed {
  readonly boundary: SimulatedBoundary;
  left: number;
  readonly go: () => void;
}

/** A device: its stored bytes, its connection, and its current process. */
export class SimulatedReplica {
  readonly name: string;
  readonly connection: SimulatedConnection;
  database: CrashableDatabase | undefined;
  engines: readonly SimulatedEngine[] = [];
  skewMs = 0;
  /** The state that the connectivity port reports. */
  saysOnline = true;
  /** The app's token; -1: signed out. */
  token = 1;
  canRefresh = true;
  /** Promises that the app holds, with their purpose. */
  readonly waiting = new Map<Promise<unknown>, { readonly what: string; readonly since: number }>();
  /** Number of processes that died. A promise of a dead process never settles. */
  crashes = 0;
  readonly #listeners = new Set<(online: boolean) => void>();
  readonly #armed = new Set<Armed>();
  #bytes: Buffer;
  #opCount = 0;
  #isStarting = false;
  #writers: Readonly<Record<SimulatedKind, SyncEntityWriter<SimulatedRow>>> | undefined;

  constructor(
    readonly index: number,
    private readonly world: SimulatedWorld,
    private readonly time: VirtualTime,
    server: ModelServer,
    private readonly log: SimulationLog,
    private readonly watch: ReplicaWatch,
    bytes: Buffer,
    private readonly createTransport: (parts: SimulatedTransportParts) => TransportAdapter,
  ) {
    this.name = `r${index}`;
    this.#bytes = bytes;
    this.connection = new SimulatedConnection(time, server, world.seed + index * 31, world.latencyMs);
  }

  get isUp(): boolean {
    return this.database !== undefined && !this.database.isDead;
  }

  // ── Life ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  async start(): Promise<void> {
    if (this.isUp || this.#isStarting) return;
    this.#isStarting = true;
    const clock = new ProcessClock(this.time, this.skewMs);
    const database = await this.time.hold(
      openCrashableDatabase(this.#bytes, clock, {
        onStatement: () => {
          this.time.touch();
          this.#reach('statement');
        },
        beforeCommit: () => this.#reach('beforeCommit'),
        afterCommit: () => {
          this.watch.onCommit(this);
          this.#reach('afterCommit');
        },
      }),
    );
    this.#isStarting = false;
    this.database = database;
    const tables = simulatedTables(this.world.client);
    const writer = createWriter(database.dataSource, { clock, opId: () => this.nextOpId() });
    if (this.capturesWrites)
      captureWrites(database.dataSource, [tables.lists, tables.tasks], { clock, opId: () => this.nextOpId() });
    this.#writers = { lists: writer.forTable(tables.lists), tasks: writer.forTable(tables.tasks) };
    const count = this.world.twoEngines && this.index === 0 ? 2 : 1;
    this.engines = Array.from({ length: count }, (_, index) =>
      this.#createEngine(index === 0 ? clock : new ProcessClock(this.time, this.skewMs), index, count),
    );
    for (const { engine, triggers, name } of this.engines) {
      if (!this.isUp) return;
      this.keep(`start of ${name}`, engine.start());
      if (this.world.client.automatic) this.keep(`triggers of ${name}`, triggers.start());
    }
  }

  #createEngine(clock: ProcessClock, index: number, count: number): SimulatedEngine {
    const { database } = this;
    if (database === undefined) throw new SimulationViolation('crash', 'there is no process');
    const { world } = this;
    const name = count === 1 ? this.name : `${this.name}${index === 0 ? 'a' : 'b'}`;
    const caller: SimulatedCaller = {
      name,
      clock,
      onRequest: () => {
        this.#reach('request');
        const engine = this.engines[index];
        if (engine?.engine.actor.getSnapshot().matches({ activity: 'paused' }) === true)
          this.time.fail(new SimulationViolation('I9', `${name} sends a request while it is paused`));
      },
      onAnswer: () => this.#reach('answer'),
      trace: (text) => this.log.trace(name, text),
      onFault: (type) => this.log.countFault(type),
    };
    const parts: SimulatedTransportParts = {
      baseUrl: 'http://server',
      axios: this.connection.clientOf(caller),
      clock,
      token: async (options) => {
        await Promise.resolve();
        if (options?.refresh === true && this.canRefresh) this.token = this.connection.validToken;
        return `Bearer ${this.token}`;
      },
      client: world.client,
    };
    const transport = this.createTransport(parts);
    const engine = createSyncEngine({
      dataSource: database.dataSource,
      transport,
      clock,
      random: seededRandom(world.seed + this.index * 101 + index * 13 + this.crashes),
      tables: simulatedKinds.map((kind) => simulatedTables(world.client)[kind]),
      config: { ...configOf(world.client), conflictResolver: resolverOf(world.client.resolver, clock) },
      connectivity: {
        isOnline: () => this.saysOnline,
        subscribe: (listener) => {
          const told = (online: boolean): void => clock.whenAwake(() => listener(online));
          this.#listeners.add(told);
          return () => this.#listeners.delete(told);
        },
      },
    });
    const triggers = createTriggers(engine, {
      interval: 20_000,
      pushOnOutboxChanges: true,
      pushDebounceMs: 200,
      pullOnStartup: true,
    });
    const isAlive = (): boolean => this.database === database && !database.isDead;
    engine.events$.subscribe((event) => {
      if (!isAlive()) return;
      this.log.traceEvent(name, event);
      this.watch.onEvent(this, event);
    });
    engine.actor.subscribe((snapshot) => {
      if (isAlive()) this.log.visit(name, snapshot.value);
    });
    return { name, engine, clock, triggers };
  }

  /** Kills the process within any work; only committed data remains. */
  crash(): void {
    const { database } = this;
    if (database === undefined || database.isDead) return;
    this.crashes += 1;
    for (const { clock, triggers } of this.engines) {
      clock.isDead = true;
      triggers.dispose();
    }
    this.#bytes = database.crash();
    this.#forgetProcess();
  }

  /** Ends like an app that is closed properly. */
  async close(): Promise<void> {
    const { database, engines } = this;
    if (database === undefined || database.isDead) return;
    for (const { triggers } of engines) triggers.dispose();
    await Promise.all(engines.map(({ engine }) => engine.dispose()));
    if (this.database !== database || database.isDead) return;
    for (const { clock } of engines) clock.isDead = true;
    this.#bytes = database.crash();
    this.#forgetProcess();
  }

  #forgetProcess(): void {
    this.engines = [];
    this.#listeners.clear();
    this.waiting.clear();
  }

  // ── Boundaries ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Calls back within the nth visit of a boundary from now on. */
  arm(boundary: SimulatedBoundary, go: () => void): () => void {
    const armed: Armed = { boundary, left: boundary.count, go };
    this.#armed.add(armed);
    return () => this.#armed.delete(armed);
  }

  #reach(at: SimulatedBoundary['at']): void {
    for (const armed of [...this.#armed]) {
      if (armed.boundary.at !== at) continue;
      armed.left -= 1;
      if (armed.left > 0) continue;
      this.#armed.delete(armed);
      armed.go();
    }
  }

  // ── What an app does ──────────────────────────────────────────────────────────────────────────────────────────────

  nextOpId(): string {
    this.#opCount += 1;
    return `${this.name}.${this.#opCount}`;
  }

  writerOf(kind: SimulatedKind): SyncEntityWriter<SimulatedRow> | undefined {
    return this.#writers?.[kind];
  }

  /** Whether the app writes only with TypeORM. */
  get capturesWrites(): boolean {
    return this.world.client.capturesWrites === true;
  }

  manager(): EntityManager | undefined {
    return this.isUp ? this.database?.dataSource.manager : undefined;
  }

  engineAt(index: number | undefined): SimulatedEngine | undefined {
    return this.engines[index ?? 0] ?? this.engines[0];
  }

  sayOnline(online: boolean): void {
    if (this.saysOnline === online) return;
    this.saysOnline = online;
    for (const listener of [...this.#listeners]) listener(online);
  }

  /** Holds a promise like an app. It must settle, and may only fail as documented. */
  keep(what: string, promise: Promise<unknown>): void {
    const { database } = this;
    // The process died during the call, so nobody holds this promise.
    if (database === undefined || database.isDead) {
      promise.catch(() => undefined);
      return;
    }
    this.waiting.set(promise, { what, since: this.time.elapsed });
    const end = (how: string): void => {
      this.time.touch();
      if (this.database === database) this.log.trace(this.name, `${what} ${how}`);
      this.waiting.delete(promise);
    };
    promise.then(
      () => end('is done'),
      (error: unknown) => {
        end(`fails: ${error instanceof Error ? `${error.name} ${error.message}` : String(error)}`);
        const isDocumented = error instanceof Error && documentedErrors.has(error.name);
        if (!isDocumented && this.database === database && database?.isDead === false)
          this.time.fail(
            new SimulationViolation(
              'I13',
              `${what} fails with what no caller expects: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
            ),
          );
      },
    );
  }
}

const documentedErrors: ReadonlySet<string> = new Set([
  'SyncError',
  'NetworkError',
  'TransportError',
  'ConflictError',
  'SyncOperationError',
  'MaxRetriesExceededError',
  'ParseError',
  'AuthError',
  'ValidationError',
  'SyncAbortedError',
]);

const configOf = (client: SimulatedClientKind) => ({
  conflictStrategy: client.strategy,
  coalesce: client.coalesce,
  mergedPush: client.mergedPush,
  skipConflictingOps: client.skipConflictingOps,
  pageSize: client.pageSize,
  pushBatchSize: client.pushBatchSize,
  maxRetries: client.maxRetries,
  maxOutboxTryCount: client.maxOutboxTryCount,
  pullConcurrency: client.pullConcurrency,
  pullOverlapMs: client.pullOverlapMs,
  idempotencyWindowMs: client.idempotencyWindowMs,
  fullResyncIntervalMs: client.fullResyncIntervalMs,
  backoffMaxMs: 15_000,
  requestTimeoutMs: 30_000,
});

function resolverOf(how: SimulatedClientKind['resolver'], clock: ProcessClock): ConflictResolver | undefined {
  const answer = (conflict: Conflict): ConflictResolution => {
    const turn = (conflict.opId.length + Number(conflict.entityId)) % 3;
    return turn === 0
      ? acceptServer()
      : turn === 1
        ? acceptClient()
        : acceptMerged({ ...conflict.serverData, ...conflict.localData });
  };
  switch (how) {
    case 'none':
      return undefined;
    case 'prompt':
      return answer;
    case 'late':
      return (conflict) =>
        new Promise((resolve) => {
          clock.setTimeout(() => resolve(answer(conflict)), 3_000);
        });
    case 'throwing':
      return () => {
        throw new Error('this resolver throws');
      };
    case 'deferring':
      return () => defer();
  }
}
