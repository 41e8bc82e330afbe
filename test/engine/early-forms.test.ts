import { afterEach, describe, expect, test } from 'vitest';
import { captureWrites } from '../../src/persistence/capture/capture-writes.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todos } from '../support/open-store.ts';
import { todoEntity, todoOf, type Todo } from '../support/todo.ts';

/** How an app saves what a form changed. */
interface Way {
  readonly name: string;
  open(): Promise<EngineBench>;
  create(bench: EngineBench): Promise<void>;
  save(bench: EngineBench, form: Todo, change: Partial<Todo>): Promise<void>;
}

const ways: readonly Way[] = [
  {
    name: 'a writer',
    open: () => openEngine(),
    create: (bench) => bench.writer.insertAndEnqueue(todoOf('a')),
    save: async (bench, form, change) => void (await bench.writer.replaceAndEnqueueDiff(form, { ...form, ...change })),
  },
  {
    name: 'captured writes',
    open: async () => {
      const bench = await openEngine();
      captureWrites(bench.dataSource, [todos], { clock: bench.clock });
      return bench;
    },
    create: async (bench) => void (await bench.dataSource.getRepository(todoEntity).save(todoOf('a'))),
    save: async (bench, form, change) =>
      void (await bench.dataSource.getRepository(todoEntity).save(Object.assign(form, change))),
  },
];

describe.each(ways)('F-140: a form opened before its row was first sent, saved later with $name', (way) => {
  let bench: EngineBench;
  afterEach(() => bench.close());
  /** The row is made, shown in a form, and sent. */
  const openForm = async (): Promise<Todo> => {
    bench = await way.open();
    await way.create(bench);
    const form = await bench.dataSource.getRepository(todoEntity).findOneByOrFail({ id: 'a' });
    await bench.engine.sync();
    return form;
  };

  test('undoes no edit that others sent to the server meanwhile', async () => {
    const form = await openForm();
    bench.server.update('todos', 'a', { priority: 7 });
    await way.save(bench, form, { done: true });
    await bench.engine.sync();
    expect(bench.server.get('todos', 'a')).toMatchObject({ done: true, priority: 7 });
  });

  test('undoes no edit that was pulled before the save', async () => {
    const form = await openForm();
    bench.server.update('todos', 'a', { priority: 7 });
    await bench.engine.sync();
    await way.save(bench, form, { done: true });
    await bench.engine.sync();
    expect(bench.server.get('todos', 'a')).toMatchObject({ done: true, priority: 7 });
    expect(bench.types()).not.toContain('conflict.detected');
  });

  test('needs no second request when nobody else wrote', async () => {
    const form = await openForm();
    const before = bench.server.recordedRequests.length;
    await way.save(bench, form, { done: true });
    await bench.engine.sync({ pullKinds: [] });
    expect(bench.server.recordedRequests.slice(before).map(({ method }) => method)).toEqual(['PUT']);
    expect(bench.server.get('todos', 'a')).toMatchObject({ done: true });
  });

  test('conflicts visibly with an edit of the same field that the form never showed', async () => {
    const form = await openForm();
    bench.server.update('todos', 'a', { title: 'theirs' });
    await bench.engine.sync();
    await way.save(bench, form, { title: 'mine' });
    await bench.engine.sync();
    const conflict = bench.told.find((event) => event.type === 'conflict.detected');
    expect(conflict?.conflict).toMatchObject({
      baseData: { title: 'title of a' },
      localData: { title: 'mine' },
      serverData: { title: 'theirs' },
    });
  });

  test('conflicts with a pulled deletion instead of creating a new row', async () => {
    const form = await openForm();
    bench.server.update('todos', 'a', { title: 'theirs' });
    await bench.engine.sync();
    await way.save(bench, form, { title: 'mine' });
    bench.server.remove('todos', 'a');
    await bench.engine.sync();
    expect(bench.told.find((event) => event.type === 'conflict.detected')?.conflict).toMatchObject({
      serverDeleted: true,
    });
  });
});
