import { Subject } from 'rxjs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createEngineCore } from '../../src/engine/core/engine-core.ts';
import type { EngineParts } from '../../src/engine/core/engine-internals.ts';
import type { SyncEngineCore } from '../../src/engine/api/sync-engine.ts';
import { createTriggers, SyncCoordinator, type TriggerOptions, type Triggers } from '../../src/engine/triggers.ts';
import { browserConnectivity, type NetworkEventSource } from '../../src/engine/triggers/browser-connectivity.ts';
import { browserVisibility } from '../../src/engine/triggers/browser-visibility.ts';
import type { SyncConfig } from '../../src/model/config.ts';
import { SyncAbortedError } from '../../src/model/errors/errors.ts';
import type { SyncEvent } from '../../src/model/events.ts';
import { SyncStepError } from '../../src/model/errors/failure.ts';
import type { SyncKind } from '../../src/model/kind.ts';
import { upsertOp, type Op } from '../../src/model/operation.ts';
import type { ConnectivityPort, VisibilityPort } from '../../src/model/ports.ts';
import {
  pushForbidden,
  pushRejected,
  pushUnavailable,
  type PushResult,
  type TransportAdapter,
} from '../../src/model/transport.ts';
import { FaultyTransport } from '../../src/testing/faulty-transport.ts';
import { MemoryTransport } from '../../src/testing/memory-transport.ts';
import { createSimulatedClock } from '../../src/testing/simulated-clock.ts';
import { fakeKind, type FakeDatabase } from '../support/fake-database.ts';
import { createFakeStore } from '../support/fake-store.ts';

const create = (id: string, kind = 'todos'): Op => upsertOp({ kind, id, opId: `op-${id}`, payload: { id, title: id } });
const hour = 3_600_000;

interface BenchOptions {
  readonly transport?: TransportAdapter;
  readonly memory?: MemoryTransport;
  readonly connectivity?: ConnectivityPort;
  readonly config?: Partial<SyncConfig>;
  readonly database?: FakeDatabase;
  /** Kinds with their own clock. */
  readonly kinds?: Readonly<Record<string, Partial<SyncKind>>>;
  readonly triggers?: TriggerOptions;
}
const open: Triggers[] = [];
afterEach(() => {
  for (const triggers of open.splice(0)) triggers.dispose();
});

function bench(options: BenchOptions = {}) {
  const clock = createSimulatedClock();
  /** What the device's clock says beside the true time. */
  let stepMs = 0;
  const deviceClock = {
    ...clock,
    now: () => clock.now() + stepMs,
    // As the platform does: beyond what a timer holds it fires at once.
    setTimeout: (callback: () => void, delayMs: number) =>
      clock.setTimeout(callback, delayMs > 2 ** 31 - 1 ? 1 : delayMs),
  };
  const memory = options.memory ?? new MemoryTransport();
  const transport = options.transport ?? memory;
  const kinds = new Map(
    Object.entries(options.kinds ?? { todos: {} }).map(([kind, parts]) => [kind, fakeKind(kind, parts)]),
  );
  const fake = createFakeStore({
    clock: deviceClock,
    kinds: [...kinds.keys()],
    ...(options.config === undefined ? {} : { config: options.config }),
    ...(options.database === undefined ? {} : { database: options.database }),
  });
  const parts: EngineParts = {
    ports: { store: fake.store, transport, kinds, config: fake.config, clock: deviceClock, random: () => 1 },
    queue: fake.queue,
    connectivity: options.connectivity,
  };
  const engine: SyncEngineCore = createEngineCore(parts);
  const told: SyncEvent[] = [];
  engine.events$.subscribe((event) => told.push(event));
  const triggers = createTriggers(engine, options.triggers);
  open.push(triggers);
  return {
    engine,
    fake,
    clock,
    memory,
    told,
    triggers,
    step: (ms: number) => (stepMs += ms),
    count: (type: SyncEvent['type']) => told.filter((event) => event.type === type).length,
    /** Requests; the pages of one pull are one. */
    calls: () =>
      memory.calls.map(({ type }) => type).filter((type, index, all) => type !== 'pull' || all[index - 1] !== 'pull'),
    pulls: () => memory.calls.flatMap((call) => (call.type === 'pull' ? [call.kind] : [])),
    settle: async () => {
      await clock.flush();
      await engine.whenIdle();
      await clock.flush();
    },
  };
}

