import { afterEach, describe, expect, test } from 'vitest';
import { AuthError, MaxRetriesExceededError, NetworkError, TransportError } from '../../src/model/errors/errors.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

let bench: EngineBench;
afterEach(() => bench.close());
const keysOf = (server: EngineBench['server']): unknown[] =>
  server.recordedRequests.filter(({ method }) => method === 'PUT').map(({ headers }) => headers['x-idempotency-key']);

describe('first sync', () => {
  test("RUN-02, RUN-03, RUN-05: one sync sends local writes and receives the server's rows", async () => {
    bench = await openEngine();
    bench.server.seed('todos', { id: 's1', title: 'from the server', done: false });
    await bench.writer.insertAndEnqueue(todoOf('a', { title: 'mine', tags: ['x'] }));
    expect(await bench.engine.sync()).toEqual({
      pushed: 1,
      pulled: 2,
      ignored: 0,
      conflicts: 0,
      conflictsResolved: 0,
      errors: 0,
    });
    expect(bench.server.get('todos', 'a')).toMatchObject({ title: 'mine', tags: ['x'] });
    expect(await bench.row('s1')).toMatchObject({ title: 'from the server' });
    expect(await bench.queued()).toEqual([]);
    // EVT-01, EVT-02, EVT-03, RUN-04
    expect(bench.types()).toEqual([
      'sync.started',
      'op.pushed',
      'sync.progress',
      'batch.pushed',
      'sync.started',
      'cache.updated',
      'page.pulled',
      'sync.progress',
      'sync.completed',
    ]);
  });

  test('RUN-11, RUN-12: syncRun reports everything that the run did', async () => {
    bench = await openEngine();
    const result = await bench.engine.syncRun();
    expect(result).toMatchObject({
      hadErrors: false,
      stuckOpsCount: 0,
      kindsPushed: ['todos'],
      kindsPulled: ['todos'],
      push: { pushed: 0 },
      pull: { pulled: 0 },
    });
    expect(result).not.toHaveProperty('firstError');
  });

  test('I10: 1,500 queued operations drain in one run', async () => {
    bench = await openEngine({ rest: { enableBatch: true, batchSize: 100 } });
    for (let n = 0; n < 1_500; n += 1) await bench.writer.insertAndEnqueue(todoOf(`t${n}`));
    expect(await bench.engine.sync()).toMatchObject({ pushed: 1_500, pulled: 1_500, errors: 0 });
    expect(bench.server.getAll('todos')).toHaveLength(1_500);
    expect(await bench.queued()).toEqual([]);
  });
});

describe('lost replies', () => {
  test('I2: repeats a request whose reply was lost after its effect under the same key; the server applies it once', async () => {
    bench = await openEngine();
    bench.skipWaits();
    await bench.writer.insertAndEnqueue(todoOf('a'));
    bench.server.cutNextRequests(1, 'afterCommit', { method: 'PUT' });
    const first = await bench.engine.sync();
    // One operation that fails alone waits with its own backoff; an explicit sync sends it again.
    expect(first).toMatchObject({ pushed: 0 });
    expect(await bench.engine.sync()).toMatchObject({ pushed: 1, conflicts: 0 });
    const keys = keysOf(bench.server);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
    expect(bench.server.effectCount({ kind: 'todos', id: 'a' })).toBe(1);
  });

  test('F-134: a server that forgot the key: fetches the row first and accepts our own echo', async () => {
    bench = await openEngine();
    await bench.writer.insertAndEnqueue(todoOf('a', { title: 'mine' }));
    bench.server.cutNextRequests(2, 'afterCommit', { method: 'PUT' });
    await bench.engine.sync();
    bench.server.forgetIdempotencyKeys();
    bench.clock.increment(8 * 24 * 60 * 60 * 1000);
    bench = await bench.reopen();
    expect(await bench.engine.sync()).toMatchObject({ pushed: 1, conflicts: 0, errors: 0 });
    expect(bench.server.effectCount({ kind: 'todos', id: 'a' })).toBe(1);
    expect(keysOf(bench.server)).toHaveLength(1);
  });

  test('I2, F-134: does not resend a creation that arrived and was deleted since: a pull has shown its row', async () => {
    bench = await openEngine({
      serverOptions: { deletes: 'hard' },
      config: { conflictStrategy: 'serverWins' },
      rest: { enableBatch: false },
    });
    await bench.writer.insertAndEnqueue(todoOf('a', { title: 'mine' }));
    bench.server.cutNextRequests(2, 'afterCommit', { method: 'PUT' });
    await bench.engine.sync();
    bench.server.forgetIdempotencyKeys();
    bench.server.remove('todos', 'a');
    bench.clock.increment(8 * 24 * 60 * 60 * 1000);
    bench = await bench.reopen();
    expect(await bench.engine.sync()).toMatchObject({ conflicts: 1, conflictsResolved: 1, errors: 0 });
    expect(bench.server.effectCount({ kind: 'todos', id: 'a', type: 'upsert' })).toBe(1);
    expect(keysOf(bench.server)).toHaveLength(1);
    expect(await bench.queued()).toEqual([]);
  });

  test('F-135: an edit whose reply was lost does not conflict with itself', async () => {
    bench = await openEngine();
    bench.server.seed('todos', { id: 'a', title: 'old', done: false });
    await bench.engine.sync();
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'new' }));
    bench.server.cutNextRequests(2, 'afterCommit', { method: 'PUT' });
    bench.server.forgetIdempotencyKeys();
    await bench.engine.sync();
    bench.server.forgetIdempotencyKeys();
    expect(await bench.engine.sync()).toMatchObject({ pushed: 1, conflicts: 0 });
    expect(bench.server.effectCount({ kind: 'todos', id: 'a' })).toBe(1);
    expect(await bench.row('a')).toMatchObject({ title: 'new' });
  });
});

