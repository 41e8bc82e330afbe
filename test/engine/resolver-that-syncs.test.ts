import { afterEach, describe, expect, test } from 'vitest';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import { acceptClient } from '../../src/model/conflict.ts';
import { openConflicts, until, type ConflictBench } from '../conflicts/bench.ts';

let bench: ConflictBench;
afterEach(() => bench.close());

async function collide(ids: readonly string[]): Promise<void> {
  for (const id of ids) await bench.begin(id);
  for (const id of ids) {
    await bench.edit(id, { title: 'mine' });
    bench.backend.update('tasks', id, { title: 'theirs' });
  }
}

const isSettled = (ids: readonly string[]): boolean =>
  ids.every((id) => bench.backend.get('tasks', id)?.['title'] === 'mine');

const calls: readonly [string, (engine: SyncEngine) => Promise<unknown>][] = [
  ['sync', (engine) => engine.sync()],
  ['sync that pulls only', (engine) => engine.sync({ pushKinds: [] })],
  ['syncRun', (engine) => engine.syncRun()],
  ['fullResync', (engine) => engine.fullResync()],
  ['whenIdle', (engine) => engine.whenIdle()],
  ['whenIdle after a sync', async (engine) => [await engine.sync(), await engine.whenIdle()]],
  ['two syncs', async (engine) => [await engine.sync(), await engine.sync()]],
];

describe.each([
  ['at once', false],
  ['when the run is at its end', true],
])('F-163: a resolver that waits %s', (_, isLate) => {
  test.each(calls)('for %s blocks nothing, and its answer is applied (I1)', async (_name, call) => {
    const ids = ['t1', 't2'];
    bench = await openConflicts({
      conflict: {
        strategy: 'manual',
        resolver: async () => {
          if (isLate)
            await until(() => bench.engine.status().phase === 'finishing' || bench.types().includes('sync.completed'));
          await call(bench.engine);
          return acceptClient();
        },
      },
    });
    await collide(ids);
    await bench.sync();
    await until(() => isSettled(ids));
    await bench.engine.whenIdle();
    expect(await bench.queued()).toEqual([]);
  });
});

test('F-163: does not wait for a conflict that the inner sync finds behind the syncing resolver', async () => {
  const ids = ['t1', 't2'];
  let asked = 0;
  bench = await openConflicts({
    conflict: {
      strategy: 'manual',
      resolver: async () => {
        asked += 1;
        if (asked > 1) return acceptClient();
        await bench.engine.sync();
        await bench.edit('t2', { title: 'mine' });
        bench.backend.update('tasks', 't2', { title: 'theirs' });
        await bench.engine.sync();
        return acceptClient();
      },
    },
  });
  await bench.begin('t2');
  await collide(['t1']);
  await bench.sync();
  await until(() => isSettled(ids));
  expect(asked).toBe(2);
});