/** A port that says what the test says. */
function fakeConnectivity(isOnline = true) {
  const listeners = new Set<(online: boolean) => void>();
  let online = isOnline;
  return {
    listeners,
    isOnline: () => online,
    subscribe: (listener: (online: boolean) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    say: (now: boolean) => {
      online = now;
      for (const listener of [...listeners]) listener(now);
    },
  };
}
function fakeVisibility(): VisibilityPort & { show(): void; hide(): void } {
  const listeners = new Set<(visible: boolean) => void>();
  const say = (visible: boolean): void => {
    for (const listener of [...listeners]) listener(visible);
  };
  return {
    isVisible: () => true,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    show: () => say(true),
    hide: () => say(false),
  };
}
/** A memory transport whose answer to pushes the test gives. */
function answering(answer: () => PushResult | undefined) {
  const memory = new MemoryTransport();
  let pushes = 0;
  const transport: TransportAdapter = {
    capabilities: {},
    pull: (request) => memory.pull(request),
    push: async (ops, context) => {
      pushes += 1;
      const result = answer();
      return result === undefined ? memory.push(ops, context) : { results: ops.map(({ opId }) => ({ opId, result })) };
    },
    forcePush: (op, context) => memory.forcePush(op, context),
    fetch: (request) => memory.fetch(request),
    health: async () => true,
  };
  return { memory, transport, pushes: () => pushes };
}

describe('start and stop', () => {
  test('COO-01, COO-12: nothing is on by default; pullOnStartup starts one pull-only run', async () => {
    const silent = bench();
    await silent.triggers.start();
    await silent.clock.advance(hour);
    expect(silent.calls()).toEqual([]);
    const pulling = bench({ triggers: { pullOnStartup: true } });
    pulling.fake.enqueue(create('a'));
    await pulling.triggers.start();
    await pulling.settle();
    expect(pulling.calls()).toEqual(['pull']);
    expect(pulling.fake.outbox()).toEqual(['op-a']);
  });

  test('F-10: start resolves when nothing is reachable; every trigger is installed and everything arrives later', async () => {
    const memory = new MemoryTransport();
    const faulty = new FaultyTransport(memory);
    faulty.offline = true;
    const { triggers, engine, fake, clock, count } = bench({
      memory,
      transport: faulty,
      config: { maxRetries: 0 },
      triggers: { pullOnStartup: true, interval: 60_000, pushOnOutboxChanges: true },
    });
    await triggers.start();
    await clock.advance(500);
    expect(count('sync.failed')).toBe(1);
    fake.enqueue(create('a'));
    faulty.offline = false;
    await clock.advance(2_000);
    expect(fake.outbox()).toEqual([]);
    const before = count('sync.completed');
    await clock.advance(60_000);
    expect(count('sync.completed')).toBeGreaterThan(before);
    expect(engine.status().phase).toBe('idle');
  });

  test('F-10: start resolves with an unusable database; the triggers work once it is repaired', async () => {
    const { triggers, fake, clock, count, engine } = bench({ triggers: { interval: 1_000 } });
    fake.failNext('hydrate', new SyncStepError({ type: 'storeFailed', message: 'no such table' }));
    await triggers.start();
    expect(engine.status().phase).toBe('failed');
    await clock.advance(1_000);
    expect(count('sync.completed')).toBe(1);
  });

  test('F-113: stop and dispose during the start leave nothing behind', async () => {
    const port = fakeConnectivity();
    for (const end of ['stop', 'dispose'] as const) {
      const { triggers, fake, clock, memory } = bench({
        triggers: {
          interval: 1_000,
          pushOnOutboxChanges: true,
          connectivity: port,
          remoteChanges: true,
          visibility: fakeVisibility(),
        },
        kinds: { todos: { syncIntervalMs: 1_000 } },
      });
      fake.enqueue(create('a'));
      const starting = triggers.start();
      triggers[end]();
      await starting;
      await clock.flush();
      expect(clock.pending).toBe(0);
      await clock.advance(hour);
      expect(memory.calls).toEqual([]);
      expect(port.listeners.size).toBe(0);
    }
  });

  test('F-113: a restart after a stop runs nothing twice', async () => {
    const { triggers, clock, count } = bench({ triggers: { interval: 1_000 } });
    const first = triggers.start();
    triggers.stop();
    await Promise.all([first, triggers.start(), triggers.start()]);
    await clock.advance(3_000);
    expect(count('sync.completed')).toBe(3);
  });

  test('F-113, COO-08: stop ends only its own timers, not those that the app started, and vice versa', async () => {
    const { triggers, engine, clock, count } = bench({ triggers: { interval: 1_000 } });
    engine.startAuto({ interval: 10_000 });
    await triggers.start();
    triggers.stop();
    await clock.advance(10_000);
    expect(count('sync.completed')).toBe(1);
    await triggers.start();
    engine.stopAuto();
    await clock.advance(1_000);
    expect(count('sync.completed')).toBe(2);
  });

  test('COO-06, COO-07, COO-09: start is idempotent; after dispose it rejects; the engine lives on', async () => {
    const { engine, clock, count } = bench();
    const coordinator = new SyncCoordinator(engine, { interval: 1_000 });
    await coordinator.start();
    await coordinator.start();
    await clock.advance(1_000);
    expect(count('sync.completed')).toBe(1);
    coordinator.dispose();
    coordinator.dispose();
    await expect(coordinator.start()).rejects.toBeInstanceOf(SyncAbortedError);
    expect(await engine.sync()).toMatchObject({ errors: 0 });
  });

  test('F-113: the triggers end with their engine, so no timer keeps the process alive', async () => {
    const { engine, triggers, clock } = bench({
      triggers: { interval: 1_000, pushOnOutboxChanges: true },
      kinds: { todos: { syncIntervalMs: 500 } },
    });
    await triggers.start();
    await clock.advance(1_200);
    await engine.dispose();
    expect(clock.pending).toBe(0);
    await expect(triggers.start()).rejects.toBeInstanceOf(SyncAbortedError);
  });

  test.each<[keyof TriggerOptions, number]>([
    ['interval', 0],
    ['interval', Number.NaN],
    ['pushDebounceMs', -1],
    ['maxDebounceMs', Infinity],
    ['remoteDebounceMs', 0],
  ])('F-13: rejects %s of %s by name', (name, value) => {
    const { engine } = bench();
    expect(() => createTriggers(engine, { [name]: value })).toThrow(
      new RegExp(`createTriggers: ${name} must be .*got ${String(value)}`),
    );
    expect(() => createTriggers({ ...engine })).toThrow(TypeError);
  });

  test('F-15, COO-10: reports background failures as events and causes no rejections', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const memory = new MemoryTransport();
    const faulty = new FaultyTransport(memory);
    faulty.offline = true;
    const { triggers, fake, clock, count } = bench({
      memory,
      transport: faulty,
      config: { maxRetries: 0 },
      kinds: { todos: {}, lists: { syncIntervalMs: 5_000 } },
      triggers: { pullOnStartup: true, interval: 1_000, pushOnOutboxChanges: true, remoteChanges: true },
    });
    await triggers.start();
    fake.enqueue(create('a'));
    fake.failNext('pulledAt', new Error('locked'));
    await clock.advance(20_000);
    expect(count('sync.failed')).toBeGreaterThan(1);
    expect(unhandled).not.toHaveBeenCalled();
    process.off('unhandledRejection', unhandled);
  });
});

