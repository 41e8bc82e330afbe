import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseBundle } from '../../src/devtools/protocol/parse-bundle.ts';
import type { LogEntry } from '../../src/devtools/protocol/log-entry.ts';
import { describeEntry } from '../../src/devtools/views/entries/describe-entry.ts';
import { createRunSpans, describeRun, type RunSpan } from '../../src/devtools/views/entries/run-spans.ts';
import { mostDrawnRuns, stripOf } from '../../src/devtools/views/entries/run-strip.ts';

const captured = (name: string) =>
  parseBundle(JSON.parse(readFileSync(new URL(`../../stories/fixtures/${name}.json`, import.meta.url), 'utf8')));
function runsOf(name: string): readonly RunSpan[] {
  const spans = createRunSpans();
  for (const entry of captured(name).entries) spans.add(entry);
  return spans.list;
}

test('I12: splits a captured day into runs, each with its phases in order, its requests and its end', () => {
  const runs = runsOf('busy-day');
  expect(runs.map(({ outcome }) => outcome)).toEqual([
    'completed',
    'completed',
    'completed',
    'completed',
    'completed',
    'failed',
  ]);
  expect(runs[0]?.phases.map(({ phase }) => phase)).toEqual(['planning', 'pushing', 'pulling', 'finishing']);
  expect(runs[0]?.requests.map(({ method }) => method)).toEqual(['pull', 'pull', 'pull', 'pull']);
  expect(new Set(runs[4]?.phases.map(({ phase }) => phase))).toEqual(
    new Set(['planning', 'fullResync', 'pushing', 'resolvingConflict', 'pulling', 'finishing']),
  );
  expect(runs[5]?.phases.some(({ phase }) => phase === 'backoff')).toBe(true);
});

test('I12: phases follow one another without a gap, within their run', () => {
  for (const { from, to, phases } of runsOf('busy-day')) {
    expect(phases[0]?.from).toBe(from);
    expect(phases.at(-1)?.to).toBe(to);
    for (const [index, { to: end }] of phases.slice(0, -1).entries()) expect(end).toBe(phases[index + 1]?.from);
  }
});

test('I12: marks a run as in progress', () => {
  const spans = createRunSpans();
  spans.add({ type: 'event', id: 1, at: 1_000, name: 'sync.started', data: {}, runId: 7 });
  spans.add({
    type: 'request',
    id: 2,
    at: 1_400,
    startedAt: 1_100,
    tookMs: 300,
    method: 'pull',
    result: 'ok',
    runId: 7,
  });
  expect(spans.list.map(describeRun)).toEqual(['Run 7, running for 400 ms, 1 request']);
});

test("I12: recognises a table's first pull, whichever entry is logged first", () => {
  const started = (reason: string) =>
    ({
      type: 'event',
      id: 2,
      at: 1_000,
      name: 'resync.started',
      data: { reason, kinds: ['todos'] },
      runId: 7,
    }) as const;
  const entered: LogEntry = {
    type: 'transition',
    id: 3,
    at: 1_000,
    cause: 'done planning',
    value: { activity: { running: { fullResync: 'preparing' } } },
    actions: [],
    sources: [],
    runId: 7,
  };
  const phasesOf = (...entries: readonly LogEntry[]): readonly string[] => {
    const spans = createRunSpans();
    for (const entry of entries) spans.add(entry);
    return spans.list.flatMap(({ phases }) => phases.map(({ phase }) => phase));
  };
  expect(phasesOf(started('first'), entered)).toEqual(['firstPull']);
  expect(phasesOf(entered, started('first'))).toEqual(['firstPull']);
  expect(phasesOf(started('scheduled'), entered)).toEqual(['fullResync']);
});

test('I12: an event explains why everything is pulled', () => {
  const said = (reason: string): string =>
    describeEntry({ type: 'event', id: 1, at: 0, name: 'resync.started', data: { reason, kinds: ['todos'] } }).detail;
  expect(['first', 'manual', 'schema', 'scheduled'].map(said)).toEqual([
    'first pull',
    'somebody asked for it',
    'the table has a newer version',
    'its time had come',
  ]);
  expect(said('moonrise')).toBe('reason moonrise');
});

test('bars stay within the strip and visible, whatever the runs', () => {
  for (const name of ['busy-day', 'troubles', 'offline-day']) {
    const strip = stripOf(runsOf(name));
    const last = strip.at(-1);
    expect((last?.start ?? 0) + (last?.length ?? 0)).toBeCloseTo(100);
    for (const { length, phases, requests } of strip) {
      expect(length).toBeGreaterThan(0.5);
      for (const bar of [...phases, ...requests]) {
        expect(bar.start).toBeGreaterThanOrEqual(0);
        expect(bar.start + bar.length).toBeLessThanOrEqual(100.001);
      }
    }
  }
});

test('draws few bars for a run of thousands of requests, and shows the worst of each group', () => {
  const spans = createRunSpans();
  for (let id = 1; id <= 5_000; id += 1)
    spans.add({
      type: 'request',
      id,
      at: id * 10 + 9,
      startedAt: id * 10,
      tookMs: 9,
      method: 'pull',
      result: id === 2_500 ? 'failed' : 'ok',
      runId: 1,
      rows: 1,
    });
  const [run] = stripOf(spans.list);
  expect(run?.requests.length).toBeLessThanOrEqual(60);
  expect(run?.requests.filter(({ tone }) => tone === 'error')).toHaveLength(1);
});

test('draws only the newest runs', () => {
  const spans = createRunSpans();
  for (let runId = 1; runId <= 100; runId += 1)
    spans.add({ type: 'event', id: runId, at: runId * 100, name: 'sync.started', data: {}, runId });
  const strip = stripOf(spans.list);
  expect([strip.length, strip.at(-1)?.run.runId]).toEqual([mostDrawnRuns, 100]);
});
