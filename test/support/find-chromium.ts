import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright';

/** Chromium as tests start it: no sandbox (CI runs as root), and no talk with the network of its own. */
export const chromiumArguments: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const installed = (): string | undefined =>
  [
    process.env['CHROMIUM_PATH'],
    chromium.executablePath(),
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
  ].find((path) => path !== undefined && path !== '' && existsSync(path));

/** Ways to get a browser, in the order in which they are tried. */
const installers: readonly (readonly [command: string, args: readonly string[]])[] = [
  ['apt-get', ['install', '-y', '--no-install-recommends', 'chromium']],
  ['sh', ['-c', 'apt-get update && apt-get install -y --no-install-recommends chromium']],
  ['npx', ['playwright', 'install', 'chromium']],
];

/**
 * Finds a Chromium, and installs one where there is none: from Debian's packages, else Playwright's own. Throws with
 * what was tried; the variable `CHROMIUM_PATH` names one that is elsewhere.
 */
export function findChromium(): string {
  const tried: string[] = [];
  for (const [command, args] of installers) {
    const path = installed();
    if (path !== undefined) return path;
    try {
      execFileSync(command, [...args], { stdio: ['ignore', 'ignore', 'pipe'], timeout: 300_000 });
    } catch (error) {
      tried.push(
        `${command} ${args.join(' ')}: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`,
      );
    }
  }
  const path = installed();
  if (path !== undefined) return path;
  throw new Error(
    `Browser tests need Chromium and none was found. Install it, or set CHROMIUM_PATH. Tried:\n${tried.join('\n')}`,
  );
}
