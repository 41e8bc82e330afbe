import { createContext, runInContext } from 'node:vm';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  createInspectedPage,
  type Evaluate,
  type FoundEngine,
  type InspectedPage,
  type Visit,
} from '../../extension/src/inspected-page.ts';
import { createPageWatch, type PageWatch } from '../../extension/src/page-watch.ts';
import { hookName, type Exchange } from '../../src/devtools/bridge/page-hook.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A page as the watch sees it, and what was said to it. */
class ScriptedPage implements InspectedPage {
  engines: readonly FoundEngine[] = [];
  failure: string | undefined;
  readonly said: Exchange[] = [];
  visits = 0;

  async visit(_engineId?: string, request?: string): Promise<Visit> {
    this.visits += 1;
    await Promise.resolve();
    if (this.failure !== undefined) throw new Error(this.failure);
    if (request === undefined) return { engines: this.engines };
    const exchange = JSON.parse(request) as Exchange;
    this.said.push(exchange);
    return {
      engines: this.engines,
      answer: JSON.stringify({ isOpen: exchange.step !== 'close', more: false, text: '' }),
    };
  }
}
const found = (id: string, name: string): FoundEngine => ({ id, label: name, key: name });
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

async function watched(page: ScriptedPage): Promise<PageWatch> {
  const watch = createPageWatch(page);
  watch.start();
  await pass(0);
  return watch;
}

test('I12: polls a page without an engine until it has one, then greets it', async () => {
  const page = new ScriptedPage();
  const watch = await watched(page);
  expect(watch.getState()).toMatchObject({ presence: 'none', engines: [], shown: undefined });
  page.engines = [found('1', 'app')];
  await pass(700);
  expect(watch.getState()).toMatchObject({ presence: 'found', shown: { key: 'app' } });
  expect(page.said[0]).toMatchObject({ engine: '1', step: 'open', messages: [{ type: 'hello' }] });
  expect(page.said[1]).toMatchObject({ engine: '1', step: 'go', messages: [] });
  watch.stop();
});

test('I12: greets the same engine again after a reload; another one replaces it only after 3 s', async () => {
  const page = new ScriptedPage();
  page.engines = [found('1', 'app'), found('2', 'other')];
  const watch = await watched(page);
  await pass(60_000);
  page.engines = [];
  await pass(1_000);
  expect(watch.getState()).toMatchObject({ presence: 'looking', shown: { key: 'app' } });
  page.engines = [found('3', 'other')];
  await pass(1_000);
  expect(watch.getState()).toMatchObject({ presence: 'looking', shown: { key: 'app' } });
  page.said.length = 0;
  page.engines = [found('3', 'other'), found('4', 'app')];
  await pass(1_000);
  expect(watch.getState()).toMatchObject({ presence: 'found', shown: { key: 'app' } });
  expect(page.said[0]).toMatchObject({ engine: '4', step: 'open', messages: [{ type: 'hello' }] });

  page.engines = [found('5', 'other')];
  await pass(5_000);
  expect(watch.getState()).toMatchObject({ presence: 'found', shown: { key: 'other' } });
  page.engines = [];
  await pass(5_000);
  expect(watch.getState()).toMatchObject({ presence: 'none', shown: { key: 'other' } });
  watch.stop();
});

test('I12: reports why a page is inaccessible and retries; requests to it fail', async () => {
  const page = new ScriptedPage();
  page.engines = [found('1', 'app')];
  const watch = await watched(page);
  await pass(100);
  const asked = watch.getState().shown?.client.command({ type: 'pause' });
  const outcome = expect(asked).rejects.toThrow('the engine is gone');
  page.failure = 'The page does not answer.';
  await pass(4_000);
  await outcome;
  expect(watch.getState()).toMatchObject({ presence: 'none', problem: 'The page does not answer.', engines: [] });
  page.failure = undefined;
  page.said.length = 0;
  await pass(2_000);
  expect(watch.getState()).toMatchObject({ presence: 'found', problem: undefined });
  expect(page.said[0]).toMatchObject({ step: 'open', messages: [{ type: 'hello' }] });
  watch.stop();
});

test('I10: a stopped watch says goodbye and asks nothing until it restarts', async () => {
  const page = new ScriptedPage();
  page.engines = [found('1', 'app')];
  const watch = await watched(page);
  await pass(100);
  watch.stop();
  await pass(0);
  expect(page.said.at(-1)).toMatchObject({ step: 'close' });
  const { visits } = page;
  await pass(60_000);
  expect(page.visits).toBe(visits);
  watch.start();
  await pass(10);
  expect(page.said.at(-1)).toMatchObject({ step: 'open', messages: [{ type: 'hello' }] });
  watch.stop();
});

