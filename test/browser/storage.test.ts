import { afterAll, beforeAll, expect, test } from 'vitest';
import { browserApp, openBrowser, type BrowserSite, type TestBrowser } from '../support/browser-app.ts';
import { workerScripts } from '../support/crippled-worker.ts';

let browser: TestBrowser;
let workerAfter: (path: string) => string;
beforeAll(async () => {
  const folder = await browserApp();
  workerAfter = await workerScripts(folder);
  browser = await openBrowser(folder);
}, 120_000);
afterAll(() => browser.close());

async function withSite(
  work: (site: BrowserSite) => Promise<void>,
  options?: Parameters<TestBrowser['site']>[0],
): Promise<void> {
  const site = await browser.site(options);
  try {
    await work(site);
  } finally {
    await site.close();
  }
}

/** Counts flushes, then starts the actual worker in `assets`. */
const countFlushes = `
  const { flush } = FileSystemSyncAccessHandle.prototype;
  const counted = new BroadcastChannel('flushes');
  let flushes = 0;
  FileSystemSyncAccessHandle.prototype.flush = function () { flushes += 1; return flush.call(this); };
  counted.onmessage = ({ data }) => { if (data === 'how many') counted.postMessage(flushes); };
`;

test('a commit costs one flush, and an idle owner checkpoints the WAL into the database', async () => {
  const documents = { '/count.js': countFlushes, '/counting-worker.js': workerAfter('/count.js') };
  await withSite(
    async (site) => {
      const page = await site.tab();
      expect(await page.evaluate(() => app.open({ worker: '/counting-worker.js' }))).toBe('open');
      const [flushes, walBytes] = await page.evaluate(async () => {
        const channel = new BroadcastChannel('flushes');
        const countFlushes = (): Promise<number> =>
          new Promise((resolve) => {
            channel.onmessage = ({ data }: MessageEvent<number>) => resolve(data);
            channel.postMessage('how many');
          });
        await app.writeAtOnce('first', 1);
        const before = await countFlushes();
        await app.writeAtOnce('a', 50);
        return [(await countFlushes()) - before, await app.walBytes('app')] as const;
      });
      expect(flushes).toBe(50);
      expect(walBytes).toBeGreaterThan(100_000);
      await expect.poll(() => page.evaluate(() => app.walBytes('app')), { timeout: 10_000 }).toBe(0);
    },
    { documents },
  );
});

/** Goes to sleep when a page asks for it, so that nobody gets an answer. */
const sleeping = `
  new BroadcastChannel('sleep').onmessage = ({ data }) => { for (const end = Date.now() + data; Date.now() < end; ); };
`;

test('reports a silent owner in the status, leaves it the file, and accepts its late answer', async () => {
  const documents = { '/sleep.js': sleeping, '/sleeping-worker.js': workerAfter('/sleep.js') };
  await withSite(
    async (site) => {
      const [owner, follower] = [await site.tab(), await site.tab()];
      expect(await owner.evaluate(() => app.open({ worker: '/sleeping-worker.js' }))).toBe('open');
      expect(await follower.evaluate(() => app.open())).toBe('open');
      const ownerTab = await owner.evaluate(() => app.storage().tab);
      await follower.evaluate(() => app.sleepInWorker(8_000));
      const late = follower.evaluate(() => app.query('SELECT 1 AS one'));
      const status = () => follower.evaluate(() => app.storage());
      await expect.poll(status, { timeout: 7_500 }).toMatchObject({ ownerSilent: true, role: 'follower', ownerTab });
      expect(await late).toEqual([{ one: 1 }]);
      const after = await status();
      expect(after).toMatchObject({ role: 'follower', ownerTab });
      expect(after.ownerSilent).toBeUndefined();
    },
    { documents },
  );
});

test('requests a worker script that hangs once more under another address', async () => {
  await withSite(
    async (site) => {
      const page = await site.tab();
      expect(await page.evaluate(() => app.open())).toBe('open');
      expect(await page.evaluate(() => app.query('SELECT count(*) AS n FROM notes'))).toEqual([{ n: 0 }]);
    },
    { hangs: (path) => /browser-worker.*\.js$/.test(path) },
  );
});

test('rejects a worker script that hangs twice, with a code and in bounded time', async () => {
  await withSite(
    async (site) => {
      const page = await site.tab();
      const begunAt = performance.now();
      expect(await page.evaluate(() => app.open())).toMatch(
        /^BrowserStorageError\(workerFailed\): .*did not answer within 5000 ms, twice/,
      );
      expect(performance.now() - begunAt).toBeLessThan(15_000);
    },
    { hangs: (path) => path.includes('browser-worker') },
  );
});

