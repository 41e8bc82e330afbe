import type { Page } from 'playwright';
import type { BrowserContender } from './contenders/browser-page.ts';
import type { SynchartPage } from './contenders/browser-synchart.ts';
import type { BrowserSites, Library } from './browser-site.ts';
import type { Samples } from './browser-samples.ts';

declare const contender: BrowserContender;
declare const window: { readonly contender: SynchartPage };

export const pulledRows = 20_000;
export const writesAtOnce = 200;
export const longRun = 1_000;
export const openRows = 100_000;
export const openQueued = 1_000;

export const owner = 'synchart, `repository.save`';
export const writer = 'synchart, `engine.writer`';
export const follower = 'synchart, `repository.save` in a follower tab';
export const inWorker = 'the statements of `save`, run inside the worker';
export const byHand = 'row and outbox row by hand, inside the worker';

async function pull(page: Page, name: string, expected = pulledRows): Promise<number> {
  const { ms, rows } = await page.evaluate((name) => contender.pull(name), name);
  if (rows !== expected) throw new Error(`pulled ${rows} rows of ${expected}`);
  return rows / (ms / 1_000);
}
const write = (page: Page, kind: string, from: number, count: number): Promise<readonly number[]> =>
  page.evaluate(([kind, from, count]) => contender.write(kind, from, count), [kind, from, count] as const);

/** One round of synchart: its own numbers and its floors. Databases are new, and named after the round. */
export async function roundOfSynchart(sites: BrowserSites, round: number, samples: Samples): Promise<void> {
  const page = await sites.tab('synchart');
  const other = await sites.tab('synchart');
  const floor = await sites.tab('synchart');
  try {
    samples.add('pull', 'synchart', [await pull(page, `round-${round}`)]);
    await pull(floor, `floor-${round}`);
    const role = await other.evaluate((name) => window.contender.openAsFollower(name), `round-${round}`);
    if (role !== 'follower') throw new Error(`the second tab is ${role}`);

    // Code and caches are warm, and the statements to repeat are known.
    await write(page, 'save', 15_000, writesAtOnce);
    await write(floor, 'save', 15_000, writesAtOnce);
    await write(other, 'save', 15_500, writesAtOnce);
    await write(page, 'writer', 16_000, writesAtOnce);
    await page.evaluate(() => window.contender.record());
    samples.add('write', owner, await write(page, 'save', 0, writesAtOnce));
    const saves = await page.evaluate(() => window.contender.recorded());
    if (saves.length !== writesAtOnce) throw new Error(`${saves.length} transactions of ${writesAtOnce} saves`);
    samples.add(
      'flushes',
      owner,
      saves.map(({ flushes }) => flushes),
    );
    samples.add(
      'messages',
      owner,
      saves.map(({ messages }) => messages),
    );
    samples.add(
      'statements',
      owner,
      saves.map(({ statements }) => statements.length),
    );
    const replayed = await floor.evaluate(
      (transactions) => window.contender.replay(transactions),
      saves.map(({ statements }) => statements),
    );
    samples.add('write', inWorker, replayed);
    samples.add('write', byHand, await write(floor, 'byHand', 5_000, writesAtOnce));
    samples.add('write', follower, await write(other, 'save', 2_000, writesAtOnce));
    samples.add('write', writer, await write(page, 'writer', 3_000, writesAtOnce));
    samples.add('run', owner, await write(page, 'save', 6_000, longRun));
    samples.add('run', writer, await write(page, 'writer', 8_000, longRun));
    samples.add('run', follower, await write(other, 'save', 10_000, longRun));
    const queued = await page.evaluate(() => window.contender.pending());
    const expected = 3 * longRun + 6 * writesAtOnce;
    if (queued !== expected) throw new Error(`${queued} operations queued of ${expected}`);
  } finally {
    await other.close();
    await page.close();
    await floor.close();
  }
}

/** One round of a library that is measured beside, in one of its settings, which the name of its databases begins with. */
export async function roundOfLibrary(
  sites: BrowserSites,
  round: number,
  samples: Samples,
  { library, setting, name }: { readonly library: Library; readonly setting: string; readonly name: string },
): Promise<void> {
  const page = await sites.tab(library);
  try {
    samples.add('pull', name, [await pull(page, `${setting}-${round}`)]);
    await write(page, 'write', 15_000, writesAtOnce);
    samples.add('write', name, await write(page, 'write', 0, writesAtOnce));
    samples.add('run', name, await write(page, 'write', 6_000, longRun));
  } finally {
    await page.close();
  }
}

/** Makes the database that the rounds of `roundOfOpening` open. */
export async function fillForOpening(sites: BrowserSites, library: Library, setting: string): Promise<void> {
  const page = await sites.tab(library);
  await page.evaluate(([name, rows, queued]) => contender.fill(name, rows, queued), [
    `${setting}-large`,
    openRows,
    openQueued,
  ] as const);
  await page.close();
}

export async function roundOfOpening(
  sites: BrowserSites,
  samples: Samples,
  { library, setting, name }: { readonly library: Library; readonly setting: string; readonly name: string },
): Promise<void> {
  const page = await sites.tab(library);
  samples.add('open', name, [await page.evaluate((name) => contender.open(name), `${setting}-large`)]);
  await page.close();
}
