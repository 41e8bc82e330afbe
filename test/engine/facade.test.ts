import { describe, expect, test, vi } from 'vitest';
import { createEngineCore } from '../../src/engine/core/engine-core.ts';
import type { EngineParts } from '../../src/engine/core/engine-internals.ts';
import { createTriggers, SyncCoordinator } from '../../src/engine/triggers.ts';
import type { SyncEngineCore } from '../../src/engine/api/sync-engine.ts';
import {
  AuthError,
  DatabaseError,
  NetworkError,
  ParseError,
  SyncAbortedError,
  SyncOperationError,
  TransportError,
} from '../../src/model/errors/errors.ts';
import type { SyncEvent } from '../../src/model/events.ts';
import { SyncStepError } from '../../src/model/errors/failure.ts';
import { upsertOp, type Op } from '../../src/model/operation.ts';
import type { PullRequest, TransportAdapter } from '../../src/model/transport.ts';
import { FaultyTransport } from '../../src/testing/faulty-transport.ts';
import { MemoryTransport } from '../../src/testing/memory-transport.ts';
import { createSimulatedClock } from '../../src/testing/simulated-clock.ts';
import { createFakeStore, type FakeStoreOptions } from '../support/fake-store.ts';

const create = (id: string, kind = 'todos'): Op => upsertOp({ kind, id, opId: `op-${id}`, payload: { id, title: id } });

function open(
  options: Omit<FakeStoreOptions, 'clock'> & {
    transport?: TransportAdapter;
    parts?: Partial<EngineParts>;
    scope?: () => string;
  } = {},
) {
  const clock = createSimulatedClock();
  const { transport: given, parts, scope, ...storeOptions } = options;
  const memory = new MemoryTransport();
  const transport = given ?? memory;
  const fake = createFakeStore({ clock, ...storeOptions });
  const engine = createEngineCore({
    ports: { store: fake.store, transport, kinds: fake.kinds, config: fake.config, clock, random: () => 0.5, scope },
    queue: fake.queue,
    ...parts,
  });
  const told: SyncEvent[] = [];
  engine.events$.subscribe((event) => told.push(event));
  return { engine, fake, clock, memory, told, types: () => told.map(({ type }) => type) };
}
const pulling = (pull: (request: PullRequest) => ReturnType<TransportAdapter['pull']>): TransportAdapter => {
  const memory = new MemoryTransport();
  return {
    capabilities: {},
    pull,
    push: (ops, context) => memory.push(ops, context),
    forcePush: (op, context) => memory.forcePush(op, context),
    fetch: (request) => memory.fetch(request),
    health: async () => true,
  };
};
const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('filters', () => {
  test('KND-05: kinds combined with the other lists throws at once in sync and rejects in syncRun', async () => {
    const { engine } = open();
    expect(() => engine.sync({ kinds: ['todos'], pushKinds: [] })).toThrow(TypeError);
    await expect(engine.syncRun({ kinds: ['todos'], pullKinds: [] })).rejects.toBeInstanceOf(TypeError);
  });

  test('KND-01 … KND-04, KND-09: honours each list, skips unknown kinds, and repeats the request in the result', async () => {
    const { engine, fake, memory } = open();
    fake.enqueue(create('a'), create('l', 'lists'));
    expect(await engine.sync({ kinds: ['other'] })).toMatchObject({ pushed: 0, pulled: 0 });
    expect(memory.calls).toEqual([]);
    const pushed = await engine.syncRun({ pushKinds: ['todos'], pullKinds: [] });
    expect(pushed).toMatchObject({ kindsPushed: ['todos'], kindsPulled: [], stats: { pushed: 1, pulled: 0 } });
    expect(memory.calls.map(({ type }) => type)).toEqual(['push']);
    expect(await engine.sync({ pushKinds: [], pullKinds: ['todos'] })).toMatchObject({ pushed: 0, pulled: 1 });
    expect(fake.outbox()).toEqual(['op-l']);
  });

  test('F-45: a due resync stays within the requested kinds', async () => {
    const { engine, fake, told, memory } = open({ resyncDue: ['todos', 'lists'] });
    fake.enqueue(create('a'));
    await engine.sync({ pullKinds: [] });
    expect(memory.calls.map(({ type }) => type)).toEqual(['push']);
    await engine.sync({ pushKinds: [], pullKinds: ['todos'] });
    expect(told.filter(({ type }) => type === 'resync.started')).toMatchObject([{ kinds: ['todos'], reason: 'first' }]);
    expect(fake.database.resyncedAt.has('lists')).toBe(false);
  });

  test('EVT-04, FUL-04: a full resync reports its reason first', async () => {
    const { engine, types, told } = open();
    await engine.fullResync({ kinds: ['todos'] });
    expect(types()[0]).toBe('resync.started');
    expect(types().at(-1)).toBe('sync.completed');
    expect(told[0]).toMatchObject({ reason: 'manual', kinds: ['todos'] });
  });
});

