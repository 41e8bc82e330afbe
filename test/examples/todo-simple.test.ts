import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright';
import { build, preview, type PreviewServer } from 'vite';
import { expect, onTestFinished, test } from 'vitest';
import { chromiumArguments, findChromium } from '../support/find-chromium.ts';

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const app = pathOf('../../examples/todo-simple');
const soon = { timeout: 30_000 };

/** The files that the guide builds: blocks whose first line names the same file follow each other with a blank line. */
async function filesOfGuide(): Promise<ReadonlyMap<string, string>> {
  const guide = await readFile(pathOf('../../docs/getting-started.md'), 'utf8');
  const files = new Map<string, string>();
  for (const [, lead = '', name = '', code = ''] of guide.matchAll(/(.*\n.*)\n\n```\w+ (\S+)\n([\s\S]*?)^```$/gm)) {
    expect(lead, `the text before a block of ${name} names the file`).toContain(`\`${name}\``);
    const before = files.get(name);
    files.set(name, before === undefined ? code : `${before}\n${code}`);
  }
  return files;
}

test('docs: the small app consists of the blocks of the getting-started guide', async () => {
  const names = (await readdir(app)).filter((name) => !/^(README\.md|dist|.*\.db.*)$/.test(name)).sort();
  const files = await Promise.all(names.map(async (name) => [name, await readFile(join(app, name), 'utf8')] as const));
  expect(Object.fromEntries(await filesOfGuide())).toEqual(Object.fromEntries(files));
  const lines = files.reduce((sum, [, text]) => sum + text.split('\n').length - 1, 0);
  expect(lines).toBeLessThan(150);
});

async function freePort(): Promise<number> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  await new Promise((resolve) => listener.close(resolve));
  return port;
}

/** Runs `server.ts` in a folder of its own, as the guide does. Resolves when it listens. */
async function startServer(folder: string, port: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), join(app, 'server.ts')], {
    cwd: folder,
    env: { ...process.env, PORT: String(port), TSX_TSCONFIG_PATH: pathOf('../../tsconfig.json') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      said += String(chunk);
      if (said.includes('The server listens on')) resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', (code) => reject(new Error(`The server ended with ${code}: ${said}`)));
  });
  return child;
}

async function stopServer(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

async function titlesOnServer(port: number): Promise<readonly string[]> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/todos`);
  const { items }: { items: { title: string; deletedAt: string | null }[] } = await answer.json();
  return items.map(({ title }) => title).sort();
}

async function add(page: Page, title: string): Promise<void> {
  await page.getByLabel('New todo').fill(title);
  await page.getByRole('button', { name: 'Add' }).click();
  await page.getByText(title).waitFor(soon);
}

test("I1: the guide's app keeps a todo that was added while the server was down, and sends it once", {
  timeout: 180_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'synchart-simple-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const outDir = join(folder, 'dist');
  await build({
    root: app,
    configFile: join(app, 'vite.config.ts'),
    logLevel: 'error',
    resolve: {
      alias: [
        { find: /^synchart$/, replacement: pathOf('../../src/index.ts') },
        { find: /^synchart\/(\w+)$/, replacement: `${pathOf('../../src')}/$1.ts` },
      ],
    },
    build: { outDir, emptyOutDir: true, chunkSizeWarningLimit: 2_000 },
  });
  const port = await freePort();
  let server = await startServer(folder, port);
  onTestFinished(() => void server.kill('SIGKILL'));
  const served: PreviewServer = await preview({
    root: app,
    configFile: false,
    logLevel: 'silent',
    build: { outDir },
    preview: { host: '127.0.0.1', port: 0, proxy: { '/api': `http://127.0.0.1:${port}` } },
  });
  onTestFinished(() => served.close());
  const browser = await chromium.launch({ executablePath: findChromium(), args: [...chromiumArguments] });
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.stack ?? error.message));

  await page.goto(`http://127.0.0.1:${(served.httpServer.address() as AddressInfo).port}`);
  await add(page, 'Written with a server');
  await expect.poll(() => titlesOnServer(port), soon).toEqual(['Written with a server']);
  await page.getByText('Everything is up to date.').waitFor(soon);

  await stopServer(server);
  await add(page, 'Written without a server');
  await page.reload();
  await page.getByText('Written without a server').waitFor(soon);
  await page.getByText(/change waits|changes are kept/).waitFor(soon);

  server = await startServer(folder, port);
  await expect
    .poll(() => titlesOnServer(port), { timeout: 60_000 })
    .toEqual(['Written with a server', 'Written without a server']);
  const box = page.getByLabel('Written without a server');
  await box.click();
  await expect.poll(() => box.isChecked(), soon).toBe(true);
  await page.getByText('Everything is up to date.').waitFor({ timeout: 60_000 });
  expect(errors).toEqual([]);
});
