import { afterEach, describe, expect, test } from 'vitest';
import { TransportError } from '../../../src/model/errors/errors.ts';
import type { Outcome } from '../../../src/model/outcome.ts';
import { accepted, answerOf, drivers, openStore, serverRow, type StoreBench } from '../../support/open-store.ts';
import { todoOf } from '../../support/todo.ts';

const t1 = '2026-01-01T00:00:01.000001Z';
const t2 = '2026-01-01T00:00:02.000001Z';
const t3 = '2026-01-01T00:00:03.000001Z';
const refusal: Outcome = {
  type: 'rejected',
  code: 'invalid',
  error: TransportError.httpError(422, '{"error":"invalid"}'),
};
const ids = (requests: readonly { readonly entityId: string }[]): string[] => requests.map(({ entityId }) => entityId);

describe.each(drivers)('settling on %s', (driver) => {
  let bench: StoreBench;
  afterEach(() => bench.close());

  test("I1: a created row leaves the outbox with the server's answer and its exact version (F-26, F-63)", async () => {
    bench = await openStore(driver);
    await bench.writer.insertAndEnqueue(todoOf('a', { tags: ['x'], done: true }));
    const [request] = await bench.takeAll();
    expect(request?.op).toMatchObject({
      type: 'upsert',
      id: 'a',
      creates: true,
      requestId: 'op1',
      payload: { id: 'a', done: true, tags: ['x'] },
    });
    expect(request?.op).not.toHaveProperty('payload.updatedAt');
    const report = await bench.store.settle([
      answerOf(request, { type: 'applied', row: serverRow('a', t1, { title: 'normalised' }) }),
    ]);
    expect(report.facts).toEqual([
      { type: 'op.pushed', opId: 'op1', kind: 'todos', entityId: 'a', operationType: 'upsert' },
    ]);
    expect(await bench.row('a')).toMatchObject({ title: 'normalised', updatedAt: t1, deletedAtLocal: null });
    expect(await bench.outbox.hasOperations()).toBe(false);
  });

  test('I2: a request taken again after a crash has the same key and body, whatever was written since', async () => {
    bench = await openStore(driver);
    await bench.writer.insertAndEnqueue(todoOf('a', { title: 'first' }));
    const [before] = await bench.takeAll();
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'second' }));
    await bench.store.beginRun({ explicit: true, kinds: ['todos'], runId: 2 });
    const again = await bench.takeAll();
    expect(again).toHaveLength(1);
    expect(again[0]?.op).toEqual(before?.op);
    expect(again[0]?.firstSentAt).toBeDefined();
  });

  test('I3 and F-20e: an edit made while its create is in flight waits, then goes out based on the answer', async () => {
    bench = await openStore(driver);
    await bench.writer.insertAndEnqueue(todoOf('a', { title: 'first' }));
    const [create] = await bench.takeAll();
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'second' }));
    expect(await bench.takeAll()).toEqual([]);
    await bench.store.settle([
      answerOf(create, { type: 'applied', row: serverRow('a', t1, { title: 'first', priority: 7 }) }),
    ]);
    expect(await bench.row('a')).toMatchObject({ title: 'second', priority: 7, updatedAt: t1 });
    const [edit] = await bench.takeAll();
    expect(edit?.op).toMatchObject({
      creates: false,
      baseUpdatedAt: t1,
      payload: { title: 'second', priority: 7 },
      changedFields: ['title'],
    });
  });

  test('F-20: several unsent edits of one row are one request with the oldest base and the union of fields', async () => {
    bench = await openStore(driver);
    await bench.pull([serverRow('a', t1)]);
    await bench.writer.replaceAndEnqueue({ ...todoOf('a'), title: 'x' }, { changedFields: ['title'] });
    await bench.pull([serverRow('a', t2, { priority: 9 })]);
    await bench.writer.replaceAndEnqueue({ ...todoOf('a'), done: true }, { changedFields: ['done'] });
    const taken = await bench.takeAll();
    expect(taken).toHaveLength(1);
    expect(taken[0]?.op).toMatchObject({
      baseUpdatedAt: t1,
      payload: { title: 'x', done: true },
      changedFields: ['title', 'done'],
    });
    expect(taken[0]?.opIds).toEqual(['op1', 'op2']);
    const report = await bench.store.settle([answerOf(taken[0], accepted(t3)(taken[0]!))]);
    expect(report.pushed).toBe(2);
  });

  test('F-123: a row created and deleted before the first sync is never sent and leaves no trace', async () => {
    bench = await openStore(driver);
    await bench.writer.insertAndEnqueue(todoOf('a'));
    await bench.writer.enqueueDelete('a');
    const batch = await bench.store.take({ kinds: ['todos'], limit: 10, runId: 1, distrustResend: false });
    expect(batch.requests).toEqual([]);
    expect(batch.facts.map((fact) => fact.type)).toEqual(['op.discarded', 'op.discarded']);
    expect(await bench.row('a')).toBeNull();
    expect(await bench.outbox.hasOperations()).toBe(false);
  });

  test('F-133: a definite refusal closes the request: the corrected edit goes out under a new key', async () => {
    bench = await openStore(driver);
    await bench.pull([serverRow('a', t1)]);
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'bad' }), { changedFields: ['title'] });
    const [first] = await bench.takeAll();
    const report = await bench.store.settle([answerOf(first, refusal)]);
    expect(report.facts).toMatchObject([{ type: 'op.failed', willRetry: true }]);
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'good' }), { changedFields: ['title'] });
    expect(await bench.takeAll()).toEqual([]);
    await bench.store.beginRun({ explicit: true, kinds: ['todos'], runId: 2 });
    const [second] = await bench.takeAll();
    expect(second?.op).toMatchObject({ requestId: 'op2', payload: { title: 'good' }, baseUpdatedAt: t1 });
    await bench.store.settle([answerOf(second, refusal)]);
    await bench.store.beginRun({ explicit: true, kinds: ['todos'], runId: 3 });
    expect((await bench.takeAll())[0]?.op.requestId).toBe('op2#2');
  });

  test('F-09: an operation that never reached the server counts no try and keeps its key', async () => {
    bench = await openStore(driver);
    await bench.writer.insertAndEnqueue(todoOf('a'));
    for (let attempt = 0; attempt < 12; attempt++) {
      const [request] = await bench.takeAll();
      expect(request?.op.requestId).toBe('op1');
      await bench.store.settle([answerOf(request, { type: 'notSent', error: TransportError.httpError(0) })]);
    }
    expect(await bench.outbox.getStuck({ minTryCount: 1 })).toEqual([]);
  });

  test("F-49 and F-36: an operation is stuck at the limit; dropping it restores the server's state of the row", async () => {
    bench = await openStore(driver, { config: { maxOutboxTryCount: 2 } });
    await bench.pull([serverRow('a', t1, { title: 'theirs' })]);
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'mine' }), { changedFields: ['title'] });
    for (let run = 2; run < 4; run++) {
      const [request] = await bench.takeAll();
      const report = await bench.store.settle([answerOf(request, refusal)]);
      if (run === 3) expect(report.facts.map((fact) => fact.type)).toEqual(['op.failed', 'op.stuck']);
      await bench.store.beginRun({ explicit: true, kinds: ['todos'], runId: run });
    }
    expect(await bench.takeAll()).toEqual([]);
    expect(await bench.queue.counts()).toMatchObject({ pending: 0, stuck: 1 });
    const facts = await bench.queue.dropStuck();
    expect(facts).toMatchObject([{ type: 'op.discarded', reason: 'dropped', givenUp: [{ data: { title: 'mine' } }] }]);
    expect(await bench.row('a')).toMatchObject({ title: 'theirs' });
  });

  test('F-49: dropping a stuck create also drops everything built on it', async () => {
    bench = await openStore(driver, { config: { maxOutboxTryCount: 1 } });
    await bench.writer.insertAndEnqueue(todoOf('a'));
    await bench.store.settle([answerOf((await bench.takeAll())[0], refusal)]);
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'later' }));
    await bench.queue.dropStuck();
    expect(await bench.row('a')).toBeNull();
    expect(await bench.outbox.hasOperations()).toBe(false);
  });

  test('F-135: the stored answer to a resent request does not overwrite the newer row from a pull', async () => {
    bench = await openStore(driver);
    await bench.pull([serverRow('a', t1)]);
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'mine' }), { changedFields: ['title'] });
    const [request] = await bench.takeAll();
    await bench.pull([serverRow('a', t3, { title: 'third writer' })]);
    await bench.store.settle([answerOf(request, { type: 'applied', row: serverRow('a', t2, { title: 'mine' }) })]);
    expect(await bench.row('a')).toMatchObject({ title: 'third writer', updatedAt: t3 });
  });

  test("F-161: an answer to a request based on the known version is newer, even if the server's clock went back", async () => {
    bench = await openStore(driver);
    await bench.pull([serverRow('a', t2)]);
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'first' }), { changedFields: ['title'] });
    const [request] = await bench.takeAll();
    await bench.pull([serverRow('a', t3, { title: 'theirs' })]);
    // Like a request that resolves a conflict on the newer row.
    const again = request && { ...request, op: { ...request.op, baseUpdatedAt: t3 } };
    await bench.store.settle([
      answerOf(again, { type: 'applied', row: serverRow('a', t1, { title: 'first', priority: 7 }) }),
    ]);
    expect(await bench.row('a')).toMatchObject({ title: 'first', priority: 7, updatedAt: t1 });
  });

  test('I4 and F-21: a pull keeps pending edits on top and never restores a locally deleted row', async () => {
    bench = await openStore(driver);
    await bench.pull([serverRow('a', t1), serverRow('b', t1)]);
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'mine' }), { changedFields: ['title'] });
    await bench.writer.enqueueDelete('b');
    await bench.pull([serverRow('a', t2, { title: 'theirs', priority: 3 }), serverRow('b', t2)]);
    expect(await bench.row('a')).toMatchObject({ title: 'mine', priority: 3, updatedAt: t2 });
    expect((await bench.row('b'))?.deletedAtLocal).not.toBeNull();
    // The base stays; otherwise the server could not detect the conflict.
    expect((await bench.takeAll()).map(({ op }) => op.baseUpdatedAt)).toEqual([t1, t1]);
  });

  test("a tombstone under a pending edit leaves the user's row visible", async () => {
    bench = await openStore(driver);
    await bench.pull([serverRow('a', t1)]);
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'mine' }), { changedFields: ['title'] });
    await bench.pull([serverRow('a', t2, { deletedAt: t2 })]);
    expect(await bench.row('a')).toMatchObject({ title: 'mine', deletedAt: null });
  });

  test('F-37: a delete accepted by the server hides the row permanently, also without a tombstone', async () => {
    bench = await openStore(driver);
    await bench.pull([serverRow('a', t1)]);
    await bench.writer.enqueueDelete('a');
    await bench.drain(() => ({ type: 'applied' }));
    expect((await bench.row('a'))?.deletedAtLocal).not.toBeNull();
  });

  test('F-134: an answer without a version makes the next operation fetch the row first', async () => {
    bench = await openStore(driver);
    await bench.writer.insertAndEnqueue(todoOf('a', { title: 'one' }));
    await bench.drain(() => ({ type: 'applied' }));
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'two' }));
    const [request] = await bench.takeAll();
    expect(request).toMatchObject({ verify: 'unknownVersion', lastSent: { title: 'one' } });
  });

  test('F-17: quarantines a bad row, its page goes on, and a newer good row releases it', async () => {
    bench = await openStore(driver);
    const position = await bench.store.pullPosition('todos', { resync: false });
    const rows = [
      serverRow('a', t1),
      serverRow('bad', t1, { title: 5 }),
      { title: 'no id', updatedAt: t1 },
      serverRow('nulls', t1, { title: null }),
      serverRow('c', t1),
    ];
    const [page] = await bench.store.applyPages('todos', [{ page: { items: rows }, items: rows, next: position }], {
      totalDone: 0,
    });
    expect(page?.pulled).toBe(2);
    expect(page?.facts.filter((fact) => fact.type === 'row.quarantined')).toHaveLength(3);
    expect(
      ids([{ entityId: (await bench.row('a'))?.id ?? '' }, { entityId: (await bench.row('c'))?.id ?? '' }]),
    ).toEqual(['a', 'c']);
    await bench.pull([serverRow('bad', t2)]);
    expect(await bench.row('bad')).toMatchObject({ updatedAt: t2 });
    expect(await bench.dataSource.query('SELECT entity_id FROM sync_quarantine ORDER BY 1')).toHaveLength(2);
  });

  test('conflict: stores, announces and parks it; serverWins gives the edit up with its content', async () => {
    bench = await openStore(driver);
    await bench.pull([serverRow('a', t1)]);
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'mine' }), { changedFields: ['title'] });
    const [request] = await bench.takeAll();
    const current = serverRow('a', t2, { title: 'theirs' });
    const report = await bench.store.settle([
      answerOf(request, { type: 'conflict', current, deleted: false, serverTimestamp: t2 }),
    ]);
    expect(report.conflicts).toEqual([{ kind: 'todos', entityId: 'a', opId: 'op1' }]);
    expect(await bench.takeAll()).toEqual([]);
    const stored = await bench.store.loadConflict(report.conflicts[0]!);
    expect(stored?.conflict).toMatchObject({
      localData: { title: 'mine' },
      serverData: { title: 'theirs' },
      baseData: { title: 'server a' },
      changedFields: ['title'],
    });
    await bench.writer.replaceAndEnqueue(todoOf('a', { priority: 4 }), { changedFields: ['priority'] });
    const outcome = await bench.store.acceptServer(report.conflicts[0]!, { type: 'acceptServer' });
    expect(outcome.facts[0]).toMatchObject({
      type: 'conflict.resolved',
      givenUp: [{ opId: 'op1', data: { title: 'mine' } }],
    });
    expect(await bench.row('a')).toMatchObject({ title: 'theirs', priority: 4 });
    const [later] = await bench.takeAll();
    expect(later?.op).toMatchObject({ opId: 'op2', baseUpdatedAt: t2, payload: { title: 'theirs', priority: 4 } });
  });
});
