import { afterEach, describe, expect, test } from 'vitest';
import { resolveSyncConfig, type SyncConfig } from '../../../src/model/config.ts';
import { createStore } from '../../../src/persistence/create-store.ts';
import { drivers, openStore, todos, type StoreBench } from '../../support/open-store.ts';
import { openShop } from '../../support/shop.ts';
import { Statements } from '../../support/statements.ts';
import { todoOf } from '../../support/todo.ts';

let bench: StoreBench;
afterEach(() => bench.close());

/** Another process on the same database. */
async function restarted({ dataSource, clock, store: before }: StoreBench, config: Partial<SyncConfig> = {}) {
  await before.lease.release();
  const { store } = createStore({
    dataSource,
    tables: [todos],
    config: resolveSyncConfig(config),
    clock,
    owner: 'engine-2',
  });
  await store.lease.acquire();
  const begin = () => store.beginRun({ explicit: true, kinds: ['todos'], runId: 1 });
  const take = async () =>
    (await store.take({ kinds: ['todos'], limit: 500, runId: 1, distrustResend: false })).requests.map(
      ({ entityId }) => entityId,
    );
  return { begin, take };
}

describe.each(drivers)('the start of a run on %s', (driver) => {
  test('I7: a first run whose start is rolled back leaves the states to be rebuilt by the next', async () => {
    bench = await openStore(driver);
    const { dataSource } = bench;
    await bench.writer.insertAndEnqueue(todoOf('a'));
    // The state that a process left when it died under an earlier release.
    await dataSource.query('UPDATE sync_outbox SET state = 0');
    const { begin, take } = await restarted(bench);
    await dataSource.query('ALTER TABLE sync_conflicts RENAME TO sync_away');
    await expect(begin()).rejects.toThrow();
    await dataSource.query('ALTER TABLE sync_away RENAME TO sync_conflicts');
    await begin();
    expect(await take()).toEqual(['a']);
  });

  test('I12: external writes to the outbox block nothing: states are corrected when nothing is left to take', async () => {
    bench = await openStore(driver, { config: { coalesce: false } });
    const { dataSource } = bench;
    for (const id of ['a', 'b', 'c', 'd']) await bench.writer.insertAndEnqueue(todoOf(id));
    await bench.writer.replaceAndEnqueue({ ...todoOf('a'), title: 'later' });
    // External edits: a deleted head, a follower marked as ready, a parked operation, and unexplained tries.
    await dataSource.query(`UPDATE sync_outbox SET state = 0 WHERE entity_id = 'b'`);
    await dataSource.query(`DELETE FROM sync_outbox WHERE entity_id = 'a' AND state = 1`);
    await dataSource.query(`UPDATE sync_outbox SET state = 0, parked = 'stuck' WHERE entity_id = 'c'`);
    await dataSource.query(`UPDATE sync_outbox SET state = 0, try_count = 99 WHERE entity_id = 'd'`);
    const { begin, take } = await restarted(bench, { coalesce: false });
    await begin();
    expect(await take()).toEqual(['b', 'a']);
    expect(await dataSource.query(`SELECT entity_id, state, parked FROM sync_outbox ORDER BY seq`)).toEqual([
      { entity_id: 'b', state: 4, parked: null },
      { entity_id: 'c', state: 3, parked: 'stuck' },
      { entity_id: 'd', state: 3, parked: 'stuck' },
      { entity_id: 'a', state: 4, parked: null },
    ]);
    // In-flight operations stay in flight.
    expect(await take()).toEqual([]);
  });

  test('I8: a lower limit of tries after a restart applies to earlier tries', async () => {
    bench = await openStore(driver);
    for (const id of ['a', 'b']) await bench.writer.insertAndEnqueue(todoOf(id));
    await bench.dataSource.query(`UPDATE sync_outbox SET try_count = 3 WHERE entity_id = 'a'`);
    const { begin, take } = await restarted(bench, { maxOutboxTryCount: 3 });
    await begin();
    expect(await take()).toEqual(['b']);
    expect(await bench.dataSource.query(`SELECT state, parked FROM sync_outbox WHERE entity_id = 'a'`)).toEqual([
      { state: 3, parked: 'stuck' },
    ]);
  });

  test('I10: planning reads waiting, tried or in-flight operations, never the whole outbox', async () => {
    const statements = new Statements();
    bench = await openShop(driver, { open: { logging: ['query'], logger: statements } });
    for (let number = 0; number < 30; number++) await bench.writer.insertAndEnqueue(todoOf(`t${number}`));
    const { begin } = await restarted(bench);
    statements.list.length = 0;
    await begin();
    const looks = statements.list.filter(
      ({ sql }) => /^\s*(SELECT|UPDATE|WITH)/.test(sql) && sql.includes('sync_outbox'),
    );
    expect(looks.length).toBeGreaterThanOrEqual(4);
    const scans = [];
    for (const { sql, parameters } of looks)
      for (const { detail } of (await bench.dataSource.query(`EXPLAIN QUERY PLAN ${sql}`, [...parameters])) as {
        detail: string;
      }[])
        if (
          /SCAN (o|sync_outbox)\b/.test(detail) &&
          !/USING (COVERING )?INDEX sync_outbox_(waiting|in_flight)/.test(detail)
        )
          scans.push(`${detail}: ${sql}`);
    expect(scans).toEqual([]);
  });
});
