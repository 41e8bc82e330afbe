/**
 * `npm run bench`: measures synchart against floors that do the same work without any safety, and writes
 * bench/RESULTS.md.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { browserTables } from './browser.ts';
import { cityRows } from './city-rows.ts';
import { lookingCosts } from './devtools.ts';
import { fillOutbox } from './fill-outbox.ts';
import { fillFloorDatabase } from './floor-database.ts';
import { liveLatencies } from './live.ts';
import { measure, startServer } from './processes.ts';
import { run, type Contender, type Result } from './race.ts';
import { toMarkdown } from './report.ts';
import { scrollFrames } from './scroll.ts';
import { takeLimit, takes } from './take-size.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    ops: { type: 'string', default: '10000' },
    rows: { type: 'string', default: 'Infinity' },
    only: { type: 'string', default: 'pull,push,take' },
    /** Of the pushes: 1, 8 (requests in flight), batches. */
    push: { type: 'string', default: 'all' },
    /**
     * What a network adds to each request, in ms. The floors send one after the other, as code without an outbox does.
     */
    'network-ms': { type: 'string', default: '0' },
    write: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const ops = Number(values.ops);
const wanted = new Set(values.only.split(','));
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const folder = mkdtempSync(join(tmpdir(), 'synchart-bench-'));
const networkMs = Number(values['network-ms']);
const server = await startServer(Number(values.rows), networkMs);
const farAway = networkMs === 0 ? '' : `, a network of ${networkMs} ms`;
const task = { url: server.url, rows: server.rows, pageSize: 500, inFlight: 1 };
const tables: string[] = [];
const report = (table: string): void => {
  tables.push(table);
  say(`\n${table}`);
};

async function pull(): Promise<void> {
  const contenders: Contender[] = [
    { name: 'axios floor', script: 'pull-axios' },
    { name: 'undici floor', script: 'pull-undici' },
    { name: 'axios floor, sqlite3', script: 'pull-axios-sqlite3' },
    { name: 'synchart, better-sqlite3', script: 'pull-synchart' },
    { name: 'synchart, sqlite3', script: 'pull-synchart', driver: 'sqlite3' },
  ];
  const results = await run({ title: 'pull', contenders, task, expected: server.rows, rounds, folder }, say);
  report(
    toMarkdown({
      title: `First pull, ${server.rows.toLocaleString('en-US')} rows, pages of 500${farAway}`,
      unit: 'rows',
      results,
      floors: ['axios floor', 'undici floor', 'axios floor, sqlite3'],
    }),
  );
}

const pushFloors = ['axios floor', 'undici floor', 'axios floor, sqlite3'];

async function push(): Promise<void> {
  const floorFile = join(folder, 'floor.db');
  const ourFile = join(folder, 'synchart.db');
  fillFloorDatabase(floorFile, cityRows(ops));
  const small = await startServer(ops);
  const prepared = await measure('prepare-push', {
    ...task,
    url: small.url,
    database: ourFile,
    driver: 'better-sqlite3',
    idle: false,
  });
  await small.stop();
  if (prepared.done !== ops) throw new Error(`prepared ${prepared.done} updates of ${ops}`);
  const contenders: Contender[] = [
    { name: 'axios floor', script: 'push-axios', database: floorFile },
    { name: 'undici floor', script: 'push-undici', database: floorFile },
    { name: 'axios floor, sqlite3', script: 'push-axios', driver: 'sqlite3', database: floorFile },
    { name: 'synchart, better-sqlite3', script: 'push-synchart', database: ourFile },
    { name: 'synchart, sqlite3', script: 'push-synchart', driver: 'sqlite3', database: ourFile },
  ];
  const ways = [
    [1, 'single requests, 1 in flight'],
    [8, 'single requests, 8 in flight'],
    [0, 'batches of 100'],
  ] as const;
  for (const [inFlight, title] of ways.filter(
    ([inFlight]) =>
      values.push === 'all' || values.push.split(',').includes(inFlight === 0 ? 'batches' : String(inFlight)),
  )) {
    const results = await run(
      { title: `push, ${title}`, contenders, task: { ...task, inFlight }, expected: ops, rounds, folder },
      say,
    );
    report(
      toMarkdown({
        title: `Push, ${ops.toLocaleString('en-US')} updates, ${title}${farAway}`,
        unit: 'operations',
        results,
        floors: pushFloors,
      }),
    );
  }
}

async function take(): Promise<void> {
  const sizes = [10_000, 1_000_000];
  const contenders: Contender[] = [];
  for (const size of sizes) {
    const database = join(folder, `outbox-${size}.db`);
    await fillOutbox(database, size);
    contenders.push({ name: `outbox of ${size.toLocaleString('en-US')}`, script: 'take', database });
  }
  const results: Result[] = await run(
    { title: 'take', contenders, task, expected: takeLimit * takes, rounds, folder },
    say,
  );
  const first = contenders[0]?.name ?? '';
  report(
    toMarkdown({ title: `Take, ${takeLimit} heads of line at a time`, unit: 'operations', results, floors: [first] }),
  );
}

try {
  if (wanted.has('devtools'))
    for (const table of await lookingCosts({ folder, ops, rounds, push: values.push }, say)) report(table);
  if (wanted.has('scroll')) report(await scrollFrames(say));
  if (wanted.has('pull')) await pull();
  if (wanted.has('push')) await push();
  if (wanted.has('take')) await take();
  if (wanted.has('browser')) for (const table of await browserTables(rounds, say)) report(table);
  if (wanted.has('live')) report(await liveLatencies(folder, rounds, say));
  if (values.write) {
    const command = `npm run bench -- --write${values.rounds === '5' ? '' : ` --rounds ${values.rounds}`}${values.only === 'pull,push,take' ? '' : ` --only ${values.only}`}`;
    const head = [
      '# Results',
      '',
      `\`${command}\`, median of ${rounds} interleaved rounds, each contender in a process of its own, the server in another. Node ${process.version}, ${process.platform} ${process.arch}.`,
      '',
      'A ratio of 1.00 is as fast as that floor. The floors do the same work without any safety: no stored request, no key, no order per entity, no conflict,',
      'no lease, no validation, one transaction per page or batch. Memory is the peak above an idle process that has loaded the same modules and opened the database.',
      'Rows per second belong to the machine of the run; only the ratios travel.',
      '',
      '',
    ].join('\n');
    writeFileSync(fileURLToPath(new URL('RESULTS.md', import.meta.url)), `${head}${tables.join('\n')}`);
  }
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
