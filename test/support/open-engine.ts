import { filter, firstValueFrom } from 'rxjs';
import type { DataSource } from 'typeorm';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import type { SyncEngineOptions } from '../../src/engine/ports/engine-options.ts';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import type { SyncEvent, SyncEventType } from '../../src/model/events.ts';
import type { SyncEntityWriter } from '../../src/persistence/writing/writer.ts';
import { seededRandom } from '../../src/testing/seeded-random.ts';
import { createSimulatedClock, type SimulatedClock } from '../../src/testing/simulated-clock.ts';
import { createTestServer, type TestServer, type TestServerOptions } from '../../src/testing/test-server.ts';
import type { RestTransportOptions } from '../../src/transport/http/rest-options.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { openTodoDatabase, todos, type TestDriver } from './open-store.ts';
import { todoEntity, type Todo } from './todo.ts';
import type { SyncStatus } from '../../src/model/status.ts';

export interface EngineBench {
  readonly engine: SyncEngine;
  readonly dataSource: DataSource;
  readonly server: TestServer;
  readonly clock: SimulatedClock;
  readonly writer: SyncEntityWriter<Todo>;
  /** Everything that was told, oldest first. */
  readonly told: SyncEvent[];
  types(): SyncEventType[];
  row(id: string): Promise<Todo | null>;
  queued(): Promise<readonly string[]>;
  /** Resolves when the status is so. */
  until(reached: (status: SyncStatus) => boolean): Promise<SyncStatus>;
  /** From now on each wait before a retry is over as soon as it is announced. */
  skipWaits(): void;
  /** Ends this engine as a crash would not, and opens another on the same database and server. */
  reopen(options?: EngineBenchOptions): Promise<EngineBench>;
  close(): Promise<void>;
}

export interface EngineBenchOptions extends Partial<Omit<SyncEngineOptions, 'clock'>> {
  readonly driver?: TestDriver;
  readonly database?: string;
  readonly server?: TestServer;
  readonly serverOptions?: TestServerOptions;
  readonly rest?: Partial<RestTransportOptions>;
  readonly clock?: SimulatedClock;
}

/** An engine on a real database and a real server, under a clock that moves only when told. */
export async function openEngine(options: EngineBenchOptions = {}): Promise<EngineBench> {
  const {
    driver = 'better-sqlite3',
    database = ':memory:',
    serverOptions,
    rest,
    server: given,
    clock: givenClock,
    dataSource: givenSource,
    ...others
  } = options;
  const clock = givenClock ?? createSimulatedClock();
  const server = given ?? (await createTestServer({ naming: 'camelCase', ...serverOptions }));
  const dataSource = givenSource ?? (await openTodoDatabase(driver, database));
  const transport = others.transport ?? new RestTransport({ baseUrl: server.url, clock, ...rest });
  const engine = createSyncEngine({
    tables: [todos],
    random: seededRandom(1),
    ...others,
    config: { fullResyncIntervalMs: Infinity, ...others.config },
    dataSource,
    transport,
    clock,
  });
  const told: SyncEvent[] = [];
  engine.events$.subscribe((event) => told.push(event));
  const bench: EngineBench = {
    engine,
    dataSource,
    server,
    clock,
    told,
    writer: engine.writer(todos),
    types: () => told.map(({ type }) => type),
    row: (id) => dataSource.getRepository(todoEntity).findOneBy({ id }),
    queued: async () => (await engine.outbox.take({ limit: 10_000 })).map(({ opId }) => opId),
    until: (reached) => firstValueFrom(engine.status$.pipe(filter(reached))),
    skipWaits: () => {
      engine.events$.subscribe((event) => {
        if (event.type === 'backoff.scheduled') setImmediate(() => void clock.advance(event.delayMs));
      });
    },
    reopen: async (more = {}) => {
      await engine.dispose();
      return openEngine({ ...options, ...more, dataSource, server, clock });
    },
    close: async () => {
      await engine.dispose();
      if (dataSource.isInitialized) await dataSource.destroy();
      await server.close();
    },
  };
  return bench;
}
