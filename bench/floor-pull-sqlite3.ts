import sqlite3, { type Database } from 'sqlite3';
import type { CityJson } from './city-rows.ts';
import { contend, type Task } from './contender.ts';
import { createFloorTables, moveCursor, openFloorDatabase, upsertCities, valuesOf } from './floor-database.ts';
import { floorHttp } from './floor-http.ts';
import { pullPages, type ApplyPage } from './floor-pull.ts';

/**
 * The same floor with the driver that synchart uses by default: one prepared statement for a page of rows, since row by
 * row this driver is five times slower.
 */
export const runSqlite3PullFloor = (client: 'axios' | 'undici'): Promise<void> =>
  contend({
    prepare: async ({ url, database }: Task) => {
      const tables = openFloorDatabase(database);
      createFloorTables(tables);
      tables.close();
      return { db: await open(database), http: floorHttp(client, url, 1) };
    },
    work: async ({ db, http }, task) => {
      const { apply, end } = prepareApply(db, task.pageSize);
      const done = await pullPages(apply, http, task.pageSize);
      end();
      return done;
    },
    end: async ({ db, http }) => {
      await http.close();
      await new Promise((resolve) => {
        db.close(resolve);
      });
    },
  });

const open = async (file: string): Promise<Database> => {
  const db = await new Promise<Database>((resolve, reject) => {
    const opened: Database = new sqlite3.Database(file, (error) => (error === null ? resolve(opened) : reject(error)));
  });
  await execute(db, 'PRAGMA synchronous = NORMAL');
  return db;
};

const execute = (db: Database, sql: string): Promise<void> =>
  new Promise((resolve, reject) => {
    db.exec(sql, (error) => (error === null ? resolve() : reject(error)));
  });

function prepareApply(db: Database, pageSize: number): { readonly apply: ApplyPage; end(): void } {
  const whole = db.prepare(upsertCities(pageSize));
  const one = db.prepare(upsertCities(1));
  const move = db.prepare(moveCursor);
  const run = (statement: typeof whole, values: readonly unknown[]): Promise<void> =>
    new Promise((resolve, reject) => {
      statement.run(values, (error: Error | null) => (error === null ? resolve() : reject(error)));
    });
  const apply = async (items: readonly CityJson[]): Promise<void> => {
    await execute(db, 'BEGIN IMMEDIATE');
    if (items.length === pageSize) await run(whole, items.flatMap(valuesOf));
    else for (const item of items) await run(one, valuesOf(item));
    const last = items.at(-1);
    if (last !== undefined) await run(move, ['cities', last.updatedAt, last.id]);
    await execute(db, 'COMMIT');
  };
  return {
    apply,
    end: () => {
      for (const statement of [whole, one, move]) statement.finalize();
    },
  };
}
