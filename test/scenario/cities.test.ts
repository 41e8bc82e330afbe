import { isDeepStrictEqual } from 'node:util';
import { EntitySchema } from 'typeorm';
import { expect, test } from 'vitest';
import { cityRows, type CityJson } from '../../bench/city-rows.ts';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import type { JsonObject } from '../../src/model/values/json.ts';
import { syncColumns } from '../../src/persistence/tables/sync-columns.ts';
import { syncTable } from '../../src/persistence/tables/sync-table.ts';
import { createTestServer } from '../../src/testing/test-server.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { allDrivers, openSynchronized } from '../support/open-store.ts';

/** All cities of the world are 135,000: CITIES=135000 pulls them. */
const count = Number(process.env['CITIES'] ?? 5_000);

test.each(allDrivers)(
  'I5: pulls real cities on %s, each as the server has it',
  { timeout: 600_000 },
  async (driver) => {
    const number = driver === 'postgres' ? 'double precision' : 'real';
    const city = new EntitySchema<CityJson>({
      name: 'cities',
      columns: {
        id: { type: 'text', primary: true },
        name: { type: 'text' },
        country: { type: 'text' },
        featureCode: { type: 'text', name: 'feature_code' },
        adminCode: { type: 'text', name: 'admin_code' },
        population: { type: 'integer' },
        lat: { type: number },
        lon: { type: number },
        ...syncColumns,
      } as never,
    });
    await using server = await createTestServer({ naming: 'camelCase' });
    const cities = cityRows(count);
    server.seed(
      'cities',
      cities.map(({ updatedAt: _, ...row }): JsonObject => row),
    );
    const dataSource = await openSynchronized(driver, [city as unknown as EntitySchema]);
    const engine = createSyncEngine({
      dataSource,
      tables: [syncTable(city)],
      transport: new RestTransport({ baseUrl: server.url }),
      config: { pageSize: 1_000 },
    });
    try {
      await engine.start();
      const begunAt = performance.now();
      expect(await engine.sync()).toMatchObject({ pulled: cities.length, errors: 0 });
      if (count > 5_000)
        console.info(`${driver}: ${cities.length} cities in ${Math.round(performance.now() - begunAt)} ms`);
      const here = new Map((await dataSource.getRepository(city).find()).map((row) => [row.id, row]));
      const wrong = server.getAll('cities').filter(({ createdAt: _, ...row }) => {
        const { deletedAtLocal, ...found } = { deletedAtLocal: null, ...here.get(String(row['id'])) };
        return deletedAtLocal !== null || !isDeepStrictEqual(found, { deletedAt: null, ...row });
      });
      expect(wrong).toEqual([]);
      expect(here.size).toBe(cities.length);
    } finally {
      await engine.dispose();
      await dataSource.destroy();
    }
  },
);
