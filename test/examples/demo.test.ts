import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { conflictStrategies } from '../../src/model/conflict.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Ended {
  readonly code: number | string | null | undefined;
  readonly output: string;
  readonly errors: string;
}

const runDemo = (...args: string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['--import', 'tsx', 'examples/demo/main.ts', ...args],
      { cwd: root },
      (error, output, errors) => {
        resolve({ code: error === null ? 0 : error.code, output, errors });
      },
    );
    child.stdin?.end();
  });

/** The table of strategies: strategy, what A wrote, what B wrote, what everybody sees. */
const outcomes = (output: string): string[][] =>
  output
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/))
    .filter(([strategy = '']) => conflictStrategies.some((one) => strategy === `✓ ${one}`))
    .map((cells) => cells.slice(0, 4).map((cell) => cell.replace('✓ ', '')));

for (const driver of ['sqlite3', 'better-sqlite3']) {
  test(`I1 I4 I5: after an offline day with conflicts, every row of both replicas equals the server (${driver})`, {
    timeout: 60_000,
  }, async () => {
    const { code, output, errors } = await runDemo('--rows', '2000', '--driver', driver);
    expect(errors).toBe('');
    expect(output).toMatch(/✓ replica A equals the server: [\d,]+ cities/);
    expect(output).toMatch(/✓ replica B equals the server: [\d,]+ cities/);
    expect(output).toMatch(/All equal\./);
    expect(output).toMatch(/conflicts resolved +\d+/);
    expect(outcomes(output)).toEqual([
      ['autoPreserve', 'Green 4.00', 'Black #new', 'Black 4.00 #new'],
      ['serverWins', 'Green 4.00', 'Black #new', 'Green 4.00'],
      ['clientWins', 'Green 4.00', 'Black #new', 'Black 3.00 #new'],
      ['lastWriteWins', 'Green 4.00', 'Black #new', 'Black 3.00 #new'],
      ['merge', 'Green 4.00', 'Black #new', 'Green or Black 4.00 #new'],
      ['manual', 'Green 4.00', 'Black #new', 'Green 4.00 #new'],
    ]);
    expect(output).toMatch(/what B wrote is back +autoPreserve, clientWins, lastWriteWins, merge\n/);
    expect(output).toMatch(/the card stays deleted +serverWins, manual\n/);
    // Piped output has neither colours nor a bar that redraws itself.
    expect(output).not.toContain('\u001b');
    expect(code).toBe(0);
  });
}

test('explains a wrong option and starts nothing', async () => {
  const { code, errors } = await runDemo('--driver', 'mysql');
  expect(code).toBe(1);
  expect(errors).toMatch(/^--driver must be sqlite3 or better-sqlite3, got 'mysql'\n\nUsage: npm run demo/);
});

test('interrupting it leaves no databases behind', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'synchart-interrupted-'));
  const child = spawn(process.execPath, ['--import', 'tsx', 'examples/demo/main.ts', '--rows', '20000'], {
    cwd: root,
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let isTold = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (isTold || !text.includes('listening on')) return;
    isTold = true;
    child.kill('SIGINT');
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  expect(code).toBe(130);
  expect((await readdir(folder)).filter((name) => name.startsWith('synchart-demo-'))).toEqual([]);
  await rm(folder, { recursive: true, force: true });
});
