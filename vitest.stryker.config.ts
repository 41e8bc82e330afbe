import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Cheap tests first: the first red one ends a mutant. */
const folders = ['/test/rules/', '/test/machines/', '/test/property/', '/test/conflicts/'];
class CheapFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => folders.findIndex((folder) => moduleId.includes(folder));
    return Promise.resolve(files.toSorted((a, b) => rank(a) - rank(b)));
  }
}

/** What the mutants of the rules and the chart meet: their own tests, without databases, servers or browsers. */
export default defineConfig({
  test: {
    include: [
      'test/rules/**/*.test.ts',
      'test/property/{fold,merge,deltas,paging}.test.ts',
      'test/conflicts/laws.test.ts',
      'test/machines/{sync-machine,chart-names,sync-actor,transition-table,heeds-outbox,actor-inputs}.test.ts',
    ],
    setupFiles: ['test/support/fast-check-seed.ts'],
    testTimeout: 30_000,
    fileParallelism: false,
    // One environment for all files: nothing of it is changed by a test, and a mutant takes half the time.
    isolate: false,
    sequence: { sequencer: CheapFirst },
  },
});
