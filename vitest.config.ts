import { fileURLToPath } from 'node:url';
import { storybookTest } from '@storybook/addon-vitest/vitest-plugin';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { playwright } from '@vitest/browser-playwright';
import { defaultExclude, defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { chromiumArguments, findChromium } from './test/support/find-chromium.ts';
import { reactAliases, type ReactRelease } from './test/support/react-release.ts';
import { typeormAliases, type TypeormRelease } from './test/support/typeorm-release.ts';

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Tests that open pages in Chromium themselves. */
const pages = [
  'test/browser/*.test.ts',
  'test/examples/todo-*.test.ts',
  'test/devtools/{inspector,mount,extension}.test.ts',
];

/** What all projects in Node share: all cores, since most of the time goes into simulations that use one each. */
const inNode = { pool: 'forks', maxWorkers: '100%', sequence: { groupOrder: 0 } } as const;

/** Every story as a test in Chromium. On React 18, only the names of the React packages lead elsewhere. */
const stories = (name: string, react: ReactRelease): TestProjectInlineConfiguration => ({
  extends: true,
  resolve: { alias: [...reactAliases(react)] },
  plugins: [
    // The rules of accessibility see the same page on both, so one React is enough for them.
    storybookTest({ configDir: pathOf('./.storybook'), initialGlobals: { a11y: { manual: react === '18' } } }),
    // Storybook gives every project the same cache, and each React needs its own prebuilt packages.
    {
      name: 'cache-per-react',
      enforce: 'post',
      config: () => ({ cacheDir: pathOf(`./node_modules/.cache/stories-react-${react}`) }),
    },
  ],
  // Found only while a story loads, a package would make the page reload in the middle of a test.
  optimizeDeps: {
    include: [
      'react',
      'react-dom',
      'react-dom/client',
      'react/jsx-runtime',
      'react/jsx-dev-runtime',
      '@xyflow/react',
      'valibot',
      '@zag-js/dialog',
      '@zag-js/react',
      'axios',
      'rxjs',
      'sql.js',
      'typeorm',
      'xstate',
    ],
  },
  test: {
    name,
    setupFiles: ['test/support/expect-react.ts'],
    provide: { react },
    sequence: { groupOrder: 1 },
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      instances: [{ browser: 'chromium' }],
      provider: playwright({ launchOptions: { executablePath: findChromium(), args: [...chromiumArguments] } }),
    },
  },
});

/** The hooks in Chromium, over a real engine and SQLite. */
const hooks = (name: string, react: ReactRelease): TestProjectInlineConfiguration => ({
  extends: true,
  resolve: { alias: [...reactAliases(react)] },
  plugins: [
    {
      name: 'cache-per-react',
      enforce: 'post',
      config: () => ({ cacheDir: pathOf(`./node_modules/.cache/hooks-react-${react}`) }),
    },
  ],
  optimizeDeps: {
    include: [
      'react',
      'react-dom',
      'react-dom/client',
      'react-dom/server',
      'react/jsx-runtime',
      'react/jsx-dev-runtime',
      'axios',
      'rxjs',
      'sql.js',
      'typeorm',
      'xstate',
      '@zag-js/dialog',
      '@zag-js/react',
    ],
  },
  test: {
    name,
    include: ['test/react/**/*.test.tsx'],
    setupFiles: ['test/support/expect-react.ts'],
    provide: { react },
    sequence: { groupOrder: 1 },
    testTimeout: 30_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      instances: [{ browser: 'chromium' }],
      provider: playwright({ launchOptions: { executablePath: findChromium(), args: [...chromiumArguments] } }),
    },
  },
});

