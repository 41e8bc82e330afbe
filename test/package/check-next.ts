import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import type { Browser, Page } from 'playwright';
import { createTestServer, type TestServer } from '../../src/testing.ts';

const source = fileURLToPath(new URL('./next/', import.meta.url));

/** Turbopack resolves a worker that SQLite's own script would start, which no page of ours uses. */
const config = `export default {
  turbopack: { root: import.meta.dirname, ignoreIssue: [{ path: '**/@sqlite.org/sqlite-wasm/**' }] },
};
`;

/** The sources as JavaScript: for TypeScript, Next would install packages of its own. */
function writeApp(folder: string): void {
  mkdirSync(join(folder, 'app'), { recursive: true });
  for (const name of readdirSync(source)) {
    const { code } = transformSync(readFileSync(join(source, name), 'utf8'), { loader: 'tsx', jsx: 'preserve' });
    const toScript = (text: string): string => text.replaceAll(/\.ts(x?)(?=["']|$)/g, '.js$1');
    writeFileSync(join(folder, 'app', toScript(name)), toScript(code));
  }
  writeFileSync(join(folder, 'next.config.mjs'), config);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' };
const next = (folder: string): string => join(folder, 'node_modules/next/dist/bin/next');

/** Runs to its end, and rejects with what was printed where that fails. */
function build(folder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const building = spawn(process.execPath, [next(folder), 'build'], { cwd: folder, env, timeout: 180_000 });
    let said = '';
    for (const stream of [building.stdout, building.stderr])
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    building.on('close', (code) => (code === 0 ? resolve() : reject(new Error(said))));
  });
}

interface Served {
  readonly url: string;
  close(): Promise<void>;
}

/** `next start` or `next dev`, once it is ready. */
async function serve(folder: string, command: 'start' | 'dev'): Promise<Served> {
  const port = await freePort();
  const args = [next(folder), command, '-H', '127.0.0.1', '-p', String(port)];
  const serving = spawn(process.execPath, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = new Promise<void>((resolve) => serving.on('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    serving.stdout.on('data', (chunk: Buffer) => {
      if (/ready/i.test(chunk.toString())) resolve();
    });
    serving.on('close', (code) => reject(new Error(`next ${command} ended with ${code}`)));
  });
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      serving.kill();
      await closed;
    },
  };
}

/** A page with a server to sync with, and what is wrong with it. */
async function withPage(
  browser: Browser,
  served: Served,
  use: (page: Page, complaints: string[], server: TestServer) => Promise<void>,
): Promise<readonly string[]> {
  const server = await createTestServer();
  server.seed('todos', { id: 'm', title: 'Milk of the server' });
  const context = await browser.newContext();
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.stack ?? error.message));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  try {
    // The development server compiles the page while the request waits.
    await page.goto(`${served.url}/?server=${encodeURIComponent(server.url)}`, { timeout: 90_000 });
    await use(page, complaints, server);
  } catch (error) {
    complaints.push(`${String(error)}\nThe page shows ${await page.locator('main').innerText()}`);
  } finally {
    await context.close();
    await served.close();
    await server.stop();
  }
  return complaints;
}

const untilShown = (page: Page, text: string): Promise<void> =>
  page.locator('#live').filter({ hasText: text }).waitFor({ timeout: 30_000 });
const synced = 'Bread of the page,Milk of the server ready idle 0';

/**
 * An app of Next in a folder that has the package: a page of the server renders components with hooks, Chromium hydrates
 * it without a complaint, and then the page shows its database. Returns what is wrong.
 */
export async function checkNext(folder: string, browser: Browser): Promise<readonly string[]> {
  writeApp(folder);
  await build(folder);
  const served = await serve(folder, 'start');
  return withPage(browser, served, async (page, complaints, server) => {
    const beginning = 'Soap of the server ready starting 0';
    const html = await (await fetch(served.url)).text();
    for (const name of ['still', 'live'])
      if (!html.includes(`<p id="${name}">${beginning}</p>`)) complaints.push(`The server does not render ${name}.`);
    await untilShown(page, synced);
    const still = await page.locator('#still').innerText();
    if (still !== beginning) complaints.push(`Without an engine the page shows ${still}`);
    const sent = server.backend.get('todos', 'Bread of the page');
    if (sent === undefined) complaints.push('The server did not receive the row of the page.');
  });
}

/** A module with hooks is replaced in a running page: the page stays, and its query goes on. Returns what is wrong. */
export async function checkHotReload(folder: string, browser: Browser): Promise<readonly string[]> {
  writeApp(folder);
  return withPage(browser, await serve(folder, 'dev'), async (page, complaints) => {
    await untilShown(page, synced);
    await page.evaluate(() => Object.assign(globalThis, { isSamePage: true }));
    const module = join(folder, 'app/list.jsx');
    writeFileSync(module, readFileSync(module, 'utf8').replace('{`${', '{`Now: ${'));
    await untilShown(page, `Now: ${synced}`);
    await page.evaluate('add("Tea of the page")');
    await untilShown(page, 'Tea of the page');
    if ((await page.evaluate('globalThis.isSamePage')) !== true) complaints.push('The page was loaded anew.');
  });
}
