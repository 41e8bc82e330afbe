import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Locator, type Page } from 'playwright';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { buildApp, builtApp } from '../../examples/todo/build-app.ts';
import { keepEarlierFiles } from '../../examples/todo/keep-earlier-files.ts';
import { startTodoServer, type TodoServer } from '../../examples/todo/server/todo-server.ts';
import { chromiumArguments, findChromium } from '../support/find-chromium.ts';

const soon = { timeout: 30_000 };
let folder = '';
let server: TodoServer;
let context: BrowserContext;

beforeAll(async () => {
  await buildApp();
}, 120_000);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'synchart-releases-'));
  await cp(builtApp, join(folder, 'app'), { recursive: true });
  server = await startTodoServer({ database: join(folder, 'server.db'), folder: join(folder, 'app'), port: 0 });
  context = await chromium.launchPersistentContext(join(folder, 'profile'), {
    executablePath: findChromium(),
    headless: true,
    args: [...chromiumArguments],
    viewport: { width: 1200, height: 800 },
  });
});
afterEach(async () => {
  await context.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

const device = (page: Page, name: 'phone' | 'laptop'): Locator => page.locator(`[data-device=${name}]`);
async function openApp(): Promise<Page> {
  const page = await context.newPage();
  await page.goto(server.url);
  await device(page, 'phone').getByText('Buy oat milk').waitFor(soon);
  return page;
}
const scriptsOf = (page: Page): Promise<string> =>
  page.evaluate(() => [...document.scripts].map(({ src }) => src).join());

/** Puts the next release into the server's folder: each file of `assets` has another name, the old ones are gone. */
async function publishNextRelease(): Promise<void> {
  const app = join(folder, 'app');
  const names = await readdir(join(app, 'assets'));
  const nextName = (name: string): string => name.replace(/-([\w-]{8})\./, '-next$1.');
  const next = (text: string): string =>
    names
      .reduce((all, name) => all.replaceAll(name, nextName(name)), text)
      .replaceAll(/revision:(["`'])(\w{4})/g, 'revision:$1next');
  for (const name of ['index.html', 'service-worker.js'])
    await writeFile(join(app, name), next(await readFile(join(app, name), 'utf8')));
  for (const name of names) {
    const path = join(app, 'assets', name);
    if (/\.(js|css)$/.test(name)) await writeFile(path, next(await readFile(path, 'utf8')));
    await rename(path, join(app, 'assets', nextName(name)));
  }
}

async function titlesOnServer(): Promise<readonly string[]> {
  const answer = await fetch(`${server.url}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"user":"ada"}',
  });
  const { token }: { token: string } = await answer.json();
  const found = await fetch(`${server.url}/api/todos`, { headers: { authorization: `Bearer ${token}` } });
  const { items }: { items: { title: string }[] } = await found.json();
  return items.map(({ title }) => title);
}

test('a new release waits until the user agrees, and queued edits survive it', { timeout: 120_000 }, async () => {
  const page = await openApp();
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await device(page, 'phone').getByLabel('Offline').check();
  await device(page, 'phone').getByLabel('New todo').fill('Written before the update');
  await device(page, 'phone').getByRole('button', { name: 'Add' }).click();
  await publishNextRelease();
  await page.reload();
  await page.getByText('A new version is ready').waitFor(soon);
  const reloaded = page.waitForEvent('load', soon);
  await page.getByRole('button', { name: 'Reload' }).click();
  await reloaded;
  await device(page, 'phone').getByText('Written before the update').waitFor(soon);
  await device(page, 'phone').getByLabel('Offline').uncheck();
  await expect.poll(() => titlesOnServer(), soon).toContain('Written before the update');
});

test('a tab of the old release finds its worker and wasm after another tab has updated', {
  timeout: 120_000,
}, async () => {
  await (await openApp()).evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  const [old, updated] = [await openApp(), await openApp()];
  await publishNextRelease();
  await updated.reload();
  const reloaded = updated.waitForEvent('load', soon);
  await updated.getByRole('button', { name: 'Reload' }).click(soon);
  await reloaded;
  await device(updated, 'phone').getByText('Buy oat milk').waitFor(soon);
  expect(await scriptsOf(updated)).toContain('-next');
  // A second device starts another worker, which compiles the wasm.
  await old.getByRole('button', { name: 'Open a second device' }).click();
  await device(old, 'laptop').getByText('Buy oat milk').waitFor(soon);
  // The other tab has let the new release take over; here, the button only has to load it.
  const loaded = old.waitForEvent('load', soon);
  await old.getByRole('button', { name: 'Reload' }).click(soon);
  await loaded;
  expect(await scriptsOf(old)).toContain('-next');
});

test('a build keeps the files of earlier builds for tabs that have no service worker yet', async () => {
  const [earlier, now] = [join(folder, 'earlier'), join(folder, 'now')];
  for (const each of [earlier, now]) await mkdir(join(each, 'assets'), { recursive: true });
  await writeFile(join(earlier, 'assets/main-1.js'), 'kept');
  await writeFile(join(earlier, 'assets/main-0.js'), 'too old');
  await utimes(join(earlier, 'assets/main-0.js'), new Date(0), new Date(0));
  await writeFile(join(now, 'assets/main-2.js'), 'new');
  await keepEarlierFiles(earlier, now);
  expect((await readdir(join(now, 'assets'))).sort()).toEqual(['main-1.js', 'main-2.js']);
});

test('a device that fails to start releases its database, and a second try opens it', {
  timeout: 120_000,
}, async () => {
  const page = await context.newPage();
  // Reading the switch of the device comes after the database is open. It fails once.
  await page.addInitScript(() => {
    const { getItem } = Storage.prototype;
    Storage.prototype.getItem = function (key) {
      if (key !== 'todo-offline-phone') return getItem.call(this, key);
      Storage.prototype.getItem = getItem;
      throw new Error('The storage of settings is not there yet');
    };
  });
  await page.goto(server.url);
  await page.getByText('The storage of settings is not there yet').waitFor(soon);
  const heldLocks = (): Promise<number> => page.evaluate(async () => (await navigator.locks.query()).held?.length ?? 0);
  await expect.poll(heldLocks, soon).toBe(0);
  await page.getByRole('button', { name: 'Try again' }).click();
  await device(page, 'phone').getByText('Buy oat milk').waitFor(soon);
});
