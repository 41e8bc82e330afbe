import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The tests as they are, without PostgreSQL and browsers: what a planted fault meets. */
export default defineConfig({
  resolve: {
    alias: [
      { find: /^synchart$/, replacement: pathOf('./src/index.ts') },
      { find: /^synchart\/(persistence|transport|devtools|server|testing)$/, replacement: pathOf('./src/$1.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    setupFiles: ['test/support/fast-check-seed.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    fileParallelism: false,
    bail: 1,
  },
});
