/**
 * F-165: packs the tarball, installs it into empty folders, and uses it there as an app does. Each page is bundled by
 * esbuild and Vite, served by Vite's development server as well, and opened in Chromium with React 18 and 19; the page
 * with a durable database by webpack, too. Exits 1 and says why. Run `npm run build` first.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as esbuild, transformSync } from 'esbuild';
import { chromium, type Browser } from 'playwright';
import { build, createServer } from 'vite';
import webpack from 'webpack';
import { createTestServer } from '../../src/testing.ts';
import { chromiumArguments, findChromium } from '../support/find-chromium.ts';
import { checkHotReload, checkNext } from './check-next.ts';
import { servePage } from '../support/serve-page.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'synchart-install-'));
const complaints: string[] = [];
const check = (holds: boolean, complaint: string): void => {
  if (!holds) complaints.push(complaint);
};
const run = (command: string, args: readonly string[], cwd: string): string =>
  execFileSync(command, [...args], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 240_000 });

/** What a command printed before it failed. */
const outputOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  // The message holds the error output already.
  return 'stdout' in error ? `${error.message}\n${String(error.stdout)}` : error.message;
};

/** Runs a check to its end: a failure must not hide what later checks find. */
async function step(label: string, work: () => void | Promise<void>): Promise<void> {
  const before = complaints.length;
  try {
    await work();
  } catch (error) {
    complaints.push(`${label}: ${outputOf(error)}`);
  }
  process.stdout.write(`${complaints.length === before ? 'ok    ' : 'FAILED'} ${label}\n`);
}

const install = (folder: string, packages: readonly string[]): string => {
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, 'package.json')))
    writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  return run(
    'sh',
    [
      '-c',
      `npm install --prefer-offline --ignore-scripts --no-audit --no-fund ${packages.map((name) => `'${name}'`).join(' ')} 2>&1`,
    ],
    folder,
  );
};

const entriesWithoutReact = [
  '',
  '/persistence',
  '/transport',
  '/rpc',
  '/browser',
  '/queries',
  '/devtools/node',
  '/devtools/page',
  '/server',
  '/testing',
];

/** (b) and (e): the entries load by import and by require; those that need no React, in a folder without it. */
function checkEntries(folder: string, entries: readonly string[]): void {
  for (const entry of entries) {
    const name = `synchart${entry}`;
    for (const code of [
      `await import('${name}')`,
      `(await import('node:module')).createRequire(process.cwd() + '/x.js')('${name}')`,
    ]) {
      try {
        run(process.execPath, ['--input-type=module', '-e', code], folder);
      } catch (error) {
        complaints.push(`${code} fails: ${outputOf(error)}`);
      }
    }
  }
}

/** An app that uses no panel may have any React, so npm must neither refuse nor warn. */
function checkOldReact(folder: string, tarball: string): void {
  install(folder, ['react@17', 'react-dom@17']);
  const said = install(folder, [tarball, 'typeorm@1']);
  check(!/react|ERESOLVE|warn/i.test(said), `Installing beside React 17 complains: ${said}`);
}

/** A page without its blocks of code: what they name belongs to the reader's project. */
const proseOf = (path: string): string => readFileSync(path, 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '');

/** The path of a Markdown link, of a reference definition, and of an HTML attribute. */
const linkPattern = /(?:\]\(|^ {0,3}\[[^\]]+\]: +|\b(?:src|href)=")([^)\s#"]+)/gm;

/** (d) */
function checkLinks(folder: string): void {
  const home = join(folder, 'node_modules/synchart');
  for (const entry of readdirSync(home, { recursive: true, encoding: 'utf8' })) {
    if (!entry.endsWith('.md')) continue;
    for (const [, link = ''] of proseOf(join(home, entry)).matchAll(linkPattern)) {
      if (/^[a-z]+:/.test(link)) continue;
      check(existsSync(join(home, dirname(entry), link)), `${entry} links to ${link}, which the package does not hold`);
    }
  }
}

