import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { afterEach, describe, expect, test } from 'vitest';
import { resolveSyncConfig, type SyncConfig } from '../../../src/model/config.ts';
import { DatabaseError, TransportError, ValidationError } from '../../../src/model/errors/errors.ts';
import { deleteOp, upsertOp, type Op } from '../../../src/model/operation.ts';
import type { Outcome } from '../../../src/model/outcome.ts';
import { createStore } from '../../../src/persistence/create-store.ts';
import { createSimulatedClock } from '../../../src/testing/simulated-clock.ts';
import { follow } from '../../support/follow.ts';
import {
  accepted,
  answerOf,
  drivers,
  openStore,
  openTodoDatabase,
  serverRow,
  todos,
  type StoreBench,
} from '../../support/open-store.ts';
import { categoryOf, itemOf, openShop, type ShopBench } from '../../support/shop.ts';
import { todoEntity, todoOf } from '../../support/todo.ts';

const t1 = '2026-01-01T00:00:01.000001Z';
const t2 = '2026-01-01T00:00:02.000001Z';
const day = 24 * 3_600_000;
const refusal: Outcome = { type: 'rejected', code: 'invalid', error: TransportError.httpError(422) };
const edit = (id: string, more: Partial<Parameters<typeof upsertOp>[0]> = {}): Op =>
  upsertOp({ kind: 'todos', id, payload: { id, title: id }, opId: `op-${id}`, ...more });
const ids = (ops: readonly { readonly opId: string }[]): string[] => ops.map(({ opId }) => opId);