describe('errors', () => {
  test('RUN-07, RUN-08, F-105: a broken pull rejects with a SyncOperationError of phase pull, after its event', async () => {
    const cause = new Error('adapter bug');
    const { engine, told, types } = open({
      transport: pulling(async () => {
        throw cause;
      }),
      kinds: ['todos'],
    });
    const error = await errorOf(engine.sync());
    expect(error).toBeInstanceOf(SyncOperationError);
    expect(error).toMatchObject({
      phase: 'pull',
      message: expect.stringContaining('Pull failed for kind=todos') as string,
      cause,
      stats: { pulled: 0 },
    });
    expect(told.find(({ type }) => type === 'sync.failed')).toMatchObject({ phase: 'pull', kind: 'todos' });
    expect(types()).not.toContain('sync.completed');
  });

  test('F-17: a failing kind does not stop the others; the run rejects at its end', async () => {
    const memory = new MemoryTransport();
    memory.backend.seed('lists', { id: 'l', name: 'L', updatedAt: '2026-01-01T00:00:00.000Z' });
    const { engine, fake } = open({
      transport: pulling((request) =>
        request.kind === 'todos' ? Promise.reject(TransportError.httpError(403)) : memory.pull(request),
      ),
    });
    expect(await errorOf(engine.sync())).toBeInstanceOf(SyncOperationError);
    expect(fake.rows('lists')).toHaveLength(1);
  });

  test('F-14: reports a server that repeats its page or token as a parse error, without looping', async () => {
    let calls = 0;
    const { engine } = open({
      kinds: ['todos'],
      transport: pulling(async () => {
        calls += 1;
        return { items: [{ id: `a${calls}`, updatedAt: '2026-01-01T00:00:00.000Z' }], nextPageToken: 'same' };
      }),
    });
    expect(await errorOf(engine.sync())).toBeInstanceOf(ParseError);
    expect(calls).toBeLessThan(4);
  });

  test('PULL-16: applies pages that came before a failure', async () => {
    const rows = [1, 2, 3, 4].map((n) => ({ id: `a${n}`, updatedAt: `2026-01-01T00:00:0${n}.000Z` }));
    let calls = 0;
    const { engine, fake } = open({
      kinds: ['todos'],
      config: { pageSize: 2, maxRetries: 0 },
      transport: pulling(async () => {
        calls += 1;
        if (calls > 2) throw new NetworkError('gone');
        return { items: rows.slice(2 * calls - 2, 2 * calls), hasMore: true };
      }),
    });
    const error = await errorOf(engine.sync());
    expect(error).toBeInstanceOf(NetworkError);
    expect(error).toMatchObject({ stats: { pulled: 4 } });
    expect(fake.rows('todos')).toHaveLength(4);
    expect(fake.database.positions.get('todos')?.cursor?.lastId).toBe('a4');
  });

  test('retries a busy database; reports an unusable one, and SYNC tries again', async () => {
    const { engine, fake, clock } = open();
    fake.failNext('beginRun', new SyncStepError({ type: 'storeBusy', message: 'busy', at: clock.now() }));
    const syncing = engine.sync();
    await clock.advance(1_000);
    await syncing;
    fake.failNext('beginRun', new SyncStepError({ type: 'storeFailed', message: 'disk full', at: clock.now() }));
    expect(await errorOf(engine.sync())).toBeInstanceOf(DatabaseError);
    expect(engine.status().phase).toBe('failed');
    await engine.sync();
  });

  test('retries a failed settle with the received answers and sends nothing twice', async () => {
    const { engine, fake, clock, memory } = open();
    fake.enqueue(create('a'));
    fake.failNext('settle', new SyncStepError({ type: 'storeBusy', message: 'busy', at: clock.now() }));
    const syncing = engine.sync();
    await clock.advance(1_000);
    expect(await syncing).toMatchObject({ pushed: 1 });
    expect(memory.calls.filter(({ type }) => type === 'push')).toHaveLength(1);
  });

  test('start rejects with a DatabaseError that names the fix', async () => {
    const { engine, fake } = open();
    const cause = new DatabaseError('no such table: sync_outbox; run the migrations');
    fake.failNext('hydrate', cause);
    await expect(engine.start()).rejects.toBe(cause);
  });

  test('F-15: unawaited promises and failing automatic work never cause unhandled rejections', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const faulty = new FaultyTransport(new MemoryTransport());
    faulty.offline = true;
    const { engine, clock, types } = open({ transport: faulty, config: { maxRetries: 0 } });
    void engine.sync();
    void engine.syncRun();
    void engine.fullResync();
    engine.startAuto({ interval: 100 });
    await clock.advance(1_000);
    expect(types()).toContain('sync.failed');
    await engine.dispose();
    void engine.sync();
    await clock.flush();
    expect(unhandled).not.toHaveBeenCalled();
    process.off('unhandledRejection', unhandled);
  });
});