/** (c): the consumer's own compiler reads our types; errors in types of other packages are not ours. */
function checkTypes(folder: string, compiler: string): void {
  const names = [...entriesWithoutReact, '/react', '/react/ui', '/vue', '/svelte', '/solid', '/devtools'];
  const lines = names.map(
    (entry, index) =>
      `import * as entry${index} from 'synchart${entry}';\nexport const names${index}: object = entry${index};`,
  );
  writeFileSync(join(folder, 'consumer.ts'), lines.join('\n'));
  const options = {
    module: 'nodenext',
    moduleResolution: 'nodenext',
    target: 'es2022',
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    types: ['node'],
  };
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...options, lib: ['es2023', 'dom', 'dom.iterable'] }, files: ['consumer.ts'] }),
  );
  let said = '';
  try {
    run(process.execPath, [compiler, '-p', '.', '--pretty', 'false'], folder);
  } catch (error) {
    said = outputOf(error);
    // A compiler that cannot run must not look like one that finds nothing.
    if (!said.includes('error TS')) throw error;
  }
  const ours = said
    .split('\n')
    .filter((line) => line.includes('error TS') && !/^(node_modules\/(?!synchart\/)|\.\.\/)/.test(line));
  check(ours.length === 0, `${compiler}: ${ours.join('\n')}`);
}

/** (a): opens the page, waits for its sync, and reads what the panel shows. */
async function openPage(browser: Browser, label: string, url: string): Promise<void> {
  const server = await createTestServer();
  server.seed('todos', { id: 'a', title: 'Milk from the server' });
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.stack ?? error.message));
  try {
    await page.goto(`${url}/?server=${encodeURIComponent(server.url)}`);
    await page.waitForFunction('"started" in globalThis', undefined, { timeout: 60_000 });
    const titles = await page.evaluate<string[]>('started');
    check(titles.join() === 'Bread from the page,Milk from the server', `${label}: rows ${titles.join()}`);
    check(
      server.backend.get('todos', 'b')?.['title'] === 'Bread from the page',
      `${label}: the server did not receive the row of the page`,
    );
    await page.getByRole('button', { name: /synchart/ }).click();
    await page.getByRole('tab').first().waitFor({ timeout: 20_000 });
    const text = (await page.getByRole('tab').allInnerTexts()).join(' ');
    check(/outbox/i.test(text), `${label}: the panel shows the tabs "${text}"`);
    await page.getByRole('tab', { name: /chart/i }).click();
    await page.locator('.react-flow__node').first().waitFor({ timeout: 30_000 });
  } finally {
    if (process.env['SCREENSHOTS'] !== undefined)
      await page.screenshot({ path: join(process.env['SCREENSHOTS'], `${label.replaceAll(' ', '-')}.png`) });
    await page.close();
    await server.stop();
    check(errors.length === 0, `${label}: ${errors.join('\n')}`);
  }
}

const html = '<!doctype html><link rel="icon" href="data:,"><body><script type="module" src="/page.js"></script>';
const wasmOf = (folder: string): string => join(folder, 'node_modules/sql.js/dist/sql-wasm.wasm');
const viteOptions = (folder: string) =>
  ({ configFile: false, root: folder, publicDir: false, logLevel: 'error' }) as const;

async function openBuilt(browser: Browser, label: string, folder: string, built: string): Promise<void> {
  cpSync(wasmOf(folder), join(built, 'sql-wasm.wasm'));
  const served = await servePage([built], { documents: { '/': html } });
  await openPage(browser, label, served.url).finally(served.close);
}

async function openDevelopmentServer(browser: Browser, label: string, folder: string): Promise<void> {
  writeFileSync(join(folder, 'index.html'), html.replace('/page.js', '/page.ts'));
  mkdirSync(join(folder, 'public'), { recursive: true });
  cpSync(wasmOf(folder), join(folder, 'public/sql-wasm.wasm'));
  const server = await createServer({
    ...viteOptions(folder),
    publicDir: 'public',
    server: { host: '127.0.0.1', port: 0 },
  });
  await server.listen();
  const address = server.httpServer?.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await openPage(browser, label, `http://127.0.0.1:${port}`).finally(() => server.close());
}

