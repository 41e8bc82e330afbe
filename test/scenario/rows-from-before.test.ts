import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { captureWrites } from '../../src/persistence/capture/capture-writes.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todos } from '../support/open-store.ts';
import { todoEntity } from '../support/todo.ts';

describe('pre-existing rows of which the server may have a newer version', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = await openEngine();
    await bench.dataSource.query(`INSERT INTO todos (id, title) VALUES ('x', 'as it was'), ('y', 'as it was')`);
  });
  afterEach(() => bench.close());
  const stored = () => bench.server.get('todos', 'x');
  const serverHas = (title: string) =>
    bench.server.seed('todos', { id: 'x', title, done: false, priority: null, tags: null });
  const editDone = {
    'a writer': async () => {
      const row = await bench.row('x');
      if (row === null) throw new Error('the row is not there');
      await bench.writer.replaceAndEnqueue({ ...row, done: true });
    },
    'captured writes': async () => {
      captureWrites(bench.dataSource, [todos]);
      await bench.dataSource.getRepository(todoEntity).update('x', { done: true });
    },
  };

  test.each(Object.entries(editDone))(
    "I1, F-134: an edit by %s, pushed before any pull, overwrites nobody's work",
    async (_, edit) => {
      serverHas('edited by a colleague');
      await edit();
      await bench.engine.sync();
      expect(stored()).toMatchObject({ title: 'edited by a colleague', done: true });
      expect(await bench.row('x')).toMatchObject({ title: 'edited by a colleague', done: true });
      expect(await bench.queued()).toEqual([]);
    },
  );

  test('F-134: sends the edit without a conflict if the server has what the user saw, or nothing', async () => {
    serverHas('as it was');
    await editDone['a writer']();
    const other = await bench.row('y');
    if (other === null) throw new Error('the row is not there');
    await bench.writer.replaceAndEnqueue({ ...other, done: true });
    await bench.engine.sync();
    expect(bench.server.getAll('todos')).toEqual([
      expect.objectContaining({ id: 'x', title: 'as it was', done: true }),
      expect.objectContaining({ id: 'y', title: 'as it was', done: true }),
    ]);
    expect(bench.types()).not.toContain('conflict.detected');
  });

  test.each([
    { title: 'as it was', stays: false },
    { title: 'edited by a colleague', stays: true },
  ])('F-134: a deletion deletes what the user saw, and nothing newer: $title', async ({ title, stays }) => {
    serverHas(title);
    await bench.writer.enqueueDelete('x');
    await bench.writer.enqueueDelete('y');
    await bench.engine.sync();
    expect(stored() !== undefined).toBe(stays);
    expect(await bench.queued()).toEqual([]);
    expect((await bench.row('x'))?.title).toBe(title);
    expect((await bench.row('x'))?.deletedAt === null).toBe(stays);
  });

  test('an edit that the app removed from the queue leaves nothing behind: the next edit uses the pulled row as base', async () => {
    serverHas('edited by a colleague');
    await editDone['a writer']();
    await bench.engine.outbox.ack(await bench.queued());
    await bench.engine.sync();
    await editDone['a writer']();
    await bench.engine.sync();
    expect(stored()).toMatchObject({ title: 'edited by a colleague', done: true });
    expect(bench.types()).not.toContain('conflict.detected');
  });

  test('I1: queued once by field names, all rows are sent and survive a requested full resync', async () => {
    for (const row of await bench.dataSource.getRepository(todoEntity).findBy({ updatedAt: '' }))
      await bench.writer.replaceAndEnqueue(row, { changedFields: ['title', 'done'] });
    await bench.engine.sync();
    await bench.engine.fullResync();
    expect(bench.server.getAll('todos').map(({ id }) => id)).toEqual(['x', 'y']);
    expect([await bench.row('x'), await bench.row('y')]).toMatchObject([
      { title: 'as it was' },
      { title: 'as it was' },
    ]);
  });

  test.each([true, false])(
    'I1: never-sent rows survive a requested full resync, clearData: %s; rows that the server no longer lists are removed',
    async (clearData) => {
      bench.server.seed('todos', { id: 'listed', title: 'stays', done: false, priority: null, tags: null });
      bench.server.seed('todos', { id: 'gone', title: 'goes', done: false, priority: null, tags: null });
      await bench.engine.sync();
      bench.server.remove('todos', 'gone');
      const before = await bench.row('x');
      await bench.engine.fullResync({ clearData });
      const rows = await bench.dataSource.getRepository(todoEntity).find({ order: { id: 'ASC' } });
      expect(rows.map(({ id }) => id)).toEqual(['listed', 'x', 'y']);
      expect(await bench.row('x')).toEqual(before);
      // And they can still be sent.
      await editDone['a writer']();
      await bench.engine.sync();
      expect(stored()).toMatchObject({ title: 'as it was', done: true });
    },
  );
});
