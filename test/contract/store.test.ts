import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, inject } from 'vitest';
import type { DataSource } from 'typeorm';
import { resolveSyncConfig, type SyncConfig } from '../../src/model/config.ts';
import type { JsonObject } from '../../src/model/values/json.ts';
import { createStore } from '../../src/persistence/create-store.ts';
import { createSimulatedClock, type SimulatedClock } from '../../src/testing/simulated-clock.ts';
import { createFakeStore, FakeDatabase } from '../support/fake-store.ts';
import {
  allDrivers,
  createTodoDatabase,
  openTodoDatabase,
  orInChromium,
  todos,
  type ContractDriver,
} from '../support/open-store.ts';
import { todoEntity } from '../support/todo.ts';
import { storeContract, type StoreSubject } from './store-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'synchart-store-contract-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

storeContract('fake', async (config) => {
  const clock = createSimulatedClock();
  const database = new FakeDatabase();
  const subjectOf = (owner: string): StoreSubject => {
    const fake = createFakeStore({
      clock,
      database,
      owner,
      kinds: ['todos'],
      ...(config === undefined ? {} : { config }),
    });
    return {
      store: fake.store,
      queue: fake.queue,
      clock,
      enqueue: async (...ops) => {
        await Promise.resolve();
        fake.enqueue(...ops);
      },
      rows: () => Promise.resolve([...fake.rows('todos')].sort((a, b) => (String(a['id']) < String(b['id']) ? -1 : 1))),
      another: (other) => Promise.resolve(subjectOf(other)),
      close: () => Promise.resolve(),
    };
  };
  return subjectOf('one');
});

// Other TypeORM releases run with one driver only: the drivers have their own contract.
const drivers = orInChromium<ContractDriver>(inject('typeorm') === '1.1' ? [...allDrivers, 'rpc'] : ['sqlite3']);
for (const driver of drivers) storeContract(driver, (config) => openReal(driver, config));

/**
 * A second engine has its own connection to the same database, like a second process; with sql.js it shares the only
 * one.
 */
async function openReal(driver: ContractDriver, config: Partial<SyncConfig> | undefined): Promise<StoreSubject> {
  const clock = createSimulatedClock();
  const { database, remove } = await createTodoDatabase(driver, folder);
  const first = await openTodoDatabase(driver, database);
  const sources: DataSource[] = [first];
  const close = async (): Promise<void> => {
    if (sources.length === 0) return;
    for (const source of sources.splice(0)) await source.destroy();
    await remove();
  };
  const another = async (owner: string): Promise<StoreSubject> => {
    const source = driver === 'sqljs' ? first : await openTodoDatabase(driver, database);
    if (source !== first) sources.push(source);
    return subjectOf(source, { owner, clock, config, another, close });
  };
  return subjectOf(first, { owner: 'one', clock, config, another, close });
}

function subjectOf(
  dataSource: DataSource,
  {
    owner,
    clock,
    config,
    another,
    close,
  }: Pick<StoreSubject, 'another' | 'close'> & {
    owner: string;
    clock: SimulatedClock;
    config: Partial<SyncConfig> | undefined;
  },
): StoreSubject {
  const { store, queue, outbox } = createStore({
    dataSource,
    tables: [todos],
    config: resolveSyncConfig(config),
    clock,
    owner,
  });
  return {
    store,
    queue,
    clock,
    another,
    close,
    enqueue: async (...ops) => {
      for (const op of ops) await outbox.enqueue(op);
    },
    rows: async () => {
      const rows = await dataSource.getRepository(todoEntity).find({ order: { id: 'ASC' } });
      return rows
        .filter(({ deletedAt, deletedAtLocal }) => deletedAt === null && deletedAtLocal === null)
        .map(({ deletedAtLocal: _local, ...row }): JsonObject => row);
    },
  };
}
