import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { createSessionChannel } from '../../extension/src/session-channel.ts';
import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import { exposeSyncDevtools } from '../../src/devtools/bridge/expose-sync-devtools.ts';
import { openPageHook } from '../../src/devtools/bridge/open-page-hook.ts';
import { hookName, type Exchanged, type ExposedEngine, type PageHook } from '../../src/devtools/bridge/page-hook.ts';
import { createPageSession } from '../../src/devtools/bridge/page-session.ts';
import { createDevtoolsClient, type DevtoolsClient } from '../../src/devtools/client/devtools-client.ts';
import type { KeyValueStorage } from '../../src/devtools/mount/remembered.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

afterEach(() => {
  vi.useRealTimers();
  Reflect.deleteProperty(globalThis, Symbol.for(hookName));
});

async function exposed(
  options: Parameters<typeof exposeSyncDevtools>[1] = {},
): Promise<{ readonly bench: EngineBench; readonly takeBack: () => void }> {
  const bench = await openEngine();
  const takeBack = exposeSyncDevtools(bench.engine, options);
  onTestFinished(async () => {
    takeBack();
    await bench.close();
  });
  return { bench, takeBack };
}
const hookOf = (): PageHook => Reflect.get(globalThis, Symbol.for(hookName)) as PageHook;
const listed = (): readonly ExposedEngine[] => JSON.parse(hookOf().list()) as readonly ExposedEngine[];

/** A panel that comes by whenever it is told to. */
function panelOf(engineId: string): {
  readonly client: DevtoolsClient;
  readonly session: ReturnType<typeof createSessionChannel>;
  readonly comeBy: () => string;
} {
  const session = createSessionChannel(() => undefined);
  const client = createDevtoolsClient(session.channel);
  return { client, session, comeBy: () => session.accept(hookOf().exchange(session.request(engineId))) };
}

