import { afterEach, expect, test } from 'vitest';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { createTodoDatabase } from '../support/open-store.ts';
import { todoOf } from '../support/todo.ts';

let bench: EngineBench | undefined;
afterEach(() => bench?.close());

test('I5: a worker on PostgreSQL pushes, pulls, resolves a conflict, and continues after a restart', {
  timeout: 60_000,
}, async () => {
  const { database, remove } = await createTodoDatabase('postgres', '');
  bench = await openEngine({ driver: 'postgres', database });
  await bench.writer.insertAndEnqueue(todoOf('a', { title: 'from the worker' }));
  await bench.writer.insertAndEnqueue(todoOf('b', { title: 'also' }));
  expect(await bench.engine.sync()).toMatchObject({ pushed: 2, errors: 0 });

  bench = await bench.reopen();
  await bench.writer.replaceAndEnqueue({ ...(await bench.row('a')), title: 'edited here' } as Parameters<
    typeof bench.writer.replaceAndEnqueue
  >[0]);
  bench.server.seed('todos', { id: 'a', title: 'from the worker', done: true, priority: null, tags: null });
  await bench.engine.sync();
  expect(await bench.row('a')).toMatchObject({ title: 'edited here', done: true });
  expect(await bench.queued()).toEqual([]);

  await bench.engine.fullResync();
  expect((await bench.row('b'))?.title).toBe('also');
  await bench.close();
  bench = undefined;
  await remove();
});