describe('interval', () => {
  test('AUTO-02, COO-02: the first run starts after one interval, and another after each', async () => {
    const { triggers, clock, count } = bench({ triggers: { interval: 1_000 } });
    await triggers.start();
    await clock.advance(999);
    expect(count('sync.completed')).toBe(0);
    await clock.advance(2_001);
    expect(count('sync.completed')).toBe(3);
  });

  test('F-15: an interval longer than the timer limit waits that long instead of firing continuously', async () => {
    const month = 30 * 24 * hour;
    const { triggers, engine, clock, count } = bench({ triggers: { interval: month } });
    await triggers.start();
    engine.startAuto({ interval: 2 * month });
    await clock.advance(month - 1);
    expect(count('sync.started')).toBe(0);
    await clock.advance(1);
    expect(count('sync.completed')).toBe(1);
    triggers.stop();
    await clock.advance(month);
    expect(count('sync.completed')).toBe(2);
    engine.stopAuto();
    expect(clock.pending).toBe(0);
  });

  test('F-67: a clock step in either direction changes no interval', async () => {
    const { triggers, clock, count, step } = bench({ triggers: { interval: 1_000 } });
    await triggers.start();
    await clock.advance(500);
    step(-48 * hour);
    await clock.advance(500);
    expect(count('sync.completed')).toBe(1);
    step(96 * hour);
    await clock.advance(999);
    expect(count('sync.completed')).toBe(1);
    await clock.advance(1);
    expect(count('sync.completed')).toBe(2);
  });

  test('a tick during a run requests no second one', async () => {
    let answer: () => void = () => undefined;
    const { memory, transport } = answering(() => undefined);
    const slow: TransportAdapter = {
      ...transport,
      pull: (request) =>
        new Promise((resolve, reject) => {
          answer = () => void memory.pull(request).then(resolve, reject);
        }),
    };
    const { triggers, clock, count, settle } = bench({ memory, transport: slow, triggers: { interval: 1_000 } });
    await triggers.start();
    await clock.advance(4_500);
    answer();
    await settle();
    expect(count('sync.started')).toBe(2);
    expect(count('sync.completed')).toBe(1);
  });
});

