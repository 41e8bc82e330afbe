import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type BrowserContext, type Page } from 'playwright';
import { build } from 'vite';
import type { App } from '../browser/page/app.ts';
import { chromiumArguments, findChromium } from './find-chromium.ts';
import { servePage, type ServedPage } from './serve-page.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
export const appHtml =
  '<!doctype html><link rel="icon" href="data:,"><body><script type="module" src="/page.js"></script>';

declare global {
  var app: App;
}

/** The app of the browser tests, bundled by Vite with its worker and SQLite. */
export async function buildBrowserApp(entry = 'test/browser/page/app.ts'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'synchart-browser-'));
  const from = (path: string): string => join(root, path);
  await build({
    configFile: false,
    root,
    publicDir: false,
    logLevel: 'error',
    resolve: {
      alias: [
        { find: /^synchart$/, replacement: from('src/index.ts') },
        { find: /^synchart\/(\w+)$/, replacement: from('src/$1.ts') },
      ],
    },
    worker: { format: 'es' },
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: 'es2023',
      minify: false,
      reportCompressedSize: false,
      modulePreload: false,
      assetsInlineLimit: 0,
      rolldownOptions: { input: from(entry), output: { entryFileNames: 'page.js', chunkFileNames: '[name].js' } },
    },
  });
  return folder;
}

/** Names the sources of the app as they are now: another state of them is another build. */
async function stateOfSources(): Promise<string> {
  const hash = createHash('sha256');
  for (const place of ['src', 'test/browser/page', 'package-lock.json', 'test/support/browser-app.ts']) {
    const from = join(root, place);
    const files = (await stat(from)).isFile() ? [''] : await readdir(from, { recursive: true });
    for (const name of files.toSorted()) {
      const { mtimeMs, size } = await stat(join(from, name));
      hash.update(`${place}/${name} ${mtimeMs} ${size}\n`);
    }
  }
  return hash.digest('hex').slice(0, 16);
}

/** The app of the browser tests, built once for all test files. The folder stays: do not change or remove it. */
export async function browserApp(): Promise<string> {
  const cache = join(root, 'node_modules/.cache/browser-app');
  const folder = join(cache, await stateOfSources());
  const isBuilt = (): Promise<boolean> =>
    stat(folder).then(
      () => true,
      () => false,
    );
  if (await isBuilt()) return folder;
  const made = await buildBrowserApp();
  // Copied, since the folder for temporary files may be on another disk; renamed, since others must not see a half.
  const copy = `${folder}-${process.pid}`;
  await cp(made, copy, { recursive: true });
  await rm(made, { recursive: true, force: true });
  await rename(copy, folder).catch(async (error: unknown) => {
    // Another test file was faster.
    if (!(await isBuilt())) throw error;
    await rm(copy, { recursive: true, force: true });
  });
  for (const name of await readdir(cache))
    if ((await stat(join(cache, name))).mtimeMs < Date.now() - 86_400_000)
      await rm(join(cache, name), { recursive: true, force: true });
  return folder;
}

export interface BrowserSite {
  readonly url: string;
  readonly context: BrowserContext;
  /** Opens a tab whose app is loaded; it has no database yet. */
  tab(path?: string, host?: string): Promise<Page>;
  close(): Promise<void>;
}

type SiteOptions = Parameters<typeof servePage>[1];

/** A Chromium with a profile on disk. Each site in it has an origin, and so storage, of its own. */
export interface TestBrowser {
  readonly context: BrowserContext;
  /** The built app on loopback. Closing the site closes its tabs. */
  site(options?: SiteOptions): Promise<BrowserSite>;
  close(): Promise<void>;
}

export async function openBrowser(folder: string): Promise<TestBrowser> {
  const profile = await mkdtemp(join(tmpdir(), 'synchart-profile-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: findChromium(),
    headless: true,
    // A name that is not localhost, so that pages on it are no secure context.
    args: [...chromiumArguments, '--host-resolver-rules=MAP app.test 127.0.0.1'],
    // Playwright switches the back/forward cache off.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  });
  const blank = context.pages();
  return {
    context,
    site: async (options = {}) => {
      const served: ServedPage = await servePage([folder], {
        ...options,
        documents: { '/': appHtml, '/other': '<!doctype html><link rel="icon" href="data:,">', ...options.documents },
      });
      return {
        url: served.url,
        context,
        tab: async (path = '/', host = 'http://127.0.0.1') => {
          const page = await context.newPage();
          await page.goto(`${host}:${new URL(served.url).port}${path}`);
          await page.waitForFunction(() => 'app' in globalThis);
          return page;
        },
        close: async () => {
          const tabs = context.pages().filter((page) => !blank.includes(page));
          await Promise.all(tabs.map((page) => page.close()));
          await served.close();
        },
      };
    },
    close: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

/** A browser for one site. */
export async function openSite(folder: string, options?: SiteOptions): Promise<BrowserSite> {
  const browser = await openBrowser(folder);
  const site = await browser.site(options);
  return {
    ...site,
    close: async () => {
      await site.close();
      await browser.close();
    },
  };
}
