import { afterEach, describe, expect, test } from 'vitest';
import { discard } from '../../src/model/conflict.ts';
import { SyncAbortedError, ValidationError } from '../../src/model/errors/errors.ts';
import { deleteOp, upsertOp } from '../../src/model/operation.ts';
import { openEngine, type EngineBench, type EngineBenchOptions } from '../support/open-engine.ts';
import { drivers } from '../support/open-store.ts';
import { todoOf } from '../support/todo.ts';

let bench: EngineBench;
afterEach(() => bench.close());

const opened = async (options: EngineBenchOptions = {}): Promise<EngineBench> => {
  bench = await openEngine(options);
  bench.server.seed('todos', { id: 'a', title: 'theirs', done: false, priority: 10, tags: ['x'] });
  await bench.engine.sync();
  return bench;
};
const edit = async (changes: object, opId: string): Promise<void> => {
  const row = await bench.row('a');
  if (row === null) throw new Error('the row is missing');
  await bench.writer.replaceAndEnqueue({ ...row, ...changes }, { opId });
};
const keys = () =>
  bench.server.recordedRequests
    .filter(({ method }) => method === 'PUT')
    .map(({ headers }) => headers['x-idempotency-key']);
const settled = async (): Promise<void> => {
  await bench.engine.whenPushed();
  await bench.engine.whenIdle();
};

describe.each(drivers)('amending with %s', (driver) => {
  test('F-133: changes a stuck operation and its row, and sends it under a new key', async () => {
    await opened({ driver, config: { maxOutboxTryCount: 1 } });
    const refusal = bench.server.refuse(({ id }) => id === 'a');
    await edit({ title: 'refused', priority: 11 }, 'op1');
    await bench.engine.sync();
    expect(await bench.engine.getStuckOperations()).toMatchObject([{ opId: 'op1' }]);
    refusal();
    await bench.engine.amend('op1', { title: 'better', tags: ['y'] });
    expect(await bench.row('a')).toMatchObject({ title: 'better', priority: 11, tags: ['y'] });
    await settled();
    expect(bench.server.get('todos', 'a')).toMatchObject({ title: 'better', priority: 11, tags: ['y'] });
    expect(keys()).toEqual(['op1', 'op1#2']);
    expect(await bench.queued()).toEqual([]);
  });

  test('sends a waiting operation that was refused once immediately, with its tries reset', async () => {
    await opened({ driver });
    const refusal = bench.server.refuse(() => true);
    await bench.writer.insertAndEnqueue(todoOf('new', { title: '' }), { opId: 'op1' });
    await bench.engine.sync();
    expect(await bench.engine.explain()).toMatchObject([{ tryCount: 1 }]);
    await bench.engine.pause();
    await bench.engine.amend('op1', { title: 'named' });
    const [pending] = await bench.engine.explain();
    expect(pending).toMatchObject({ opId: 'op1', tryCount: 0 });
    expect(pending?.lastError).toBeUndefined();
    refusal();
    await bench.engine.resume();
    await settled();
    expect(bench.server.get('todos', 'new')).toMatchObject({ title: 'named' });
  });

  test('an amended value replaces a later one of the same field, with later deltas on top', async () => {
    await opened({ driver });
    await edit({ title: 'one', priority: 1 }, 'op1');
    await edit({ title: 'two' }, 'op2');
    await bench.writer.increment('a', 'priority', 5);
    await bench.engine.pause();
    await bench.engine.amend('op1', { title: 'amended', priority: 100 });
    expect(await bench.row('a')).toMatchObject({ title: 'amended', priority: 105 });
    await bench.engine.resume();
    await settled();
    expect(bench.server.get('todos', 'a')).toMatchObject({ title: 'amended', priority: 105 });
  });

  test('keeps and lists a given-up change, and restores it on the current row', async () => {
    await opened({ driver, config: { maxOutboxTryCount: 1 } });
    const refusal = bench.server.refuse(({ id }) => id === 'a');
    await edit({ title: 'mine' }, 'op1');
    await bench.engine.sync();
    await bench.engine.dropStuckOperations();
    expect(await bench.row('a')).toMatchObject({ title: 'theirs' });
    expect(await bench.engine.discarded()).toMatchObject([
      {
        opId: 'op1',
        kind: 'todos',
        entityId: 'a',
        type: 'upsert',
        data: { title: 'mine' },
        changedFields: ['title'],
        reason: 'dropped',
      },
    ]);
    refusal();
    bench.server.update('todos', 'a', { priority: 99 });
    await bench.engine.sync();
    bench = await bench.reopen();
    const opId = await bench.engine.undoDiscard('op1');
    expect(opId).toEqual(expect.any(String));
    expect(opId).not.toBe('op1');
    expect(await bench.row('a')).toMatchObject({ title: 'mine', priority: 99 });
    expect(await bench.engine.discarded()).toEqual([]);
    expect(await bench.engine.sync()).toMatchObject({ pushed: 1, conflicts: 0 });
    expect(bench.server.get('todos', 'a')).toMatchObject({ title: 'mine', priority: 99 });
    await expect(bench.engine.undoDiscard('op1')).rejects.toThrow(ValidationError);
  });
});

