import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const without = {
  file: 'Reflect.deleteProperty(StorageManager.prototype, "getDirectory");',
  indexedDb: 'Object.defineProperty(globalThis, "indexedDB", { value: undefined });',
} as const;

/** Makes the text of a script that runs another one before the worker of the built app. */
export async function workerScripts(folder: string): Promise<(path: string) => string> {
  const script = (await readdir(join(folder, 'assets'))).find((name) => /^browser-worker.*\.js$/.test(name));
  return (path) => `import '${path}'; import '/assets/${script}';`;
}

/** Scripts of the worker in browsers that lack something; open with their address as `worker`. */
export async function crippledWorkers(folder: string): Promise<Readonly<Record<string, string>>> {
  const workerAfter = await workerScripts(folder);
  return {
    '/lack-file.js': without.file,
    '/lack-indexeddb.js': without.indexedDb,
    '/lack-both.js': without.file + without.indexedDb,
    [withoutFile]: workerAfter('/lack-file.js'),
    [withoutIndexedDb]: workerAfter('/lack-indexeddb.js'),
    [withoutBoth]: workerAfter('/lack-both.js'),
  };
}

export const withoutFile = '/worker-without-file.js';
export const withoutIndexedDb = '/worker-without-indexeddb.js';
export const withoutBoth = '/worker-without-both.js';
