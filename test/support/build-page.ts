import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { reactAliases, type ReactRelease } from './react-release.ts';

export interface BuiltPage {
  readonly folder: string;
  readonly remove: () => Promise<void>;
}

/**
 * Bundles a script for browsers, with everything that it needs, as `page.js` in a folder of its own. `entry` is a path
 * from the root of the repository; `define` gives names their values; `react` is the release it runs on.
 */
export async function buildPage(
  entry: string,
  define: Readonly<Record<string, string>> = {},
  react: ReactRelease = '19',
): Promise<BuiltPage> {
  const folder = await mkdtemp(join(tmpdir(), 'synchart-page-'));
  const root = fileURLToPath(new URL('../../', import.meta.url));
  await build({
    configFile: false,
    root,
    publicDir: false,
    logLevel: 'error',
    define: { ...define },
    resolve: { alias: [...reactAliases(react)] },
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: 'es2023',
      minify: false,
      reportCompressedSize: false,
      modulePreload: false,
      rolldownOptions: { input: join(root, entry), output: { entryFileNames: 'page.js', chunkFileNames: '[name].js' } },
    },
  });
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