describe('intervals of tables', () => {
  const kinds = { todos: {}, prices: { syncIntervalMs: 10_000 }, cities: { syncIntervalMs: 100_000 } };

  test('a table with its own interval syncs by it, and is left out of the others', async () => {
    const { triggers, clock, pulls } = bench({ kinds, triggers: { interval: 15_000 } });
    await triggers.start();
    await clock.advance(0);
    expect(pulls()).toEqual(['prices', 'cities']);
    await clock.advance(10_000);
    expect(pulls().slice(2)).toEqual(['prices']);
    await clock.advance(5_000);
    expect(pulls().slice(3)).toEqual(['todos']);
    await clock.advance(5_000);
    expect(pulls().slice(4)).toEqual(['prices']);
    await clock.advance(79_999);
    expect(pulls().filter((kind) => kind === 'cities')).toHaveLength(1);
    await clock.advance(1);
    expect(pulls().filter((kind) => kind === 'cities')).toHaveLength(2);
  });

  test('the interval counts from the last complete pull, across restarts and whoever requested it', async () => {
    const first = bench({ kinds });
    await first.engine.sync();
    await first.engine.dispose();
    const { triggers, engine, clock, pulls } = bench({ kinds, database: first.fake.database });
    await clock.advance(4_000);
    await triggers.start();
    await clock.advance(5_999);
    expect(pulls()).toEqual([]);
    await clock.advance(1);
    expect(pulls()).toEqual(['prices']);
    await clock.advance(9_000);
    await engine.sync({ kinds: ['prices'] });
    await clock.advance(9_999);
    expect(pulls()).toEqual(['prices', 'prices']);
    await clock.advance(1);
    expect(pulls()).toEqual(['prices', 'prices', 'prices']);
  });

  test('F-67: a clock set back or forward delays a table by at most its interval', async () => {
    const { triggers, clock, pulls, step } = bench({ kinds: { prices: { syncIntervalMs: 10_000 } } });
    await triggers.start();
    await clock.advance(0);
    expect(pulls()).toHaveLength(1);
    step(-48 * hour);
    await clock.advance(10_000);
    expect(pulls()).toHaveLength(2);
    step(-5_000);
    await clock.advance(14_999);
    expect(pulls()).toHaveLength(2);
    await clock.advance(1);
    expect(pulls()).toHaveLength(3);
    step(96 * hour);
    await clock.advance(10_000);
    expect(pulls()).toHaveLength(4);
  });

  test('leaves failures to the chart: the trigger requests once per interval', async () => {
    const memory = new MemoryTransport();
    const faulty = new FaultyTransport(memory);
    faulty.offline = true;
    const { triggers, clock, fake, count } = bench({
      memory,
      transport: faulty,
      kinds: { prices: { syncIntervalMs: 1_000 } },
      config: { maxRetries: 0 },
    });
    await triggers.start();
    await clock.advance(30_000);
    // After about 1, 2, 4, 8, 16 s: the delays of the chart, not thirty requests.
    expect(count('sync.failed')).toBeLessThan(8);
    faulty.offline = false;
    await clock.advance(32_000);
    expect(fake.database.pulledAt.has('prices')).toBe(true);
  });

  test('pullOnStartup leaves a table to its own interval', async () => {
    const { triggers, pulls, settle } = bench({ kinds, triggers: { pullOnStartup: true } });
    await triggers.start();
    await settle();
    expect(pulls().sort()).toEqual(['cities', 'prices', 'todos']);
    const all = bench({ kinds: { prices: { syncIntervalMs: 1_000 } }, triggers: { pullOnStartup: true } });
    all.fake.database.pulledAt.set('prices', all.clock.now());
    await all.triggers.start();
    await all.settle();
    expect(all.calls()).toEqual([]);
  });
});

