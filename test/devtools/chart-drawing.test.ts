import { expect, test } from 'vitest';
import { activeIds, chartViewOf } from '../../src/devtools/agent/recording/chart-view.ts';
import {
  areaOf,
  arrowsOf,
  fittingViewport,
  overviewDrawing,
  plainDrawing,
  whereToBegin,
  type ChartDrawing,
  type DrawingOptions,
} from '../../src/devtools/views/chart/chart-drawing.ts';
import { drawChart } from '../../src/devtools/views/chart/draw-chart.ts';
import { createStateHistories } from '../../src/devtools/views/chart/chart-history.ts';
import type { LogEntry, StateValueJson } from '../../src/devtools/protocol/log-entry.ts';
import { syncMachine } from '../../src/machines/sync-machine.ts';

const chart = chartViewOf(syncMachine);

function drawn(options: DrawingOptions, of = chart): ChartDrawing {
  const result = drawChart(of, options);
  if (result === undefined) throw new Error('the chart has no drawing');
  return result.drawing;
}
const namesIn = ({ states }: ChartDrawing): readonly string[] => states.map(({ state }) => state.name);

test('draws every phase of the machine inside its region without overlaps', () => {
  const drawing = drawn(plainDrawing);
  const names = drawing.states.map(({ state }) => state.name);
  for (const phase of [
    'idle',
    'standby',
    'planning',
    'pushing',
    'resolvingConflict',
    'pulling',
    'fullResync',
    'finishing',
    'backoff',
    'paused',
    'failed',
    'stopped',
  ])
    expect(names).toContain(phase);
  const siblings = drawing.states
    .map((one) =>
      drawing.states
        .filter(({ parent, state }) => parent === one.parent && state !== one.state)
        .map((other) => [one, other] as const),
    )
    .flat();
  const overlapping = siblings.filter(
    ([a, b]) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height,
  );
  expect(overlapping.map(([a, b]) => `${a.state.name} over ${b.state.name}`)).toEqual([]);
  expect(drawing.arrows.every(({ points }) => points.length >= 2)).toBe(true);
  const running = activeIds(syncMachine.root, {
    network: 'online',
    session: 'signedIn',
    activity: { running: 'planning' },
  });
  expect(whereToBegin(drawing, new Set(running))).toBe('sync.activity.running.planning');
});

test("I12: places a state's area inside its box; a state that is not drawn has no area", () => {
  const drawing = drawn(plainDrawing);
  const inner = drawing.states.filter(({ parent }) => parent !== undefined);
  expect(inner.length).toBeGreaterThan(10);
  for (const { state, parent = '' } of inner) {
    const [area, box] = [areaOf(drawing, state.id), areaOf(drawing, parent)];
    if (area === undefined || box === undefined) throw new Error(`${state.id} has no area`);
    expect(
      area.x >= box.x &&
        area.y >= box.y &&
        area.x + area.width <= box.x + box.width &&
        area.y + area.height <= box.y + box.height,
    ).toBe(true);
  }
  expect(areaOf(drawing, 'nowhere')).toBeUndefined();
});

test('draws all transitions between two states as one arrow, and commands and failures only on request', () => {
  const plain = arrowsOf(chart, plainDrawing);
  expect(new Set(plain.map(({ source, target }) => `${source} ${target}`)).size).toBe(plain.length);
  expect(
    plain.flatMap(({ labels }) => labels).filter((label) => label === 'PAUSE' || label.startsWith('error ')),
  ).toEqual([]);
  const all = arrowsOf(chart, { isOverview: false, showsSteps: true, showsCommands: true, showsFailures: true });
  expect(all.flatMap(({ labels }) => labels)).toEqual(expect.arrayContaining(['PAUSE', 'error planning']));
});