test('I12: choosing another engine shows it and tells the previous one that its panel has gone', async () => {
  const page = new ScriptedPage();
  page.engines = [found('1', 'app'), found('2', 'other')];
  const watch = await watched(page);
  await pass(100);
  page.said.length = 0;
  watch.choose('2');
  watch.choose('no such engine');
  await pass(100);
  expect(page.said[0]).toMatchObject({ engine: '1', step: 'close' });
  expect(page.said[1]).toMatchObject({ engine: '2', step: 'open' });
  expect(watch.getState().shown?.key).toBe('other');
  watch.stop();
});

/** A frame as another script sees it; `url` undefined: of another site. */
interface Frame {
  readonly url?: string;
  readonly engines?: string;
  readonly inner?: readonly Frame[];
}
function windowOf({ url, engines, inner = [] }: Frame): object {
  const frames = Object.fromEntries(inner.map((frame, index) => [String(index), windowOf(frame)]));
  const window = { ...frames, length: inner.length, location: { href: url, origin: 'https://app.example' } };
  if (engines !== undefined)
    Object.assign(window, { [Symbol.for(hookName)]: { list: () => engines, exchange: () => 'answer' } });
  const refuse = (): never => {
    throw new Error('Blocked a frame from accessing a cross-origin frame.');
  };
  // `length` and the frames in it are open to everybody.
  return url === undefined ? Object.defineProperty(window, Symbol.for(hookName), { get: refuse }) : window;
}
/** Runs what is evaluated as a page would: in a realm of its own, and what comes back is as JSON carries it. */
function pageOf(frame: Frame): Evaluate {
  const window = windowOf(frame);
  const context = createContext(Object.assign(window, { window }));
  return (expression) => Promise.resolve(JSON.parse(JSON.stringify(runInContext(expression, context))));
}
const listOf = (...names: readonly string[]): string =>
  JSON.stringify(names.map((name) => ({ id: `id of ${name}`, name })));

test('I12: finds and distinguishes engines in all accessible frames', async () => {
  const top: Frame = {
    url: 'https://app.example/',
    engines: JSON.stringify([
      { id: '1', name: 'app' },
      { id: '2', name: 'app' },
    ]),
    inner: [
      { url: 'https://app.example/mail?secret=1', engines: listOf('mail') },
      { inner: [{ url: 'https://app.example/deep', engines: listOf('deep') }] },
    ],
  };
  const foreign: Frame = { url: 'https://other.example/x', engines: listOf('foreign') };
  const [evaluateTop, evaluateForeign] = [pageOf(top), pageOf(foreign)];
  const asked: (string | undefined)[] = [];
  const evaluate: Evaluate = (expression, frameUrl) => {
    asked.push(frameUrl);
    return (frameUrl === undefined ? evaluateTop : evaluateForeign)(expression);
  };
  const documents = [
    'https://app.example/',
    'https://app.example/mail?secret=1',
    'https://other.example/x',
    'about:blank',
  ];
  const page = createInspectedPage(
    evaluate,
    () => Promise.resolve(documents),
    () => 0,
  );
  const { engines } = await page.visit();
  expect(engines.map(({ label }) => label)).toEqual([
    'app',
    'app (2)',
    'mail in /mail',
    'deep in /deep',
    'foreign in other.example/x',
  ]);
  expect(new Set(engines.map(({ key }) => key)).size).toBe(5);
  expect(asked).toEqual([undefined, 'https://other.example/x']);
  expect((await page.visit('id of foreign', '{}')).answer).toBe('answer');
  expect(asked.slice(2)).toEqual([undefined, 'https://other.example/x']);
});

test('I13: tolerates any page output: ignores invalid lists, cuts names, and limits the number of engines', async () => {
  for (const engines of ['', '{}', '[{"id":1,"name":"x"}]', '[{"id":"","name":"x"}]', 'null']) {
    const page = createInspectedPage(pageOf({ url: 'https://app.example/', engines }), () => Promise.resolve([]));
    expect((await page.visit()).engines).toEqual([]);
  }
  const many = JSON.stringify(
    Array.from({ length: 500 }, (_, index) => ({ id: String(index), name: 'x'.repeat(5_000) })),
  );
  const { engines } = await createInspectedPage(pageOf({ url: 'https://app.example/', engines: many }), () =>
    Promise.resolve([]),
  ).visit();
  expect({ count: engines.length, longest: Math.max(...engines.map(({ label }) => label.length)) }).toEqual({
    count: 50,
    longest: 85,
  });
  for (const answer of [undefined, null, 1, 'x', {}, { origin: 'x' }, { origin: 'x', hooks: [{}] }])
    await expect(
      createInspectedPage(
        () => Promise.resolve(answer),
        () => Promise.resolve([]),
      ).visit(),
    ).rejects.toThrow('something else');
});
