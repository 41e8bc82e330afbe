import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import type { QueuedOperation } from '../../src/model/queue.ts';
import type { QueryResult } from '../../src/queries/query-store.ts';
import { todoEntity, todoOf, type Todo } from '../support/todo.ts';
import type { FrameworkAdapter, Mounted, Reading } from './framework-adapter.ts';
import { openPageBench, todos, type PageBench } from './page-bench.ts';

type Titles = QueryResult<readonly Todo[]>;

/** What a binding promises, whatever its framework. */
export function frameworkConformance(name: string, { mount }: FrameworkAdapter): void {
  describe(`conformance of ${name}`, () => {
    let bench: PageBench;
    let runs: number;
    const mounted: Mounted[] = [];
    beforeEach(async () => {
      bench = await openPageBench();
      runs = 0;
    });
    afterEach(async () => {
      for (const each of mounted.splice(0)) each.unmount();
      await bench.close();
    });

    const show = async (reading: Reading): Promise<Mounted> => {
      const one = await mount(bench.engine, reading);
      mounted.push(one);
      return one;
    };
    const all = (options: Partial<Extract<Reading, { type: 'query' }>['options']> = {}, title?: string): Reading => ({
      type: 'query',
      query: (engine: SyncEngine) => {
        runs += 1;
        return engine
          .repository(todos)
          .find({ order: { id: 'ASC' }, ...(title === undefined ? {} : { where: { title } }) });
      },
      deps: [title],
      options: { tables: [todos], ...options },
    });
    const ready = (rows: number) => (value: unknown) => {
      const result = value as Titles;
      return result.status === 'ready' && result.data?.length === rows;
    };

    test('a query is loading, then ready; mounting twice runs it once', async () => {
      await bench.writer.insertAndEnqueue(todoOf('a'));
      const view = await show(all());
      const result = (await view.until(ready(1))) as Titles;
      expect(result.data?.map(({ id }) => id)).toEqual(['a']);
      expect((view.shown as Titles[]).map(({ status }) => status)).toEqual(['loading', 'ready']);
      expect(runs).toBe(1);
    });

    test('a transaction is one further value, and rows that did not change keep their identity', async () => {
      for (const id of ['a', 'b', 'c']) await bench.writer.insertAndEnqueue(todoOf(id));
      const view = await show(all());
      const before = (await view.until(ready(3))) as Titles;
      await bench.engine.outbox.hasOperations();
      await bench.writer.replaceAndEnqueueDiff(todoOf('b'), todoOf('b', { title: 'new' }));
      const after = (await view.until((value) => (value as Titles).data?.[1]?.title === 'new')) as Titles;
      expect(after.data?.[0]).toBe(before.data?.[0]);
      expect(after.data?.[1]).not.toBe(before.data?.[1]);
      expect(after.data?.[2]).toBe(before.data?.[2]);
      expect(view.shown.length).toBe(3);
      expect(Object.isFrozen(after)).toBe(true);
    });

    test('a page of a pull is one further value, and the first pull makes the result complete', async () => {
      bench.backend.seed(
        'todos',
        Array.from({ length: 50 }, (_, index) => ({ id: `t${index}`, title: 'x', done: false })),
      );
      const view = await show(all());
      expect(await view.until(ready(0))).toMatchObject({ complete: false, stale: true });
      await bench.engine.sync();
      await view.until((value) => ready(50)(value) && (value as Titles).complete);
      const lengths = (view.shown as Titles[]).map(({ data }) => data?.length);
      expect(lengths.filter((length) => length !== undefined && length > 0 && length < 50)).toEqual([]);
      expect(view.shown.at(-1)).toMatchObject({ complete: true, stale: false });
    });

    test('components with one key share one query', async () => {
      const [one, two] = [await show(all({ key: 'all' })), await show(all({ key: 'all' }))];
      const [first, second] = await Promise.all([one.until(ready(0)), two.until(ready(0))]);
      expect(first).toBe(second);
      expect(runs).toBe(1);
      await bench.writer.insertAndEnqueue(todoOf('a'));
      expect(await one.until(ready(1))).toBe(await two.until(ready(1)));
      expect(runs).toBe(2);
    });

    test('a query ends a moment after its last component, and is not begun anew before', async () => {
      const one = await show(all({ key: 'all' }));
      await one.until(ready(0));
      one.unmount();
      const two = await show(all({ key: 'all' }));
      await two.until(ready(0));
      expect((two.shown as Titles[]).map(({ status }) => status)).toEqual(['ready']);
      expect(runs).toBe(1);
      two.unmount();
      await bench.clock.advance(10_000);
      await bench.writer.insertAndEnqueue(todoOf('a'));
      await bench.engine.whenIdle();
      expect(runs).toBe(1);
    });

    test('other dependencies make another query', async () => {
      await bench.writer.insertAndEnqueue(todoOf('a', { title: 'one' }));
      await bench.writer.insertAndEnqueue(todoOf('b', { title: 'two' }));
      const view = await show(all({}, 'one'));
      expect(((await view.until(ready(1))) as Titles).data?.[0]?.id).toBe('a');
      await view.update(all({}, 'two'));
      await view.until((value) => (value as Titles).data?.[0]?.id === 'b');
    });

    test('marks tell what waits for a row', async () => {
      await bench.engine.sync();
      await bench.writer.insertAndEnqueue(todoOf('a'));
      const view = await show(all({ marks: true }));
      const marked = (await view.until(ready(1))) as Titles;
      expect(marked.marks?.get('a')).toEqual({ pending: true, conflict: false, rejected: false });
      await bench.engine.sync();
      await view.until((value) => ready(1)(value) && (value as Titles).marks?.size === 0);
    });

    test('a query that fails says so, keeps its rows, and is made again', async () => {
      let fails = false;
      const view = await show({
        type: 'query',
        query: async (engine) => {
          if (fails) throw new Error('broken');
          return engine.repository(todos).find();
        },
        deps: [],
        options: { tables: [todos] },
      });
      await view.until(ready(0));
      fails = true;
      await bench.writer.insertAndEnqueue(todoOf('a'));
      expect(await view.until((value) => (value as Titles).status === 'error')).toMatchObject({
        data: [],
        error: new Error('broken'),
      });
      fails = false;
      await bench.clock.advance(1_000);
      expect(await view.until(ready(1))).not.toHaveProperty('error');
    });

    test('a selector is told only what it selects', async () => {
      const view = await show({ type: 'status', select: ({ pending, stuck }) => ({ waits: pending + stuck > 0 }) });
      expect(view.shown).toEqual([{ waits: false }]);
      await bench.writer.insertAndEnqueue(todoOf('a'));
      await view.until((value) => (value as { waits: boolean }).waits);
      await bench.writer.insertAndEnqueue(todoOf('b'));
      await bench.engine.sync();
      expect(view.shown).toEqual([{ waits: false }, { waits: true }, { waits: false }]);
    });

    test('diagnosis, row and refused changes follow the engine', async () => {
      await bench.engine.sync();
      const [diagnosis, row, rejected] = [
        await show({ type: 'diagnosis' }),
        await show({ type: 'row', kind: 'todos', id: 'a' }),
        await show({ type: 'rejected' }),
      ];
      await row.until((value) => (value as { state: string }).state === 'acked');
      bench.backend.addRule(() => ({ status: 422, body: { error: 'too_long', message: 'Too long.' } }));
      await bench.writer.insertAndEnqueue(todoOf('a'));
      await row.until((value) => (value as { state: string }).state === 'pending');
      await bench.engine.sync();
      const list = (await rejected.until((value) => (value as unknown[]).length === 1)) as readonly QueuedOperation[];
      expect(list[0]).toMatchObject({ entityId: 'a', lastError: expect.stringContaining('Too long.') as string });
      await diagnosis.until((value) => JSON.stringify(value).includes('"rejected"'));
    });

    test('conflicts follow the engine', async () => {
      await bench.close();
      bench = await openPageBench({ config: { conflictStrategy: 'manual' } });
      bench.backend.seed('todos', { id: 'a', title: 'server', done: false, priority: null, tags: null });
      await bench.engine.sync();
      const view = await show({ type: 'conflicts' });
      const before = await bench.engine.repository(todos).findOneBy({ id: 'a' });
      if (before === null) throw new Error(`${todoEntity.options.name} a was pulled`);
      await bench.writer.replaceAndEnqueueDiff(before, { ...before, title: 'mine' });
      bench.backend.update('todos', 'a', { title: 'theirs' });
      await bench.engine.sync();
      expect(await view.until((value) => (value as unknown[]).length === 1)).toMatchObject([
        { conflict: { entityId: 'a' } },
      ]);
    });
  });
}
