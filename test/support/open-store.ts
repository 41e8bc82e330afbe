import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Table, type DataSource, type EntitySchema, type MigrationInterface, type QueryRunner } from 'typeorm';
import { resolveSyncConfig, type SyncConfig } from '../../src/model/config.ts';
import type { JsonObject } from '../../src/model/values/json.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import type { Answer, TakenRequest } from '../../src/model/ports.ts';
import { createStore, type Store } from '../../src/persistence/create-store.ts';
import {
  openDatabase,
  type DatabaseDriver,
  type OpenDatabaseOptions,
} from '../../src/persistence/database/open-database.ts';
import { syncTable, type SyncTable } from '../../src/persistence/tables/sync-table.ts';
import { createWriter, type SyncEntityWriter } from '../../src/persistence/writing/writer.ts';
import { createSimulatedClock, type SimulatedClock } from '../../src/testing/simulated-clock.ts';
import { createMigratedDatabase, dropPostgresDatabase, openOwnPostgres, openPostgres } from './open-postgres.ts';
import { closeInWorker, workerDriver } from './open-rpc.ts';
import { todoEntity, type Todo } from './todo.ts';

/** The three SQLite drivers of `openDatabase`, and PostgreSQL. */
export type TestDriver = DatabaseDriver | 'postgres';
/** What the contract suites run on. */
export const allDrivers: readonly TestDriver[] = ['better-sqlite3', 'sqlite3', 'sqljs', 'postgres'];
/** `rpc` is better-sqlite3 in a worker behind a message port, `opfs` the worker that owns a database in Chromium. */
export type ContractDriver = TestDriver | 'rpc' | 'opfs';
const chosen = process.env['TEST_DRIVERS']?.split(',');
/** Set by a project of its own, which runs some suites over the real worker. */
const isInChromium = process.env['TEST_DRIVERS'] === 'opfs';
/** For what is about files: sql.js has no second connection to one. */
export const fileDrivers: readonly DatabaseDriver[] = ['better-sqlite3', 'sqlite3'];
/** What the other tests run on: two, or those that `TEST_DRIVERS=postgres,sqljs` names. */
export const drivers: readonly TestDriver[] =
  chosen === undefined ? fileDrivers : allDrivers.filter((driver) => chosen.includes(driver));
/** For suites that also run over the worker in Chromium: those given, or that one. */
export const orInChromium = <D extends ContractDriver>(given: readonly D[]): readonly (D | 'opfs')[] =>
  isInChromium ? ['opfs'] : given;
export const todos: SyncTable<Todo> = syncTable(todoEntity);

/** The app's own migration: the todo table. */
export class CreateTodos1700000000002 implements MigrationInterface {
  readonly name = 'CreateTodos1700000000002';
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: 'todos',
        columns: [
          { name: 'id', type: 'text', isPrimary: true },
          { name: 'title', type: 'text' },
          { name: 'done', type: 'boolean', default: false },
          { name: 'priority', type: 'integer', isNullable: true },
          { name: 'tags', type: 'text', isNullable: true },
          { name: 'updated_at', type: 'text', default: "''" },
          { name: 'deleted_at', type: 'text', isNullable: true },
          { name: 'deleted_at_local', type: 'text', isNullable: true },
        ],
      }),
    );
  }
  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('todos');
  }
}

interface TodoDatabaseOptions {
  readonly entities?: readonly EntitySchema[];
  readonly migrations?: readonly (new () => MigrationInterface)[];
}

/**
 * `database` is a file, or for PostgreSQL the URL of a database that {@link createTodoDatabase} made; without, one that
 * lives as long as the data source.
 */
export async function openTodoDatabase(
  driver: ContractDriver,
  database = ':memory:',
  more: TodoDatabaseOptions = {},
): Promise<DataSource> {
  const schema = {
    entities: [todoEntity, ...(more.entities ?? [])],
    migrations: [CreateTodos1700000000002, ...(more.migrations ?? [])],
  };
  if (driver === 'rpc' || driver === 'opfs') return openRpc(driver, database, schema);
  if (driver !== 'postgres') return openDatabase({ driver, database, ...schema });
  if (database !== ':memory:') return openPostgres({ ...schema, url: database });
  return openOwnPostgres(schema);
}

/** Each database in memory has a host of its own, which ends with the test file. */
async function openRpc(
  driver: 'rpc' | 'opfs',
  database: string,
  options: Pick<OpenDatabaseOptions, 'entities'> & Partial<OpenDatabaseOptions>,
): Promise<DataSource> {
  const name = database === ':memory:' ? `:memory:${crypto.randomUUID()}` : database;
  if (driver === 'rpc') return openDatabase({ ...options, database: 'app', driver: workerDriver(name) });
  // Only here: it needs Chromium.
  const { opfsDriver } = await import('./open-opfs.ts');
  return openDatabase({ ...options, database: 'app', driver: opfsDriver(name) });
}

