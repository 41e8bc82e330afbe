import { join } from 'node:path';
import { createWriter, gateOf, liveQuery, openDatabase } from 'synchart/persistence';
import { cityRows } from './city-rows.ts';
import { BenchCity, benchCities } from './replica.ts';

const queries = 100;
const writes = 200;
const rows = 5_000;

type Driver = 'better-sqlite3' | 'sqlite3';
/**
 * `one`: each write changes what one of the queries shows. `all`: what all of them show. In both cases all are made
 * again.
 */
type Concerns = 'one' | 'all';

interface Latencies {
  readonly name: string;
  readonly emissions: number;
  readonly writesPerSecond: number;
  readonly p50: number;
  readonly p95: number;
  readonly worst: number;
  /**
   * Processor time per write, with all the queries it has made again, ms: says more than the clock on a busy machine.
   */
  readonly cpuMs: number;
}

const shareOf = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

/**
 * 100 live queries over one table and a burst of writes, one after another: from each commit to the first value that
 * shows it.
 */
async function measure(folder: string, driver: Driver, concerns: Concerns, round: number): Promise<Latencies> {
  const dataSource = await openDatabase({
    database: join(folder, `live-${driver}-${concerns}-${round}.db`),
    driver,
    entities: [BenchCity],
    synchronize: true,
  });
  const repository = dataSource.getRepository(BenchCity);
  const seeded = cityRows(rows).map((row) => ({ ...row, population: 0, deletedAt: null, deletedAtLocal: null }));
  await dataSource.transaction(async (manager) => {
    for (let start = 0; start < rows; start += 500) await manager.insert(BenchCity, seeded.slice(start, start + 500));
  });
  const watched = seeded.slice(0, queries);
  const writer = createWriter(dataSource).forTable(benchCities);

  // The k-th write sets a population to k, so that a value tells which commits it shows.
  const committedAt = [0];
  const latencies: number[] = [];
  const shown = watched.map(() => 0);
  const subscriptions = watched.map(({ id }, index) =>
    liveQuery(
      () =>
        concerns === 'one'
          ? repository.findBy({ id })
          : repository.find({ order: { id: 'ASC' }, where: { id: watched[0]?.id ?? '' } }),
      {
        tables: [benchCities],
        dataSource,
      },
    ).subscribe((found) => {
      const write = found[0]?.population ?? 0;
      if (write > (shown[index] ?? 0)) latencies.push(performance.now() - (committedAt[write] ?? Number.NaN));
      shown[index] = write;
    }),
  );
  const stop = gateOf(dataSource)?.onCommit(({ writes: { tables } }) => {
    if (tables.has('cities')) committedAt.push(performance.now());
  });
  const isShown = (): boolean =>
    concerns === 'one' ? Math.max(...shown) === writes : shown.every((write) => write === writes);
  const turn = (): Promise<void> =>
    new Promise((resolve) => {
      setImmediate(resolve);
    });
  await turn();
  const begunAt = performance.now();
  const cpuBefore = process.cpuUsage();
  for (let write = 1; write <= writes; write += 1) {
    const city = watched[concerns === 'one' ? (write - 1) % queries : 0];
    if (city !== undefined) await writer.replaceAndEnqueue({ ...city, population: write });
  }
  const tookMs = performance.now() - begunAt;
  while (!isShown()) await turn();
  const cpu = process.cpuUsage(cpuBefore);
  stop?.();
  for (const subscription of subscriptions) subscription.unsubscribe();
  await dataSource.destroy();
  const sorted = latencies.sort((a, b) => a - b);
  return {
    name: `${driver}, each write shows in ${concerns === 'one' ? 'one query' : 'all queries'}`,
    emissions: sorted.length,
    writesPerSecond: (writes / tookMs) * 1000,
    p50: shareOf(sorted, 0.5),
    p95: shareOf(sorted, 0.95),
    worst: sorted.at(-1) ?? Number.NaN,
    cpuMs: (cpu.user + cpu.system) / 1000 / writes,
  };
}

/** Measures how soon live queries show a commit; the median round by p95. Returns a markdown table. */
export async function liveLatencies(folder: string, rounds: number, say: (text: string) => void): Promise<string> {
  const lines: string[] = [];
  for (const driver of ['better-sqlite3', 'sqlite3'] as const) {
    for (const concerns of ['one', 'all'] as const) {
      const results: Latencies[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const result = await measure(folder, driver, concerns, round);
        say(`live, round ${round + 1}: ${result.name}: p95 ${result.p95.toFixed(1)} ms`);
        results.push(result);
      }
      const median = results.sort((a, b) => a.p95 - b.p95)[Math.floor(results.length / 2)];
      if (median === undefined) continue;
      const numbers = [median.p50, median.p95, median.worst, median.cpuMs].map((ms) => ms.toFixed(1));
      lines.push(`| ${[median.name, median.emissions, ...numbers, Math.round(median.writesPerSecond)].join(' | ')} |`);
    }
  }
  return [
    `### ${queries} live queries, a burst of ${writes} writes: ms from commit to the value that shows it`,
    '',
    '| database | emissions | p50 | p95 | worst | CPU per write | writes/s here |',
    '|---|---:|---:|---:|---:|---:|---:|',
    ...lines,
    '',
  ].join('\n');
}
