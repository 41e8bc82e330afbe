/** Changes `src/rules` in every small way and looks whether a test notices: `npm run mutants:rules`. */
export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'vitest.stryker.config.ts', related: false },
  mutate: ['src/rules/**/*.ts'],
  coverageAnalysis: 'perTest',
  concurrency: 1,
  // Texts are for people; no test pins them word by word.
  mutator: { excludedMutations: ['StringLiteral'] },
  ignorePatterns: ['/*', '!/src', '!/test', '!/package.json', '!/tsconfig.json', '!/stryker.config.mjs', '!/vitest.stryker.config.ts'],
  reporters: ['clear-text', 'progress-append-only', 'json'],
  jsonReporter: { fileName: 'reports/mutation.json' },
  clearTextReporter: { allowColor: false, reportTests: false },
  timeoutMS: 20_000,
  thresholds: { high: 90, low: 80, break: null },
  tempDirName: '.stryker-tmp',
};
