import { EntitySchema, type DataSource } from 'typeorm';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import type { SyncConfig } from '../../src/model/config.ts';
import type { TableConflictConfig } from '../../src/model/conflict.ts';
import type { SyncEvent, SyncEventType } from '../../src/model/events.ts';
import type { JsonObject } from '../../src/model/values/json.ts';
import type { Op } from '../../src/model/operation.ts';
import type { BatchPushResult, PushContext, PushResult, TransportContext } from '../../src/model/transport.ts';
import { openDatabase, type DatabaseDriver } from '../../src/persistence/database/open-database.ts';
import { syncColumns, type SyncedRow } from '../../src/persistence/tables/sync-columns.ts';
import { syncTable, type SyncTableOptions } from '../../src/persistence/tables/sync-table.ts';
import type { SyncEntityWriter } from '../../src/persistence/writing/writer.ts';
import { MemoryBackend } from '../../src/testing/memory-backend.ts';
import { MemoryTransport, type MemoryTransportOptions } from '../../src/testing/memory-transport.ts';
import { seededRandom } from '../../src/testing/seeded-random.ts';
import { createSimulatedClock, type SimulatedClock } from '../../src/testing/simulated-clock.ts';

/** A record with one field of each kind that merges treat differently. */
export interface Task extends SyncedRow {
  id: string;
  title: string | null;
  done: boolean;
  stock: number | null;
  dueDate: string | null;
  tags: readonly unknown[] | null;
  meta: object | null;
}

export const taskEntity = new EntitySchema<Task>({
  name: 'tasks',
  tableName: 'tasks',
  columns: {
    id: { type: 'text', primary: true },
    title: { type: 'text', nullable: true },
    done: { type: 'boolean', default: false },
    stock: { type: 'integer', nullable: true },
    dueDate: { type: 'text', name: 'due_date', nullable: true },
    tags: { type: 'simple-json', nullable: true },
    meta: { type: 'simple-json', nullable: true },
    ...syncColumns,
  },
});

export const taskOf = (id: string, changes: Partial<Task> = {}): Task => ({
  id,
  title: 'title',
  done: false,
  stock: 5,
  dueDate: '2026-05-01',
  tags: ['a', 'b'],
  meta: null,
  updatedAt: '',
  deletedAt: null,
  deletedAtLocal: null,
  ...changes,
});

/** Records each request as it was sent. */
export class RecordingTransport extends MemoryTransport {
  readonly sent: Op[] = [];
  readonly forced: Op[] = [];
  /** Rejects every request, as a missing network does. */
  isOffline = false;

  override async push(ops: readonly Op[], context: PushContext): Promise<BatchPushResult> {
    if (this.isOffline) {
      return {
        results: ops.map(({ opId }) => ({
          opId,
          result: { type: 'pushUnavailable', dispatched: false, message: 'no network', noConnection: true },
        })),
      };
    }
    this.sent.push(...ops);
    return super.push(ops, context);
  }

  override async forcePush(op: Op, context: TransportContext): Promise<PushResult> {
    if (this.isOffline)
      return { type: 'pushUnavailable', dispatched: false, message: 'no network', noConnection: true };
    this.sent.push(op);
    this.forced.push(op);
    return super.forcePush(op, context);
  }
}

export interface BenchOptions {
  readonly conflict?: TableConflictConfig;
  readonly table?: SyncTableOptions<Task>;
  readonly config?: Partial<SyncConfig>;
  readonly driver?: DatabaseDriver;
  readonly database?: string;
  readonly backend?: MemoryBackend;
  readonly transport?: MemoryTransportOptions;
}

