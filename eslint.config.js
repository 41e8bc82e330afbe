import tseslint from 'typescript-eslint';

const time = [
  { object: 'Date', property: 'now', message: 'Take a Clock: tests must be able to turn it.' },
  { object: 'Math', property: 'random', message: 'Take a RandomSource: a run must be repeatable.' },
];

const noDefaultExport = [
  { selector: 'ExportDefaultDeclaration', message: 'Export by name.' },
  { selector: 'ExportSpecifier[exported.name="default"]', message: 'Export by name.' },
];

/** What the compiler cannot see. Import directions are in .dependency-cruiser.cjs, formatting is Biome's. */
export default tseslint.config(
  {
    ignores: [
      'dist/',
      'dist-extension/',
      'storybook-static/',
      'coverage/',
      'node_modules/',
      '**/node_modules/',
      'scratch/',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error', reportUnusedInlineConfigs: 'error' } },
  {
    files: ['**/*.ts', '**/*.tsx'],
    plugins: { '@typescript-eslint': tseslint.plugin },
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': 'allow-with-description' }],
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': [
        'error',
        { allowForKnownSafeCalls: [{ from: 'package', name: ['test', 'describe'], package: 'vitest' }] },
      ],
      '@typescript-eslint/no-for-in-array': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-non-null-asserted-optional-chain': 'error',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      // `reject(signal.reason)` passes on what the caller of abort() chose.
      '@typescript-eslint/prefer-promise-reject-errors': [
        'error',
        { allowThrowingAny: true, allowThrowingUnknown: true },
      ],
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // `== null` asks for null and undefined at once.
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-constant-binary-expression': 'error',
      'no-debugger': 'error',
      'no-empty': ['error', { allowEmptyCatch: false }],
      'no-fallthrough': 'error',
      'no-restricted-syntax': ['error', ...noDefaultExport],
      'no-self-compare': 'error',
      'no-unsafe-finally': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
  {
    // React suspends a component by the promise that it throws.
    files: ['src/react/*.ts'],
    rules: {
      '@typescript-eslint/only-throw-error': [
        'error',
        { allow: [{ from: 'lib', name: 'Promise' }], allowThrowingUnknown: true },
      ],
    },
  },
  {
    files: ['src/**/*.ts', 'src/**/*.tsx'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      'no-console': 'error',
      // Flat config replaces a rule's options, it does not merge them: repeat every ban that has to hold here.
      'no-restricted-syntax': [
        'error',
        ...noDefaultExport,
        {
          selector: 'TSAsExpression > TSAsExpression[typeAnnotation.type="TSUnknownKeyword"]',
          message: 'Narrow the value instead of casting through unknown.',
        },
      ],
    },
  },
  {
    files: ['src/{model,rules,machines,persistence,transport}/**/*.ts'],
    // The one file that turns the system's time into a Clock.
    ignores: ['src/model/platform/system-clock.ts'],
    rules: { 'no-restricted-properties': ['error', ...time] },
  },
  {
    files: ['src/machines/setup/actors.ts'],
    // `types: {} as …` is how `setup` is told its types; the rule takes it for needless.
    rules: { '@typescript-eslint/no-unnecessary-type-assertion': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    // An assertion that is not needed says what a test relies on.
    rules: { '@typescript-eslint/no-unnecessary-type-assertion': 'off' },
  },
  {
    // The tools ask for a default export here.
    files: [
      '**/*.config.ts',
      '**/*.d.ts',
      '**/*.stories.ts',
      '**/*.stories.tsx',
      '.storybook/*',
      'test/support/summary-reporter.ts',
      'test/package/next/*.tsx',
    ],
    rules: { 'no-restricted-syntax': 'off' },
  },
);
