import { EntitySchema, ILike } from 'typeorm';
import { afterEach, describe, expect, test } from 'vitest';
import { AuthError, NetworkError, SyncAbortedError, ValidationError } from '../../src/model/errors/errors.ts';
import type { SyncRepository } from '../../src/engine/api/sync-repository.ts';
import { syncTable } from '../../src/persistence/tables/sync-table.ts';
import { openEngine, type EngineBench, type EngineBenchOptions } from '../support/open-engine.ts';
import { drivers, todos } from '../support/open-store.ts';
import { todoEntity, todoOf, type Todo } from '../support/todo.ts';

let bench: EngineBench;
let repository: SyncRepository<Todo>;
afterEach(() => bench.close());

const opened = async (options: EngineBenchOptions = {}): Promise<void> => {
  bench = await openEngine(options);
  bench.server.seed('todos', { id: 'a', title: 'theirs', done: false, priority: 10, tags: ['x'] });
  await bench.engine.sync();
  repository = bench.engine.repository(todos);
};
const must = async (id: string): Promise<Todo> => {
  const found = await repository.findOneBy({ id });
  if (found === null) throw new Error(`${id} is missing`);
  return found;
};
const titles = (rows: readonly Todo[]): string[] => rows.map(({ title }) => title).sort();
const changed = async (): Promise<unknown> =>
  (await bench.engine.outbox.take()).map((op) =>
    op.type === 'upsert' ? (op.changedFields ?? Object.keys(op.payload).sort()) : op.type,
  );

test('WRT-12: rejects a misspelt policy or await level, lists the valid ones, and writes nothing', async () => {
  await opened();
  const misspelt: object = { policy: 'remote' };
  await expect(repository.find(misspelt)).rejects.toThrow(/localOnly, localThenRemote, remoteFirst, got 'remote'/);
  const level: object = { await: 'ackd' };
  await expect(bench.writer.insertAndEnqueue(todoOf('x'), level)).rejects.toThrow(/'local' or 'acked', got 'ackd'/);
  expect([await bench.row('x'), await bench.queued()]).toEqual([null, []]);
});

