import { relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What is loaded at once, and what comes later where it is needed. */
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

test('the script of the worker stays within its budget', async () => {
  const withSqlite = await gzippedSizes('src/browser-worker.ts');
  const alone = await gzippedSizes('src/browser-worker.ts', ['@sqlite.org/sqlite-wasm']);
  process.stdout.write(`worker: ${withSqlite.atOnce} bytes, ${alone.atOnce} without SQLite, ${alone.later} later\n`);
  expect(withSqlite.atOnce).toBeLessThan(86_000);
  expect(alone.atOnce).toBeLessThan(18_500);
  // SQLite's own glue is nearly all of it, and nothing of TypeORM.
  expect(alone.atOnce).toBeGreaterThan(1_000);
  // The database in memory, for browsers without a private file system.
  expect(alone.later).toBeGreaterThan(500);
  expect(alone.later).toBeLessThan(3_000);
});