/** Comes by until an answer is there. */
async function answered<Value>(promise: Promise<Value>, comeBy: () => string): Promise<Value> {
  let isDone = false;
  const end = (): void => {
    isDone = true;
  };
  promise.then(end, end);
  while (!isDone) {
    comeBy();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return promise;
}

test('I12: answers a panel that polls, and performs what it asks for', async () => {
  const { bench } = await exposed({ name: 'todo app' });
  const [engine] = listed();
  expect(listed()).toEqual([{ id: engine?.id, name: 'todo app' }]);
  const { client, comeBy } = panelOf(engine?.id ?? '');
  comeBy();
  expect(client.getState()).toMatchObject({ connection: 'connected', engine: { name: 'todo app' } });
  await bench.writer.insertAndEnqueue(todoOf('a'));
  expect(await answered(client.query('operations', {}), comeBy)).toMatchObject({ total: 1 });
  await answered(client.command({ type: 'pause' }), comeBy);
  expect(bench.engine.status().paused).toBe(true);
});

test('I12: a page that goes away fails open requests; the panel starts anew when a page returns, without duplicates', async () => {
  const { bench } = await exposed();
  const id = listed()[0]?.id ?? '';
  const { client, session, comeBy } = panelOf(id);
  comeBy();
  await bench.engine.sync();
  await answered(client.query('kinds', {}), comeBy);
  const asked = client.command({ type: 'pause' });
  const request = session.request(id);
  session.drop();
  await expect(asked).rejects.toThrow('the engine is gone');
  expect(client.getState().connection).toBe('lost');
  // The answer comes after all: half a stream is not read.
  expect(session.accept(hookOf().exchange(request))).toBe('over');
  expect(client.getState().connection).toBe('lost');

  comeBy();
  expect(client.getState().connection).toBe('connected');
  await bench.engine.resume();
  await answered(client.query('kinds', {}), comeBy);
  const ids = client.getState().entries.map((entry) => entry.id);
  expect(ids.length).toBeGreaterThan(5);
  expect(new Set(ids).size).toBe(ids.length);
});

test('I10: a session that nobody polls ends by itself, and a late panel opens another', async () => {
  const { bench } = await exposed();
  const id = listed()[0]?.id ?? '';
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { client, session, comeBy } = panelOf(id);
  comeBy();
  vi.advanceTimersByTime(9_999);
  comeBy();
  expect(client.getState().connection).toBe('connected');
  vi.advanceTimersByTime(10_000);
  expect(vi.getTimerCount()).toBe(0);
  await bench.engine.pause();
  // Nothing is kept for it any more, not even the timer of its news.
  expect(vi.getTimerCount()).toBe(0);
  const late = JSON.parse(hookOf().exchange(session.request(id)) ?? '') as Exchanged;
  expect(late).toEqual({ isOpen: false, text: '', more: false });
  expect(session.accept(JSON.stringify(late))).toBe('over');
  comeBy();
  expect(client.getState()).toMatchObject({ connection: 'connected', view: { status: { paused: true } } });
});

test('I10: bounds unfetched messages, but one message may have any size', () => {
  const session = createPageSession();
  const large = 'x'.repeat(40 * 1024 * 1024);
  session.channel.post({ type: 'answer', id: 1, ok: true, value: large });
  const first = session.take();
  expect({ isOpen: first.isOpen, more: first.more, length: first.text.length }).toEqual({
    isOpen: true,
    more: true,
    length: 512 * 1024,
  });
  session.channel.post({ type: 'gone' });
  expect(session.take()).toEqual({ isOpen: false, text: '', more: false });
});

test('I12: reassembles message pieces, whatever characters they are cut between', () => {
  const told: unknown[] = [];
  for (const shift of ['', 'x', 'xx']) {
    const page = createPageSession();
    const panel = createSessionChannel(() => undefined);
    panel.channel.subscribe((message) => told.push(message));
    const value = `${shift}${'😀é'.repeat(300_000)}`;
    page.channel.post({ type: 'answer', id: 1, ok: true, value });
    panel.request('engine');
    const pieces: string[] = [];
    for (let taken = page.take(); ; taken = page.take()) {
      pieces.push(taken.text);
      // As a browser carries it: halves of characters would become others.
      const carried = new TextDecoder().decode(new TextEncoder().encode(JSON.stringify(taken)));
      if (panel.accept(carried) !== 'more') break;
    }
    expect(pieces.length).toBe(2);
    expect(told.pop()).toEqual({ type: 'answer', id: 1, ok: true, value });
  }
});

test('I13: ignores invalid exchanges, and an invalid message changes nothing', async () => {
  const { bench } = await exposed();
  const engine = listed()[0]?.id ?? '';
  const pause = { type: 'command', id: 1, command: { type: 'pause' } };
  const said = [
    '',
    'pause',
    '[]',
    '{"__proto__":{"engine":"x"}}',
    JSON.stringify({ engine: 'another', session: 's', step: 'open', messages: [pause] }),
    JSON.stringify({ engine, session: 's', step: 'obey', messages: [pause] }),
    JSON.stringify({ engine, session: '', step: 'open', messages: [pause] }),
    JSON.stringify({ engine, session: 's', step: 'open', messages: pause }),
    JSON.stringify({ engine, session: 's'.repeat(201), step: 'open', messages: [pause] }),
  ];
  expect(said.map((request) => hookOf().exchange(request))).toEqual(said.map(() => undefined));
  // Into a session that was never opened.
  expect(hookOf().exchange(JSON.stringify({ engine, session: 's', step: 'go', messages: [pause] }))).toBe(
    '{"isOpen":false,"text":"","more":false}',
  );
  const garbage = [
    null,
    1,
    'pause',
    { type: 'pause' },
    { type: 'command', id: 1, command: { type: 'explode' } },
    { type: 'welcome' },
  ];
  const answer = JSON.parse(
    hookOf().exchange(JSON.stringify({ engine, session: 's', step: 'open', messages: garbage })) ?? '',
  ) as Exchanged;
  expect(answer.text).toContain('not a message of the devtools protocol');
  expect(bench.engine.status().paused).toBe(false);
});

test('I13: a panel survives any answer of a page', () => {
  const { client, session } = panelOf('liar');
  const answers = [
    undefined,
    '',
    'null',
    '{}',
    '{"isOpen":true,"text":1,"more":false}',
    JSON.stringify({ isOpen: true, more: false, text: '{\n[]\n{"type":"gone"}\n' }),
  ];
  for (const answer of answers) {
    session.request('liar');
    session.accept(answer);
    expect(client.getState().engine).toBeUndefined();
  }
  expect(client.getState().connection).toBe('lost');
});

test('I12: a removed engine is no longer found, and its panel is notified', async () => {
  const { takeBack } = await exposed();
  const { client, comeBy } = panelOf(listed()[0]?.id ?? '');
  comeBy();
  takeBack();
  expect(listed()).toEqual([]);
  expect(comeBy()).toBe('over');
  expect(client.getState().connection).toBe('lost');
});

test('I12: several engines share one hook, also across copies of the library, and nothing of it is enumerable', async () => {
  await exposed({ name: 'one' });
  await exposed({ name: 'two' });
  expect(openPageHook()).toBe(hookOf());
  expect(listed().map(({ name }) => name)).toEqual(['one', 'two']);
  expect(Object.keys(globalThis)).not.toContain(hookName);
  const place = Object.defineProperty({}, Symbol.for(hookName), { value: 'something else', configurable: true });
  expect(openPageHook(place)).not.toBe('something else');
});

test('I12: recording begins at once, or with the first panel if so configured', async () => {
  const { bench: at } = await exposed();
  await at.engine.sync();
  expect(attachDevtools(at.engine).log.read().length).toBeGreaterThan(0);
  const { bench: late } = await exposed({ recordFrom: 'panel' });
  await late.engine.sync();
  expect(attachDevtools(late.engine).log.read()).toEqual([]);
  expect(() => exposeSyncDevtools({} as never)).toThrow(TypeError);
});

test('I12: the offline switch persists to the next load and applies from its first request', async () => {
  const kept = new Map<string, string>();
  const storage: KeyValueStorage = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
  };
  await exposed({ storage });
  const { client, comeBy } = panelOf(listed()[0]?.id ?? '');
  await answered(client.command({ type: 'setFaults', faults: { offline: true } }), comeBy);
  expect(kept.get('synchart.devtools')).toContain('"offline":true');
  const { bench } = await exposed({ storage, recordFrom: 'panel' });
  expect(attachDevtools(bench.engine).view().faults).toEqual({ offline: true });
  await answered(client.command({ type: 'setFaults', faults: {} }), comeBy);
  expect(kept.get('synchart.devtools')).toContain('"offline":false');
});
