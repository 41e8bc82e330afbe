import { createSyncEngine, syncTable, type SyncEngine } from 'synchart';
import { openDatabase, syncColumns, type SyncedRow } from 'synchart/persistence';
import { RestTransport } from 'synchart/transport';
import { EntitySchema, type DataSource } from 'typeorm';
import type { CityJson } from './city-rows.ts';
import type { Task } from './contender.ts';

export type BenchCity = Omit<CityJson, 'updatedAt'> & SyncedRow;

export const BenchCity = new EntitySchema<BenchCity>({
  name: 'cities',
  columns: {
    id: { type: 'text', primary: true },
    name: { type: 'text' },
    country: { type: 'text' },
    featureCode: { type: 'text', name: 'feature_code' },
    adminCode: { type: 'text', name: 'admin_code' },
    population: { type: 'integer' },
    lat: { type: 'real' },
    lon: { type: 'real' },
    ...syncColumns,
  },
});

export const benchCities = syncTable(BenchCity);

export interface BenchReplica {
  readonly dataSource: DataSource;
  readonly engine: SyncEngine;
}

/** An app as any other: default settings, but for the page size that all contenders share. */
export async function openReplica({ url, database, driver, pageSize, inFlight }: Task): Promise<BenchReplica> {
  const dataSource = await openDatabase({ database, driver, entities: [BenchCity], synchronize: true });
  const transport = new RestTransport({
    baseUrl: url,
    ...(inFlight === 0 ? { enableBatch: true, batchSize: 100 } : { pushConcurrency: inFlight }),
  });
  const engine = createSyncEngine({ dataSource, transport, tables: [benchCities], config: { pageSize } });
  await engine.start();
  return { dataSource, engine };
}

export async function closeReplica({ dataSource, engine }: BenchReplica): Promise<void> {
  await engine.dispose();
  await dataSource.destroy();
}
