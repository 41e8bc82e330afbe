import { afterEach, describe, expect, test } from 'vitest';
import { SyncOperationError, TransportError } from '../../src/model/errors/errors.ts';
import type { SyncEvent } from '../../src/model/events.ts';
import { openEngine, type EngineBench, type EngineBenchOptions } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

/** Runs, filters, push, pull and events, by the numbers of the reference library (docs/parity.md). */
let bench: EngineBench;
const opened = async (options: EngineBenchOptions = {}): Promise<EngineBench> => (bench = await openEngine(options));
afterEach(() => bench.close());
const write = (id: string, opId = `op-${id}`) => bench.writer.insertAndEnqueue(todoOf(id), { opId });
const methods = () => bench.server.recordedRequests.map(({ method }) => method);
const edited = async (id: string, changes: object, opId: string): Promise<void> => {
  await bench.writer.replaceAndEnqueue({ ...(await bench.row(id))!, ...changes }, { opId });
};
const only = <T extends SyncEvent['type']>(type: T) =>
  bench.told.filter((event): event is Extract<SyncEvent, { type: T }> => event.type === type);

describe('runs', () => {
  test('RUN-01, RUN-06, EVT-02, EVT-03: without changes: one pull, two sync.started, one sync.completed, no error', async () => {
    await opened();
    expect(await bench.engine.sync()).toEqual({
      pushed: 0,
      pulled: 0,
      ignored: 0,
      conflicts: 0,
      conflictsResolved: 0,
      errors: 0,
    });
    expect(methods()).toEqual(['GET']);
    expect(bench.types().filter((type) => type.startsWith('sync.') && type !== 'sync.progress')).toEqual([
      'sync.started',
      'sync.started',
      'sync.completed',
    ]);
  });

  test('RUN-02 … RUN-05, PUSH-01: pushes queued operations with their ids before any pull, and removes them from the outbox', async () => {
    await opened();
    bench.server.seed('todos', { id: 'theirs', title: 'theirs' });
    await write('mine');
    expect(await bench.engine.sync()).toMatchObject({ pushed: 1, errors: 0, conflicts: 0, conflictsResolved: 0 });
    expect(methods().slice(0, 2)).toEqual(['PUT', 'GET']);
    expect(bench.server.recordedRequests[0]?.headers['x-idempotency-key']).toBe('op-mine');
    expect([await bench.queued(), (await bench.row('theirs'))?.title]).toEqual([[], 'theirs']);
    expect(only('op.pushed')).toMatchObject([
      { opId: 'op-mine', kind: 'todos', entityId: 'mine', operationType: 'upsert' },
    ]);
  });

  test('RUN-07, RUN-09, PULL-18: a server that fails completely: reports before the rejection, completes and stores nothing', async () => {
    await opened({ config: { maxRetries: 0 } });
    bench.server.seed('todos', { id: 'a', title: 'x' });
    bench.server.failNextRequests(50, 503);
    let toldFirst = false;
    await bench.engine.sync().catch(() => {
      toldFirst = bench.types().includes('sync.failed');
    });
    expect([toldFirst, bench.types().includes('sync.completed'), await bench.row('a')]).toEqual([true, false, null]);
  });

  test('RUN-10 … RUN-13, EVT-24, EVT-25, PUSH-05, PUSH-06, PUSH-07: after a refusal, the run goes on and completes; the operation stays with its error', async () => {
    await opened();
    bench.server.refuse(({ id }) => id === 'bad');
    await write('good');
    await write('bad');
    const run = await bench.engine.syncRun();
    expect(run).toMatchObject({
      push: { pushed: 1, errors: 1 },
      pull: { pulled: 1 },
      stats: { pushed: 1, errors: 1 },
      stuckOpsCount: 0,
      hadErrors: true,
    });
    expect(run.firstError).toBeInstanceOf(TransportError);
    expect([run.kindsPushed, run.kindsPulled]).toEqual([['todos'], ['todos']]);
    expect(run.durationMs).toBeGreaterThanOrEqual(0);
    expect(bench.types()).toContain('sync.completed');
    // Once in a run.
    expect(bench.server.recordedRequests.filter(({ method, id }) => method === 'PUT' && id === 'bad')).toHaveLength(1);
    expect(await bench.engine.explain()).toMatchObject([
      { opId: 'op-bad', tryCount: 1, lastError: expect.stringContaining('refuse') as string },
    ]);
    expect(only('op.failed')).toMatchObject([
      { opId: 'op-bad', kind: 'todos', entityId: 'bad', willRetry: true, errorInfo: { category: 'validation' } },
    ]);
    expect(only('op.failed')[0]?.error).toBeInstanceOf(Error);
    expect(await bench.engine.syncRun({ pushKinds: [] })).toMatchObject({ hadErrors: false });
  });

  test('RUN-12, RUN-14, FUL-03: a due full resync fills the numbers like any other run', async () => {
    await opened({ config: { fullResyncIntervalMs: 1_000 } });
    bench.server.seed('todos', { id: 'theirs', title: 'x' });
    await write('mine');
    const run = await bench.engine.syncRun();
    expect(run).toMatchObject({
      reason: 'first',
      push: { pushed: 1 },
      pull: { pulled: 2 },
      stuckOpsCount: 0,
      hadErrors: false,
    });
    expect(run).not.toHaveProperty('firstError');
    await bench.clock.advance(1_000);
    expect(await bench.engine.syncRun()).toMatchObject({ reason: 'scheduled', pull: { pulled: 2 } });
    expect(only('resync.started')).toMatchObject([
      { reason: 'first', kinds: ['todos'] },
      { reason: 'scheduled', kinds: ['todos'] },
    ]);
  });

  test('RUN-15, ENG-08: neither creating an engine nor a sync checks health first', async () => {
    await opened();
    expect(methods()).toEqual([]);
    await bench.engine.sync();
    expect(bench.server.recordedRequests.some(({ path }) => path.endsWith('/health'))).toBe(false);
  });
});

