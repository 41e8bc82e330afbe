import type { DataSource } from 'typeorm';

/** Of older lines that got the mend later. */
const mendedReleases: ReadonlySet<string> = new Set(['3.44.6', '3.50.7']);
const firstBad = [3, 7, 0];
const lastBad = [3, 51, 2];

const compare = (left: readonly number[], right: readonly number[]): number =>
  right.map((number, index) => (left[index] ?? 0) - number).find((difference) => difference !== 0) ?? 0;

/** Whether this release of SQLite can damage a WAL file that several connections share; false for a text that is no version. */
export function hasWalResetBug(version: string): boolean {
  if (!/^\d+\.\d+(\.\d+)*$/.test(version)) return false;
  const numbers = version.split('.').map(Number);
  return compare(numbers, firstBad) >= 0 && compare(numbers, lastBad) <= 0 && !mendedReleases.has(version);
}

type Query = (sql: string) => Promise<unknown>;

const firstValue = async (query: Query, sql: string): Promise<string> => {
  const [row] = (await query(sql)) as readonly object[];
  return String(row === undefined ? undefined : Object.values(row)[0]);
};

/** What to tell of a file that this SQLite may damage; undefined for all others. Only a file can have a WAL, and sql.js has no second connection. */
export async function walResetWarning({ options }: DataSource, query: Query): Promise<string | undefined> {
  if (options.type === 'postgres' || options.type === 'sqljs') return undefined;
  const version = await firstValue(query, 'SELECT sqlite_version()');
  if (!hasWalResetBug(version) || (await firstValue(query, 'PRAGMA journal_mode')).toLowerCase() !== 'wal') return undefined;
  return `SQLite ${version} has the WAL-reset bug: where several processes or connections share the database file, it may be damaged. Use SQLite 3.51.3 or newer, 3.50.7 or 3.44.6; on Node, better-sqlite3 12 (docs/drivers.md, The version of SQLite)`;
}
