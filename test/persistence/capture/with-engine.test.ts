import { afterEach, describe, expect, test } from 'vitest';
import { captureWrites } from '../../../src/persistence/capture/capture-writes.ts';
import { openEngine, type EngineBench } from '../../support/open-engine.ts';
import { todos } from '../../support/open-store.ts';
import { todoEntity, todoOf, type Todo } from '../../support/todo.ts';
import { sqliteDrivers } from './open-capture.ts';

describe.each(sqliteDrivers)('capture with an engine and a server, on %s', (driver) => {
  let bench: EngineBench;
  afterEach(() => bench.close());
  const open = async (): Promise<void> => {
    bench = await openEngine({ driver });
    captureWrites(bench.dataSource, [todos], { clock: bench.clock });
    await bench.engine.start();
  };
  const repository = () => bench.dataSource.getRepository(todoEntity);
  const titles = async (): Promise<readonly string[]> =>
    (await repository().find({ order: { id: 'ASC' } })).map(({ title }) => title);

  test("I1: the app's saves, edits and removals reach the server, and nothing else is sent", async () => {
    await open();
    await repository().save([todoOf('a', { tags: ['x'] }), todoOf('b'), todoOf('c')]);
    await repository().update('b', { title: 'edited' });
    await repository().delete('c');
    await bench.engine.sync();
    expect(bench.server.get('todos', 'a')).toMatchObject({ title: 'title of a', tags: ['x'] });
    expect(bench.server.get('todos', 'b')).toMatchObject({ title: 'edited' });
    expect(await bench.queued()).toEqual([]);
    await repository().increment({ id: 'b' }, 'priority', 1);
    await repository().remove(await repository().findOneByOrFail({ id: 'a' }));
    const stats = await bench.engine.sync();
    expect(stats).toMatchObject({ pushed: 1, errors: 0 });
    await bench.engine.sync();
    expect(await titles()).toEqual(['edited']);
    expect(await repository().count()).toBe(1);
  });

  test('F-140: keeps both edits when two devices edit different fields of one row through open forms', async () => {
    await open();
    bench.server.seed('todos', { id: 'a', title: 'first', done: false });
    await bench.engine.sync();
    const form = await repository().findOneByOrFail({ id: 'a' });
    bench.server.update('todos', 'a', { title: 'theirs' });
    await bench.engine.sync();
    form.done = true;
    await repository().save(form);
    await bench.engine.sync();
    expect(bench.server.get('todos', 'a')).toMatchObject({ title: 'theirs', done: true });
    expect(await repository().findOneByOrFail({ id: 'a' })).toMatchObject({ title: 'theirs', done: true });
  });

  test('F-140: sends the version that was seen and reports a conflict when both edited the same field', async () => {
    await open();
    bench.server.seed('todos', { id: 'a', title: 'first', done: false });
    await bench.engine.sync();
    const form = await repository().findOneByOrFail({ id: 'a' });
    bench.server.update('todos', 'a', { title: 'theirs' });
    await bench.engine.sync();
    form.title = 'mine';
    await repository().save(form);
    await bench.engine.sync();
    expect(bench.types()).toContain('conflict.detected');
    expect((await repository().findOneByOrFail({ id: 'a' })).title).toBe(bench.server.get('todos', 'a')?.['title']);
  });

  test('I4: a locally removed row stays hidden through pulls and returns when the removal is reverted', async () => {
    await open();
    bench.server.seed('todos', { id: 'a', title: 'first', done: false });
    await bench.engine.sync();
    await repository().softDelete('a');
    bench.server.update('todos', 'a', { title: 'theirs' });
    await bench.engine.sync({ pushKinds: [], pullKinds: ['todos'] });
    expect(await titles()).toEqual([]);
    await repository().restore('a');
    await bench.engine.sync();
    expect(await titles()).toEqual([bench.server.get('todos', 'a')?.['title']]);
  });

  test('I1: sends every write made during runs in app transactions once', async () => {
    await open();
    const writes = Array.from({ length: 20 }, (_, index) =>
      bench.dataSource.transaction(async (manager) => {
        await manager.save(todoEntity, todoOf(`t${index}`));
        await manager.update(todoEntity, `t${index}`, { done: true });
      }),
    );
    await Promise.all([...writes, bench.engine.sync(), bench.engine.sync()]);
    await bench.engine.sync();
    const rows = await repository().find();
    expect(rows.length).toBe(20);
    for (const { id } of rows)
      expect(bench.server.get('todos', id)).toMatchObject({ done: true } satisfies Partial<Todo>);
    expect(await bench.queued()).toEqual([]);
  });
});
