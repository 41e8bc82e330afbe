/**
 * Runs the browser tests at full size: `tsx test/prove/prove-browsers.ts [rounds=n] [kills=n] [tabs=n] [open=n] [calls=n]
 * [passes=n] [only=chromium|firefox]`. They use the installed Chromium; a seed per pass, so that each pass ends its owners in
 * another order. Where Firefox is installed, the proofs that need no protocol of Chromium run in it, too.
 */
import { spawnSync } from 'node:child_process';
import { proveInFirefox } from './prove-firefox.ts';

const valueOf = (name: string, otherwise: number): number => {
  const given = process.argv.slice(2).find((argument) => argument.startsWith(`${name}=`));
  return given === undefined ? otherwise : Number(given.slice(name.length + 1));
};
const rounds = valueOf('rounds', 100);
const kills = valueOf('kills', 40);
const tabs = valueOf('tabs', 150);
const open = valueOf('open', 50);
const calls = valueOf('calls', 2_500);
const passes = valueOf('passes', 3);
const only = process.argv
  .slice(2)
  .find((argument) => argument.startsWith('only='))
  ?.slice('only='.length);

let failed = 0;
for (let pass = 1; pass <= passes && only !== 'firefox'; pass += 1) {
  process.stdout.write(`pass ${pass} of ${passes}: ${rounds} rounds, ${kills} kills, seed ${pass}\n`);
  const { status } = spawnSync('npx', ['vitest', 'run', '--project', 'node', 'test/browser', '--maxWorkers=1'], {
    stdio: 'inherit',
    env: {
      ...process.env,
      BROWSER_ROUNDS: String(rounds),
      BROWSER_KILLS: String(kills),
      BROWSER_FALLBACK_ROUNDS: String(rounds),
      BROWSER_TABS: String(tabs),
      BROWSER_OPEN_TABS: String(open),
      BROWSER_CALLS: String(calls),
      BROWSER_SEED: String(pass),
    },
  });
  if (status !== 0) failed += 1;
}
if (only !== 'chromium') {
  for (let pass = 1; pass <= passes; pass += 1) {
    try {
      const told = await proveInFirefox(rounds, kills, pass);
      process.stdout.write(`${told ?? 'Firefox is not installed: nothing ran in it'}\n`);
      if (told === undefined) break;
    } catch (error) {
      process.stdout.write(`Firefox, seed ${pass}: ${error instanceof Error ? error.message : String(error)}\n`);
      failed += 1;
    }
  }
}
process.exitCode = failed === 0 ? 0 : 1;