test("a state's history counts its entries and their durations, also under a custom id", () => {
  const moved = (id: number, at: number, activity: StateValueJson): LogEntry => ({
    type: 'transition',
    id,
    at,
    cause: 'SYNC',
    value: { network: 'online', activity },
    actions: [],
    sources: [],
  });
  const histories = createStateHistories()(
    chart,
    [moved(1, 0, 'idle'), moved(2, 100, { running: 'planning' }), moved(3, 150, 'idle')],
    200,
  );
  expect([histories.get('idle'), histories.get('sync.activity.running.planning')]).toEqual([
    {
      entered: 2,
      spentMs: 150,
      lastEntered: 150,
      visits: [
        { at: 0, cause: 'SYNC', entryId: 1, tookMs: 100 },
        { at: 150, cause: 'SYNC', entryId: 3 },
      ],
    },
    { entered: 1, spentMs: 50, lastEntered: 100, visits: [{ at: 100, cause: 'SYNC', entryId: 2, tookMs: 50 }] },
  ]);
});

test('the overview shows ten states and the box of a run, without any label that names a result', () => {
  const overview = drawn(overviewDrawing);
  expect(namesIn(overview).toSorted()).toEqual(
    [
      'backoff',
      'failed',
      'idle',
      'paused',
      'pulling',
      'pushing',
      'resolvingConflict',
      'running',
      'standby',
      'starting',
      'stopped',
    ].toSorted(),
  );
  expect(overview.states.filter(({ parent }) => parent === 'running').map(({ state }) => state.name)).toEqual([
    'pushing',
    'resolvingConflict',
    'pulling',
  ]);
  const arrows = overview.arrows.map(({ id }) => id);
  expect(arrows).toEqual(expect.arrayContaining(['starting idle', 'standby running', 'running backoff']));
  expect(overview.arrows.flatMap(({ labels }) => labels).filter((label) => /^(done|error) /.test(label))).toEqual([]);
});

test('keeps every layout when an app provides implementations', () => {
  const provided = chartViewOf(syncMachine.provide({ delays: { retryDelay: 5 } }));
  for (const isOverview of [true, false])
    for (const showsSteps of [true, false])
      for (const showsCommands of [true, false]) {
        const options = { isOverview, showsSteps, showsCommands, showsFailures: true };
        expect(drawn(options, provided)).toEqual(drawn(options));
        expect(drawChart(provided, options)?.options).toEqual(options);
      }
});

test('a chart with another state gets the overview, and one with other states has no drawing', () => {
  const later = {
    ...chart,
    states: [
      ...chart.states,
      {
        id: 'waitingForWifi',
        name: 'waitingForWifi',
        parent: 'sync.activity',
        type: 'atomic' as const,
        isInitial: false,
        tags: [],
        invokes: [],
        entry: [],
        exit: [],
      },
    ],
  };
  expect(drawChart(later, plainDrawing)).toEqual({ drawing: drawn(overviewDrawing), options: overviewDrawing });
  const other = {
    root: 'door',
    states: later.states.filter(({ id }) => id === 'waitingForWifi').map((state) => ({ ...state, parent: undefined })),
    transitions: [],
  };
  expect(drawChart(other, overviewDrawing)).toBeUndefined();
});

test('fits every drawing into its frame without enlarging it', () => {
  const largest = drawn({ isOverview: false, showsSteps: true, showsCommands: true, showsFailures: true });
  for (const frame of [
    { clientWidth: 90, clientHeight: 120 },
    { clientWidth: 770, clientHeight: 200 },
    { clientWidth: 5000, clientHeight: 4000 },
  ]) {
    const { x, y, zoom } = fittingViewport(largest, frame);
    expect(zoom).toBeLessThanOrEqual(1);
    expect([x, y].every((place) => place >= 0)).toBe(true);
    expect(x + largest.width * zoom).toBeLessThanOrEqual(frame.clientWidth);
    expect(y + largest.height * zoom).toBeLessThanOrEqual(frame.clientHeight);
  }
});
