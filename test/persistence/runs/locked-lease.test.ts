import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { useTabLock, type TabLock } from '../../../src/persistence/runs/tab-lock.ts';
import { createSimulatedClock, type SimulatedClock } from '../../../src/testing/simulated-clock.ts';
import { createTestServer, type TestServer } from '../../../src/testing/test-server.ts';
import { openEngine, type EngineBench } from '../../support/open-engine.ts';
import { openTodoDatabase } from '../../support/open-store.ts';
import { todoOf } from '../../support/todo.ts';

/** One lock for all tabs of a test. */
interface Locks {
  holder: string | undefined;
  /** The waiting tab with a better claim. */
  wanted: string | undefined;
  asked: number;
}

const lockOf = (locks: Locks, tab: string): TabLock => ({
  tryAcquire: () => {
    locks.asked += 1;
    const isFree = locks.holder === undefined && (locks.wanted === undefined || locks.wanted === tab);
    if (isFree) locks.holder = tab;
    if (isFree && locks.wanted === tab) locks.wanted = undefined;
    return Promise.resolve(locks.holder === tab);
  },
  release: () => {
    if (locks.holder === tab) locks.holder = undefined;
  },
  isWanted: () => Promise.resolve(locks.holder === tab && locks.wanted !== undefined && locks.wanted !== tab),
});

let folder: string;
let clock: SimulatedClock;
let server: TestServer;
let locks: Locks;
const open: EngineBench[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'synchart-tabs-'));
  clock = createSimulatedClock();
  server = await createTestServer({ naming: 'camelCase' });
  locks = { holder: undefined, wanted: undefined, asked: 0 };
});
afterEach(async () => {
  for (const { engine, dataSource } of open.splice(0)) {
    await engine.dispose();
    await dataSource.destroy();
  }
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** A tab of the app: its own connection and engine over the same file. */
async function openTab(name: string, config: Parameters<typeof openEngine>[0] = {}): Promise<EngineBench> {
  const dataSource = await openTodoDatabase('better-sqlite3', join(folder, 'app.db'));
  useTabLock(dataSource, lockOf(locks, name));
  const tab = await openEngine({ ...config, dataSource, server, clock });
  open.push(tab);
  return tab;
}

/** The times of writing requests on the server. */
const writes = (): readonly string[] =>
  server.recordedRequests.filter(({ method }) => method === 'PUT').map(({ path }) => path);

test('I11: a tab without the lock does not sync, and continues automatically once it gets it', async () => {
  const tab = await openTab('a');
  locks.holder = 'b';
  await tab.writer.insertAndEnqueue(todoOf('1'));
  const run = tab.engine.sync();
  await tab.until(({ phase }) => phase === 'standby');
  expect(writes()).toEqual([]);
  locks.holder = undefined;
  await clock.advance(1_000);
  await run;
  expect(writes()).toHaveLength(1);
  expect(locks.holder).toBeUndefined();
});

test("I11, I8: a tab that gets a dead one's lock syncs at once, and the dead one is fenced out", async () => {
  const dead = await openTab('dead');
  await dead.writer.insertAndEnqueue(todoOf('1'));
  await dead.dataSource.query(
    `INSERT INTO "sync_lease" ("name", "owner", "token", "expires_at") VALUES ('run', 'dead', 7, ${clock.now() + 60_000})`,
  );
  const alive = await openTab('alive');
  const before = clock.now();
  await alive.engine.sync();
  expect(clock.now() - before).toBeLessThan(100);
  expect(writes()).toHaveLength(1);
  expect(await alive.dataSource.query('SELECT "token" FROM "sync_lease"')).toEqual([{ token: 8 }]);
});

test('I11: a tab whose lock is wanted ends its run between two batches, and another one goes on', async () => {
  const hidden = await openTab('hidden', { config: { pushBatchSize: 1 } });
  for (const id of ['1', '2', '3', '4']) await hidden.writer.insertAndEnqueue(todoOf(id));
  let sent = 0;
  const watch = hidden.engine.events$.subscribe(({ type }) => {
    if (type === 'op.pushed' && ++sent === 2) locks.wanted = 'seen';
  });
  const run = hidden.engine.sync();
  await hidden.until(({ phase }) => phase === 'standby');
  watch.unsubscribe();
  expect(writes()).toHaveLength(2);

  const seen = await openTab('seen', { config: { pushBatchSize: 1 } });
  await seen.engine.sync();
  expect(writes()).toHaveLength(4);
  await clock.advance(1_000);
  await run;
  const keys = server.recordedRequests.map(({ headers }) => headers['x-idempotency-key']).filter(Boolean);
  expect(new Set(keys).size).toBe(keys.length);
  expect(hidden.types()).not.toContain('sync.failed');
});

test('I11: releases a lock whose lease was lost, so that no tab waits forever', async () => {
  const tab = await openTab('a');
  await tab.writer.insertAndEnqueue(todoOf('1'));
  let isTaken = false;
  const watch = tab.engine.events$.subscribe(({ type }) => {
    if (type !== 'sync.started' || isTaken) return;
    isTaken = true;
    void tab.dataSource.query('UPDATE "sync_lease" SET "token" = "token" + 1, "owner" = \'b\'');
  });
  await tab.engine.sync();
  watch.unsubscribe();
  expect(locks.asked).toBeGreaterThan(1);
  expect(writes().length).toBeGreaterThan(0);
  expect(locks.holder).toBeUndefined();
});
