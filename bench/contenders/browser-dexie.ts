/** The page of bench/browser.ts that does the work with Dexie. A database is strict or relaxed as its name begins. */
import Dexie, { type Table } from 'dexie';
import type { CityJson } from '../city-rows.ts';
import { madeCity, pullPages } from './browser-fetch.ts';
import { offer, timeEach, timeOf, type BrowserContender } from './browser-page.ts';

interface Queued {
  readonly opId: string;
  readonly entityId: string;
  readonly payload: CityJson;
}

class CityDatabase extends Dexie {
  readonly cities: Table<CityJson, string>;
  readonly outbox: Table<Queued, string>;
  readonly cursors: Table<{ readonly id: string; readonly after: string }, string>;

  constructor(name: string) {
    super(name, { chromeTransactionDurability: name.startsWith('strict') ? 'strict' : 'relaxed' });
    this.version(1).stores({ cities: 'id', outbox: 'opId, entityId', cursors: 'id' });
    this.cities = this.table('cities');
    this.outbox = this.table('outbox');
    this.cursors = this.table('cursors');
  }
}

let database: CityDatabase | undefined;
async function openNamed(name: string): Promise<CityDatabase> {
  database = new CityDatabase(name);
  await database.open();
  return database;
}

function used(): CityDatabase {
  if (database === undefined) throw new Error('open a database first');
  return database;
}

offer({
  pull: async (name) => {
    const { cities, cursors } = await openNamed(name);
    let rows = 0;
    const ms = await timeOf(async () => {
      rows = await pullPages((items, after) =>
        used().transaction('rw', [cities, cursors], async () => {
          await cities.bulkPut(items);
          await cursors.put({ id: 'cities', after });
        }),
      );
    });
    return { ms, rows };
  },
  write: async (_kind, from, count) => {
    const { cities, outbox } = used();
    const found = await cities.orderBy('id').offset(from).limit(count).toArray();
    return timeEach(count, async (index) => {
      const city = found[index];
      if (city === undefined) throw new Error('there are too few rows');
      const edited = { ...city, population: city.population + 1 };
      await used().transaction('rw', [cities, outbox], async () => {
        await cities.put(edited);
        await outbox.add({ opId: crypto.randomUUID(), entityId: city.id, payload: edited });
      });
    });
  },
  fill: async (name, rows, queued) => {
    const { cities, outbox } = await openNamed(name);
    const made = Array.from({ length: rows }, (_, index) => madeCity(index));
    await cities.bulkPut(made);
    await outbox.bulkPut(
      made.slice(0, queued).map((payload, index) => ({ opId: `op-${index}`, entityId: payload.id, payload })),
    );
  },
  open: (name) => timeOf(() => openNamed(name)),
} satisfies BrowserContender);
