/**
 * Changes the rules and the chart in every small way and looks whether a test notices: `npm run mutants:rules [--
 * --mutate src/rules/pending/fold.ts]`.
 */
export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'vitest.stryker.config.ts', related: false },
  mutate: ['src/rules/**/*.ts', 'src/machines/**/*.ts'],
  coverageAnalysis: 'perTest',
  // What is made once, when a file is loaded, would need all tests for each change. In the chart that is its shape,
  // which the transition table holds.
  ignoreStatic: true,
  concurrency: 1,
  // Texts are for people; no test pins them word by word.
  mutator: { excludedMutations: ['StringLiteral'] },
  ignorePatterns: [
    '/*',
    '!/src',
    '!/test',
    '!/package.json',
    '!/tsconfig.json',
    '!/stryker.config.mjs',
    '!/vitest.stryker.config.ts',
  ],
  reporters: ['clear-text', 'progress-append-only', 'json'],
  jsonReporter: { fileName: 'reports/mutation.json' },
  clearTextReporter: { allowColor: false, reportTests: false },
  timeoutMS: 20_000,
  thresholds: { high: 90, low: 80, break: null },
  tempDirName: '.stryker-tmp',
};
