import { copyFile, readdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

const keptMs = 30 * 86_400_000;

/**
 * Copies the hashed files of earlier builds into a new one. A tab that was opened before the release asks for them, and
 * on its first visit it has no service worker that kept them.
 */
export async function keepEarlierFiles(earlier: string, built: string): Promise<void> {
  const names = await readdir(join(earlier, 'assets')).catch(() => []);
  const isBuilt = new Set(await readdir(join(built, 'assets')));
  for (const name of names) {
    if (isBuilt.has(name)) continue;
    const { mtime } = await stat(join(earlier, 'assets', name));
    if (Date.now() - mtime.getTime() > keptMs) continue;
    await copyFile(join(earlier, 'assets', name), join(built, 'assets', name));
    await utimes(join(built, 'assets', name), mtime, mtime);
  }
}
