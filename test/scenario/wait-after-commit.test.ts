import { afterEach, expect, test } from 'vitest';
import { openEngine, type EngineBench } from '../support/open-engine.ts';

let bench: EngineBench;
afterEach(() => bench.close());

const puts = () => bench.server.recordedRequests.filter(({ method }) => method === 'PUT');

test.each([
  [503, true],
  [503, false],
  [429, false],
] as const)(
  'I2: a delta answered with %i and Retry-After (applied anyway: %s) counts once',
  async (status, afterCommit) => {
    bench = await openEngine();
    bench.skipWaits();
    bench.server.seed('todos', { id: 'a', title: 'first', done: false, priority: 10 });
    await bench.engine.sync();
    await bench.writer.increment('a', 'priority', -1);
    bench.server.failNextRequests(1, status, { retryAfter: 1, afterCommit, match: { method: 'PUT' } });
    await bench.engine.sync();
    expect(bench.server.get('todos', 'a')).toMatchObject({ priority: 9 });
    expect(await bench.row('a')).toMatchObject({ priority: 9 });
    const keys = puts().map(({ headers }) => headers['x-idempotency-key']);
    // What a 5xx says nothing about goes out again as it was; what a 429 refused is a new request.
    expect(new Set(keys).size).toBe(status === 503 ? 1 : 2);
    expect(bench.told.find((event) => event.type === 'backoff.scheduled')?.delayMs).toBeGreaterThanOrEqual(1_000);
  },
);

test('I2: a resolution answered with 503 and Retry-After after it was applied counts once', async () => {
  bench = await openEngine();
  bench.skipWaits();
  bench.server.seed('todos', { id: 'a', title: 'first', done: false, priority: 10 });
  await bench.engine.sync();
  await bench.writer.increment('a', 'priority', -1);
  bench.server.update('todos', 'a', { priority: 20 });
  bench.server.failNextRequests(1, 409, {
    match: { method: 'PUT' },
    body: { error: 'conflict', current: bench.server.get('todos', 'a') ?? {} },
  });
  bench.server.failNextRequests(1, 503, { retryAfter: 1, afterCommit: true, match: { method: 'PUT' } });
  await bench.engine.sync();
  expect(bench.server.get('todos', 'a')).toMatchObject({ priority: 19 });
  expect(await bench.row('a')).toMatchObject({ priority: 19 });
});
