import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resolveSyncConfig } from '../../../src/model/config.ts';
import { createStore, type Store } from '../../../src/persistence/create-store.ts';
import { createWriter, type SyncEntityWriter } from '../../../src/persistence/writing/writer.ts';
import { createSimulatedClock, type SimulatedClock } from '../../../src/testing/simulated-clock.ts';
import {
  accepted,
  answerOf,
  createTodoDatabase,
  fileDrivers,
  openTodoDatabase,
  serverRow,
  todos,
  type TestDriver,
} from '../../support/open-store.ts';
import { todoOf, type Todo } from '../../support/todo.ts';
import type { DataSource } from 'typeorm';

const ttl = 1_500;
const t1 = '2026-01-01T00:00:01Z';
const lost = { failure: { type: 'leaseLost' } };

const ignore = (): void => undefined;
const silent = {
  logQuery: ignore,
  logQueryError: ignore,
  logQuerySlow: ignore,
  logSchemaBuild: ignore,
  logMigration: ignore,
  log: ignore,
};

/** PostgreSQL has no commit counter; each row records its writer. */
const versionsOfRows = ['lease', 'state', 'outbox', 'cursors']
  .map((name) => `SELECT '${name}' AS name, CAST(xmin AS text) FROM sync_${name}`)
  .join(' UNION ALL ');

interface Engine extends Store {
  readonly dataSource: DataSource;
  readonly writer: SyncEntityWriter<Todo>;
}

/** How often a waiting engine asks for the lease. */
const pollMs = 250;

