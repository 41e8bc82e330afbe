import { protocolVersion, type Release } from './messages.ts';

const syncMigration = /^synchart\//;
/** Migrations of the sync tables from before their names told the release. */
const firstSyncMigrations =
  /^(CreateSyncTables|KeepDeltas|SchemaVersions|HandOvers|WireValues|RemovedRows)17000000000\d\d$/;

const timestampOf = (name: string): number => {
  const digits = /(\d{13})$/.exec(name)?.[1];
  return digits === undefined ? 0 : Number(digits);
};

/** Names the release that knows these migrations. */
export function releaseOf(migrations: readonly string[]): Release {
  let sync = 0;
  let app = 0;
  for (const name of migrations) {
    if (syncMigration.test(name) || firstSyncMigrations.test(name)) sync = Math.max(sync, timestampOf(name));
    else app = Math.max(app, timestampOf(name));
  }
  return { protocol: protocolVersion, sync, app };
}

/** Whether `release` lacks a migration that `than` has. */
export const lacksMigrations = (release: Release, than: Pick<Release, 'sync' | 'app'>): boolean =>
  release.sync < than.sync || release.app < than.app;

/** Whether `release` is newer: by its migrations first, then by its protocol. Orders the releases of several tabs. */
export function isNewer(release: Release, than: Release): boolean {
  if (lacksMigrations(than, release)) return true;
  return !lacksMigrations(release, than) && release.protocol > than.protocol;
}
