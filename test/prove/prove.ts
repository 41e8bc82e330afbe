/** Runs one proof at full size and prints what it found: `tsx test/prove/prove.ts lease|crash|long [option=value …]`. */
import { parseArgs } from 'node:util';
import type { DatabaseDriver } from '../../src/persistence/open-database.ts';
import { proveCrash } from './prove-crash.ts';
import { proveLease } from './prove-lease.ts';
import { proveLong } from './prove-long.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    drivers: { type: 'string', default: 'sqlite3,better-sqlite3' },
    seed: { type: 'string', default: '1' },
    points: { type: 'string', default: '200' },
    processes: { type: 'string', default: '8' },
    writes: { type: 'string', default: '1000' },
    minutes: { type: 'string', default: '10' },
  },
});
const seed = Number(values.seed);
const drivers = values.drivers.split(',') as DatabaseDriver[];
const print = (what: unknown): void => void process.stdout.write(`${typeof what === 'string' ? what : JSON.stringify(what, null, 2)}\n`);

/** Each gives back what did not hold. */
const proofs: Readonly<Record<string, (driver: DatabaseDriver) => Promise<readonly string[]>>> = {
  lease: async (driver) => {
    const report = await proveLease({ driver, processes: Number(values.processes), writes: Number(values.writes), seed, kills: Infinity });
    print(report);
    const { lost, doubled, fenced, broken, zombie } = report;
    return [...lost, ...doubled, ...fenced, ...broken, ...(zombie.requests + zombie.commits > 0 ? ['a frozen process worked after it was woken'] : [])];
  },
  crash: async (driver) => {
    const report = await proveCrash({
      driver,
      points: Number(values.points),
      seed,
      onPoint: (done, where, found) => {
        for (const what of found) print(what);
        if (done % 10 === 0) print(`${driver}: ${done} points, the last one in ${where}`);
      },
    });
    print(report);
    return report.broken;
  },
  long: async (driver) => {
    const { checkpoints, disposed, growth } = await proveLong({ inMemory: false, driver, forMs: Number(values.minutes) * 60_000, checkpointEvery: 50 });
    for (const { cycle, atMs, heap, rss, timers, observers } of checkpoints)
      print(
        `${cycle} cycles, ${Math.round(atMs / 1_000)} s: heap ${(heap / 1e6).toFixed(2)} MB, rss ${Math.round(rss / 1e6)} MB, ${timers} timers, ${observers} observers`,
      );
    print(`grown by ${(growth / 1e6).toFixed(2)} MB; after dispose: ${JSON.stringify(disposed)}`);
    return [...(growth > 5_000_000 ? [`the heap grew by ${growth} bytes`] : []), ...(disposed.openPromises > 0 ? ['promises are open after dispose'] : [])];
  },
};

const proof = proofs[positionals[0] ?? ''];
if (proof === undefined) throw new Error(`name a proof: ${Object.keys(proofs).join(', ')}`);
const broken: string[] = [];
for (const driver of drivers) broken.push(...(await proof(driver)));
print(broken.length === 0 ? 'proven' : broken.join('\n'));
process.exit(broken.length === 0 ? 0 : 1);