test('reports damage that a statement meets to all tabs, with the result of the check', () =>
  withSite(async (site) => {
    const [owner, follower] = [await site.tab(), await site.tab()];
    await owner.evaluate(() => app.open());
    await owner.evaluate(() => app.writeAtOnce('a', 400));
    await owner.evaluate(() => app.close());
    // The schema and the migration names stay, so the database opens.
    await owner.evaluate(() => app.damage('app', -40_000, 40_000));
    expect(await owner.evaluate(() => app.open())).toBe('open');
    expect(await follower.evaluate(() => app.open())).toBe('open');
    expect(await follower.evaluate(() => app.storage().damage)).toBeUndefined();
    expect(await follower.evaluate(() => app.query('SELECT sum(n) FROM notes'))).toMatch(/SQLITE_CORRUPT|malformed/);
    for (const page of [owner, follower])
      await expect.poll(() => page.evaluate(() => app.storage().damage), { timeout: 5_000 }).toMatch(/\w/);
  }));

test('rejects a damaged schema with a code and leaves it unchanged, even where the app allows memory', () =>
  withSite(async (site) => {
    const page = await site.tab();
    await page.evaluate(() => app.open());
    await page.evaluate(() => app.writeAtOnce('a', 400));
    await page.evaluate(() => app.close());
    await page.evaluate(() => app.damage('app', 4_096, 500_000));
    const before = await page.evaluate(() => app.fingerprint('app'));
    const refused = /^BrowserStorageError\(damaged\): .*rescueBrowserDatabase/;
    expect(await page.evaluate(() => app.open())).toMatch(refused);
    expect(await page.evaluate(() => app.open({ allowMemory: true }))).toMatch(refused);
    expect(await page.evaluate(() => app.fingerprint('app'))).toBe(before);
  }));

test('a browser without space for a new database reports it, and the app opens later', () =>
  withSite(async (site) => {
    const page = await site.tab();
    const session = await site.context.newCDPSession(page);
    await session.send('Storage.overrideQuotaForOrigin', { origin: site.url, quotaSize: 1_000 });
    expect(await page.evaluate(() => app.open({ allowMemory: true }))).toMatch(
      /^BrowserStorageError\(quota\): .*full.*Free space/,
    );
    await session.send('Storage.overrideQuotaForOrigin', { origin: site.url });
    expect(await page.evaluate(() => app.open())).toBe('open');
    expect(await page.evaluate(() => app.query('SELECT count(*) AS n FROM notes'))).toEqual([{ n: 0 }]);
  }));

test.each([
  { answer: 'granted', expected: { persisted: true } },
  { answer: 'denied', expected: { persisted: false, persistRefused: true } },
] as const)('asks the browser to persist the file at the first write: $answer', ({ answer, expected }) =>
  withSite(async (site) => {
    const page = await site.tab();
    const session = await site.context.newCDPSession(page);
    await session.send('Browser.setPermission', {
      permission: { name: 'persistent-storage' },
      setting: answer,
      origin: site.url,
    });
    await page.evaluate(() => app.countPersistCalls());
    await page.evaluate(() => app.open());
    await page.evaluate(() => app.query('SELECT 1'));
    const status = () => page.evaluate(() => app.storage());
    expect(await page.evaluate(() => app.persistCalls())).toBe(0);
    expect((await status()).persistRefused).toBeUndefined();
    await page.evaluate(() => app.writeAtOnce('a', 1));
    await expect.poll(status, { timeout: 5_000 }).toMatchObject(expected);
    expect(await page.evaluate(() => app.persistCalls())).toBeLessThan(2);
    if (answer === 'granted') expect((await status()).persistRefused).toBeUndefined();
  }),
);

test('rejects a write to full storage with advice, keeps existing data, and recovers', () =>
  withSite(async (site) => {
    const page = await site.tab();
    await page.evaluate(() => app.open());
    await page.evaluate(() => app.query('INSERT INTO notes (tab, n, part) VALUES (?, 0, ?)', ['a', 'only']));
    const session = await site.context.newCDPSession(page);
    const { usage } = await session.send('Storage.getUsageAndQuota', { origin: site.url });
    await session.send('Storage.overrideQuotaForOrigin', { origin: site.url, quotaSize: usage + 200_000 });
    const fill = 'INSERT INTO notes (tab, n, part) VALUES (?, 1, hex(zeroblob(4000000)))';
    const refusal = await page.evaluate((sql) => app.query(sql, ['big']), fill);
    expect(refusal).toMatch(/storage is full: nothing of this was written. Free space/);
    expect(await page.evaluate(() => app.query('SELECT tab FROM notes'))).toEqual([{ tab: 'a' }]);
    await session.send('Storage.overrideQuotaForOrigin', { origin: site.url });
    expect(await page.evaluate((sql) => app.query(sql, ['big']), fill)).toEqual(expect.any(Number));
    expect(await page.evaluate(() => app.query('SELECT tab FROM notes'))).toEqual([{ tab: 'a' }, { tab: 'big' }]);
    expect(await page.evaluate(() => app.query('PRAGMA integrity_check'))).toEqual([{ integrity_check: 'ok' }]);
  }));

test('works under a strict content security policy with Trusted Types', () =>
  withSite(
    async (site) => {
      const page = await site.tab();
      expect(await page.evaluate(() => app.open())).toBe('open');
      expect(await page.evaluate(() => app.query('SELECT count(*) AS n FROM notes'))).toEqual([{ n: 0 }]);
    },
    {
      policy:
        "default-src 'self'; img-src data:; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; require-trusted-types-for 'script'; trusted-types synchart",
    },
  ));
