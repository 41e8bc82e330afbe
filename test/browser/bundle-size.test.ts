import { relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The script that loads at once, and the scripts that load on demand. */
async function gzippedSizes(
  entry: string,
  external: readonly string[] = [],
): Promise<{ readonly atOnce: number; readonly later: number }> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    splitting: true,
    metafile: true,
    outdir: 'out',
    format: 'esm',
    platform: 'browser',
    external: [...external],
    logLevel: 'silent',
  });
  const first = Object.keys(metafile.outputs).find((name) => metafile.outputs[name]?.entryPoint === entry);
  const atOnce = new Set(first === undefined ? [] : [first]);
  for (const name of atOnce)
    for (const { path, kind } of metafile.outputs[name]?.imports ?? []) if (kind !== 'dynamic-import') atOnce.add(path);
  const sizeOf = (isMeant: (name: string) => boolean): number =>
    outputFiles
      .filter(({ path }) => isMeant(relative(root, path)))
      .reduce((sum, { contents }) => sum + gzipSync(contents).byteLength, 0);
  return { atOnce: sizeOf((name) => atOnce.has(name)), later: sizeOf((name) => !atOnce.has(name)) };
}

test('the worker script stays within its budget', async () => {
  const withSqlite = await gzippedSizes('src/browser-worker.ts');
  const alone = await gzippedSizes('src/browser-worker.ts', ['@sqlite.org/sqlite-wasm']);
  process.stdout.write(`worker: ${withSqlite.atOnce} bytes, ${alone.atOnce} without SQLite, ${alone.later} later\n`);
  expect(withSqlite.atOnce).toBeLessThan(86_000);
  expect(alone.atOnce).toBeLessThan(18_500);
  // Nearly all of it is SQLite's own glue code; it contains nothing of TypeORM.
  expect(alone.atOnce).toBeGreaterThan(1_000);
  // The in-memory database, for browsers without a private file system.
  expect(alone.later).toBeGreaterThan(500);
  expect(alone.later).toBeLessThan(3_000);
});
