import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mutant } from './mutant.ts';
import { mutants } from './mutants.ts';

/**
 * Plants each fault in a copy of the tree and runs the tests that must notice: `npm run mutants [-- words of the fault,
 * or of its file]`. Ends with 1 where one survives, or where the sources have moved on and a fault cannot be planted
 * any more.
 */
const root = fileURLToPath(new URL('../../', import.meta.url));
const wanted = process.argv.slice(2).join(' ').toLowerCase();
const chosen = mutants.filter(({ fault, file }) => `${fault}\n${file}`.toLowerCase().includes(wanted));

const copy = mkdtempSync(join(tmpdir(), 'mutants-'));
for (const name of [
  'src',
  'test',
  'examples',
  'README.md',
  'package.json',
  'tsconfig.json',
  'vitest.mutants.config.ts',
])
  cpSync(join(root, name), join(copy, name), { recursive: true });
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));

type Verdict = 'killed' | 'SURVIVED' | 'CANNOT BE PLANTED' | 'RED WITHOUT IT';

let runner: ChildProcess | undefined;
/** The whole group: a worker that never ends must end with its runner. */
const stopRunner = (): void => {
  if (runner?.pid !== undefined && runner.exitCode === null) process.kill(-runner.pid, 'SIGKILL');
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stopRunner();
    rmSync(copy, { recursive: true, force: true });
    process.exit(1);
  });
}

/** Longer than any of them takes on a busy machine: a fault may also make one wait for ever. */
const patienceMs = 300_000;

async function isGreen(tests: readonly string[]): Promise<boolean> {
  const files = tests.map((test) => join('test', test));
  runner = spawn(
    process.execPath,
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--config',
      'vitest.mutants.config.ts',
      '--maxWorkers=1',
      '--reporter=dot',
      // One driver shows it.
      '--testNamePattern',
      '^(?!.*\\b(postgres|sqlite3-file)\\b)(?!.* on sqlite3\\b)',
      ...files,
    ],
    { cwd: copy, stdio: 'ignore', detached: true, env: { ...process.env, TEST_DRIVERS: 'better-sqlite3' } },
  );
  const impatient = setTimeout(stopRunner, patienceMs);
  const [code] = (await once(runner, 'exit')) as [number | null];
  clearTimeout(impatient);
  return code === 0;
}

async function judge(mutant: Mutant): Promise<Verdict> {
  const path = join(copy, 'src', mutant.file);
  const before = readFileSync(path, 'utf8');
  let after = before;
  for (const [from, to] of mutant.edits) {
    if (after.split(from).length !== 2) return 'CANNOT BE PLANTED';
    after = after.replace(from, () => to);
  }
  writeFileSync(path, after);
  try {
    return (await isGreen(mutant.tests)) ? 'SURVIVED' : 'killed';
  } finally {
    writeFileSync(path, before);
  }
}

try {
  const results: { readonly fault: string; readonly verdict: Verdict }[] = [];
  // A test that is red anyway kills everything and proves nothing.
  const green = new Map<string, boolean>();
  for (const mutant of chosen) {
    const key = mutant.tests.join();
    if (!green.has(key)) green.set(key, await isGreen(mutant.tests));
    const verdict = green.get(key) === true ? await judge(mutant) : 'RED WITHOUT IT';
    results.push({ fault: mutant.fault, verdict });
    process.stdout.write(`${verdict.padEnd(18)} ${mutant.fault}\n`);
  }
  const killed = results.filter(({ verdict }) => verdict === 'killed').length;
  process.stdout.write(`\n${killed} of ${results.length} planted faults were noticed\n`);
  process.exitCode = killed === results.length && results.length > 0 ? 0 : 1;
} finally {
  rmSync(copy, { recursive: true, force: true });
}
