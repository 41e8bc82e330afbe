import { expect, onTestFinished, test, vi, type MockInstance } from 'vitest';
import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import {
  createDevtoolsClient,
  type DevtoolsClient,
  type PanelState,
} from '../../src/devtools/client/devtools-client.ts';
import { createLocalChannel } from '../../src/devtools/protocol/local-channel.ts';
import { internalsOf } from '../../src/engine/core/engine-internals.ts';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import { MemoryTransport } from '../../src/testing/memory-transport.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

async function open(options: Parameters<typeof openEngine>[0] = {}): Promise<EngineBench> {
  const bench = await openEngine(options);
  onTestFinished(() => bench.close());
  return bench;
}
/** How many listen to it through what was subscribed since. */
function listenersOf(source: { subscribe: (...args: never[]) => unknown }): () => number {
  let count = 0;
  const subscribe = source.subscribe.bind(source) as (...args: unknown[]) => { unsubscribe(): void };
  const spy: MockInstance = vi.spyOn(source, 'subscribe' as never);
  spy.mockImplementation(((...args: unknown[]) => {
    const subscription = subscribe(...args);
    count += 1;
    return {
      unsubscribe: () => {
        count -= 1;
        subscription.unsubscribe();
      },
    };
  }) as never);
  onTestFinished(() => spy.mockRestore());
  return () => count;
}
const heardPlace = (engine: SyncEngine): unknown => Reflect.get(engine.actor.system, '_sendInspectionEvent');

test('Cost: with recording off and no panel open, the devtools subscribe to nothing and build nothing per operation', async () => {
  const transport = new MemoryTransport();
  const bench = await open({ transport });
  const { engine, writer } = bench;
  await engine.start();
  const given: (object | undefined)[] = [];
  const push = transport.push.bind(transport);
  vi.spyOn(transport, 'push').mockImplementation((ops, context) => {
    given.push(context.onAnswer);
    return push(ops, context);
  });
  const contextOf = async (id: string): Promise<object | undefined> => {
    const own = { onAnswer: () => undefined };
    await internalsOf(engine, 'the test').ports.transport.push([], own);
    await writer.insertAndEnqueue(todoOf(id));
    await engine.sync();
    return given.find((onAnswer) => onAnswer === own.onAnswer);
  };
  const place = heardPlace(engine);
  const listeners = [listenersOf(engine.events$), listenersOf(engine.status$), listenersOf(engine.actor)];
  const counts = (): readonly number[] => listeners.map((count) => count());

  const agent = attachDevtools(engine);
  expect(counts()).toEqual([1, 0, 0]);
  expect([heardPlace(engine) === place, await contextOf('a')]).toEqual([false, undefined]);

  await agent.run({ type: 'record', on: false });
  const { lastId } = agent.log;
  expect(counts()).toEqual([0, 0, 0]);
  expect(heardPlace(engine)).toBe(place);
  expect(await contextOf('b')).toBeDefined();
  expect(agent.log.lastId).toBe(lastId);

  await agent.run({ type: 'record', on: true });
  await contextOf('c');
  const written = agent.log.read({ afterId: lastId + 1 });
  expect(new Set(written.map(({ type }) => type))).toEqual(new Set(['transition', 'event', 'request']));
  agent.detach();
  expect([counts(), heardPlace(engine) === place]).toEqual([[0, 0, 0], true]);
});

const when = (client: DevtoolsClient, holds: (state: PanelState) => boolean): Promise<void> =>
  new Promise((resolve) => {
    const check = (): void => {
      if (!holds(client.getState())) return;
      stop();
      resolve();
    };
    const stop = client.subscribe(check);
    check();
  });

test('Cost: with the log off, an open panel still receives status and progress, a closed one nothing', async () => {
  const { engine, writer } = await open();
  await engine.start();
  const listeners = [listenersOf(engine.status$), listenersOf(engine.actor)];
  const agent = attachDevtools(engine);
  await agent.run({ type: 'record', on: false });
  const { engineEnd, panelEnd } = createLocalChannel();
  const end = agent.connect(engineEnd);
  expect(listeners.map((count) => count())).toEqual([0, 0]);
  const client = createDevtoolsClient(panelEnd);
  await client.query('kinds', {});
  await writer.insertAndEnqueue(todoOf('a'));
  await engine.sync();
  await when(client, ({ view }) => view?.status.lastSyncedAt !== undefined);
  expect(client.getState().view?.throughput.at(-1)).toBeGreaterThanOrEqual(1);
  expect(client.getState().entries.map(({ type }) => type)).toEqual(['command']);

  client.dispose();
  await new Promise<void>((resolve) => queueMicrotask(resolve));
  expect(listeners.map((count) => count())).toEqual([0, 0]);
  end();
});

test('I12: after the engine ends, a panel reads what was recorded, even if recording is switched then', async () => {
  const bench = await open();
  const agent = attachDevtools(bench.engine);
  await bench.engine.sync();
  await bench.engine.dispose();
  for (const on of [true, false]) await agent.run({ type: 'record', on });
  const { engineEnd, panelEnd } = createLocalChannel();
  agent.connect(engineEnd);
  const client = createDevtoolsClient(panelEnd);
  onTestFinished(() => client.dispose());
  await when(client, ({ connection }) => connection === 'connected');
  expect(client.getState().entries.map(({ id }) => id)).toEqual(agent.log.read().map(({ id }) => id));
});

test('I13: lazily built entries contain no secret and show the state at the time of the entry', async () => {
  const { engine } = await open();
  const agent = attachDevtools(engine);
  const kinds = ['todos'];
  await engine.sync({ kinds });
  kinds.push('added later');
  internalsOf(engine, 'the test').tell([{ type: 'transport.warning', message: 'rejected: Bearer abcdef123456' }]);
  internalsOf(engine, 'the test').tell([
    {
      type: 'backoff.scheduled',
      attempt: 1,
      delayMs: 1,
      retryAt: undefined,
      cause: { name: 'NetworkError', message: 'Basic dXNlcjpwYXNz' } as never,
    },
  ]);
  const entries = agent.log.read();
  expect(entries.find((entry) => entry.type === 'transition' && entry.cause === 'SYNC')).toMatchObject({
    input: { pushKinds: ['todos'], pullKinds: ['todos'] },
  });
  const texts = [JSON.stringify(entries), JSON.stringify(await agent.ask('bundle', {}))];
  for (const text of texts) {
    expect(text).toContain('[redacted]');
    expect(text).not.toMatch(/abcdef123456|dXNlcjpwYXNz/);
  }
});
