import type { Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { browserApp, openBrowser, type BrowserSite, type TestBrowser } from '../support/browser-app.ts';
import {
  crippledWorkers,
  withoutBoth,
  withoutFile,
  withoutIndexedDb,
  withoutOutcome,
} from '../support/crippled-worker.ts';

const plainHttp = 'http://app.test';

let browser: TestBrowser;
let site: BrowserSite;
let documents: Readonly<Record<string, string>>;
beforeAll(async () => {
  const folder = await browserApp();
  documents = await crippledWorkers(folder);
  browser = await openBrowser(folder);
}, 120_000);
afterAll(() => browser.close());
beforeEach(async () => {
  site = await browser.site({ documents });
});
afterEach(() => site.close());

const open = (page: Page, worker?: string): Promise<string> =>
  page.evaluate((given) => app.open(given === undefined ? {} : { worker: given }), worker);
const addNote = (page: Page, tab: string): Promise<unknown> =>
  page.evaluate((by) => app.query('INSERT INTO notes (tab, n, part) VALUES (?, 0, ?)', [by, 'only']), tab);
const notes = async (page: Page): Promise<unknown> => {
  const rows = await page.evaluate(() => app.query('SELECT tab FROM notes ORDER BY id'));
  return Array.isArray(rows) ? rows.map(({ tab }: { tab: string }) => tab) : rows;
};
const mode = (page: Page): Promise<string> => page.evaluate(() => app.storage().mode);
const isWhole = async (page: Page): Promise<void> =>
  expect(await page.evaluate(() => app.query('PRAGMA integrity_check'))).toEqual([{ integrity_check: 'ok' }]);

async function reload(page: Page): Promise<void> {
  await page.reload();
  await page.waitForFunction(() => 'app' in globalThis);
}

test('I7: stores commits in IndexedDB when there is no private file system; they outlive the page', async () => {
  const page = await site.tab();
  expect(await open(page, withoutFile)).toBe('open');
  expect(await page.evaluate(() => app.storage())).toMatchObject({ mode: 'indexeddb', role: 'owner' });
  expect(await page.evaluate(() => app.storage().reason)).toMatch(/private file system/);
  await addNote(page, 'a');
  await page.evaluate(() => app.writeAtOnce('many', 200));
  await reload(page);
  expect(await open(page, withoutFile)).toBe('open');
  expect(await mode(page)).toBe('indexeddb');
  expect(((await notes(page)) as string[]).length).toBe(201);
  await isWhole(page);
});

test('I7: reports a commit whose outcome IndexedDB does not tell as one that may be stored', async () => {
  const page = await site.tab();
  expect(await open(page, withoutOutcome)).toBe('open');
  await addNote(page, 'before');
  await page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const channel = new BroadcastChannel('lose outcome');
        channel.onmessage = () => resolve();
        channel.postMessage('now');
      }),
  );
  expect(String(await addNote(page, 'doubtful').catch(String))).toMatch(/may be stored: reload the page/);
  // The page holds the state before the commit, so it must not write on.
  expect(String(await addNote(page, 'next').catch(String))).not.toMatch(/^\[|object/);
  await reload(page);
  expect(await open(page, withoutFile)).toBe('open');
  expect(await notes(page)).toEqual(['before', 'doubtful']);
  await isWhole(page);
});

test('I7: works with the private file system alone when IndexedDB is missing', async () => {
  const page = await site.tab();
  expect(await open(page, withoutIndexedDb)).toBe('open');
  expect(await mode(page)).toBe('opfs');
  await addNote(page, 'a');
  await reload(page);
  expect(await open(page)).toBe('open');
  expect(await notes(page)).toEqual(['a']);
});

test('without both, rejects the open with a code, or reports memory storage if the app allows it', async () => {
  const page = await site.tab();
  expect(await open(page, withoutBoth)).toMatch(
    /^BrowserStorageError\(noDurableStorage\): .*lacks IndexedDB.*allowMemory/,
  );
  expect(await page.evaluate((worker) => app.open({ worker, allowMemory: true }), withoutBoth)).toBe('open');
  const status = await page.evaluate(() => app.storage());
  expect(status).toMatchObject({ mode: 'memory', role: 'owner', persisted: false });
  expect(status.reason).toMatch(/lacks IndexedDB/);
  await addNote(page, 'a');
  // Another tab has its own database.
  const other = await site.tab();
  expect(await other.evaluate((worker) => app.open({ worker, allowMemory: true }), withoutBoth)).toBe('open');
  expect(await notes(other)).toEqual([]);
  expect(await notes(page)).toEqual(['a']);
});

test('two tabs share the pages in IndexedDB, and the second goes on after the first closes', async () => {
  const [first, second] = [await site.tab(), await site.tab()];
  expect(await open(first, withoutFile)).toBe('open');
  expect(await open(second, withoutFile)).toBe('open');
  expect(await second.evaluate(() => app.storage())).toMatchObject({ mode: 'indexeddb', role: 'follower' });
  await second.evaluate(() => app.follow());
  await addNote(first, 'a');
  await addNote(second, 'b');
  await expect.poll(() => second.evaluate(() => app.live())).toBe(2);
  await first.close();
  await addNote(second, 'c');
  expect(await second.evaluate(() => app.storage())).toMatchObject({ mode: 'indexeddb', role: 'owner' });
  expect(await notes(second)).toEqual(['a', 'b', 'c']);
  await isWhole(second);
});

