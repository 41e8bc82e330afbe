import { openDatabase } from 'synchart/persistence';
import { resolveSyncConfig } from '../../src/model/config.ts';
import { createStore } from '../../src/persistence/create-store.ts';
import { systemClock } from '../../src/persistence/system-clock.ts';
import { contend } from '../contender.ts';
import { BenchCity, benchCities } from '../replica.ts';
import { takeLimit, takes } from '../take-size.ts';

const warmUp = 3;

/** Takes batch after batch, as a push does, without sending: each take finds, folds and freezes the next heads of line and commits. */
await contend({
  prepare: async ({ database, driver }) => {
    const dataSource = await openDatabase({ database, driver, entities: [BenchCity] });
    const { store } = createStore({ dataSource, tables: [benchCities], config: resolveSyncConfig(), clock: systemClock, owner: 'bench' });
    await store.hydrate();
    await store.lease.acquire();
    // Rebuilding the states of an outbox is done once when a process starts, and is not what is measured here.
    await store.beginRun({ explicit: true, kinds: ['cities'], runId: 1 });
    const take = async (): Promise<number> => {
      await store.lease.renew();
      return (await store.take({ kinds: ['cities'], limit: takeLimit, runId: 1, distrustResend: false })).requests.length;
    };
    for (let count = 0; count < warmUp; count += 1) await take();
    return { dataSource, take };
  },
  work: async ({ take }) => {
    let done = 0;
    for (let count = 0; count < takes; count += 1) done += await take();
    return done;
  },
  end: ({ dataSource }) => dataSource.destroy(),
});