describe.each(drivers)('the repository with %s', (driver) => {
  test('WRT-12: create, update, remove and restore write the row and queue the operation', async () => {
    await opened({ driver });
    const made = await repository.create({ title: 'new', tags: ['t'] });
    expect(made).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      title: 'new',
      done: false,
      tags: ['t'],
    });
    expect(await repository.update('a', { title: 'mine', priority: 10 })).toBe(true);
    expect(await repository.update('a', { title: 'mine' })).toBe(false);
    await repository.remove('a');
    expect(await repository.findOneBy({ id: 'a' })).toBeNull();
    await expect(repository.update('a', { title: 'no' })).rejects.toThrow(ValidationError);
    await repository.restore('a');
    await repository.remove(made);
    expect(titles(await repository.find())).toEqual(['mine']);
    await bench.engine.sync();
    expect(bench.server.getAll('todos')).toMatchObject([{ id: 'a', title: 'mine' }]);
    await expect(repository.create(todoOf('a'))).rejects.toThrow(ValidationError);
  });

  test("F-140: a form opened before a pull and saved after it changes only the user's edits, on the version it showed", async () => {
    await opened({ driver });
    const form = await must('a');
    const { updatedAt } = form;
    bench.server.update('todos', 'a', { priority: 99 });
    await bench.engine.sync();
    form.title = 'mine';
    form.tags?.push('y');
    expect(await repository.update(form)).toBe(true);
    expect(await changed()).toEqual([['title', 'tags']]);
    expect(await bench.engine.outbox.take()).toMatchObject([{ baseUpdatedAt: updatedAt }]);
    expect(await must('a')).toMatchObject({ title: 'mine', priority: 99, tags: ['x', 'y'] });
    // What was saved is what the next save is compared with.
    form.done = true;
    await repository.update(form);
    expect((await changed()) as unknown[]).toEqual([['title', 'tags'], ['done']]);
    await bench.engine.sync();
    expect(bench.server.get('todos', 'a')).toMatchObject({ title: 'mine', priority: 99, done: true });
  });

  test('compares an entity that was not read here with the stored row', async () => {
    await opened({ driver });
    await repository.update({ ...(await must('a')), title: 'mine' });
    expect(await changed()).toEqual([['title']]);
  });

  test('APP-01: omits rows deleted on either side unless asked for', async () => {
    await opened({ driver });
    bench.server.seed(
      'todos',
      ['b', 'c', 'd'].map((id) => ({ id, title: id, done: false, priority: 1, tags: null })),
    );
    await bench.engine.sync();
    bench.server.softDelete('todos', 'b');
    await bench.engine.sync();
    await repository.remove('c');
    expect(titles(await repository.find({ order: { title: 'ASC' } }))).toEqual(['d', 'theirs']);
    expect(titles(await repository.findBy([{ id: 'a' }, { id: 'b' }]))).toEqual(['theirs']);
    expect(titles(await repository.findBy([]))).toEqual(['d', 'theirs']);
    expect(await repository.findOne({ where: { id: 'c' } })).toBeNull();
    expect([
      await repository.count(),
      await repository.countBy({ title: ILike('%e%') }),
      await repository.existsBy({ id: 'b' }),
    ]).toEqual([2, 1, false]);
    expect((await repository.findAndCount({ take: 1 }))[1]).toBe(2);
    expect(titles(await repository.find({ withDeleted: true }))).toEqual(['b', 'c', 'd', 'theirs']);
    expect(await repository.findOneBy({ id: 'c' }, { withDeleted: true })).not.toBeNull();
    expect(await repository.existsBy({ id: 'b' }, { withDeleted: true })).toBe(true);
  });

  test('APP-06: stores server rows without an operation, under pending edits, and never older than the known row', async () => {
    await opened({ driver });
    const later = { ...bench.server.update('todos', 'a', { title: 'pushed to us', priority: 11 }) };
    await repository.upsertFromServer(later, { as: 'json' });
    expect(await must('a')).toMatchObject({ title: 'pushed to us', updatedAt: later['updatedAt'] });
    expect(bench.told.at(-1)).toMatchObject({ type: 'cache.updated', kind: 'todos', upserts: 1 });
    await repository.update('a', { title: 'mine' });
    const newest = bench.server.update('todos', 'a', { priority: 12, title: 'theirs again' });
    await repository.upsertFromServer({
      ...(await must('a')),
      priority: 12,
      title: 'theirs again',
      updatedAt: String(newest['updatedAt']),
    });
    expect(await must('a')).toMatchObject({ title: 'mine', priority: 12 });
    expect(await bench.queued()).toHaveLength(1);
    await bench.engine.sync();
    const current = await must('a');
    await repository.upsertFromServer([{ ...current, title: 'old', updatedAt: '2000-01-01T00:00:00.000Z' }]);
    expect(await must('a')).toEqual(current);
    await expect(repository.upsertFromServer({ ...current, updatedAt: '' })).rejects.toThrow('has its time under');
    await expect(
      repository.upsertFromServer({ id: 'z', title: 7, updatedAt: newest['updatedAt'] ?? '' }, { as: 'json' }),
    ).rejects.toThrow(ValidationError);
    await expect(repository.upsertFromServer({ title: 'x' }, { as: 'json' })).rejects.toThrow('has no id');
    expect(await repository.count()).toBe(1);
    expect(await bench.queued()).toEqual([]);
  });

  test('localOnly requests nothing; localThenRemote returns at once and refreshes once for all callers; remoteFirst pulls first', async () => {
    await opened({ driver });
    bench.server.seed('todos', { id: 'b', title: 'new there', done: false, priority: 1, tags: null });
    const before = bench.server.recordedRequests.length;
    expect(await repository.read()).toMatchObject({ stale: true, rows: [{ id: 'a' }] });
    expect(bench.server.recordedRequests).toHaveLength(before);
    const held = bench.server.holdNextRequests();
    const [one, two] = [
      await repository.read({ policy: 'localThenRemote' }),
      await repository.read({ policy: 'localThenRemote' }),
    ];
    expect([one.rows.length, two.rows.length, one.stale]).toEqual([1, 1, true]);
    expect(await repository.findBy({ id: 'b' }, { policy: 'localThenRemote' })).toEqual([]);
    held();
    expect(await one.refresh).toMatchObject({ stale: false, rows: [{ id: 'a' }, { id: 'b' }] });
    expect((await two.refresh)?.rows).toHaveLength(2);
    expect(bench.server.recordedRequests.filter(({ method }) => method === 'GET').length - before).toBeLessThanOrEqual(
      2,
    );
    bench.server.seed('todos', { id: 'c', title: 'newer', done: false, priority: 1, tags: null });
    expect(await repository.count({ policy: 'remoteFirst' })).toBe(3);
    expect(await repository.findOneBy({ id: 'c' }, { policy: 'remoteFirst' })).toMatchObject({ title: 'newer' });
    bench.server.seed('todos', { id: 'd', title: 'newest', done: false, priority: 1, tags: null });
    expect(await repository.read({ policy: 'remoteFirst' })).toMatchObject({ stale: false, rows: [{}, {}, {}, {}] });
  });

  test('a remote-first read without a network rejects or reports stale data, and never returns an empty list by mistake', async () => {
    await opened({ driver });
    await bench.server.stop();
    await expect(repository.find({ policy: 'remoteFirst' })).rejects.toBeInstanceOf(NetworkError);
    await expect(repository.findOneBy({ id: 'nobody' }, { policy: 'remoteFirst' })).rejects.toBeInstanceOf(
      NetworkError,
    );
    await expect(repository.existsBy({ id: 'a' }, { policy: 'remoteFirst' })).rejects.toBeInstanceOf(NetworkError);
    expect(await repository.read({ policy: 'remoteFirst' })).toMatchObject({
      stale: true,
      rows: [{ id: 'a' }],
      error: { name: 'NetworkError' },
    });
    const { rows, refresh } = await repository.read({ policy: 'localThenRemote' });
    expect(rows).toHaveLength(1);
    expect(await refresh).toMatchObject({ stale: true, rows: [{ id: 'a' }], error: { name: 'NetworkError' } });
    expect(await repository.find({ policy: 'localThenRemote' })).toHaveLength(1);
  });

  test('a timeout, a signal, a pause or refused tokens end a remote-first read', async () => {
    await opened({ driver });
    const held = bench.server.holdNextRequests();
    const slow = repository.find({ policy: 'remoteFirst', timeoutMs: 50 });
    await held.arrived;
    await bench.clock.advance(50);
    await expect(slow).rejects.toMatchObject({
      name: 'NetworkError',
      timedOut: true,
      message: expect.stringContaining('within 50 ms') as string,
    });
    const leaving = new AbortController();
    const left = repository.find({ policy: 'remoteFirst', signal: leaving.signal });
    leaving.abort();
    await expect(left).rejects.toBeInstanceOf(SyncAbortedError);
    const paused = repository.find({ policy: 'remoteFirst' });
    await bench.engine.pause();
    await expect(paused).rejects.toBeInstanceOf(SyncAbortedError);
    await expect(repository.find({ policy: 'remoteFirst' })).rejects.toThrow('synchronising is paused');
    await expect(repository.find({ policy: 'remoteFirst', signal: leaving.signal })).rejects.toThrow(
      'the signal ended',
    );
    await expect(repository.find({ policy: 'remoteFirst', timeoutMs: 0 })).rejects.toBeInstanceOf(RangeError);
    held();
    await bench.engine.resume();
    await bench.engine.whenIdle();
    bench.server.acceptedToken = 'nobody';
    await expect(repository.find({ policy: 'remoteFirst' })).rejects.toBeInstanceOf(AuthError);
  });

  test('rejects tables that are never pulled and tables of others', async () => {
    await opened({ driver, tables: [syncTable(todoEntity, { pushOnly: true })] });
    await expect(repository.find({ policy: 'remoteFirst' })).rejects.toThrow(
      "is registered as pushOnly: read it with the policy 'localOnly'",
    );
    await expect(repository.read({ policy: 'localThenRemote' })).rejects.toThrow(ValidationError);
    const stranger = new EntitySchema<Todo>({
      name: 'strangers',
      columns: { id: { type: 'text', primary: true } } as never,
    });
    expect(() => bench.engine.repository(syncTable(stranger))).toThrow(
      'repository: the engine was created without this table',
    );
  });
});
