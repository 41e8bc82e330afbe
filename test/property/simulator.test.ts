import { describe, expect, test } from 'vitest';
import { conflictStrategies } from '../../src/model/conflict.ts';
import { addCounts, drawScript, noCounts, shrinkScript, simulate, type SimulationScript } from '../../src/testing.ts';
import { playSeeds, seedCount } from './simulate-seeds.ts';
import { simulatorRegressions } from './simulator-regressions.ts';

test(
  'I1–I13: every seed keeps the invariants at each commit and step, and settles within 120 s after the last fault',
  { timeout: 1_200_000 },
  () => playSeeds(1, Math.ceil(seedCount / 2)),
);

test.each(simulatorRegressions)('$invariant: $found', async ({ script }) => {
  const { violation, trace } = await simulate({ script });
  expect(violation, trace.join('\n')).toBeUndefined();
});

test('a seed determines its run: the same lines twice, to the last one', { timeout: 120_000 }, async () => {
  for (let seed = 1; seed <= 6; seed += 1) {
    const [once, again] = [await simulate({ seed }), await simulate({ seed })];
    expect(again.trace).toEqual(once.trace);
    expect(again.elapsedMs).toBe(once.elapsedMs);
  }
});

test('scripts are data and contain every strategy, boundary, fault and kind of server', () => {
  const scripts = Array.from({ length: 600 }, (_, index) => drawScript(index));
  const drawn = <T>(of: (script: SimulationScript) => readonly T[]): ReadonlySet<T> => new Set(scripts.flatMap(of));
  expect(JSON.parse(JSON.stringify(scripts[0]))).toEqual(scripts[0]);
  expect(drawn(({ world }) => [world.client.strategy])).toEqual(new Set(conflictStrategies));
  expect(drawn(({ world }) => [world.server.paging])).toHaveProperty('size', 4);
  expect(drawn(({ world }) => [world.server.idOrder])).toHaveProperty('size', 4);
  expect(drawn(({ world }) => [world.server.putAnswer])).toHaveProperty('size', 3);
  expect(drawn(({ steps }) => steps.flatMap((step) => ('fault' in step ? [step.fault.type] : [])))).toHaveProperty(
    'size',
    10,
  );
  expect(drawn(({ steps }) => steps.flatMap((step) => ('act' in step ? [step.act.type] : [])))).toHaveProperty(
    'size',
    18,
  );
  expect(
    drawn(({ steps }) =>
      steps.flatMap((step) => ('act' in step && step.boundary !== undefined ? [step.boundary.at] : [])),
    ),
  ).toHaveProperty('size', 5);
});

test('reports its coverage in counts', async () => {
  const sum = noCounts();
  for (let seed = 1; seed <= 10; seed += 1) addCounts(sum, (await simulate({ seed })).counts);
  expect(sum.requests).toBeGreaterThan(50);
  expect(sum.states.get('activity.running.pushing.sending')).toBeGreaterThan(0);
  expect(sum.moves.get('activity.idle → activity.standby.asking')).toBeGreaterThan(0);
});

describe('the oracle detects faults', () => {
  const { world } = drawScript(1);
  const calm = {
    ...world,
    warm: true,
    twoEngines: false,
    seededRows: 2,
    server: { ...world.server, paging: 'keyset' as const },
    client: { ...world.client, automatic: false },
  };
  const edit = {
    afterMs: 5,
    on: 0,
    act: { type: 'write', kind: 'tasks', id: '1', write: { type: 'edit', field: 'title', stale: false } },
  } as const;
  const script: SimulationScript = {
    world: { ...calm, client: { ...calm.client, strategy: 'autoPreserve', batch: false } },
    steps: [edit, { afterMs: 50, on: 0, act: { type: 'sync' } }],
  };

  test('I1: detects a transport that acknowledges without asking the server, and shrinks its script', async () => {
    const lying = (given: SimulationScript) =>
      simulate({
        script: given,
        transport: () => ({
          capabilities: { idempotency: 'key' },
          pull: () => Promise.resolve({ items: [] }),
          push: (ops) =>
            Promise.resolve({ results: ops.map(({ opId }) => ({ opId, result: { type: 'pushSuccess' } as const })) }),
          forcePush: () => Promise.resolve({ type: 'pushSuccess' }),
          fetch: () => Promise.resolve({ type: 'fetchNotFound' }),
          health: () => Promise.resolve(true),
        }),
      });
    const idle = Array.from({ length: 6 }, () => ({ afterMs: 10, on: 0, act: { type: 'resume' } }) as const);
    const { violation } = await lying({ ...script, steps: [...idle, ...script.steps, ...idle] });
    expect(violation?.invariant).toBe('I1');
    const { kept, result } = await shrinkScript({ ...script, steps: [...idle, ...script.steps, ...idle] }, lying);
    expect(kept).toEqual([6]);
    expect(result.violation?.invariant).toBe('I1');
  });

  test('the same script passes with the real transport', async () => {
    expect((await simulate({ script })).violation).toBeUndefined();
  });
});
