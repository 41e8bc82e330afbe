import { expect, onTestFinished, test } from 'vitest';
import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import { arrowsOf, plainDrawing } from '../../src/devtools/views/chart/chart-drawing.ts';
import { lastTransition } from '../../src/devtools/views/chart/chart-history.ts';
import { takenStep, type TakenStep } from '../../src/devtools/views/chart/chart-taken.ts';
import { openEngine } from '../support/open-engine.ts';

test("finds the last step's arrow and target state, also for a command that is not drawn", async () => {
  const bench = await openEngine();
  onTestFinished(() => bench.close());
  const agent = attachDevtools(bench.engine);
  const { chart } = agent.description;
  const taken = (options = plainDrawing): TakenStep =>
    takenStep(chart, arrowsOf(chart, options), options, lastTransition(agent.log.read()), new Set(agent.view().active));
  await bench.engine.sync();
  expect([...taken().arrows]).toEqual(['finishing idle']);
  expect([...taken().reached]).toEqual(['idle']);
  await bench.engine.pause();
  expect([...taken().arrows]).toEqual([]);
  // The wish is noted, and obeyed at once.
  expect([...taken().reached].toSorted()).toEqual(['paused', 'sync.intent.pausing']);
  expect([...taken({ ...plainDrawing, showsCommands: true }).arrows]).toHaveLength(2);
});
