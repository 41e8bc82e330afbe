/** The page of bench/browser.ts that runs synchart over its file in the browser. */
import { createSyncEngine, type SyncEngine } from 'synchart';
import { openBrowserDatabase, type BrowserDatabase } from 'synchart/browser';
import { captureWrites } from 'synchart/persistence';
import { RestTransport } from 'synchart/transport';
import wasmUrl from '@sqlite.org/sqlite-wasm/sqlite3.wasm?url';
import { BenchCity, benchCities } from '../replica.ts';
import CountingWorker from './browser-worker.ts?worker';
import { offer, pageSize, timeEach, timeOf, type BrowserContender } from './browser-page.ts';
import { askWorker, type RecordedTransaction, type Statement } from './browser-worker-line.ts';

interface Opened {
  readonly name: string;
  readonly database: BrowserDatabase;
  readonly engine: SyncEngine;
}
let opened: Opened | undefined;
const used = (): Opened => {
  if (opened === undefined) throw new Error('open a database first');
  return opened;
};

async function openNamed(name: string): Promise<Opened> {
  const database = await openBrowserDatabase({
    name,
    entities: [BenchCity],
    synchronize: true,
    wasmUrl,
    worker: () => new CountingWorker({ name }),
  });
  const { dataSource } = database;
  captureWrites(dataSource, [benchCities]);
  const transport = new RestTransport({ baseUrl: location.origin });
  const engine = createSyncEngine({ dataSource, transport, tables: [benchCities], config: { pageSize } });
  await engine.start();
  opened = { name, database, engine };
  return opened;
}

const citiesFrom = (from: number, count: number): Promise<BenchCity[]> =>
  used()
    .database.dataSource.getRepository(BenchCity)
    .find({ order: { id: 'ASC' }, skip: from, take: count });

async function save(from: number, count: number): Promise<readonly number[]> {
  const repository = used().database.dataSource.getRepository(BenchCity);
  const cities = await citiesFrom(from, count);
  return timeEach(count, async (index) => {
    const city = cities[index];
    if (city !== undefined) await repository.save(Object.assign(city, { population: city.population + 1 }));
  });
}

async function writer(from: number, count: number): Promise<readonly number[]> {
  const writer = used().engine.writer(benchCities);
  const cities = await citiesFrom(from, count);
  return timeEach(count, async (index) => {
    const city = cities[index];
    if (city !== undefined) await writer.replaceAndEnqueueDiff(city, { ...city, population: city.population + 1 });
  });
}

/** The least that a write with an outbox can do: one row, one row beside it, without anything of synchart. */
async function byHand(from: number, count: number): Promise<readonly number[]> {
  const { name, database } = used();
  await database.dataSource.query('CREATE TABLE IF NOT EXISTS floor_rows AS SELECT * FROM cities');
  await database.dataSource.query('CREATE UNIQUE INDEX IF NOT EXISTS floor_ids ON floor_rows (id)');
  await database.dataSource.query(
    'CREATE TABLE IF NOT EXISTS floor_outbox (op_id TEXT PRIMARY KEY, entity_id TEXT, payload TEXT)',
  );
  const cities = await citiesFrom(from, count);
  const transactions = cities.map((city): readonly Statement[] => [
    ['BEGIN IMMEDIATE', []],
    ['UPDATE floor_rows SET population = ? WHERE id = ?', [city.population + 1, city.id]],
    ['INSERT INTO floor_outbox VALUES (?, ?, ?)', [crypto.randomUUID(), city.id, JSON.stringify(city)]],
    ['COMMIT', []],
  ]);
  return askWorker(name, { ask: 'replay', transactions });
}

const kinds: Readonly<Record<string, (from: number, count: number) => Promise<readonly number[]>>> = {
  save,
  writer,
  byHand,
};

const contender = {
  pull: async (name: string) => {
    const { engine } = await openNamed(name);
    let rows = 0;
    const ms = await timeOf(async () => {
      rows = (await engine.sync()).pulled;
    });
    return { ms, rows };
  },
  write: (kind: string, from: number, count: number) => {
    const write = kinds[kind];
    if (write === undefined) throw new Error(`no kind of write is called ${kind}`);
    return write(from, count);
  },
  fill: async (name: string, rows: number, queued: number) => {
    const { dataSource } = (await openNamed(name)).database;
    const numbers = `WITH RECURSIVE "numbers" ("n") AS (SELECT 0 UNION ALL SELECT "n" + 1 FROM "numbers" LIMIT ?)`;
    const time = `'2025-01-01T00:00:00.000000Z'`;
    await dataSource.transaction(async (manager) => {
      await manager.query(
        `${numbers} INSERT INTO "sync_outbox" ("op_id", "kind", "entity_id", "op", "creates", "payload", "changed_fields", "base_updated_at", "ts", "state", "enqueued_at")
         SELECT 'op-' || "n", 'cities', 'id-' || "n", 'upsert', 0, json_object('id', 'id-' || "n", 'population', "n"), '["population"]', ${time}, ${time}, 1, 0 FROM "numbers"`,
        [queued],
      );
      await manager.query(
        `${numbers} INSERT INTO "sync_base" ("kind", "entity_id", "base_row", "base_version")
         SELECT 'cities', 'id-' || "n", json_object('id', 'id-' || "n", 'population', 0, 'updatedAt', ${time}), ${time} FROM "numbers"`,
        [queued],
      );
    });
    // Rows of the server, so nothing of them is queued.
    await askWorker(name, {
      ask: 'replay',
      transactions: [
        [
          [
            `${numbers} INSERT INTO "cities" ("id", "name", "country", "feature_code", "admin_code", "population", "lat", "lon", "updated_at")
             SELECT 'id-' || "n", 'City ' || "n", 'XX', 'PPL', '00', "n", 0.5, 0.5, ${time} FROM "numbers"`,
            [rows],
          ],
        ],
      ],
    });
  },
  open: (name: string) => timeOf(() => openNamed(name)),
  openAsFollower: async (name: string): Promise<string> => (await openNamed(name)).database.storage().role,
  pending: async (): Promise<number> =>
    Number((await used().database.dataSource.query('SELECT count(*) AS n FROM sync_outbox'))[0].n),
  record: (): Promise<void> => askWorker(used().name, { ask: 'record' }),
  recorded: (): Promise<readonly RecordedTransaction[]> => askWorker(used().name, { ask: 'recorded' }),
  replay: (transactions: readonly (readonly Statement[])[]): Promise<readonly number[]> =>
    askWorker(used().name, { ask: 'replay', transactions }),
} satisfies BrowserContender & Record<string, unknown>;
export type SynchartPage = typeof contender;
offer(contender);