/** Opens the page twice: the second time, it finds what it stored and synced the first time. */
async function openDurablePage(browser: Browser, label: string, url: string): Promise<void> {
  const server = await createTestServer();
  server.seed('todos', { id: 'a', title: 'Milk from the server' });
  const context = await browser.newContext();
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.stack ?? error.message));
  try {
    for (const visit of ['first', 'second']) {
      await page.goto(`${url}/?server=${encodeURIComponent(server.url)}`);
      await page.waitForFunction('"started" in globalThis', undefined, { timeout: 60_000 });
      const found = await page.evaluate<string[]>('started');
      check(
        found.join() === 'opfs,Bread from the page,Milk from the server',
        `${label}, ${visit} visit: ${found.join()}`,
      );
    }
    check(
      server.backend.get('todos', 'b')?.['title'] === 'Bread from the page',
      `${label}: the server did not receive the row of the page`,
    );
  } finally {
    await context.close();
    await server.stop();
    check(errors.length === 0, `${label}: ${errors.join('\n')}`);
  }
}

/** `synchart/browser` with nothing but what docs/browser.md asks of each bundler. */
async function checkDurablePages(folder: string, browser: Browser): Promise<void> {
  const [byEsbuild, byVite] = [join(folder, 'durable-esbuild'), join(folder, 'durable-vite')];
  await step('durable page of esbuild', async () => {
    await esbuild({
      absWorkingDir: folder,
      entryPoints: { page: 'browser-page.ts', 'browser-worker': 'synchart/browser-worker' },
      bundle: true,
      splitting: true,
      format: 'esm',
      outdir: byEsbuild,
      external: ['fs', 'path', 'crypto'],
      logLevel: 'silent',
    });
    cpSync(join(folder, 'node_modules/@sqlite.org/sqlite-wasm/dist/sqlite3.wasm'), join(byEsbuild, 'sqlite3.wasm'));
    const served = await servePage([byEsbuild], { documents: { '/': html } });
    await openDurablePage(browser, 'esbuild', served.url).finally(served.close);
  });
  await step('durable page of Vite', async () => {
    const options = {
      outDir: byVite,
      target: 'es2023',
      modulePreload: false,
      rolldownOptions: { input: join(folder, 'browser-page.ts'), output: { entryFileNames: 'page.js' } },
    } as const;
    await build({ ...viteOptions(folder), worker: { format: 'es' }, build: options });
    const served = await servePage([byVite], { documents: { '/': html } });
    await openDurablePage(browser, 'Vite', served.url).finally(served.close);
  });
  await step('durable page of webpack', async () => {
    const byWebpack = join(folder, 'durable-webpack');
    const warnings = await bundleByWebpack(folder, byWebpack);
    check(warnings.length === 0, `webpack warns of our files: ${warnings.join('\n')}`);
    const served = await servePage([byWebpack], { documents: { '/': html } });
    await openDurablePage(browser, 'webpack', served.url).finally(served.close);
  });
  await step("durable page of Vite's development server", async () => {
    writeFileSync(join(folder, 'index.html'), html.replace('/page.js', '/browser-page.ts'));
    const server = await createServer({ ...viteOptions(folder), server: { host: '127.0.0.1', port: 0 } });
    await server.listen();
    const address = server.httpServer?.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await openDurablePage(browser, 'Vite dev', `http://127.0.0.1:${port}`).finally(() => server.close());
  });
}

/** webpack with its defaults; resolves with what it warns of in our own files. */
async function bundleByWebpack(folder: string, output: string): Promise<readonly string[]> {
  const source = readFileSync(join(folder, 'browser-page.ts'), 'utf8');
  writeFileSync(join(folder, 'browser-page.mjs'), transformSync(source, { loader: 'ts', format: 'esm' }).code);
  const stats = await new Promise<webpack.Stats>((resolve, reject) => {
    const options: webpack.Configuration = {
      context: folder,
      mode: 'production',
      entry: { page: './browser-page.mjs' },
      output: { path: output, filename: '[name].js' },
      // The page of Vite is minified; here it costs half a minute.
      optimization: { minimize: false },
    };
    webpack(options, (error, done) => {
      if (error !== null) reject(error);
      else if (done === undefined || done.hasErrors()) reject(new Error(done?.toString({ all: false, errors: true })));
      else resolve(done);
    });
  });
  const { warnings = [] } = stats.toJson({ all: false, warnings: true });
  return warnings.filter(({ moduleName = '' }) => moduleName.includes('/synchart/')).map(({ message }) => message);
}

