/** `npm run demo`: real rows, two devices, an offline day, and a comparison of every row at the end. */
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from 'synchart/testing';
import { readArguments, usage, type DemoOptions } from './arguments.ts';
import { openReplica, type Replica } from './replica.ts';
import { seedDatabase, startServer } from './seed-server.ts';
import { sixStrategies } from './six-strategies.ts';
import { compareWithServer, firstPull, offlineDay, reconnect, type Stage } from './story.ts';
import { formatCount, formatSeconds, plural, Terminal, terminalScreen } from './terminal.ts';

async function run({ rows, driver, seed, serve }: DemoOptions): Promise<boolean> {
  const startedAt = performance.now();
  const terminal = new Terminal(terminalScreen(process.stdout), () => performance.now());
  const folder = await mkdtemp(join(tmpdir(), 'synchart-demo-'));
  /** Undone in reverse order, whatever happens. */
  const cleanUp: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
  // Whoever has seen enough leaves no databases behind.
  const heeded = onInterrupt(() => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(130);
  });
  cleanUp.push(async () => heeded());
  try {
    terminal.title('synchart', 'one server, two devices, an offline day, and nothing lost');

    terminal.section('A server with real data');
    const seedingAt = performance.now();
    const { dataSource: serverData, cities, countries } = await seedDatabase(join(folder, 'server.db'), rows);
    cleanUp.push(() => serverData.destroy());
    terminal.fact(
      'cities of the world',
      cities,
      `and ${plural(countries, 'country', 'countries')}, in ${formatSeconds(performance.now() - seedingAt)}`,
    );
    const server = await startServer(serverData);
    cleanUp.push(() => server.goDown());
    terminal.note(`listening on ${server.url}`);
    const stage: Stage = { terminal, server, serverData, random: seededRandom(seed) };

    terminal.section('Two devices get everything');
    terminal.note(`each has a SQLite file of its own, driver ${driver}`);
    const open = async (name: string): Promise<Replica> => {
      const replica = await openReplica({
        name,
        database: join(folder, `replica-${name}.db`),
        driver,
        url: server.url,
      });
      cleanUp.push(() => replica.close());
      await firstPull(stage, replica, cities + countries);
      return replica;
    };
    const replicas = [await open('A'), await open('B')] as const;

    terminal.section('An offline day');
    await offlineDay(stage, replicas);

    terminal.section('Back online');
    const rounds = await reconnect(stage, replicas);
    terminal.good(`quiet after ${plural(rounds, 'round')}`);

    terminal.section('The same conflict under six strategies');
    const asExpected = await sixStrategies(terminal, { driver, url: server.url, serverData });

    terminal.section('Every row, compared with the server');
    const equal = (await compareWithServer(stage, replicas)) && asExpected;
    const took = formatSeconds(performance.now() - startedAt);
    terminal.line();
    terminal.line(
      equal
        ? `  ${terminal.style('green', 'All equal.')} ${formatCount(cities)} cities, two devices, ${took}.`
        : `  ${terminal.style('red', 'Not equal.')} See above.`,
    );
    terminal.line();
    heeded();
    if (serve) await untilInterrupted(terminal, server.url);
    return equal;
  } finally {
    for (const undo of cleanUp.reverse()) await undo();
  }
}

async function untilInterrupted(terminal: Terminal, url: string): Promise<void> {
  terminal.line(`  The server keeps running. Try: curl '${url}/cities?limit=2&updatedSince=2025-01-01T00:00:00Z'`);
  terminal.line('  Ctrl-C ends it.');
  const listening = setInterval(() => undefined, 60_000);
  await new Promise<void>((resolve) => {
    onInterrupt(resolve);
  });
  clearInterval(listening);
}

/** Calls when the process is told to end; returns the function that stops heeding that. */
function onInterrupt(listener: () => void): () => void {
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, listener);
  return () => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, listener);
  };
}

/** The options; undefined after a complaint about them. */
function givenOptions(): DemoOptions | 'help' | undefined {
  try {
    return readArguments(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`);
    return undefined;
  }
}

try {
  const options = givenOptions();
  if (options === 'help') process.stdout.write(`${usage}\n`);
  else if (options === undefined || !(await run(options))) process.exitCode = 1;
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
}