describe('shared runs', () => {
  test('AUTO-05, AUTO-06, AUTO-08: calls that a run covers share it; a call after its end starts a new run', async () => {
    await opened();
    await write('a');
    const [first, second, third] = await Promise.all([
      bench.engine.sync(),
      bench.engine.sync(),
      bench.engine.syncRun(),
    ]);
    expect([second, third.stats]).toEqual([first, first]);
    expect(methods().filter((method) => method === 'PUT')).toHaveLength(1);
    expect(only('sync.completed')).toHaveLength(1);
    await bench.engine.sync();
    expect(only('sync.completed')).toHaveLength(2);
  });

  test('AUTO-07: a failing run rejects for all callers that share it, and blocks no later one', async () => {
    await opened({ config: { maxRetries: 0 } });
    bench.server.failNextRequests(50, 500);
    const outcomes = await Promise.allSettled([bench.engine.sync(), bench.engine.syncRun()]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(only('sync.failed')).toHaveLength(1);
    bench.server.clearFaults();
    expect(await bench.engine.sync()).toMatchObject({ errors: 0 });
  });

  test('AUTO-09, F-44: a call that a run does not cover gets its own run', async () => {
    await opened();
    bench.server.seed('todos', { id: 'theirs', title: 'x' });
    await write('a');
    const held = bench.server.holdNextRequests(1);
    const pushing = bench.engine.sync({ pullKinds: [] });
    await held.arrived;
    const all = bench.engine.sync();
    held();
    expect(await pushing).toMatchObject({ pushed: 1, pulled: 0 });
    expect(await all).toMatchObject({ pushed: 0, pulled: 2 });
    expect(await bench.row('theirs')).not.toBeNull();
  });
});

test('KND-06, KND-08, KND-10: `kinds` sets both lists, also for a due full resync; no filter means all registered kinds', async () => {
  await opened({ config: { fullResyncIntervalMs: 1_000 } });
  await write('a');
  expect(await bench.engine.syncRun({ kinds: ['other'] })).toMatchObject({
    stats: { pushed: 0, pulled: 0 },
    kindsPushed: ['other'],
    kindsPulled: ['other'],
  });
  expect([methods(), only('resync.started')]).toEqual([[], []]);
  expect(await bench.engine.syncRun({ kinds: ['todos'] })).toMatchObject({ stats: { pushed: 1 } });
  expect(await bench.engine.syncRun()).toMatchObject({ kindsPushed: ['todos'], kindsPulled: ['todos'] });
});

describe('push', () => {
  test('PUSH-02, PUSH-09, EVT-27: sends batches of pushBatchSize until nothing is left, and reports each with its numbers', async () => {
    await opened({ config: { pushBatchSize: 2 } });
    bench.server.refuse(({ id }) => id === 'c');
    for (const id of ['a', 'b', 'c', 'd', 'e']) await write(id);
    await bench.engine.sync({ pullKinds: [] });
    expect(
      only('batch.pushed').map(({ batchSize, successCount, errorCount, conflictCount }) => [
        batchSize,
        successCount,
        errorCount,
        conflictCount,
      ]),
    ).toEqual([
      [2, 2, 0, 0],
      [2, 1, 1, 0],
      [1, 1, 0, 0],
    ]);
    expect(await bench.queued()).toEqual(['op-c']);
  });

  test('PUSH-03, F-22: a delete of a missing row succeeds; a write to one is a conflict and is not dropped silently', async () => {
    await opened();
    for (const id of ['a', 'b']) bench.server.seed('todos', { id, title: id });
    await bench.engine.sync();
    await bench.writer.enqueueDelete('a', { opId: 'op-a' });
    await edited('b', { title: 'mine' }, 'op-b');
    for (const id of ['a', 'b']) bench.server.backend.remove('todos', id);
    await bench.engine.sync();
    expect(await bench.queued()).toEqual([]);
    expect(only('op.pushed').map(({ opId }) => opId)).toContain('op-a');
  });

  test('PUSH-04, EVT-23: a delete reaches the server as a delete, and is reported as one', async () => {
    await opened();
    bench.server.seed('todos', { id: 'a', title: 'x' });
    await bench.engine.sync();
    await bench.writer.enqueueDelete('a', { opId: 'op-a' });
    await bench.engine.sync({ pullKinds: [] });
    expect(bench.server.recordedRequests.at(-1)).toMatchObject({ method: 'DELETE', kind: 'todos', id: 'a' });
    expect(only('op.pushed')).toMatchObject([{ opId: 'op-a', operationType: 'delete' }]);
    expect(await bench.queued()).toEqual([]);
  });

  test('PUSH-08: a success and a conflict in one batch end separately', async () => {
    await opened();
    bench.server.seed('todos', { id: 'a', title: 'x' });
    await bench.engine.sync();
    await edited('a', { title: 'mine' }, 'op-a');
    bench.server.update('todos', 'a', { done: true });
    await write('new');
    expect(await bench.engine.sync()).toMatchObject({ conflicts: 1, conflictsResolved: 1, errors: 0 });
    expect(only('batch.pushed')[0]).toMatchObject({ batchSize: 2, successCount: 1, errorCount: 0, conflictCount: 1 });
    expect(bench.server.get('todos', 'a')).toMatchObject({ title: 'mine', done: true });
    expect(bench.server.get('todos', 'new')).toBeDefined();
  });

  test("PUSH-10 … PUSH-13, RST-60, RST-62, RST-65: maxRetries counts a run's resends; 0 means one attempt", async () => {
    for (const maxRetries of [0, 2]) {
      await opened({ config: { maxRetries } });
      bench.skipWaits();
      bench.server.failNextRequests(50, 503);
      await expect(bench.engine.sync({ pushKinds: [] })).rejects.toThrow();
      expect(bench.server.recordedRequests.filter(({ path }) => path.endsWith('/todos'))).toHaveLength(maxRetries + 1);
      if (maxRetries === 0) await bench.close();
    }
    bench.server.clearFaults();
    expect(await bench.engine.sync()).toMatchObject({ errors: 0 });
  });

  test('PUSH-17, PUSH-18, PUSH-19: edits of one row end in the last state, create and delete in nothing, ten creates in ten rows', async () => {
    await opened();
    for (let n = 0; n < 10; n += 1) await write(`n${n}`);
    for (const title of ['one', 'two', 'three']) await edited('n0', { title }, `op-${title}`);
    await write('gone');
    await bench.writer.enqueueDelete('gone');
    expect((await bench.engine.sync()).pushed).toBeGreaterThanOrEqual(10);
    expect(bench.server.getAll('todos')).toHaveLength(10);
    expect(bench.server.get('todos', 'n0')).toMatchObject({ title: 'three' });
    expect([await bench.queued(), await bench.row('gone')]).toEqual([[], null]);
  });
});

describe('pull', () => {
  const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000Z`;

  test('PULL-02, PULL-03, PULL-05, PULL-10, PULL-11, PULL-19, EVT-22, EVT-26: stores five rows in pages of two, and moves the cursor with each page', async () => {
    await opened({ config: { pageSize: 2 } });
    for (let n = 1; n <= 5; n += 1) bench.server.seed('todos', { id: `r${n}`, title: `t${n}`, updatedAt: at(n) });
    expect(await bench.engine.sync()).toMatchObject({ pulled: 5 });
    for (let n = 1; n <= 5; n += 1) expect(await bench.row(`r${n}`)).toMatchObject({ title: `t${n}` });
    expect(await bench.engine.cursors.get('todos')).toEqual({ ts: at(5), lastId: 'r5' });
    const [first, ...later] = bench.server.recordedRequests.map(({ query }) => query);
    expect(first).toMatchObject({ limit: '2', includeDeleted: 'true', updatedSince: '1970-01-01T00:00:00.000Z' });
    expect(first).not.toHaveProperty('afterId');
    expect(later.length).toBeGreaterThanOrEqual(2);
    expect(only('page.pulled').map(({ kind, pageSize, totalDone }) => [kind, pageSize, totalDone])).toEqual([
      ['todos', 2, 2],
      ['todos', 2, 4],
      ['todos', 1, 5],
    ]);
    expect(only('cache.updated').reduce((sum, { upserts }) => sum + upserts, 0)).toBe(5);
    bench.server.recordedRequests.length = 0;
    await bench.engine.sync();
    expect(bench.server.recordedRequests[0]?.query).toMatchObject({ updatedSince: at(5), afterId: 'r5' });
  });

  test('PULL-04, PULL-17: the server’s row replaces an existing one; unknown keys are ignored', async () => {
    await opened();
    bench.server.seed('todos', { id: 'a', title: 'old', done: false, stranger: 1 });
    await bench.engine.sync();
    bench.server.update('todos', 'a', { title: 'new', done: true });
    await bench.engine.sync();
    expect(await bench.row('a')).toMatchObject({ title: 'new', done: true });
  });

  test('PULL-09, EVT-22: counts a tombstone as a delete and keeps its date', async () => {
    await opened();
    bench.server.seed('todos', { id: 'a', title: 'x' });
    await bench.engine.sync();
    const { deletedAt } = bench.server.backend.softDelete('todos', 'a');
    await bench.engine.sync();
    expect(only('cache.updated')).toMatchObject([
      { upserts: 1, deletes: 0 },
      { kind: 'todos', upserts: 0, deletes: 1 },
    ]);
    expect(await bench.row('a')).toMatchObject({ title: 'x', deletedAt });
  });
});

describe('events', () => {
  test('EVT-01, EVT-12: emits the events of a run that pushes and pulls in order', async () => {
    await opened();
    bench.server.seed('todos', { id: 'theirs', title: 'x' });
    await write('a');
    await bench.engine.sync();
    const order = bench.types().filter((type) => type !== 'sync.progress');
    expect(order.slice(0, 5)).toEqual(['sync.started', 'op.pushed', 'batch.pushed', 'sync.started', 'cache.updated']);
    expect(order.at(-1)).toBe('sync.completed');
    expect(only('sync.started').map(({ phase }) => phase)).toEqual(['push', 'pull']);
  });

  test('EVT-15, EVT-16, EVT-17, F-105: sync.completed has time and numbers; sync.failed has the actual phase, kind and category', async () => {
    await opened({ config: { maxRetries: 0 } });
    await bench.engine.sync();
    expect(only('sync.completed')).toMatchObject([
      { tookMs: expect.any(Number) as number, at: bench.clock.now(), stats: { errors: 0 } },
    ]);
    bench.server.failNextRequests(1, 404, { match: { method: 'GET' } });
    await expect(bench.engine.sync()).rejects.toBeInstanceOf(SyncOperationError);
    expect(only('sync.failed')).toMatchObject([
      { phase: 'pull', kind: 'todos', errorInfo: { statusCode: 404 }, stats: { pulled: 0 } },
    ]);
  });

  test('EVT-13, EVT-14, F-107: progress has a total only if it is known', async () => {
    await opened();
    bench.server.seed('todos', { id: 'a', title: 'x' });
    await write('b');
    await bench.engine.sync();
    for (const { done, total } of only('sync.progress'))
      if (total !== undefined) expect(total).toBeGreaterThanOrEqual(done);
    expect(only('sync.progress').map(({ phase }) => phase)).toContain('pull');
  });

  test('EVT-30, ENG-06: accepts many listeners; a late listener receives only later events', async () => {
    await opened();
    const [early, late]: SyncEvent[][] = [[], []];
    bench.engine.events$.subscribe((event) => early?.push(event));
    await bench.engine.sync();
    bench.engine.events$.subscribe((event) => late?.push(event));
    expect(late).toEqual([]);
    await bench.engine.sync();
    expect(only('sync.completed')).toHaveLength(2);
    expect([
      early?.filter(({ type }) => type === 'sync.completed').length,
      late?.filter(({ type }) => type === 'sync.completed').length,
    ]).toEqual([2, 1]);
  });
});

describe('full resync', () => {
  const week = 7 * 86_400_000;

  test('FUL-01, FUL-02, FUL-09: the first sync is a full first pull; the next within the interval is not; after it, a scheduled one is', async () => {
    await opened({ config: { fullResyncIntervalMs: week } });
    await bench.engine.sync();
    expect(only('resync.started')).toMatchObject([{ reason: 'first' }]);
    await bench.clock.advance(week - 1);
    await bench.engine.sync();
    expect(only('resync.started')).toHaveLength(1);
    await bench.clock.advance(1);
    await bench.engine.sync();
    expect(only('resync.started').map(({ reason }) => reason)).toEqual(['first', 'scheduled']);
  });

  test('FUL-05, FUL-06, FUL-10, FUL-11, EVT-11: pushes, then pulls everything anew regardless of the cursor, which ends at the last row', async () => {
    await opened();
    for (const id of ['a', 'b']) bench.server.seed('todos', { id, title: id });
    await bench.engine.sync();
    await write('mine');
    bench.server.recordedRequests.length = 0;
    expect(await bench.engine.fullResync()).toMatchObject({ pushed: 1, pulled: 3, errors: 0 });
    expect(methods()[0]).toBe('PUT');
    expect(bench.server.recordedRequests.find(({ method }) => method === 'GET')?.query).toMatchObject({
      updatedSince: '1970-01-01T00:00:00.000Z',
    });
    expect((await bench.engine.cursors.get('todos'))?.lastId).toBe('mine');
    bench.server.update('todos', 'a', { title: 'changed' });
    expect(await bench.engine.fullResync()).toMatchObject({ pulled: 3 });
    expect(await bench.row('a')).toMatchObject({ title: 'changed' });
    expect(only('resync.started').map(({ reason }) => reason)).toEqual(['manual', 'manual']);
  });

  test('FUL-07, FUL-08, F-38: removes rows that the server no longer lists; sweepOnFullResync: false keeps them', async () => {
    for (const sweepOnFullResync of [true, false]) {
      await opened({ config: { sweepOnFullResync } });
      for (const id of ['a', 'b']) bench.server.seed('todos', { id, title: id });
      await bench.engine.sync();
      bench.server.backend.remove('todos', 'a');
      await bench.engine.fullResync({ clearData: true });
      expect([(await bench.row('a')) === null, (await bench.row('b')) === null]).toEqual([sweepOnFullResync, false]);
      if (sweepOnFullResync) await bench.close();
    }
  });

  test('FUL-12, FUL-15: a failed one sets no time and removes nothing; the next one succeeds', async () => {
    await opened({ config: { maxRetries: 0, fullResyncIntervalMs: week } });
    bench.server.seed('todos', { id: 'a', title: 'a' });
    bench.server.failNextRequests(5, 500);
    await expect(bench.engine.fullResync()).rejects.toThrow();
    bench.server.clearFaults();
    await bench.engine.sync();
    expect(only('resync.started')).toMatchObject([{ reason: 'manual' }, { reason: 'first' }]);
    expect(await bench.row('a')).not.toBeNull();
  });

  test('FUL-13, CFL-15: a second client receives every row', async () => {
    await opened();
    await write('a');
    await write('b');
    await bench.engine.sync();
    const second = await openEngine({ server: bench.server });
    expect(await second.engine.fullResync()).toMatchObject({ pulled: 2 });
    expect([(await second.row('a'))?.title, (await second.row('b'))?.title]).toEqual(['title of a', 'title of b']);
    await second.engine.dispose();
    await second.dataSource.destroy();
  });

  test('FUL-14, FUL-16: accepts kinds; concurrent calls share one run', async () => {
    await opened();
    bench.server.seed('todos', { id: 'a', title: 'a' });
    expect(await bench.engine.fullResync({ kinds: ['other'] })).toMatchObject({ pulled: 0 });
    const [one, two] = await Promise.all([bench.engine.fullResync(), bench.engine.fullResync()]);
    expect([one, two]).toMatchObject([{ pulled: 1 }, { pulled: 1 }]);
    expect(only('resync.started')).toHaveLength(1);
  });
});

describe('dispose', () => {
  test('DIS-01, DIS-02, F-111: ends timers and streams, waits for work in progress, keeps the database open; later calls reject', async () => {
    await opened();
    let isComplete = false;
    bench.engine.events$.subscribe({ complete: () => (isComplete = true) });
    bench.engine.startAuto({ interval: 1_000 });
    await write('a');
    const held = bench.server.holdNextRequests(1);
    const syncing = bench.engine.sync().catch((error: unknown) => error);
    await held.arrived;
    await bench.engine.dispose();
    held();
    expect(await syncing).toBeInstanceOf(Error);
    expect([isComplete, bench.clock.pending, bench.dataSource.isInitialized]).toEqual([true, 0, true]);
    await expect(bench.engine.sync()).rejects.toThrow(/disposed/);
    expect(await bench.row('a')).not.toBeNull();
  });
});
