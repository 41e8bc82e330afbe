import { afterEach, describe, expect, test } from 'vitest';
import { resolveSyncConfig } from '../../src/model/config.ts';
import { createStore } from '../../src/persistence/create-store.ts';
import { drivers, openStore, todos, type StoreBench } from '../support/open-store.ts';
import { todoOf } from '../support/todo.ts';

let bench: StoreBench;
afterEach(() => bench.close());

describe.each(drivers)('the beginning of a run on %s', (driver) => {
  test('I7: a first run whose beginning is rolled back leaves the states to be rebuilt by the next', async () => {
    bench = await openStore(driver);
    const { dataSource, clock } = bench;
    await bench.writer.insertAndEnqueue(todoOf('a'));
    // As a process leaves it that died under an earlier release.
    await dataSource.query('UPDATE sync_outbox SET state = 0');
    await bench.store.lease.release();
    const { store } = createStore({ dataSource, tables: [todos], config: resolveSyncConfig(), clock, owner: 'engine-2' });
    await store.lease.acquire();
    const begin = () => store.beginRun({ explicit: true, kinds: ['todos'], runId: 1 });
    await dataSource.query('ALTER TABLE sync_conflicts RENAME TO sync_away');
    await expect(begin()).rejects.toThrow();
    await dataSource.query('ALTER TABLE sync_away RENAME TO sync_conflicts');
    await begin();
    const { requests } = await store.take({ kinds: ['todos'], limit: 5, runId: 1, distrustResend: false });
    expect(requests.map(({ entityId }) => entityId)).toEqual(['a']);
  });
});
