import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

async function gzippedSize(entry: string, external: readonly string[] = []): Promise<number> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    external: [...external],
    logLevel: 'silent',
  });
  return gzipSync(outputFiles[0]?.contents ?? new Uint8Array()).byteLength;
}

test('the script of the worker stays within its budget', async () => {
  const withSqlite = await gzippedSize('src/browser-worker.ts');
  const alone = await gzippedSize('src/browser-worker.ts', ['@sqlite.org/sqlite-wasm']);
  expect(withSqlite).toBeLessThan(85_000);
  expect(alone).toBeLessThan(16_000);
  // SQLite's own glue is nearly all of it, and nothing of TypeORM.
  expect(alone).toBeGreaterThan(1_000);
});