describe.each(drivers)('the outbox on %s', (driver) => {
  let bench: StoreBench;
  afterEach(() => bench.close());
  const open = async (config: Partial<SyncConfig> = {}): Promise<void> => {
    bench = await openStore(driver, { config });
  };
  const fill = async (...names: string[]): Promise<void> => {
    for (const id of names) await bench.outbox.enqueue(edit(id));
  };

  test('OUT-01…OUT-05: returns queued operations unchanged', async () => {
    await open();
    const ops: readonly Op[] = [
      edit('a', {
        payload: { id: 'a', title: 'ü', nested: { list: [1, null, { x: true }] } },
        baseUpdatedAt: t1,
        changedFields: ['title'],
        localTimestamp: '2026-03-04T05:06:07.008Z',
      }),
      deleteOp({
        kind: 'todos',
        id: 'b',
        opId: 'op-b',
        baseUpdatedAt: '1767225601000',
        localTimestamp: '2026-03-04T05:06:07.008Z',
      }),
      upsertOp({
        kind: 'todos',
        id: 'c',
        opId: 'op-c',
        payload: { title: 'no id inside' },
        localTimestamp: '2026-03-04T05:06:07.008Z',
        creates: false,
      }),
    ];
    for (const op of ops) await bench.outbox.enqueue(op);
    expect(await bench.outbox.take()).toEqual(ops);
  });

  test('OUT-06: distinguishes unknown changed fields from none', async () => {
    await open();
    await bench.outbox.enqueue(edit('a'));
    await bench.outbox.enqueue(edit('b', { changedFields: [] }));
    const [unknown, none] = await bench.outbox.take();
    expect(unknown).not.toHaveProperty('changedFields');
    expect(none).toHaveProperty('changedFields', []);
  });

  test('OUT-07, OUT-08, OUT-10: take returns the first operations, 100 by default, and removes nothing', async () => {
    await open();
    await fill(...Array.from({ length: 120 }, (_, number) => String(number)));
    expect(ids(await bench.outbox.take({ limit: 3 }))).toEqual(['op-0', 'op-1', 'op-2']);
    expect(await bench.outbox.take()).toHaveLength(100);
    expect(await bench.outbox.take({ limit: 1000 })).toHaveLength(120);
    expect(await bench.outbox.take()).toEqual(await bench.outbox.take());
  });

  test('OUT-09 and F-67: orders by queueing, whatever the timestamps say', async () => {
    await open();
    for (const [id, time] of [
      ['a', '2026-03-03T00:00:00Z'],
      ['b', '2026-01-01T00:00:00Z'],
      ['c', '2026-02-02T00:00:00Z'],
    ] as const)
      await bench.outbox.enqueue(edit(id, { localTimestamp: time }));
    expect(ids(await bench.outbox.take())).toEqual(['op-a', 'op-b', 'op-c']);
  });

  test('OUT-11, OUT-12, OUT-13: ack removes exactly the named operations', async () => {
    await open();
    await fill('a', 'b');
    await bench.outbox.ack(['op-a']);
    await bench.outbox.ack([]);
    await bench.outbox.ack(['unknown']);
    expect(ids(await bench.outbox.take())).toEqual(['op-b']);
    // A row that the server has without a version counts as sent: the next operation fetches it first.
    expect(await bench.dataSource.query('SELECT entity_id AS e, last_sent IS NOT NULL AS sent FROM sync_base')).toEqual(
      [
        { e: 'a', sent: 1 },
        { e: 'b', sent: 0 },
      ],
    );
  });

  test("I3: after an ack, the row's next operation is its head", async () => {
    await open();
    await bench.outbox.enqueue(edit('a'));
    await bench.outbox.enqueue(edit('a', { opId: 'second' }));
    await bench.outbox.ack(['op-a']);
    expect((await bench.takeAll()).map(({ opIds }) => opIds)).toEqual([['second']]);
  });

  test('OUT-12 and OUT-23: an empty request does not touch the database', async () => {
    await open();
    const { dataSource } = bench;
    await dataSource.destroy();
    await bench.outbox.ack([]);
    await bench.outbox.recordFailures({});
    await bench.outbox.incrementTryCount([]);
    await bench.outbox.resetTryCount([]);
    expect(await bench.outbox.take({ kinds: [] })).toEqual([]);
    expect(await bench.outbox.hasOperations({ kinds: [] })).toBe(false);
    bench = await openStore(driver);
  });

  test('OUT-14…OUT-16: filters by kinds and below a number of tries', async () => {
    await open();
    await fill('a', 'b');
    await bench.outbox.enqueue(upsertOp({ kind: 'users', id: 'u', opId: 'op-u', payload: {} }));
    await bench.outbox.incrementTryCount(['op-a']);
    await bench.outbox.incrementTryCount(['op-a', 'op-u']);
    expect(ids(await bench.outbox.take({ kinds: ['users'] }))).toEqual(['op-u']);
    expect(await bench.outbox.take({ kinds: [] })).toEqual([]);
    expect(ids(await bench.outbox.take({ maxTryCountExclusive: 2 }))).toEqual(['op-b', 'op-u']);
    expect(ids(await bench.outbox.take({ maxTryCountExclusive: 1, kinds: ['todos', 'users'] }))).toEqual(['op-b']);
    expect(await bench.outbox.take({ maxTryCountExclusive: 0 })).toEqual([]);
  });

  test('OUT-17 and F-103: queueing the same opId again replaces the whole operation and resets its tries', async () => {
    await open({ maxOutboxTryCount: 2 });
    await bench.outbox.enqueue(edit('a', { baseUpdatedAt: t1, changedFields: ['title'] }));
    await bench.outbox.recordFailures({ 'op-a': 'no' });
    await bench.outbox.recordFailures({ 'op-a': 'no' });
    expect(await bench.takeAll()).toEqual([]);
    await bench.outbox.enqueue(deleteOp({ kind: 'todos', id: 'a', opId: 'op-a', localTimestamp: t1 }));
    expect(await bench.outbox.take()).toEqual([deleteOp({ kind: 'todos', id: 'a', opId: 'op-a', localTimestamp: t1 })]);
    expect(await bench.outbox.getStuck({ minTryCount: 1 })).toEqual([]);
    expect(await bench.takeAll()).toHaveLength(1);
  });

  test('F-103: does not replace an opId that is in flight or belongs to another row', async () => {
    await open();
    await fill('a');
    await bench.takeAll();
    await expect(bench.outbox.enqueue(edit('a', { payload: { id: 'a', title: 'other' } }))).rejects.toThrow(
      /op-a on todos\/a is already in flight/,
    );
    await expect(bench.outbox.enqueue(edit('b', { opId: 'op-a' }))).rejects.toThrow(ValidationError);
    expect(await bench.dataSource.query('SELECT entity_id AS e FROM sync_base')).toEqual([{ e: 'a' }]);
  });

  test('I1: does not replace an operation folded into an open request: the change would leave with the request', async () => {
    await open();
    for (const opId of ['one', 'two', 'three']) await bench.outbox.enqueue(edit('a', { opId }));
    const [request] = await bench.takeAll();
    for (const opId of ['one', 'two', 'three'])
      await expect(bench.outbox.enqueue(edit('a', { opId, payload: { id: 'a', title: 'late' } }))).rejects.toThrow(
        /in flight/,
      );
    await bench.store.settle([answerOf(request, { type: 'unavailable', error: TransportError.httpError(503) })]);
    await expect(bench.outbox.enqueue(edit('a', { opId: 'one', payload: { id: 'a', title: 'late' } }))).rejects.toThrow(
      /in flight/,
    );
    const [again] = await bench.takeAll();
    await bench.store.settle([answerOf(again, refusal)]);
    await bench.outbox.enqueue(edit('a', { opId: 'two', payload: { id: 'a', title: 'late' } }));
    expect(await bench.outbox.take()).toMatchObject([
      { opId: 'one' },
      { opId: 'two', payload: { title: 'late' } },
      { opId: 'three' },
    ]);
  });

  test.each<[string, Op, RegExp]>([
    ['a blank kind', edit('a', { kind: '  ' }), /kind '  ' must not be blank/],
    ['blanks around the kind (F-100)', edit('a', { kind: ' todos' }), /kind ' todos'/],
    ['no id', edit(''), /non-empty string/],
    ['..', edit('..'), /URL/],
    ['no opId', edit('a', { opId: '' }), /opId must not be empty/],
    [
      'changed fields that the payload lacks (F-119)',
      edit('a', { changedFields: ['colour'] }),
      /'colour'.*keys are id, title/,
    ],
    [
      'another id in the payload (F-104)',
      edit('a', { payload: { id: 'b' } }),
      /todos\/a: the payload has the different id 'b'/,
    ],
    ['__proto__', edit('a', { payload: JSON.parse('{"__proto__":{}}') as never }), /'__proto__' is not allowed/],
    [
      'constructor among the changed fields',
      edit('a', { payload: { constructor: 1 } as never, changedFields: ['constructor'] }),
      /'constructor' is not allowed/,
    ],
  ])('rejects an invalid operation: %s', async (_, op, message) => {
    await open();
    await expect(bench.outbox.enqueue(op)).rejects.toThrow(message);
    expect(await bench.outbox.hasOperations()).toBe(false);
    expect(await bench.dataSource.query('SELECT * FROM sync_base')).toEqual([]);
  });

  test('OUT-18: hasOperations, by kinds', async () => {
    await open();
    expect(await bench.outbox.hasOperations()).toBe(false);
    await fill('a');
    expect(await bench.outbox.hasOperations()).toBe(true);
    expect(await bench.outbox.hasOperations({ kinds: ['todos', 'x'] })).toBe(true);
    expect(await bench.outbox.hasOperations({ kinds: ['users'] })).toBe(false);
  });

  test('OUT-19 and F-48: purging gives up stuck operations up to and including the time, others only on request', async () => {
    await open({ maxOutboxTryCount: 1 });
    const now = bench.clock.now();
    const at = (days: number): string => new Date(now - days * day).toISOString();
    for (const [id, days] of [
      ['old', 30],
      ['edge', 7],
      ['new', 1],
      ['unsent', 30],
    ] as const)
      await bench.outbox.enqueue(edit(id, { localTimestamp: at(days) }));
    await bench.outbox.recordFailures({ 'op-old': 'no', 'op-edge': 'no', 'op-new': 'no' });
    expect(await bench.outbox.purgeOlderThan(now - 7 * day)).toBe(2);
    expect(ids(await bench.outbox.take())).toEqual(['op-new', 'op-unsent']);
    expect(await bench.outbox.purgeOlderThan(new Date(now - 7 * day), { states: 'all' })).toBe(1);
    expect(ids(await bench.outbox.take())).toEqual(['op-new']);
    expect(await bench.outbox.purgeOlderThan(at(365))).toBe(0);
    await expect(bench.outbox.purgeOlderThan('long ago')).rejects.toThrow(RangeError);
    expect(await bench.dataSource.query('SELECT op_id AS o FROM sync_discarded ORDER BY op_id')).toEqual([
      { o: 'op-edge' },
      { o: 'op-old' },
      { o: 'op-unsent' },
    ]);
  });

  test('I2 and I1: purging all keeps a request in flight and its body unchanged', async () => {
    await open();
    await bench.pull([serverRow('a', t1)]);
    const early = new Date(bench.clock.now() - 9 * day).toISOString();
    await bench.outbox.enqueue(
      edit('a', {
        opId: 'one',
        localTimestamp: early,
        baseUpdatedAt: t1,
        changedFields: ['title'],
        payload: { id: 'a', title: 'mine', priority: 1 },
      }),
    );
    const [request] = await bench.takeAll();
    await bench.outbox.enqueue(
      edit('a', {
        opId: 'two',
        localTimestamp: early,
        baseUpdatedAt: t1,
        changedFields: ['priority'],
        payload: { id: 'a', title: 'mine', priority: 5 },
      }),
    );
    await bench.pull([serverRow('a', t2, { priority: 2 })]);
    expect(await bench.outbox.purgeOlderThan(bench.clock.now(), { states: 'all' })).toBe(1);
    expect(ids(await bench.outbox.take())).toEqual(['one']);
    await bench.store.beginRun({ explicit: true, kinds: ['todos'], runId: 2 });
    expect((await bench.takeAll())[0]?.op).toEqual(request?.op);
    await bench.store.settle([answerOf(request, accepted('2026-01-01T00:00:03Z')(request!))]);
    expect(await bench.outbox.hasOperations()).toBe(false);
  });

  test('F-49: drops a stuck group as a whole, including its open request', async () => {
    await open();
    await bench.pull([serverRow('a', t1)]);
    for (const opId of ['one', 'two'])
      await bench.outbox.enqueue(
        edit('a', { opId, baseUpdatedAt: t1, changedFields: ['title'], payload: { id: 'a', title: opId } }),
      );
    await bench.takeAll();
    await bench.dataSource.query(`UPDATE sync_outbox SET payload = '{' WHERE op_id = 'one'`);
    await bench.store.beginRun({ explicit: true, kinds: ['todos'], runId: 2 });
    expect(await bench.takeAll()).toEqual([]);
    expect((await bench.queue.dropStuck()).filter((fact) => fact.type === 'op.discarded')).toMatchObject([
      { opId: 'one' },
      { opId: 'two' },
    ]);
    expect(await bench.outbox.hasOperations()).toBe(false);
    expect(await bench.row('a')).toMatchObject({ title: 'server a' });
  });

  test('OUT-20…OUT-24: counts and keeps tries, errors and times', async () => {
    await open({ maxOutboxTryCount: 3 });
    await fill('a', 'b');
    await bench.outbox.incrementTryCount(['op-a']);
    await bench.outbox.incrementTryCount(['op-a', 'none']);
    await bench.outbox.recordFailures({ 'op-b': 'boom' });
    await bench.outbox.recordFailures({ 'op-a': 'bang' }, 12_345);
    expect(await bench.outbox.getStuck({ minTryCount: 1 })).toMatchObject([
      { op: { opId: 'op-a' }, tryCount: 3, lastError: 'bang', lastTriedAt: 12_345 },
      { op: { opId: 'op-b' }, tryCount: 1, lastError: 'boom', lastTriedAt: bench.clock.now() },
    ]);
    expect(await bench.takeAll()).toHaveLength(1);
    await bench.outbox.resetTryCount(['op-a']);
    expect(await bench.outbox.getStuck({ minTryCount: 1 })).toMatchObject([{ op: { opId: 'op-b' } }]);
    expect(await bench.dataSource.query(`SELECT last_error AS e FROM sync_outbox WHERE op_id = 'op-a'`)).toEqual([
      { e: 'bang' },
    ]);
    expect((await bench.takeAll()).map(({ entityId }) => entityId)).toEqual(['a']);
  });

  test('F-116: limits the size of errors', async () => {
    await open();
    await fill('a');
    await bench.outbox.recordFailures({ 'op-a': 'x'.repeat(10_000) });
    expect((await bench.outbox.getStuck({ minTryCount: 1 }))[0]?.lastError).toHaveLength(500);
  });

  test('F-49 and F-114: lists and counts all stuck operations, by kinds and tries; rejects an invalid number by name', async () => {
    await open({ maxOutboxTryCount: 2 });
    const names = Array.from({ length: 130 }, (_, number) => `n${number}`);
    await fill(...names);
    for (let tries = 0; tries < 2; tries++) await bench.outbox.incrementTryCount(names.map((name) => `op-${name}`));
    expect(await bench.outbox.getStuck()).toHaveLength(130);
    expect(await bench.outbox.countStuck()).toBe(130);
    expect(await bench.outbox.countStuck({ kinds: ['users'] })).toBe(0);
    expect(await bench.outbox.countStuck({ minTryCount: 3 })).toBe(0);
    for (const minTryCount of [0, -1, 1.5, Number.NaN]) {
      await expect(bench.outbox.getStuck({ minTryCount })).rejects.toThrow(RangeError);
      await expect(bench.outbox.countStuck({ minTryCount })).rejects.toThrow(/minTryCount/);
    }
    expect(await bench.queue.retryStuck()).toBe(130);
    expect(await bench.outbox.countStuck({ minTryCount: 1 })).toBe(0);
    expect(await bench.takeAll()).toHaveLength(130);
  });

  test('OUT-26: wraps database failures in a DatabaseError with the cause', async () => {
    await open();
    await bench.dataSource.query(
      `CREATE TRIGGER broken BEFORE INSERT ON sync_outbox BEGIN SELECT RAISE(ABORT, 'disk'); END`,
    );
    const error: unknown = await bench.outbox.enqueue(edit('a')).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DatabaseError);
    expect(error).toMatchObject({
      message: expect.stringMatching(/^Database operation failed: .*disk/) as string,
      cause: expect.any(Error) as Error,
    });
  });

  test('OUT-31: reads an upsert without stored payload as an empty one', async () => {
    await open();
    await fill('a');
    await bench.dataSource.query('UPDATE sync_outbox SET payload = NULL');
    expect(await bench.outbox.take()).toMatchObject([{ type: 'upsert', payload: {} }]);
    expect(await bench.takeAll()).toHaveLength(1);
  });

  test('a conflict disappears with its acknowledged operation', async () => {
    await open();
    await bench.pull([serverRow('a', t1)]);
    await bench.outbox.enqueue(edit('a', { baseUpdatedAt: t1, changedFields: ['title'] }));
    await bench.store.settle([
      answerOf((await bench.takeAll())[0], {
        type: 'conflict',
        current: serverRow('a', t2),
        deleted: false,
        serverTimestamp: t2,
      }),
    ]);
    expect(await bench.store.conflicts()).toHaveLength(1);
    await bench.outbox.ack(['op-a']);
    expect(await bench.store.conflicts()).toEqual([]);
  });

  test('OUT-27 and F-11: emits the count at once and after each kind of change, only if it differs', async () => {
    await open({ maxOutboxTryCount: 1 });
    const seen = follow(bench.outbox.watchPendingCount());
    const seenAll = follow(bench.outbox.watchPendingCount({ includeStuck: true }));
    const after = async (work: Promise<unknown>, pending: number, all: number): Promise<void> => {
      await work;
      await Promise.all([seen.until((count) => count === pending), seenAll.until((count) => count === all)]);
    };
    await after(Promise.resolve(), 0, 0);
    await after(bench.outbox.enqueue(edit('a')), 1, 1);
    await after(bench.writer.insertAndEnqueue(todoOf('b')), 2, 2);
    await after(bench.outbox.ack(['op-a']), 1, 1);
    await after(bench.outbox.enqueue(edit('c')), 2, 2);
    await after(bench.drain(accepted(t1)), 0, 0);
    await after(bench.outbox.enqueue(edit('d')), 1, 1);
    await after(bench.outbox.recordFailures({ 'op-d': 'no' }), 0, 1);
    await after(bench.outbox.resetTryCount(['op-d']), 1, 1);
    await after(bench.outbox.incrementTryCount(['op-d']), 0, 1);
    await after(bench.queue.retryStuck(), 1, 1);
    await after(bench.outbox.recordFailures({ 'op-d': 'no' }), 0, 1);
    await after(bench.queue.dropStuck(), 0, 0);
    await after(bench.outbox.enqueue(edit('e', { localTimestamp: '2020-01-01T00:00:00Z' })), 1, 1);
    await after(bench.outbox.purgeOlderThan('2021-01-01', { states: 'all' }), 0, 0);
    await after(bench.outbox.enqueue(edit('f')), 1, 1);
    await after(bench.queue.clearScope('somebody'), 0, 0);
    for (const { values } of [seen, seenAll])
      expect(values.filter((count, index) => count === values[index - 1])).toEqual([]);
    for (const { stop } of [seen, seenAll]) stop();
    const { length } = seen.values;
    await bench.outbox.enqueue(edit('g'));
    await bench.outbox.hasOperations();
    expect(seen.values).toHaveLength(length);
  });

  test("F-11: notices the app's own writes to the outbox at commit, not before", async () => {
    await open();
    const seen = follow(bench.outbox.watchHasOperations());
    await seen.count(1);
    await bench.dataSource.transaction(async (manager) => {
      await manager.query(
        `INSERT INTO sync_outbox (op_id, kind, entity_id, op, ts, enqueued_at) VALUES ('x', 'todos', 'x', 'delete', '', 0)`,
      );
      expect(seen.values).toEqual([false]);
    });
    expect(await seen.count(2)).toEqual([false, true]);
    seen.stop();
  });

  test('OUT-28 and OUT-29: an empty kinds list emits a single 0; the boolean form emits only when emptiness changes', async () => {
    await open();
    const none: number[] = [];
    let completed = false;
    bench.outbox.watchPendingCount({ kinds: [] }).subscribe({
      next: (count) => none.push(count),
      complete: () => {
        completed = true;
      },
    });
    expect([none, completed]).toEqual([[0], true]);
    const has = follow(bench.outbox.watchHasOperations({ kinds: ['todos'] }));
    await has.count(1);
    await bench.outbox.enqueue(upsertOp({ kind: 'users', id: 'u', payload: {} }));
    await fill('a', 'b');
    await has.count(2);
    await bench.outbox.ack(['op-a']);
    await bench.outbox.ack(['op-b']);
    expect(await has.count(3)).toEqual([false, true, false]);
    has.stop();
  });

  test('reports a failing database to watchers', async () => {
    await open();
    await bench.dataSource.query('ALTER TABLE sync_outbox RENAME TO elsewhere');
    await expect(follow(bench.outbox.watchPendingCount()).count(1)).rejects.toMatchObject({
      name: 'DatabaseError',
      message: expect.stringContaining('sync_outbox') as string,
    });
  });
});

