import type { DataSource } from 'typeorm';
import { profileOf } from './profile-of.ts';

/** Older release lines that received the fix later. */
const fixedReleases: ReadonlySet<string> = new Set(['3.44.6', '3.50.7']);
const firstBad = [3, 7, 0];
const lastBad = [3, 51, 2];

const compare = (left: readonly number[], right: readonly number[]): number =>
  right.map((number, index) => (left[index] ?? 0) - number).find((difference) => difference !== 0) ?? 0;

/** Whether this release of SQLite can damage a WAL file with several connections; false for an invalid version. */
export function hasWalResetBug(version: string): boolean {
  if (!/^\d+\.\d+(\.\d+)*$/.test(version)) return false;
  const numbers = version.split('.').map(Number);
  return compare(numbers, firstBad) >= 0 && compare(numbers, lastBad) <= 0 && !fixedReleases.has(version);
}

type Query = (sql: string) => Promise<unknown>;

const firstValue = async (query: Query, sql: string): Promise<string> => {
  const [row] = (await query(sql)) as readonly object[];
  return String(row === undefined ? undefined : Object.values(row)[0]);
};

const versions = new WeakMap<DataSource, string>();

/** Reads the version once per data source, because `openDatabase` and every engine need it. */
async function versionOf(dataSource: DataSource, query: Query): Promise<string> {
  const known = versions.get(dataSource) ?? (await firstValue(query, 'SELECT sqlite_version()'));
  versions.set(dataSource, known);
  return known;
}

/** The warning about a file that this SQLite release may damage; undefined otherwise. */
export async function walResetWarning(dataSource: DataSource, query: Query): Promise<string | undefined> {
  if (profileOf(dataSource)?.sharesFile !== true) return undefined;
  const version = await versionOf(dataSource, query);
  if (!hasWalResetBug(version) || (await firstValue(query, 'PRAGMA journal_mode')).toLowerCase() !== 'wal')
    return undefined;
  return `SQLite ${version} has the WAL-reset bug, which may damage a database file that several processes or connections share. Use SQLite 3.44.6, 3.50.7, 3.51.3, or 3.53.0 and newer (3.52.0 was withdrawn); on Node, better-sqlite3 12 (docs/drivers.md, The version of SQLite)`;
}
