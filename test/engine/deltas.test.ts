import { afterEach, describe, expect, test } from 'vitest';
import { addToSet, increment, removeFromSet } from '../../src/model/values/delta.ts';
import { conflictStrategies, acceptClient } from '../../src/model/conflict.ts';
import { ValidationError } from '../../src/model/errors/errors.ts';
import type { Op } from '../../src/model/operation.ts';
import type { BatchPushResult, PushContext } from '../../src/model/transport.ts';
import { FaultyTransport } from '../../src/testing/faulty-transport.ts';
import { MemoryBackend } from '../../src/testing/memory-backend.ts';
import { MemoryTransport } from '../../src/testing/memory-transport.ts';
import { drivers, todos } from '../support/open-store.ts';
import { openEngine, type EngineBench, type EngineBenchOptions } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

let bench: EngineBench;
afterEach(() => bench.close());

const opened = async (options: EngineBenchOptions = {}): Promise<EngineBench> => {
  bench = await openEngine(options);
  bench.server.seed('todos', { id: 'a', title: 'theirs', done: false, priority: 10, tags: ['x'] });
  await bench.engine.sync();
  return bench;
};
const puts = () => bench.server.recordedRequests.filter(({ method }) => method === 'PUT');
const day = 24 * 60 * 60 * 1000;

describe.each(drivers)('deltas with %s', (driver) => {
  test('PROTOCOL §3: a server that supports deltas receives their sum, without base or other fields', async () => {
    await opened({ driver, rest: { deltas: true } });
    await bench.writer.increment('a', 'priority', -2);
    await bench.writer.applyDeltas('a', [
      increment('priority', -1),
      addToSet('tags', ['y']),
      removeFromSet('tags', ['x']),
    ]);
    expect(await bench.row('a')).toMatchObject({ priority: 7, tags: ['y'] });
    // Somebody else edits the row meanwhile: no conflict.
    bench.server.update('todos', 'a', { title: 'edited there', priority: 100 });
    expect(await bench.engine.sync()).toMatchObject({ pushed: 2, conflicts: 0 });
    expect(puts().map(({ body }) => body)).toEqual([
      { id: 'a', _deltas: { priority: { increment: -3 }, tags: { add: ['y'], remove: ['x'] } } },
    ]);
    expect(bench.server.get('todos', 'a')).toMatchObject({ title: 'edited there', priority: 97, tags: ['y'] });
    expect(await bench.row('a')).toMatchObject({ title: 'edited there', priority: 97, tags: ['y'] });
  });

  test('PROTOCOL §6: batch items carry deltas, too', async () => {
    await opened({ driver, rest: { deltas: true, enableBatch: true } });
    await bench.writer.increment('a', 'priority', 5);
    expect(await bench.engine.sync()).toMatchObject({ pushed: 1 });
    const [batch] = bench.server.recordedRequests.filter(({ path }) => path === '/batch');
    expect(batch?.body).toMatchObject({ ops: [{ payload: { id: 'a', _deltas: { priority: { increment: 5 } } } }] });
    expect(JSON.stringify(batch?.body)).not.toContain('baseUpdatedAt');
    expect(bench.server.get('todos', 'a')).toMatchObject({ priority: 15 });
  });

  test('beside a plain edit the request keeps its base; a conflict merges the edit and reapplies the delta', async () => {
    await opened({ driver, rest: { deltas: true } });
    const row = await bench.row('a');
    if (row === null) throw new Error('the row is missing');
    await bench.writer.replaceAndEnqueue({ ...row, title: 'mine' });
    await bench.writer.increment('a', 'priority', 1);
    bench.server.update('todos', 'a', { done: true, priority: 20 });
    expect(await bench.engine.sync()).toMatchObject({ pushed: 2, conflicts: 1, conflictsResolved: 1 });
    expect(puts()[0]?.body).toMatchObject({
      title: 'mine',
      _baseUpdatedAt: row.updatedAt,
      _deltas: { priority: { increment: 1 } },
    });
    expect(puts()[0]?.body).not.toHaveProperty('priority');
    expect(bench.server.get('todos', 'a')).toMatchObject({ title: 'mine', done: true, priority: 21 });
  });

  test("I4: a pull shows the server's value with the pending delta on top", async () => {
    await opened({ driver });
    await bench.writer.increment('a', 'priority', 3);
    await bench.writer.addToSet('a', 'tags', ['mine']);
    bench.server.update('todos', 'a', { title: 'new title', priority: 50, tags: ['x', 'theirs'] });
    await bench.engine.sync({ pushKinds: [] });
    expect(await bench.row('a')).toMatchObject({ title: 'new title', priority: 53, tags: ['x', 'theirs', 'mine'] });
    // Put on the newest row known, it meets no conflict at all.
    expect(await bench.engine.sync()).toMatchObject({ pushed: 2, conflicts: 0 });
    expect(bench.server.get('todos', 'a')).toMatchObject({
      title: 'new title',
      priority: 53,
      tags: ['x', 'theirs', 'mine'],
    });
  });

  test('I7: pending deltas survive a restart', async () => {
    await opened({ driver });
    await bench.writer.increment('a', 'priority', 3);
    bench = await bench.reopen();
    expect(await bench.engine.outbox.take()).toMatchObject([
      { changedFields: [], deltas: [{ type: 'increment', field: 'priority', by: 3 }], payload: { priority: 13 } },
    ]);
    bench.server.update('todos', 'a', { priority: 20 });
    await bench.engine.sync();
    expect(bench.server.get('todos', 'a')).toMatchObject({ priority: 23 });
  });

  test('a delta on a row that was created locally becomes part of its creation', async () => {
    await opened({ driver, rest: { deltas: true } });
    await bench.writer.insertAndEnqueue(todoOf('new', { priority: 1 }));
    await bench.writer.increment('new', 'priority', 2);
    expect(await bench.engine.sync()).toMatchObject({ pushed: 2 });
    expect(puts().map(({ body }) => body)).toMatchObject([{ id: 'new', priority: 3 }]);
    await bench.writer.increment('new', 'priority', 2);
    await bench.engine.sync();
    expect(bench.server.get('todos', 'new')).toMatchObject({ priority: 5 });
  });
});

