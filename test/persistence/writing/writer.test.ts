import { DataSource, EntitySchema } from 'typeorm';
import { afterEach, describe, expect, test } from 'vitest';
import { DatabaseError, ValidationError } from '../../../src/model/errors/errors.ts';
import { deleteOp, upsertOp } from '../../../src/model/operation.ts';
import { openDatabase } from '../../../src/persistence/database/open-database.ts';
import { syncColumns, type SyncedRow } from '../../../src/persistence/tables/sync-columns.ts';
import { syncTable } from '../../../src/persistence/tables/sync-table.ts';
import { createWriter } from '../../../src/persistence/writing/writer.ts';
import { createSimulatedClock } from '../../../src/testing/simulated-clock.ts';
import { answerOf, drivers, serverRow, todos } from '../../support/open-store.ts';
import { categoryOf, openShop, type Category, type ShopBench } from '../../support/shop.ts';
import { todoEntity, todoOf, type Todo } from '../../support/todo.ts';

const t1 = '2026-01-01T00:00:01.000001Z';
const t2 = '2026-01-01T00:00:02.000001Z';
const t3 = '2026-01-01T00:00:03.000001Z';
const now = '2026-01-01T00:00:00.000Z';

describe.each(drivers)('writing on %s', (driver) => {
  let bench: ShopBench;
  afterEach(() => bench.close());

  const queued = async (): Promise<unknown[]> => [...(await bench.outbox.take())];
  const load = async (id: string): Promise<Todo> => {
    const todo = await bench.row(id);
    if (!todo) throw new Error(`no todo ${id}`);
    return todo;
  };
  /** A rejected call has written nothing. */
  const expectNothing = async (
    attempt: () => Promise<unknown>,
    message: string | RegExp,
    type: new (...given: never[]) => Error = ValidationError,
  ): Promise<void> => {
    const dump = async (): Promise<unknown> => [
      await bench.dataSource.query('SELECT * FROM todos'),
      await bench.dataSource.query('SELECT * FROM categories'),
      await bench.dataSource.query('SELECT * FROM sync_outbox'),
      await bench.dataSource.query('SELECT * FROM sync_base'),
    ];
    const before = await dump();
    const error: unknown = await attempt().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(type);
    expect((error as Error).message).toMatch(message);
    expect(await dump()).toEqual(before);
  };

  test("WRT-01: an insert stores the row and queues its creation, with the table's kind, the whole payload and no base", async () => {
    bench = await openShop(driver);
    await bench.writer.insertAndEnqueue(
      todoOf('a', { done: true, tags: ['x'], updatedAt: 'client time', deletedAt: 'never', deletedAtLocal: 'never' }),
    );
    expect(await queued()).toEqual([
      {
        type: 'upsert',
        opId: 'op1',
        kind: 'todos',
        id: 'a',
        localTimestamp: now,
        creates: true,
        payload: { id: 'a', title: 'title of a', done: true, priority: null, tags: ['x'] },
      },
    ]);
    expect(await bench.row('a')).toEqual(
      todoOf('a', { done: true, tags: ['x'], updatedAt: '', deletedAt: null, deletedAtLocal: null }),
    );
  });

  test('WRT-09: opId and localTimestamp given with a write override factory and clock', async () => {
    bench = await openShop(driver);
    await bench.writer.insertAndEnqueue(todoOf('a'), {
      opId: 'mine',
      localTimestamp: new Date('2025-05-05T05:05:05.005Z'),
    });
    await bench.writer.enqueueDelete('a', { localTimestamp: '2025-05-06T00:00:00+02:00' });
    expect(await queued()).toMatchObject([
      { opId: 'mine', localTimestamp: '2025-05-05T05:05:05.005Z' },
      { opId: 'op1', localTimestamp: '2025-05-05T22:00:00.000Z' },
    ]);
    await expectNothing(
      () => bench.writer.insertAndEnqueue(todoOf('b'), { localTimestamp: 'yesterday' }),
      /localTimestamp.*yesterday/,
      TypeError,
    );
  });

  test('WRT-08: rejects an insert of an existing id and queues nothing', async () => {
    bench = await openShop(driver);
    await bench.pull([serverRow('a', t1)]);
    await expectNothing(() => bench.writer.insertAndEnqueue(todoOf('a')), /todos\/a.*exists.*replaceAndEnqueue/);
  });

  test("inserting over a locally deleted row restores it as an edit of the server's row", async () => {
    bench = await openShop(driver);
    await bench.pull([serverRow('a', t1, { priority: 9 })]);
    await bench.writer.enqueueDelete('a');
    await bench.writer.insertAndEnqueue(todoOf('a', { title: 'again' }));
    expect(await bench.row('a')).toMatchObject({ title: 'again', deletedAtLocal: null, updatedAt: t1 });
    const [request] = await bench.takeAll();
    expect(request).toMatchObject({
      opIds: ['op1', 'op2'],
      op: { type: 'upsert', creates: false, baseUpdatedAt: t1, payload: { title: 'again' } },
    });
  });

  test('inserting over a tombstone is an undelete: sent without a base, and not as a creation', async () => {
    bench = await openShop(driver);
    await bench.pull([serverRow('a', t1, { deletedAt: t1 })]);
    await bench.writer.insertAndEnqueue(todoOf('a', { title: 'again' }));
    expect(await bench.row('a')).toMatchObject({ title: 'again', deletedAt: null });
    expect((await bench.takeAll())[0]?.op).toMatchObject({ creates: false });
    expect((await bench.outbox.take())[0]).not.toHaveProperty('baseUpdatedAt');
  });

  test('a row created, deleted and inserted again before the first sync is one creation', async () => {
    bench = await openShop(driver);
    await bench.writer.insertAndEnqueue(todoOf('a', { title: 'one' }));
    await bench.writer.enqueueDelete('a');
    await bench.writer.insertAndEnqueue(todoOf('a', { title: 'two' }));
    expect(await bench.takeAll()).toMatchObject([
      { opIds: ['op1', 'op2', 'op3'], op: { creates: true, payload: { title: 'two' } } },
    ]);
  });

  test('WRT-02: a replacement contains its base and its changed fields', async () => {
    bench = await openShop(driver);
    await bench.pull([serverRow('a', t2)]);
    await bench.writer.replaceAndEnqueue(
      { ...(await load('a')), title: 'x' },
      { baseUpdatedAt: t1, changedFields: ['title'] },
    );
    expect(await queued()).toMatchObject([
      { baseUpdatedAt: t1, changedFields: ['title'], creates: false, payload: { title: 'x', done: false } },
    ]);
    expect(await bench.row('a')).toMatchObject({ title: 'x', updatedAt: t2 });
  });

  test('F-27: finds missing changed fields by comparing; an unchanged save queues nothing', async () => {
    bench = await openShop(driver);
    await bench.pull([serverRow('a', t1, { tags: ['x', { y: 1 } as never] })]);
    await bench.writer.replaceAndEnqueue(await load('a'));
    await bench.writer.replaceAndEnqueue({ ...(await load('a')), updatedAt: 'other', deletedAtLocal: 'other' });
    await bench.writer.replaceAndEnqueue(await load('a'), { changedFields: [] });
    expect(await queued()).toEqual([]);
    expect(await bench.row('a')).toMatchObject({ updatedAt: t1, deletedAtLocal: null });
    await bench.writer.replaceAndEnqueue({ ...(await load('a')), done: true, priority: 3 });
    expect(await queued()).toMatchObject([{ changedFields: ['done', 'priority'], baseUpdatedAt: t1 }]);
  });

  test('F-28: clearing a field is a change', async () => {
    bench = await openShop(driver);
    await bench.pull([serverRow('a', t1, { priority: 3 })]);
    await bench.writer.replaceAndEnqueue({ ...(await load('a')), priority: null });
    expect(await queued()).toMatchObject([{ changedFields: ['priority'], payload: { priority: null } }]);
  });

  test('F-104: rejects a replacement of a missing row and queues nothing', async () => {
    bench = await openShop(driver);
    await expectNothing(
      () => bench.writer.replaceAndEnqueue(todoOf('none')),
      /todos\/none.*the row to change does not exist/,
    );
    await expectNothing(
      () => bench.writer.replaceAndEnqueueDiff(todoOf('none'), todoOf('none', { title: 'x' })),
      /todos\/none.*the row to change does not exist/,
    );
    await expectNothing(() => bench.writer.restore('none'), /todos\/none.*the row to change does not exist/);
  });

  test('F-119: accepts changed fields by property or wire key, which must be columns', async () => {
    bench = await openShop(driver, { categories: { naming: 'snake_case', dependsOn: {} } });
    await bench.pullOf('categories', [{ id: 'c', name: 'x', parent_id: null, updated_at: t1 }]);
    await bench.categories.replaceAndEnqueue(categoryOf('c', { name: 'x', parentId: 'p' }), {
      changedFields: ['parentId', 'parent_id'],
    });
    expect(await queued()).toMatchObject([{ changedFields: ['parent_id'], payload: { parent_id: 'p' } }]);
    await expectNothing(
      () => bench.categories.replaceAndEnqueue(categoryOf('c'), { changedFields: ['colour'] }),
      /'colour' is not a synchronised column of categories; known are .*parentId/,
    );
    await expectNothing(
      () => bench.categories.replaceAndEnqueue(categoryOf('c'), { changedFields: ['draft'] }),
      /'draft' is not/,
    );
  });

  test('WRT-03: a difference queues exactly what differs, and returns whether anything did', async () => {
    bench = await openShop(driver);
    await bench.pull([serverRow('a', t1)]);
    const before = await load('a');
    expect(await bench.writer.replaceAndEnqueueDiff(before, { ...before })).toBe(false);
    expect(await bench.writer.replaceAndEnqueueDiff(before, { ...before, title: 'new', tags: ['x'] })).toBe(true);
    expect(await queued()).toMatchObject([{ changedFields: ['title', 'tags'], baseUpdatedAt: t1 }]);
    await expectNothing(() => bench.writer.replaceAndEnqueueDiff(before, { ...before, id: 'b' }), /one row.*a.*b/);
  });

  test("F-140: a form opened before a pull reverts nobody's edit, uses the version it showed as base, and conflicts visibly", async () => {
    bench = await openShop(driver);
    await bench.pull([serverRow('a', t1, { tags: ['a'] })]);
    const form = await load('a');
    await bench.pull([serverRow('a', t2, { title: 'theirs', priority: 9, tags: ['a', 'c'] })]);
    await bench.writer.replaceAndEnqueueDiff(form, { ...form, done: true, tags: ['a', 'b'] });
    expect(await bench.row('a')).toMatchObject({ title: 'theirs', priority: 9, done: true, updatedAt: t2 });
    const [request] = await bench.takeAll();
    expect(request?.op).toMatchObject({
      baseUpdatedAt: t1,
      payload: { title: 'theirs', priority: 9, done: true },
      changedFields: ['done', 'tags'],
    });
    // A three-way merge must compare with what the user saw; otherwise it treats the others' 'c' as removed.
    const report = await bench.store.settle([
      answerOf(request, {
        type: 'conflict',
        current: serverRow('a', t2, { title: 'theirs', priority: 9, tags: ['a', 'c'] }),
        deleted: false,
        serverTimestamp: t2,
      }),
    ]);
    expect((await bench.store.loadConflict(report.conflicts[0]!))?.conflict).toMatchObject({
      baseData: { tags: ['a'], updatedAt: t1 },
      localData: { tags: ['a', 'b'] },
      serverTimestamp: t2,
    });
  });

  test('F-140: keeps what a pull brought before a late form as the newest server row', async () => {
    bench = await openShop(driver);
    await bench.pull([serverRow('a', t1)]);
    const form = await load('a');
    await bench.pull([serverRow('a', t3, { priority: 3 })]);
    await bench.writer.replaceAndEnqueueDiff(form, { ...form, title: 'mine' });
    await bench.pull([serverRow('a', t2, { priority: 2 })]);
    expect(await bench.row('a')).toMatchObject({ title: 'mine', priority: 3, updatedAt: t3 });
  });

  test('every form of writing writes local-only columns, which alone queue nothing', async () => {
    bench = await openShop(driver);
    await bench.categories.insertAndEnqueue(categoryOf('c', { draft: 'one' }));
    const draft = async (): Promise<unknown> =>
      ((await bench.dataSource.query('SELECT draft FROM categories')) as { draft: string }[])[0]?.draft;
    expect(await draft()).toBe('one');
    const load = async (): Promise<Category> =>
      await bench.dataSource.getRepository(bench.category).findOneByOrFail({ id: 'c' });
    await bench.categories.replaceAndEnqueue({ ...(await load()), draft: 'two' });
    expect(await draft()).toBe('two');
    const before = await load();
    expect(await bench.categories.replaceAndEnqueueDiff(before, { ...before, draft: 'three' })).toBe(false);
    expect(await draft()).toBe('three');
    expect(
      await bench.categories.replaceAndEnqueueDiff(
        { ...before, draft: 'three' },
        { ...before, name: 'x', draft: 'four' },
      ),
    ).toBe(true);
    expect(await draft()).toBe('four');
    for (const op of await bench.outbox.take()) expect(op).not.toHaveProperty('payload.draft');
    expect(await queued()).toHaveLength(2);
  });

  test('an edit of a locally deleted row shows it again and reverts the delete', async () => {
    bench = await openShop(driver);
    await bench.pull([serverRow('a', t1)]);
    await bench.writer.enqueueDelete('a');
    await bench.writer.replaceAndEnqueue({ ...(await load('a')), title: 'kept' });
    expect(await bench.row('a')).toMatchObject({ title: 'kept', deletedAtLocal: null });
    expect(await bench.takeAll()).toMatchObject([
      { op: { type: 'upsert', baseUpdatedAt: t1, payload: { title: 'kept' } } },
    ]);
  });

  test('F-37: a delete hides the row at once and sends the version the user saw', async () => {
    bench = await openShop(driver);
    await bench.pull([serverRow('a', t1)]);
    await bench.writer.enqueueDelete('a');
    expect(await bench.row('a')).toMatchObject({ deletedAtLocal: now, deletedAt: null, updatedAt: t1 });
    expect(await queued()).toEqual([
      { type: 'delete', opId: 'op1', kind: 'todos', id: 'a', localTimestamp: now, creates: false, baseUpdatedAt: t1 },
    ]);
  });

  test('restore reverts a delete with everything the row had, including earlier edits', async () => {
    bench = await openShop(driver);
    await bench.pull([serverRow('a', t1)]);
    await bench.writer.replaceAndEnqueue({ ...(await load('a')), title: 'mine' });
    await bench.writer.enqueueDelete('a');
    await bench.writer.restore('a');
    expect(await bench.row('a')).toMatchObject({ title: 'mine', deletedAtLocal: null });
    expect(await bench.takeAll()).toMatchObject([
      { op: { type: 'upsert', baseUpdatedAt: t1, payload: { title: 'mine' } } },
    ]);
  });

  test('a restore behind a delete in flight also restores the row on the server', async () => {
    bench = await openShop(driver);
    await bench.pull([serverRow('a', t1, { priority: 4 })]);
    await bench.writer.enqueueDelete('a');
    const [gone] = await bench.takeAll();
    await bench.writer.restore('a');
    await bench.store.settle([answerOf(gone, { type: 'applied' })]);
    const [back] = await bench.takeAll();
    expect(back?.op).toMatchObject({ type: 'upsert', payload: { id: 'a', title: 'server a', priority: 4 } });
    expect(back?.op.baseUpdatedAt).toBeUndefined();
    expect(await bench.row('a')).toMatchObject({ title: 'server a', deletedAtLocal: null });
  });

  test("WRT-06: the app's own write and a delete are one transaction", async () => {
    bench = await openShop(driver);
    await bench.pull([serverRow('a', t1), serverRow('b', t1)]);
    expect(
      await bench.writer.writeAndEnqueueDelete(async (manager) => {
        await manager.update(todoEntity, { id: 'b' }, { priority: 1 });
        return 'done';
      }, 'a'),
    ).toBe('done');
    expect(await bench.row('b')).toMatchObject({ priority: 1 });
    expect(await queued()).toMatchObject([{ type: 'delete', id: 'a', baseUpdatedAt: t1 }]);
    await expectNothing(
      () =>
        bench.writer.writeAndEnqueueDelete(async (manager) => {
          await manager.delete(todoEntity, { id: 'b' });
          throw new RangeError('no');
        }, 'b'),
      'no',
      RangeError,
    );
  });

  test('WRT-07 and I7: if the write or the queueing fails, neither is stored', async () => {
    bench = await openShop(driver);
    await bench.pull([serverRow('a', t1)]);
    const write = async (manager: import('typeorm').EntityManager): Promise<void> =>
      void (await manager.update(todoEntity, { id: 'a' }, { title: 'mine' }));
    await expectNothing(
      () => bench.writer.writeAndEnqueueOp(write, upsertOp({ kind: 'todos', id: '..', payload: {} })),
      /cannot be part of a URL/,
    );
    await expectNothing(
      () => bench.writer.writeAndEnqueueOp(write, upsertOp({ kind: 'categories', id: 'a', payload: {} })),
      /'categories'.*'todos'/,
    );
    await bench.dataSource.query(
      `CREATE TRIGGER broken BEFORE INSERT ON sync_outbox BEGIN SELECT RAISE(ABORT, 'disk'); END`,
    );
    for (const attempt of [
      () =>
        bench.writer.writeAndEnqueueOp(
          write,
          upsertOp({ kind: 'todos', id: 'a', payload: { id: 'a', title: 'mine' } }),
        ),
      () => bench.writer.insertAndEnqueue(todoOf('b')),
      () => bench.writer.replaceAndEnqueue(todoOf('a', { title: 'mine' })),
      () => bench.writer.enqueueDelete('a'),
    ])
      await expectNothing(attempt, /Database operation failed/, DatabaseError);
    await bench.dataSource.query('DROP TRIGGER broken');
    await bench.writer.writeAndEnqueueOp(
      write,
      upsertOp({
        kind: 'todos',
        id: 'a',
        payload: { id: 'a', title: 'mine' },
        baseUpdatedAt: t1,
        changedFields: ['title'],
      }),
    );
    expect(await bench.row('a')).toMatchObject({ title: 'mine' });
    expect(await queued()).toHaveLength(1);
  });

  test('I7: a write that the table refuses queues nothing', async () => {
    bench = await openShop(driver);
    await bench.categories.insertAndEnqueue(categoryOf('a', { slug: 'taken' }));
    await expectNothing(
      () => bench.categories.insertAndEnqueue(categoryOf('b', { slug: 'taken' })),
      /Database operation failed/,
      DatabaseError,
    );
    await bench.categories.insertAndEnqueue(categoryOf('b'));
    await expectNothing(
      () => bench.categories.replaceAndEnqueue(categoryOf('b', { slug: 'taken' })),
      /Database operation failed/,
      DatabaseError,
    );
  });

  test('F-130: concurrent writes each have their own transaction', async () => {
    bench = await openShop(driver);
    const results = await Promise.allSettled(
      Array.from({ length: 40 }, (_, number) =>
        number % 4 === 3
          ? bench.writer.writeAndEnqueueOp(
              async (manager) => {
                await manager.insert(todoEntity, todoOf(`x${number}`));
                throw new Error('no');
              },
              deleteOp({ kind: 'todos', id: `x${number}` }),
            )
          : bench.writer.insertAndEnqueue(todoOf(`a${number}`)),
      ),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(30);
    expect(
      await bench.dataSource.query(
        'SELECT (SELECT count(*) FROM todos) AS rows, (SELECT count(*) FROM sync_outbox) AS ops',
      ),
    ).toEqual([{ rows: 30, ops: 30 }]);
  });

  test.each<[string, Partial<Record<keyof Todo, unknown>>, RegExp]>([
    ['a number for a text', { title: 5 }, /todos\/a: field 'title' must be a string, got number 5/],
    ['a text for a number', { priority: 'high' }, /todos\/a: field 'priority' must be a number, got string "high"/],
    ['no number', { priority: Number.NaN }, /todos\/a: field 'priority' must be a number, got number NaN/],
    ['a text for a boolean', { done: 'yes' }, /todos\/a: field 'done' must be a boolean, got string "yes"/],
    ['null where it must not be', { title: null }, /todos\/a: field 'title' must not be null/],
    ['an empty id', { id: '' }, /todos.*no id; set one before writing/],
    ['no id', { id: undefined }, /todos.*no id; set one before writing/],
    ['..', { id: '..' }, /id '\.\.' cannot be part of a URL/],
    ['.', { id: '.' }, /id '\.' cannot be part of a URL/],
    ['an id of 10,241 characters', { id: 'x'.repeat(10_241) }, /10241 characters/],
  ])('an invalid entity error names row and field: %s', async (_, changes, message) => {
    bench = await openShop(driver);
    await expectNothing(() => bench.writer.insertAndEnqueue({ ...todoOf('a'), ...changes } as Todo), message);
    if (changes.id !== undefined || !('title' in changes)) return;
    await bench.pull([serverRow('a', t1)]);
    await expectNothing(() => bench.writer.replaceAndEnqueue({ ...todoOf('a'), ...changes } as Todo), message);
    await expectNothing(
      () => bench.writer.replaceAndEnqueueDiff(todoOf('a'), { ...todoOf('a'), ...changes } as Todo),
      message,
    );
  });

  test('names a missing NOT NULL column', async () => {
    bench = await openShop(driver);
    const { title: _title, ...untitled } = todoOf('a');
    await expectNothing(() => bench.writer.insertAndEnqueue(untitled as Todo), /title/, Error);
  });

  test('rejects invalid ids of deletes and restores', async () => {
    bench = await openShop(driver);
    await expectNothing(() => bench.writer.enqueueDelete(''), /non-empty string/);
    await expectNothing(() => bench.writer.enqueueDelete('..'), /cannot be part of a URL/);
    await bench.writer.enqueueDelete(7);
    expect(await queued()).toMatchObject([{ id: '7' }]);
  });

  test('rejects writes to a pullOnly table', async () => {
    bench = await openShop(driver);
    await bench.pull([serverRow('a', t1)]);
    const writer = createWriter(bench.dataSource).forTable(syncTable(todoEntity, { pullOnly: true }));
    await expectNothing(() => writer.insertAndEnqueue(todoOf('b')), /pullOnly/);
    await expectNothing(() => writer.enqueueDelete('a'), /pullOnly/);
    await expectNothing(
      () => writer.writeAndEnqueueOp(async () => undefined, deleteOp({ kind: 'todos', id: 'a' })),
      /pullOnly/,
    );
  });
});

test('WRT-11 and SCH-05: on a DataSource without the sync tables, a write names the missing ones and the fix', async () => {
  const dataSource = await new DataSource({
    type: 'better-sqlite3',
    database: ':memory:',
    entities: [todoEntity],
    synchronize: true,
  }).initialize();
  const write = createWriter(dataSource, { clock: createSimulatedClock() })
    .forTable(todos)
    .insertAndEnqueue(todoOf('a'));
  await expect(write).rejects.toBeInstanceOf(DatabaseError);
  await expect(write).rejects.toThrow(/sync_outbox.*missing.*syncMigrations/s);
  expect(await dataSource.query('SELECT * FROM todos')).toEqual([]);
  await dataSource.destroy();
});

interface Note extends SyncedRow {
  id: string;
  text: string;
}

test('requests generated UUIDs by name, and ids of classes and schemas alike', async () => {
  const note = new EntitySchema<Note>({
    name: 'notes',
    columns: { id: { type: 'text', primary: true, generated: 'uuid' }, text: { type: 'text' }, ...syncColumns },
  });
  const dataSource = await openDatabase({
    database: ':memory:',
    driver: 'better-sqlite3',
    entities: [note as EntitySchema],
    synchronize: true,
  });
  const writer = createWriter(dataSource).forTable(syncTable(note));
  await expect(
    writer.insertAndEnqueue({ text: 'x', updatedAt: '', deletedAt: null, deletedAtLocal: null } as Note),
  ).rejects.toThrow(/no id.*randomUUID/);
  await writer.insertAndEnqueue({ id: 'n1', text: 'x', updatedAt: '', deletedAt: null, deletedAtLocal: null });
  await dataSource.destroy();
});
