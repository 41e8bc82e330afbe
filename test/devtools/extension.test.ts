import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { inspectPage, type InspectedBrowser } from '../support/browser-devtools.ts';
import { buildPage, type BuiltPage } from '../support/build-page.ts';
import { servePage, type ServedPage } from '../support/serve-page.ts';
import type { ExposedPage } from './page/exposed-page.ts';

declare const window: { readonly exposedPage?: ExposedPage } & Record<
  symbol,
  { exchange(request: string): string | undefined }
>;

/** Gzipped, with React, without the drawing of the chart, which is loaded with the first chart. */
const panelBudgetKb = 120;
/** Everything, as it lies on the disk. */
const folderBudgetKb = 700;

const pathOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
/** The page allows itself nothing; the panel looks into it all the same. */
const policy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; img-src data:; frame-src *; base-uri 'none'";
const documentOf = (inner: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>page</title><link rel="icon" href="data:,"><body><main>The app</main>${inner}</body></html>`;
const script = '<script type="module" src="/page.js"></script>';

// A browser and its devtools share the machine with all other tests.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let extension: string;
let built: BuiltPage;
let served: ServedPage;
let browser: InspectedBrowser;

beforeAll(async () => {
  extension = await mkdtemp(join(tmpdir(), 'synchart-extension-'));
  // As the command does it: in this process React would be built as for development.
  const command = [
    pathOf('node_modules/vite/bin/vite.js'),
    'build',
    '--config',
    pathOf('extension.config.ts'),
    '--outDir',
    extension,
    '--emptyOutDir',
  ];
  const building = promisify(execFile)(process.execPath, command, { env: { ...process.env, NODE_ENV: 'production' } });
  [built] = await Promise.all([buildPage('test/devtools/page/exposed-page.ts'), building]);
  served = await servePage([built.folder, pathOf('node_modules/sql.js/dist/')], {
    documents: { '/': documentOf(script), '/empty': documentOf('') },
    policy,
  });
  browser = await inspectPage(extension, `${served.url}/empty`);
  browser.page.setDefaultTimeout(30_000);
}, 180_000);
afterAll(async () => {
  await browser.close();
  await served.close();
  await built.remove();
  await rm(extension, { recursive: true, force: true });
});

/** A panel that knows nothing yet, for a page without an engine. */
beforeEach(async () => {
  await browser.page.goto(`${served.url}/empty`);
  await browser.panel.evaluate('void (window.isOld = true, setTimeout(() => location.reload()))');
  await browser.panel.until('window.isOld === undefined && document.body !== null');
  await reads('No engine in this page');
});
afterEach(() => {
  expect(browser.complaints.splice(0)).toEqual([]);
});

const reads = (text: string): Promise<void> =>
  browser.panel.until(`document.body.innerText.includes(${JSON.stringify(text)})`);
const shows = (): Promise<string> => browser.panel.evaluate('document.body.innerText');
/** Presses the button whose label, or else whose text, begins so, when it is there. */
async function press(name: string, within = 'body'): Promise<void> {
  const button = `[...document.querySelectorAll('${within} button')].find((it) => it.checkVisibility() && !it.disabled && (it.ariaLabel ?? it.innerText).startsWith(${JSON.stringify(name)}))`;
  await browser.panel.until(`${button} !== undefined`);
  await browser.panel.evaluate(`${button}.click()`);
}
async function openApp(...names: readonly string[]): Promise<void> {
  await browser.page.goto(served.url);
  await browser.page.waitForFunction(() => window.exposedPage !== undefined);
  await openEngines(names);
}
const openEngines = (names: readonly string[]): Promise<void> =>
  browser.page.evaluate(async (given) => {
    for (const name of given) {
      await window.exposedPage?.open(name);
      window.exposedPage?.expose(name);
    }
  }, names);

test('I12: an open panel finds an engine that appears later, and its buttons act on that engine', async () => {
  expect(await shows()).toContain('exposeSyncDevtools(engine)');
  await openApp('todo app');
  await browser.page.evaluate(async () => {
    const app = window.exposedPage?.of('todo app');
    app?.refuse(['b', 'c']);
    for (const id of ['a', 'b', 'c']) await app?.add(id);
  });
  await reads('3 pending');
  await reads('todos/a');

  await press('Sync now');
  await reads('stuck');
  expect(await browser.page.evaluate(() => window.exposedPage?.of('todo app').hasSent('a'))).toBe(true);

  await browser.page.evaluate(() => window.exposedPage?.of('todo app').refuse(['c']));
  await browser.panel.evaluate(
    `[...document.querySelectorAll('.sc-row')].find((row) => row.innerText.includes('todos/b')).click()`,
  );
  await press('Retry', '.sc-detail');
  await press('Sync now');
  await browser.page.waitForFunction(() => window.exposedPage?.of('todo app').hasSent('b'));
  await reads('It has left the outbox');

  await browser.panel.evaluate(
    `[...document.querySelectorAll('.sc-row')].find((row) => row.innerText.includes('todos/c')).click()`,
  );
  await press('Drop…');
  await press('Drop it');
  await browser.page.waitForFunction(() => window.exposedPage?.of('todo app').engine.status().stuck === 0);
  await reads('Everything is sent');
  // The chart is drawn under the policy of the extension.
  await browser.panel.evaluate(`document.querySelector('[data-view="chart"]').click()`);
  await reads('pushing');
});

test('I12: after a reload or navigation, the panel reconnects to the engine in the same view', async () => {
  await openApp('todo app');
  await browser.page.evaluate(() => window.exposedPage?.of('todo app').add('before'));
  await reads('todos/before');
  await browser.panel.evaluate(`document.querySelector('[data-view="replica"]').click()`);

  await openApp('todo app');
  await browser.page.evaluate(() => window.exposedPage?.of('todo app').add('after'));
  await reads('1 pending');
  expect(await browser.panel.evaluate(`document.querySelector('[aria-selected="true"]').innerText`)).toBe('Replica');

  await browser.page.goto(`${served.url}/empty`);
  await reads('engine gone');
  await reads('“todo app” is gone');
  // What it told last can still be read.
  await press('Show what it told');
  await reads('engine gone');
  await openApp('todo app');
  await reads('0 pending');
  await press('Sync now');
});

test("I12: the offline switch applies from a reloaded page's first request", async () => {
  await openApp('todo app');
  await browser.panel.until(`document.querySelector('[data-view="faults"]') !== null`);
  await browser.panel.evaluate(`document.querySelector('[data-view="faults"]').click()`);
  await browser.panel.until(`document.querySelector('[role="switch"]') !== null`);
  await browser.panel.evaluate(`document.querySelector('[role="switch"]').click()`);
  await browser.page.waitForFunction(() => localStorage.getItem('synchart.devtools')?.includes('"offline":true'));
  await openApp('todo app');
  await browser.page.evaluate(async () => {
    await window.exposedPage?.of('todo app').add('a');
    await window.exposedPage
      ?.of('todo app')
      .engine.sync()
      .catch(() => undefined);
  });
  expect(await browser.page.evaluate(() => window.exposedPage?.of('todo app').hasSent('a'))).toBe(false);
  await reads('faults on');
  await browser.page.evaluate(() => localStorage.clear());
});

test('I12: distinguishes engines of a page by name, and finds those in same-site and cross-site frames', async () => {
  await openApp('inbox', 'calendar');
  const choice = `document.querySelector('select[aria-label="Engine"]')`;
  const labels = `[...(${choice}?.options ?? [])].map((option) => option.text)`;
  await browser.panel.until(`${labels}.length === 2`);
  await browser.page.evaluate(() => window.exposedPage?.of('calendar').add('meeting'));
  const choose = (label: string): Promise<unknown> =>
    browser.panel.evaluate(
      `(() => { const select = ${choice}; select.value = [...select.options].find((option) => option.text === ${JSON.stringify(label)}).value; select.dispatchEvent(new Event('change', { bubbles: true })); })()`,
    );
  await choose('calendar');
  await reads('todos/meeting');

  const elsewhere = served.url.replace('127.0.0.1', 'localhost');
  for (const [url, name] of [
    [served.url, 'inner'],
    [elsewhere, 'foreign'],
  ] as const) {
    const element = await browser.page.evaluateHandle((src) => {
      const added = document.createElement('iframe');
      added.src = src;
      document.body.append(added);
      return added;
    }, `${url}/`);
    const frame = await element.contentFrame();
    await frame?.waitForFunction(() => window.exposedPage !== undefined);
    await frame?.evaluate(async (given) => {
      await window.exposedPage?.open(given);
      window.exposedPage?.expose(given);
      await window.exposedPage?.of(given).add(`of-${given}`);
    }, name);
  }
  const foreign = `foreign in ${new URL(elsewhere).host}/`;
  await browser.panel.until(`${labels}.length === 4`);
  expect(await browser.panel.evaluate(labels)).toEqual(['inbox', 'calendar', 'inner in /', foreign]);
  await choose('inner in /');
  await reads('todos/of-inner');
  await choose(foreign);
  await reads('todos/of-foreign');
  await press('Sync now');
  await reads('Everything is sent');
});

test('I13: messages forged by a page or a script reach neither the engine nor another panel; the panel goes on', async () => {
  await openApp('todo app');
  await browser.page.evaluate(() => window.exposedPage?.of('todo app').add('a'));
  await reads('todos/a');
  const names = await browser.page.evaluate(() => {
    const drop = { type: 'command', id: 1, command: { type: 'pause' } };
    // As extensions with a content script would be spoken to.
    for (const message of [drop, { source: 'synchart', message: drop }, 'shown', 'hidden', { type: 'gone' }])
      postMessage(message, '*');
    dispatchEvent(new CustomEvent('synchart', { detail: drop }));
    // What is said to the hook, but is no message.
    const hook = window[Symbol.for('synchart.devtools.v1')];
    const said = [
      '',
      '{',
      'null',
      '[]',
      '{"engine":1}',
      JSON.stringify({ engine: 'x', session: 's', step: 'open', messages: [drop] }),
    ];
    return said.map((request) => hook?.exchange(request) ?? 'nothing');
  });
  expect(names).toEqual(['nothing', 'nothing', 'nothing', 'nothing', 'nothing', 'nothing']);
  await press('Sync now');
  await reads('Everything is sent');
  expect(await browser.page.evaluate(() => window.exposedPage?.of('todo app').engine.status().paused)).toBe(false);

  // A page that lies about everything deceives its own panel at most.
  await browser.page.goto(`${served.url}/empty`);
  await browser.page.evaluate(() => {
    const lines = [
      'no json',
      '{"type":"welcome"}',
      '[]',
      JSON.stringify({ type: 'refused', protocol: 9, panelId: 'x', reason: '<img src=x onerror=alert(1)>' }),
    ];
    const hook = {
      list: () => JSON.stringify([{ id: 'lie', name: '<b>bold</b><script>alert(1)</script>' }]),
      exchange: () => JSON.stringify({ isOpen: true, more: false, text: `${lines.join('\n')}\n` }),
    };
    Object.defineProperty(window, Symbol.for('synchart.devtools.v1'), { value: hook });
  });
  await browser.panel.until(
    `document.querySelector('[role="status"]')?.innerText.includes('gone') === false || document.body.innerText.includes('<b>bold</b>')`,
  );
  expect(await browser.panel.evaluate(`document.querySelectorAll('b, img, script:not([src])').length`)).toBe(0);
  for (const answer of ['not a string', '{}', JSON.stringify({ isOpen: true, more: true, text: 'x'.repeat(1_000) })])
    await browser.page.evaluate(
      (text) =>
        new Promise((resolve) => {
          let asked = 0;
          Object.assign(window[Symbol.for('synchart.devtools.v1')] ?? {}, {
            exchange: () => {
              asked += 1;
              if (asked === 3) resolve(asked);
              return text;
            },
          });
        }),
      answer,
    );
  await openApp('todo app');
  await reads('0 pending');
});

test('I12: a hidden panel leaves the page alone, and catches up when it is shown again', async () => {
  await openApp('todo app');
  await reads('0 pending');
  const count = (): Promise<number> =>
    browser.page.evaluate(() => {
      const hook = window[Symbol.for('synchart.devtools.v1')] as unknown as {
        exchange(request: string): string | undefined;
        steps?: string[];
      };
      if (hook.steps === undefined) {
        const { exchange } = hook;
        const steps: string[] = [];
        Object.assign(hook, {
          steps,
          exchange: (request: string) => {
            steps.push(String((JSON.parse(request) as { step: unknown }).step));
            return exchange(request);
          },
        });
      }
      return hook.steps?.filter((step) => step === 'close').length ?? 0;
    });
  await count();
  await browser.switchPanel('[');
  await expect.poll(count).toBe(1);
  await browser.page.evaluate(() => window.exposedPage?.of('todo app').add('meanwhile'));
  await browser.switchPanel(']');
  await reads('todos/meanwhile');
  // Its next word is the greeting of a new session: in between it said nothing. That it keeps silent for however long,
  // the watch's own test says.
  const steps = await browser.page.evaluate(
    () => (window[Symbol.for('synchart.devtools.v1')] as unknown as { steps: string[] }).steps,
  );
  expect(steps[steps.indexOf('close') + 1]).toBe('open');
});

test('I13: a page that only exposes an engine loads neither the panel nor React', async () => {
  const code = await readFile(join(built.folder, 'page.js'), 'utf8');
  expect(code).toContain('"exposeSyncDevtools")');
  expect(['sc-tabs', 'react-flow', 'useSyncExternalStore'].filter((mark) => code.includes(mark))).toEqual([]);
});

test('the extension requests no permission, injects and loads nothing, and stays within its documented size', async () => {
  const files = (await readdir(extension)).sort();
  expect(files).toEqual(
    [
      'devtools.html',
      'devtools.js',
      'drawn-chart.js',
      'icon-128.png',
      'icon-16.png',
      'icon-32.png',
      'icon-48.png',
      'manifest.json',
      'panel.html',
      'panel.js',
    ].sort(),
  );
  const read = (name: string): Promise<Buffer> => readFile(join(extension, name));
  const manifest = JSON.parse((await read('manifest.json')).toString()) as {
    content_security_policy: { extension_pages: string };
  };
  expect(Object.keys(manifest).sort()).toEqual([
    'content_security_policy',
    'description',
    'devtools_page',
    'icons',
    'manifest_version',
    'name',
    'version',
  ]);
  expect(manifest.content_security_policy.extension_pages).not.toMatch(/unsafe|https?:|\*/);
  expect(gzipSync(await read('panel.js')).length / 1024).toBeLessThan(panelBudgetKb);
  const sizes = await Promise.all(files.map(async (name) => (await read(name)).length));
  expect(sizes.reduce((sum, size) => sum + size, 0) / 1024).toBeLessThan(folderBudgetKb);
});
