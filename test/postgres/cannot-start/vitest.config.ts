import { defineConfig } from 'vitest/config';

/** A test run on a machine where PostgreSQL cannot start. `cannot-start.test.ts` runs it. */
export default defineConfig({
  test: {
    include: ['test/postgres/cannot-start/asks-for-postgres.ts'],
    globalSetup: ['test/postgres/cannot-start/without-programs.ts'],
    reporters: ['default', './test/support/summary-reporter.ts'],
    pool: 'forks',
  },
});
