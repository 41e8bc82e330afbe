import { afterEach, describe, expect, test } from 'vitest';
import { SyncAbortedError } from '../../src/model/errors/errors.ts';
import { NotAckedError } from '../../src/model/not-acked-error.ts';
import { createWriter } from '../../src/persistence/writing/writer.ts';
import { openEngine, type EngineBench, type EngineBenchOptions } from '../support/open-engine.ts';
import { drivers, todos } from '../support/open-store.ts';
import { todoOf } from '../support/todo.ts';

let bench: EngineBench;
afterEach(() => bench.close());

const opened = async (options: EngineBenchOptions = {}): Promise<EngineBench> => {
  bench = await openEngine(options);
  bench.server.seed('todos', { id: 'a', title: 'theirs', done: false, priority: 10, tags: ['x'] });
  await bench.engine.sync();
  return bench;
};
const acked = { await: 'acked' } as const;
const edit = async (title: string, options: object = acked): Promise<void> => {
  const row = await bench.row('a');
  if (row === null) throw new Error('the row is missing');
  await bench.writer.replaceAndEnqueue({ ...row, title }, options);
};
/**
 * The write is stored, and its wait has begun: its limit is the one timer of a paused engine. A second one runs while
 * an operation is gone and nobody said why.
 */
const waiting = async (timers = 1): Promise<void> => {
  while (bench.clock.pending < timers) await new Promise((resolve) => setImmediate(resolve));
};
const refused = (write: Promise<unknown>): Promise<unknown> =>
  write.then(
    () => 'acked',
    (error: unknown) => error,
  );

