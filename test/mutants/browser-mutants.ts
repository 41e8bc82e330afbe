import type { Mutant } from './mutant.ts';

export const browserMutants: readonly Mutant[] = [
  {
    fault: 'a commit that IndexedDB refused stays visible in memory',
    file: 'browser/worker/paged-database.ts',
    edits: [['      opened.revert();\n', '']],
    tests: ['browser/worker/paged-database.test.ts'],
  },
  {
    fault: 'a statement sees a commit that is still being stored',
    file: 'browser/worker/sqlite-connection.ts',
    edits: [
      ['    if (this.#storing !== undefined) return this.#storing.then(() => this.execute(sql, parameters));\n', ''],
    ],
    tests: ['browser/worker/paged-database.test.ts'],
  },
  {
    fault: 'the database is closed while a commit is being stored',
    file: 'browser/worker/sqlite-connection.ts',
    edits: [['    await this.#storing;\n', '']],
    tests: ['browser/worker/paged-database.test.ts'],
  },
  {
    fault: 'SQLite keeps pages of a rolled-back commit',
    file: 'browser/worker/open-file.ts',
    edits: [["value: 'NORMAL', expected: 'normal'", "value: 'EXCLUSIVE', expected: 'exclusive'"]],
    tests: ['browser/worker/paged-database.test.ts'],
  },
];
