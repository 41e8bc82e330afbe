import { createSyncEngine, syncTable, type SyncEngine, type SyncPhaseName, type SyncRunResult } from 'synchart';
import { openDatabase } from 'synchart/persistence';
import { RestTransport } from 'synchart/transport';
import type { DataSource } from 'typeorm';
import type { DayWriter } from './offline-day.ts';
import { City, Country } from './tables.ts';

/** Both strategies in one app: whoever comes last wins a city, the server keeps its countries. */
const cities = syncTable(City, { conflict: { strategy: 'clientWins' } });
const countries = syncTable(Country, { conflict: { strategy: 'serverWins' } });

export interface ReplicaOptions {
  readonly name: string;
  readonly database: string;
  readonly driver: 'sqlite3' | 'better-sqlite3';
  readonly url: string;
}

/** One user's device: a database of its own and an engine. */
export interface Replica {
  readonly name: string;
  readonly dataSource: DataSource;
  readonly engine: SyncEngine;
  readonly writer: DayWriter;
  close(): Promise<void>;
}

export async function openReplica({ name, database, driver, url }: ReplicaOptions): Promise<Replica> {
  const dataSource = await openDatabase({ database, driver, entities: [City, Country], synchronize: true });
  const engine = createSyncEngine({
    dataSource,
    transport: new RestTransport({ baseUrl: url, pushConcurrency: 4 }),
    tables: [cities, countries],
    // A person waits for this demo: give up early where an app would be patient.
    config: { maxRetries: 1, backoffMinMs: 150, backoffMaxMs: 300 },
  });
  await engine.start();
  return {
    name,
    dataSource,
    engine,
    writer: createDayWriter(dataSource, engine),
    close: async () => {
      await engine.dispose();
      await dataSource.destroy();
    },
  };
}

/** Syncs once and tells each phase as it is entered; it begins and ends idle, which goes without saying. */
export async function syncTelling(
  { engine }: Replica,
  onPhase: (phase: SyncPhaseName) => void,
): Promise<SyncRunResult> {
  let last: SyncPhaseName | undefined;
  const watching = engine.status$.subscribe(({ phase }) => {
    if (phase !== last && phase !== 'idle') onPhase(phase);
    last = phase;
  });
  try {
    return await engine.syncRun();
  } finally {
    watching.unsubscribe();
  }
}

function createDayWriter(dataSource: DataSource, engine: SyncEngine): DayWriter {
  const city = engine.writer(cities);
  const country = engine.writer(countries);
  const alive = { updatedAt: '', deletedAt: null, deletedAtLocal: null };
  return {
    editCity: async (id, change) => {
      const before = await dataSource.getRepository(City).findOneByOrFail({ id });
      await city.replaceAndEnqueueDiff(before, { ...before, ...change(before) });
    },
    editCountry: async (id, change) => {
      const before = await dataSource.getRepository(Country).findOneByOrFail({ id });
      await country.replaceAndEnqueueDiff(before, { ...before, ...change(before) });
    },
    createCity: (parts) =>
      city.insertAndEnqueue({ featureCode: 'PPL', adminCode: '', lat: 0, lon: 0, ...alive, ...parts }),
    deleteCity: async (id) => {
      const { updatedAt } = await dataSource.getRepository(City).findOneByOrFail({ id });
      await city.enqueueDelete(id, { baseUpdatedAt: updatedAt });
    },
  };
}
