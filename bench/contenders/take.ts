import { openDatabase } from 'synchart/persistence';
import { resolveSyncConfig } from '../../src/model/config.ts';
import type { TakenRequest } from '../../src/model/ports.ts';
import { createStore } from '../../src/persistence/create-store.ts';
import { systemClock } from '../../src/model/platform/system-clock.ts';
import { contend } from '../contender.ts';
import { BenchCity, benchCities } from '../replica.ts';
import { takeLimit, takes } from '../take-size.ts';

const warmUp = 3;

const acceptedRow = {
  name: 'n',
  country: 'c',
  featureCode: 'f',
  adminCode: 'a',
  population: 1,
  lat: 1,
  lon: 1,
  updatedAt: '2026-01-01T00:00:00.000000Z',
  deletedAt: null,
};

/**
 * Takes batch after batch, as a push does: each take finds, folds and freezes the next heads of line and commits. As in
 * a push, what was taken is settled before the next take; that is not measured.
 */
await contend({
  prepare: async ({ database, driver }) => {
    const dataSource = await openDatabase({ database, driver, entities: [BenchCity] });
    const { store } = createStore({
      dataSource,
      tables: [benchCities],
      config: resolveSyncConfig(),
      clock: systemClock,
      owner: 'bench',
    });
    await store.hydrate();
    await store.lease.acquire();
    // Rebuilding the states of an outbox is done once when a process starts, and is not what is measured here.
    await store.beginRun({ explicit: true, kinds: ['cities'], runId: 1 });
    const take = async (): Promise<readonly TakenRequest[]> => {
      await store.lease.renew();
      return (await store.take({ kinds: ['cities'], limit: takeLimit, runId: 1, distrustResend: false })).requests;
    };
    const settle = (requests: readonly TakenRequest[]) =>
      store.settle(
        requests.map((request) => ({
          request,
          outcome: { type: 'applied', row: { ...acceptedRow, id: request.entityId } },
        })),
      );
    for (let count = 0; count < warmUp; count += 1) await settle(await take());
    return { dataSource, take, settle };
  },
  work: async ({ take, settle }, _task, unmeasured) => {
    let done = 0;
    for (let count = 0; count < takes; count += 1) {
      const requests = await take();
      done += requests.length;
      await unmeasured(() => settle(requests));
    }
    return done;
  },
  end: ({ dataSource }) => dataSource.destroy(),
});
