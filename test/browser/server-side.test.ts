import { afterEach, expect, test, vi } from 'vitest';

const names = [
  'window',
  'document',
  'navigator',
  'localStorage',
  'indexedDB',
  'Worker',
  'BroadcastChannel',
  'trustedTypes',
];
const before = new Map(names.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]));

afterEach(() => {
  for (const [name, descriptor] of before) {
    if (descriptor === undefined) Reflect.deleteProperty(globalThis, name);
    else Object.defineProperty(globalThis, name, descriptor);
  }
});

test('importing the entry on a server accesses no browser global', async () => {
  const touched: string[] = [];
  for (const name of names) {
    Object.defineProperty(globalThis, name, {
      configurable: true,
      get: () => {
        // TypeORM detects its platform.
        if (new Error().stack?.includes('/src/') === true) touched.push(name);
        return undefined;
      },
    });
  }
  vi.resetModules();
  const { openBrowserDatabase } = await import('synchart/browser');
  expect(touched).toEqual([]);
  await expect(openBrowserDatabase({ name: 'app', entities: [] })).rejects.toMatchObject({
    name: 'BrowserStorageError',
    problem: 'noDurableStorage',
    message: expect.stringMatching(/On Node use openDatabase/) as string,
  });
});