test('I7: rolls a commit back from memory when storage is full, and writes again once there is space', async () => {
  const page = await site.tab();
  // Chromium caches the free space for a while, so the test sets the limit before the first write.
  const session = await site.context.newCDPSession(page);
  await session.send('Storage.overrideQuotaForOrigin', { origin: site.url, quotaSize: 3_000_000 });
  await open(page, withoutFile);
  await addNote(page, 'a');
  const fill = 'INSERT INTO notes (tab, n, part) VALUES (?, 1, hex(randomblob(2000000)))';
  const refusal = await page.evaluate((sql) => app.query(sql, ['big']), fill);
  expect(refusal).toMatch(/storage is full: nothing of this was written. Free space/);
  expect(await notes(page)).toEqual(['a']);
  // The table of a refused transaction does not exist.
  const refused = await page.evaluate(() => app.createAndFill('refused'));
  expect(refused).toMatch(/storage is full/);
  expect(await page.evaluate(() => app.query('SELECT 1 FROM refused'))).toMatch(/no such table: refused/);
  await isWhole(page);
  await session.send('Storage.overrideQuotaForOrigin', { origin: site.url });
  expect(await page.evaluate(() => app.createAndFill('refused'))).toBe('done');
  expect(await page.evaluate((sql) => app.query(sql, ['big']), fill)).toEqual(expect.any(Number));
  await reload(page);
  await open(page, withoutFile);
  expect(await notes(page)).toEqual(['a', 'big']);
  await isWhole(page);
});

test('exports, imports, rescues and deletes pages in IndexedDB', async () => {
  const page = await site.tab();
  await open(page, withoutFile);
  await addNote(page, 'a');
  const bytes = await page.evaluate(() => app.exportFile());
  expect(bytes.slice(0, 15)).toBe('SQLite format 3');
  await addNote(page, 'b');
  expect(await page.evaluate((given) => app.importFile(given), bytes)).toBe('imported');
  expect(await notes(page)).toEqual(['a']);
  expect(await page.evaluate(() => app.rescue('app'))).toMatch(/inUse/);
  expect(await page.evaluate(() => app.deleteDatabase('app'))).toMatch(/inUse/);
  await page.evaluate(() => app.close());
  await open(page, withoutFile);
  expect(await notes(page)).toEqual(['a']);
  await page.evaluate(() => app.close());
  expect(await page.evaluate(() => app.rescue('app'))).toBe('true false');
  expect(await page.evaluate(() => app.deleteDatabase('app'))).toBe('deleted');
  expect(await page.evaluate(() => app.rescue('app'))).toMatch(/no stored database/);
  expect(await open(page)).toBe('open');
  expect(await mode(page)).toBe('opfs');
  expect(await notes(page)).toEqual([]);
});

test('I7: moves data from IndexedDB into the private file system once the browser has one', async () => {
  const page = await site.tab();
  await open(page, withoutFile);
  await addNote(page, 'a');
  await page.evaluate(() => app.close());
  expect(await open(page)).toBe('open');
  const status = await page.evaluate(() => app.storage());
  expect(status).toMatchObject({ mode: 'opfs' });
  expect(status.reason).toBeUndefined();
  expect(await notes(page)).toEqual(['a']);
  await addNote(page, 'b');
  await page.evaluate(() => app.close());
  // The data is in the file now: a browser that has lost it creates no second database.
  expect(await open(page, withoutFile)).toMatch(/^BrowserStorageError\(noDurableStorage\): .*lies there/);
  expect(await open(page)).toBe('open');
  expect(await notes(page)).toEqual(['a', 'b']);
  await isWhole(page);
});

test('over plain HTTP, stores in IndexedDB for one tab and rejects a second tab with a code', {
  timeout: 60_000,
}, async () => {
  const page = await site.tab('/', plainHttp);
  expect(await open(page)).toBe('open');
  expect(await page.evaluate(() => app.storage())).toMatchObject({ mode: 'indexeddb', role: 'owner' });
  expect(await page.evaluate(() => app.storage().reason)).toMatch(/not secure/);
  await addNote(page, 'a');
  const second = await site.tab('/', plainHttp);
  expect(await open(second)).toMatch(/^BrowserStorageError\(inUse\): .*one tab at a time/);
  await addNote(page, 'b');
  expect(await page.evaluate(() => app.deleteDatabase('app'))).toMatch(/inUse/);
  await page.close();
  expect(await open(second)).toBe('open');
  expect(await notes(second)).toEqual(['a', 'b']);
  await reload(second);
  expect(await open(second)).toBe('open');
  expect(await notes(second)).toEqual(['a', 'b']);
  await second.evaluate(() => app.close());
  expect(await second.evaluate(() => app.rescue('app'))).toBe('true false');
  expect(await second.evaluate(() => app.deleteDatabase('app'))).toBe('deleted');
  expect(await open(second)).toBe('open');
  expect(await notes(second)).toEqual([]);
});

test('over plain HTTP without IndexedDB, rejects with a code unless memory is allowed', async () => {
  const page = await site.tab('/', plainHttp);
  expect(await open(page, withoutIndexedDb)).toMatch(/^BrowserStorageError\(insecureContext\): .*allowMemory/);
  expect(await page.evaluate((worker) => app.open({ worker, allowMemory: true }), withoutIndexedDb)).toBe('open');
  expect(await mode(page)).toBe('memory');
  expect(await notes(page)).toEqual([]);
});

test('I7: never opens half a database after the user deletes its data while it is open', async () => {
  const page = await site.tab();
  await open(page, withoutFile);
  await addNote(page, 'a');
  const session = await site.context.newCDPSession(page);
  await session.send('Storage.clearDataForOrigin', { origin: site.url, storageTypes: 'indexeddb' });
  expect(await addNote(page, 'b')).toMatch(/deleted by something else|nothing of it is written/);
  expect(await addNote(page, 'c')).toMatch(/deleted by something else/);
  await reload(page);
  expect(await open(page, withoutFile)).toBe('open');
  expect(await notes(page)).toEqual([]);
});