/** A database of its own whose app tables are made from their entities. */
export async function openSynchronized(
  driver: ContractDriver,
  entities: readonly EntitySchema[],
  options: { readonly database?: string; readonly open?: Partial<OpenDatabaseOptions> } = {},
): Promise<DataSource> {
  if (driver === 'rpc' || driver === 'opfs')
    return openRpc(driver, ':memory:', { entities, synchronize: true, ...options.open });
  if (driver !== 'postgres')
    return openDatabase({
      driver,
      database: options.database ?? ':memory:',
      entities,
      synchronize: true,
      ...options.open,
    });
  const dataSource = await openOwnPostgres({ entities });
  await dataSource.synchronize();
  return dataSource;
}

/**
 * A database that several connections open one after another or at the same time: a file in `folder`, or the URL of a
 * PostgreSQL database.
 */
export async function createTodoDatabase(
  driver: ContractDriver,
  folder: string,
  more: TodoDatabaseOptions = {},
): Promise<{ readonly database: string; remove(): Promise<unknown> }> {
  if (driver === 'opfs') return { database: crypto.randomUUID(), remove: () => Promise.resolve() };
  if (driver !== 'postgres') {
    const file = join(folder, `${crypto.randomUUID()}.db`);
    return {
      database: file,
      remove: async () => {
        if (driver === 'rpc') closeInWorker(file);
        await rm(file, { force: true });
      },
    };
  }
  const url = await createMigratedDatabase({
    entities: [todoEntity, ...(more.entities ?? [])],
    migrations: [CreateTodos1700000000002, ...(more.migrations ?? [])],
  });
  return { database: url, remove: () => dropPostgresDatabase(url) };
}

export interface StoreBench extends Store {
  readonly dataSource: DataSource;
  readonly clock: SimulatedClock;
  readonly writer: SyncEntityWriter<Todo>;
  readonly config: SyncConfig;
  /** Takes what is ready of all kinds. */
  takeAll(limit?: number): Promise<readonly TakenRequest[]>;
  /** Takes and settles everything with one kind of outcome until nothing is ready. */
  drain(outcomeOf: (request: TakenRequest) => Outcome): Promise<readonly TakenRequest[]>;
  row(id: string): Promise<Todo | null>;
  pull(rows: readonly JsonObject[]): Promise<void>;
  close(): Promise<void>;
}

export async function openStore(
  driver: ContractDriver,
  options: {
    readonly config?: Partial<SyncConfig>;
    readonly tables?: readonly SyncTable[];
    readonly dataSource?: DataSource;
    readonly owner?: string;
  } = {},
): Promise<StoreBench> {
  const dataSource = options.dataSource ?? (await openTodoDatabase(driver));
  const clock = createSimulatedClock();
  const config = resolveSyncConfig(options.config);
  const built = createStore({
    dataSource,
    tables: options.tables ?? [todos],
    config,
    clock,
    owner: options.owner ?? 'engine-1',
  });
  const kinds = [...built.registry.keys()];
  let opCount = 0;
  const writer = createWriter(dataSource, { clock, opId: () => `op${++opCount}` }).forTable(todos);
  await built.store.hydrate();
  await built.store.lease.acquire();
  await built.store.beginRun({ explicit: true, kinds, runId: 1 });
  const takeAll = async (limit = 500): Promise<readonly TakenRequest[]> =>
    (await built.store.take({ kinds, limit, runId: 1, distrustResend: false })).requests;
  return {
    ...built,
    dataSource,
    clock,
    writer,
    config,
    takeAll,
    drain: async (outcomeOf) => {
      const all: TakenRequest[] = [];
      for (;;) {
        const taken = await takeAll();
        if (taken.length === 0) return all;
        all.push(...taken);
        await built.store.settle(taken.map((request) => ({ request, outcome: outcomeOf(request) })));
      }
    },
    row: (id) => dataSource.getRepository(todoEntity).findOneBy({ id }),
    pull: async (rows) => {
      const position = await built.store.pullPosition('todos', { resync: false });
      await built.store.applyPages('todos', [{ page: { items: rows }, items: rows, next: position }], { totalDone: 0 });
    },
    close: () => dataSource.destroy(),
  };
}

export const serverRow = (id: string, updatedAt: string, changes: JsonObject = {}): JsonObject => ({
  id,
  title: `server ${id}`,
  done: false,
  priority: null,
  tags: null,
  updatedAt,
  deletedAt: null,
  ...changes,
});
/** What a server answers to a push: the payload as stored, under a new version. */
export const accepted =
  (updatedAt: string) =>
  (request: TakenRequest): Outcome =>
    request.op.type === 'upsert'
      ? { type: 'applied', row: { ...request.op.payload, updatedAt, deletedAt: null } }
      : { type: 'applied' };
export const answerOf = (request: TakenRequest | undefined, outcome: Outcome): Answer => {
  if (!request) throw new Error('nothing was taken');
  return { request, outcome };
};