test('PROTOCOL §7: an acknowledged operation releases the rows that waited for it', async () => {
  const bench: ShopBench = await openShop('better-sqlite3');
  await bench.categories.insertAndEnqueue(categoryOf('c1'), { opId: 'parent' });
  await bench.items.insertAndEnqueue(itemOf('i1', 'c1'));
  expect((await bench.takeAll()).map(({ entityId }) => entityId)).toEqual(['c1']);
  await bench.outbox.ack(['parent']);
  expect((await bench.takeAll()).map(({ entityId }) => entityId)).toEqual(['i1']);
  await bench.close();
});

test.each(drivers)('OUT-30: queued operations survive a restart, on %s', async (driver) => {
  const folder = await mkdtemp(join(tmpdir(), 'synchart-outbox-'));
  const first = await openStore(driver, { dataSource: await openTodoDatabase(driver, join(folder, 'app.db')) });
  await first.writer.insertAndEnqueue(todoOf('a', { title: 'kept' }));
  await first.takeAll();
  await first.close();
  const second = await openStore(driver, {
    dataSource: await openTodoDatabase(driver, join(folder, 'app.db')),
    owner: 'engine-1',
  });
  expect(await second.takeAll()).toMatchObject([
    { entityId: 'a', op: { requestId: 'op1', payload: { title: 'kept' } } },
  ]);
  expect(await second.row('a')).toMatchObject({ title: 'kept' });
  await second.close();
  await rm(folder, { recursive: true, force: true });
});

test('SCH-05: without the sync tables, every call names the missing ones and the fix', async () => {
  const dataSource = await new DataSource({
    type: 'better-sqlite3',
    database: ':memory:',
    entities: [todoEntity],
    synchronize: true,
  }).initialize();
  const { outbox, cursors, queue, store } = createStore({
    dataSource,
    tables: [todos],
    config: resolveSyncConfig(),
    clock: createSimulatedClock(),
    owner: 'x',
  });
  for (const call of [
    () => outbox.take(),
    () => outbox.enqueue(edit('a')),
    () => outbox.ack(['a']),
    () => outbox.getStuck(),
    () => cursors.get('todos'),
    () => cursors.set('todos', { ts: t1, lastId: '' }),
  ]) {
    const error: unknown = await call().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DatabaseError);
    expect((error as Error).message).toMatch(/sync_outbox.*missing.*syncMigrations.*migrationsRun/s);
  }
  await expect(queue.list()).rejects.toThrow(/syncMigrations/);
  await expect(store.hydrate()).rejects.toThrow(/sync_outbox.*sync_state.*syncMigrations/s);
  await dataSource.destroy();
});
