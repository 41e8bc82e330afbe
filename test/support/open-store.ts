import { Table, type DataSource, type EntitySchema, type MigrationInterface, type QueryRunner } from 'typeorm';
import { resolveSyncConfig, type SyncConfig } from '../../src/model/config.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import type { Answer, TakenRequest } from '../../src/model/ports.ts';
import { createStore, type Store } from '../../src/persistence/create-store.ts';
import { openDatabase, type DatabaseDriver } from '../../src/persistence/open-database.ts';
import { syncTable, type SyncTable } from '../../src/persistence/sync-table.ts';
import { createWriter, type SyncEntityWriter } from '../../src/persistence/writer.ts';
import { createSimulatedClock, type SimulatedClock } from '../../src/testing/simulated-clock.ts';
import { todoEntity, type Todo } from './todo.ts';

export const drivers: readonly DatabaseDriver[] = ['better-sqlite3', 'sqlite3'];
export const todos: SyncTable<Todo> = syncTable(todoEntity);

/** The app's own migration: the todo table. */
class CreateTodos1700000000002 implements MigrationInterface {
  readonly name = 'CreateTodos1700000000002';
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: 'todos',
        columns: [
          { name: 'id', type: 'text', isPrimary: true },
          { name: 'title', type: 'text' },
          { name: 'done', type: 'boolean', default: 0 },
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

export const openTodoDatabase = (
  driver: DatabaseDriver,
  database = ':memory:',
  more: { readonly entities?: readonly EntitySchema[]; readonly migrations?: readonly (new () => MigrationInterface)[] } = {},
): Promise<DataSource> =>
  openDatabase({ driver, database, entities: [todoEntity, ...(more.entities ?? [])], migrations: [CreateTodos1700000000002, ...(more.migrations ?? [])] });

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
  driver: DatabaseDriver,
  options: { readonly config?: Partial<SyncConfig>; readonly tables?: readonly SyncTable[]; readonly dataSource?: DataSource; readonly owner?: string } = {},
): Promise<StoreBench> {
  const dataSource = options.dataSource ?? (await openTodoDatabase(driver));
  const clock = createSimulatedClock();
  const config = resolveSyncConfig(options.config);
  const built = createStore({ dataSource, tables: options.tables ?? [todos], config, clock, owner: options.owner ?? 'engine-1' });
  const kinds = [...built.registry.keys()];
  let opCount = 0;
  const writer = createWriter(dataSource, { clock, opId: () => `op${++opCount}` }).forTable(todos);
  await built.store.hydrate();
  await built.store.lease.acquire();
  await built.store.beginRun({ explicit: true, kinds, runId: 1 });
  const takeAll = async (limit = 500): Promise<readonly TakenRequest[]> => (await built.store.take({ kinds, limit, runId: 1, distrustResend: false })).requests;
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
    request.op.type === 'upsert' ? { type: 'applied', row: { ...request.op.payload, updatedAt, deletedAt: null } } : { type: 'applied' };
export const answerOf = (request: TakenRequest | undefined, outcome: Outcome): Answer => {
  if (!request) throw new Error('nothing was taken');
  return { request, outcome };
};
