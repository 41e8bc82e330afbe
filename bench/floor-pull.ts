import type Database from 'better-sqlite3';
import type { CityJson } from './city-rows.ts';
import { contend, type Task } from './contender.ts';
import { floorHttp, type FloorHttp } from './floor-http.ts';
import { createFloorTables, moveCursor, openFloorDatabase, upsertCity } from './floor-database.ts';

/** Stores a page and its cursor in one transaction. */
export type ApplyPage = (items: readonly CityJson[]) => void | Promise<void>;

/**
 * Pulls page after page into prepared statements, one transaction per page with its cursor; no validation, no pending
 * edits, no resume.
 */
export const runPullFloor = (client: 'axios' | 'undici'): Promise<void> =>
  contend({
    prepare: ({ url, database }: Task) => {
      const db = openFloorDatabase(database);
      createFloorTables(db);
      return { db, http: floorHttp(client, url, 1) };
    },
    work: ({ db, http }, task) => pullPages(prepareApply(db), http, task.pageSize),
    end: async ({ db, http }) => {
      await http.close();
      db.close();
    },
  });

function prepareApply(db: Database.Database): ApplyPage {
  const upsert = db.prepare(upsertCity);
  const move = db.prepare(moveCursor);
  return db.transaction((items: readonly CityJson[]) => {
    for (const item of items)
      upsert.run(
        item.id,
        item.name,
        item.country,
        item.featureCode,
        item.adminCode,
        item.population,
        item.lat,
        item.lon,
        item.updatedAt,
      );
    const last = items.at(-1);
    if (last !== undefined) move.run('cities', last.updatedAt, last.id);
  });
}

/** Asks for one page after the other, and for the next when the last is stored. Gives back how many rows there were. */
export async function pullPages(apply: ApplyPage, http: FloorHttp, pageSize: number): Promise<number> {
  let done = 0;
  let query = 'updatedSince=1970-01-01T00:00:00.000Z';
  for (let more = true; more; ) {
    const page = (await http.request('GET', `/cities?${query}&limit=${pageSize}&includeDeleted=true`)) as {
      items: CityJson[];
      hasMore: boolean;
    };
    await apply(page.items);
    done += page.items.length;
    const last = page.items.at(-1);
    more = page.hasMore && last !== undefined;
    if (last !== undefined)
      query = `updatedSince=${encodeURIComponent(last.updatedAt)}&afterId=${encodeURIComponent(last.id)}`;
  }
  return done;
}
