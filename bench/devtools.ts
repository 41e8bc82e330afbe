import { join } from 'node:path';
import { editsPerSecond } from './edit-at-rate.ts';
import { measure, startServer, type BenchServer } from './processes.ts';
import { run, type Contender, type Result } from './race.ts';

interface LookingOptions {
  readonly folder: string;
  /** Operations of each run. */
  readonly ops: number;
  readonly rounds: number;
  /** Of the two ways to push: `1`, `batches`, or `all`. */
  readonly push: string;
}

const ways = [
  [1, '1', 'pushed one by one'],
  [0, 'batches', 'pushed in batches'],
] as const;

const names = ['nothing attached', 'attached, log off', 'attached, panel closed', 'attached, panel open'] as const;
const looks = ['', '-silent', '-recorded', '-watched'] as const;
const contendersOf = (script: string, database: string): Contender[] =>
  looks.map((look, index): Contender => ({ name: names[index] ?? look, script: `${script}${look}`, database }));

/**
 * What looking costs, beside an engine that nobody looks at, in interleaved rounds: at a steady rate of edits, written
 * and pushed, which is what an app does, and pushing as fast as it goes, where what is added to each operation shows
 * most.
 */
export async function lookingCosts(
  { folder, ops, rounds, push }: LookingOptions,
  say: (text: string) => void,
): Promise<readonly string[]> {
  const server = await startServer(ops);
  try {
    const task = { url: server.url, rows: ops, pageSize: 500, inFlight: 1 };
    const pulled = join(folder, 'pulled.db');
    const queued = join(folder, 'queued.db');
    await prepare('pull-synchart', pulled, server, ops);
    await prepare('prepare-push', queued, server, ops);
    const tables: string[] = [];
    for (const [inFlight, name, way] of ways) {
      if (push !== 'all' && !push.split(',').includes(name)) continue;
      const atRate = contendersOf('rate-synchart', pulled);
      const rate = await run(
        {
          title: `devtools at a rate, ${way}`,
          contenders: atRate,
          task: { ...task, inFlight },
          expected: ops,
          rounds,
          folder,
        },
        say,
      );
      const count = ops.toLocaleString('en-US');
      tables.push(
        toTable(`Devtools, ${count} edits at ${editsPerSecond.toLocaleString('en-US')} a second, ${way}`, rate),
      );
      const pushing = contendersOf('push-synchart', queued);
      const fast = await run(
        { title: `devtools, ${way}`, contenders: pushing, task: { ...task, inFlight }, expected: ops, rounds, folder },
        say,
      );
      tables.push(toTable(`Devtools, ${count} updates ${way}, as fast as it goes`, fast));
    }
    return tables;
  } finally {
    await server.stop();
  }
}

async function prepare(script: string, database: string, { url }: BenchServer, ops: number): Promise<void> {
  const { done } = await measure(script, {
    url,
    rows: ops,
    pageSize: 500,
    inFlight: 1,
    database,
    driver: 'better-sqlite3',
    idle: false,
  });
  if (done !== ops) throw new Error(`${script} prepared ${done} rows of ${ops}`);
}

/** Processor time says what it costs: at a rate, the time on the clock is given. */
function toTable(title: string, results: readonly Result[]): string {
  const floor = results.find(({ name }) => name === names[0]);
  const lines = results.map(({ name, cpuMs, perSecond, aboveIdleMb }) =>
    [
      name,
      (cpuMs / (floor?.cpuMs ?? Number.NaN)).toFixed(3),
      Math.round(cpuMs).toLocaleString('en-US'),
      Math.round(perSecond).toLocaleString('en-US'),
      aboveIdleMb.toFixed(0),
    ].join(' | '),
  );
  return [
    `### ${title}`,
    '',
    `| engine | CPU, × ${names[0]} | CPU ms here | operations/s here | peak MB above idle |`,
    '|---|---:|---:|---:|---:|',
    ...lines.map((line) => `| ${line} |`),
    '',
  ].join('\n');
}
