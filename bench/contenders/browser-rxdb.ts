/**
 * The page of bench/browser.ts that does the work with RxDB on its storage for Dexie. RxDB notes what is to be sent in
 * the documents' own metadata, so a write is one insert.
 */
import { createRxDatabase, type RxCollection } from 'rxdb';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import type { CityJson } from '../city-rows.ts';
import { madeCity, pullPages } from './browser-fetch.ts';
import { offer, timeEach, timeOf, type BrowserContender } from './browser-page.ts';

const text = { type: 'string' } as const;
const number = { type: 'number' } as const;
const schema = {
  version: 0,
  primaryKey: 'id',
  type: 'object',
  properties: {
    id: { type: 'string', maxLength: 40 },
    name: text,
    country: text,
    featureCode: text,
    adminCode: text,
    population: number,
    lat: number,
    lon: number,
    updatedAt: text,
  },
  required: ['id', 'name', 'updatedAt'],
} as const;

let collection: RxCollection<CityJson> | undefined;
async function openNamed(name: string): Promise<RxCollection<CityJson>> {
  const storage = getRxStorageDexie({
    chromeTransactionDurability: name.startsWith('strict') ? 'strict' : 'relaxed',
  });
  const database = await createRxDatabase({ name, storage, multiInstance: true });
  const { cities } = await database.addCollections<{ cities: RxCollection<CityJson> }>({ cities: { schema } });
  collection = cities;
  return cities;
}

offer({
  pull: async (name) => {
    const cities = await openNamed(name);
    let rows = 0;
    const ms = await timeOf(async () => {
      rows = await pullPages(async (items) => {
        const { error } = await cities.bulkUpsert(items);
        if (error.length > 0) throw new Error(`RxDB refused ${error.length} rows`);
      });
    });
    return { ms, rows };
  },
  write: (_kind, from, count) =>
    timeEach(count, (index) => {
      if (collection === undefined) throw new Error('open a database first');
      return collection.insert({ ...madeCity(from + index), id: `new-${from + index}` });
    }),
  fill: async (name, rows, queued) => {
    const cities = await openNamed(name);
    const size = 5_000;
    for (let from = 0; from < rows + queued; from += size) {
      const made = Array.from({ length: Math.min(size, rows + queued - from) }, (_, index) => madeCity(from + index));
      const { error } = await cities.bulkInsert(made);
      if (error.length > 0) throw new Error(`RxDB refused ${error.length} rows`);
    }
  },
  open: (name) => timeOf(() => openNamed(name)),
} satisfies BrowserContender);
