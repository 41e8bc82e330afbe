import type { DataSource } from 'typeorm';
import { postgresDialect, sqliteDialect, type Dialect } from '../sql/session.ts';
import { betterSqlite3Profile } from './better-sqlite3-driver.ts';
import type { DriverProfile, ReadyDriver } from './driver-profile.ts';
import { expoProfile, platformProfiles } from './platform-drivers.ts';
import { postgresProfile } from './postgres-driver.ts';
import { sqlite3Profile } from './sqlite3-driver.ts';
import { sqlJsProfile } from './sqljs-driver.ts';

/** The drivers that `openDatabase` opens by their name. */
export const namedDrivers = {
  sqlite3: sqlite3Profile,
  'better-sqlite3': betterSqlite3Profile,
  sqljs: sqlJsProfile,
} as const satisfies Record<string, DriverProfile>;
export type NamedDriver = keyof typeof namedDrivers;

const byType: ReadonlyMap<string, DriverProfile> = new Map(
  [...platformProfiles, betterSqlite3Profile, sqlJsProfile, postgresProfile].map((profile) => [profile.type, profile]),
);

/** TypeORM drivers that can hold the sync tables and use one connection. */
export const singleConnectionTypes: readonly string[] = [...byType.values()]
  .filter(({ connections }) => connections === 'one')
  .map(({ type }) => type);

const isReady = (driver: unknown): driver is ReadyDriver =>
  typeof driver === 'object' && driver !== null && 'openDatabaseAsync' in driver;

const isProfile = (driver: unknown): driver is DriverProfile =>
  typeof driver === 'object' && driver !== null && 'rawConnection' in driver;

const opened = new WeakMap<DataSource, DriverProfile>();

/** Stores the profile of a data source, for cases that its options do not reveal. */
export function rememberProfile(dataSource: DataSource, profile: DriverProfile): void {
  opened.set(dataSource, profile);
}

/** The profile of a data source's driver; undefined if it cannot hold the sync tables. */
export function profileOf(dataSource: DataSource): DriverProfile | undefined {
  const { options } = dataSource;
  const driver = readyDriverOf(dataSource);
  return opened.get(dataSource) ?? (driver === undefined ? byType.get(options.type) : readyProfile(driver));
}

/** The SQL dialect of a data source. An app's profile without a dialect uses that of its type. */
export function dialectOf(dataSource: DataSource): Dialect {
  const name = profileOf(dataSource)?.dialect ?? byType.get(dataSource.options.type)?.dialect;
  return name === 'postgres' ? postgresDialect : sqliteDialect;
}

/**
 * The driver passed to `openDatabase`: its name, its profile, or the driver itself. Undefined if it is none of them.
 */
export function givenProfile(driver: unknown): DriverProfile | undefined {
  if (typeof driver === 'string')
    return Object.hasOwn(namedDrivers, driver) ? namedDrivers[driver as NamedDriver] : undefined;
  if (isProfile(driver)) return driver.options === undefined ? undefined : driver;
  if (!isReady(driver)) return undefined;
  return { ...readyProfile(driver), options: ({ database }) => ({ type: 'expo', database, driver }) };
}

function readyProfile({ profile, packsRows, bindsIntegers, onCommitElsewhere }: ReadyDriver): DriverProfile {
  if (profile !== undefined) return profile;
  return {
    ...expoProfile,
    packsRows: packsRows ?? expoProfile.packsRows,
    bindsIntegers: bindsIntegers ?? expoProfile.bindsIntegers,
    ...(onCommitElsewhere === undefined ? {} : { versionSql: () => undefined }),
  };
}

/** The driver object of a data source; undefined if TypeORM loads the driver itself. */
export function readyDriverOf({ options }: DataSource): ReadyDriver | undefined {
  const driver: unknown = 'driver' in options ? options.driver : undefined;
  return isReady(driver) ? driver : undefined;
}
