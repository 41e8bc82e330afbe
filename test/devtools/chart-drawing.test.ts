import Elk from 'elkjs/lib/elk.bundled.js';
import { expect, test } from 'vitest';
import { activeIds, chartViewOf } from '../../src/devtools/agent/recording/chart-view.ts';
import {
  areaOf,
  arrowsOf,
  plainDrawing,
  toDrawing,
  toElkGraph,
  whereToBegin,
} from '../../src/devtools/views/chart/chart-drawing.ts';
import { createStateHistories } from '../../src/devtools/views/chart/chart-history.ts';
import type { LogEntry, StateValueJson } from '../../src/devtools/protocol/log-entry.ts';
import { syncMachine } from '../../src/machines/sync-machine.ts';

const chart = chartViewOf(syncMachine);

test('draws every phase of the machine inside its region without overlaps', async () => {
  const drawing = toDrawing(chart, await new Elk().layout(toElkGraph(chart, plainDrawing)), plainDrawing);
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

test("I12: places a state's area inside its box; a state that is not drawn has no area", async () => {
  const drawing = toDrawing(chart, await new Elk().layout(toElkGraph(chart, plainDrawing)), plainDrawing);
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
  const all = arrowsOf(chart, { showsSteps: true, showsCommands: true, showsFailures: true });
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