describe('life', () => {
  test('AUTO-01 … AUTO-04: startAuto syncs first after one interval, then after each; a second call replaces it', async () => {
    const { engine, clock, types } = open();
    const completed = (): number => types().filter((type) => type === 'sync.completed').length;
    engine.startAuto({ interval: 100 });
    await clock.advance(99);
    expect(completed()).toBe(0);
    await clock.advance(151);
    expect(completed()).toBe(2);
    engine.startAuto({ interval: 1_000 });
    await clock.advance(900);
    expect(completed()).toBe(2);
    engine.stopAuto();
    engine.stopAuto();
    await clock.advance(5_000);
    expect(completed()).toBe(2);
    expect(() => engine.startAuto({ interval: 0 })).toThrow(RangeError);
  });

  test('pause survives a restart; requests meanwhile wait for resume', async () => {
    const { engine, fake } = open();
    await engine.pause();
    await engine.dispose();
    const again = open({ database: fake.database });
    again.fake.enqueue(create('a'));
    await again.engine.start();
    expect(again.engine.status()).toMatchObject({ paused: true });
    const syncing = again.engine.sync();
    await again.clock.flush();
    expect(again.types()).toContain('request.deferred');
    expect(await again.engine.explain()).toMatchObject([{ reason: 'paused' }]);
    await again.engine.resume();
    expect(await syncing).toMatchObject({ pushed: 1 });
  });

  test('pause resolves only once it is stored', async () => {
    const { engine, fake, clock } = open();
    let store: () => void = () => undefined;
    Object.assign(fake.store, {
      rememberPaused: () =>
        new Promise<void>((resolve) => {
          store = resolve;
        }),
    });
    let isPaused = false;
    const pausing = engine.pause().then(() => {
      isPaused = true;
    });
    await clock.flush();
    expect([engine.status().paused, isPaused]).toEqual([true, false]);
    store();
    await pausing;
  });

  test('I8: pause and resume in quick succession both settle, in any order', async () => {
    const { engine } = open();
    await engine.start();
    await Promise.all([engine.pause(), engine.resume()]);
    expect(engine.status().paused).toBe(false);
    await Promise.all([engine.pause(), engine.resume(), engine.pause()]);
    expect(engine.status().paused).toBe(true);
    await Promise.all([engine.resume(), engine.pause()]);
    expect(engine.status().paused).toBe(true);
    await Promise.all([engine.resume(), engine.pause(), engine.resume()]);
    expect(engine.status().paused).toBe(false);
  });

  test('I9: a pause requested during a chart step resolves only once it is stored', async () => {
    const { engine, fake, clock } = open();
    await engine.start();
    let store: () => void = () => undefined;
    Object.assign(fake.store, {
      rememberPaused: () =>
        new Promise<void>((resolve) => {
          store = resolve;
        }),
    });
    let pausing: Promise<void> | undefined;
    let isPaused = false;
    engine.actor.on('sync.completed', () => {
      pausing ??= engine.pause().then(() => {
        isPaused = true;
      });
      // Sent, and not yet taken: the chart is at another event.
      expect(engine.actor.getSnapshot().matches({ activity: 'paused' })).toBe(false);
    });
    await engine.sync();
    await clock.flush();
    expect([engine.status().paused, isPaused]).toEqual([true, false]);
    store();
    await pausing;
    expect(isPaused).toBe(true);
  });

  test('I8: a pause that is revoked while answers are settled still settles', async () => {
    const { engine, fake, clock } = open();
    await engine.start();
    fake.enqueue(create('a'));
    const { settle } = fake.store;
    let asked: readonly Promise<void>[] = [];
    Object.assign(fake.store, {
      settle: async (...args: Parameters<typeof settle>) => {
        if (asked.length === 0) asked = [engine.pause(), engine.resume()];
        await clock.flush();
        return settle(...args);
      },
    });
    await engine.sync();
    await Promise.all(asked);
    expect([asked.length, engine.status().paused]).toEqual([2, false]);
  });

  test('F-143: another scope sends nothing until the app decides', async () => {
    let user = 'anna';
    const { engine, fake, memory, types } = open({ scope: () => user });
    await engine.sync();
    fake.enqueue(create('a'));
    user = 'bert';
    const before = memory.calls.length;
    await errorOf(engine.sync());
    expect(memory.calls).toHaveLength(before);
    expect(types()).toContain('scope.changed');
    expect(await engine.explain()).toMatchObject([{ reason: 'scopeChanged' }]);
    await engine.adoptScope();
    expect(await engine.sync()).toMatchObject({ pushed: 1 });
    user = 'cleo';
    fake.enqueue(create('b'));
    await errorOf(engine.sync());
    await engine.clearScope();
    expect(fake.outbox()).toEqual([]);
    expect(await engine.sync()).toMatchObject({ pushed: 0 });
  });

  test('F-112: a throwing listener affects neither the run nor other listeners, and is reported once', async () => {
    const warned = vi.fn();
    process.on('warning', warned);
    const { engine, types, clock } = open();
    engine.events$.subscribe(() => {
      throw new Error('listener bug');
    });
    engine.status$.subscribe(() => {
      throw new Error('listener bug');
    });
    await engine.sync();
    expect(types()).toContain('sync.completed');
    await clock.flush();
    expect(warned.mock.calls.filter(([error]) => (error as Error).message === 'listener bug')).toHaveLength(2);
    process.off('warning', warned);
  });

  test('status$ replays the latest value, emits only differences, and completes with dispose', async () => {
    const { engine, fake } = open();
    const seen: unknown[] = [];
    let isComplete = false;
    engine.status$.subscribe({
      next: (status) => seen.push(status),
      complete: () => {
        isComplete = true;
      },
    });
    expect(seen).toEqual([engine.status()]);
    fake.enqueue(create('a'));
    await engine.sync();
    await engine.whenIdle();
    expect(engine.status()).toMatchObject({ phase: 'idle', pending: 0, lastStats: { pushed: 1 } });
    expect(engine.status()).toBe(engine.status());
    expect(new Set(seen.map((status) => JSON.stringify(status))).size).toBe(seen.length);
    expect(Object.isFrozen(engine.status())).toBe(true);
    await engine.dispose();
    expect(isComplete).toBe(true);
  });

  test('pending$ counts queued operations, and stuck ones on request', async () => {
    const { engine, fake, clock } = open();
    const counts: number[] = [];
    engine.pending$({ kinds: ['todos'] }).subscribe((count) => counts.push(count));
    await clock.flush();
    fake.enqueue(create('a'));
    fake.enqueue(create('l', 'lists'));
    await clock.flush();
    await engine.sync();
    await clock.flush();
    expect(counts).toEqual([0, 1, 0]);
  });

  test('a signal or a timeout ends whenIdle and whenPushed', async () => {
    const { engine, fake, clock } = open();
    fake.enqueue(create('a'));
    const waiting = engine.whenPushed({ timeoutMs: 100 });
    const abort = new AbortController();
    const other = engine.whenPushed({ signal: abort.signal });
    await clock.advance(100);
    await expect(waiting).rejects.toBeInstanceOf(SyncAbortedError);
    abort.abort();
    await expect(other).rejects.toBeInstanceOf(SyncAbortedError);
    const third = engine.whenPushed();
    await engine.sync();
    expect(await third).toEqual({ parked: [] });
    await engine.whenIdle();
  });

  test('an explicit sync while offline tries once and rejects with NetworkError; going online runs waiting work', async () => {
    const listeners = new Set<(online: boolean) => void>();
    const faulty = new FaultyTransport(new MemoryTransport());
    faulty.offline = true;
    const { engine, fake, clock, types } = open({
      transport: faulty,
      parts: {
        connectivity: {
          isOnline: () => false,
          subscribe: (listener) => {
            listeners.add(listener);
            return () => listeners.delete(listener);
          },
        },
      },
    });
    fake.enqueue(create('a'));
    await expect(engine.sync()).rejects.toBeInstanceOf(NetworkError);
    expect(engine.status()).toMatchObject({ phase: 'offline', online: false });
    expect(await engine.explain()).toMatchObject([{ reason: 'offline' }]);
    const triggers = createTriggers(engine);
    await triggers.start();
    faulty.offline = false;
    for (const listener of listeners) listener(true);
    await clock.flush();
    await engine.whenIdle();
    expect(fake.outbox()).toEqual([]);
    expect(types()).toContain('network.online');
    triggers.dispose();
    await engine.dispose();
    expect(listeners.size).toBe(0);
  });
});

