import { afterEach, describe, expect, test } from 'vitest';
import type { SyncEvent, SyncEventType } from '../../src/model/events.ts';
import { openEngine, type EngineBench, type EngineBenchOptions } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

let bench: EngineBench;
afterEach(() => bench.close());
const open = async (options: EngineBenchOptions = {}): Promise<EngineBench> =>
  (bench = await openEngine({ ...options, config: { maxRetries: 0, ...options.config } }));
const told = <T extends SyncEventType>(type: T): readonly Extract<SyncEvent, { type: T }>[] =>
  bench.told.filter((event): event is Extract<SyncEvent, { type: T }> => event.type === type);

describe('F-108: nothing leaves or fails silently', () => {
  test('reports a delete of a missing row as pushed', async () => {
    const { engine, writer, server } = await open();
    server.seed('todos', { id: 'a', title: 'x', done: false });
    await engine.sync();
    await writer.enqueueDelete('a');
    server.remove('todos', 'a');
    expect(await engine.sync()).toMatchObject({ pushed: 1, errors: 0, conflicts: 0 });
    expect(told('op.pushed')).toMatchObject([{ entityId: 'a', operationType: 'delete' }]);
  });

  test("names an edit given up for the server's row, with its data", async () => {
    const { engine, writer, server, row } = await open({ config: { conflictStrategy: 'serverWins' } });
    server.seed('todos', { id: 'a', title: 'x', done: false });
    await engine.sync();
    await writer.replaceAndEnqueue(todoOf('a', { title: 'mine' }));
    server.update('todos', 'a', { title: 'theirs' });
    await engine.sync();
    expect(told('conflict.resolved')).toMatchObject([
      {
        resolution: { type: 'acceptServer' },
        givenUp: [{ entityId: 'a', data: { title: 'mine' }, changedFields: ['title'] }],
      },
    ]);
    expect(await row('a')).toMatchObject({ title: 'theirs' });
  });

  test('reports a refused forced write as a failure, and as stuck after the last try', async () => {
    const { engine, writer, server } = await open({ config: { conflictStrategy: 'clientWins', maxOutboxTryCount: 2 } });
    server.seed('todos', { id: 'a', title: 'x', done: false });
    await engine.sync();
    await writer.replaceAndEnqueue(todoOf('a', { title: 'mine' }));
    server.update('todos', 'a', { title: 'theirs' });
    server.refuse(({ force }) => force);
    await engine.sync();
    expect(told('op.failed')).toMatchObject([{ entityId: 'a', willRetry: true, errorInfo: { statusCode: 422 } }]);
    await engine.sync();
    expect(told('op.stuck')).toMatchObject([{ entityId: 'a', tryCount: 2 }]);
  });

  test('reports each operation that is dropped, purged or needs no request', async () => {
    const { engine, writer, server, row } = await open({ config: { maxOutboxTryCount: 1 } });
    for (const id of ['dropped', 'purged', 'folded']) await writer.insertAndEnqueue(todoOf(id));
    await writer.enqueueDelete('folded');
    server.refuse(() => true);
    await engine.sync();
    expect(told('op.discarded')).toMatchObject([
      { entityId: 'folded', reason: 'foldedAway' },
      { entityId: 'folded', reason: 'foldedAway' },
    ]);
    expect(told('op.stuck').map(({ entityId }) => entityId)).toEqual(['dropped', 'purged']);
    const [first] = await engine.getStuckOperations();
    expect(first).toMatchObject({ entityId: 'dropped' });
    // F-48: purging is told, and gives up with the data what nobody else has.
    expect(await engine.outbox.purgeOlderThan(bench.clock.now() + 1)).toBe(2);
    expect(told('op.discarded').slice(2)).toMatchObject([
      { entityId: 'dropped', reason: 'purged', givenUp: [{ data: { title: 'title of dropped' } }] },
      { entityId: 'purged', reason: 'purged', givenUp: [{ data: { title: 'title of purged' } }] },
    ]);
    expect(await row('purged')).toBeNull();
    await writer.insertAndEnqueue(todoOf('again'));
    await engine.sync();
    expect(await engine.dropStuckOperations()).toBe(1);
    expect(told('op.discarded').slice(4)).toMatchObject([{ entityId: 'again', reason: 'dropped' }]);
    expect(await bench.queued()).toEqual([]);
  });

  test('reports a failed automatic sync and its wait', async () => {
    const { engine, server } = await open();
    await engine.start();
    await server.stop();
    engine.startAuto({ interval: 60_000 });
    await bench.clock.advance(60_000);
    await bench.until(({ phase }) => phase === 'backoff');
    expect(told('backoff.scheduled')).toMatchObject([{ cause: { category: 'network', retryable: true } }]);
    engine.stopAuto();
  });
});