export interface ConflictBench {
  readonly dataSource: DataSource;
  readonly engine: SyncEngine;
  readonly backend: MemoryBackend;
  readonly transport: RecordingTransport;
  readonly clock: SimulatedClock;
  readonly writer: SyncEntityWriter<Task>;
  readonly told: SyncEvent[];
  types(prefix?: string): SyncEventType[];
  eventsOf<Type extends SyncEventType>(type: Type): Extract<SyncEvent, { type: Type }>[];
  row(id: string): Promise<Task | null>;
  /** Edits some fields of the local row. */
  edit(id: string, changes: Partial<Task>, options?: { readonly localTimestamp?: string }): Promise<void>;
  queued(): Promise<readonly string[]>;
  /** The server has the row and the client has pulled it. */
  begin(id: string, changes?: Partial<Task>): Promise<void>;
  sync(): ReturnType<SyncEngine['sync']>;
  /** The same database and server, after a restart. */
  reopen(options?: BenchOptions): Promise<ConflictBench>;
  close(): Promise<void>;
}

/**
 * Waits for an effect of real work. It uses the real clock because the database is real; the limit only ends a test
 * that fails.
 */
export async function until(reached: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 10_000; performance.now() < end; ) {
    if (await reached()) return;
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  throw new Error('it never came to that');
}

/** The time of the user's action unless a test says otherwise; the server's clock shows the same time. */
export const noon = Date.UTC(2026, 0, 1, 12);

/** The row as the server has it, without a timestamp. */
export const wireOf = ({ updatedAt: _updatedAt, deletedAtLocal: _local, ...row }: Task): JsonObject =>
  ({ ...row }) as JsonObject;

/** An engine over a real database and an in-memory server. Time stands still, and conflict rounds do not wait. */
export async function openConflicts(options: BenchOptions = {}): Promise<ConflictBench> {
  const { driver = 'better-sqlite3', database = ':memory:' } = options;
  const dataSource = await openDatabase({ driver, database, entities: [taskEntity], synchronize: true });
  const clock = createSimulatedClock(noon);
  // Runs timers that are due at once without advancing the clock.
  const prompt: SimulatedClock = Object.assign(Object.create(clock) as SimulatedClock, {
    setTimeout: (callback: () => void, delayMs: number) => {
      if (delayMs > 0) return clock.setTimeout(callback, delayMs);
      setImmediate(callback);
      return -1;
    },
  });
  const backend = options.backend ?? new MemoryBackend({ naming: 'camelCase', now: () => clock.now() });
  const transport = new RecordingTransport({ ...options.transport, backend });
  const table = syncTable(taskEntity, {
    ...options.table,
    ...(options.conflict === undefined ? {} : { conflict: options.conflict }),
  });
  const engine = createSyncEngine({
    dataSource,
    transport,
    tables: [table],
    clock: prompt,
    random: seededRandom(1),
    config: { fullResyncIntervalMs: Infinity, conflictRetryDelayMs: 0, ...options.config },
  });
  const told: SyncEvent[] = [];
  engine.events$.subscribe((event) => told.push(event));
  const writer = engine.writer(table);
  const row = (id: string): Promise<Task | null> => dataSource.getRepository(taskEntity).findOneBy({ id });
  await engine.start();
  const close = async (): Promise<void> => {
    await engine.dispose();
    if (dataSource.isInitialized) await dataSource.destroy();
  };
  return {
    dataSource,
    engine,
    backend,
    transport,
    clock,
    writer,
    told,
    row,
    close,
    types: (prefix = '') => told.map(({ type }) => type).filter((type) => type.startsWith(prefix)),
    eventsOf: <Type extends SyncEventType>(type: Type) =>
      told.filter((event): event is Extract<SyncEvent, { type: Type }> => event.type === type),
    edit: async (id, changes, { localTimestamp } = {}) => {
      const before = await row(id);
      if (before === null) throw new Error(`there is no ${id} to edit`);
      await writer.replaceAndEnqueueDiff(
        before,
        { ...before, ...changes },
        localTimestamp === undefined ? {} : { localTimestamp },
      );
    },
    queued: async () => (await engine.outbox.take({ limit: 10_000 })).map(({ opId }) => opId),
    begin: async (id, changes) => {
      backend.seed('tasks', wireOf(taskOf(id, changes)));
      await engine.sync();
      told.length = 0;
      transport.sent.length = 0;
    },
    sync: () => engine.sync(),
    reopen: async (more = {}) => {
      await close();
      return openConflicts({ ...options, ...more, backend });
    },
  };
}
