import { sqliteDefaults, type DriverProfile } from './driver-profile.ts';
import { statementConnection } from './raw-connection.ts';

/** Codes of a rollback in favour of another transaction: serialization failure, deadlock, lock not available. */
const givenUp: ReadonlySet<unknown> = new Set(['40001', '40P01', '55P03']);

/** npm `pg` as TypeORM opens it: a pool of connections to a server. */
export const postgresProfile = {
  ...sqliteDefaults,
  name: 'postgres',
  type: 'postgres',
  package: 'pg',
  dialect: 'postgres',
  connections: 'pool',
  rawConnection: (_, bareRunner) => statementConnection(bareRunner),
  isBusyCode: (code) => givenUp.has(code),
  versionSql: () => 'SELECT CAST(pg_current_snapshot() AS text) AS "version"',
  sharesFile: false,
} as const satisfies DriverProfile;
