import { rm } from 'node:fs/promises';
import type { TestProject } from 'vitest/node';
import { buildBrowserApp } from './browser-app.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder of the page that opens databases for tests in Node. */
    opfsApp: string;
  }
}

/** Builds the page once for all test files. */
export async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const folder = await buildBrowserApp('test/browser/page/bridge.ts');
  provide('opfsApp', folder);
  return () => rm(folder, { recursive: true, force: true });
}
