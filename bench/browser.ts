import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import {
  byHand,
  fillForOpening,
  follower,
  inWorker,
  longRun,
  openQueued,
  openRows,
  owner,
  pulledRows,
  roundOfLibrary,
  roundOfOpening,
  roundOfSynchart,
  writer,
  writesAtOnce,
} from './browser-rounds.ts';
import { Samples, shareOf, spreadText, type Spread } from './browser-samples.ts';
import { hasLibraries, libraries, openSites, type Library } from './browser-site.ts';

interface Beside {
  readonly library: Library;
  readonly setting: string;
  readonly name: string;
}
const synchart: Beside = { library: 'synchart', setting: 'synchart', name: 'synchart' };
const beside: readonly Beside[] = [
  { library: 'dexie', setting: 'strict', name: 'Dexie, strict' },
  { library: 'dexie', setting: 'relaxed', name: 'Dexie, relaxed' },
  { library: 'rxdb', setting: 'strict', name: 'RxDB on Dexie, strict' },
];

const rounded = (value: number): string => Math.round(value).toLocaleString('en-US');
const perSecond = ({ median, least, most }: Spread, count: number): string =>
  `${rounded(count / (median / 1_000))} (${rounded(count / (most / 1_000))}–${rounded(count / (least / 1_000))})`;

function table(title: string, head: readonly string[], lines: readonly (readonly string[])[]): string {
  return [
    `### ${title}`,
    '',
    `| ${head.join(' | ')} |`,
    `|${head.map((_, index) => (index === 0 ? '---' : '---:')).join('|')}|`,
    ...lines.map((line) => `| ${line.join(' | ')} |`),
    '',
  ].join('\n');
}

/** A commit after which the WAL is long moves it into the database, too, which takes flushes of its own. */
function costOfSave(samples: Samples): string {
  const flushes = samples.all('flushes', owner);
  const once = flushes.filter((count) => count === 1).length;
  const median = (measure: string): string => String(shareOf(0.5)(samples.all(measure, owner)));
  return `Of ${flushes.length} commits of \`save\`, ${once} took exactly one flush, the others at most ${Math.max(...flushes)}. One \`save\`: ${median('statements')} statements in the worker, ${median('messages')} messages from the worker to its tab (medians).\n`;
}

function tablesOf(samples: Samples, others: readonly string[]): readonly string[] {
  const pullMs = (name: string): number => samples.of('pull', name)?.median ?? NaN;
  const p50 = (name: string): number => samples.of('write', name, shareOf(0.5))?.median ?? NaN;
  const writers = [owner, writer, follower, inWorker, byHand, ...others];
  const runs = [owner, writer, follower, ...others];
  const ratio = (value: number): string => (Number.isNaN(value) ? '–' : value.toFixed(2));
  return [
    table(
      `In Chromium: first pull of ${pulledRows.toLocaleString('en-US')} rows, pages of 500`,
      ['contender', 'rows/s, median (lowest–highest)', '× Dexie, strict', '× Dexie, relaxed'],
      ['synchart', ...others].map((name) => [
        name,
        spreadText(samples.of('pull', name), 0),
        ratio(pullMs(name) / pullMs('Dexie, strict')),
        ratio(pullMs(name) / pullMs('Dexie, relaxed')),
      ]),
    ),
    table(
      `In Chromium: one write with its outbox row, ${writesAtOnce} one after the other`,
      [
        'contender',
        'p50 ms (lowest–highest)',
        'p95 ms (lowest–highest)',
        '× inside the worker',
        '× `save` in the owner',
      ],
      writers.map((name) => [
        name,
        spreadText(samples.of('write', name, shareOf(0.5)), 2),
        spreadText(samples.of('write', name, shareOf(0.95)), 2),
        ratio(p50(name) / p50(inWorker)),
        ratio(p50(name) / p50(owner)),
      ]),
    ),
    costOfSave(samples),
    table(
      `In Chromium: ${longRun.toLocaleString('en-US')} writes one after the other`,
      ['contender', 'ms (lowest–highest)', 'writes/s (lowest–highest)'],
      runs.map((name) => {
        const spread = samples.of('run', name);
        return [name, spreadText(spread, 0), spread === undefined ? '–' : perSecond(spread, longRun)];
      }),
    ),
    table(
      `In Chromium: open with ${openRows.toLocaleString('en-US')} rows and ${openQueued.toLocaleString('en-US')} queued operations`,
      ['contender', 'ms (lowest–highest)'],
      ['synchart', ...others].map((name) => [name, spreadText(samples.of('open', name), 0)]),
    ),
  ];
}

const installed = (name: string): string =>
  (
    JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url), 'utf8')) as {
      version: string;
    }
  ).version;

/** Measures synchart in headless Chromium, and Dexie and RxDB with the same work where they are installed. */
export async function browserTables(rounds: number, say: (text: string) => void): Promise<readonly string[]> {
  const isComplete = hasLibraries();
  if (!isComplete) say('Dexie and RxDB are not installed, so they are left out: npm ci --prefix bench');
  const others = isComplete ? beside : [];
  const sites = await openSites(isComplete ? ['synchart', ...libraries] : ['synchart'], pulledRows);
  const samples = new Samples();
  const load = (): string => loadavg()[0]?.toFixed(1) ?? '';
  const loadBefore = load();
  try {
    for (const { library, setting } of [synchart, ...others]) await fillForOpening(sites, library, setting);
    for (let round = 0; round < rounds; round += 1) {
      await roundOfSynchart(sites, round, samples);
      for (const other of others) await roundOfLibrary(sites, round, samples, other);
      for (const each of [synchart, ...others]) await roundOfOpening(sites, samples, each);
      say(`browser · round ${round + 1}/${rounds} · load ${load()}`);
    }
  } finally {
    await sites.close();
  }
  const versions = isComplete ? `, ${libraries.map((name) => `${name} ${installed(name)}`).join(', ')}` : '';
  const note = `Chromium ${sites.version}, headless${versions}. Median of ${rounds} interleaved rounds. Load of the machine: ${loadBefore} before, ${load()} after.\n`;
  return [
    ...tablesOf(
      samples,
      others.map(({ name }) => name),
    ),
    note,
  ];
}