describe('pushOnOutboxChanges', () => {
  const triggers: TriggerOptions = { pushOnOutboxChanges: true };

  test('COO-03: after 2 s of silence, a push-only run empties the outbox', async () => {
    const { triggers: started, fake, clock, calls } = bench({ triggers });
    await started.start();
    fake.enqueue(create('a'));
    await clock.advance(1_999);
    expect(calls()).toEqual([]);
    await clock.advance(1);
    expect(calls()).toEqual(['push']);
    expect(fake.outbox()).toEqual([]);
  });

  test('F-113, COO-11: each further edit extends the wait, up to the longest wait', async () => {
    const {
      triggers: started,
      fake,
      clock,
      memory,
    } = bench({ triggers: { ...triggers, pushDebounceMs: 1_000, maxDebounceMs: 3_500 } });
    await started.start();
    for (let n = 0; n < 3; n += 1) {
      fake.enqueue(create(`a${n}`));
      await clock.advance(900);
    }
    expect(memory.calls).toEqual([]);
    await clock.advance(100);
    expect(memory.calls).toEqual([{ type: 'push', ids: ['a0', 'a1', 'a2'] }]);
    for (let n = 0; n < 5; n += 1) {
      fake.enqueue(create(`b${n}`));
      await clock.advance(800);
    }
    // Begun at 0, 800, …: the longest wait ends it at 3,500 with all five.
    expect(memory.calls).toHaveLength(2);
    expect(memory.calls[1]).toMatchObject({ ids: ['b0', 'b1', 'b2', 'b3', 'b4'] });
  });

  test('F-113: clock steps neither hasten nor delay the push', async () => {
    const {
      triggers: started,
      fake,
      clock,
      calls,
      step,
    } = bench({ triggers: { ...triggers, pushDebounceMs: 1_000, maxDebounceMs: 1_500 } });
    await started.start();
    fake.enqueue(create('a'));
    await clock.advance(900);
    step(-hour);
    fake.enqueue(create('b'));
    await clock.advance(599);
    expect(calls()).toEqual([]);
    await clock.advance(1);
    expect(calls()).toEqual(['push']);
    step(5 * hour);
    fake.enqueue(create('c'));
    await clock.advance(999);
    expect(calls()).toEqual(['push']);
  });

  test('F-11: pushes an edit that follows a push, even if the count is unchanged', async () => {
    const { triggers: started, fake, clock, calls } = bench({ triggers });
    await started.start();
    for (const id of ['a', 'b', 'c']) {
      fake.enqueue(create(id));
      await clock.advance(2_000);
    }
    expect(calls()).toEqual(['push', 'push', 'push']);
    expect(fake.outbox()).toEqual([]);
  });

  test('F-11: pushes operations queued before the start', async () => {
    const { triggers: started, fake, clock, calls } = bench({ triggers });
    fake.enqueue(create('a'));
    await started.start();
    await clock.advance(2_000);
    expect(calls()).toEqual(['push']);
  });

  test('F-11: pushes leftovers of a run again after growing waits until they are stuck, then stops', async () => {
    const { transport, memory, pushes } = answering(() => pushRejected({ statusCode: 422, message: 'no' }));
    const {
      triggers: started,
      fake,
      clock,
      count,
    } = bench({ transport, memory, triggers, config: { maxOutboxTryCount: 4 } });
    await started.start();
    fake.enqueue(create('a'));
    await clock.advance(2_000);
    expect(pushes()).toBe(1);
    for (const [waitMs, tries] of [
      [1_000, 2],
      [2_000, 3],
      [4_000, 4],
    ] as const) {
      await clock.advance(waitMs - 1);
      expect(pushes()).toBe(tries - 1);
      await clock.advance(1);
      expect(pushes()).toBe(tries);
    }
    expect(count('op.stuck')).toBe(1);
    await clock.advance(hour);
    expect(pushes()).toBe(4);
    expect(clock.pending).toBe(0);
  });

  test('COO-04: pushes a new operation beside a stuck one, which stays', async () => {
    let answer: PushResult | undefined = pushRejected({ statusCode: 422, message: 'no' });
    const { transport, memory } = answering(() => answer);
    const {
      triggers: started,
      engine,
      fake,
      clock,
    } = bench({ transport, memory, triggers, config: { maxOutboxTryCount: 1 } });
    await started.start();
    fake.enqueue(create('bad'));
    await clock.advance(2_000);
    answer = undefined;
    fake.enqueue(create('good'));
    await clock.advance(2_000);
    expect(fake.outbox()).toEqual(['op-bad']);
    expect(await engine.getStuckOperations()).toMatchObject([{ opId: 'op-bad' }]);
  });

  test('does not keep retrying what the server forbids; the next edit retries it', async () => {
    let answer: PushResult | undefined = pushForbidden();
    const { transport, memory, pushes } = answering(() => answer);
    const { triggers: started, fake, clock } = bench({ transport, memory, triggers });
    await started.start();
    fake.enqueue(create('a'));
    await clock.advance(hour);
    expect(pushes()).toBe(1);
    answer = undefined;
    fake.enqueue(create('b'));
    await clock.advance(2_000);
    expect(fake.outbox()).toEqual([]);
  });

  test('F-132: leaves operations with their own due time to the chart: one run per try', async () => {
    let answer: PushResult | undefined = pushUnavailable({ dispatched: true, statusCode: 500, message: 'oops' });
    const { transport, memory, pushes } = answering(() => answer);
    const { triggers: started, fake, clock, count } = bench({ transport, memory, triggers });
    await started.start();
    fake.enqueue(create('a'));
    const leftMs = (): number => (fake.database.ops[0]?.dueAt ?? 0) - clock.now();
    for (let second = 0; second < 120 && leftMs() < 12_000; second += 1) await clock.advance(1_000);
    expect([leftMs() >= 12_000, count('sync.completed')]).toEqual([true, pushes()]);
    answer = undefined;
    fake.enqueue(create('b'));
    await clock.advance(2_000);
    expect(fake.outbox()).toEqual(['op-a']);
    const runs = count('sync.completed');
    await clock.advance(leftMs() - 1);
    expect(count('sync.completed')).toBe(runs);
    await clock.advance(1);
    expect(fake.outbox()).toEqual([]);
  });

  test('F-113: stopping while it waits for silence pushes nothing later', async () => {
    const { triggers: started, fake, clock, calls } = bench({ triggers });
    await started.start();
    await clock.flush();
    fake.enqueue(create('a'));
    started.stop();
    expect(clock.pending).toBe(0);
    await clock.advance(hour);
    expect(calls()).toEqual([]);
  });

  test('F-12: an edit during a pull gets a push run of its own', async () => {
    const memory = new MemoryTransport();
    let answer: () => void = () => undefined;
    const transport = answering(() => undefined);
    const slow: TransportAdapter = {
      ...transport.transport,
      pull: (request) =>
        new Promise((resolve, reject) => {
          answer = () => void memory.pull(request).then(resolve, reject);
        }),
    };
    const { triggers: started, engine, fake, clock, settle } = bench({ transport: slow, memory, triggers });
    await started.start();
    const syncing = engine.sync();
    await clock.flush();
    expect(engine.status().phase).toBe('paging');
    fake.enqueue(create('late'));
    await clock.advance(5_000);
    expect(transport.pushes()).toBe(0);
    answer();
    expect(await syncing).toMatchObject({ pushed: 0 });
    await settle();
    expect(transport.pushes()).toBe(1);
    expect(fake.outbox()).toEqual([]);
  });
});

