import { firstValueFrom } from 'rxjs';
import { afterEach, expect, test } from 'vitest';
import { openEngine, type EngineBench, type EngineBenchOptions } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

/** Stuck operations, by the numbers of the reference library (docs/parity.md). */
let bench: EngineBench;
afterEach(() => bench.close());

/** A row `bad` that the server refuses, and one that it takes. */
const openRefusing = async (options: EngineBenchOptions = {}): Promise<() => void> => {
  bench = await openEngine(options);
  const letPass = bench.server.refuse(({ id }) => id.startsWith('bad'));
  await bench.writer.insertAndEnqueue(todoOf('bad'), { opId: 'op-bad' });
  return letPass;
};

test('STK-01, STK-02, STK-06: after the fifth refusal an operation is stuck: sync no longer sends it, but sends others', async () => {
  await openRefusing();
  for (let run = 1; run <= 4; run += 1) {
    expect(await bench.engine.syncRun({ pullKinds: [] })).toMatchObject({ stuckOpsCount: 0, hadErrors: true });
    expect(await bench.engine.getStuckOperations()).toEqual([]);
  }
  expect(await bench.engine.syncRun({ pullKinds: [] })).toMatchObject({ stuckOpsCount: 1 });
  expect(await bench.engine.getStuckOperations()).toMatchObject([{ opId: 'op-bad', tryCount: 5 }]);
  const sent = bench.server.requestCounts['PUT'];
  await bench.writer.insertAndEnqueue(todoOf('good'));
  expect(await bench.engine.syncRun({ pullKinds: [] })).toMatchObject({
    stats: { pushed: 1, errors: 0 },
    stuckOpsCount: 1,
    hadErrors: false,
  });
  expect(bench.server.requestCounts['PUT']).toBe((sent ?? 0) + 1);
  expect(await bench.queued()).toEqual(['op-bad']);
});

test('STK-03, STK-04, STK-05: lists stuck operations in creation order and by kind, retries them with zero tries, and drops them', async () => {
  const letPass = await openRefusing({ config: { maxOutboxTryCount: 1 } });
  await bench.writer.insertAndEnqueue(todoOf('bad2'), { opId: 'op-bad2' });
  await bench.engine.sync();
  expect((await bench.engine.getStuckOperations()).map(({ opId }) => opId)).toEqual(['op-bad', 'op-bad2']);
  for (const kinds of [[], ['other']]) {
    expect(await bench.engine.getStuckOperations({ kinds })).toEqual([]);
    expect(await bench.engine.retryStuckOperations({ kinds })).toBe(0);
    expect(await bench.engine.dropStuckOperations({ kinds })).toBe(0);
  }
  expect(await bench.engine.retryStuckOperations({ kinds: ['todos'] })).toBe(2);
  await bench.engine.whenPushed();
  // Refused once more: the count began anew.
  expect((await bench.engine.getStuckOperations()).map(({ tryCount }) => tryCount)).toEqual([1, 1]);
  letPass();
  expect(await bench.engine.dropStuckOperations({ kinds: ['todos'] })).toBe(2);
  expect(await bench.queued()).toEqual([]);
  expect(await bench.engine.sync()).toMatchObject({ pushed: 0 });
});

test('STK-07: rejects a number of tries below 1 by name', async () => {
  await openRefusing();
  for (const minTryCount of [0, -1]) {
    await expect(bench.engine.outbox.getStuck({ minTryCount })).rejects.toThrow(/minTryCount/);
    await expect(bench.engine.outbox.countStuck({ minTryCount })).rejects.toThrow(/minTryCount/);
  }
});

test('STK-08, STK-09: counts exclude stuck operations unless requested, as a value and as a stream', async () => {
  await openRefusing({ config: { maxOutboxTryCount: 1 } });
  await bench.engine.sync();
  await bench.writer.insertAndEnqueue(todoOf('good'));
  const { outbox, pending$ } = bench.engine;
  expect(await firstValueFrom(outbox.watchPendingCount())).toBe(1);
  expect(await firstValueFrom(outbox.watchPendingCount({ includeStuck: true }))).toBe(2);
  expect(await firstValueFrom(pending$())).toBe(1);
  expect(await firstValueFrom(pending$({ includeStuck: true }))).toBe(2);
  expect([
    await outbox.countStuck(),
    await outbox.countStuck({ kinds: ['other'] }),
    await outbox.countStuck({ minTryCount: 2 }),
  ]).toEqual([1, 0, 0]);
  expect((await bench.until(({ stuck }) => stuck === 1)).pending).toBe(1);
});

test('STK-10: general failures and conflicts raise no count', async () => {
  bench = await openEngine({ config: { maxOutboxTryCount: 1, maxRetries: 0, conflictStrategy: 'manual' } });
  bench.server.seed('todos', { id: 'a', title: 'theirs' });
  await bench.engine.sync();
  const row = (await bench.row('a'))!;
  await bench.writer.replaceAndEnqueue({ ...row, title: 'mine' }, { opId: 'op-a' });
  for (const status of [503, 429, 403]) {
    bench.server.failNextRequests(20, status);
    await bench.engine.sync().catch(() => undefined);
    bench.server.clearFaults();
    await bench.clock.advance(120_000);
    expect(await bench.engine.explain()).toMatchObject([{ opId: 'op-a', tryCount: 0 }]);
  }
  bench.server.update('todos', 'a', { title: 'theirs again' });
  await bench.engine.sync();
  expect(await bench.engine.explain()).toMatchObject([{ opId: 'op-a', reason: 'conflict', tryCount: 0 }]);
  expect(await bench.engine.getStuckOperations()).toEqual([]);
});
