import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright';
import { buildBrowserApp } from '../test/support/browser-app.ts';
import { chromiumArguments, findChromium } from '../test/support/find-chromium.ts';
import { startServer, type BenchServer } from './processes.ts';

export const libraries = ['dexie', 'rxdb'] as const;
export type Library = 'synchart' | (typeof libraries)[number];

/** Of the libraries that are measured beside: whether bench/node_modules has all of them. */
export const hasLibraries = (): boolean =>
  libraries.every((name) => existsSync(fileURLToPath(new URL(`node_modules/${name}`, import.meta.url))));

export interface BrowserSites {
  readonly version: string;
  /** A tab on the page of a library, which has an origin and storage of its own. */
  tab(library: Library): Promise<Page>;
  close(): Promise<void>;
}

/** One Chromium with a profile on disk, and for each library a page, served together with so many rows. */
export async function openSites(used: readonly Library[], rows: number): Promise<BrowserSites> {
  const servers = new Map<Library, BenchServer>();
  const folders: string[] = [];
  for (const library of used) {
    const folder = await buildBrowserApp(`bench/contenders/browser-${library}.ts`);
    folders.push(folder);
    servers.set(library, await startServer(rows, 0, folder));
  }
  const profile = await mkdtemp(join(tmpdir(), 'synchart-bench-profile-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: findChromium(),
    headless: true,
    args: [...chromiumArguments],
  });
  return {
    version: context.browser()?.version() ?? 'of unknown version',
    tab: async (library) => {
      const page = await context.newPage();
      page.on('pageerror', (error) => process.stderr.write(`${library}: ${String(error)}\n`));
      await page.goto(servers.get(library)?.url ?? '');
      await page.waitForFunction(() => 'contender' in globalThis);
      return page;
    },
    close: async () => {
      await context.close();
      for (const server of servers.values()) await server.stop();
      for (const folder of [profile, ...folders]) await rm(folder, { recursive: true, force: true });
    },
  };
}