describe('connectivity', () => {
  test("F-10: syncs everything when the network returns, with the engine's own port", async () => {
    const port = fakeConnectivity(false);
    const { triggers, engine, fake, calls, settle } = bench({ connectivity: port });
    fake.enqueue(create('a'));
    await triggers.start();
    expect(engine.status()).toMatchObject({ phase: 'offline', online: false });
    port.say(true);
    await settle();
    expect(calls()).toEqual(['push', 'pull']);
    triggers.stop();
    port.say(false);
    port.say(true);
    await settle();
    expect(calls()).toEqual(['push', 'pull']);
  });

  test('a port given to the triggers informs the engine: automatic work waits while offline and runs afterwards', async () => {
    const port = fakeConnectivity(false);
    const { triggers, engine, fake, clock, calls, settle } = bench({
      triggers: { connectivity: port, interval: 1_000 },
    });
    fake.enqueue(create('a'));
    await triggers.start();
    await clock.advance(5_000);
    expect([calls(), engine.status().online]).toEqual([[], false]);
    port.say(true);
    await settle();
    expect(fake.outbox()).toEqual([]);
    port.say(false);
    expect(engine.status().online).toBe(false);
    triggers.stop();
    // Nobody is left who would say that it is back.
    expect(engine.status().online).toBe(true);
    expect(port.listeners.size).toBe(0);
  });

  test("connectivity: false leaves the network's return to the chart", async () => {
    const port = fakeConnectivity();
    const { triggers, calls, settle } = bench({ connectivity: port, triggers: { connectivity: false } });
    await triggers.start();
    port.say(false);
    port.say(true);
    await settle();
    expect(calls()).toEqual([]);
  });

  test('browserConnectivity listens to the browser, ends with its subscription, and is online without a browser', () => {
    const target = new EventTarget();
    const browser = { onLine: false };
    const source: NetworkEventSource = {
      navigator: browser,
      addEventListener: (type, listener) => target.addEventListener(type, listener),
      removeEventListener: (type, listener) => target.removeEventListener(type, listener),
    };
    const port = browserConnectivity(source);
    const heard: boolean[] = [];
    const end = port.subscribe((online) => heard.push(online));
    expect(port.isOnline()).toBe(false);
    browser.onLine = true;
    target.dispatchEvent(new Event('online'));
    target.dispatchEvent(new Event('offline'));
    end();
    target.dispatchEvent(new Event('online'));
    expect([heard, port.isOnline()]).toEqual([[true, false], true]);
    const inNode = browserConnectivity();
    inNode.subscribe(() => undefined)();
    expect([inNode.isOnline(), browserConnectivity({}).isOnline()]).toEqual([true, true]);
  });
});