describe('amendments that are rejected', () => {
  test('rejects unknown operations, deletes, keys and invalid values with the reason, and writes nothing', async () => {
    await opened();
    await edit({ title: 'mine' }, 'op1');
    await bench.engine.pause();
    await expect(bench.engine.amend('nothing', { title: 'x' })).rejects.toThrow(/'nothing' is not queued/);
    await expect(bench.engine.amend('op1', {})).rejects.toThrow(/names no field/);
    await expect(bench.engine.amend('op1', { id: 'b' })).rejects.toThrow(/'id' cannot be amended/);
    await expect(bench.engine.amend('op1', { updatedAt: 'x' })).rejects.toThrow(/'updatedAt' cannot be amended/);
    await expect(bench.engine.amend('op1', { title: null })).rejects.toThrow(/field 'title' must not be null/);
    await expect(bench.engine.amend('op1', { title: undefined })).rejects.toThrow(/'title' is undefined/);
    await expect(bench.engine.amend('op1', { colour: 'red' })).rejects.toThrow(/'colour' is not a synchronised column/);
    await bench.writer.enqueueDelete('a', { opId: 'op2' });
    await expect(bench.engine.amend('op2', { title: 'x' })).rejects.toThrow(/is a delete/);
    await expect(bench.engine.amend('op1', { title: 'x' })).resolves.toBeUndefined();
    expect((await bench.engine.outbox.take()).map((op) => op.opId)).toEqual(['op1', 'op2']);
  });

  test('I2: does not change an operation with an open request', async () => {
    await opened();
    await edit({ title: 'mine' }, 'op1');
    bench.server.cutNextRequests(2, 'afterCommit', { method: 'PUT' });
    await bench.engine.sync();
    await bench.engine.pause();
    await expect(bench.engine.amend('op1', { title: 'other' })).rejects.toThrow(/is in flight/);
    // One behind it is nobody's yet.
    await edit({ title: 'later' }, 'op2');
    await bench.engine.amend('op2', { title: 'amended' });
    await bench.engine.resume();
    await bench.engine.sync();
    expect(bench.server.get('todos', 'a')).toMatchObject({ title: 'amended' });
    expect(bench.server.effectCount({ key: 'op1' })).toBe(1);
  });

  test('a conflict can be decided, not amended', async () => {
    await opened({ config: { conflictStrategy: 'manual' } });
    await edit({ title: 'mine' }, 'op1');
    bench.server.update('todos', 'a', { title: 'other' });
    await bench.engine.sync();
    await expect(bench.engine.amend('op1', { title: 'x' })).rejects.toThrow(
      /resolveConflict\('op1', acceptMerged\(data\)\)/,
    );
  });

  test('a disposed engine rejects', async () => {
    await opened();
    await bench.engine.dispose();
    await expect(bench.engine.amend('op1', {})).rejects.toThrow(SyncAbortedError);
    await expect(bench.engine.discarded()).rejects.toThrow(SyncAbortedError);
  });
});