describe('a server without deltas', () => {
  test.each(conflictStrategies.filter((strategy) => strategy !== 'serverWins' && strategy !== 'manual'))(
    "%s: reapplies conflicting deltas to the server's value, conditionally on it",
    async (conflictStrategy) => {
      await opened({ config: { conflictStrategy } });
      await bench.writer.increment('a', 'priority', -2);
      bench.server.update('todos', 'a', { title: 'edited there', priority: 30 });
      const current = bench.server.get('todos', 'a');
      expect(await bench.engine.sync()).toMatchObject({ pushed: 1, conflicts: 1, conflictsResolved: 1 });
      expect(bench.server.get('todos', 'a')).toMatchObject({ title: 'edited there', priority: 28 });
      expect(puts().at(-1)?.body).toMatchObject({ _baseUpdatedAt: current?.['updatedAt'], priority: 28 });
      expect(puts().at(-1)?.headers).not.toHaveProperty('x-force-update');
      expect(await bench.row('a')).toMatchObject({ priority: 28 });
    },
  );

  test('serverWins gives deltas up like other changes, with an event that names them', async () => {
    await opened({ config: { conflictStrategy: 'serverWins' } });
    await bench.writer.increment('a', 'priority', -2);
    bench.server.update('todos', 'a', { priority: 30 });
    await bench.engine.sync();
    expect(await bench.row('a')).toMatchObject({ priority: 30 });
    expect(bench.told.filter(({ type }) => type === 'op.discarded')).toMatchObject([
      { givenUp: [{ deltas: [{ type: 'increment', field: 'priority', by: -2 }] }] },
    ]);
  });

  test("manual asks; accepting the client applies the delta to the server's value at that time", async () => {
    await opened({ config: { conflictStrategy: 'manual' } });
    await bench.writer.increment('a', 'priority', -2);
    bench.server.update('todos', 'a', { priority: 30 });
    await bench.engine.sync();
    const [conflict] = await bench.engine.conflicts();
    expect(conflict?.conflict).toMatchObject({
      deltas: [{ by: -2 }],
      changedFields: ['priority'],
      localData: { priority: 28 },
      serverData: { priority: 30 },
    });
    bench.server.update('todos', 'a', { priority: 40 });
    await bench.engine.sync();
    const [refreshed] = await bench.engine.conflicts();
    expect(refreshed?.conflict).toMatchObject({ localData: { priority: 38 }, serverData: { priority: 40 } });
    await bench.engine.resolveConflict(refreshed?.conflict.opId ?? '', acceptClient());
    await bench.engine.sync();
    expect(bench.server.get('todos', 'a')).toMatchObject({ priority: 38 });
  });

  test('F-22: decides a delta on a row that the server deleted like any edit of it', async () => {
    await opened();
    await bench.writer.increment('a', 'priority', 1);
    bench.server.softDelete('todos', 'a');
    await bench.engine.sync();
    // autoPreserve keeps what was edited: the row is created again as the user sees it.
    expect(bench.server.get('todos', 'a')).toMatchObject({ priority: 11 });
  });

  test('F-134: a matching server row does not prove a delta: two devices that took one each took two', async () => {
    await opened();
    await bench.writer.increment('a', 'priority', -1);
    bench.server.update('todos', 'a', { priority: 9 });
    expect(await bench.engine.sync()).toMatchObject({ pushed: 1, conflicts: 1 });
    expect(bench.server.get('todos', 'a')).toMatchObject({ priority: 8 });
  });
});

