import {
  EntitySchema,
  type DataSource,
  type EntitySchemaColumnOptions,
  type MigrationInterface,
  type QueryRunner,
} from 'typeorm';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import type { SyncEngineOptions } from '../../src/engine/ports/engine-options.ts';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import type { SyncEvent } from '../../src/model/events.ts';
import type { UpsertOp } from '../../src/model/operation.ts';
import { openDatabase, type DatabaseDriver } from '../../src/persistence/database/open-database.ts';
import { syncColumns, type SyncedRow } from '../../src/persistence/tables/sync-columns.ts';
import { syncTable, type SyncTable, type SyncTableOptions } from '../../src/persistence/tables/sync-table.ts';
import type { SyncEntityWriter } from '../../src/persistence/writing/writer.ts';
import { createSimulatedClock, type SimulatedClock } from '../../src/testing/simulated-clock.ts';
import type { TestServer } from '../../src/testing/test-server.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';

/** A table that changes from release to release: version 2 calls `title` `name`, version 3 adds `points`. */
export interface Task extends SyncedRow {
  id: string;
  title?: string;
  name?: string;
  points?: number | null;
}

const entityOf = (release: 1 | 2 | 3): EntitySchema<Task> => {
  const text: EntitySchemaColumnOptions = { type: 'text' };
  return new EntitySchema<Task>({
    name: 'tasks',
    tableName: 'tasks',
    columns: {
      id: { ...text, primary: true },
      ...(release === 1 ? { title: text } : { name: text }),
      ...(release === 3 ? { points: { type: 'integer', nullable: true } } : {}),
      ...syncColumns,
    } as never,
  });
};

const sql = (name: string, up: string, down: string): (new () => MigrationInterface) =>
  class {
    readonly name = name;
    async up(queryRunner: QueryRunner): Promise<void> {
      await queryRunner.query(up);
    }
    async down(queryRunner: QueryRunner): Promise<void> {
      await queryRunner.query(down);
    }
  };

const migrations = [
  sql(
    'CreateTasks1750000000000',
    `CREATE TABLE tasks (id text PRIMARY KEY NOT NULL, title text NOT NULL, updated_at text NOT NULL DEFAULT '', deleted_at text, deleted_at_local text)`,
    'DROP TABLE tasks',
  ),
  sql(
    'NameTasks1760000000000',
    'ALTER TABLE tasks RENAME COLUMN title TO name',
    'ALTER TABLE tasks RENAME COLUMN name TO title',
  ),
  sql(
    'PointsOfTasks1770000000000',
    'ALTER TABLE tasks ADD COLUMN points integer',
    'ALTER TABLE tasks DROP COLUMN points',
  ),
];

const renamed = (row: UpsertOp['payload']): UpsertOp['payload'] => {
  const { title, ...rest } = row;
  return title === undefined ? rest : { ...rest, name: title };
};

/** What the app gives as `upgradeOperation` from version 2 on. */
export const upgradeTask = (op: UpsertOp, fromVersion: number): UpsertOp =>
  fromVersion >= 2
    ? op
    : {
        ...op,
        payload: renamed(op.payload),
        ...(op.changedFields === undefined
          ? {}
          : { changedFields: op.changedFields.map((field) => (field === 'title' ? 'name' : field)) }),
      };

export interface TaskApp {
  readonly engine: SyncEngine;
  readonly dataSource: DataSource;
  readonly writer: SyncEntityWriter<Task>;
  readonly told: SyncEvent[];
  readonly clock: SimulatedClock;
  readonly table: SyncTable<Task>;
  row(id: string): Promise<Task | null>;
  /** One outbox row, as it is stored. */
  stored(entityId: string): Promise<Record<string, unknown>>;
  quit(): Promise<void>;
}

export interface TaskAppOptions {
  readonly release: 1 | 2 | 3;
  readonly database: string;
  readonly server: TestServer;
  readonly driver?: DatabaseDriver;
  readonly table?: Partial<SyncTableOptions<Task>>;
  readonly engine?: Partial<SyncEngineOptions>;
  readonly clock?: SimulatedClock;
}

/** One release of an app on a database that earlier releases may have used. */
export async function openTasks({
  release,
  database,
  server,
  driver = 'better-sqlite3',
  ...more
}: TaskAppOptions): Promise<TaskApp> {
  const entity = entityOf(release);
  const dataSource = await openDatabase({
    driver,
    database,
    entities: [entity],
    migrations: migrations.slice(0, release),
  });
  const table = syncTable(entity, {
    version: release,
    ...(release > 1 ? { upgradeOperation: upgradeTask } : {}),
    ...more.table,
  });
  const clock = more.clock ?? createSimulatedClock();
  const engine = createSyncEngine({
    tables: [table],
    transport: new RestTransport({ baseUrl: server.url, clock }),
    ...more.engine,
    config: { fullResyncIntervalMs: Infinity, maxRetries: 0, ...more.engine?.config },
    dataSource,
    clock,
  });
  const told: SyncEvent[] = [];
  engine.events$.subscribe((event) => told.push(event));
  return {
    engine,
    dataSource,
    table,
    told,
    clock,
    writer: engine.writer(table),
    row: (id) => dataSource.getRepository(entity).findOneBy({ id }),
    stored: async (entityId) => {
      const [row] = (await dataSource.query(
        `SELECT * FROM sync_outbox WHERE entity_id = '${entityId}' ORDER BY seq`,
      )) as Record<string, unknown>[];
      if (row === undefined) throw new Error(`nothing is queued for ${entityId}`);
      return row;
    },
    quit: async () => {
      await engine.dispose();
      if (dataSource.isInitialized) await dataSource.destroy();
    },
  };
}
