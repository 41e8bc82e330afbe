import { readFile } from 'node:fs/promises';
import { transform } from 'esbuild';
import type { Plugin } from 'rolldown';
import { esmExternalRequirePlugin } from 'rolldown/plugins';
import { minify } from 'rolldown/utils';
import { defineConfig, type UserConfig } from 'tsdown';

/**
 * All entries are built for browsers, also those of Node: they share their chunks, so no shared chunk may hold what
 * only Node has. Entries for Node import `node:` modules by name; the shared code reaches them through
 * `process.getBuiltinModule`.
 */
const shared: UserConfig = {
  format: 'esm',
  // Types and code have one name each, as package.json "exports" spells them.
  fixedExtension: false,
  platform: 'browser',
  target: 'es2023',
  external: [/^node:/],
  // The packages of the panel and of the dialogs are part of them: an app installs React at most.
  noExternal: ['valibot', '@xyflow/react', '@xyflow/system', /^@zag-js\//],
  inlineOnly: false,
  // Bundled packages leave out their checks for development.
  define: { 'process.env.NODE_ENV': '"production"' },
  treeshake: true,
  // The code keeps its names and lines, so maps would only make the package larger.
  sourcemap: false,
  // The types carry the comments that editors show.
  outputOptions: { comments: { legal: true, annotation: true, jsdoc: false } },
};

/**
 * Half of the screens is bundled packages, and the tools are large: their names are shortened. Other chunks keep theirs,
 * since stacks of an app lead there.
 */
const smallChunks = {
  name: 'small-chunks',
  renderChunk: async (code: string, { fileName }: { readonly fileName: string }) =>
    /^(devtools|react-ui|testing|drawn-chart-.*|replay-bundle-.*|attach-devtools-.*)\.js$/.test(fileName)
      ? (await minify(fileName, code, { module: true })).code
      : undefined,
};

/** Ships the styles of the components beside them. */
const componentStyles: Plugin = {
  name: 'component-styles',
  async generateBundle() {
    const folder = 'src/react-ui/styles';
    const styles = await readFile(`${folder}/react-ui.css`, 'utf8');
    const types = await readFile(`${folder}/css-types.ts`, 'utf8');
    const { code } = await transform(styles, { loader: 'css', minify: true });
    this.emitFile({ type: 'asset', fileName: 'react-ui.css', source: code });
    this.emitFile({ type: 'asset', fileName: 'react-ui.css.d.ts', source: types });
  },
};

/** The sources name the worker's script by where it lies in `src`; in `dist` it lies beside every chunk. */
const workerScript = {
  name: 'worker-script',
  renderChunk: (code: string) => code.replaceAll('../../browser-worker.ts', './browser-worker.js'),
};

export default defineConfig({
  ...shared,
  entry: {
    index: 'src/index.ts',
    persistence: 'src/persistence.ts',
    transport: 'src/transport.ts',
    browser: 'src/browser.ts',
    'browser-worker': 'src/browser-worker.ts',
    rpc: 'src/rpc.ts',
    queries: 'src/queries.ts',
    react: 'src/react.ts',
    'react-ui': 'src/react-ui.ts',
    vue: 'src/vue.ts',
    svelte: 'src/svelte.ts',
    solid: 'src/solid.ts',
    devtools: 'src/devtools.ts',
    'devtools-node': 'src/devtools-node.ts',
    'devtools-page': 'src/devtools-page.ts',
    server: 'src/server.ts',
    testing: 'src/testing.ts',
    synchart: 'src/replay/synchart.ts',
    'synchart-server': 'src/server/synchart-server.ts',
  },
  dts: true,
  clean: true,
  // CommonJS packages inside the panel ask for React by `require`, which pages lack.
  plugins: [
    smallChunks,
    workerScript,
    componentStyles,
    esmExternalRequirePlugin({ external: [/^react(-dom)?(\/|$)/] }),
  ],
});
