import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { appHtml, browserApp } from '../support/browser-app.ts';
import { chromiumArguments, findChromium } from '../support/find-chromium.ts';
import { servePage, type ServedPage } from '../support/serve-page.ts';
import { createTestServer } from '../../src/testing.ts';
import { crippledWorkers, withoutFile } from '../support/crippled-worker.ts';
import { WrittenLog } from './written-log.ts';

const kills = Number(process.env['BROWSER_KILLS'] ?? 4);

let served: ServedPage;
beforeAll(async () => {
  const folder = await browserApp();
  served = await servePage([folder], { documents: { '/': appHtml, ...(await crippledWorkers(folder)) } });
}, 120_000);
afterAll(() => served.close());

interface Running {
  readonly process: ChildProcess;
  readonly browser: Browser;
}

/** Chromium runs in its own process group so that the test can kill all of it at once. */
async function launch(profile: string): Promise<Running> {
  const child = spawn(
    findChromium(),
    [...chromiumArguments, '--headless', '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'],
    { detached: true, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const address = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += String(chunk);
      const found = /DevTools listening on (ws:\S+)/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', () => reject(new Error(`Chromium ended: ${said}`)));
  });
  return { process: child, browser: await chromium.connectOverCDP(address) };
}

async function kill({ process: child, browser }: Running): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  await ended;
  await browser.close().catch(() => undefined);
}

test.each([
  { mode: 'opfs', settings: {} },
  { mode: 'indexeddb', settings: { worker: withoutFile } },
])(
  'I7: a browser killed during commits keeps everything that was acknowledged to the page ($mode)',
  {
    timeout: 60_000 + kills * 15_000,
  },
  async ({ mode, settings }) => {
    const profile = await mkdtemp(join(tmpdir(), 'synchart-killed-'));
    const log = new WrittenLog();
    try {
      for (let round = 0; round <= kills; round += 1) {
        const running = await launch(profile);
        const [context] = running.browser.contexts();
        if (context === undefined) throw new Error('no context');
        try {
          await log.listenTo(context);
          const page: Page = await context.newPage();
          await page.goto(served.url);
          await page.waitForFunction(() => 'app' in globalThis);
          expect(await page.evaluate((given) => app.open(given), settings)).toBe('open');
          expect(await page.evaluate(() => app.storage().mode)).toBe(mode);
          expect(await page.evaluate(() => app.query('PRAGMA integrity_check'))).toEqual([{ integrity_check: 'ok' }]);
          const rows = await page.evaluate(() => app.query('SELECT tab, n, part FROM notes'));
          expect(log.complaints(rows as [])).toEqual([]);
          expect((rows as []).length).toBeGreaterThanOrEqual(log.acknowledged);
          if (round === kills) break;
          const name = `life${round}`;
          await page.evaluate((tab) => app.startWriting(tab), name);
          await expect.poll(() => log.acknowledgedBy(name), { timeout: 20_000 }).toBeGreaterThan(40 + 17 * round);
        } finally {
          await kill(running);
        }
      }
      process.stdout.write(`${mode}: ${kills} kills, ${log.acknowledged} acknowledged writes\n`);
    } finally {
      await rm(profile, { recursive: true, force: true });
    }
  },
);

test('I6, I7: a browser killed during a pull resumes after the last stored page', {
  timeout: 60_000 + kills * 20_000,
}, async () => {
  const rows = 12_000;
  const profile = await mkdtemp(join(tmpdir(), 'synchart-pulling-'));
  const server = await createTestServer();
  try {
    for (let index = 0; index < rows; index += 1)
      server.seed('todos', { id: `row-${String(index).padStart(5, '0')}`, title: `Row ${index}` });
    let last = 0;
    let interrupted = 0;
    for (let round = 0; round <= kills; round += 1) {
      const running = await launch(profile);
      const [context] = running.browser.contexts();
      if (context === undefined) throw new Error('no context');
      try {
        const page = await context.newPage();
        await page.goto(served.url);
        await page.waitForFunction(() => 'app' in globalThis);
        await page.evaluate((url) => app.openSynced(url), server.url);
        expect(await page.evaluate(() => app.query('PRAGMA integrity_check'))).toEqual([{ integrity_check: 'ok' }]);
        const count = (): Promise<number> => page.evaluate(() => app.countTodos());
        const stored = await count();
        expect(stored).toBeGreaterThanOrEqual(last);
        if (stored > 0 && stored < rows) interrupted += 1;
        if (round === kills) {
          expect(await page.evaluate(() => app.sync())).toBe('synced');
          expect(await count()).toBe(rows);
          expect(interrupted).toBeGreaterThan(0);
          break;
        }
        void page.evaluate(() => app.sync()).catch(() => undefined);
        await expect.poll(count, { timeout: 20_000 }).toBeGreaterThan(Math.min(stored, rows - 1));
        last = await count();
      } finally {
        await kill(running);
      }
    }
  } finally {
    await server.stop();
    await rm(profile, { recursive: true, force: true });
  }
});
