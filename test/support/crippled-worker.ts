import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const without = {
  file: 'Reflect.deleteProperty(StorageManager.prototype, "getDirectory");',
  indexedDb: 'Object.defineProperty(globalThis, "indexedDB", { value: undefined });',
  /** From a message on, commits are stored and reported as aborted, and IndexedDB cannot be opened any more. */
  outcome: `const channel = new BroadcastChannel('lose outcome');
    channel.onmessage = () => {
      const { set } = Object.getOwnPropertyDescriptor(IDBTransaction.prototype, 'oncomplete');
      Object.defineProperty(IDBTransaction.prototype, 'oncomplete', {
        set(listener) {
          if (this.mode === 'readwrite') this.addEventListener('complete', () => this.onabort());
          else set.call(this, listener);
        },
      });
      IDBFactory.prototype.open = () => {
        throw new DOMException('the disk does not answer', 'UnknownError');
      };
      channel.postMessage('lost');
    };`,
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
    '/lack-outcome.js': without.file + without.outcome,
    [withoutFile]: workerAfter('/lack-file.js'),
    [withoutOutcome]: workerAfter('/lack-outcome.js'),
    [withoutIndexedDb]: workerAfter('/lack-indexeddb.js'),
    [withoutBoth]: workerAfter('/lack-both.js'),
  };
}

export const withoutFile = '/worker-without-file.js';
export const withoutOutcome = '/worker-without-outcome.js';
export const withoutIndexedDb = '/worker-without-indexeddb.js';
export const withoutBoth = '/worker-without-both.js';