describe('offline', () => {
  test('F-09: twelve attempts without a network leave the operation unchanged; then it is pushed', async () => {
    bench = await openEngine({ config: { maxRetries: 0 } });
    await bench.writer.insertAndEnqueue(todoOf('a'));
    await bench.server.stop();
    for (let attempt = 0; attempt < 12; attempt += 1)
      await expect(bench.engine.sync()).rejects.toBeInstanceOf(NetworkError);
    expect(await bench.engine.explain()).toMatchObject([{ tryCount: 0 }]);
    expect(bench.engine.status()).toMatchObject({ stuck: 0, pending: 1 });
    await bench.server.start();
    expect(await bench.engine.sync()).toMatchObject({ pushed: 1 });
  });

  test('F-07: one request to an unreachable server ends the push, however long the queue', async () => {
    bench = await openEngine({ config: { maxRetries: 0 } });
    for (let n = 0; n < 40; n += 1) await bench.writer.insertAndEnqueue(todoOf(`t${n}`));
    bench.server.cutNextRequests(Infinity, 'beforeCommit');
    await expect(bench.engine.sync()).rejects.toThrow();
    expect(bench.server.recordedRequests.filter(({ method }) => method === 'PUT').length).toBeLessThanOrEqual(2);
    expect(await bench.queued()).toHaveLength(40);
  });

  test("I7: the next start's engine pushes operations queued offline", async () => {
    bench = await openEngine({ config: { maxRetries: 0 } });
    await bench.server.stop();
    await bench.writer.insertAndEnqueue(todoOf('a'));
    await expect(bench.engine.sync()).rejects.toBeInstanceOf(NetworkError);
    bench = await bench.reopen();
    await bench.server.start();
    expect(await bench.engine.sync()).toMatchObject({ pushed: 1 });
    expect(bench.server.get('todos', 'a')).toBeDefined();
  });

  test('PUSH-11, PUSH-12: retries with growing waits, then rejects with MaxRetriesExceededError and the partial stats (F-109)', async () => {
    bench = await openEngine({ config: { maxRetries: 2 } });
    bench.skipWaits();
    await bench.writer.insertAndEnqueue(todoOf('a'));
    bench.server.failNextRequests(Infinity, 503);
    const error = await bench.engine.sync().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(MaxRetriesExceededError);
    expect(error).toMatchObject({ attempts: 3, maxRetries: 2, stats: { pulled: 0 } });
    expect(bench.types()).toContain('sync.failed');
    expect(bench.types()).not.toContain('sync.completed');
    bench.server.clearFaults();
    expect(await bench.engine.sync()).toMatchObject({ pushed: 1 });
  });

  test('F-85: a Retry-After beyond the cap ends the run and appears as retryAt', async () => {
    bench = await openEngine();
    await bench.writer.insertAndEnqueue(todoOf('a'));
    bench.server.failNextRequests(1, 429, { retryAfter: 600 });
    await expect(bench.engine.sync()).rejects.toBeInstanceOf(TransportError);
    const status = await bench.until(({ retryAt }) => retryAt !== undefined);
    expect(status.retryAt).toBe(bench.clock.now() + 600_000);
    expect(await bench.engine.sync()).toMatchObject({ pushed: 1 });
  });
});

