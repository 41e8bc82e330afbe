import { afterEach, expect, test } from 'vitest';
import { openEngine, type EngineBench } from '../support/open-engine.ts';

let bench: EngineBench;
afterEach(() => bench.close());

/** A row is deleted here, the server does it, and its answer is lost. */
const loseTheAnswer = async (): Promise<void> => {
  bench = await openEngine({ config: { maxRetries: 0 } });
  bench.server.seed('todos', { id: 'a', title: 'first', done: false });
  await bench.engine.sync();
  await bench.writer.enqueueDelete('a');
  bench.server.cutNextRequests(1, 'afterCommit', { method: 'DELETE' });
  await bench.engine.sync({ pullKinds: [] }).catch(() => undefined);
  expect(bench.server.get('todos', 'a')?.['deletedAt']).not.toBeNull();
  expect(await bench.engine.explain()).toHaveLength(1);
};

test('F-135, I5: a row that somebody brought back after our delete is shown when the lost answer of the delete comes after all', async () => {
  await loseTheAnswer();
  bench.server.update('todos', 'a', { title: 'back', deletedAt: null });
  await bench.engine.sync({ pushKinds: [] });
  expect((await bench.row('a'))?.deletedAtLocal).not.toBeNull();
  await bench.engine.sync();
  expect(await bench.engine.explain()).toEqual([]);
  expect(await bench.row('a')).toMatchObject({ title: 'back', deletedAt: null, deletedAtLocal: null });
  expect(bench.server.get('todos', 'a')).toMatchObject({ title: 'back', deletedAt: null });
});

test('I5: a row that nobody brought back stays away when the lost answer of its delete comes after all', async () => {
  await loseTheAnswer();
  await bench.engine.sync();
  expect(await bench.engine.explain()).toEqual([]);
  expect((await bench.row('a'))?.deletedAt ?? 'gone').not.toBeNull();
});
