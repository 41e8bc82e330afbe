import { expect, onTestFinished, test } from 'vitest';
import type { InspectionEvent } from 'xstate';
import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import { hearSteps } from '../../src/devtools/agent/recording/hear-steps.ts';
import type { SyncActor } from '../../src/engine/machine/sync-stream.ts';
import { openEngine } from '../support/open-engine.ts';

type System = SyncActor['system'];
const place = '_sendInspectionEvent';

test("I13: an app's inspector receives the same events whether the devtools listen, have listened, or never did", async () => {
  const heardBy = async (
    prepare: (engine: Parameters<typeof attachDevtools>[0]) => void,
  ): Promise<readonly string[]> => {
    const bench = await openEngine();
    onTestFinished(() => bench.close());
    await bench.engine.start();
    const heard: string[] = [];
    bench.engine.actor.system.inspect((event: InspectionEvent) => heard.push(event.type));
    prepare(bench.engine);
    await bench.engine.sync();
    return heard;
  };
  const alone = await heardBy(() => undefined);
  expect(alone).toContain('@xstate.microstep');
  expect(await heardBy((engine) => attachDevtools(engine))).toEqual(alone);
  expect(await heardBy((engine) => attachDevtools(engine).detach())).toEqual(alone);
});

test('I12: XState reports steps on the internal hook; a release without it would need costlier inspection', async () => {
  const bench = await openEngine();
  onTestFinished(() => bench.close());
  expect(Reflect.get(bench.engine.actor.system, place)).toBeTypeOf('function');
});

test('I12: falls back to ordinary inspection when XState lacks the hook, until it is ended', () => {
  const observers = new Set<(event: unknown) => void>();
  const inspect = (observer: (event: unknown) => void) => {
    observers.add(observer);
    return { unsubscribe: () => observers.delete(observer) };
  };
  for (const system of [{ inspect }, Object.freeze({ inspect, [place]: () => undefined })]) {
    const heard: unknown[] = [];
    const end = hearSteps(system as unknown as System, (told) => heard.push(told));
    for (const observer of observers) observer('a step');
    end();
    expect([heard, observers.size]).toEqual([['a step'], 0]);
  }
});

test('I13: stays silent after it was ended, even while another hook wraps it', () => {
  const told: string[] = [];
  const system = { [place]: (event: string) => told.push(`xstate ${event}`) } as unknown as System;
  const end = hearSteps(system, (event) => told.push(`devtools ${String(event)}`));
  const below = Reflect.get(system, place) as (event: string) => void;
  Reflect.set(system, place, (event: string) => {
    told.push(`over ${event}`);
    below(event);
  });
  end();
  (Reflect.get(system, place) as (event: string) => void)('step');
  expect(told).toEqual(['over step', 'xstate step']);
});
