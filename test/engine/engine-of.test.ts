/** Apps that start from the bare machine, with names of the packed package and XState's own `createActor`. */
import { afterEach, describe, expect, test } from 'vitest';
import type { DataSource } from 'typeorm';
import { createActor, createMachine, waitFor } from 'xstate';
import {
  createSyncEngine,
  createSyncMachine,
  createTriggers,
  engineOf,
  type SyncActor,
  type SyncEngine,
  type SyncEvent,
} from 'synchart';
import { attachDevtools, exposeSyncDevtools } from 'synchart/devtools';
import { MemoryTransport, createSimulatedClock } from 'synchart/testing';
import { openTodoDatabase, todos } from '../support/open-store.ts';
import { todoOf } from '../support/todo.ts';

let dataSource: DataSource;
let transport: MemoryTransport;
afterEach(() => dataSource.destroy());

async function machine() {
  dataSource = await openTodoDatabase('better-sqlite3');
  transport = new MemoryTransport({ naming: 'camelCase' });
  return createSyncMachine({ dataSource, transport, tables: [todos] });
}

test('one call gives a running actor status, explanations, promises and the panel', async () => {
  const actor = createActor(await machine()).start();
  const engine = engineOf(actor);
  expect(engine.actor).toBe(actor);
  await engine.pause();
  await engine.writer(todos).insertAndEnqueue(todoOf('a'));
  expect(engine.status()).toMatchObject({ phase: 'paused', paused: true });
  expect(await engine.explain()).toMatchObject([{ entityId: 'a', reason: 'paused' }]);
  const agent = attachDevtools(engine);
  const told: SyncEvent['type'][] = [];
  engine.events$.subscribe(({ type }) => told.push(type));
  await engine.resume();
  expect(await engine.sync()).toMatchObject({ pushed: 1 });
  expect(transport.backend.get('todos', 'a')).toBeDefined();
  expect(engine.status()).toMatchObject({ phase: 'idle', pending: 0, lastStats: { pushed: 1 } });
  expect(told).toEqual(expect.arrayContaining(['engine.resumed', 'op.pushed', 'sync.completed']));
  agent.detach();
  await engine.dispose();
  expect(actor.getSnapshot().status).toBe('done');
});

test("I12: an engine attached late knows the actor's state, and its queue wakes the chart", async () => {
  const actor = createActor(await machine()).start();
  actor.send({ type: 'PAUSE' });
  await waitFor(actor, (snapshot) => snapshot.matches({ activity: 'paused' }));
  const engine = engineOf(actor);
  expect(engine.status()).toMatchObject({ phase: 'paused', paused: true });
  await engine.resume();
  const triggers = createTriggers(engine, { pushOnOutboxChanges: true, pushDebounceMs: 1 });
  await triggers.start();
  await engine.writer(todos).insertAndEnqueue(todoOf('a'));
  expect(await engine.whenPushed()).toEqual({ parked: [] });
  await engine.dispose();
});

test('starts an actor that is not running; its machine may have other implementations', async () => {
  const ready = await machine();
  const actor = createActor(ready.provide({ actions: {} }));
  const engine = engineOf(actor);
  await engine.start();
  expect(actor.getSnapshot().matches({ activity: 'idle' })).toBe(true);
  await engine.dispose();
});

test('one actor has one engine, whoever creates it', async () => {
  const actor = createActor(await machine()).start();
  const engine = engineOf(actor);
  expect(engineOf(actor)).toBe(engine);
  await engine.dispose();
  const other = createSyncEngine({ dataSource, transport, tables: [todos], clock: createSimulatedClock() });
  expect(engineOf(other.actor)).toBe(other);
  await other.dispose();
});

test.each(['STOP', 'stop()'])(
  'I1: ending the actor with %s ends the engine: streams complete, promises reject',
  async (how) => {
    const actor = createActor(await machine()).start();
    const engine = engineOf(actor);
    await engine.start();
    const ended = new Promise<void>((resolve) => void engine.events$.subscribe({ complete: resolve }));
    if (how === 'STOP') actor.send({ type: 'STOP' });
    else actor.stop();
    await ended;
    await expect(engine.sync()).rejects.toThrow('disposed');
  },
);

describe('reports wiring mistakes by name', () => {
  test('engineOf rejects actors of another machine and stopped actors', async () => {
    const actor = createActor(await machine()).start();
    actor.send({ type: 'STOP' });
    await waitFor(actor, ({ status }) => status === 'done');
    expect(() => engineOf(actor)).toThrow(
      new TypeError('engineOf: this actor has stopped; create a new one from the machine'),
    );
    const stranger = createActor(createMachine({})) as unknown as SyncActor;
    expect(() => engineOf(stranger)).toThrow(
      new TypeError('engineOf: pass an actor of a machine created by createSyncMachine'),
    );
  });

  test('functions that take an engine reject lookalikes', async () => {
    const engine = engineOf(createActor(await machine()));
    const copy: SyncEngine = { ...engine };
    const said = 'pass an engine created by createSyncEngine or engineOf';
    expect(() => createTriggers(copy)).toThrow(new TypeError(`createTriggers: ${said}`));
    expect(() => attachDevtools(copy)).toThrow(new TypeError(`attachDevtools: ${said}`));
    expect(() => exposeSyncDevtools(copy)).toThrow(new TypeError(`exposeSyncDevtools: ${said}`));
    await engine.dispose();
  });
});
