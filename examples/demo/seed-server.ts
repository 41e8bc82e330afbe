import { createSyncServer, type SyncServer } from 'synchart/server';
import { DataSource } from 'typeorm';
import { bulkInsert } from './bulk-insert.ts';
import { cardIds } from './six-strategies.ts';
import { Card, City, Country, countriesOf, equalCards, realCities } from './tables.ts';

export interface Seeded {
  readonly dataSource: DataSource;
  readonly cities: number;
  readonly countries: number;
}

/** Fills a new database with real cities and the countries they are in. */
export async function seedDatabase(database: string, rows: number): Promise<Seeded> {
  const dataSource = await new DataSource({
    type: 'better-sqlite3',
    database,
    entities: [City, Country, Card],
    synchronize: true,
  }).initialize();
  await dataSource.query('PRAGMA journal_mode = WAL');
  const cities = realCities(rows);
  const countries = countriesOf(cities);
  await bulkInsert(dataSource, City, cities);
  await bulkInsert(dataSource, Country, countries);
  await dataSource.getRepository(Card).insert(equalCards(cardIds));
  return { dataSource, cities: cities.length, countries: countries.length };
}

/** The reference server; it can go down and come back on the same address with the same rows. */
export interface DemoServer {
  readonly url: string;
  goDown(): Promise<void>;
  comeBack(): Promise<void>;
}

export async function startServer(dataSource: DataSource): Promise<DemoServer> {
  const create = (): SyncServer => createSyncServer({ dataSource, tables: [City, Country, Card] });
  let running = create();
  const { url, port } = await running.listen();
  return {
    url,
    goDown: () => running.close(),
    comeBack: async () => {
      running = create();
      await running.listen({ port });
    },
  };
}
