import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

test('I10: the log of a pushing engine keeps 100,000 entries in less than 50 MB, read or not', {
  timeout: 180_000,
}, async () => {
  const loader = pathOf('../../node_modules/tsx/dist/loader.mjs');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--expose-gc', '--import', loader, pathOf('page/log-memory.ts')],
    {
      env: { ...process.env, NODE_OPTIONS: '' },
    },
  );
  const { size, kinds, keptBytes, readBytes } = JSON.parse(stdout) as {
    size: number;
    kinds: readonly string[];
    keptBytes: number;
    readBytes: number;
  };
  // What a run writes: its steps, its events, its requests.
  expect(kinds).toEqual(expect.arrayContaining(['transition', 'event', 'request']));
  expect(size).toBeGreaterThan(50_000);
  expect(keptBytes).toBeLessThan(50_000_000);
  expect(readBytes).toBeLessThan(50_000_000);
});
