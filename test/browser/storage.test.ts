import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildBrowserApp, openSite, type BrowserSite } from '../support/browser-app.ts';

let folder = '';
beforeAll(async () => {
  folder = await buildBrowserApp();
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

async function withSite(
  work: (site: BrowserSite) => Promise<void>,
  options?: Parameters<typeof openSite>[1],
): Promise<void> {
  const site = await openSite(folder, options);
  try {
    await work(site);
  } finally {
    await site.close();
  }
}

/** Counts flushes before it starts the worker itself, which lies in `assets`. */
const countFlushes = `
  const { flush } = FileSystemSyncAccessHandle.prototype;
  const counted = new BroadcastChannel('flushes');
  let flushes = 0;
  FileSystemSyncAccessHandle.prototype.flush = function () { flushes += 1; return flush.call(this); };
  counted.onmessage = ({ data }) => { if (data === 'how many') counted.postMessage(flushes); };
`;

test('a commit costs one flush, and an idle owner moves the WAL into the database', async () => {
  const script = (await readdir(join(folder, 'assets'))).find((name) => /^browser-worker.*\.js$/.test(name));
  const documents = {
    '/count.js': countFlushes,
    '/counting-worker.js': `import '/count.js'; import '/assets/${script}';`,
  };
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

test('full storage rejects the write with what to do, keeps what was there, and recovers', () =>
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

test('a strict content security policy and Trusted Types are enough', () =>
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