describe('restoring given-up changes', () => {
  test('F-36: restores a change given up in a conflict as a new one on the accepted row', async () => {
    await opened({ config: { conflictStrategy: 'manual' } });
    await edit({ title: 'mine' }, 'op1');
    bench.server.update('todos', 'a', { title: 'other', priority: 5 });
    await bench.engine.sync();
    await bench.engine.resolveConflict('op1', discard());
    await bench.engine.sync();
    expect(await bench.row('a')).toMatchObject({ title: 'other', priority: 5 });
    expect(await bench.engine.discarded()).toMatchObject([{ opId: 'op1', reason: 'discard' }]);
    await bench.engine.undoDiscard('op1');
    expect(await bench.engine.sync()).toMatchObject({ pushed: 1, conflicts: 0 });
    expect(bench.server.get('todos', 'a')).toMatchObject({ title: 'mine', priority: 5 });
  });

  test('restores a delta as a delta', async () => {
    await opened({ config: { conflictStrategy: 'serverWins' } });
    await bench.writer.increment('a', 'priority', -2, { opId: 'op1' });
    bench.server.update('todos', 'a', { priority: 30 });
    await bench.engine.sync();
    await bench.engine.undoDiscard('op1');
    expect(await bench.engine.outbox.take()).toMatchObject([
      { deltas: [{ by: -2 }], changedFields: [], payload: { priority: 28 } },
    ]);
    await bench.engine.sync();
    expect(bench.server.get('todos', 'a')).toMatchObject({ priority: 28 });
  });

  test('F-22: restoring a change that was given up because the server deleted the row recreates the row', async () => {
    await opened({ config: { conflictStrategy: 'serverWins' } });
    await edit({ title: 'mine' }, 'op1');
    bench.server.softDelete('todos', 'a');
    await bench.engine.sync();
    expect(bench.server.get('todos', 'a')).toBeUndefined();
    expect(await bench.engine.discarded()).toMatchObject([{ opId: 'op1', reason: 'serverDeleted' }]);
    await bench.engine.undoDiscard('op1');
    await bench.engine.sync();
    expect(bench.server.get('todos', 'a')).toMatchObject({ title: 'mine', priority: 10 });
    expect(await bench.row('a')).toMatchObject({ title: 'mine', deletedAt: null });
  });

  test('recreates a dropped creation', async () => {
    await opened({ config: { maxOutboxTryCount: 1 } });
    const refusal = bench.server.refuse(({ id }) => id === 'new');
    await bench.writer.insertAndEnqueue(todoOf('new', { title: 'fresh' }), { opId: 'op1' });
    await bench.engine.sync();
    await bench.engine.dropStuckOperations();
    expect(await bench.row('new')).toBeNull();
    refusal();
    await bench.engine.undoDiscard('op1');
    expect(await bench.engine.outbox.take()).toMatchObject([{ creates: true, payload: { title: 'fresh' } }]);
    await bench.engine.sync();
    expect(bench.server.get('todos', 'new')).toMatchObject({ title: 'fresh' });
  });

  test('repeats a deletion; does nothing if the row is already gone', async () => {
    await opened({ config: { maxOutboxTryCount: 1 } });
    bench.server.refuse(({ id }) => id === 'a');
    for (const opId of ['op1', 'op2']) {
      await bench.writer.enqueueDelete('a', { opId });
      await bench.engine.sync();
      await bench.engine.dropStuckOperations();
    }
    expect(await bench.row('a')).toMatchObject({ deletedAtLocal: null });
    expect((await bench.engine.discarded()).map(({ opId }) => opId)).toEqual(['op2', 'op1']);
    expect(await bench.engine.undoDiscard('op1')).toEqual(expect.any(String));
    expect((await bench.row('a'))?.deletedAtLocal).toEqual(expect.any(String));
    expect(await bench.engine.outbox.take()).toMatchObject([{ type: 'delete' }]);
    expect(await bench.engine.undoDiscard('op2')).toBeUndefined();
    expect(await bench.queued()).toHaveLength(1);
  });

  test('a change that is already present queues nothing (F-27)', async () => {
    await opened({ config: { maxOutboxTryCount: 1 } });
    bench.server.refuse(({ id }) => id === 'a');
    await edit({ title: 'mine' }, 'op1');
    await bench.engine.sync();
    await bench.engine.dropStuckOperations();
    bench.server.update('todos', 'a', { title: 'mine' });
    await bench.engine.sync();
    expect(await bench.engine.undoDiscard('op1')).toBeUndefined();
    expect(await bench.queued()).toEqual([]);
  });

  test('the history keeps the last `discardHistory`', async () => {
    await opened({ config: { maxOutboxTryCount: 1, discardHistory: 2 } });
    bench.server.refuse(() => true);
    for (const id of ['n1', 'n2', 'n3']) await bench.writer.insertAndEnqueue(todoOf(id), { opId: `op-${id}` });
    await bench.engine.sync();
    expect(await bench.engine.dropStuckOperations()).toBe(3);
    expect((await bench.engine.discarded()).map(({ opId }) => opId)).toEqual(['op-n3', 'op-n2']);
    expect(await bench.engine.discarded({ kinds: ['others'] })).toEqual([]);
    await expect(bench.engine.undoDiscard('op-n1')).rejects.toThrow(/among the last 2/);
  });
});

