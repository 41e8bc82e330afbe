import { createActor } from 'xstate';
import { expect, test } from 'vitest';
import { syncMachine } from '../../src/machines/sync-machine.ts';
import { createStatusKeeper } from '../../src/engine/status-keeper.ts';
import { createSimulatedClock } from '../../src/testing/simulated-clock.ts';

const limits = { backoffMinMs: 1, backoffMaxMs: 1, backoffMultiplier: 1, maxRetries: 0, maxConflictRetries: 0, conflictRetryDelayMs: 1 };
const snapshot = createActor(syncMachine, { input: { pushKinds: [], pullKinds: [], limits, seed: 1 } }).getSnapshot();

/** A queue with more operations at each count, which takes so long. */
function keeperOf(countMs: number) {
  const clock = createSimulatedClock(0);
  let counted = 0;
  const queue = {
    counts: async () => {
      clock.increment(countMs);
      counted += 1;
      return Promise.resolve({ pending: counted, stuck: 0, conflicts: 0 });
    },
  };
  const keeper = createStatusKeeper({ queue, snapshot, clock, read: (work) => work() });
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  const change = async (): Promise<number> => {
    keeper.recount();
    await turns();
    return keeper.current().pending;
  };
  return { keeper, clock, turns, change };
}

test('a queue that is counted at once is counted after every change', async () => {
  const { change } = keeperOf(1);
  expect(await change()).toBe(1);
  expect(await change()).toBe(2);
});

test('PERFORMANCE: a queue that takes long to count is counted in a twentieth of the time, and never too seldom to show the last change', async () => {
  const { change, clock, turns, keeper } = keeperOf(10);
  expect(await change()).toBe(1);
  for (let changes = 0; changes < 5; changes += 1) expect(await change()).toBe(1);
  await clock.advance(199);
  await turns();
  expect(keeper.current().pending).toBe(1);
  await clock.advance(1);
  await turns();
  expect(keeper.current().pending).toBe(2);
  await clock.advance(10_000);
  await turns();
  expect(keeper.current().pending).toBe(2);
  expect(await change()).toBe(3);
});

test('closing does not wait for the rest after a long count', async () => {
  const { change, keeper } = keeperOf(10_000);
  await change();
  await keeper.close();
  expect(await change()).toBe(1);
});