describe('visibility', () => {
  test('syncs when the page becomes visible, and pushes waiting edits when it is hidden', async () => {
    const page = fakeVisibility();
    const { triggers, fake, calls, settle, clock } = bench({
      triggers: { visibility: page, pushOnOutboxChanges: true },
    });
    await triggers.start();
    page.hide();
    await settle();
    expect(calls()).toEqual([]);
    fake.enqueue(create('a'));
    await clock.flush();
    page.hide();
    await settle();
    expect(calls()).toEqual(['push']);
    page.show();
    await settle();
    expect(calls()).toEqual(['push', 'pull']);
    expect(clock.pending).toBe(0);
  });

  test('browserVisibility listens to the document, and is always visible without one', () => {
    const target = new EventTarget();
    const page = {
      visibilityState: 'visible',
      addEventListener: (type: string, listener: () => void) => target.addEventListener(type, listener),
      removeEventListener: (type: string, listener: () => void) => target.removeEventListener(type, listener),
    };
    const seen: boolean[] = [];
    const end = browserVisibility(page).subscribe((visible) => seen.push(visible));
    for (const state of ['hidden', 'visible']) {
      page.visibilityState = state;
      target.dispatchEvent(new Event('visibilitychange'));
    }
    end();
    target.dispatchEvent(new Event('visibilitychange'));
    expect(seen).toEqual([false, true]);
    const inNode = browserVisibility();
    inNode.subscribe(() => undefined)();
    expect(inNode.isVisible()).toBe(true);
  });
});

