import { afterEach, expect, test } from 'vitest';
import { createTriggers } from '../../src/engine/triggers.ts';
import { describeSyncError } from '../../src/model/errors/describe-sync-error.ts';
import { TransportError } from '../../src/model/errors/errors.ts';
import { syncTable, type SyncTable } from '../../src/persistence/tables/sync-table.ts';
import { openEngine, type EngineBench, type EngineBenchOptions } from '../support/open-engine.ts';
import { drivers } from '../support/open-store.ts';
import { todoEntity, todoOf } from '../support/todo.ts';

let bench: EngineBench;
afterEach(() => bench.close());
const opened = async (options: EngineBenchOptions = {}): Promise<EngineBench> => (bench = await openEngine(options));
const completed = (): number => bench.told.filter(({ type }) => type === 'sync.completed').length;
/** Moves on, and waits for the run that this begins. */
const pass = async (ms: number): Promise<void> => {
  await bench.clock.advance(ms);
  await bench.engine.whenIdle();
};

test.each(drivers)(
  'F-11, COO-03: pushes edits through the writer after the silence, one request per burst, on %s',
  async (driver) => {
    await opened({ driver });
    const triggers = createTriggers(bench.engine, { pushOnOutboxChanges: true });
    await triggers.start();
    for (const title of ['one', 'two', 'three']) {
      if (title === 'one') await bench.writer.insertAndEnqueue(todoOf('a', { title }));
      else await bench.writer.replaceAndEnqueue({ ...(await bench.row('a'))!, title });
      await bench.clock.advance(500);
    }
    expect(bench.server.recordedRequests).toEqual([]);
    await pass(1_500);
    expect(bench.server.recordedRequests.map(({ method }) => method)).toEqual(['PUT']);
    expect(bench.server.get('todos', 'a')).toMatchObject({ title: 'three' });
    // The same count as before the first push: a watcher of counts would stay silent.
    await bench.writer.replaceAndEnqueue({ ...(await bench.row('a'))!, title: 'four' });
    await pass(2_000);
    expect(bench.server.get('todos', 'a')).toMatchObject({ title: 'four' });
    triggers.dispose();
  },
);

test.each(drivers)(
  'a table’s own interval counts from the stored last pull, across a restart and a wrong clock, on %s',
  async (driver) => {
    const hour = 3_600_000;
    const tables = [syncTable(todoEntity, { syncIntervalMs: hour })] as readonly SyncTable[];
    await opened({ driver, tables });
    const first = createTriggers(bench.engine);
    await first.start();
    await bench.until(({ lastSyncedAt }) => lastSyncedAt !== undefined);
    await bench.engine.whenIdle();
    await bench.clock.advance(hour / 2);
    bench = await bench.reopen({ tables });
    const triggers = createTriggers(bench.engine, { pullOnStartup: true });
    await triggers.start();
    await pass(hour / 2 - 1);
    expect(completed()).toBe(0);
    await bench.clock.advance(1);
    await bench.until(({ lastSyncedAt }) => lastSyncedAt === bench.clock.now());
    await bench.engine.whenIdle();
    expect(completed()).toBe(1);
    // Noted by a clock that ran a day ahead.
    await bench.dataSource.query(`UPDATE sync_cursors SET last_pull_at = ${bench.clock.now() + 24 * hour}`);
    triggers.stop();
    await triggers.start();
    await bench.until(() => completed() === 2 || bench.engine.status().phase !== 'idle');
    await bench.engine.whenIdle();
    expect(completed()).toBe(2);
    triggers.dispose();
  },
);

test('F-85: for a server that asks to wait, error, event and status have the retry time, and people see it', async () => {
  await opened({ config: { maxRetries: 0 } });
  bench.server.failNextRequests(1, 429, { retryAfter: 90 });
  const error: unknown = await bench.engine.sync().catch((thrown: unknown) => thrown);
  const retryAt = bench.clock.now() + 90_000;
  expect(error).toBeInstanceOf(TransportError);
  expect(error).toMatchObject({ statusCode: 429, retryAt, stats: { errors: 0 } });
  const [failed] = bench.told.filter((event) => event.type === 'sync.failed');
  expect(failed).toMatchObject({ errorInfo: { category: 'rateLimit', retryAt } });
  expect(bench.engine.status().lastError).toMatchObject({ retryAt });
  expect(describeSyncError(bench.engine.status().lastError, { now: bench.clock.now() })).toMatch(
    /asks the app to wait.*in 90 seconds\.$/,
  );
});
