import type { Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { browserApp, openBrowser, type BrowserSite, type TestBrowser } from '../support/browser-app.ts';

/** Takes the handle of one pool file, which no tab of the product does. */
const holdHandle = `
  (async () => {
    const root = await navigator.storage.getDirectory();
    const home = await root.getDirectoryHandle('synchart');
    const pool = await (await home.getDirectoryHandle('app')).getDirectoryHandle('.opaque');
    for await (const handle of pool.values()) {
      self.held = await handle.createSyncAccessHandle();
      break;
    }
    postMessage('held');
  })();
`;

let browser: TestBrowser;
let site: BrowserSite;
beforeAll(async () => {
  browser = await openBrowser(await browserApp());
}, 120_000);
afterAll(() => browser.close());
beforeEach(async () => {
  site = await browser.site({ documents: { '/hold-handle.js': holdHandle } });
});
afterEach(() => site.close());

const addNote = (page: Page, tab: string): Promise<unknown> =>
  page.evaluate((by) => app.query('INSERT INTO notes (tab, n, part) VALUES (?, 0, ?)', [by, 'only']), tab);
const countNotes = (page: Page): Promise<unknown> => page.evaluate(() => app.query('SELECT count(*) AS n FROM notes'));

test('rejects invalid names and keeps unusual ones apart', async () => {
  const page = await site.tab();
  const open = (name: string): Promise<string> => page.evaluate((given) => app.open({ name: given }), name);
  expect(await open('')).toMatch(/^RangeError: openBrowserDatabase: name must not be empty/);
  expect(await open('a/b')).toMatch(/^RangeError: .*slash/);
  expect(await open('a\u0000b')).toMatch(/^RangeError: .*control character/);
  expect(await open('x'.repeat(101))).toMatch(/^RangeError: .*101 characters/);
  for (const name of ['Straße ☃ 50% "*?"', '..', 'App', 'app']) {
    expect(await open(name)).toBe('open');
    expect(await countNotes(page)).toEqual([{ n: 0 }]);
    await addNote(page, 'a');
    await page.evaluate(() => app.close());
  }
});

test('rejects a second set of entities under one name; the first tab goes on', async () => {
  const [first, second] = [await site.tab(), await site.tab()];
  expect(await first.evaluate(() => app.open())).toBe('open');
  const refusal = await second.evaluate(() => app.open({ hasOtherEntities: true }));
  expect(refusal).toMatch(/^BrowserStorageError\(otherEntities\): .*notes; here: others/);
  await addNote(first, 'a');
  expect(await countNotes(first)).toEqual([{ n: 1 }]);
});

test('rejects a stored file that is not a database, leaves it unchanged, and can export it', async () => {
  const page = await site.tab();
  await page.evaluate(() => app.open());
  await addNote(page, 'a');
  await page.evaluate(() => app.close());
  await page.evaluate(() => app.damage('app'));
  const before = await page.evaluate(() => app.fingerprint('app'));
  expect(await page.evaluate(() => app.open())).toMatch(
    /^BrowserStorageError\(notADatabase\): .*rescueBrowserDatabase/,
  );
  expect(await page.evaluate(() => app.fingerprint('app'))).toBe(before);
  expect(await page.evaluate(() => app.rescue('app'))).toBe('true false');
  expect(await page.evaluate(() => app.deleteDatabase('app'))).toBe('deleted');
  expect(await page.evaluate(() => app.open())).toBe('open');
  expect(await countNotes(page)).toEqual([{ n: 0 }]);
});

test('renames a whole database for all tabs', async () => {
  const [first, second] = [await site.tab(), await site.tab()];
  await first.evaluate(() => app.open());
  await addNote(first, 'a');
  await second.evaluate(() => app.open());
  // A follower reads and replaces the file through the owner.
  const bytes = await second.evaluate(() => app.exportFile());
  expect(bytes.slice(0, 15)).toBe('SQLite format 3');
  await addNote(first, 'b');
  await first.evaluate(() => app.follow());
  await expect.poll(() => first.evaluate(() => app.live())).toBe(2);
  expect(await second.evaluate((given) => app.importFile(given), bytes)).toBe('imported');
  await expect.poll(() => first.evaluate(() => app.live())).toBe(1);
  expect(await countNotes(second)).toEqual([{ n: 1 }]);
  await addNote(first, 'c');
  await second.evaluate(() => app.close());
  await first.evaluate(() => app.close());
  expect(await second.evaluate(() => app.open())).toBe('open');
  expect(await countNotes(second)).toEqual([{ n: 2 }]);
});

test('refuses to import a file that is not a database or that a newer release has migrated', async () => {
  const page = await site.tab();
  await page.evaluate(() => app.open({ name: 'next', isNextRelease: true }));
  const newer = await page.evaluate(() => app.exportFile());
  await page.evaluate(() => app.close());
  await page.evaluate(() => app.open());
  await addNote(page, 'a');
  expect(await page.evaluate(() => app.importFile('no database'))).toMatch(/^BrowserStorageError\(notADatabase\)/);
  const cut = newer.slice(0, 100).padEnd(5_000, '\u0007');
  expect(await page.evaluate((given) => app.importFile(given), cut)).toMatch(
    /^BrowserStorageError\((notADatabase|damaged)\)/,
  );
  expect(await page.evaluate((given) => app.importFile(given), newer)).toMatch(/^BrowserStorageError\(newerSchema\)/);
  expect(await countNotes(page)).toEqual([{ n: 1 }]);
});

test('rejects a worker address that answers with a web page, in bounded time', async () => {
  const page = await site.tab();
  expect(await page.evaluate(() => app.open({ worker: '/other' }))).toMatch(
    /^BrowserStorageError\(workerFailed\): .*JavaScript and not with a web page/,
  );
  expect(await page.evaluate(() => app.open())).toBe('open');
});

test('rejects an owner that never answers, in bounded time', async () => {
  const page = await site.tab();
  const other = await site.context.newPage();
  await other.goto(`${site.url}/other`);
  await other.evaluate(() => {
    void navigator.locks.request('synchart:app:owner', () => new Promise(() => undefined));
  });
  expect(await page.evaluate(() => app.open({ openTimeoutMs: 1_000 }))).toMatch(/^BrowserStorageError\(noAnswer\)/);
  await other.close();
  expect(await page.evaluate(() => app.open())).toBe('open');
});

test('rejects a file that something else has open in bounded time, and loses nothing', async () => {
  const page = await site.tab();
  await page.evaluate(() => app.open());
  await addNote(page, 'a');
  await page.evaluate(() => app.close());
  const other = await site.context.newPage();
  await other.goto(`${site.url}/other`);
  await other.evaluate(
    () =>
      new Promise((resolve) => {
        new Worker('/hold-handle.js').onmessage = resolve;
      }),
  );
  const refusal = page.evaluate(() => app.open());
  expect(await refusal).toMatch(/^BrowserStorageError\(locked\): .*Close other tabs/);
  await other.close();
  expect(await page.evaluate(() => app.open())).toBe('open');
  expect(await countNotes(page)).toEqual([{ n: 1 }]);
});

test('deletes a database only when nobody has it open', async () => {
  const page = await site.tab();
  await page.evaluate(() => app.open());
  await addNote(page, 'a');
  expect(await page.evaluate(() => app.deleteDatabase('app'))).toMatch(/^BrowserStorageError\(inUse\)/);
  expect(await page.evaluate(() => app.rescue('app'))).toMatch(/^BrowserStorageError\(inUse\)/);
  await page.evaluate(() => app.close());
  expect(await page.evaluate(() => app.storage().role)).toBe('closed');
  expect(await page.evaluate(() => app.rescue('app'))).toMatch(/^true/);
  expect(await page.evaluate(() => app.deleteDatabase('app'))).toBe('deleted');
  expect(await page.evaluate(() => app.rescue('app'))).toMatch(/no stored database/);
});

test('an older release rejects a newer schema with a code and changes nothing', async () => {
  const [older, newer] = [await site.tab(), await site.tab()];
  expect(await older.evaluate(() => app.open())).toBe('open');
  await addNote(older, 'a');
  expect(await newer.evaluate(() => app.open({ isNextRelease: true }))).toBe('open');
  expect(await newer.evaluate(() => app.query('SELECT tab, colour FROM notes'))).toEqual([
    { tab: 'a', colour: 'white' },
  ]);
  expect(await addNote(older, 'b')).toMatch(/AppOutdatedError/);
  expect(await older.evaluate(() => app.storage().role)).toBe('outdated');
  expect(await newer.evaluate(() => app.storage().role)).toBe('owner');
  await newer.close();
  // The older tab owns the file now and still leaves it alone.
  expect(await addNote(older, 'c')).toMatch(/AppOutdatedError/);
  await older.close();
  const rolledBack = await site.tab();
  expect(await rolledBack.evaluate(() => app.open())).toMatch(/^AppOutdatedError|^NewerReleaseError/);
  expect(await rolledBack.evaluate(() => app.open({ isNextRelease: true }))).toBe('open');
  expect(await countNotes(rolledBack)).toEqual([{ n: 1 }]);
});

test('rolls back the open transaction of a tab that dies; the others go on', async () => {
  const [first, second] = [await site.tab(), await site.tab()];
  await first.evaluate(() => app.open());
  await second.evaluate(() => app.open());
  await second.evaluate(() => app.stayInTransaction('second'));
  const waiting = addNote(first, 'a');
  const session = await site.context.newCDPSession(second);
  session.send('Page.crash').catch(() => undefined);
  const crashedAt = performance.now();
  await waiting;
  expect(performance.now() - crashedAt).toBeLessThan(2_000);
  expect(await first.evaluate(() => app.query('SELECT tab FROM notes'))).toEqual([{ tab: 'a' }]);
});
