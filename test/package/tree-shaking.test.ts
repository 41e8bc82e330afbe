import { readFileSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { build, type Plugin } from 'esbuild';
import { buildPage } from '../support/build-page.ts';

/** Texts that only the devtools have: of the panel, of the agent, of their packages. */
const marks = ['sc-tabs', 'synchart-bundle', '"attachDevtools")', 'react-flow'];

async function bundled(isDevelopment: boolean): Promise<string> {
  const page = await buildPage('test/package/app-page.ts', { __DEVELOPMENT__: String(isDevelopment) });
  onTestFinished(page.remove);
  const files = await readdir(page.folder);
  return (await Promise.all(files.map((file) => readFile(join(page.folder, file), 'utf8')))).join('\n');
}

test('I13: an app that mounts the devtools only in development ships nothing of them in production', {
  timeout: 240_000,
}, async () => {
  const [development, production] = [await bundled(true), await bundled(false)];
  expect(marks.filter((mark) => !development.includes(mark))).toEqual([]);
  expect(marks.filter((mark) => production.includes(mark))).toEqual([]);
  expect(production).toContain('createSyncEngine');
});

/** Texts of the components that the page does not show. */
const others = ['synchart-indicator', 'synchart-dialog-head', 'aria-haspopup'];

test('a page that shows one component has all styles and no other component', {
  timeout: 120_000,
}, async () => {
  const { outputFiles } = await build({
    absWorkingDir: fileURLToPath(new URL('../../', import.meta.url)),
    entryPoints: ['test/package/styles-page.tsx'],
    bundle: true,
    write: false,
    format: 'esm',
    outdir: 'unwritten',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: [fromPackageJson],
    logLevel: 'silent',
  });
  const textOf = (end: string): string => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? '';
  expect(textOf('.css')).toContain('.synchart-dialog');
  expect(textOf('.js')).toContain('synchart-storage');
  expect(others.filter((text) => textOf('.js').includes(text))).toEqual([]);
});

const packageJson = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly sideEffects: readonly string[];
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
};
const built: Readonly<Record<string, string>> = {
  './dist/react-ui.js': 'src/react-ui.ts',
  './dist/react-ui.css': 'src/react-ui/styles/react-ui.css',
};

/** Resolves the package by its own `exports` and `sideEffects`, to the sources that are built into what they name. */
const fromPackageJson: Plugin = {
  name: 'from-package-json',
  setup: (setup) => {
    setup.onResolve({ filter: /^synchart\// }, ({ path }) => {
      const target = packageJson.exports[path.replace('synchart', '.')];
      const file = typeof target === 'string' ? target : (target?.default ?? '');
      const source = built[file];
      if (source === undefined) throw new Error(`package.json exports nothing known for ${path}`);
      return {
        path: fileURLToPath(new URL(`../../${source}`, import.meta.url)),
        sideEffects: packageJson.sideEffects.includes(file),
      };
    });
    // What the package does not list has no effect when it is imported.
    setup.onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path),
      sideEffects: false,
    }));
  },
};
