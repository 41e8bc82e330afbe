import { defineConfig } from 'vitest/config';

/** What the mutants of `src/rules` meet: the tests of the rules and their laws, without databases, servers or browsers. */
export default defineConfig({
  test: {
    include: ['test/rules/**/*.test.ts', 'test/property/{fold,merge,deltas,paging}.test.ts', 'test/conflicts/laws.test.ts'],
    setupFiles: ['test/support/fast-check-seed.ts'],
    testTimeout: 30_000,
    fileParallelism: false,
  },
});
