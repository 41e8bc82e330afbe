import { BehaviorSubject } from 'rxjs';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import type { QueuedOperation } from '../../src/model/queue.ts';
import type { StorageStatus } from '../../src/model/storage-status.ts';
import type { QueryResult } from '../../src/queries/query-store.ts';
import type { WriteState } from '../../src/queries/write-store.ts';
import { todoEntity, todoOf, type Todo } from '../support/todo.ts';
import type { FrameworkAdapter, Mounted, Reading, ReadingOf, Writes } from './framework-adapter.ts';
import { openPageBench, todos, type PageBench } from './page-bench.ts';

type Titles = QueryResult<readonly Todo[]>;

/** What a binding promises, whatever its framework. */
export function frameworkConformance(name: string, { mount, mountAlone }: FrameworkAdapter): void {
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

    const show = async (reading: Reading, engine: SyncEngine | null = bench.engine): Promise<Mounted> => {
      const one = await mount(engine, reading);
      mounted.push(one);
      return one;
    };
    const all = (
      options: Partial<ReadingOf<'query'>['options']> = {},
      where?: { readonly title: string },
    ): Reading => ({
      type: 'query',
      query: (engine, dep) => {
        runs += 1;
        return engine
          .repository(todos)
          .find({ order: { id: 'ASC' }, ...(dep === undefined ? {} : { where: dep as { readonly title: string } }) });
      },
      deps: [where],
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

    test('a transaction is one more value, and unchanged rows keep their identity', async () => {
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

    test('a pulled page is one more value, and the first pull makes the result complete', async () => {
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

    test('components with the same key share one query', async () => {
      const [one, two] = [await show(all({ key: 'all' })), await show(all({ key: 'all' }))];
      const [first, second] = await Promise.all([one.until(ready(0)), two.until(ready(0))]);
      expect(first).toBe(second);
      expect(runs).toBe(1);
      await bench.writer.insertAndEnqueue(todoOf('a'));
      expect(await one.until(ready(1))).toBe(await two.until(ready(1)));
      expect(runs).toBe(2);
    });

    test('a query ends shortly after its last component, and does not restart before', async () => {
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

    test('different dependencies create another query', async () => {
      await bench.writer.insertAndEnqueue(todoOf('a', { title: 'one' }));
      await bench.writer.insertAndEnqueue(todoOf('b', { title: 'two' }));
      const view = await show(all({}, { title: 'one' }));
      expect(((await view.until(ready(1))) as Titles).data?.[0]?.id).toBe('a');
      await view.update(all({}, { title: 'two' }));
      await view.until((value) => (value as Titles).data?.[0]?.id === 'b');
    });

    test('marks show what waits for a row', async () => {
      await bench.engine.sync();
      await bench.writer.insertAndEnqueue(todoOf('a'));
      const view = await show(all({ marks: true }));
      const marked = (await view.until(ready(1))) as Titles;
      expect(marked.marks?.get('a')).toEqual({ pending: true, conflict: false, rejected: false });
      await bench.engine.sync();
      await view.until((value) => ready(1)(value) && (value as Titles).marks?.size === 0);
    });

    test('a failed query shows it, keeps its rows, and restarts', async () => {
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

    test('a selector updates only on what it selects', async () => {
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
        await show({ type: 'row', id: 'a' }),
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

    test('components that share a query may each change their dependencies alone', async () => {
      const [a, b] = [todoOf('a', { title: 'one' }), todoOf('b', { title: 'two' })];
      for (const row of [a, b]) await bench.writer.insertAndEnqueue(row);
      const of = (title: string): Reading => all({ key: 'titled' }, { title });
      const [one, two] = [await show(of('one')), await show(of('one'))];
      await Promise.all([one.until(ready(1)), two.until(ready(1))]);
      await one.update(of('two'));
      await one.until((value) => (value as Titles).data?.[0]?.id === 'b');
      await bench.writer.replaceAndEnqueueDiff(a, { ...a, done: true });
      const after = (await two.until((value) => (value as Titles).data?.[0]?.done === true)) as Titles;
      expect(after.data?.map(({ id }) => id)).toEqual(['a']);
    });

    test('keepPrevious shows the last rows until those for the new dependencies arrive', async () => {
      await bench.writer.insertAndEnqueue(todoOf('a', { title: 'one' }));
      const of = (title: string): Reading => all({ keepPrevious: true }, { title });
      const view = await show(of('one'));
      await view.until(ready(1));
      await view.update(of('none'));
      await view.until(ready(0));
      const results = (view.shown as Titles[]).map(({ data }) => data?.length);
      expect(results.filter((length, index) => index === 0 || length !== results[index - 1])).toEqual([
        undefined,
        1,
        0,
      ]);
    });

    test('an unmounted component receives nothing more', async () => {
      const views = [
        await show(all()),
        await show({ type: 'row', id: 'a' }),
        await show({ type: 'status', select: ({ pending }) => pending }),
      ];
      await views[0]?.until(ready(0));
      const counts = views.map((view) => {
        view.unmount();
        return view.shown.length;
      });
      await bench.writer.insertAndEnqueue(todoOf('a'));
      await bench.engine.sync();
      expect(views.map(({ shown }) => shown.length)).toEqual(counts);
    });

    test('one row follows its table and its id; a missing row is null', async () => {
      await bench.writer.insertAndEnqueue(todoOf('a', { title: 'milk' }));
      const view = await show({ type: 'liveRow', id: 'a' });
      const titled = (title: string) => (value: unknown) => (value as QueryResult<Todo | null>).data?.title === title;
      await view.until(titled('milk'));
      await view.update({ type: 'liveRow', id: 'b' });
      await view.until((value) => (value as QueryResult<Todo | null>).data === null);
      await bench.writer.insertAndEnqueue(todoOf('b', { title: 'bread' }));
      await view.until(titled('bread'));
    });

    test('a row shows its sync state, also after its id changed', async () => {
      await bench.engine.sync();
      await bench.writer.insertAndEnqueue(todoOf('b'));
      const view = await show({ type: 'row', id: 'a' });
      await view.until((value) => (value as { state: string }).state === 'acked');
      await view.update({ type: 'row', id: 'b' });
      await view.until((value) => (value as { state: string }).state === 'pending');
    });

    test('without an engine everything shows its initial state, and continues once there is one', async () => {
      await bench.writer.insertAndEnqueue(todoOf('a'));
      const rows = [todoOf('z')];
      const views = [
        await show(all(), null),
        await show(all({ initial: rows }), null),
        await show({ type: 'status', select: ({ phase }) => phase }, null),
        await show({ type: 'diagnosis' }, null),
        await show({ type: 'conflicts' }, null),
        await show({ type: 'rejected' }, null),
        await show({ type: 'row', id: 'a' }, null),
        await show({ type: 'storage' }, null),
      ];
      expect(views.map(({ shown }) => shown)).toMatchObject([
        [{ status: 'loading', data: undefined, complete: false, stale: true }],
        [{ status: 'ready', data: rows, complete: false, stale: true }],
        ['starting'],
        [[{ code: 'starting' }]],
        [[]],
        [[]],
        [{ state: 'acked' }],
        [undefined],
      ]);
      for (const view of views) await view.provide(bench.engine);
      const [query, given, phase, diagnosis, , , row] = views;
      await Promise.all([
        query?.until((value) => (value as Titles).data?.[0]?.id === 'a'),
        given?.until((value) => (value as Titles).data?.[0]?.id === 'a'),
        phase?.until((value) => value === 'idle'),
        diagnosis?.until((value) => !JSON.stringify(value).includes('"starting"')),
        row?.until((value) => (value as { state: string }).state === 'pending'),
      ]);
    });

    test('another engine replaces the first', async () => {
      const other = await openPageBench();
      try {
        await other.writer.insertAndEnqueue(todoOf('of the other'));
        const [engine, query] = [await show({ type: 'engine' }), await show(all())];
        await query.until(ready(0));
        expect(engine.shown).toEqual([bench.engine]);
        await Promise.all([engine.provide(other.engine), query.provide(other.engine)]);
        await engine.until((value) => value === other.engine);
        await query.until((value) => (value as Titles).data?.[0]?.id === 'of the other');
        for (const view of mounted.splice(0)) view.unmount();
      } finally {
        await other.close();
      }
    });

    test('without a provider, each throws an error that names the fix', async () => {
      const readings: readonly Reading[] = [
        all(),
        { type: 'liveRow', id: 'a' },
        { type: 'status', select: (status) => status },
        { type: 'row', id: 'a' },
        { type: 'guard', when: 'always' },
        { type: 'write', take: () => undefined },
        { type: 'diagnosis' },
        { type: 'conflicts' },
        { type: 'rejected' },
        { type: 'storage' },
        { type: 'engine' },
      ];
      // Frameworks report it there, too.
      const quiet = vi.spyOn(console, 'error').mockImplementation(() => undefined);
      onTestFinished(() => quiet.mockRestore());
      for (const reading of readings)
        expect(await mountAlone(reading)).toMatchObject({
          message: expect.stringMatching(/^use\w+ needs a provider: .*(SyncProvider|provideSyncEngine)/) as string,
        });
    });

    test("shows the page's storage", async () => {
      await bench.close();
      const changes = new BehaviorSubject<StorageStatus>({ mode: 'memory', role: 'owner', tab: 'a', persisted: false });
      bench = await openPageBench({}, { status: () => changes.value, changes });
      const view = await show({ type: 'storage' });
      await view.until((value) => (value as StorageStatus | undefined)?.mode === 'memory');
      changes.next({ ...changes.value, mode: 'opfs' });
      await view.until((value) => (value as StorageStatus).mode === 'opfs');
    });

    const writing = async (engine: SyncEngine | null = bench.engine): Promise<readonly [Mounted, Writes]> => {
      let writes: Writes | undefined;
      const view = await show({ type: 'write', await: 'acked', take: (given) => void (writes = given) }, engine);
      if (writes === undefined) throw new Error('a mounted component has its writes');
      return [view, writes];
    };
    const lastOf = (view: Mounted): WriteState => view.shown.at(-1) as WriteState;
    const settled = (view: Mounted): Promise<unknown> => view.until(() => !lastOf(view).pending);

    test('writes are pending until the server has them', async () => {
      await bench.engine.sync();
      const [view, { create, increment, run }] = await writing();
      expect(lastOf(view)).toEqual({ pending: false });
      const created = create({ id: 'a', title: 'one', priority: 1 });
      await view.until((value) => (value as WriteState).pending);
      await created;
      expect(bench.backend.get('todos', 'a')).toMatchObject({ title: 'one' });
      await settled(view);
      await increment('a', 'priority', 2);
      await run('a', 'two');
      expect(await bench.engine.repository(todos).findOneBy({ id: 'a' })).toMatchObject({ title: 'two', priority: 3 });
    });

    test('a failed write shows its reason until it is reset', async () => {
      await bench.engine.sync();
      const [view, { create, reset }] = await writing();
      bench.backend.addRule(() => ({ status: 422, body: { error: 'locked', message: 'Locked.' } }));
      const failed = create({ id: 'a', title: 'one' });
      await view.until((value) => (value as WriteState).error !== undefined);
      await expect(failed).rejects.toThrow('Locked.');
      expect(lastOf(view)).toMatchObject({ pending: false, error: { name: 'NotAckedError' } });
      reset();
      await view.until(() => lastOf(view).error === undefined);
    });

    test('a write without an engine rejects and says what to wait for', async () => {
      const [view, { create }] = await writing(null);
      await expect(create({ title: 'x' })).rejects.toThrow(/^useRepository: the engine of .* is null; write once/);
      await view.until(() => lastOf(view).error !== undefined);
    });

    test('while its component is mounted, the guard asks before the user leaves with unsaved changes', async () => {
      const leaves = (): boolean => globalThis.dispatchEvent(new Event('beforeunload', { cancelable: true }));
      const view = await show({ type: 'guard', when: 'atRisk' });
      expect([view.shown, leaves()]).toEqual([[0], true]);
      await bench.writer.insertAndEnqueue(todoOf('a'));
      await view.until((value) => value === 1);
      expect(leaves()).toBe(false);
      await view.update({ type: 'guard', when: 'never' });
      await view.until(() => view.shown.at(-1) === 0);
      expect(leaves()).toBe(true);
      await view.update({ type: 'guard', when: 'always' });
      await view.until(() => view.shown.at(-1) === 1);
      expect(leaves()).toBe(false);
      view.unmount();
      await Promise.resolve();
      expect(leaves()).toBe(true);
    });
  });
}
