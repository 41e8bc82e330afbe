import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildPage, type BuiltPage } from '../support/build-page.ts';
import { chromiumArguments, findChromium } from '../support/find-chromium.ts';
import type { ReactRelease } from '../support/react-release.ts';
import { servePage, type ServedPage } from '../support/serve-page.ts';
import type { EnginePage } from './page/engine-page.ts';

declare const window: { readonly enginePage?: EnginePage };

/** Nothing from elsewhere, no inline style but with the nonce: a page that is stricter than most. */
const policy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'nonce-n0nce'; connect-src 'self'; img-src data:; base-uri 'none'";
const html =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>page</title><link rel="icon" href="data:,"><body><main>The app</main><script type="module" src="/page.js"></script></body></html>';
const sqlJs = fileURLToPath(new URL('../../node_modules/sql.js/dist/', import.meta.url));

describe.each<{ readonly react: ReactRelease }>([{ react: '18' }, { react: '19' }])('React $react', ({ react }) => {
  let built: BuiltPage;
  let served: ServedPage;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];
  let asked: string[];

  beforeAll(async () => {
    built = await buildPage('test/devtools/page/engine-page.ts', {}, react);
    served = await servePage([built.folder, sqlJs], { documents: { '/': html }, policy });
    browser = await chromium.launch({ executablePath: findChromium(), args: [...chromiumArguments] });
  }, 180_000);
  afterAll(async () => {
    await browser.close();
    await served.close();
    await built.remove();
  });

  beforeEach(async () => {
    complaints = [];
    asked = [];
    context = await browser.newContext({ viewport: { width: 1000, height: 700 }, colorScheme: 'light' });
    page = await context.newPage();
    // Shorter than the limit of a test, so that the failure names the step.
    page.setDefaultTimeout(20_000);
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => asked.push(request.url()));
    await open();
  }, 60_000);
  afterEach(async () => {
    await context.close();
    expect(complaints).toEqual([]);
  });

  async function open(): Promise<void> {
    await page.goto(served.url);
    await page.waitForFunction(() => window.enginePage !== undefined);
  }
  const mount = (options: { open?: boolean } = {}): Promise<void> =>
    page.evaluate((given) => window.enginePage?.mount(given), options);
  const button = () => page.getByRole('button', { name: /^synchart:/ });
  const panel = () => page.getByRole('region', { name: 'synchart devtools' });
  const heightOf = async (): Promise<number> => Math.round((await page.locator('.sc-dock').boundingBox())?.height ?? 0);

  test('the page uses the React version that its build names', async () => {
    expect((await page.evaluate(() => window.enginePage?.react))?.split('.')[0]).toBe(react);
  });

  test('I12: a button on any page shows the waiting count and opens the panel, which makes the engine sync', async () => {
    await page.evaluate(() => window.enginePage?.add('a'));
    await mount();
    await expect.poll(() => button().getAttribute('aria-label')).toContain('1 pending');
    await button().click();
    await panel()
      .getByRole('button', { name: /todos\/a/ })
      .waitFor();
    // The chart is drawn under the same policy.
    await panel().getByRole('tab', { name: 'Chart' }).click();
    await panel().getByText('pushing').first().waitFor();
    await panel().getByRole('button', { name: 'Sync now' }).click();
    await page.waitForFunction(() => window.enginePage?.pending() === 0);
    expect(asked.filter((url) => !url.startsWith(served.url) && !url.startsWith('data:'))).toEqual([]);
  });

  test('I12: keeps its styles under a strict content security policy, in a shadow root that page styles do not enter', async () => {
    await page.evaluate(() => {
      const hostile = document.createElement('p');
      hostile.textContent = 'the page';
      document.body.append(hostile);
    });
    await mount({ open: true });
    const looks = await panel().evaluate((element) => {
      const style = getComputedStyle(element);
      const root = element.getRootNode();
      return {
        font: style.fontSize,
        display: style.display,
        isShadow: root instanceof ShadowRoot,
        leaked: document.head.querySelectorAll('style').length,
      };
    });
    expect(looks).toEqual({ font: '12px', display: 'flex', isShadow: true, leaked: 0 });
  });

  test('I12: restores size, side and colours after a reload', async () => {
    await mount({ open: true });
    const before = await heightOf();
    const edge = page.getByRole('separator', { name: 'Size of the panel' });
    await edge.focus();
    await edge.press('ArrowUp');
    await edge.press('ArrowUp');
    expect(await heightOf()).toBe(before + 48);
    await page.getByRole('button', { name: 'Dark colours' }).click();
    await open();
    await mount();
    expect(await heightOf()).toBe(before + 48);
    expect(await panel().getAttribute('data-theme')).toBe('dark');
    await page.getByRole('button', { name: 'Dock at the right' }).click();
    await open();
    await mount();
    expect(await page.locator('.sc-dock').getAttribute('class')).toBe('sc-dock right');
  });

  test('I12: Escape closes the panel and returns the focus to its button', async () => {
    await mount();
    await button().focus();
    await button().press('Enter');
    await panel().getByRole('button', { name: 'Sync now' }).focus();
    await page.keyboard.press('Escape');
    expect(await panel().count()).toBe(0);
    expect(await button().evaluate((element) => element === (element.getRootNode() as ShadowRoot).activeElement)).toBe(
      true,
    );
  });

  test('I12: the offline switch survives a reload', async () => {
    await page.evaluate(() =>
      localStorage.setItem('synchart.devtools', JSON.stringify({ offline: true, isOpen: true })),
    );
    await page.evaluate(() => window.enginePage?.add('b'));
    await mount();
    const phase = await page.evaluate(() => window.enginePage?.sync().catch(() => 'failed'));
    expect(phase).not.toBe('idle');
    expect(await page.evaluate(() => window.enginePage?.pending())).toBe(1);
    expect(await page.evaluate(() => localStorage.getItem('synchart.devtools'))).toContain('"offline":true');
  });

  test('I12: as an element of a React app, the panel controls its engine, and its offline switch survives a reload', async () => {
    const render = (): Promise<void> => page.evaluate(() => window.enginePage?.render());
    await render();
    await panel().getByRole('switch', { name: 'Offline' }).click();
    await panel().getByText('On now: offline.').waitFor();
    await open();
    await render();
    await panel().getByText('On now: offline.').waitFor();
    await page.evaluate(() => window.enginePage?.add('d').then(() => window.enginePage?.sync().catch(() => 'failed')));
    expect(await page.evaluate(() => window.enginePage?.pending())).toBe(1);
    await panel().getByRole('button', { name: 'All off' }).click();
    await panel().getByText('No fault is on').waitFor();
    await panel().getByRole('button', { name: 'Sync now' }).click();
    await page.waitForFunction(() => window.enginePage?.pending() === 0);
    await open();
    await render();
    await panel().getByText('No fault is on').waitFor();
    await page.evaluate(() => window.enginePage?.unmount());
    expect(await page.locator('#panel').evaluate((element) => element.childElementCount)).toBe(0);
  });

  test('I12: unmounting removes everything from the page, and the engine goes on', async () => {
    const nodes = (): Promise<number> => page.evaluate(() => document.querySelectorAll('*').length);
    const before = await nodes();
    await mount({ open: true });
    await panel().waitFor();
    await page.evaluate(() => window.enginePage?.unmount());
    expect(await nodes()).toBe(before);
    await page.evaluate(() => window.enginePage?.add('c').then(() => window.enginePage?.sync()));
    expect(await page.evaluate(() => window.enginePage?.pending())).toBe(0);
  });

  test('I10: mounting an engine again keeps one button and one panel until it is unmounted', async () => {
    await mount();
    await mount({ open: true });
    await button().waitFor();
    expect(await page.evaluate(() => window.enginePage?.isSameAgain())).toBe(true);
    expect(await page.locator('[data-synchart="devtools"]').count()).toBe(1);
    expect(await panel().count()).toBe(0);
    await page.evaluate(() => {
      const first = window.enginePage?.unmount;
      first?.();
      window.enginePage?.mount();
      // It has done its work: the panel that came later stays.
      first?.();
    });
    await button().waitFor();
    expect(await page.locator('[data-synchart="devtools"]').count()).toBe(1);
    await page.evaluate(() => window.enginePage?.unmount());
    expect(await page.locator('[data-synchart="devtools"]').count()).toBe(0);
  });

  test('I12: the panel can open in its own window', async () => {
    await mount({ open: true });
    const [popup] = await Promise.all([
      context.waitForEvent('page'),
      page.getByRole('button', { name: 'Open in a window' }).click(),
    ]);
    await popup.getByRole('region', { name: 'synchart devtools' }).waitFor();
    await popup.getByRole('button', { name: 'Sync now' }).waitFor();
    await popup.close();
  });

  test('I12: the line below the status bar says what waits, and its button carries out the remedy', async () => {
    await page.evaluate(() => window.enginePage?.add('a'));
    await mount({ open: true });
    const line = panel().locator('.sc-diagnosis');
    await line.getByText('nothing will start a sync').waitFor();
    expect(await line.locator('[data-tone="ok"]').count()).toBe(0);
    await line.getByRole('button', { name: 'Try now' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => window.enginePage?.pending() === 0);
    await line.locator('[data-tone="ok"]').waitFor();
  });

  test('I12: gives the page room beside the docked panel, and takes it back', async () => {
    await page.evaluate(() => {
      const filler = document.createElement('p');
      filler.setAttribute('id', 'end');
      filler.textContent = 'The end';
      const tall = document.createElement('canvas');
      tall.height = 1500;
      document.body.append(tall, filler);
    });
    await mount({ open: true });
    await panel().waitFor();
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    const end = await page.locator('#end').boundingBox();
    const top = (await page.locator('.sc-dock').boundingBox())?.y ?? 0;
    expect((end?.y ?? 0) + (end?.height ?? 0)).toBeLessThanOrEqual(top);
    await page.getByRole('button', { name: 'Close the panel' }).click();
    await expect.poll(() => page.evaluate(() => document.documentElement.style.paddingBlockEnd)).toBe('');
  });

  test('I12: says when the drawing of the chart cannot be loaded, keeps the list, and can try again', async () => {
    await page.route('**/drawn-chart*', (route) => route.abort());
    await mount({ open: true });
    await panel().getByRole('tab', { name: 'Chart' }).click();
    await panel().getByText('The drawing cannot be loaded').waitFor();
    await panel()
      .getByRole('button', { name: /^pushing/ })
      .waitFor();
    expect(complaints.splice(0).filter((text) => !text.includes('net::ERR_FAILED'))).toEqual([]);
    await page.unroute('**/drawn-chart*');
    await panel().getByRole('button', { name: 'Try again' }).click();
    await page.locator('.react-flow__node').first().waitFor();
  });

  test('I12: animates the last step in the chart, unless the user prefers reduced motion', async () => {
    const animation = (): Promise<string> =>
      page
        .locator('.sc-reached')
        .first()
        .evaluate((element) => getComputedStyle(element).animationName);
    await mount({ open: true });
    await panel().getByRole('tab', { name: 'Chart' }).click();
    await panel().getByText('pushing').first().waitFor();
    await page.evaluate(() => window.enginePage?.sync());
    await page.locator('.sc-reached').first().waitFor({ state: 'attached' });
    expect(await animation()).toBe('sc-reached');
    await page.emulateMedia({ reducedMotion: 'reduce' });
    expect(await animation()).toBe('none');
  });

  test('I12: the button of a closed panel shows active faults', async () => {
    await page.evaluate(() => localStorage.setItem('synchart.devtools', JSON.stringify({ offline: true })));
    await mount();
    await expect.poll(() => button().getAttribute('aria-label')).toContain('faults on');
    expect(await button().getByText('faults on').isVisible()).toBe(true);
  });

  test('I12: dropping a saved file on the panel shows it read-only, and the page stays', async () => {
    await page.evaluate(() => window.enginePage?.add('a'));
    await mount({ open: true });
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      panel().getByRole('button', { name: 'Save what is seen as a file' }).click(),
    ]);
    const saved = readFileSync(await download.path(), 'utf8');
    await page.evaluate(() => window.enginePage?.sync());
    const prevented = await panel().evaluate((element, text) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([text], 'saved.json', { type: 'application/json' }));
      return ['dragover', 'drop'].map((type) => {
        const event = new DragEvent(type, { bubbles: true, cancelable: true, composed: true, dataTransfer });
        element.dispatchEvent(event);
        return event.defaultPrevented;
      });
    }, saved);
    expect(prevented).toEqual([true, true]);
    await panel().getByText('saved file').waitFor();
    await panel()
      .getByRole('button', { name: /todos\/a/ })
      .waitFor();
    expect(await panel().getByRole('button', { name: 'Sync now' }).count()).toBe(0);
    await panel().getByRole('button', { name: 'Back to the engine' }).click();
    await panel().getByText('Everything is sent').waitFor();
  });
});
