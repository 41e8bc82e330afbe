import { fileURLToPath } from 'node:url';
import { storybookTest } from '@storybook/addon-vitest/vitest-plugin';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromiumArguments, findChromium } from './test/support/find-chromium.ts';

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^synchart$/, replacement: pathOf('./src/index.ts') },
      { find: /^synchart\/devtools\/node$/, replacement: pathOf('./src/devtools-node.ts') },
      { find: /^synchart\/devtools\/page$/, replacement: pathOf('./src/devtools-page.ts') },
      { find: /^synchart\/(persistence|transport|devtools|server|testing)$/, replacement: pathOf('./src/$1.ts') },
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
          pool: 'forks',
          // All cores: most of the time goes into simulations that use one each.
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
          globalSetup: ['test/support/postgres-server.ts'],
          setupFiles: ['test/support/fast-check-seed.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        plugins: [storybookTest({ configDir: pathOf('./.storybook') })],
        // Found only while a story loads, a package would make the page reload in the middle of a test.
        optimizeDeps: {
          include: [
            'react',
            'react-dom',
            'react-dom/client',
            'react/jsx-runtime',
            'react/jsx-dev-runtime',
            '@xyflow/react',
            'elkjs/lib/elk.bundled.js',
            'valibot',
          ],
        },
        test: {
          name: 'stories',
          sequence: { groupOrder: 1 },
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            instances: [{ browser: 'chromium' }],
            provider: playwright({ launchOptions: { executablePath: findChromium(), args: [...chromiumArguments] } }),
          },
        },
      },
    ],
  },
});
