import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createStatusKeeper, type StatusKeeper, type StatusParts } from '../../src/engine/status/status-keeper.ts';
import type { QueueCounts } from '../../src/model/queue.ts';
import { noStats } from '../../src/model/values/run-stats.ts';
import { createFakeStore } from '../support/fake-store.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';

let bench: EngineBench;
afterEach(() => bench.close());

const partsOf = (counts: () => Promise<QueueCounts>): StatusParts => ({
  queue: { ...createFakeStore({ clock: bench.clock }).queue, counts },
  snapshot: bench.engine.actor.getSnapshot(),
  clock: bench.clock,
  detached: (work) => work(),
});

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await Promise.resolve();
};

test.for(Array.from({ length: 16 }, (_, index) => index))(
  'F-11: counts a change that arrives %i turns after a count was requested',
  async (late) => {
    bench = await openEngine();
    let pending = 0;
    const counts = (): Promise<QueueCounts> => Promise.resolve({ pending, stuck: 0, conflicts: 0 });
    const keeper = createStatusKeeper(partsOf(counts));
    keeper.recount();
    await turns(late);
    pending = 1;
    keeper.recount();
    await turns(50);
    expect(keeper.current().pending).toBe(1);
  },
);

describe('a queue of a million operations', () => {
  let queued: number;
  let counted: number;
  let keeper: StatusKeeper;
  const counts = (): Promise<QueueCounts> => {
    counted += 1;
    return Promise.resolve({ pending: queued, stuck: 0, conflicts: 0 });
  };
  /** One change, and all that comes of it at once. */
  const change = async (pending: number): Promise<void> => {
    queued = pending;
    keeper.recount();
    await turns(50);
  };

  beforeEach(async () => {
    bench = await openEngine();
    counted = 0;
    keeper = createStatusKeeper(partsOf(counts));
    await change(1_000_000);
  });

  test('F-11: is not recounted after each commit, and its last change is counted', async () => {
    for (let left = 999_999; left > 999_900; left -= 1) await change(left);
    expect([counted, keeper.current().pending]).toEqual([1, 1_000_000]);
    bench.clock.increment(1_000);
    await turns(50);
    expect([counted, keeper.current().pending]).toEqual([2, 999_901]);
    bench.clock.increment(60_000);
    await turns(50);
    expect(counted).toBe(2);
  });

  test.for([0, 1, 2, 3, 4])(
    'F-11: is counted at once when a run ends, even %i turns after a count began',
    async (late) => {
      queued = 20_000;
      bench.clock.increment(1_000);
      keeper.recount();
      await turns(late);
      queued = 12_345;
      keeper.recount();
      keeper.onEvent({ type: 'sync.completed', runId: 1, at: 0, stats: noStats, tookMs: 1 });
      await turns(50);
      expect(keeper.current().pending).toBe(12_345);
    },
  );

  test('F-113: leaves no timer when closed', async () => {
    await keeper.close();
    queued = 5;
    bench.clock.increment(60_000);
    await turns(50);
    expect(counted).toBe(1);
  });
});

test('recounts a queue of less than 10,000 operations after each commit', async () => {
  bench = await openEngine();
  let pending = 9_999;
  const keeper = createStatusKeeper(partsOf(() => Promise.resolve({ pending, stuck: 0, conflicts: 0 })));
  for (; pending > 9_990; pending -= 1) {
    keeper.recount();
    await turns(50);
    expect(keeper.current().pending).toBe(pending);
  }
});