async function checkPages(folder: string, browser: Browser, react: string): Promise<void> {
  const [byEsbuild, byVite] = [join(folder, 'esbuild'), join(folder, 'vite')];
  await step(`page of esbuild on React ${react}`, async () => {
    await esbuild({
      absWorkingDir: folder,
      entryPoints: ['page.ts'],
      bundle: true,
      splitting: true,
      format: 'esm',
      outdir: byEsbuild,
      external: ['fs', 'path', 'crypto'],
      logLevel: 'silent',
    });
    await openBuilt(browser, 'esbuild', folder, byEsbuild);
  });
  await step(`page of Vite on React ${react}`, async () => {
    const output = { entryFileNames: 'page.js', chunkFileNames: '[name].js' };
    const options = {
      outDir: byVite,
      target: 'es2023',
      modulePreload: false,
      rolldownOptions: { input: join(folder, 'page.ts'), output },
    } as const;
    await build({ ...viteOptions(folder), build: options });
    await openBuilt(browser, 'Vite', folder, byVite);
  });
  await step(`page of Vite's development server on React ${react}`, () =>
    openDevelopmentServer(browser, 'Vite dev', folder),
  );
}

/** The components with their styles, with nothing installed but React. */
async function checkComponents(folder: string, browser: Browser, react: string): Promise<void> {
  const styled = html.replace('<body>', '<link rel="stylesheet" href="/page.css"><body>');
  const open = async (label: string, built: string): Promise<void> => {
    const served = await servePage([built], { documents: { '/': styled } });
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.stack ?? error.message));
    try {
      await page.goto(served.url);
      const indicator = page.getByRole('button', { name: 'Starting' });
      await indicator.click();
      const details = page.getByRole('dialog', { name: 'Synchronisation' });
      await details.waitFor();
      const drawn = await details.evaluate((dialog) => {
        const { position, backgroundColor } = getComputedStyle(dialog);
        return `${position} ${backgroundColor}`;
      });
      check(
        drawn.startsWith('fixed ') && !drawn.includes('rgba(0, 0, 0, 0)'),
        `${label}: the dialog is drawn as ${drawn}`,
      );
      await page.keyboard.press('Escape');
      await details.waitFor({ state: 'detached' });
    } finally {
      await page.close();
      await served.close();
      check(errors.length === 0, `${label}: ${errors.join('\n')}`);
    }
  };
  await step(`components of esbuild on React ${react}`, async () => {
    const built = join(folder, 'components-esbuild');
    await esbuild({
      absWorkingDir: folder,
      entryPoints: { page: 'ui-page.tsx' },
      bundle: true,
      format: 'esm',
      jsx: 'automatic',
      outdir: built,
      external: ['fs', 'path', 'crypto'],
      logLevel: 'silent',
    });
    await open('esbuild', built);
  });
  await step(`components of Vite on React ${react}`, async () => {
    const built = join(folder, 'components-vite');
    const output = { entryFileNames: 'page.js', assetFileNames: 'page[extname]' };
    await build({
      ...viteOptions(folder),
      build: { outDir: built, modulePreload: false, rolldownOptions: { input: join(folder, 'ui-page.tsx'), output } },
    });
    await open('Vite', built);
  });
}

const bindings = { '/react': 'react', '/vue': 'vue', '/svelte': 'svelte', '/solid': 'solid-js' } as const;

/** A bundler for pages takes each binding with its framework alone. */
async function checkBindings(folder: string): Promise<void> {
  const frameworks = Object.values(bindings);
  for (const [entry, framework] of Object.entries(bindings)) {
    const code = `export * from 'synchart${entry}';`;
    const { metafile } = await esbuild({
      absWorkingDir: folder,
      stdin: { contents: code, resolveDir: folder },
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      platform: 'browser',
      external: ['fs', 'path', 'crypto'],
      logLevel: 'silent',
    });
    const inputs = Object.keys(metafile.inputs);
    const bundled = frameworks.filter((name) => inputs.some((input) => input.startsWith(`node_modules/${name}/`)));
    check(bundled.join() === framework, `A page with synchart${entry} bundles ${bundled.join(', ')}`);
  }
}

