import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createSyncEngine, type SyncEngine, type SyncEngineOptions, type SyncTable } from 'synchart';
import { openDatabase, type SyncedRow } from 'synchart/persistence';
import { createSyncServer, type CreateSyncServerOptions, type SyncServer } from 'synchart/server';
import { RestTransport } from 'synchart/transport';
import { DataSource, type EntitySchema, type FindOptionsWhere } from 'typeorm';

/** Tells the next line of the story. */
export type Log = (line: string) => void;

/** What the server and the engine keep in a row that the app makes. */
export const fresh = { updatedAt: '', deletedAt: null, deletedAtLocal: null };

/** What every table of the examples has. */
interface AnyRow extends SyncedRow {
  id: string;
}

interface DeviceOptions extends Omit<SyncEngineOptions, 'dataSource' | 'transport'> {
  /** Default: in memory. */
  readonly database?: string;
  readonly transport?: Omit<ConstructorParameters<typeof RestTransport>[0], 'baseUrl'>;
}

/** One user's device: a database of its own and an engine. */
export interface Device {
  readonly dataSource: DataSource;
  readonly engine: SyncEngine;
  find<Row extends AnyRow>(table: SyncTable<Row>, id: string): Promise<Row>;
  /** Changes some properties of a row, as a form does that was opened on it. */
  edit<Row extends AnyRow>(
    table: SyncTable<Row>,
    id: string,
    change: Partial<Row>,
    options?: { readonly localTimestamp?: Date },
  ): Promise<void>;
  close(): Promise<void>;
}

/**
 * A server on a free port, devices that know it, and a folder for databases that outlive one of them; all of it is gone
 * at the end.
 */
export interface Scene {
  readonly server: SyncServer;
  readonly url: string;
  readonly folder: string;
  device(options: DeviceOptions): Promise<Device>;
  /** The row as the server has it. */
  onServer<Row extends AnyRow>(entity: EntitySchema<Row>, id: string): Promise<Row>;
  close(): Promise<void>;
}

interface SceneOptions extends Omit<CreateSyncServerOptions, 'dataSource' | 'tables'> {
  readonly entities: readonly EntitySchema[];
  /** Adds hooks to the server before it listens. */
  readonly prepare?: (app: SyncServer['app']) => void;
}

export async function openScene({ entities, prepare, ...options }: SceneOptions): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'conflict-patterns-'));
  const data = await new DataSource({
    type: 'better-sqlite3',
    database: ':memory:',
    entities: [...entities],
    synchronize: true,
  }).initialize();
  const server = createSyncServer({ ...options, dataSource: data, tables: [...entities] });
  prepare?.(server.app);
  const { url } = await server.listen();
  const open = new Set<Device>();

  const device = async ({ database = ':memory:', transport, ...engineOptions }: DeviceOptions): Promise<Device> => {
    const dataSource = await openDatabase({ database, driver: 'better-sqlite3', entities, synchronize: true });
    const engine = createSyncEngine({
      ...engineOptions,
      dataSource,
      transport: new RestTransport({ ...transport, baseUrl: url }),
    });
    await engine.start();
    const find = <Row extends AnyRow>(table: SyncTable<Row>, id: string): Promise<Row> =>
      dataSource.getRepository(table.target).findOneByOrFail(byId<Row>(id));
    const made: Device = {
      dataSource,
      engine,
      find,
      edit: async (table, id, change, writeOptions) => {
        const before = await find(table, id);
        await engine.writer(table).replaceAndEnqueueDiff(before, { ...before, ...change }, writeOptions);
      },
      close: async () => {
        open.delete(made);
        await engine.dispose();
        await dataSource.destroy();
      },
    };
    open.add(made);
    return made;
  };

  return {
    server,
    url,
    folder,
    device,
    onServer: <Row extends AnyRow>(entity: EntitySchema<Row>, id: string) =>
      data.getRepository(entity).findOneByOrFail(byId<Row>(id)),
    close: async () => {
      for (const one of open) await one.close();
      await server.close();
      await data.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** TypeORM cannot know that a generic row has an id. */
const byId = <Row extends AnyRow>(id: string): FindOptionsWhere<Row> => ({ id }) as FindOptionsWhere<Row>;

/** Runs an example that was started from the command line; one that was imported waits to be called. */
export async function runIfMain(moduleUrl: string, run: (log: Log) => Promise<unknown>): Promise<void> {
  if (moduleUrl === pathToFileURL(process.argv[1] ?? '').href) await run((line) => console.log(line));
}