describe.each(drivers)('await levels with %s', (driver) => {
  test("`local` resolves without a network; `acked` resolves with the server's version", async () => {
    await opened({ driver });
    await bench.writer.insertAndEnqueue(todoOf('b'), { await: 'local' });
    await bench.writer.insertAndEnqueue(todoOf('c', { title: 'sent' }), acked);
    expect(bench.server.get('todos', 'c')).toMatchObject({ title: 'sent' });
    expect((await bench.row('c'))?.updatedAt).toBe(bench.server.get('todos', 'c')?.['updatedAt']);
    expect(await bench.queued()).toEqual([]);
    await edit('mine');
    await bench.writer.increment('a', 'priority', 1, acked);
    await bench.writer.enqueueDelete('c', acked);
    expect(bench.server.get('todos', 'a')).toMatchObject({ title: 'mine', priority: 11 });
    // A write that changes nothing has nothing to wait for.
    await edit('mine');
  });

  test("F-11: reports a refusal with the server's reason, and the operation stays queued", async () => {
    await opened({ driver });
    bench.server.refuse(() => true, { status: 422 });
    const error = await refused(edit('bad'));
    expect(error).toBeInstanceOf(NotAckedError);
    expect(error).toMatchObject({
      reason: 'rejected',
      kind: 'todos',
      entityId: 'a',
      phase: 'push',
      cause: { statusCode: 422 },
    });
    expect(String(error)).toContain('todos/a: the server refused it; it stays queued');
    expect(await bench.queued()).toHaveLength(1);
  });

  test('reports an operation that is stuck, in conflict or given up', async () => {
    await opened({ driver, config: { maxOutboxTryCount: 1, conflictStrategy: 'manual' } });
    const refusal = bench.server.refuse(() => true);
    expect(await refused(edit('stuck'))).toMatchObject({ reason: expect.stringMatching(/rejected|stuck/) as string });
    // What is written behind it waits with it.
    expect(await refused(edit('behind'))).toMatchObject({ reason: 'stuck' });
    refusal();
    await bench.engine.dropStuckOperations();
    await bench.engine.outbox.purgeOlderThan('2100-01-01', { states: 'all' });
    bench.server.update('todos', 'a', { title: 'newer' });
    expect(await refused(edit('clash'))).toMatchObject({
      reason: 'conflict',
      message: expect.stringContaining('waits for a decision') as string,
    });
    const [conflict] = await bench.engine.conflicts();
    expect(conflict?.conflict.entityId).toBe('a');
    await bench.engine.pause();
    const dropped = refused(bench.writer.insertAndEnqueue(todoOf('b'), acked));
    await bench.until(({ pending }) => pending === 2);
    await bench.engine.outbox.purgeOlderThan('2100-01-01', { states: 'all' });
    expect(await dropped).toMatchObject({ reason: 'discarded', discardReason: 'purged' });
  });

  test("a strategy that takes the server's side gives the write up", async () => {
    await opened({ driver, config: { conflictStrategy: 'serverWins' } });
    bench.server.update('todos', 'a', { title: 'newer' });
    expect(await refused(edit('mine'))).toMatchObject({ reason: 'discarded', discardReason: 'acceptServer' });
    expect(await bench.row('a')).toMatchObject({ title: 'newer' });
  });

  test('without a network, the wait ends after timeoutMs, at most requestTimeoutMs, and reports that the write is safe', async () => {
    await opened({ driver });
    await bench.engine.pause();
    const write = refused(edit('kept'));
    await waiting();
    await bench.clock.advance(29_999);
    await bench.clock.advance(1);
    const error = await write;
    expect(error).toBeInstanceOf(SyncAbortedError);
    expect(String(error)).toContain(
      'todos/a is stored here and will be sent, but the server has not confirmed it within 30000 ms. Synchronising is paused.',
    );
    const short = refused(edit('shorter', { ...acked, timeoutMs: 10 }));
    await waiting();
    await bench.clock.advance(10);
    expect(String(await short)).toContain('within 10 ms');
    const leaving = new AbortController();
    const left = refused(edit('left', { ...acked, signal: leaving.signal }));
    await bench.until(({ pending }) => pending === 3);
    leaving.abort();
    expect(String(await left)).toContain('the signal ended the wait');
    expect(await refused(edit('at once', { ...acked, signal: leaving.signal }))).toBeInstanceOf(SyncAbortedError);
    expect(await bench.queued()).toHaveLength(4);
    expect(bench.clock.pending).toBe(0);
    expect(await bench.row('a')).toMatchObject({ title: 'at once' });
  });

  test('resolves for a row that was created and deleted before anything was sent', async () => {
    await opened({ driver });
    await bench.engine.pause();
    const made = refused(bench.writer.insertAndEnqueue(todoOf('b'), acked));
    await bench.until(({ pending }) => pending === 1);
    const gone = refused(bench.writer.enqueueDelete('b', acked));
    await bench.until(({ pending }) => pending === 2);
    await bench.engine.resume();
    expect(await gone).toBe('acked');
    expect(await made).toMatchObject({ reason: 'discarded', discardReason: 'foldedAway' });
  });

  test('sees in the queue that another process has sent an operation', async () => {
    await opened({ driver });
    await bench.engine.pause();
    const write = refused(edit('sent elsewhere'));
    await bench.until(({ pending }) => pending === 1);
    await bench.engine.outbox.ack(await bench.queued());
    await bench.until(({ pending }) => pending === 0);
    await waiting(2);
    await bench.clock.advance(1_000);
    expect(await write).toBe('acked');
  });

  test('disposing the engine ends the wait and keeps the write', async () => {
    await opened({ driver });
    await bench.engine.pause();
    const write = refused(edit('kept'));
    await bench.until(({ pending }) => pending === 1);
    await bench.engine.dispose();
    expect(String(await write)).toContain('the engine is disposed; todos/a is stored here');
  });

  test('a writer without an engine rejects the wait and writes nothing', async () => {
    await opened({ driver });
    const error = await refused(createWriter(bench.dataSource).forTable(todos).insertAndEnqueue(todoOf('b'), acked));
    expect(error).toBeInstanceOf(TypeError);
    expect(await bench.row('b')).toBeNull();
  });

  test('an edit folded into a later one is acknowledged with it', async () => {
    await opened({ driver });
    await bench.engine.pause();
    const first = refused(edit('one'));
    await bench.until(({ pending }) => pending === 1);
    const second = refused(edit('two'));
    await bench.until(({ pending }) => pending === 2);
    await bench.engine.resume();
    expect(await Promise.all([first, second])).toEqual(['acked', 'acked']);
    expect(bench.server.get('todos', 'a')).toMatchObject({ title: 'two' });
  });
});
