import { chromium, type Browser, type CDPSession, type Page } from 'playwright';
import { buildPage } from '../test/support/build-page.ts';
import { chromiumArguments, findChromium } from '../test/support/find-chromium.ts';
import { servePage } from '../test/support/serve-page.ts';
import type { ScrollPage } from './contenders/scroll-page.ts';

declare const window: { readonly scrollPage: ScrollPage };

const durationMs = 6_000;
const logged = 100_000;
const queued = 10_000;

interface TraceEvent {
  readonly name: string;
  readonly cat: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

interface Frames {
  readonly name: string;
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly worst: number;
  /** Of the page's main thread, from the trace: the longest task by the clock, and by its processor time. */
  readonly longestTaskMs: number;
  readonly longestTaskCpuMs: number;
  readonly tasksOver50: number;
}

const scenarios: readonly {
  readonly name: string;
  readonly show: readonly [view: 'timeline' | 'network' | 'outbox' | 'chart', entries: number, operations: number];
  readonly act: (page: Page) => Promise<readonly number[]>;
}[] = [
  {
    name: `Timeline of ${logged.toLocaleString('en')}, dragged through`,
    show: ['timeline', logged, 0],
    act: (page) => drag(page),
  },
  {
    name: `Timeline of ${logged.toLocaleString('en')}, by wheel`,
    show: ['timeline', logged, 0],
    act: (page) => wheel(page),
  },
  {
    name: `Timeline of ${logged.toLocaleString('en')}, 1,000 more a second`,
    show: ['timeline', logged, 0],
    act: (page) => live(page),
  },
  {
    name: `Network of ${logged.toLocaleString('en')}, 1,000 more a second`,
    show: ['network', logged, 0],
    act: (page) => live(page),
  },
  {
    name: `Outbox of ${queued.toLocaleString('en')}, dragged through`,
    show: ['outbox', 0, queued],
    act: (page) => drag(page),
  },
  {
    name: `Outbox of ${queued.toLocaleString('en')}, 1,000 events a second`,
    show: ['outbox', logged, queued],
    act: (page) => live(page),
  },
];

const drag = (page: Page): Promise<readonly number[]> => page.evaluate((ms) => window.scrollPage.drag(ms), durationMs);
const live = (page: Page): Promise<readonly number[]> =>
  page.evaluate((ms) => window.scrollPage.live(ms, 1_000), durationMs);
async function wheel(page: Page): Promise<readonly number[]> {
  await page.mouse.move(500, 500);
  const watching = page.evaluate((ms) => window.scrollPage.watch(ms), durationMs);
  const startedAt = performance.now();
  while (performance.now() - startedAt < durationMs) await page.mouse.wheel(0, 1_200);
  return watching;
}

async function trace(
  session: CDPSession,
  work: () => Promise<readonly number[]>,
): Promise<{ readonly deltas: readonly number[]; readonly events: TraceEvent[] }> {
  const events: TraceEvent[] = [];
  const collect = ({ value }: { value: unknown[] }): void => void events.push(...(value as TraceEvent[]));
  session.on('Tracing.dataCollected', collect);
  const complete = new Promise<void>((resolve) => session.once('Tracing.tracingComplete', () => resolve()));
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['toplevel', '__metadata'] },
  });
  const deltas = await work();
  await session.send('Tracing.end');
  await complete;
  session.off('Tracing.dataCollected', collect);
  return { deltas, events };
}

/** Tasks of the main thread of the page's process. */
function mainTasks(events: readonly TraceEvent[]): readonly TraceEvent[] {
  const mains = new Set(
    events
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  return events.filter(({ name, pid, tid }) => name.endsWith('RunTask') && mains.has(`${pid} ${tid}`));
}

const shareOf = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

async function measure(
  browser: Browser,
  url: string,
  { name, show, act }: (typeof scenarios)[number],
): Promise<Frames> {
  const page = await browser.newPage({ viewport: { width: 1_200, height: 900 } });
  try {
    page.on('pageerror', (error) => process.stderr.write(`${String(error)}\n`));
    await page.goto(url);
    await page.waitForFunction('window.scrollPage !== undefined');
    await page.evaluate(([view, entries, operations]) => window.scrollPage.show(view, entries, operations), show);
    const session = await browser.newBrowserCDPSession();
    const { deltas, events } = await trace(session, () => act(page));
    const sorted = [...deltas].sort((a, b) => a - b);
    const tasks = mainTasks(events);
    const longest = (field: 'dur' | 'tdur'): number =>
      tasks.reduce((most, task) => Math.max(most, task[field] ?? 0), 0) / 1_000;
    return {
      name,
      count: deltas.length,
      p50: shareOf(sorted, 0.5),
      p95: shareOf(sorted, 0.95),
      worst: sorted.at(-1) ?? Number.NaN,
      longestTaskMs: longest('dur'),
      longestTaskCpuMs: longest('tdur'),
      tasksOver50: tasks.filter(({ dur = 0 }) => dur > 50_000).length,
    };
  } finally {
    await page.close();
  }
}

/**
 * Scrolls through long lists of the panel in headless Chromium, and lets them grow: frames as the page sees them, tasks
 * from a trace.
 */
export async function scrollFrames(say: (text: string) => void, wanted = ''): Promise<string> {
  const built = await buildPage('bench/contenders/scroll-page.ts', { 'process.env.NODE_ENV': '"production"' });
  const html =
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>scroll</title><style>body{margin:0}</style><body><script type="module" src="/page.js"></script></body></html>';
  const served = await servePage([built.folder], { documents: { '/': html } });
  const browser = await chromium.launch({ executablePath: findChromium(), args: [...chromiumArguments] });
  const lines: string[] = [];
  try {
    for (const scenario of scenarios.filter(({ name }) => name.includes(wanted))) {
      const result = await measure(browser, served.url, scenario);
      const numbers = [result.p50, result.p95, result.worst, result.longestTaskMs, result.longestTaskCpuMs].map((ms) =>
        ms.toFixed(0),
      );
      const line = `| ${[result.name, result.count, ...numbers, result.tasksOver50].join(' | ')} |`;
      say(line);
      lines.push(line);
    }
  } finally {
    await browser.close();
    await served.close();
    await built.remove();
  }
  return [
    `### The panel, ${durationMs / 1_000} s of each: ms per frame in headless Chromium without a graphics card`,
    '',
    '| what | frames | p50 | p95 | worst | longest task | its CPU | tasks over 50 ms |',
    '|---|---:|---:|---:|---:|---:|---:|---:|',
    ...lines,
    '',
  ].join('\n');
}