describe.each([true, false])('lost replies, deltas on the wire: %s', (deltas) => {
  test('I2: repeats the same request within the window, and it is applied once', async () => {
    await opened({ rest: { deltas } });
    await bench.writer.increment('a', 'priority', -1);
    bench.server.cutNextRequests(2, 'afterCommit', { method: 'PUT' });
    await bench.engine.sync();
    // What is written meanwhile is another request.
    await bench.writer.increment('a', 'priority', -1);
    bench.server.update('todos', 'a', { title: 'edited there' });
    await bench.engine.sync();
    await bench.engine.sync();
    expect(bench.server.get('todos', 'a')).toMatchObject({ priority: 8 });
    expect(await bench.row('a')).toMatchObject({ priority: 8 });
  });

  test('F-134: after the window, parks a delta that cannot be proven unapplied as ambiguous, for retry or drop', async () => {
    await opened({ rest: { deltas } });
    await bench.writer.increment('a', 'priority', -1);
    bench.server.cutNextRequests(2, 'beforeCommit', { method: 'PUT' });
    await bench.engine.sync();
    bench.server.update('todos', 'a', { priority: 9 });
    await bench.clock.advance(8 * day);
    bench.server.forgetIdempotencyKeys();
    await bench.engine.sync();
    expect(await bench.engine.explain()).toMatchObject([{ reason: 'ambiguous' }]);
    expect(bench.server.get('todos', 'a')).toMatchObject({ priority: 9 });
    expect(await bench.engine.getStuckOperations()).toMatchObject([{ parkedFor: 'ambiguous' }]);
    // It was not applied, says somebody who knows.
    expect(await bench.engine.retryStuckOperations()).toBe(1);
    await bench.engine.whenPushed();
    await bench.engine.whenIdle();
    expect(bench.server.get('todos', 'a')).toMatchObject({ priority: 8 });
    expect(await bench.queued()).toEqual([]);
  });

  test('F-134: an unchanged row proves the delta unapplied', async () => {
    await opened({ rest: { deltas } });
    await bench.writer.increment('a', 'priority', -1);
    bench.server.cutNextRequests(2, 'beforeCommit', { method: 'PUT' });
    await bench.engine.sync();
    await bench.clock.advance(8 * day);
    await bench.engine.sync();
    expect(bench.server.get('todos', 'a')).toMatchObject({ priority: 9 });
  });

  test("F-134: dropping an ambiguous delta restores the server's state", async () => {
    await opened({ rest: { deltas } });
    await bench.writer.increment('a', 'priority', -1);
    bench.server.cutNextRequests(2, 'afterCommit', { method: 'PUT' });
    await bench.engine.sync();
    await bench.clock.advance(8 * day);
    bench.server.forgetIdempotencyKeys();
    await bench.engine.sync();
    expect(await bench.engine.dropStuckOperations()).toBe(1);
    await bench.engine.sync();
    expect(await bench.row('a')).toMatchObject({ priority: 9 });
    expect(bench.server.get('todos', 'a')).toMatchObject({ priority: 9 });
  });
});

