import { afterEach, expect, test } from 'vitest';
import { createStatusKeeper } from '../../src/engine/status-keeper.ts';
import type { QueueCounts } from '../../src/model/queue.ts';
import { createFakeStore } from '../support/fake-store.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';

let bench: EngineBench;
afterEach(() => bench.close());

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await Promise.resolve();
};

test.for(Array.from({ length: 16 }, (_, index) => index))('F-11: a change %i turns after a count was asked for is counted, too', async (late) => {
  bench = await openEngine();
  let pending = 0;
  const counts = (): Promise<QueueCounts> => Promise.resolve({ pending, stuck: 0, conflicts: 0 });
  const keeper = createStatusKeeper({ ...createFakeStore({ clock: bench.clock }).queue, counts }, bench.engine.actor.getSnapshot(), (work) => work());
  keeper.recount();
  await turns(late);
  pending = 1;
  keeper.recount();
  await turns(50);
  expect(keeper.current().pending).toBe(1);
});
