import {
  DataSource,
  type DataSourceOptions,
  type MixedList,
  type EntitySchema,
  type MigrationInterface,
} from 'typeorm';
import { databasePathProblem } from '../../model/platform/database-path.ts';
import { DatabaseError } from '../../model/errors/errors.ts';
import { gateConnection, gateOptions, type GateOptions } from '../gate/connection-gate.ts';
import { synchronousOption, type Synchronous } from '../drivers/database-file.ts';
import type { DriverProfile, InitSqlJs, ReadyDriver } from '../drivers/driver-profile.ts';
import { givenProfile, namedDrivers, readyDriverOf, rememberProfile, type NamedDriver } from '../drivers/profile-of.ts';
import { aFlag, aFunction, valueThat, type Bounds } from '../../model/options/bounds.ts';
import { completeOptions, ownedBy, pickOptions } from '../../model/options/complete-options.ts';
import { byDefault, optional, required, type OptionList } from '../../model/options/option-list.ts';
import { syncEntities } from './entities.ts';
import { syncMigrations } from './migrations.ts';
import { logOnce } from '../sql/log-once.ts';
import { runPendingMigrations } from './run-migrations.ts';
import { walResetWarning } from '../drivers/wal-reset.ts';

/**
 * The npm package that runs SQLite. `sqlite3` does not block the event loop; `better-sqlite3` is faster in bulk;
 * `sqljs` rewrites its whole file at each commit.
 */
export type DatabaseDriver = NamedDriver;

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
  /** The entities of the app. Those of the sync tables are added automatically. */
  readonly entities: EntityList;
  /**
   * The migrations of the app's own tables. Those of the sync tables are added automatically. All run on opening, in
   * one transaction, ordered by the timestamps in their names.
   */
  readonly migrations?: Migrations;
  /**
   * The name of a driver, or a driver of the app: an object in the form of expo-sqlite, or a profile.
   *
   * @defaultValue `sqlite3`
   */
  readonly driver?: DatabaseDriver | ReadyDriver | DriverProfile;
  /** For `sqljs`: the default export of the package `sql.js`. A page must pass it; Node loads the package itself. */
  readonly initSqlJs?: InitSqlJs;
  /** For `sqljs`: returns the URL of a file of sql.js, such as `sql-wasm.wasm`. @defaultValue beside the script */
  readonly locateFile?: (file: string) => string;
  /**
   * With WAL and `NORMAL`, a power failure may lose the last commits, but never damages the database. @defaultValue
   * `NORMAL`
   */
  readonly synchronous?: Synchronous;
  /**
   * Creates the app's own tables from its entities. For tests and first steps, not for databases that hold data.
   *
   * @defaultValue false
   */
  readonly synchronize?: boolean;
}

const passedOn: Bounds = valueThat('as TypeORM wants it', () => true);
const aList: Bounds = valueThat('a list', Array.isArray);

export const openDatabaseOptions = {
  database: required(valueThat('the path of a file, or ":memory:"', (value) => typeof value === 'string')),
  entities: required(aList),
  migrations: optional(aList),
  driver: byDefault('sqlite3', {
    expected: `one of ${Object.keys(namedDrivers).join(', ')}, or a driver object`,
    holds: (value) => givenProfile(value)?.options !== undefined,
    error: RangeError,
  }),
  initSqlJs: optional(aFunction),
  locateFile: optional(aFunction),
  synchronous: synchronousOption,
  synchronize: byDefault(false, aFlag),
  ...gateOptions,
  logging: optional(passedOn),
  logger: optional(passedOn),
  subscribers: optional(passedOn),
  namingStrategy: optional(passedOn),
  maxQueryExecutionTime: optional(passedOn),
} satisfies OptionList<OpenDatabaseOptions>;

const unique = <T>(...lists: readonly (readonly T[])[]): T[] => [...new Set(lists.flat())];

/**
 * Opens an SQLite database for synchronising: a DataSource with the app's entities and the sync tables, all migrations
 * run, foreign keys on, WAL and the connection gate. Rejects with `DatabaseError` that names the file, or the package
 * to install. Throws `RangeError` for an invalid option.
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<DataSource> {
  const { database } = options;
  if (typeof database !== 'string' || database.trim() === '')
    throw new RangeError('openDatabase: database must be the path of a file, or ":memory:"');
  const pathProblem = databasePathProblem(database);
  if (pathProblem !== undefined) {
    throw new RangeError(
      `openDatabase: database must be the path of an SQLite file: ${pathProblem}; for PostgreSQL see docs/drivers.md. The text is not shown, because it may contain a password`,
    );
  }
  const { driver, synchronous, synchronize, busyTimeoutMs, initSqlJs, locateFile } = completeOptions<
    OpenDatabaseOptions,
    typeof openDatabaseOptions
  >(ownedBy('openDatabase'), openDatabaseOptions, options);
  const profile = givenProfile(driver);
  if (profile?.options === undefined) throw new TypeError(`openDatabase cannot open ${profile?.name ?? 'this driver'}`);

  const { logging, logger, subscribers, namingStrategy, maxQueryExecutionTime } = options;
  const given = Object.entries({ logging, logger, subscribers, namingStrategy, maxQueryExecutionTime }).filter(
    ([, value]) => value !== undefined,
  );
  const migrations = unique(syncMigrations, options.migrations ?? []);
  const dataSourceOptions: DataSourceOptions = {
    ...(await profile.options({ database, synchronous, busyTimeoutMs, initSqlJs, locateFile })),
    ...(Object.fromEntries(given) as PassedOn),
    entities: unique<EntityClass | EntitySchema>(options.entities, syncEntities) as MixedList<
      EntityClass | EntitySchema
    >,
    migrations,
  };
  try {
    const dataSource = new DataSource(dataSourceOptions);
    rememberProfile(dataSource, profile);
    readyDriverOf(dataSource)?.useMigrations?.(migrations.map((Migration) => new Migration().name ?? Migration.name));
    gateConnection(dataSource, pickOptions<GateOptions>(gateOptions, options));
    await dataSource.initialize();
    return await prepareTables(dataSource, synchronize);
  } catch (cause) {
    if (cause instanceof DatabaseError) throw cause;
    throw new DatabaseError(
      `Cannot open the database ${database}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

/**
 * Runs the migrations, and creates the app's own tables on request. Logs a warning if this SQLite version may damage
 * the file.
 */
export async function prepareTables(dataSource: DataSource, synchronize: boolean): Promise<DataSource> {
  try {
    await runPendingMigrations(dataSource);
    // Migrations own the sync tables. Synchronising would drop indexes that entities cannot express.
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
