import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Runs the three tests of `cannot-start/` in a process of their own, where PostgreSQL cannot start. */
const runWithoutPostgres = (): Promise<{ readonly exitCode: number; readonly output: string }> =>
  new Promise((resolve) => {
    const command = [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--config',
      'test/postgres/cannot-start/vitest.config.ts',
    ];
    const child = execFile(
      process.execPath,
      command,
      { cwd: root, env: { ...process.env, NO_COLOR: '1' } },
      (_, stdout, stderr) => resolve({ exitCode: child.exitCode ?? -1, output: stdout + stderr }),
    );
  });

test('skips the tests that need PostgreSQL if it cannot start, with the reason in the summary', {
  timeout: 120_000,
}, async () => {
  const { exitCode, output } = await runWithoutPostgres();
  const lines = output.trimEnd().split('\n');
  expect(lines.at(-1)).toBe('1 passed, 0 failed, 2 skipped');
  expect(lines.at(-2)).toMatch(
    /^NOT TESTED \(2 skipped\): PostgreSQL cannot be started, so its driver is not tested\..*initdb.*ENOENT/,
  );
  expect(exitCode).toBe(0);
});
