import { afterEach, expect, test } from 'vitest';
import type { DataSource } from 'typeorm';
import { assign, createActor, sendTo, setup, waitFor, type Snapshot } from 'xstate';
import { createSyncMachine, engineOf, phaseOf, type ReadySyncMachine } from '../../src/index.ts';
import { createWriter } from '../../src/persistence/writing/writer.ts';
import { MemoryTransport } from '../../src/testing/memory-transport.ts';
import { FaultyTransport } from '../../src/testing/faulty-transport.ts';
import { createSimulatedClock, type SimulatedClock } from '../../src/testing/simulated-clock.ts';
import { openTodoDatabase, todos } from '../support/open-store.ts';
import { todoOf } from '../support/todo.ts';

let dataSource: DataSource;
afterEach(() => dataSource.destroy());

async function openMachine(): Promise<{
  readonly machine: () => ReadySyncMachine;
  readonly clock: SimulatedClock;
  readonly transport: MemoryTransport;
  readonly network: FaultyTransport;
}> {
  dataSource = await openTodoDatabase('better-sqlite3');
  const clock = createSimulatedClock();
  const transport = new MemoryTransport({ naming: 'camelCase' });
  const network = new FaultyTransport(transport, { rate: 0, clock });
  const config = { fullResyncIntervalMs: Infinity };
  return {
    machine: () => createSyncMachine({ dataSource, transport: network, tables: [todos], clock, config }),
    clock,
    transport,
    network,
  };
}

const copyOf = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

test('I7: an actor restored during backoff reads the wait from the database and continues', async () => {
  const { machine, clock, transport, network } = await openMachine();
  const first = createActor(machine(), { clock }).start();
  await createWriter(dataSource, { clock }).forTable(todos).insertAndEnqueue(todoOf('a'));
  network.offline = true;
  first.send({ type: 'SYNC', automatic: true });
  await waitFor(first, (snapshot) => phaseOf(snapshot) === 'backoff');
  // The wait is stored as soon as it begins.
  await waitFor(first, ({ children }) => children['rememberWait'] === undefined);
  const saved = copyOf(first.getPersistedSnapshot()) as Snapshot<unknown>;
  first.send({ type: 'STOP' });
  network.offline = false;

  const second = createActor(machine(), { clock, snapshot: saved }).start();
  await waitFor(second, (snapshot) => phaseOf(snapshot) === 'backoff');
  await clock.advance(second.getSnapshot().context.wait?.delayMs ?? 0);
  await waitFor(second, (snapshot) => phaseOf(snapshot) === 'idle' && snapshot.context.lastStats.pushed === 1);
  expect(transport.backend.get('todos', 'a')).toBeDefined();
  second.send({ type: 'STOP' });
});

test('I7, I2: an actor restored during a push sends nothing twice, also with other provided implementations', async () => {
  const { machine, clock, transport } = await openMachine();
  const first = createActor(machine().provide({}), { clock }).start();
  await createWriter(dataSource, { clock }).forTable(todos).insertAndEnqueue(todoOf('a'));
  first.send({ type: 'SYNC' });
  await waitFor(first, (snapshot) => phaseOf(snapshot) === 'pushing');
  const saved = copyOf(first.getPersistedSnapshot()) as Snapshot<unknown>;
  first.stop();

  const second = createActor(machine().provide({}), { clock, snapshot: saved }).start();
  const engine = engineOf(second);
  // The first one was stopped without STOP, so its lease has to run out.
  const restored = engine.sync().then(() => true);
  while (!(await Promise.race([restored, clock.advance(1_000).then(() => false)])));
  expect(transport.backend.effects.length).toBe(1);
  expect(await engine.outbox.hasOperations()).toBe(false);
  await engine.dispose();
});

test('a stopped actor stays stopped when restored', async () => {
  const { machine, clock } = await openMachine();
  const first = createActor(machine(), { clock }).start();
  first.send({ type: 'STOP' });
  const saved = copyOf(first.getPersistedSnapshot()) as Snapshot<unknown>;
  expect(createActor(machine(), { clock, snapshot: saved }).start().getSnapshot().status).toBe('done');
});

test('a parent machine runs the chart as a child, receives its end, sends it events, and is restored with it', async () => {
  const { machine, clock, transport } = await openMachine();
  const parent = setup({
    types: { context: {} as { syncs: number }, events: {} as { type: 'user.refreshes' } | { type: 'user.leaves' } },
    actors: { sync: machine() },
    actions: { count: assign({ syncs: ({ context }) => context.syncs + 1 }) },
  }).createMachine({
    id: 'app',
    context: { syncs: 0 },
    initial: 'running',
    states: {
      running: {
        invoke: { id: 'sync', src: 'sync', onDone: 'left' },
        on: {
          'user.refreshes': { actions: ['count', sendTo('sync', { type: 'SYNC' })] },
          'user.leaves': { actions: sendTo('sync', { type: 'STOP' }) },
        },
      },
      left: { type: 'final' },
    },
  });
  const start = (snapshot?: Snapshot<unknown>) =>
    createActor(parent, { clock, ...(snapshot === undefined ? {} : { snapshot }) }).start();
  const childOf = (app: ReturnType<typeof start>) => {
    const child = app.getSnapshot().children.sync;
    if (child === undefined) throw new Error('the parent runs the chart');
    return child;
  };

  const first = start();
  await createWriter(dataSource, { clock }).forTable(todos).insertAndEnqueue(todoOf('a'));
  first.send({ type: 'user.refreshes' });
  await waitFor(childOf(first), (snapshot) => phaseOf(snapshot) === 'idle' && snapshot.context.lastStats.pushed === 1);
  const saved = copyOf(first.getPersistedSnapshot()) as Snapshot<unknown>;
  first.stop();

  const second = start(saved);
  expect(second.getSnapshot().context).toEqual({ syncs: 1 });
  await createWriter(dataSource, { clock }).forTable(todos).insertAndEnqueue(todoOf('b'));
  second.send({ type: 'user.refreshes' });
  await clock.advance(60_000);
  await waitFor(childOf(second), (snapshot) => phaseOf(snapshot) === 'idle' && snapshot.context.lastStats.pushed === 1);
  expect(transport.backend.get('todos', 'b')).toBeDefined();
  second.send({ type: 'user.leaves' });
  await waitFor(second, ({ status }) => status === 'done');
});

test('the engine of a child actor provides status and explanations', async () => {
  const { machine, clock, network } = await openMachine();
  const app = createActor(
    setup({ actors: { sync: machine() } }).createMachine({ invoke: { id: 'sync', src: 'sync' } }),
    { clock },
  ).start();
  const child = app.getSnapshot().children.sync;
  if (child === undefined) throw new Error('the parent runs the chart');
  const engine = engineOf(child as never);
  network.offline = true;
  await engine.writer(todos).insertAndEnqueue(todoOf('a'));
  expect((await engine.explain()).length).toBe(1);
  await engine.dispose();
});
