import { Not, IsNull, type EntityManager, type Repository } from 'typeorm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ValidationError } from '../../../src/model/errors/errors.ts';
import { withoutCapture } from '../../../src/persistence/capture/capture-writes.ts';
import { accepted, serverRow } from '../../support/open-store.ts';
import { todoEntity, todoOf, type Todo } from '../../support/todo.ts';
import { openCapture, sqliteDrivers, type CaptureBench } from './open-capture.ts';

const v1 = '2026-01-01T00:00:00.000Z';
const v2 = '2026-01-02T00:00:00.000Z';

describe.each(sqliteDrivers)('captured writes on %s', (driver) => {
  let bench: CaptureBench;
  let repository: Repository<Todo>;
  beforeEach(async () => {
    bench = await openCapture(driver);
    repository = bench.repository;
    await bench.seed(serverRow('a', v1), serverRow('b', v1, { tags: ['x'], priority: 1 }), serverRow('c', v1));
  });
  afterEach(() => bench.close());
  const create = (id: string) => ({ type: 'upsert', id, creates: true });
  const edit = (id: string, ...changed: readonly string[]) => ({ type: 'upsert', id, base: v1, changed });
  const deletion = (id: string) => ({ type: 'delete', id, base: v1 });
  const a = (): Promise<Todo> => repository.findOneByOrFail({ id: 'a' });

  test("I4: does not capture the engine's writes", async () => {
    expect(await bench.queued()).toEqual([]);
    await bench.writer.insertAndEnqueue(todoOf('w'));
    await bench.writer.enqueueDelete('a');
    expect((await bench.queued()).length).toBe(2);
    await bench.drain(accepted(v2));
    await bench.seed(serverRow('b', v2), serverRow('a', v2, { deletedAt: v2 }));
    expect(await bench.queued()).toEqual([]);
  });

  test('F-141: save, insert, update and delete queue one operation each, with the changes', async () => {
    await repository.save(todoOf('n', { tags: ['t'] }));
    await repository.insert([todoOf('m'), todoOf('l')]);
    await repository.update('a', { title: 'new', done: false });
    await repository.update({ id: Not('l') }, { priority: 1 });
    expect(await repository.delete('b')).toMatchObject({ affected: 1 });
    expect(await bench.queued()).toEqual([
      create('n'),
      create('m'),
      create('l'),
      edit('a', 'title'),
      edit('a', 'priority'),
      edit('c', 'priority'),
      { type: 'upsert', id: 'n', changed: ['priority'] },
      { type: 'upsert', id: 'm', changed: ['priority'] },
      deletion('b'),
    ]);
    const [first] = await bench.outbox.take({ limit: 1 });
    expect(first).toMatchObject({
      payload: { id: 'n', title: 'title of n', done: false, priority: null, tags: ['t'] },
    });
    expect(first).not.toHaveProperty('payload.updatedAt');
  });

  test('F-27: queues nothing for an unchanged save or one reverted in its transaction', async () => {
    await repository.save(await a());
    await repository.save({ id: 'a', title: 'server a' });
    await repository.update('a', { done: false });
    await bench.dataSource.transaction(async (manager) => {
      await manager.update(todoEntity, 'a', { title: 'x' });
      await manager.update(todoEntity, 'a', { title: 'server a' });
    });
    expect(await bench.queued()).toEqual([]);
  });

  test('I4: queries hide a removed row, which stays until the server has it', async () => {
    await repository.remove(await a());
    await repository.softDelete('b');
    await repository.softRemove(await repository.findOneByOrFail({ id: 'c' }));
    expect(await bench.queued()).toEqual([deletion('a'), deletion('b'), deletion('c')]);
    expect(await repository.find()).toEqual([]);
    expect(await repository.count()).toBe(0);
    expect(await repository.existsBy({ id: 'a' })).toBe(false);
    const now = new Date(bench.clock.now()).toISOString();
    expect((await bench.rows()).map(({ id, deletedAtLocal }) => [id, deletedAtLocal])).toEqual([
      ['a', now],
      ['b', now],
      ['c', now],
    ]);
    expect(await repository.delete('a')).toMatchObject({ affected: 0 });
    await bench.drain(accepted(v2));
    await bench.seed(serverRow('a', v2, { deletedAt: v2 }));
    expect(await repository.find()).toEqual([]);
    expect((await bench.queued()).length).toBe(0);
  });

  test('WRT-08: restore, recover and an insert over a deleted row bring it back', async () => {
    await repository.delete(['a', 'b']);
    await repository.restore('a');
    const b = await repository.findOneOrFail({ where: { id: 'b' }, withDeleted: true });
    await repository.recover(b);
    await repository.delete('c');
    await repository.save(todoOf('c', { title: 'again' }));
    expect(await bench.queued()).toEqual([
      deletion('a'),
      deletion('b'),
      edit('a'),
      edit('b'),
      deletion('c'),
      edit('c', 'title'),
    ]);
    expect((await repository.find({ order: { id: 'ASC' } })).map(({ title }) => title)).toEqual([
      'server a',
      'server b',
      'again',
    ]);
  });

  test('WRT-08: an insert over deleted rows restores them; over a visible row it still fails', async () => {
    await repository.delete(['a', 'b']);
    await expect(repository.insert([todoOf('a', { title: 'new' }), todoOf('c')])).rejects.toThrow('UNIQUE');
    expect((await repository.find()).map(({ id }) => id)).toEqual(['c']);
    await bench.dataSource.transaction(async (manager) => {
      await manager.insert(todoEntity, [todoOf('a', { title: 'new' }), todoOf('n')]);
      await manager.query(`INSERT INTO todos (id, title) VALUES ('b', 'sql')`);
      await expect(manager.insert(todoEntity, todoOf('c'))).rejects.toThrow('UNIQUE');
    });
    expect((await bench.queued()).slice(2)).toEqual([edit('a', 'title'), create('n'), edit('b', 'title')]);
    expect(
      (await repository.find({ order: { id: 'ASC' } })).map(({ id, title, updatedAt }) => [id, title, updatedAt]),
    ).toEqual([
      ['a', 'new', v1],
      ['b', 'sql', v1],
      ['c', 'server c', v1],
      ['n', 'title of n', ''],
    ]);
  });

  test('increments become deltas after earlier changes', async () => {
    await bench.dataSource.transaction(async (manager) => {
      await manager.update(todoEntity, 'b', { priority: 5 });
      await manager.increment(todoEntity, { id: 'b' }, 'priority', 2);
      await manager.decrement(todoEntity, { id: 'b' }, 'priority', 3);
      await manager.update(todoEntity, 'b', { title: 'x' });
    });
    await repository.increment({ id: 'a' }, 'priority', 2);
    expect(await bench.queued()).toEqual([
      edit('b', 'priority'),
      { ...edit('b'), deltas: [{ type: 'increment', field: 'priority', by: 2 }] },
      { ...edit('b'), deltas: [{ type: 'increment', field: 'priority', by: -3 }] },
      edit('b', 'title'),
    ]);
    expect((await bench.row('b'))?.priority).toBe(4);
  });

  test('upsert and clear', async () => {
    await repository.upsert([{ id: 'a', title: 'up' }, todoOf('n')], ['id']);
    await repository.clear();
    expect(await bench.queued()).toEqual([
      edit('a', 'title'),
      create('n'),
      deletion('a'),
      deletion('b'),
      deletion('c'),
      { type: 'delete', id: 'n' },
    ]);
    expect(await repository.count()).toBe(0);
  });

  test('also captures query builders and SQL', async () => {
    await repository
      .createQueryBuilder()
      .update()
      .set({ title: () => "title || '!'" })
      .where('id IN (:...ids)', { ids: ['a', 'b'] })
      .execute();
    await bench.dataSource.createQueryBuilder().delete().from(todoEntity).where('id = :id', { id: 'a' }).execute();
    await bench.dataSource.query(`INSERT INTO todos (id, title) VALUES ('raw', 'r')`);
    await bench.dataSource.query(`WITH x AS (SELECT 'c' AS id) DELETE FROM todos WHERE id IN (SELECT id FROM x)`);
    await bench.dataSource.query(`INSERT OR REPLACE INTO todos (id, title) VALUES ('b', 'replaced')`);
    expect(await bench.queued()).toEqual([
      edit('a', 'title'),
      edit('b', 'title'),
      deletion('a'),
      create('raw'),
      deletion('c'),
      edit('b', 'priority', 'tags', 'title'),
    ]);
    expect((await bench.row('b'))?.updatedAt).toBe(v1);
  });

  test('captures the deletion of a row that REPLACE removes, even if only a migration knows the unique index', async () => {
    await bench.dataSource.query('CREATE UNIQUE INDEX one_title ON todos (title)');
    await bench.dataSource.query(`INSERT OR REPLACE INTO todos (id, title) VALUES ('n', 'server a')`);
    expect(await bench.queued()).toEqual([create('n'), deletion('a')]);
  });

  test('an id change is a deletion and a creation', async () => {
    await bench.dataSource.query(`UPDATE todos SET id = 'z' WHERE id = 'a'`);
    expect(await bench.queued()).toEqual([create('z'), deletion('a')]);
    expect((await bench.row('z'))?.updatedAt).toBe('');
  });

  test('I7: local writes do not change what belongs to the server', async () => {
    await repository.save(todoOf('n', { updatedAt: v2, deletedAt: null }));
    await repository.update('a', { updatedAt: 'now', title: 'x' });
    await repository.update('b', { updatedAt: '' });
    const c = await repository.findOneByOrFail({ id: 'c' });
    await repository.save(Object.assign(c, { updatedAt: 'mine', done: true }));
    await repository.update('c', { deletedAt: v2 });
    expect((await bench.rows()).map(({ id, updatedAt, deletedAt }) => [id, updatedAt, deletedAt])).toEqual([
      ['a', v1, null],
      ['b', v1, null],
      ['c', v1, null],
      ['n', '', null],
    ]);
    expect(await bench.queued()).toEqual([create('n'), edit('a', 'title'), edit('c', 'done'), deletion('c')]);
  });

  describe('transactions', () => {
    test('I7: a rollback also rolls back operations; a nested one only its own', async () => {
      await expect(
        bench.dataSource.transaction(async (manager) => {
          await manager.save(todoEntity, todoOf('n'));
          throw new Error('no');
        }),
      ).rejects.toThrow('no');
      await bench.dataSource.transaction(async (manager) => {
        await manager.update(todoEntity, 'a', { title: 'kept' });
        await manager
          .transaction(async (inner) => {
            await inner.increment(todoEntity, { id: 'b' }, 'priority', 1);
            await inner.update(todoEntity, 'a', { done: true });
            await inner.insert(todoEntity, todoOf('n'));
            throw new Error('inner');
          })
          .catch(() => undefined);
        await manager.transaction((inner) => inner.update(todoEntity, 'c', { title: 'kept' }));
      });
      expect(await bench.queued()).toEqual([edit('a', 'title'), edit('c', 'title')]);
      expect(await bench.row('n')).toBeNull();
    });

    test('F-131: code that forgets the manager inside its transaction joins it', async () => {
      await expect(
        bench.dataSource.transaction(async () => {
          await repository.save(todoOf('n'));
          await repository.update('a', { title: 'x' });
          throw new Error('no');
        }),
      ).rejects.toThrow('no');
      expect(await bench.queued()).toEqual([]);
      await bench.dataSource.transaction(() => repository.update('a', { title: 'x' }));
      expect(await bench.queued()).toEqual([edit('a', 'title')]);
    });

    test("supports an app's query runner with its own BEGIN and COMMIT, and one released without an end", async () => {
      const runner = bench.dataSource.createQueryRunner();
      await runner.query('BEGIN');
      await runner.manager.update(todoEntity, 'a', { title: 'x' });
      await runner.query('COMMIT');
      await runner.startTransaction();
      await runner.manager.update(todoEntity, 'b', { title: 'x' });
      await runner.release();
      await repository.update('c', { title: 'x' });
      expect(await bench.queued()).toEqual([edit('a', 'title'), edit('c', 'title')]);
    });

    test('F-130: comments before and after a keyword do not hide it', async () => {
      const runner = bench.dataSource.createQueryRunner();
      await runner.query(`/* traceparent='00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' */ BEGIN`);
      const beside = bench.gate.detached(() => repository.update('b', { title: 'y' }));
      await runner.query(`-- the form\n UPDATE todos SET title = 'x' WHERE id = 'a'`);
      await runner.query('/* page 7 */ SAVEPOINT one');
      await runner.query(`UPDATE todos SET title = 'x' WHERE id = 'c'`);
      await runner.query(`/* to the start */ ROLLBACK TO SAVEPOINT one`);
      await runner.query(`COMMIT /* traceparent='00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' */`);
      await beside;
      await runner.query('-- again\n/* and again */ BEGIN');
      await runner.query(`UPDATE todos SET title = 'z' WHERE id = 'c'`);
      await runner.query('/**/ROLLBACK');
      await runner.release();
      expect(await bench.queued()).toEqual([edit('a', 'title'), edit('b', 'title')]);
    });

    test('WRT-08: RETURNING returns the rows that were written or deleted', async () => {
      const returned = (sql: string, parameters: unknown[] = []): Promise<{ id: string; title?: string }[]> =>
        bench.dataSource.query<{ id: string; title?: string }[]>(sql, parameters);
      expect(await returned(`DELETE FROM todos WHERE id = ? RETURNING id, title`, ['a'])).toEqual([
        { id: 'a', title: 'server a' },
      ]);
      expect(await returned(`DELETE FROM todos WHERE id = ? RETURNING id`, ['a'])).toEqual([]);
      expect(await returned(`UPDATE todos SET title = 'x' WHERE id = 'b' RETURNING id, title`)).toEqual([
        { id: 'b', title: 'x' },
      ]);
      expect(await returned(`INSERT INTO todos (id, title) VALUES ('n', 'new') RETURNING id`)).toEqual([{ id: 'n' }]);
      expect(
        await returned(`DELETE FROM "todos" WHERE title IN ('returning', (SELECT 'server c')) RETURNING id || ?`, [
          '!',
        ]),
      ).toEqual([{ 'id || ?': 'c!' }]);
      expect(await bench.queued()).toEqual([deletion('a'), edit('b', 'title'), create('n'), deletion('c')]);

      for (const sql of [
        `DELETE FROM todos WHERE id = ?1 RETURNING id`,
        `WITH gone AS (SELECT 'b' AS id) DELETE FROM todos WHERE id IN (SELECT id FROM gone) RETURNING id`,
      ])
        await expect(returned(sql, ['b'])).rejects.toThrow(ValidationError);
      expect(await returned(`REPLACE INTO todos (id, title) VALUES ('b', 'delete from') RETURNING id`)).toEqual([
        { id: 'b' },
      ]);
      expect((await repository.find()).map(({ id }) => id).sort()).toEqual(['b', 'n']);
    });

    test('I7: concurrent writes, with and without a transaction, each have their operation', async () => {
      const runner = bench.dataSource.createQueryRunner();
      await Promise.all([
        ...Array.from({ length: 10 }, (_, index) => runner.manager.insert(todoEntity, todoOf(`r${index}`))),
        ...Array.from({ length: 10 }, (_, index) => repository.save(todoOf(`s${index}`))),
        bench.dataSource.transaction((manager) =>
          Promise.all(Array.from({ length: 10 }, (_, index) => manager.insert(todoEntity, todoOf(`t${index}`)))),
        ),
      ]);
      await runner.release();
      expect((await bench.queued()).length).toBe(30);
    });

    test('F-141: a write that breaks a database constraint writes and queues nothing', async () => {
      await expect(repository.insert([todoOf('n'), todoOf('a')])).rejects.toThrow('UNIQUE');
      await expect(repository.update('a', { title: null as unknown as string })).rejects.toThrow('NOT NULL');
      await expect(repository.save([todoOf('n'), todoOf('m', { title: null as unknown as string })])).rejects.toThrow(
        'NOT NULL',
      );
      expect(await bench.queued()).toEqual([]);
      expect((await bench.rows()).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
      await repository.save(todoOf('n'));
      expect(await bench.queued()).toEqual([create('n')]);
    });
  });

  describe('F-140: loaded entities', () => {
    const pullMeanwhile = () => bench.seed(serverRow('a', v2, { title: 'theirs', priority: 9 }));

    test("a form opened before a pull changes only the user's edits", async () => {
      const form = await a();
      await pullMeanwhile();
      form.done = true;
      await repository.save(form);
      expect(await bench.queued()).toEqual([edit('a', 'done')]);
      expect(await bench.row('a')).toMatchObject({ title: 'theirs', priority: 9, done: true, updatedAt: v2 });
      expect(form).toMatchObject({ title: 'theirs', priority: 9, updatedAt: v2 });
    });

    test.each<[string, (manager: EntityManager) => Promise<Todo>]>([
      ['findOneBy', (manager) => manager.findOneByOrFail(todoEntity, { id: 'a' })],
      ['find', async (manager) => (await manager.find(todoEntity, { where: { id: 'a' } }))[0] as Todo],
      [
        'getOne',
        (manager) => manager.createQueryBuilder(todoEntity, 't').where('t.id = :id', { id: 'a' }).getOneOrFail(),
      ],
      [
        'getMany',
        async (manager) => (await manager.createQueryBuilder(todoEntity, 't').orderBy('t.id').getMany())[0] as Todo,
      ],
      [
        'findAndCount',
        async (manager) =>
          (
            await manager.findAndCount(todoEntity, { where: { deletedAt: IsNull() }, order: { id: 'ASC' } })
          )[0][0] as Todo,
      ],
      ['preload', async (manager) => (await manager.preload(todoEntity, { id: 'a' })) as Todo],
    ])('a form read with %s does the same', async (_, read) => {
      const form = await read(bench.dataSource.manager);
      await pullMeanwhile();
      form.done = true;
      await repository.save(form);
      expect(await bench.queued()).toEqual([edit('a', 'done')]);
      expect(await bench.row('a')).toMatchObject({ title: 'theirs', done: true });
    });

    test('a field that the user changed is sent with the base that the user saw', async () => {
      const form = await a();
      await pullMeanwhile();
      form.title = 'mine';
      await repository.save(form);
      expect(await bench.queued()).toEqual([edit('a', 'title')]);
      expect(await bench.row('a')).toMatchObject({ title: 'mine', priority: 9, updatedAt: v2 });
      form.priority = 3;
      await repository.save(form);
      expect((await bench.queued())[1]).toEqual({ type: 'upsert', id: 'a', base: v2, changed: ['priority'] });
    });

    test('repeats a rolled-back save completely', async () => {
      const form = await a();
      form.title = 'mine';
      await expect(
        bench.dataSource.transaction(async (manager) => {
          await manager.save(todoEntity, form);
          throw new Error('no');
        }),
      ).rejects.toThrow('no');
      await bench.dataSource.transaction(async (manager) => {
        await expect(
          manager.transaction(async (inner) => {
            await inner.save(todoEntity, form);
            throw new Error('inner');
          }),
        ).rejects.toThrow('inner');
      });
      await pullMeanwhile();
      await repository.save(form);
      expect(await bench.queued()).toEqual([edit('a', 'title')]);
      expect(await bench.row('a')).toMatchObject({ title: 'mine', priority: 9 });
    });

    test('an entity saved here, answered by the server, and saved again', async () => {
      const form = todoOf('n');
      await repository.save(form);
      await bench.drain(accepted(v1));
      await bench.seed(serverRow('n', v2, { title: 'theirs' }));
      form.done = true;
      await repository.save(form);
      expect(await bench.row('n')).toMatchObject({ title: 'theirs', done: true, updatedAt: v2 });
      expect(await bench.queued()).toEqual([{ type: 'upsert', id: 'n', base: v2, changed: ['done'] }]);
    });

    test('detects a list changed in place', async () => {
      const form = await repository.findOneByOrFail({ id: 'b' });
      await bench.seed(serverRow('b', v2, { tags: ['x'], title: 'theirs' }));
      form.tags?.push('y');
      await repository.save(form);
      expect(await bench.queued()).toEqual([edit('b', 'tags')]);
      expect(await bench.row('b')).toMatchObject({ title: 'theirs', tags: ['x', 'y'] });
    });

    test('removes an entity with the version that the user saw', async () => {
      const form = await a();
      await pullMeanwhile();
      await repository.remove(form);
      expect(await bench.queued()).toEqual([deletion('a')]);
    });

    test('keeps an edit of a row that the server deleted meanwhile, for the conflict decision', async () => {
      const form = await a();
      await bench.seed(serverRow('a', v2, { deletedAt: v2 }));
      form.done = true;
      await repository.save(form);
      expect(await bench.queued()).toEqual([edit('a', 'done')]);
      expect(await repository.findOneBy({ id: 'a' })).toMatchObject({ done: true, deletedAt: null });
    });

    test('compares an object without a history with the stored row', async () => {
      await pullMeanwhile();
      await repository.save({ id: 'a', title: 'mine', priority: 9 });
      expect(await bench.queued()).toEqual([{ type: 'upsert', id: 'a', base: v2, changed: ['title'] }]);
    });

    test("save with { listeners: false } also changes only the user's edits", async () => {
      const form = await a();
      await pullMeanwhile();
      form.done = true;
      await repository.save(form, { listeners: false });
      expect(await bench.queued()).toEqual([edit('a', 'done')]);
    });
  });

  describe('withoutCapture', () => {
    test('does not queue its own writes, in a transaction and beside captured writes', async () => {
      await withoutCapture(async () => {
        await repository.save(todoOf('n'));
        await repository.delete('c');
      });
      await bench.dataSource.transaction(async (manager) => {
        await Promise.all([
          manager.update(todoEntity, 'a', { title: 'x' }),
          withoutCapture(() => manager.update(todoEntity, 'b', { title: 'x' })),
          manager.insert(todoEntity, todoOf('m')),
        ]);
      });
      await withoutCapture(bench.dataSource, (manager) => manager.update(todoEntity, 'b', { title: 'y' }));
      expect(new Set(await bench.queued())).toEqual(new Set([edit('a', 'title'), create('m')]));
      expect((await bench.rows()).map(({ id }) => id)).toEqual(['a', 'b', 'm', 'n']);
    });
  });

  describe('bad input', () => {
    test.each<[string, Partial<Todo>, string]>([
      ['NaN', { priority: NaN }, "field 'priority' is NaN"],
      ['Infinity', { priority: Infinity }, "field 'priority' is Infinity"],
      ['BigInt', { priority: 1n as unknown as number }, "field 'priority' is a BigInt"],
      ['a BigInt inside of JSON', { tags: [1n] as unknown as string[] }, "field 'tags' cannot be written as JSON"],
    ])('rejects %s and writes nothing', async (_, change, message) => {
      for (const write of [
        () => repository.save(todoOf('n', change)),
        () => repository.insert(todoOf('n', change)),
        () => repository.update('a', change),
        async () => repository.save(Object.assign(await a(), change)),
      ]) {
        const failure: unknown = await write().catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(ValidationError);
        expect(String(failure)).toContain(message);
      }
      expect(await bench.queued()).toEqual([]);
      expect((await bench.rows()).map(({ id, priority }) => [id, priority])).toEqual([
        ['a', null],
        ['b', 1],
        ['c', null],
      ]);
    });

    test('F-39: a row needs an id', async () => {
      const { id: _, ...without } = todoOf('n');
      await expect(repository.insert(without)).rejects.toThrow(ValidationError);
      await expect(repository.save(todoOf(''))).rejects.toThrow(/has no id; set one/);
      await expect(bench.dataSource.query(`INSERT INTO todos (id, title) VALUES (NULL, 'x')`)).rejects.toThrow(
        /needs an id of its own/,
      );
      await expect(repository.insert(todoOf('..'))).rejects.toThrow(/cannot be part of a URL/);
      expect(await bench.queued()).toEqual([]);
      expect((await bench.rows()).length).toBe(3);
    });

    test('rejects a value that the column cannot hold', async () => {
      await expect(bench.dataSource.query(`UPDATE todos SET priority = 'high' WHERE id = 'a'`)).rejects.toThrow(
        /field 'priority' must be a number/,
      );
      expect((await bench.row('a'))?.priority).toBeNull();
    });
  });
});