const nextBudgetMs = 120_000;

async function checkNextApp(folder: string, tarball: string, browser: Browser): Promise<void> {
  const began = performance.now();
  await step('page of the App Router of Next', async () => {
    const peers = ['typeorm@1', '@sqlite.org/sqlite-wasm@3.54.1-build1', 'react@19', 'react-dom@19', 'next@16'];
    install(folder, [tarball, ...peers]);
    complaints.push(...(await checkNext(folder, browser)));
  });
  await step("hot reload by Next's development server", async () => {
    complaints.push(...(await checkHotReload(folder, browser)));
  });
  const tookMs = performance.now() - began;
  process.stdout.write(`       ${(tookMs / 1000).toFixed(0)} s of ${nextBudgetMs / 1000} s\n`);
  check(tookMs <= nextBudgetMs, `The pages of Next took ${(tookMs / 1000).toFixed(0)} s.`);
}

try {
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', work], root)) as [
    { readonly filename: string },
  ];
  const tarball = join(work, packed.filename);
  const bare = join(work, 'bare');
  await step('installs without the panel, silent about frameworks', () => {
    const said = install(bare, [tarball, 'typeorm@1', 'fastify@5']);
    check(
      !/react|vue|svelte|solid/i.test(said) && !existsSync(join(bare, 'node_modules/react')),
      `Installing without the panel speaks of a framework: ${said}`,
    );
  });
  await step('installs beside a React that the panel does not run on', () =>
    checkOldReact(join(work, 'react-17'), tarball),
  );
  await step('entries load without React, by import and require', () => checkEntries(bare, entriesWithoutReact));
  await step('links of the guides resolve', () => checkLinks(bare));
  const page = join(work, 'page');
  const peers = [
    'typeorm@1',
    'fastify@5',
    'sql.js@1',
    '@sqlite.org/sqlite-wasm@3.54.1-build1',
    '@statelyai/inspect@0.7',
    '@types/node@20',
    'typescript-5@npm:typescript@~5.9.0',
    'vue@3',
    'svelte@5',
    'solid-js@1',
  ];
  install(page, [tarball, ...peers, 'react@18', 'react-dom@18', '@types/react@18', '@types/react-dom@18']);
  cpSync(join(root, 'test/package/page.ts'), join(page, 'page.ts'));
  cpSync(join(root, 'test/package/browser-page.ts'), join(page, 'browser-page.ts'));
  cpSync(join(root, 'test/package/ui-page.tsx'), join(page, 'ui-page.tsx'));
  const browser = await chromium.launch({ executablePath: findChromium(), args: [...chromiumArguments] });
  await step('the panel loads in Node with React 18, by import and require', () =>
    checkEntries(page, ['/devtools', '/react/ui']),
  );
  await step('bindings load in Node with their frameworks, by import and require', () =>
    checkEntries(page, Object.keys(bindings)),
  );
  await step('a page with a binding bundles its framework alone', () => checkBindings(page));
  await checkPages(page, browser, '18');
  await checkComponents(page, browser, '18');
  await checkDurablePages(page, browser);
  await step('types compile with TypeScript 5.9 and React 18', () =>
    checkTypes(page, join(page, 'node_modules/typescript-5/lib/tsc.js')),
  );
  install(page, ['react@19', 'react-dom@19', '@types/react@19', '@types/react-dom@19']);
  await step('the panel loads in Node with React 19, by import and require', () =>
    checkEntries(page, ['/devtools', '/react/ui']),
  );
  await checkPages(page, browser, '19');
  await checkComponents(page, browser, '19');
  await step('types compile with TypeScript 6 and React 19', () =>
    checkTypes(page, join(root, 'node_modules/typescript/lib/tsc.js')),
  );
  await checkNextApp(join(work, 'next'), tarball, browser);
  await browser.close();
} finally {
  rmSync(work, { recursive: true, force: true });
}

for (const complaint of complaints) process.stderr.write(`\n${complaint}\n`);
process.exitCode = complaints.length === 0 ? 0 : 1;
