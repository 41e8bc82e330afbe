/**
 * Runs one proof at full size and prints what it found: `tsx test/prove/prove.ts lease|crash|long [option=value …]`.
 */
import { parseArgs } from 'node:util';
import type { DatabaseDriver } from '../../src/persistence/database/open-database.ts';
import { allDrivers, fileDrivers } from '../support/open-store.ts';
import { setup as offerPostgres } from '../support/postgres-server.ts';
import { proveCrash } from './prove-crash.ts';
import { proveLease, requestsAtOnce } from './prove-lease.ts';
import { proveLong } from './prove-long.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    drivers: { type: 'string' },
    seed: { type: 'string', default: '1' },
    points: { type: 'string', default: '200' },
    processes: { type: 'string', default: '8' },
    writes: { type: 'string', default: '1000' },
    minutes: { type: 'string', default: '10' },
  },
});
const seed = Number(values.seed);
const print = (what: unknown): void =>
  void process.stdout.write(`${typeof what === 'string' ? what : JSON.stringify(what, null, 2)}\n`);
/** In which the next run begins, 95th percentile; the lease lasts 1.5 s of it. */
const takeoverMs = 2_000;
/** Those that were asked for, of those that a proof can be made of. */
const chosenOf = <Driver extends string>(possible: readonly Driver[]): readonly Driver[] => {
  const asked = values.drivers?.split(',') ?? possible;
  const strange = asked.filter((driver) => !possible.some((one) => one === driver));
  if (strange.length > 0)
    throw new Error(`this proof is made with ${possible.join(', ')}, not with ${strange.join(', ')}`);
  return possible.filter((driver) => asked.includes(driver));
};
const ofEach = async <Driver extends string>(
  possible: readonly Driver[],
  prove: (driver: Driver) => Promise<readonly string[]>,
): Promise<string[]> => {
  const broken: string[] = [];
  for (const driver of chosenOf(possible)) broken.push(...(await prove(driver)));
  return broken;
};

async function proveLeaseOf(driver: DatabaseDriver): Promise<readonly string[]> {
  const report = await proveLease({
    driver,
    processes: Number(values.processes),
    writes: Number(values.writes),
    seed,
    kills: Infinity,
    onProgress: (line) => print(`${driver}: ${line}`),
  });
  print(report);
  const { lost, doubled, fenced, broken, zombie, takeover } = report;
  return [
    ...lost,
    ...doubled,
    ...fenced,
    ...broken,
    ...(zombie.commits > 0 || zombie.requests > requestsAtOnce ? ['a frozen process worked after it was woken'] : []),
    ...(takeover.p95 > takeoverMs
      ? [`${driver}: the next run began ${takeover.p95} ms after a holder was gone (95th percentile)`]
      : []),
  ];
}

async function proveCrashOfAll(): Promise<readonly string[]> {
  const stopPostgres = await offerPostgres();
  try {
    return await ofEach(allDrivers, async (driver) => {
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
    });
  } finally {
    await stopPostgres();
  }
}

async function proveLongOf(driver: DatabaseDriver): Promise<readonly string[]> {
  const { checkpoints, disposed, growth } = await proveLong({
    inMemory: false,
    driver,
    forMs: Number(values.minutes) * 60_000,
    checkpointEvery: 50,
  });
  for (const { cycle, atMs, heap, rss, timers, observers } of checkpoints)
    print(
      `${cycle} cycles, ${Math.round(atMs / 1_000)} s: heap ${(heap / 1e6).toFixed(2)} MB, rss ${Math.round(rss / 1e6)} MB, ${timers} timers, ${observers} observers`,
    );
  print(`grown by ${(growth / 1e6).toFixed(2)} MB; after dispose: ${JSON.stringify(disposed)}`);
  return [
    ...(growth > 5_000_000 ? [`the heap grew by ${growth} bytes`] : []),
    ...(disposed.openPromises > 0 ? ['promises are open after dispose'] : []),
  ];
}

/**
 * Each gives back what did not hold. One process alone can hold a database of sql.js, so there is no lease to prove.
 */
const proofs: Readonly<Record<string, () => Promise<readonly string[]>>> = {
  lease: () => ofEach(fileDrivers, proveLeaseOf),
  crash: proveCrashOfAll,
  long: () => ofEach(fileDrivers, proveLongOf),
};

const proof = proofs[positionals[0] ?? ''];
if (proof === undefined) throw new Error(`name a proof: ${Object.keys(proofs).join(', ')}`);
const broken = await proof();
print(broken.length === 0 ? 'proven' : broken.join('\n'));
process.exit(broken.length === 0 ? 0 : 1);
