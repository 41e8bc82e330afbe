import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Ended {
  readonly code: number | string | null | undefined;
  readonly output: string;
  readonly errors: string;
}

const runDemo = (...args: string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const child = execFile(process.execPath, ['--import', 'tsx', 'examples/demo/main.ts', ...args], { cwd: root }, (error, output, errors) => {
      resolve({ code: error === null ? 0 : error.code, output, errors });
    });
    child.stdin?.end();
  });

for (const driver of ['sqlite3', 'better-sqlite3']) {
  test(`I1 I4 I5: after an offline day with conflicts, every row of both replicas equals the server (${driver})`, { timeout: 60_000 }, async () => {
    const { code, output, errors } = await runDemo('--rows', '2000', '--driver', driver);
    expect(errors).toBe('');
    expect(output).toMatch(/✓ replica A equals the server: [\d,]+ cities/);
    expect(output).toMatch(/✓ replica B equals the server: [\d,]+ cities/);
    expect(output).toMatch(/All equal\./);
    expect(output).toMatch(/conflicts resolved +\d+/);
    // Piped output has neither colours nor a bar that redraws itself.
    expect(output).not.toContain('\u001b');
    expect(code).toBe(0);
  });
}

test('a wrong option is explained, and nothing is started', async () => {
  const { code, errors } = await runDemo('--driver', 'mysql');
  expect(code).toBe(1);
  expect(errors).toMatch(/--driver must be sqlite3 or better-sqlite3, got 'mysql'/);
});