describe('stuck operations', () => {
  test('F-49: lists, retries and drops all 250 of them, not just the first 100', async () => {
    await opened({ config: { maxOutboxTryCount: 1 } });
    const refusal = bench.server.refuse(({ id }) => id.startsWith('n'));
    for (let n = 0; n < 250; n += 1)
      await bench.engine.outbox.enqueue(
        upsertOp({
          kind: 'todos',
          id: `n${n}`,
          payload: { id: `n${n}`, title: 't', done: false, priority: null, tags: null },
        }),
      );
    await bench.engine.sync();
    expect(await bench.engine.getStuckOperations()).toHaveLength(250);
    expect(await bench.engine.retryStuckOperations()).toBe(250);
    await settled();
    expect(await bench.engine.getStuckOperations()).toHaveLength(250);
    expect(await bench.engine.dropStuckOperations()).toBe(250);
    expect(await bench.queued()).toEqual([]);
    expect(bench.told.filter(({ type }) => type === 'op.discarded')).toHaveLength(250);
    refusal();
    expect(await bench.engine.sync()).toMatchObject({ pushed: 0 });
  });

  test('F-49: dropping a creation drops everything built on it, reports each, and removes the row', async () => {
    await opened({ config: { maxOutboxTryCount: 1 } });
    bench.server.refuse(({ id }) => id === 'new');
    await bench.writer.insertAndEnqueue(todoOf('new'), { opId: 'op1' });
    await bench.engine.sync();
    await bench.writer.replaceAndEnqueue(todoOf('new', { title: 'later' }), { opId: 'op2' });
    await bench.writer.increment('new', 'priority', 1, { opId: 'op3' });
    expect(await bench.engine.dropStuckOperations()).toBe(3);
    expect(await bench.row('new')).toBeNull();
    expect(
      bench.told.flatMap((event) => (event.type === 'op.discarded' ? event.givenUp.map(({ opId }) => opId) : [])),
    ).toEqual(['op1', 'op2', 'op3']);
  });

  test("F-136: dropping a stuck edit leaves the later ones on the server's row", async () => {
    await opened({ config: { maxOutboxTryCount: 1 } });
    const refusal = bench.server.refuse(({ id }) => id === 'a');
    await edit({ title: 'refused' }, 'op1');
    await bench.engine.sync();
    await edit({ done: true }, 'op2');
    await bench.writer.increment('a', 'priority', 1, { opId: 'op3' });
    expect(await bench.engine.dropStuckOperations()).toBe(1);
    expect(await bench.row('a')).toMatchObject({ title: 'theirs', done: true, priority: 11 });
    refusal();
    expect(await bench.engine.sync()).toMatchObject({ pushed: 2, conflicts: 0 });
    expect(bench.server.get('todos', 'a')).toMatchObject({ title: 'theirs', done: true, priority: 11 });
  });

  test('F-49: drops a refused edit that would be tried again, with what was sent in the same request', async () => {
    await opened({ config: { maxOutboxTryCount: 5 } });
    const refusal = bench.server.refuse(({ id }) => id === 'a');
    await edit({ title: 'refused' }, 'op1');
    await edit({ tags: ['refused'] }, 'op2');
    await bench.engine.sync();
    await edit({ done: true }, 'op3');
    expect(await bench.engine.getStuckOperations()).toEqual([]);
    // Only an operation that is named.
    expect(await bench.engine.dropStuckOperations()).toBe(0);
    expect(await bench.engine.dropStuckOperations({ opIds: ['op3'] })).toBe(0);
    expect(await bench.engine.dropStuckOperations({ opIds: ['op1'] })).toBe(2);
    expect(await bench.row('a')).toMatchObject({ title: 'theirs', tags: ['x'], done: true });
    expect((await bench.engine.discarded()).map(({ opId, reason }) => [opId, reason])).toEqual([
      ['op2', 'dropped'],
      ['op1', 'dropped'],
    ]);
    refusal();
    await bench.engine.sync();
    expect(bench.server.get('todos', 'a')).toMatchObject({ title: 'theirs', done: true });
    for (const opId of ['op1', 'op2']) await bench.engine.undoDiscard(opId);
    await bench.engine.sync();
    expect(bench.server.get('todos', 'a')).toMatchObject({ title: 'refused', tags: ['refused'], done: true });
  });

  test('I2: does not drop an operation whose next try is in flight', async () => {
    await opened({ config: { maxOutboxTryCount: 5 } });
    let tries = 0;
    let dropped: Promise<number> | undefined;
    bench.server.refuse(({ id }) => {
      if (id !== 'a') return false;
      tries += 1;
      // The request is at the server. Its answer has not come back yet.
      if (tries === 2) dropped = bench.engine.dropStuckOperations({ opIds: ['op1'] });
      return tries === 1;
    });
    await edit({ title: 'refused' }, 'op1');
    await bench.engine.sync();
    await bench.engine.sync();
    expect(await dropped).toBe(0);
    expect(bench.server.get('todos', 'a')).toMatchObject({ title: 'refused' });
    expect(await bench.row('a')).toMatchObject({ title: 'refused' });
    expect(await bench.queued()).toEqual([]);
  });

  test('F-49: dropping a stuck deletion shows the row again', async () => {
    await opened({ config: { maxOutboxTryCount: 1 } });
    bench.server.refuse(({ id }) => id === 'a');
    await bench.engine.outbox.enqueue(deleteOp({ kind: 'todos', id: 'a', opId: 'op1' }));
    await bench.writer.enqueueDelete('a', { opId: 'op2' });
    await bench.engine.sync();
    expect(await bench.engine.dropStuckOperations()).toBe(2);
    expect(await bench.row('a')).toMatchObject({ deletedAtLocal: null, title: 'theirs' });
  });
});