describe('remoteChanges', () => {
  /** Streams that the test feeds, one per subscription. */
  function listening(memory = new MemoryTransport()) {
    const streams: Subject<{ readonly kinds: readonly string[] }>[] = [];
    const { transport } = answering(() => undefined);
    const talking: TransportAdapter = {
      ...transport,
      pull: (request) => memory.pull(request),
      subscribe: () => {
        const stream = new Subject<{ readonly kinds: readonly string[] }>();
        streams.push(stream);
        return stream;
      },
    };
    return { memory, transport: talking, streams };
  }
  const two = { todos: {}, lists: {} };

  test('a burst of messages causes one pull of the named kinds', async () => {
    const { memory, transport, streams } = listening();
    const { triggers, clock, pulls, calls } = bench({
      memory,
      transport,
      kinds: two,
      triggers: { remoteChanges: true },
    });
    await triggers.start();
    await clock.advance(5_000);
    expect(calls()).toEqual([]);
    for (let n = 0; n < 5; n += 1) {
      streams[0]?.next({ kinds: ['lists', 'unknown'] });
      await clock.advance(50);
    }
    expect(calls()).toEqual([]);
    await clock.advance(50);
    expect(pulls()).toEqual(['lists']);
    for (let n = 0; n < 40; n += 1) {
      streams[0]?.next({ kinds: ['todos'] });
      await clock.advance(50);
    }
    // A server that never falls silent is answered once per longest wait.
    expect(pulls().filter((kind) => kind === 'todos')).toHaveLength(2);
  });

  test('F-15: listens again to a failed or ended stream after growing waits, and pulls what was missed', async () => {
    const { memory, transport, streams } = listening();
    const { triggers, clock, told, pulls } = bench({
      memory,
      transport,
      kinds: two,
      triggers: { remoteChanges: true },
    });
    await triggers.start();
    streams[0]?.error(new Error('socket closed'));
    await clock.advance(999);
    expect(streams).toHaveLength(1);
    await clock.advance(1);
    expect(streams).toHaveLength(2);
    streams[1]?.complete();
    await clock.advance(1_999);
    expect(streams).toHaveLength(2);
    await clock.advance(1);
    expect(streams).toHaveLength(3);
    expect(told.filter(({ type }) => type === 'transport.warning')).toMatchObject([
      { message: expect.stringContaining('socket closed') as string },
      { message: expect.stringContaining('ended') as string },
    ]);
    expect(pulls()).toEqual([]);
    await clock.advance(1_100);
    expect(pulls().sort()).toEqual(['lists', 'todos']);
    // Well again: the waits begin anew.
    streams[2]?.error(new Error('again'));
    await clock.advance(1_000);
    expect(streams).toHaveLength(4);
  });

  test("F-15: a transport that throws or fails at once harms nobody; the network's return ends the wait", async () => {
    let attempts = 0;
    const { transport, memory } = answering(() => undefined);
    const port = fakeConnectivity();
    const { triggers, clock, count } = bench({
      memory,
      connectivity: port,
      triggers: { remoteChanges: true },
      transport: {
        ...transport,
        subscribe: () => {
          attempts += 1;
          if (attempts === 1) throw new Error('no socket');
          return {
            subscribe: (observer) => {
              observer.error?.('refused');
              return { unsubscribe: () => undefined };
            },
          };
        },
      },
    });
    await triggers.start();
    expect(attempts).toBe(1);
    await clock.advance(1_000);
    expect(attempts).toBe(2);
    port.say(true);
    expect(attempts).toBe(3);
    await clock.advance(60_000);
    expect(attempts).toBeLessThan(10);
    expect(count('transport.warning')).toBe(attempts);
  });

  test('F-113: ignores a message after stop and cancels the subscription', async () => {
    const { memory, transport, streams } = listening();
    const { triggers, clock, calls } = bench({ memory, transport, triggers: { remoteChanges: true } });
    await triggers.start();
    streams[0]?.next({ kinds: ['todos'] });
    triggers.stop();
    expect(streams[0]?.observed).toBe(false);
    await clock.advance(60_000);
    expect([calls(), streams.length, clock.pending]).toEqual([[], 1, 0]);
  });

  test('F-113: ignores a stream that emits after it failed', async () => {
    const { transport, memory } = answering(() => undefined);
    const observers: { next(word: { readonly kinds: readonly string[] }): void; error?(error: unknown): void }[] = [];
    const { triggers, clock, calls } = bench({
      memory,
      triggers: { remoteChanges: true },
      transport: {
        ...transport,
        subscribe: () => ({
          subscribe: (observer) => {
            observers.push(observer);
            return { unsubscribe: () => undefined };
          },
        }),
      },
    });
    await triggers.start();
    observers[0]?.error?.(new Error('gone'));
    observers[0]?.error?.(new Error('and again'));
    observers[0]?.next({ kinds: ['todos'] });
    await clock.advance(900);
    expect([calls(), observers.length]).toEqual([[], 1]);
    await clock.advance(100);
    expect(observers).toHaveLength(2);
  });

  test('accepts a transport that does not listen', async () => {
    const { transport, memory } = answering(() => undefined);
    const { triggers, clock } = bench({ transport, memory, triggers: { remoteChanges: true } });
    await triggers.start();
    await clock.advance(10_000);
    expect(clock.pending).toBe(0);
  });
});
