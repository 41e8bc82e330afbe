import type Database from 'better-sqlite3';
import sqlite3 from 'sqlite3';
import type { CityJson } from './city-rows.ts';
import type { Task } from './contender.ts';
import { openFloorDatabase } from './floor-database.ts';

export interface Queued {
  readonly seq: number;
  readonly op_id: string;
  readonly id: string;
  readonly payload: string;
  readonly base: string;
}
export interface Answered {
  readonly seq: number;
  readonly row: CityJson;
}

/** The queue of a push floor: prepared statements and one transaction per settling, nothing else. */
export interface FloorQueue {
  take(limit: number): readonly Queued[] | Promise<readonly Queued[]>;
  settle(answers: readonly Answered[]): void | Promise<void>;
  close(): void | Promise<void>;
}

const takeSql = 'SELECT seq, op_id, id, payload, base FROM outbox ORDER BY seq LIMIT ?';
const removeSql = 'DELETE FROM outbox WHERE seq = ?';
const storeSql =
  'UPDATE cities SET name = ?, country = ?, feature_code = ?, admin_code = ?, population = ?, lat = ?, lon = ?, updated_at = ? WHERE id = ?';
const valuesOf = (row: CityJson): unknown[] => [
  row.name,
  row.country,
  row.featureCode,
  row.adminCode,
  row.population,
  row.lat,
  row.lon,
  row.updatedAt,
  row.id,
];

/** On the driver of the task: a floor on the same driver tells what that driver costs by itself. */
export const openFloorQueue = ({ database, driver }: Task): FloorQueue | Promise<FloorQueue> =>
  driver === 'sqlite3' ? threadedQueue(database) : synchronousQueue(openFloorDatabase(database));

function synchronousQueue(db: Database.Database): FloorQueue {
  const take = db.prepare<[number], Queued>(takeSql);
  const remove = db.prepare(removeSql);
  const store = db.prepare(storeSql);
  const settle = db.transaction((answers: readonly Answered[]) => {
    for (const { seq, row } of answers) {
      store.run(...valuesOf(row));
      remove.run(seq);
    }
  });
  return { take: (limit) => take.all(limit), settle: (answers) => void settle(answers), close: () => void db.close() };
}

/** Statements are handed to the driver's thread in order; only the end of a transaction is waited for. */
async function threadedQueue(file: string): Promise<FloorQueue> {
  const ended = (begin: (done: (error: Error | null) => void) => void): Promise<void> =>
    new Promise((resolve, reject) => begin((error) => (error === null ? resolve() : reject(error))));
  const db = await new Promise<sqlite3.Database>((resolve, reject) => {
    const opened: sqlite3.Database = new sqlite3.Database(file, (error) =>
      error === null ? resolve(opened) : reject(error),
    );
  });
  await ended((done) => db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;', done));
  db.serialize();
  const take = db.prepare(takeSql);
  const remove = db.prepare(removeSql);
  const store = db.prepare(storeSql);
  return {
    take: (limit) =>
      new Promise((resolve, reject) =>
        take.all<Queued>(limit, (error, rows) => (error === null ? resolve(rows) : reject(error))),
      ),
    settle: (answers) =>
      ended((done) => {
        db.run('BEGIN');
        for (const { seq, row } of answers) {
          store.run(...valuesOf(row));
          remove.run(seq);
        }
        db.run('COMMIT', done);
      }),
    close: async () => {
      for (const statement of [take, remove, store]) statement.finalize();
      await ended((done) => db.close(done));
    },
  };
}
