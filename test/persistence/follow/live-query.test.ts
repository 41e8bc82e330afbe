import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { retry } from 'rxjs';
import { In, type DataSource } from 'typeorm';
import { afterEach, describe, expect, test } from 'vitest';
import { gateConnection } from '../../../src/persistence/gate/connection-gate.ts';
import { liveQuery, type LiveQueryOptions } from '../../../src/persistence/follow/live-query.ts';
import { shareChanges, type ChangeChannel } from '../../../src/persistence/follow/share-changes.ts';
import { createSimulatedClock } from '../../../src/testing/simulated-clock.ts';
import { follow, settled, type Follower } from '../../support/follow.ts';
import {
  accepted,
  answerOf,
  createTodoDatabase,
  fileDrivers,
  openStore,
  openSynchronized,
  openTodoDatabase,
  orInChromium,
  serverRow,
  todos,
  type StoreBench,
} from '../../support/open-store.ts';
import { todoEntity, todoOf, type Todo } from '../../support/todo.ts';

const t1 = '2026-01-01T00:00:01.000Z';
const t2 = '2026-01-01T00:00:02.000Z';

describe.each(orInChromium(fileDrivers))('%s', (driver) => {
  let bench: StoreBench;
  const followers: Follower<unknown>[] = [];
  const databases: DataSource[] = [];
  afterEach(async () => {
    for (const follower of followers.splice(0)) follower.stop();
    for (const dataSource of databases.splice(0)) await dataSource.destroy();
    if (bench.dataSource.isInitialized) await bench.close();
  });

  const open = async (): Promise<void> => {
    bench = await openStore(driver);
  };
  const watch = <T>(query: () => Promise<T>, options: Partial<LiveQueryOptions<T>> = {}): Follower<T> => {
    const follower = follow(liveQuery(query, { tables: [todos], dataSource: bench.dataSource, ...options }));
    followers.push(follower);
    return follower;
  };
  const titles = async (): Promise<string[]> =>
    (await bench.dataSource.getRepository(todoEntity).find({ order: { id: 'ASC' } })).map(({ title }) => title);
  const quiet = (): Promise<void> => settled(() => bench.dataSource.query('SELECT 1'));

  test('F-11: emits the result once immediately, and once after each local write, pull and settle', async () => {
    await open();
    const seen = watch(titles);
    await seen.count(1);
    await bench.writer.insertAndEnqueue(todoOf('a', { title: 'mine' }));
    await seen.count(2);
    await bench.pull([serverRow('b', t1), serverRow('c', t1)]);
    await seen.count(3);
    const [request] = await bench.takeAll();
    await bench.store.settle([answerOf(request, { type: 'applied', row: serverRow('a', t2, { title: 'theirs' }) })]);
    await quiet();
    expect(seen.values).toEqual([[], ['mine'], ['mine', 'server b', 'server c'], ['theirs', 'server b', 'server c']]);
  });

  test('does not emit an equal result again, even if the app has changed the returned objects', async () => {
    await open();
    await bench.writer.insertAndEnqueue(todoOf('a'));
    const seen = watch(() => bench.dataSource.getRepository(todoEntity).find());
    const all = watch(() => bench.dataSource.getRepository(todoEntity).count(), { distinct: false });
    const byLength = watch(() => bench.dataSource.getRepository(todoEntity).find(), {
      distinct: (last, next) => last.length === next.length,
    });
    await Promise.all([seen.count(1), all.count(1), byLength.count(1)]);
    await bench.dataSource.query("UPDATE todos SET title = title WHERE id = 'a'");
    await quiet();
    expect([seen.values.length, all.values.length]).toEqual([1, 2]);
    const [[todo]] = seen.values as [[Todo]];
    todo.title = 'changed in place';
    await bench.dataSource.getRepository(todoEntity).save(todo);
    await quiet();
    expect(seen.values.at(-1)).toMatchObject([{ title: 'changed in place' }]);
    expect(seen.values).toHaveLength(2);
    expect(byLength.values).toHaveLength(1);
  });

  test('F-130: never sees uncommitted data and joins no transaction of the subscriber', async () => {
    await open();
    let inside: Follower<string[]> | undefined;
    await bench.dataSource.transaction(async (manager) => {
      await manager.insert(todoEntity, todoOf('a', { title: 'half' }));
      inside = watch(titles);
      await manager.update(todoEntity, 'a', { title: 'whole' });
    });
    await inside?.count(1);
    const failed = bench.dataSource.transaction(async (manager) => {
      await manager.insert(todoEntity, todoOf('b'));
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    await quiet();
    expect(inside?.values).toEqual([['whole']]);
  });

  test('a query of several statements never sees half of a commit', async () => {
    await open();
    const runs: (() => void)[] = [];
    const seen = watch(async () => {
      const first = await bench.dataSource.getRepository(todoEntity).count();
      await new Promise<void>((resolve) => runs.push(resolve));
      return [first, await bench.dataSource.getRepository(todoEntity).count()];
    });
    const nextRun = async (): Promise<void> => {
      while (runs.length === 0) await new Promise(setImmediate);
      runs.shift()?.();
    };
    await nextRun();
    await seen.count(1);
    await bench.pull([serverRow('a', t1)]);
    while (runs.length === 0) await new Promise(setImmediate);
    await bench.pull([serverRow('b', t1)]);
    await nextRun();
    await nextRun();
    await seen.count(2);
    await quiet();
    expect(seen.values).toEqual([
      [0, 0],
      [2, 2],
    ]);
  });

  test('runs never overlap, and changes meanwhile cause one more run', async () => {
    await open();
    let running = 0;
    let most = 0;
    let runs = 0;
    const seen = watch(async () => {
      runs += 1;
      running += 1;
      most = Math.max(most, running);
      const found = await titles();
      await new Promise(setImmediate);
      running -= 1;
      return found.length;
    });
    await seen.count(1);
    await Promise.all(Array.from({ length: 20 }, (_, i) => bench.writer.insertAndEnqueue(todoOf(`n${i}`))));
    expect(await seen.until((count) => count === 20)).toBe(20);
    expect(most).toBe(1);
    expect(runs).toBeLessThanOrEqual(22);
    expect(seen.values).toEqual([...seen.values].sort((a, b) => a - b));
  });

  test('an error ends the stream without affecting others; retry() restarts it', async () => {
    await open();
    let isBroken = true;
    const query = async (): Promise<number> => {
      if (isBroken) throw new Error('cannot count');
      return (await titles()).length;
    };
    const other = watch(titles);
    await other.count(1);
    const failing = watch(query);
    await failing.count(1).catch(() => undefined);
    expect(failing.error).toMatchObject({ message: 'cannot count' });
    const synchronous = watch(() => {
      throw new TypeError('at once');
    });
    await settled();
    expect(synchronous.error).toBeInstanceOf(TypeError);
    const retried = follow(
      liveQuery(query, { tables: [todos], dataSource: bench.dataSource }).pipe(
        retry({
          delay: async () => {
            isBroken = false;
            await Promise.resolve();
          },
        }),
      ),
    );
    followers.push(retried);
    await retried.until((count) => count === 0);
    await bench.writer.insertAndEnqueue(todoOf('a'));
    await Promise.all([other.count(2), retried.count(2)]);
    expect(failing.isOver).toBe(true);
  });

  test('stops reading after unsubscribing, even in a running query', async () => {
    await open();
    let runs = 0;
    let release = (): void => undefined;
    const seen = watch(async () => {
      runs += 1;
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return runs;
    });
    await settled();
    seen.stop();
    release();
    await bench.writer.insertAndEnqueue(todoOf('a'));
    await quiet();
    expect([runs, seen.values]).toEqual([1, []]);
  });

  test('reacts only to its tables: entity, engine table, SQL name', async () => {
    await open();
    let runs = 0;
    for (const tables of [[todos], [todoEntity], ['todos'], ['sync_lease'], ['nobody']]) {
      const seen = watch(async () => ((runs += 1), await titles()), { tables });
      await seen.count(1);
    }
    runs = 0;
    await bench.pull([serverRow('a', t1)]);
    await quiet();
    expect(runs).toBe(3);
  });

  test('metadata says whether something is pending and whether the server has been asked', async () => {
    await open();
    const seen = follow(
      liveQuery(titles, { tables: [todos], dataSource: bench.dataSource, metadata: true, clock: bench.clock }),
    );
    followers.push(seen as Follower<unknown>);
    await seen.count(1);
    await bench.writer.insertAndEnqueue(todoOf('a', { title: 'a' }));
    await seen.count(2);
    await bench.drain(accepted(t1));
    await seen.count(3);
    await bench.store.completePull('todos', { resync: false });
    await seen.count(4);
    await bench.store.completePull('todos', { resync: false });
    await quiet();
    expect(seen.values).toEqual([
      { value: [], hasPendingWrites: false, fromCache: true },
      { value: ['a'], hasPendingWrites: true, fromCache: true },
      { value: ['a'], hasPendingWrites: false, fromCache: true },
      { value: ['a'], hasPendingWrites: false, fromCache: false },
    ]);
  });

  test('finds the data source if only one has the table; otherwise the error says what to do', async () => {
    await open();
    expect(() => liveQuery(titles, { tables: [] })).toThrow('name the tables');
    const found = follow(liveQuery(titles, { tables: [todos] }));
    followers.push(found);
    expect(await found.count(1)).toEqual([[]]);
    const second = await openTodoDatabase(driver);
    databases.push(second);
    expect(() => liveQuery(titles, { tables: [todos] })).toThrow('2 open DataSources have todos: pass { dataSource }');
    expect(() => liveQuery(titles, { tables: [class Stranger {}] })).toThrow('no open DataSource has Stranger');
    expect(() => liveQuery(titles, { tables: [class Stranger {}], dataSource: second })).toThrow(
      'Stranger is not an entity of this DataSource',
    );
    expect(() => liveQuery(titles, { tables: [todos], dataSource: second, pollIntervalMs: -1 })).toThrow(RangeError);
    await second.destroy();
    databases.splice(0);
    expect(() => liveQuery(titles, { tables: [todos], dataSource: second })).toThrow('is not open');
    liveQuery(titles, { tables: [todos] });
  });

  // sql.js has exclusive use of its database, and in Chromium the owner reports each commit.
  if (driver !== 'sqljs' && driver !== 'opfs')
    test('polls for commits of other connections at the shortest interval, only while subscribed', async () => {
      await open();
      const folder = mkdtempSync(join(tmpdir(), 'synchart-live-'));
      const clock = createSimulatedClock();
      const { database, remove } = await createTodoDatabase(driver, folder);
      const [here, there] = [await openTodoDatabase(driver, database), await openTodoDatabase(driver, database)];
      databases.push(here, there);
      const count = (): Promise<number> => here.getRepository(todoEntity).count();
      const slow = follow(liveQuery(count, { tables: [todos], dataSource: here, clock, pollIntervalMs: 5_000 }));
      await slow.count(1);
      const fast = follow(liveQuery(count, { tables: [todos], dataSource: here, clock, pollIntervalMs: 100 }));
      await fast.count(1);
      await settled(() => here.query('SELECT 1'));
      expect(clock.pending).toBe(1);
      await there.getRepository(todoEntity).insert(todoOf('a'));
      await settled(() => here.query('SELECT 1'));
      expect([slow.values, fast.values]).toEqual([[0], [0]]);
      clock.increment(100);
      expect(await Promise.all([slow.until((n) => n === 1), fast.until((n) => n === 1)])).toEqual([1, 1]);
      slow.stop();
      fast.stop();
      await settled(() => here.query('SELECT 1'));
      expect(clock.pending).toBe(0);
      const never = follow(liveQuery(count, { tables: [todos], dataSource: here, clock, pollIntervalMs: 0 }));
      await never.count(1);
      expect(clock.pending).toBe(0);
      never.stop();
      for (const dataSource of databases.splice(0)) await dataSource.destroy();
      await remove();
      rmSync(folder, { recursive: true, force: true });
    });

  test('tabs notify each other through a channel without echoes', async () => {
    await open();
    const there = await openTodoDatabase(driver);
    databases.push(there);
    const { port1, port2 } = new MessageChannel();
    let messages = 0;
    const counted = (port: typeof port1): ChangeChannel => ({
      postMessage: (message) => {
        messages += 1;
        port.postMessage(message);
      },
      addEventListener: (type, listener) => port.addEventListener(type, listener as never),
      removeEventListener: (type, listener) => port.removeEventListener(type, listener as never),
    });
    const stops = [shareChanges(bench.dataSource, counted(port1)), shareChanges(there, counted(port2))];
    port1.start();
    port2.start();
    let runs = 0;
    const seen = follow(liveQuery(async () => (runs += 1), { tables: [todos], dataSource: there, distinct: false }));
    await seen.count(1);
    await bench.writer.insertAndEnqueue(todoOf('a'));
    await seen.count(2);
    for (let i = 0; i < 20; i += 1) await new Promise(setImmediate);
    expect([messages, runs]).toEqual([1, 2]);
    for (const stop of stops) stop();
    seen.stop();
    port1.close();
  });

  test('results are also correct without AsyncLocalStorage', async () => {
    await open();
    const plain = await openSynchronized(driver, [todoEntity], { open: { asyncContext: 'none' } });
    databases.push(plain);
    const repository = plain.getRepository(todoEntity);
    const seen = follow(
      liveQuery(async () => [await repository.count(), await repository.countBy({ id: In(['a', 'b', 'c']) })], {
        tables: [todoEntity],
        dataSource: plain,
      }),
    );
    followers.push(seen as Follower<unknown>);
    await seen.count(1);
    await Promise.all(['a', 'b', 'c'].map((id) => repository.insert(todoOf(id))));
    expect(await seen.until(([all]) => all === 3)).toEqual([3, 3]);
    expect(gateConnection(plain).waiting).toBe(0);
  });
});