describe('auth', () => {
  test('F-84: an expired session keeps every operation; they are sent after sign-in', async () => {
    let token = 'old';
    bench = await openEngine({ rest: { token: () => token }, serverOptions: { acceptedToken: 'new' } });
    await bench.writer.insertAndEnqueue(todoOf('a'));
    await expect(bench.engine.sync()).rejects.toBeInstanceOf(AuthError);
    expect(bench.engine.status().phase).toBe('authRequired');
    expect(await bench.engine.explain()).toMatchObject([{ reason: 'authRequired', tryCount: 0 }]);
    await expect(bench.engine.sync()).rejects.toBeInstanceOf(AuthError);
    token = 'new';
    await bench.engine.signedIn();
    await bench.engine.whenPushed();
    expect(bench.server.get('todos', 'a')).toBeDefined();
    expect(bench.types()).toEqual(expect.arrayContaining(['session.authRequired', 'session.signedIn']));
  });
});

describe('one failing operation', () => {
  test('F-132: a poisoned operation waits alone, the others go on, and it finally becomes stuck', async () => {
    bench = await openEngine({ config: { maxOutboxTryCount: 2 } });
    const heal = bench.server.poison('todos', 'bad');
    await bench.writer.insertAndEnqueue(todoOf('bad'));
    await bench.writer.insertAndEnqueue(todoOf('good1'));
    await bench.engine.sync();
    expect(bench.server.get('todos', 'good1')).toBeDefined();
    await bench.writer.insertAndEnqueue(todoOf('good2'));
    await bench.engine.sync();
    expect(bench.server.get('todos', 'good2')).toBeDefined();
    expect(await bench.engine.getStuckOperations()).toMatchObject([{ entityId: 'bad', tryCount: 2 }]);
    expect(bench.types()).toContain('op.stuck');
    heal();
    expect(await bench.engine.retryStuckOperations()).toBe(1);
    await bench.engine.whenPushed();
    expect(bench.server.get('todos', 'bad')).toBeDefined();
  });

  test('RUN-10, RUN-13, PUSH-07: counts and keeps a refused operation; the others and the pull go on', async () => {
    bench = await openEngine();
    bench.server.refuse(({ id }) => id === 'b');
    await bench.writer.insertAndEnqueue(todoOf('a'));
    await bench.writer.insertAndEnqueue(todoOf('b'));
    const result = await bench.engine.syncRun();
    expect(result).toMatchObject({ hadErrors: true, stats: { pushed: 1, errors: 1 } });
    expect(result.firstError).toBeInstanceOf(TransportError);
    expect(await bench.engine.explain()).toMatchObject([{ entityId: 'b', tryCount: 1, reason: 'backoff' }]);
    expect(bench.told.filter(({ type }) => type === 'op.failed')).toMatchObject([{ entityId: 'b', willRetry: true }]);
    expect(bench.types()).toContain('sync.completed');
  });

  test('STK-02, F-49: does not send stuck operations; dropping one reverts the row', async () => {
    bench = await openEngine({ config: { maxOutboxTryCount: 1 } });
    bench.server.seed('todos', { id: 'a', title: 'theirs', done: false });
    await bench.engine.sync();
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'refused' }));
    bench.server.refuse(() => true);
    await bench.engine.sync();
    const before = bench.server.recordedRequests.length;
    await bench.engine.sync({ pullKinds: [] });
    expect(bench.server.recordedRequests).toHaveLength(before);
    expect(await bench.engine.explain()).toMatchObject([{ reason: 'stuck' }]);
    expect(await bench.engine.dropStuckOperations()).toBe(1);
    expect(await bench.row('a')).toMatchObject({ title: 'theirs' });
    expect(bench.types()).toContain('op.discarded');
  });

  test('F-23: a captive portal ends the run with a clear error and loses nothing', async () => {
    bench = await openEngine();
    await bench.writer.insertAndEnqueue(todoOf('a'));
    await bench.writer.insertAndEnqueue(todoOf('b'));
    bench.server.captivePortal = true;
    await expect(bench.engine.sync()).rejects.toThrow(/do not come from a sync server/);
    expect(await bench.queued()).toHaveLength(2);
    bench.server.clearFaults();
    expect(await bench.engine.sync()).toMatchObject({ pushed: 2 });
  });
});
