import type { DataSource } from 'typeorm';
import { NewerReleaseError } from '../../model/errors/errors.ts';
import type { Session } from '../sql/session.ts';
import { syncMigrations } from './migrations.ts';

/**
 * Name of a migration of the sync tables since release 0.1.0: `synchart/<release>/<what it does><timestamp>`. An older
 * release recognises an unknown migration by this name, and names the release that has it. Migrations of an app may
 * have any other name.
 */
export const releaseMigrationName = /^synchart\/([^/]+)\/\w+\d{13}$/;

const ours = syncMigrations.map((Migration) => new Migration().name ?? Migration.name);
const checked = new WeakSet<DataSource>();

/** Rejects with `NewerReleaseError` if a newer release has migrated the sync tables. Only reads. */
export async function refuseNewerRelease(session: Session, dataSource: DataSource): Promise<void> {
  const known = new Set([...ours, ...dataSource.migrations.map(({ name }) => name)]);
  const unknown = (await recordedMigrations(session, dataSource)).filter(
    (name) => releaseMigrationName.test(name) && !known.has(name),
  );
  const newest = unknown.at(-1);
  if (newest === undefined) {
    checked.add(dataSource);
    return;
  }
  const release = releaseMigrationName.exec(newest)?.[1] ?? 'a newer release';
  throw new NewerReleaseError(
    `${String(dataSource.options.database ?? 'the database')} was migrated by synchart ${release}: this release does not know ${unknown.join(', ')}, its own migrations end with ${String(ours.at(-1))}. Nothing was written. Update synchart to ${release} or newer, or undo these migrations with that release`,
    release,
    unknown,
  );
}

/** Like {@link refuseNewerRelease}, once per data source: for writes before any engine starts. */
export const refuseNewerReleaseOnce = async (session: Session, dataSource: DataSource): Promise<void> => {
  if (!checked.has(dataSource)) await refuseNewerRelease(session, dataSource);
};

/** The migrations that TypeORM recorded, oldest first; empty if it never ran one. */
async function recordedMigrations(session: Session, { options, driver }: DataSource): Promise<readonly string[]> {
  const name = options.migrationsTableName ?? 'migrations';
  const isSqlite = session.dialect.name === 'sqlite';
  const schema = isSqlite ? undefined : driver.schema;
  const table = [...(schema === undefined ? [] : [schema]), name]
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.');
  const exists = isSqlite
    ? await session.one(`SELECT 1 AS "found" FROM sqlite_master WHERE "type" = 'table' AND "name" = ?`, [name])
    : await session.one('SELECT 1 AS "found" WHERE to_regclass(?) IS NOT NULL', [table]);
  if (exists === undefined) return [];
  return (await session.query<{ name: string }>(`SELECT "name" FROM ${table} ORDER BY "timestamp"`)).map(
    (row) => row.name,
  );
}