/** The bindings of the other frameworks in Chromium, as the hooks. */
const frameworks: TestProjectInlineConfiguration = {
  extends: true,
  plugins: [
    svelte({ configFile: false }),
    { name: 'cache', enforce: 'post', config: () => ({ cacheDir: pathOf('./node_modules/.cache/frameworks') }) },
  ],
  define: {
    __VUE_OPTIONS_API__: 'true',
    __VUE_PROD_DEVTOOLS__: 'false',
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
  },
  optimizeDeps: {
    include: [
      'vue',
      'vue/server-renderer',
      'solid-js',
      'solid-js/web',
      'svelte',
      'svelte/reactivity',
      'svelte/store',
      'axios',
      'rxjs',
      'sql.js',
      'typeorm',
      'xstate',
    ],
  },
  test: {
    name: 'frameworks',
    include: ['test/frameworks/*.browser.ts'],
    sequence: { groupOrder: 1 },
    testTimeout: 30_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      instances: [{ browser: 'chromium' }],
      provider: playwright({ launchOptions: { executablePath: findChromium(), args: [...chromiumArguments] } }),
    },
  },
};

/** The same bindings, as a server renders with them. */
const onServer: TestProjectInlineConfiguration = {
  extends: true,
  plugins: [svelte({ configFile: false })],
  test: {
    name: 'frameworks on a server',
    include: ['test/frameworks/*.server.ts'],
    ...inNode,
  },
};

/** What the store relies on in TypeORM, and the store itself, on another release. */
const onTypeorm = (typeorm: TypeormRelease): TestProjectInlineConfiguration => ({
  extends: true,
  resolve: { alias: [...typeormAliases(typeorm)] },
  test: {
    name: `TypeORM ${typeorm}`,
    include: ['test/persistence/typeorm/**/*.test.ts', 'test/contract/**/*.test.ts'],
    ...inNode,
    globalSetup: ['test/support/postgres-server.ts'],
    setupFiles: ['test/support/fast-check-seed.ts'],
    provide: { typeorm },
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});

/** The store, over the worker that owns a database on OPFS in Chromium. */
const onOpfs: TestProjectInlineConfiguration = {
  extends: true,
  test: {
    name: 'OPFS in Chromium',
    include: [
      'test/contract/store.test.ts',
      'test/persistence/follow/*.test.ts',
      'test/persistence/capture/exact-outbox.property.test.ts',
    ],
    pool: 'forks',
    maxWorkers: 1,
    sequence: { groupOrder: 0 },
    globalSetup: ['test/support/opfs-app.ts'],
    setupFiles: ['test/support/fast-check-seed.ts', 'test/support/close-opfs.ts'],
    provide: { typeorm: '1.1' },
    env: { TEST_DRIVERS: 'opfs' },
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
};

export default defineConfig({
  resolve: {
    alias: [
      { find: /^synchart$/, replacement: pathOf('./src/index.ts') },
      { find: /^synchart\/react\/ui$/, replacement: pathOf('./src/react-ui.ts') },
      { find: /^synchart\/devtools\/node$/, replacement: pathOf('./src/devtools-node.ts') },
      { find: /^synchart\/devtools\/page$/, replacement: pathOf('./src/devtools-page.ts') },
      {
        find: /^synchart\/(persistence|transport|rpc|browser|queries|react|vue|svelte|solid|devtools|server|testing)$/,
        replacement: pathOf('./src/$1.ts'),
      },
    ],
  },
  test: {
    reporters: ['default', './test/support/summary-reporter.ts'],
    coverage: { provider: 'v8', include: ['src/**/*.ts'], reporter: ['text-summary', 'html'] },
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: [...defaultExclude, ...pages],
          ...inNode,
          globalSetup: ['test/support/postgres-server.ts'],
          setupFiles: ['test/support/fast-check-seed.ts'],
          provide: { typeorm: '1.1' },
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'pages',
          include: pages,
          ...inNode,
          setupFiles: ['test/support/fast-check-seed.ts'],
          provide: { typeorm: '1.1' },
          // A browser on a busy machine may miss a time limit. The report names the tests that needed the second try.
          retry: 1,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      onOpfs,
      onTypeorm('1.0'),
      onTypeorm('0.3'),
      stories('stories', '19'),
      stories('stories on React 18', '18'),
      hooks('hooks', '19'),
      hooks('hooks on React 18', '18'),
      frameworks,
      onServer,
    ],
  },
});