describe.each<TestDriver>([...fileDrivers, 'postgres'])('the lease on %s', (driver) => {
  let folder: string;
  let database: Awaited<ReturnType<typeof createTodoDatabase>>;
  let clock: SimulatedClock;
  /** The shift of the machine's clock since the test started, in ms. */
  let setBy: number;
  let one: Engine;
  let two: Engine;

  const open = async (owner: string): Promise<Engine> => {
    const dataSource = await openTodoDatabase(driver, database.database);
    const settable = { ...clock, now: () => clock.now() + setBy };
    const store = createStore({
      dataSource,
      tables: [todos],
      config: resolveSyncConfig({ leaseTtlMs: ttl }),
      clock: settable,
      owner,
    });
    return { ...store, dataSource, writer: createWriter(dataSource, { clock }).forTable(todos) };
  };
  const begin = (engine: Engine): Promise<unknown> =>
    engine.store.beginRun({ explicit: true, kinds: ['todos'], runId: 1 });
  const take = async (engine: Engine): Promise<readonly import('../../../src/model/ports.ts').TakenRequest[]> =>
    (await engine.store.take({ kinds: ['todos'], limit: 10, runId: 1, distrustResend: false })).requests;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'synchart-lease-'));
    database = await createTodoDatabase(driver, folder);
    clock = createSimulatedClock();
    setBy = 0;
    one = await open('one');
    two = await open('two');
  });
  afterEach(async () => {
    await one.dataSource.destroy();
    await two.dataSource.destroy();
    await database.remove();
    await rm(folder, { recursive: true, force: true });
  });

  /** Asks like a waiting engine until it has the lease; fails after twice the lease duration. */
  const waitFor = async (engine: Engine): Promise<unknown> => {
    for (let waited = 0; waited <= 2 * ttl; waited += pollMs) {
      const answer = await engine.store.lease.acquire();
      if (answer.held) return answer;
      clock.increment(pollMs);
    }
    throw new Error('the lease was never free');
  };

  test('I11: waiting for the lease leaves the write lock to others', async () => {
    await one.store.lease.acquire();
    await two.store.lease.acquire();
    const written: string[] = [];
    two.dataSource.setOptions({ logger: { ...silent, logQuery: (sql) => written.push(sql) }, logging: true });
    expect(await two.store.lease.acquire()).toEqual({ held: false });
    expect(written.filter((sql) => !sql.startsWith('SELECT'))).toEqual([]);
    expect(await waitFor(two)).toEqual({ held: true, continued: false });
  });

  test('I11: only one of two engines on one file acquires it, and the other after its release', async () => {
    expect(await one.store.lease.acquire()).toEqual({ held: true, continued: false });
    expect(await two.store.lease.acquire()).toEqual({ held: false });
    expect(two.store.lease.expiresAt()).toBe(0);
    await one.store.lease.release();
    expect(one.store.lease.expiresAt()).toBe(0);
    expect(await two.store.lease.acquire()).toEqual({ held: true, continued: false });
    expect(await one.store.lease.acquire()).toEqual({ held: false });
  });

  test('I11: only one of two simultaneous requests gets it', async () => {
    const answers = await Promise.all([one.store.lease.acquire(), two.store.lease.acquire()]);
    expect(answers.filter(({ held }) => held)).toHaveLength(1);
  });

  test('renewing keeps it; without renewal it expires and is taken over', async () => {
    await one.store.lease.acquire();
    expect(one.store.lease.expiresAt()).toBe(clock.now() + ttl);
    clock.increment(ttl - 1);
    await one.store.lease.renew();
    expect(one.store.lease.expiresAt()).toBe(clock.now() + ttl);
    for (let waited = 0; waited < ttl; waited += pollMs) {
      expect(await two.store.lease.acquire()).toEqual({ held: false });
      clock.increment(pollMs);
    }
    expect(await two.store.lease.acquire()).toEqual({ held: true, continued: false });
    await expect(one.store.lease.renew()).rejects.toMatchObject(lost);
    expect(one.store.lease.expiresAt()).toBe(0);
  });

  test('F-67: an expiry beyond the maximum came from a wrong clock: it counts until a whole lease duration without renewal', async () => {
    await one.store.lease.acquire();
    setBy = -1_000 * ttl;
    expect(await two.store.lease.acquire()).toEqual({ held: false });
    clock.increment(ttl - 1);
    expect(await two.store.lease.acquire()).toEqual({ held: false });
    clock.increment(1);
    expect(await two.store.lease.acquire()).toEqual({ held: true, continued: false });
  });

  test.for([
    ['back', -86_400_000],
    ['forward', 86_400_000],
  ] as const)('I11: a clock set %s takes the lease from nobody who renews it', async ([, step]) => {
    await one.store.lease.acquire();
    expect(await two.store.lease.acquire()).toEqual({ held: false });
    setBy = step;
    expect(await two.store.lease.acquire()).toEqual({ held: false });
    clock.increment(ttl / 3);
    await one.store.lease.renew();
    for (let waited = 0; waited < ttl - 1; waited += ttl / 3) {
      expect(await two.store.lease.acquire()).toEqual({ held: false });
      clock.increment(ttl / 3);
    }
    expect(await two.store.lease.acquire()).toEqual({ held: true, continued: false });
  });

  test('F-67: a clock set back twice blocks nobody for longer than an unrenewed lease', async () => {
    await one.store.lease.acquire();
    setBy = -1_000 * ttl;
    expect(await two.store.lease.acquire()).toEqual({ held: false });
    setBy = -2_000 * ttl;
    expect(await two.store.lease.acquire()).toEqual({ held: false });
    clock.increment(ttl);
    expect(await two.store.lease.acquire()).toEqual({ held: true, continued: false });
  });

  test('I11: a clock set forward takes the lease from nobody who renews it, even if the other user never looked before', async () => {
    await one.store.lease.acquire();
    setBy = 86_400_000;
    expect(await two.store.lease.acquire()).toEqual({ held: false });
    clock.increment(ttl / 3);
    await one.store.lease.renew();
    expect(await two.store.lease.acquire()).toEqual({ held: false });
  });

  test('I11: the lease of a dead holder is free after its whole duration without renewal, even if nobody looked', async () => {
    await one.store.lease.acquire();
    clock.increment(10 * ttl);
    expect(await two.store.lease.acquire()).toEqual({ held: false });
    clock.increment(ttl);
    expect(await two.store.lease.acquire()).toEqual({ held: true, continued: false });
  });

  test('I7: a process that starts after another died finds its lease free at once', async () => {
    await one.store.lease.acquire();
    clock.increment(10 * ttl);
    const three = await open('three');
    try {
      expect(await three.store.lease.acquire()).toEqual({ held: true, continued: false });
    } finally {
      await three.dataSource.destroy();
    }
  });

  test('continued: true only if nobody else has held it since', async () => {
    await one.store.lease.acquire();
    await one.store.lease.release();
    expect(await one.store.lease.acquire()).toEqual({ held: true, continued: true });
    // Expired, but nobody took it over.
    clock.increment(10 * ttl);
    expect(await one.store.lease.acquire()).toEqual({ held: true, continued: true });
    await one.store.lease.release();
    await two.store.lease.acquire();
    await two.store.lease.release();
    expect(await one.store.lease.acquire()).toEqual({ held: true, continued: false });
  });

  test('I11: writes nothing of a run without the lease', async () => {
    await one.writer.insertAndEnqueue(todoOf('a'));
    await expect(take(one)).rejects.toMatchObject(lost);
    expect(await one.dataSource.query('SELECT state, request_id AS r FROM sync_outbox')).toEqual([
      { state: 1, r: null },
    ]);
  });

  test('I11: an owner whose lease was taken over writes nothing more, whatever it does', async () => {
    await one.store.lease.acquire();
    await begin(one);
    await one.writer.insertAndEnqueue(todoOf('a', { title: 'mine' }));
    const [request] = await take(one);
    await waitFor(two);
    const state = async (): Promise<unknown> => [
      await two.dataSource.query('SELECT * FROM sync_outbox'),
      await two.dataSource.query('SELECT * FROM todos'),
      await two.dataSource.query('SELECT * FROM sync_cursors'),
      await two.dataSource.query('SELECT * FROM sync_base'),
      await two.dataSource.query('SELECT * FROM sync_conflicts'),
      await two.dataSource.query('SELECT * FROM sync_state'),
      await two.dataSource.query('SELECT * FROM sync_lease'),
    ];
    const before = await state();
    const rows = [serverRow('b', t1)];
    const ref = { kind: 'todos', entityId: 'a', opId: request?.op.opId ?? '' };
    const attempts: readonly (() => Promise<unknown>)[] = [
      () => begin(one),
      () => take(one),
      () => one.store.settle([answerOf(request, accepted(t1)(request!))]),
      () =>
        one.store.applyPages(
          'todos',
          [
            {
              page: { items: rows },
              items: rows,
              next: { cursor: { ts: t1, lastId: 'b' }, maxPage: 1, resync: false },
            },
          ],
          {
            totalDone: 0,
          },
        ),
      () => one.store.completePull('todos', { resync: false }),
      () => one.store.openResync(['todos']),
      () => one.store.sweepResync('todos', { requested: true }),
      () => one.store.parkConflict(ref, 'late', { nextRun: false, countTry: true }),
      () => one.store.acceptServer(ref, { type: 'acceptServer' }),
      () => one.store.freezeResolution(ref, { data: null, force: false, creates: false }),
      () => one.store.settleResolution(ref, answerOf(request, accepted(t1)(request!)), { type: 'acceptClient' }),
      () => one.store.finishRun({ runId: 1, othersSucceeded: true, kinds: ['todos'] }),
      () => one.store.lease.renew(),
    ];
    for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject(lost);
    await one.store.lease.release();
    expect(await state()).toEqual(before);
  });

  test('I2: the new holder sends in-flight requests under the same key', async () => {
    await one.store.lease.acquire();
    await begin(one);
    await one.writer.insertAndEnqueue(todoOf('a', { title: 'mine' }));
    const [request] = await take(one);
    await waitFor(two);
    await begin(two);
    const [again] = await take(two);
    expect(again?.op).toEqual(request?.op);
  });

  test('the app can write whoever holds the lease', async () => {
    await one.store.lease.acquire();
    await two.writer.insertAndEnqueue(todoOf('a'));
    await begin(one);
    expect(await take(one)).toHaveLength(1);
    await two.writer.replaceAndEnqueue(todoOf('a', { title: 'more' }));
    expect(await two.queue.counts()).toMatchObject({ pending: 2 });
  });

  test('writes nothing while released and idle', async () => {
    await one.store.lease.acquire();
    await begin(one);
    await one.store.finishRun({ runId: 1, othersSucceeded: false, kinds: ['todos'] });
    await one.store.lease.release();
    const version = async (): Promise<unknown> =>
      two.dataSource.query(driver === 'postgres' ? versionsOfRows : 'PRAGMA data_version');
    const before = await version();
    await clock.advance(60_000);
    await one.store.lease.release();
    await one.queue.list();
    await one.store.conflicts();
    expect(await version()).toEqual(before);
    await one.writer.insertAndEnqueue(todoOf('a'));
    expect(await version()).not.toEqual(before);
  });
});
