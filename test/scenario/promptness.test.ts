import { afterEach, describe, expect, test } from 'vitest';
import { NetworkError, SyncAbortedError } from '../../src/model/errors/errors.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

let bench: EngineBench;
afterEach(() => bench.close());
/** 50 ms are promised; the rest is for a busy test machine. */
const promptMs = 250;
const within = async (limitMs: number, work: Promise<unknown>): Promise<void> => {
  const begun = performance.now();
  await work;
  expect(performance.now() - begun).toBeLessThan(limitMs);
};

describe('a server that never answers', () => {
  test('I9: PAUSE ends a hung push at once and settles its answers, and RESUME sends the rest under the same key', async () => {
    bench = await openEngine();
    for (const id of ['a', 'b', 'c']) await bench.writer.insertAndEnqueue(todoOf(id));
    const held = bench.server.holdNextRequests(1, { method: 'PUT', id: 'b' });
    const syncing = bench.engine.sync();
    await held.arrived;
    await within(promptMs, bench.engine.pause());
    expect(await bench.until(({ pending }) => pending === 2)).toMatchObject({ paused: true, phase: 'paused' });
    expect(bench.told.filter(({ type }) => type === 'op.pushed')).toMatchObject([{ entityId: 'a' }]);
    // The server applies what nobody waits for any more.
    held();
    await bench.engine.resume();
    expect(await syncing).toMatchObject({ pushed: 3, errors: 0 });
    const keys = bench.server.recordedRequests
      .filter(({ method, id }) => method === 'PUT' && id === 'b')
      .map(({ headers }) => headers['x-idempotency-key']);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
    expect(bench.server.effectCount({ kind: 'todos', id: 'b' })).toBe(1);
  });

  test('I9: PAUSE ends a hung pull at once; RESUME continues it', async () => {
    bench = await openEngine();
    bench.server.seed('todos', [{ id: 'a', title: 'A', done: false }]);
    const held = bench.server.holdNextRequests(1, { method: 'GET' });
    const syncing = bench.engine.sync();
    await held.arrived;
    await within(promptMs, bench.engine.pause());
    await bench.engine.resume();
    expect(await syncing).toMatchObject({ pulled: 1 });
  });

  test('F-06: a timeout ends a request that is never answered, and its run', async () => {
    bench = await openEngine({ config: { maxRetries: 0 } });
    const held = bench.server.holdNextRequests(1, { method: 'GET' });
    const syncing = bench.engine.sync();
    await held.arrived;
    await bench.clock.advance(30_000);
    await expect(syncing).rejects.toBeInstanceOf(NetworkError);
  });

  test('F-111: dispose during a hung push aborts it, ends every promise and stream, and is idempotent', async () => {
    bench = await openEngine();
    await bench.writer.insertAndEnqueue(todoOf('a'));
    const held = bench.server.holdNextRequests(1, { method: 'PUT' });
    let isComplete = false;
    bench.engine.events$.subscribe({
      complete: () => {
        isComplete = true;
      },
    });
    const syncing = bench.engine.sync();
    await held.arrived;
    await within(promptMs, bench.engine.dispose());
    await expect(syncing).rejects.toBeInstanceOf(SyncAbortedError);
    await bench.engine.dispose();
    expect(isComplete).toBe(true);
    await expect(bench.engine.sync()).rejects.toThrow(/disposed/);
    await expect(bench.engine.pause()).rejects.toBeInstanceOf(SyncAbortedError);
    // The lease is free and the operation unharmed: the next engine goes on at once.
    bench = await bench.reopen();
    expect(await bench.engine.sync()).toMatchObject({ pushed: 1 });
  });

  test('a signal ends the wait, not the run', async () => {
    bench = await openEngine();
    await bench.writer.insertAndEnqueue(todoOf('a'));
    const held = bench.server.holdNextRequests(1, { method: 'PUT' });
    const abort = new AbortController();
    const syncing = bench.engine.sync({ signal: abort.signal });
    await held.arrived;
    abort.abort();
    await expect(syncing).rejects.toBeInstanceOf(SyncAbortedError);
    held();
    await bench.engine.whenPushed();
    expect(bench.server.get('todos', 'a')).toBeDefined();
  });
});

describe('requests during a run', () => {
  test('AUTO-05, AUTO-08: calls that the run covers share it', async () => {
    bench = await openEngine();
    const [one, two, three] = await Promise.all([bench.engine.sync(), bench.engine.sync(), bench.engine.syncRun()]);
    expect(two).toEqual(one);
    expect(three.stats).toEqual(one);
    expect(bench.types().filter((type) => type === 'sync.completed')).toHaveLength(1);
  });

  test('F-146, F-12: pushes writes and requests made in the pull phase before that promise resolves', async () => {
    bench = await openEngine();
    const held = bench.server.holdNextRequests(1, { method: 'GET' });
    const first = bench.engine.sync();
    await held.arrived;
    await bench.writer.insertAndEnqueue(todoOf('late'));
    const second = bench.engine.sync();
    held();
    await Promise.all([first, second]);
    expect(bench.server.get('todos', 'late')).toBeDefined();
    expect((await second).pushed).toBe(1);
  });

  test('F-43, FUL-16: a full resync and a sync exclude each other; both do what was requested', async () => {
    bench = await openEngine();
    bench.server.seed('todos', [
      { id: 'a', title: 'A', done: false },
      { id: 'b', title: 'B', done: false },
    ]);
    await bench.engine.sync();
    bench.server.remove('todos', 'b');
    const held = bench.server.holdNextRequests(1, { method: 'GET' });
    const syncing = bench.engine.sync();
    await held.arrived;
    const resyncing = bench.engine.fullResync();
    held();
    await Promise.all([syncing, resyncing]);
    expect(await bench.row('b')).toBeNull();
    expect(bench.told.filter(({ type }) => type === 'resync.started')).toMatchObject([
      { reason: 'manual', kinds: ['todos'] },
    ]);
    expect(bench.types().filter((type) => type === 'sync.completed')).toHaveLength(3);
  });

  test('F-42: a full resync without a network removes nothing', async () => {
    bench = await openEngine({ config: { maxRetries: 0 } });
    bench.server.seed('todos', [{ id: 'a', title: 'A', done: false }]);
    await bench.engine.sync();
    await bench.server.stop();
    await expect(bench.engine.fullResync({ clearData: true })).rejects.toBeInstanceOf(NetworkError);
    expect(await bench.row('a')).not.toBeNull();
  });

  test('I11: two engines on one database take turns and send each write once', async () => {
    bench = await openEngine();
    const other = await openEngine({ dataSource: bench.dataSource, server: bench.server, clock: bench.clock });
    for (let n = 0; n < 20; n += 1) await bench.writer.insertAndEnqueue(todoOf(`t${n}`));
    const held = bench.server.holdNextRequests(1, { method: 'PUT' });
    const first = bench.engine.sync();
    await held.arrived;
    const second = other.engine.sync();
    await other.until(({ phase }) => phase === 'standby');
    expect(other.engine.status().phase).toBe('standby');
    held();
    expect(await first).toMatchObject({ pushed: 20 });
    await bench.clock.advance(250);
    expect(await second).toMatchObject({ pushed: 0 });
    expect(bench.server.effectCount({ kind: 'todos' })).toBe(20);
    await other.engine.dispose();
  });
});
