import { afterEach, expect, test } from 'vitest';
import { createSimulatedClock } from '../../src/testing/simulated-clock.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

let bench: EngineBench;
afterEach(() => bench.close());

/** As long as nobody sleeps, `readToken` gives the token at once. */
const leaseTtlMs = 1_500;
const scopes = {
  'a database of nobody in particular': undefined,
  'a database that belongs to a user': () => 'anna',
} as const;

/**
 * An engine whose process sleeps longer than the lease lasts while it reads the token of the request after `isNext`;
 * another process is at work when it wakes.
 */
async function openSleeper(
  scope: (() => string) | undefined,
  strategy: 'clientWins' | 'merge',
  isNext: () => boolean,
): Promise<{ readonly slept: () => boolean }> {
  const clock = createSimulatedClock();
  let sleptMs = 0;
  const token = async (): Promise<string> => {
    if (sleptMs === 0 && isNext()) {
      sleptMs = 2 * leaseTtlMs;
      await bench.dataSource.query(`UPDATE sync_lease SET owner = 'another', token = token + 1, expires_at = ?`, [
        clock.now() + sleptMs + leaseTtlMs,
      ]);
    }
    return 'Bearer anna';
  };
  bench = await openEngine({
    clock: { ...clock, now: () => clock.now() + sleptMs },
    rest: { token },
    config: { leaseTtlMs, conflictStrategy: strategy, conflictRetryDelayMs: 0 },
    ...(scope === undefined ? {} : { scope }),
  });
  return { slept: () => sleptMs > 0 };
}
const puts = (): number => bench.server.recordedRequests.filter(({ method }) => method === 'PUT').length;
const standsBy = (): Promise<unknown> => bench.until(({ phase }) => phase === 'standby');

test.each(Object.entries(scopes))(
  'I11: a process that slept while it read the token sends none of its batch: %s',
  async (_, scope) => {
    const { slept } = await openSleeper(scope, 'merge', () => puts() === 1);
    for (const id of ['a', 'b', 'c']) await bench.writer.insertAndEnqueue(todoOf(id));
    const syncing = bench.engine.sync().catch(() => undefined);
    await standsBy();
    expect([slept(), puts()]).toEqual([true, 1]);
    await bench.engine.dispose();
    await syncing;
  },
);

test.each(
  Object.entries(scopes).flatMap(([name, scope]) => [
    [name, 'merge', scope] as const,
    [name, 'clientWins', scope] as const,
  ]),
)(
  "I11: a process that slept while it read the token does not send a conflict's result: %s, %s",
  async (_, strategy, scope) => {
    let isConflict = false;
    const { slept } = await openSleeper(scope, strategy, () => isConflict && puts() === 2);
    await bench.writer.insertAndEnqueue(todoOf('a'));
    await bench.engine.sync();
    bench.server.backend.update('todos', 'a', { done: true });
    await bench.writer.replaceAndEnqueue({ ...todoOf('a'), ...(await bench.row('a')), priority: 5 });
    isConflict = true;
    const syncing = bench.engine.sync().catch(() => undefined);
    await standsBy();
    expect([slept(), puts(), bench.types().includes('conflict.detected')]).toEqual([true, 2, true]);
    expect(bench.server.get('todos', 'a')).toMatchObject({ done: true, priority: null });

    // The other one is gone: nothing was lost with what was not sent.
    await bench.dataSource.query('UPDATE sync_lease SET expires_at = 0');
    await bench.engine.dispose();
    await syncing;
    bench = await bench.reopen();
    await bench.engine.sync();
    expect(bench.server.get('todos', 'a')).toMatchObject({ priority: 5 });
    expect(await bench.queued()).toEqual([]);
  },
);