describe("F-110: what a run's numbers count", () => {
  test('counts each operation that reached its end on the server as pushed: folded, forced, and deletes of missing rows', async () => {
    const { engine, writer, server } = await open({ config: { conflictStrategy: 'clientWins' } });
    server.seed('todos', [
      { id: 'forced', title: 'x', done: false },
      { id: 'gone', title: 'x', done: false },
    ]);
    expect(await engine.sync()).toEqual({
      pushed: 0,
      pulled: 2,
      ignored: 0,
      conflicts: 0,
      conflictsResolved: 0,
      errors: 0,
    });
    await writer.insertAndEnqueue(todoOf('folded'));
    await writer.replaceAndEnqueue(todoOf('folded', { title: 'two' }));
    await writer.replaceAndEnqueue(todoOf('folded', { title: 'three' }));
    await writer.replaceAndEnqueue(todoOf('forced', { title: 'mine' }));
    server.update('todos', 'forced', { title: 'theirs' });
    await writer.enqueueDelete('gone');
    server.remove('todos', 'gone');
    // Pulled: the rows we have just pushed come back once, as echoes.
    expect(await engine.sync()).toEqual({
      pushed: 5,
      pulled: 2,
      ignored: 0,
      conflicts: 1,
      conflictsResolved: 1,
      errors: 0,
    });
    expect(told('op.pushed')).toHaveLength(5);
    // A batch counts operations, so that its parts are never more than the whole.
    for (const { batchSize, successCount, errorCount } of told('batch.pushed'))
      expect(successCount + errorCount).toBeLessThanOrEqual(batchSize);
    expect(await engine.sync()).toEqual({
      pushed: 0,
      pulled: 0,
      ignored: 0,
      conflicts: 0,
      conflictsResolved: 0,
      errors: 0,
    });
  });

  test('errors count operations, and rows that are read again are not pulled', async () => {
    const { engine, writer, server } = await open({ config: { pullOverlapMs: 3_600_000 } });
    await writer.insertAndEnqueue(todoOf('a'));
    await writer.insertAndEnqueue(todoOf('b'));
    const allow = server.refuse(({ id }) => id === 'b');
    expect(await engine.sync()).toEqual({
      pushed: 1,
      pulled: 1,
      ignored: 0,
      conflicts: 0,
      conflictsResolved: 0,
      errors: 1,
    });
    expect(await engine.sync()).toEqual({
      pushed: 0,
      pulled: 0,
      ignored: 0,
      conflicts: 0,
      conflictsResolved: 0,
      errors: 1,
    });
    allow();
    expect(await engine.sync()).toEqual({
      pushed: 1,
      pulled: 1,
      ignored: 0,
      conflicts: 0,
      conflictsResolved: 0,
      errors: 0,
    });
  });
});

describe('F-87: requests that the server will never accept are not repeated', () => {
  test.each([501, 505])(
    "a pull answered with %i ends its run at once without a wait; the run's push stands",
    async (status) => {
      const { engine, writer, server } = await open({ config: { maxRetries: 5 } });
      await writer.insertAndEnqueue(todoOf('a'));
      server.failNextRequests(Infinity, status, { match: { method: 'GET' } });
      await expect(engine.sync()).rejects.toMatchObject({ stats: { pushed: 1 } });
      expect(told('backoff.scheduled')).toEqual([]);
      expect(server.requestCounts['GET']).toBe(1);
      server.clearFaults();
      expect(await engine.sync()).toMatchObject({ errors: 0 });
    },
  );

  test.each([501, 505])('sends a push answered with %i once per run and keeps its operation', async (status) => {
    const { engine, writer, server } = await open({ config: { maxRetries: 5 } });
    await writer.insertAndEnqueue(todoOf('a'));
    server.failNextRequests(Infinity, status, { match: { method: 'PUT' } });
    expect(await engine.sync()).toMatchObject({ pushed: 0, errors: 1 });
    expect(server.requestCounts['PUT']).toBe(1);
    expect(await bench.queued()).toHaveLength(1);
    server.clearFaults();
    expect(await engine.sync()).toMatchObject({ pushed: 1 });
  });
});
