import { afterEach, describe, expect, test } from 'vitest';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todoOf, type Todo } from '../support/todo.ts';

let bench: EngineBench;
afterEach(() => bench.close());

/** A row is deleted here, the server does it, and its answer is lost. */
const loseTheAnswer = async (): Promise<void> => {
  bench = await openEngine({ config: { maxRetries: 0 } });
  bench.server.seed('todos', { id: 'a', title: 'first', done: false });
  await bench.engine.sync();
  await bench.writer.enqueueDelete('a');
  bench.server.cutNextRequests(2, 'afterCommit', { method: 'DELETE' });
  await bench.engine.sync({ pullKinds: [] }).catch(() => undefined);
  expect(bench.server.get('todos', 'a')?.['deletedAt']).not.toBeNull();
  expect(await bench.engine.explain()).toHaveLength(1);
};

test("F-135, I5: shows a row restored after our delete when the delete's lost answer finally arrives", async () => {
  await loseTheAnswer();
  bench.server.update('todos', 'a', { title: 'back', deletedAt: null });
  await bench.engine.sync({ pushKinds: [] });
  expect((await bench.row('a'))?.deletedAtLocal).not.toBeNull();
  await bench.engine.sync();
  expect(await bench.engine.explain()).toEqual([]);
  expect(await bench.row('a')).toMatchObject({ title: 'back', deletedAt: null, deletedAtLocal: null });
  expect(bench.server.get('todos', 'a')).toMatchObject({ title: 'back', deletedAt: null });
});

test("I5: a row that nobody restored stays hidden when its delete's lost answer finally arrives", async () => {
  await loseTheAnswer();
  await bench.engine.sync();
  expect(await bench.engine.explain()).toEqual([]);
  expect((await bench.row('a'))?.deletedAt ?? 'gone').not.toBeNull();
});

describe.each(['empty', 'withoutVersion'] as const)(
  'F-135: the late answer of a change is %s, and the row was pulled meanwhile',
  (putAnswer) => {
    const change = async (write: () => Promise<unknown>, cut: 'afterCommit' | 'beforeCommit'): Promise<void> => {
      bench.server.putAnswer = putAnswer;
      bench.server.seed('todos', { id: 'a', title: 'first', done: false, priority: 10 });
      await bench.engine.sync();
      await write();
      bench.server.cutNextRequests(2, cut, { method: 'PUT' });
      await bench.engine.sync({ pullKinds: [] }).catch(() => undefined);
      expect(await bench.engine.explain()).toHaveLength(1);
    };
    /** The row as it is shown is the server's, without the next edit of anybody. */
    const expectSame = async (expected: Partial<Todo>): Promise<void> => {
      await bench.engine.sync();
      await bench.engine.sync();
      expect(await bench.engine.explain()).toEqual([]);
      expect(bench.server.get('todos', 'a')).toMatchObject(expected);
      expect(await bench.row('a')).toMatchObject(expected);
    };

    test.each(['afterCommit', 'beforeCommit'] as const)(
      'shows a delta once, even if the request was cut %s',
      async (cut) => {
        bench = await openEngine({ config: { maxRetries: 0 }, rest: { deltas: true } });
        await change(() => bench.writer.increment('a', 'priority', -2), cut);
        if (cut === 'beforeCommit') bench.server.update('todos', 'a', { title: 'theirs' });
        await bench.engine.sync({ pushKinds: [] });
        await expectSame({ priority: 8, title: cut === 'afterCommit' ? 'first' : 'theirs' });
      },
    );

    test('an edit that somebody else has overwritten since does not return', async () => {
      bench = await openEngine({ config: { maxRetries: 0 } });
      await change(
        async () => bench.writer.replaceAndEnqueue({ ...(await bench.row('a'))!, title: 'mine' }),
        'afterCommit',
      );
      bench.server.update('todos', 'a', { title: 'theirs' });
      await bench.engine.sync({ pushKinds: [] });
      await expectSame({ title: 'theirs' });
    });

    test('F-157: a forced edit that somebody else has overwritten since does not return', async () => {
      bench = await openEngine({ config: { maxRetries: 0, conflictStrategy: 'clientWins' } });
      bench.server.putAnswer = putAnswer;
      bench.server.seed('todos', { id: 'a', title: 'first', done: false });
      await bench.engine.sync();
      await bench.writer.replaceAndEnqueue({ ...(await bench.row('a'))!, title: 'mine' });
      bench.server.update('todos', 'a', { title: 'theirs' });
      bench.server.cutNextRequests(2, 'afterCommit', ({ headers }) => headers['x-force-update'] === 'true');
      await bench.engine.sync({ pullKinds: [] }).catch(() => undefined);
      expect(bench.server.get('todos', 'a')).toMatchObject({ title: 'mine' });
      expect(await bench.engine.explain()).toHaveLength(1);
      bench.server.update('todos', 'a', { title: 'theirs again' });
      await bench.engine.sync({ pushKinds: [] });
      await expectSame({ title: 'theirs again' });
    });

    test.each([0, 60_000])(
      "F-135, F-157: shows the server's row for a creation that somebody else has overwritten since (an overlap of %i ms)",
      async (pullOverlapMs) => {
        bench = await openEngine({ config: { maxRetries: 0, pullOverlapMs } });
        bench.server.putAnswer = putAnswer;
        await bench.writer.insertAndEnqueue(todoOf('n', { title: 'mine' }));
        bench.server.cutNextRequests(2, 'afterCommit', { method: 'PUT' });
        await bench.engine.sync({ pullKinds: [] }).catch(() => undefined);
        bench.server.update('todos', 'n', { title: 'theirs' });
        await bench.engine.sync({ pushKinds: [] });
        await bench.engine.sync();
        await bench.engine.sync();
        expect(await bench.engine.explain()).toEqual([]);
        expect(await bench.row('n')).toMatchObject({ title: 'theirs' });
      },
    );
  },
);
