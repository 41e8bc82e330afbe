import { afterEach, beforeEach, expect, test } from 'vitest';
import { firstValueFrom } from 'rxjs';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todos } from '../support/open-store.ts';
import { todoOf } from '../support/todo.ts';

let bench: EngineBench;
beforeEach(async () => {
  bench = await openEngine({ config: { conflictStrategy: 'manual' } });
});
afterEach(() => bench.close());

test('marks distinguish pending, refused, forbidden and conflicting rows and omit the rest', async () => {
  bench.server.seed('todos', { id: 'calm', title: 'x', done: false, priority: null, tags: null });
  bench.server.seed('todos', { id: 'disputed', title: 'x', done: false, priority: null, tags: null });
  await bench.engine.sync();
  const row = await bench.row('disputed');
  if (row === null) throw new Error('the row was pulled');
  await bench.writer.replaceAndEnqueueDiff(row, { ...row, title: 'mine' });
  bench.server.update('todos', 'disputed', { title: 'theirs' });
  await bench.engine.sync();
  for (const id of ['refused', 'forbidden']) await bench.writer.insertAndEnqueue(todoOf(id));
  for (const status of [422, 403]) bench.server.failNextRequests(1, status, { match: { method: 'PUT' } });
  await bench.engine.sync();
  await bench.writer.insertAndEnqueue(todoOf('new'));
  const marks = await bench.engine.rowMarks(todos, ['calm', 'disputed', 'refused', 'forbidden', 'new', 'absent']);
  expect(Object.fromEntries(marks)).toEqual({
    disputed: { pending: true, conflict: true, rejected: false },
    refused: { pending: true, conflict: false, rejected: true },
    forbidden: { pending: true, conflict: false, rejected: true },
    new: { pending: true, conflict: false, rejected: false },
  });
  expect((await bench.engine.rowMarks(todos, [])).size).toBe(0);
});

test('freshness: nothing is complete before the first pull has finished', async () => {
  const first = await firstValueFrom(bench.engine.watchFreshness([todos]));
  expect(first).toEqual({ complete: false });
  await bench.engine.sync();
  const second = await firstValueFrom(bench.engine.watchFreshness([todos]));
  expect(second).toEqual({ complete: true, pulledAt: bench.clock.now() });
});
