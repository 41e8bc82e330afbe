import { mkdtemp, rm } from 'node:fs/promises';
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

export interface BrowserSite {
  readonly url: string;
  readonly context: BrowserContext;
  /** Opens a tab whose app is loaded; it has no database yet. */
  tab(path?: string, host?: string): Promise<Page>;
  close(): Promise<void>;
}

/** A Chromium with storage of its own, and the built app on loopback. */
export async function openSite(folder: string, options: Parameters<typeof servePage>[1] = {}): Promise<BrowserSite> {
  const served: ServedPage = await servePage([folder], {
    ...options,
    documents: { '/': appHtml, '/other': '<!doctype html><link rel="icon" href="data:,">', ...options.documents },
  });
  const profile = await mkdtemp(join(tmpdir(), 'synchart-profile-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: findChromium(),
    headless: true,
    // A name that is not localhost, so that pages on it are no secure context.
    args: [...chromiumArguments, '--host-resolver-rules=MAP app.test 127.0.0.1'],
    // Playwright switches the back/forward cache off.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
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
      await context.close();
      await served.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}