describe('triggers', () => {
  const start = async (
    engine: SyncEngineCore,
    options: ConstructorParameters<typeof SyncCoordinator>[1],
  ): Promise<SyncCoordinator> => {
    const triggers = new SyncCoordinator(engine, options);
    await triggers.start();
    return triggers;
  };

  test('F-10: start succeeds while offline, and the interval goes on', async () => {
    const faulty = new FaultyTransport(new MemoryTransport());
    faulty.offline = true;
    const { engine, fake, clock, types } = open({ transport: faulty, config: { maxRetries: 0 } });
    fake.enqueue(create('a'));
    await start(engine, { pullOnStartup: true, interval: 60_000 });
    await clock.advance(1_000);
    expect(types()).toContain('sync.failed');
    faulty.offline = false;
    await clock.advance(130_000);
    expect(fake.outbox()).toEqual([]);
  });

  test('COO-01: pullOnStartup pulls only', async () => {
    const { engine, fake, clock, memory } = open({ kinds: ['todos'] });
    fake.enqueue(create('a'));
    await start(engine, { pullOnStartup: true });
    await clock.flush();
    await engine.whenIdle();
    expect(memory.calls.map(({ type }) => type)).toEqual(['pull']);
  });

  test('F-11, F-113, COO-03, COO-11: pushes each burst of edits once, after silence or the longest wait', async () => {
    const { engine, fake, clock, memory } = open({ kinds: ['todos'] });
    await start(engine, { pushOnOutboxChanges: true, pushDebounceMs: 1_000, maxDebounceMs: 2_500 });
    await clock.flush();
    fake.enqueue(create('a'));
    await clock.advance(900);
    fake.enqueue(create('b'));
    await clock.advance(900);
    expect(memory.calls).toEqual([]);
    await clock.advance(200);
    expect(memory.calls).toEqual([{ type: 'push', ids: ['a', 'b'] }]);
    fake.enqueue(create('c'));
    await clock.advance(1_000);
    expect(memory.calls).toHaveLength(2);
    for (let n = 0; n < 5; n += 1) {
      fake.enqueue(create(`d${n}`));
      await clock.advance(600);
    }
    expect(memory.calls.length).toBeGreaterThan(2);
  });

  test('COO-06 … COO-09: start is idempotent, stop ends the triggers, start after dispose rejects, the engine lives on', async () => {
    const { engine, clock, types } = open();
    const triggers = await start(engine, { interval: 100 });
    await triggers.start();
    await clock.advance(100);
    expect(types().filter((type) => type === 'sync.completed')).toHaveLength(1);
    triggers.stop();
    await clock.advance(1_000);
    expect(types().filter((type) => type === 'sync.completed')).toHaveLength(1);
    triggers.dispose();
    triggers.dispose();
    await expect(triggers.start()).rejects.toBeInstanceOf(SyncAbortedError);
    await engine.sync();
    expect(() => createTriggers(engine, { interval: -1 })).toThrow(RangeError);
  });

  test('pulls remote changes', async () => {
    const memory = new MemoryTransport();
    const { engine, fake, clock } = open({ transport: memory, kinds: ['todos'] });
    const triggers = await start(engine, { remoteChanges: true });
    memory.backend.seed('todos', { id: 'r', title: 'remote', updatedAt: '2026-01-01T00:00:00.000Z' });
    memory.backend.update('todos', 'r', { title: 'changed' });
    await clock.advance(100);
    await engine.whenIdle();
    expect(fake.rows('todos')).toMatchObject([{ id: 'r', title: 'changed' }]);
    triggers.dispose();
  });
});

test('an expired token rejects with AuthError and keeps the request until SIGNED_IN', async () => {
  let signedIn = false;
  const memory = new MemoryTransport();
  const { engine, fake, types } = open({
    kinds: ['todos'],
    transport: pulling((request) => (signedIn ? memory.pull(request) : Promise.reject(new AuthError('401')))),
  });
  await expect(engine.sync()).rejects.toBeInstanceOf(AuthError);
  await expect(engine.sync()).rejects.toBeInstanceOf(AuthError);
  expect(types()).toContain('request.refused');
  memory.backend.seed('todos', { id: 'r', title: 'remote', updatedAt: '2026-01-01T00:00:00.000Z' });
  signedIn = true;
  await engine.signedIn();
  await engine.whenIdle();
  expect(fake.rows('todos')).toHaveLength(1);
});
