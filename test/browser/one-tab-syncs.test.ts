import type { Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestServer, type TestServer } from '../../src/testing.ts';
import { browserApp, openBrowser, type BrowserSite, type TestBrowser } from '../support/browser-app.ts';

let browser: TestBrowser;
let site: BrowserSite;
let server: TestServer;
beforeAll(async () => {
  browser = await openBrowser(await browserApp());
}, 120_000);
afterAll(() => browser.close());
beforeEach(async () => {
  site = await browser.site();
  server = await createTestServer();
});
afterEach(async () => {
  await site.close();
  await server.stop();
});

async function openTab(name: string): Promise<Page> {
  const page = await site.tab();
  await page.evaluate(([url, tab]) => app.openAs(url, tab), [server.url, name] as const);
  return page;
}
const addTodos = async (page: Page, name: string, count: number): Promise<void> => {
  for (let index = 0; index < count; index += 1) await page.evaluate((id) => app.addTodo(id), `${name}-${index}`);
};

/** The tab of each write, in server order. */
const writers = (): readonly string[] =>
  server.recordedRequests
    .filter(({ method }) => method === 'PUT')
    .map(({ headers }) => String(headers['authorization']).replace('Bearer ', ''));
const keys = (): readonly string[] =>
  server.recordedRequests
    .filter(({ method }) => method === 'PUT')
    .map(({ headers }) => String(headers['x-idempotency-key']));

test('I11: only one of two concurrently syncing tabs sends, and it sends each operation once', {
  timeout: 60_000,
}, async () => {
  const [a, b] = [await openTab('a'), await openTab('b')];
  await addTodos(a, 'a', 5);
  await addTodos(b, 'b', 5);
  const results = await Promise.all([a, b].map((page) => page.evaluate(() => app.sync())));
  expect(results).toEqual(['synced', 'synced']);
  expect(writers()).toHaveLength(10);
  expect(new Set(writers()).size).toBe(1);
  expect(new Set(keys()).size).toBe(10);
});

test('I8, I2: another tab takes over at once when the syncing tab crashes', { timeout: 60_000 }, async () => {
  const [dying, other] = [await openTab('dying'), await openTab('other')];
  await addTodos(dying, 'x', 2);
  server.hangNextRequests(1, { afterCommit: true, match: { method: 'PUT' } });
  const reached = expect.poll(() => writers().length, { timeout: 20_000 }).toBe(1);
  void dying.evaluate(() => app.sync()).catch(() => undefined);
  await reached;
  const session = await site.context.newCDPSession(dying);
  session.send('Page.crash').catch(() => undefined);
  const crashedAt = performance.now();
  expect(await other.evaluate(() => app.sync())).toBe('synced');
  expect(performance.now() - crashedAt).toBeLessThan(10_000);
  expect(server.getAll('todos').map(({ id }) => id)).toEqual(['x-0', 'x-1']);
  expect(new Set(keys()).size).toBe(2);
  expect(await other.evaluate(() => app.pendingCount())).toEqual([{ n: 0 }]);
});

test('I11: a hidden tab hands the sync to a visible one between two batches', { timeout: 60_000 }, async () => {
  const count = 40;
  const [hidden, seen] = [await openTab('hidden'), await openTab('seen')];
  await addTodos(hidden, 'x', count);
  await hidden.evaluate(() => app.pretendToBe('hidden'));
  server.delayNextRequests(150, count, { method: 'PUT' });
  const third = expect.poll(() => writers().length, { timeout: 20_000 }).toBeGreaterThan(2);
  const first = hidden.evaluate(() => app.sync());
  await third;
  expect(await seen.evaluate(() => app.sync())).toBe('synced');
  expect(await first).toBe('synced');
  const turns = writers();
  expect(turns[0]).toBe('hidden');
  expect(turns.at(-1)).toBe('seen');
  expect(turns.lastIndexOf('hidden')).toBeLessThan(turns.indexOf('seen'));
  expect(new Set(keys()).size).toBe(count);
  expect(turns).toHaveLength(count);
});

test('F-143: an account switch in one tab stops the others and sends nothing of the first user', {
  timeout: 60_000,
}, async () => {
  const [a, b] = [await openTab('a'), await openTab('b')];
  expect(await b.evaluate(() => app.sync())).toBe('synced');
  await addTodos(b, 'of-ann', 3);
  await a.evaluate(() => app.signIn('bob'));
  expect(await a.evaluate(() => app.clearScope())).toBe(3);
  expect(await b.evaluate(() => app.sync())).toContain('Scope');
  await addTodos(b, 'late', 1);
  expect(await b.evaluate(() => app.sync())).toContain('Scope');
  expect(await b.evaluate(() => app.scopeChanged())).toBe(true);
  await addTodos(a, 'of-bob', 1);
  expect(writers()).toEqual([]);
});

test('F-107: each tab shows which tab owns the file and which one syncs, and notices a crash of that tab', {
  timeout: 60_000,
}, async () => {
  const [first, second] = [await openTab('first'), await openTab('second')];
  const told = (page: Page) => page.evaluate(() => app.engineStorage());
  const [ownTab, otherTab] = [(await told(first))?.tab, (await told(second))?.tab];
  expect(await told(first)).toMatchObject({ role: 'owner', ownerTab: ownTab });
  expect(await told(second)).toMatchObject({ role: 'follower', ownerTab: ownTab });
  expect((await told(first))?.syncingTab).toBe(undefined);

  await addTodos(second, 'x', 1);
  server.hangNextRequests(2, { match: { method: 'PUT' } });
  void second.evaluate(() => app.sync()).catch(() => undefined);
  await expect.poll(async () => (await told(first))?.syncingTab, { timeout: 10_000 }).toBe(otherTab);
  expect((await told(second))?.syncingTab).toBe(otherTab);
  const late = await openTab('late');
  await expect.poll(async () => (await told(late))?.syncingTab, { timeout: 10_000 }).toBe(otherTab);

  const session = await site.context.newCDPSession(second);
  session.send('Page.crash').catch(() => undefined);
  await expect.poll(async () => (await told(first))?.syncingTab, { timeout: 10_000 }).toBe(undefined);
  await expect.poll(async () => (await told(late))?.syncingTab, { timeout: 10_000 }).toBe(undefined);
});