test('I8: a row that changes under every request ends the run after its rounds; the delta stays and applies once later', async () => {
  const backend = new MemoryBackend({ naming: 'camelCase' });
  backend.seed('todos', { id: 'a', title: 'theirs', done: false, priority: 10, tags: [] });
  let isRestless = true;
  let pushes = 0;
  class Restless extends MemoryTransport {
    override push(ops: readonly Op[], context: PushContext): Promise<BatchPushResult> {
      pushes += 1;
      if (isRestless) backend.update('todos', 'a', { priority: Number(backend.get('todos', 'a')?.['priority']) + 100 });
      return super.push(ops, context);
    }
  }
  bench = await openEngine({ transport: new Restless({ backend }), config: { maxConflictRetries: 2 } });
  await bench.engine.sync();
  await bench.writer.increment('a', 'priority', 1);
  const run = bench.engine.sync();
  let isOver = false;
  void run.finally(() => {
    isOver = true;
  });
  for (; !isOver; await new Promise((next) => setImmediate(next))) void bench.clock.advance(100);
  await run;
  expect(pushes).toBe(1 + 3);
  expect(await bench.queued()).toHaveLength(1);
  expect(backend.get('todos', 'a')).toMatchObject({ priority: 410 });
  expect(await bench.row('a')).toMatchObject({ priority: 411 });
  isRestless = false;
  await bench.engine.sync();
  expect(backend.get('todos', 'a')).toMatchObject({ priority: 411 });
  expect(await bench.queued()).toEqual([]);
});

test.each([true, false])(
  'F-134: a server that remembers no keys, deltas on the wire: %s: never applies a second change after a lost reply',
  async (deltas) => {
    const backend = new MemoryBackend({ naming: 'camelCase' });
    backend.seed('todos', { id: 'a', title: 'theirs', done: false, priority: 10, tags: [] });
    const transport = new FaultyTransport(
      new MemoryTransport({ backend, capabilities: { idempotency: 'none', deltas } }),
      {
        script: ({ type }) => (type === 'push' ? { type: 'dropAfter' } : undefined),
      },
    );
    bench = await openEngine({ transport });
    await bench.engine.sync();
    await bench.writer.increment('a', 'priority', -1);
    await bench.engine.sync();
    transport.enabled = false;
    await bench.engine.sync();
    expect(backend.get('todos', 'a')).toMatchObject({ priority: 9 });
    expect(await bench.engine.explain()).toMatchObject([{ reason: 'ambiguous' }]);
    await bench.engine.dropStuckOperations();
    await bench.engine.sync();
    expect(await bench.row('a')).toMatchObject({ priority: 9 });
  },
);

describe('the form of a request is frozen (I2)', () => {
  test.each([
    [true, false],
    [false, true],
  ])('sent with deltas: %s, reopened with: %s: applies it at most once', async (before, after) => {
    await opened({ rest: { deltas: before } });
    await bench.writer.increment('a', 'priority', -1);
    bench.server.cutNextRequests(2, 'afterCommit', { method: 'PUT' });
    await bench.engine.sync();
    bench = await bench.reopen({ rest: { deltas: after } });
    await bench.engine.sync();
    expect(bench.server.get('todos', 'a')).toMatchObject({ priority: 9 });
  });
});

describe('writing', () => {
  test('WRT: rejects an invalid delta and writes nothing', async () => {
    await opened();
    const { writer } = bench;
    await expect(writer.increment('nowhere', 'priority', 1)).rejects.toThrow(ValidationError);
    await expect(writer.increment('a', 'title', 1)).rejects.toThrow(/'title' is no number/);
    await expect(writer.addToSet('a', 'priority', ['x'])).rejects.toThrow(/'priority' is no list/);
    await expect(writer.increment('a', 'updatedAt', 1)).rejects.toThrow(/belongs to the server/);
    await expect(writer.increment('a', 'priority', Number.NaN)).rejects.toThrow(/finite number/);
    await expect(writer.applyDeltas('a', [increment('nothing', 1)])).rejects.toThrow(
      /'nothing' is not a synchronised column/,
    );
    expect(await writer.increment('a', 'priority', 0)).toBe(false);
    await writer.enqueueDelete('a');
    await expect(writer.increment('a', 'priority', 1)).rejects.toThrow(/the row to change does not exist/);
    expect(await bench.queued()).toHaveLength(1);
    expect(bench.engine.writer(todos)).toBeDefined();
  });
});
