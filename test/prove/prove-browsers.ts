/**
 * Runs the browser tests at full size: `tsx test/prove/prove-browsers.ts [rounds=n] [kills=n] [turns=n] [calls=n] [passes=n]`. They use the installed
 * Chromium; a seed per pass, so that each pass ends its owners in another order.
 */
import { spawnSync } from 'node:child_process';

const valueOf = (name: string, otherwise: number): number => {
  const given = process.argv.slice(2).find((argument) => argument.startsWith(`${name}=`));
  return given === undefined ? otherwise : Number(given.slice(name.length + 1));
};
const rounds = valueOf('rounds', 100);
const kills = valueOf('kills', 40);
const turns = valueOf('turns', 100);
const calls = valueOf('calls', 2_500);
const passes = valueOf('passes', 3);

let failed = 0;
for (let pass = 1; pass <= passes; pass += 1) {
  process.stdout.write(`pass ${pass} of ${passes}: ${rounds} rounds, ${kills} kills, seed ${pass}\n`);
  const { status } = spawnSync('npx', ['vitest', 'run', '--project', 'node', 'test/browser', '--maxWorkers=1'], {
    stdio: 'inherit',
    env: {
      ...process.env,
      BROWSER_ROUNDS: String(rounds),
      BROWSER_KILLS: String(kills),
      BROWSER_TURNS: String(turns),
      BROWSER_CALLS: String(calls),
      BROWSER_SEED: String(pass),
    },
  });
  if (status !== 0) failed += 1;
}
process.exitCode = failed === 0 ? 0 : 1;
