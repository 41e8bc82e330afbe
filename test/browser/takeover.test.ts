import type { Page } from 'playwright';
import { beforeAll, expect, test } from 'vitest';
import { seededRandom } from '../../src/testing/seeded-random.ts';
import { browserApp, openSite, type BrowserSite } from '../support/browser-app.ts';
import { crippledWorkers, withoutFile } from '../support/crippled-worker.ts';
import { WrittenLog } from './written-log.ts';

const rounds = Number(process.env['BROWSER_ROUNDS'] ?? 30);
/** Few rounds suffice for a database in IndexedDB: the election is the same. */
const fallbackRounds = Number(process.env['BROWSER_FALLBACK_ROUNDS'] ?? 6);
/** Three tabs that write without a pause leave no CPU time for the opening tab. */
const pauseMs = 5;
const seed = Number(process.env['BROWSER_SEED'] ?? 14);

let folder = '';
beforeAll(async () => {
  folder = await browserApp();
}, 120_000);

interface Tab {
  readonly page: Page;
  readonly name: string;
}

const ends = ['close', 'reload', 'crash', 'backForwardCache', 'hide', 'freeze'] as const;

/** Ends a tab's ownership in the given way. Resolves with whether the page is still alive and writing. */
async function end(kind: (typeof ends)[number], { page }: Tab, site: BrowserSite): Promise<boolean> {
  switch (kind) {
    case 'close':
      await page.close();
      return false;
    case 'reload':
      await page.reload();
      await page.close();
      return false;
    case 'crash': {
      const session = await site.context.newCDPSession(page);
      const crashed = page.waitForEvent('crash');
      session.send('Page.crash').catch(() => undefined);
      await crashed;
      await page.close();
      return false;
    }
    case 'backForwardCache':
      await page.goto(`${site.url}/other`);
      await page.evaluate(() => history.back()).catch(() => undefined);
      await page.waitForFunction(() => 'app' in globalThis);
      return page.evaluate(() => app.roles().length > 0);
    case 'hide':
      await page.evaluate(() => app.pretendToBe('hidden'));
      await page.waitForFunction(() => app.storage().role === 'follower', undefined, { timeout: 10_000 });
      await page.evaluate(() => app.pretendToBe('visible'));
      return true;
    case 'freeze': {
      const session = await site.context.newCDPSession(page);
      await session.send('Page.setWebLifecycleState', { state: 'frozen' });
      await session.send('Page.setWebLifecycleState', { state: 'active' });
      await session.detach();
      return true;
    }
    default:
      return kind satisfies never;
  }
}

test.each([
  { mode: 'opfs', rounds, settings: {} },
  { mode: 'indexeddb', rounds: fallbackRounds, settings: { worker: withoutFile } },
])(
  'I2, I7: three writing tabs lose and double no write, however the owner ends ($mode)',
  {
    timeout: 60_000 + rounds * 6_000,
  },
  async ({ mode, rounds, settings }) => {
    const site = await openSite(folder, { documents: await crippledWorkers(folder) });
    const log = new WrittenLog();
    const errors: string[] = [];
    try {
      await log.listenTo(site.context);
      const random = seededRandom(seed);
      let names = 0;
      const join = async (): Promise<Tab> => {
        const page = await site.tab();
        page.on('pageerror', (error) => errors.push(error.message));
        const tab = { page, name: `tab${(names += 1)}` };
        expect(await page.evaluate((given) => app.open(given), settings)).toBe('open');
        expect(await page.evaluate(() => app.storage().mode)).toBe(mode);
        await page.evaluate(
          ([name, pause]) => {
            app.follow();
            app.startWriting(name, pause);
          },
          [tab.name, pauseMs] as const,
        );
        return tab;
      };
      const roleOf = ({ page }: Tab): Promise<string> => page.evaluate(() => app.storage().role);
      const ownerOf = async (tabs: readonly Tab[]): Promise<Tab | undefined> => {
        const roles = await Promise.all(tabs.map(roleOf));
        return tabs[roles.indexOf('owner')];
      };
      let tabs = [await join(), await join(), await join()];
      const takeovers: number[] = [];
      let slowest = '';
      for (let round = 0; round < rounds; round += 1) {
        const kind = ends[Math.floor(random() * ends.length)] ?? 'close';
        await expect.poll(() => ownerOf(tabs), { timeout: 10_000 }).toBeDefined();
        const owner = await ownerOf(tabs);
        if (owner === undefined) throw new Error('nobody owns the file');
        const survivors = tabs.filter((tab) => tab !== owner);
        const names = survivors.map((tab) => tab.name);
        const at = performance.now();
        const lives = await end(kind, owner, site);
        const settledAt = kind === 'hide' ? at : performance.now();
        await expect.poll(() => log.firstAfter(settledAt, names), { timeout: 15_000 }).toBeDefined();
        const silence = log.longestSilence(at, names);
        takeovers.push(silence);
        slowest = silence >= Math.max(...takeovers) ? `${kind} in round ${round}` : slowest;
        if (process.env['BROWSER_TRACE'] !== undefined)
          process.stdout.write(`${round} ${kind}: ${Math.round(silence)} ms\n`);
        tabs = lives ? tabs : [...survivors, await join()];
      }
      await Promise.all(tabs.map(({ page }) => page.evaluate(() => app.stopWriting())));
      const [{ page } = { page: undefined }] = tabs;
      const rows = await page?.evaluate(() => app.query('SELECT tab, n, part FROM notes'));
      expect(log.complaints(rows as [])).toEqual([]);
      expect(log.refusals.filter((refusal) => !refusal.includes('TransactionLostError'))).toEqual([]);
      for (const tab of tabs) {
        await expect.poll(() => tab.page.evaluate(() => app.live()), { timeout: 1_000 }).toBe((rows as []).length);
        expect(await tab.page.evaluate(() => app.unhandled())).toEqual([]);
        expect(['owner', 'follower']).toContain(await roleOf(tab));
      }
      expect(errors).toEqual([]);
      expect(await page?.evaluate(() => app.query('PRAGMA integrity_check'))).toEqual([{ integrity_check: 'ok' }]);
      takeovers.sort((a, b) => a - b);
      const p95 = takeovers[Math.floor(takeovers.length * 0.95)] ?? Infinity;
      process.stdout.write(
        `${mode}: ${rounds} rounds, ${log.acknowledged} writes, ${log.refusals.length} transactions lost, takeover p95 ${Math.round(p95)} ms, slowest ${Math.round(takeovers.at(-1) ?? 0)} ms (${slowest})\n`,
      );
      expect(p95).toBeLessThan(2_000);
    } finally {
      await site.close();
    }
  },
);
