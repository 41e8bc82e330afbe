import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export const builtApp = pathOf('./dist');
const stamp = join(builtApp, 'built-from.txt');

/** The newest change below a folder, epoch ms. */
async function newestIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.parentPath.startsWith(builtApp));
  const times = await Promise.all(
    files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).mtimeMs),
  );
  return Math.max(...times);
}

/** Builds the app where no build is there, or a source has changed since. Resolves with whether it was built. */
export function buildApp(): Promise<boolean> {
  return oneAtATime(buildWhereStale);
}

async function buildWhereStale(): Promise<boolean> {
  const newest = String(Math.max(await newestIn(pathOf('../../src')), await newestIn(pathOf('.'))));
  if ((await readFile(stamp, 'utf8').catch(() => '')) === newest) return false;
  await build({ configFile: pathOf('./vite.config.ts') });
  await buildServiceWorker();
  await writeFile(stamp, newest);
  return true;
}

const lock = pathOf('./dist.lock');
const longestBuildMs = 180_000;

/** Two builds into one folder would empty it under each other, so the second process waits for the first. */
async function oneAtATime<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      await mkdir(lock);
      break;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      const since = await stat(lock).then(({ mtimeMs }) => mtimeMs, Date.now);
      // Left by a process that was killed.
      if (Date.now() - since > longestBuildMs) await rm(lock, { recursive: true, force: true });
      else await delay(200);
    }
  }
  try {
    return await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

/** Bundles the service worker with the list of the files that it keeps. */
async function buildServiceWorker(): Promise<void> {
  const entries = await readdir(builtApp, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const builtFiles = await Promise.all(
    files.sort().map(async (file) => ({
      url: `/${relative(builtApp, file).split(sep).join('/')}`,
      revision: createHash('sha256')
        .update(await readFile(file))
        .digest('hex')
        .slice(0, 16),
    })),
  );
  await build({
    configFile: false,
    publicDir: false,
    logLevel: 'error',
    define: { builtFiles: JSON.stringify(builtFiles), 'process.env.NODE_ENV': '"production"' },
    build: {
      outDir: builtApp,
      emptyOutDir: false,
      target: 'es2023',
      rolldownOptions: {
        input: pathOf('./app/service-worker.ts'),
        output: { entryFileNames: 'service-worker.js', format: 'iife' },
      },
    },
  });
}
