import {
  DataSource,
  type DataSourceOptions,
  type MixedList,
  type EntitySchema,
  type MigrationInterface,
} from 'typeorm';
import { databasePathProblem } from '../../model/platform/database-path.ts';
import { DatabaseError } from '../../model/errors/errors.ts';
import { whileBusy } from '../drivers/busy-database.ts';
import { gateConnection, type GateOptions } from '../gate/connection-gate.ts';
import { driverBusyTimeoutMs, isDatabaseFile, type Synchronous } from '../drivers/database-file.ts';
import { syncEntities } from './entities.ts';
import { syncMigrations } from './migrations.ts';
import { loadOptional } from '../drivers/load-optional.ts';
import { logOnce } from '../sql/log-once.ts';
import { runPendingMigrations } from './run-migrations.ts';
import { sqlJsOptions, type InitSqlJs } from '../drivers/sqljs-options.ts';
import { sqlite3Driver } from '../drivers/sqlite3-driver.ts';
import { systemClock } from '../../model/platform/system-clock.ts';
import { walResetWarning } from '../drivers/wal-reset.ts';

/**
 * Which npm package runs SQLite. `sqlite3` does not block the event loop; `better-sqlite3` is faster in bulk; `sqljs`
 * rewrites its whole file at each commit.
 */
export type DatabaseDriver = 'sqlite3' | 'better-sqlite3' | 'sqljs';
const drivers: readonly DatabaseDriver[] = ['sqlite3', 'better-sqlite3', 'sqljs'];

type EntityClass = new () => object;
type EntityList = readonly (EntityClass | EntitySchema)[];
type Migrations = readonly (new () => MigrationInterface)[];
type PassedOn = Pick<
  DataSourceOptions,
  'logging' | 'logger' | 'subscribers' | 'namingStrategy' | 'maxQueryExecutionTime'
>;

export type { InitSqlJs };

export interface OpenDatabaseOptions extends GateOptions, PassedOn {
  /** Path of the file, or `:memory:`. Its directory is created. */
  readonly database: string;
  /** The app's own; the sync tables' are added. */
  readonly entities: EntityList;
  /**
   * The app's own, for its own tables; the sync tables' are added. Run at once, in one transaction, in the order of the
   * timestamps in their names.
   */
  readonly migrations?: Migrations;
  readonly driver?: DatabaseDriver;
  /** For `sqljs`: the default export of the package `sql.js`. A page must pass it; Node loads the package itself. */
  readonly initSqlJs?: InitSqlJs;
  /** For `sqljs`: gives the URL of a file of sql.js, such as `sql-wasm.wasm`. Default: beside the script. */
  readonly locateFile?: (file: string) => string;
  /** Default `NORMAL`: with WAL a power cut may lose the last commits, but never the database. */
  readonly synchronous?: Synchronous;
  /** Creates the app's own tables from its entities: for tests and first steps, not for databases that hold data. */
  readonly synchronize?: boolean;
}

/** The part of better-sqlite3 that is used before TypeORM takes over. */
interface SynchronousDatabase {
  pragma(statement: string): unknown;
}

async function driverOptions(options: OpenDatabaseOptions): Promise<DataSourceOptions> {
  const { database, driver = 'sqlite3', synchronous = 'NORMAL', busyTimeoutMs = 5_000 } = options;
  switch (driver) {
    case 'sqlite3':
      return { type: 'expo', database, driver: sqlite3Driver({ synchronous, busyTimeoutMs }) };
    case 'better-sqlite3':
      return {
        type: 'better-sqlite3',
        database,
        driver: await loadOptional('better-sqlite3'),
        timeout: driverBusyTimeoutMs,
        prepareDatabase: (connection: SynchronousDatabase) =>
          whileBusy(systemClock, busyTimeoutMs, () => {
            if (isDatabaseFile(database)) connection.pragma('journal_mode = WAL');
            connection.pragma(`synchronous = ${synchronous}`);
          }),
      };
    case 'sqljs':
      return sqlJsOptions(options);
    default:
      return driver satisfies never;
  }
}

const unique = <T>(...lists: readonly (readonly T[])[]): T[] => [...new Set(lists.flat())];

/**
 * Opens an SQLite database for synchronising: a DataSource with the app's entities, ours, all migrations run, foreign
 * keys on, WAL and the connection gate. Rejects with `DatabaseError` naming the file, or the package to install; throws
 * `RangeError` for a bad option.
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<DataSource> {
  const { database, driver = 'sqlite3' } = options;
  if (typeof database !== 'string' || database.trim() === '')
    throw new RangeError('openDatabase: database must be the path of a file, or ":memory:"');
  const pathProblem = databasePathProblem(database);
  if (pathProblem !== undefined) {
    throw new RangeError(
      `openDatabase: database must be the path of an SQLite file: ${pathProblem}; for PostgreSQL see docs/drivers.md. The text is not shown, it may hold a password`,
    );
  }
  if (!drivers.includes(driver))
    throw new RangeError(`openDatabase: driver must be one of ${drivers.join(', ')}, got ${String(driver)}`);

  const { logging, logger, subscribers, namingStrategy, maxQueryExecutionTime } = options;
  const given = Object.entries({ logging, logger, subscribers, namingStrategy, maxQueryExecutionTime }).filter(
    ([, value]) => value !== undefined,
  );
  const dataSourceOptions: DataSourceOptions = {
    ...(await driverOptions(options)),
    ...(Object.fromEntries(given) as PassedOn),
    entities: unique<EntityClass | EntitySchema>(options.entities, syncEntities) as MixedList<
      EntityClass | EntitySchema
    >,
    migrations: unique(syncMigrations, options.migrations ?? []),
  };
  try {
    const dataSource = new DataSource(dataSourceOptions);
    gateConnection(dataSource, options);
    await dataSource.initialize();
    return await prepareTables(dataSource, options.synchronize === true);
  } catch (cause) {
    if (cause instanceof DatabaseError) throw cause;
    throw new DatabaseError(
      `Cannot open the database ${database}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

/**
 * Runs the migrations, and creates the app's own tables where that is wanted; logs a warning of an SQLite that may
 * damage the file.
 */
export async function prepareTables(dataSource: DataSource, synchronize: boolean): Promise<DataSource> {
  try {
    await runPendingMigrations(dataSource);
    // Our tables belong to their migrations: synchronising would drop the indexes that entities cannot express.
    for (const entity of syncEntities) Object.assign(dataSource.getMetadata(entity), { synchronize: false });
    if (synchronize) await dataSource.synchronize();
    const warning = await walResetWarning(dataSource, (sql) => dataSource.query(sql));
    if (warning !== undefined) logOnce(dataSource, warning);
    return dataSource;
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}
