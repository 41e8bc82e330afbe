import { afterEach, expect, test } from 'vitest';
import { increment } from '../../src/model/values/delta.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

let bench: EngineBench;
afterEach(() => bench.close());

const pushOnly = { pullKinds: [] } as const;
const putsOf = () =>
  bench.server.recordedRequests
    .filter(({ method }) => method === 'PUT')
    .map(({ headers, rawBody }) => [headers['x-idempotency-key'], rawBody]);

/** A row whose version is unknown, with another change of it that reached the server without an answer. */
async function loseTheSecondAnswer(change: () => Promise<unknown>, deltas: boolean): Promise<void> {
  bench = await openEngine({ rest: { deltas } });
  const { engine, server, writer } = bench;
  server.seed('todos', { id: 'x', title: 'there', done: false, priority: 10, tags: null });
  await engine.sync();
  server.putAnswer = 'withoutVersion';
  const row = await bench.row('x');
  await writer.replaceAndEnqueue(todoOf('x', { ...row, title: 'mine' }));
  await engine.sync(pushOnly);
  await change();
  server.cutNextRequests(2, 'afterCommit', { method: 'PUT' });
  // The operation fails alone, so that the run goes on to the pull, which tells the version.
  await engine.sync();
  server.putAnswer = 'row';
  await engine.sync();
}

test('I2: resends a request with a fetched base unchanged, although a pull has provided the version meanwhile', async () => {
  await loseTheSecondAnswer(
    async () => bench.writer.replaceAndEnqueue(todoOf('x', { ...(await bench.row('x')), done: true })),
    false,
  );
  const [, second, third] = putsOf();
  expect(third).toEqual(second);
  expect(bench.server.effectCount({ kind: 'todos', id: 'x' })).toBe(2);
  expect(bench.server.get('todos', 'x')).toMatchObject({ title: 'mine', done: true });
  expect(await bench.queued()).toEqual([]);
});

test.each([true, false])(
  'I2: counts an increment after an answer without a version once, even if its own answer is lost (deltas on the wire: %s)',
  async (deltas) => {
    await loseTheSecondAnswer(() => bench.writer.applyDeltas('x', [increment('priority', 5)]), deltas);
    const [, second, third] = putsOf();
    expect(third).toEqual(second);
    expect(bench.server.get('todos', 'x')).toMatchObject({ title: 'mine', priority: 15 });
    expect(await bench.queued()).toEqual([]);
  },
);

test("F-26: an edit during the pull of our last write's version still has a base and reverts nobody's work", async () => {
  bench = await openEngine();
  const { engine, server, writer } = bench;
  server.putAnswer = 'withoutVersion';
  await writer.insertAndEnqueue(todoOf('x', { title: 'mine', priority: 10 }));
  const held = server.holdNextRequests(1, { method: 'GET', kind: 'todos' });
  const run = engine.sync();
  await held.arrived;
  await writer.replaceAndEnqueue(todoOf('x', { ...(await bench.row('x')), done: true }));
  held();
  await run;
  server.putAnswer = 'row';
  server.update('todos', 'x', { priority: 99 });
  await engine.sync();
  expect(server.get('todos', 'x')).toMatchObject({ title: 'mine', done: true, priority: 99 });
  expect(await bench.queued()).toEqual([]);
});

test('F-38: a full resync removes an accepted row without a version that the server no longer lists', async () => {
  bench = await openEngine();
  const { engine, server, writer } = bench;
  server.putAnswer = 'withoutVersion';
  await writer.insertAndEnqueue(todoOf('stays'));
  await writer.insertAndEnqueue(todoOf('goes'));
  await engine.sync(pushOnly);
  expect(await bench.row('goes')).toMatchObject({ updatedAt: '' });
  server.remove('todos', 'goes');
  await engine.fullResync();
  expect([await bench.row('stays'), await bench.row('goes')]).toMatchObject([{ id: 'stays' }, null]);
});
