import Database from 'better-sqlite3';
import type { CityJson } from './city-rows.ts';

/** The same journal and durability as the databases that synchart opens. */
export function openFloorDatabase(file: string): Database.Database {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  return db;
}

const columns = ['id', 'name', 'country', 'feature_code', 'admin_code', 'population', 'lat', 'lon', 'updated_at'];
const changes = columns.slice(1).map((name) => `${name} = excluded.${name}`);

/** An upsert of several rows, a parameter for each value. */
export const upsertCities = (count: number): string =>
  `INSERT INTO cities (${columns.join(', ')}) VALUES ${Array.from({ length: count }, () => `(${columns.map(() => '?').join(', ')})`).join(', ')}
  ON CONFLICT (id) DO UPDATE SET ${changes.join(', ')}`;
export const upsertCity = upsertCities(1);

export const valuesOf = (row: CityJson): (string | number)[] => [
  row.id,
  row.name,
  row.country,
  row.featureCode,
  row.adminCode,
  row.population,
  row.lat,
  row.lon,
  row.updatedAt,
];

export const moveCursor =
  'INSERT INTO cursors (kind, ts, last_id) VALUES (?, ?, ?) ON CONFLICT (kind) DO UPDATE SET ts = excluded.ts, last_id = excluded.last_id';

export function createFloorTables(db: Database.Database): void {
  db.exec(`
    CREATE TABLE cities (id TEXT PRIMARY KEY, name TEXT, country TEXT, feature_code TEXT, admin_code TEXT, population INTEGER, lat REAL, lon REAL,
      updated_at TEXT NOT NULL, deleted_at TEXT, deleted_at_local TEXT);
    CREATE TABLE cursors (kind TEXT PRIMARY KEY, ts TEXT, last_id TEXT);
    CREATE TABLE outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, op_id TEXT, id TEXT, payload TEXT, base TEXT);
  `);
}

/** A file with every row in place and one queued update for each: what a push starts from. */
export function fillFloorDatabase(file: string, rows: readonly CityJson[]): void {
  const db = openFloorDatabase(file);
  createFloorTables(db);
  const upsert = db.prepare(upsertCity);
  const queue = db.prepare('INSERT INTO outbox (op_id, id, payload, base) VALUES (?, ?, ?, ?)');
  db.transaction(() => {
    for (const row of rows) {
      const { updatedAt, ...edited } = { ...row, population: row.population + 1 };
      upsert.run(
        edited.id,
        edited.name,
        edited.country,
        edited.featureCode,
        edited.adminCode,
        edited.population,
        edited.lat,
        edited.lon,
        updatedAt,
      );
      queue.run(crypto.randomUUID(), row.id, JSON.stringify(edited), updatedAt);
    }
  })();
  db.close();
}
