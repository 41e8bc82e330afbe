import { createHash } from 'node:crypto';
import { cp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { keepEarlierFiles } from './keep-earlier-files.ts';

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export const builtApp = pathOf('./dist');
/** Rows of the server change all the time, and nothing is built from them. */
const served = `${pathOf('./data')}${sep}`;
const stamp = join(builtApp, 'built-from.txt');

/** The newest change below a folder, epoch ms. */
async function newestIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter(
    ({ parentPath, name }) => ![builtApp, served].some((other) => join(parentPath, name).startsWith(other)),
  );
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
  const earlier = pathOf('./dist.earlier');
  await rm(earlier, { recursive: true, force: true });
  await cp(builtApp, earlier, { recursive: true }).catch(() => undefined);
  await build({ configFile: pathOf('./vite.config.ts') });
  await buildServiceWorker();
  await keepEarlierFiles(earlier, builtApp);
  await rm(earlier, { recursive: true, force: true });
  await writeFile(stamp, newest);
  return true;
}

const lock = pathOf('./dist.lock');

/** Two builds into one folder would empty it under each other, so the second process waits for the first. */
async function oneAtATime<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      await writeFile(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      if (await isHeld()) await delay(200);
      else await rm(lock, { force: true });
    }
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

/** Whether the process that made the lock is alive. One that was killed leaves its lock behind. */
async function isHeld(): Promise<boolean> {
  const pid = Number(await readFile(lock, 'utf8').catch(() => ''));
  // The other process has made the file, and is about to write into it.
  if (pid === 0) return true;
  try {
    process.kill(pid, 0);
    return pid !== process.pid;
  } catch {
    return false;
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
