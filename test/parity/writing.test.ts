import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ValidationError } from '../../src/model/errors/errors.ts';
import { createWriter } from '../../src/persistence/writing/writer.ts';
import { syncTable } from '../../src/persistence/tables/sync-table.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todos } from '../support/open-store.ts';
import { todoEntity, todoOf, type Todo } from '../support/todo.ts';

/** Writing and registering, by the numbers of the reference library (docs/parity.md). */
let bench: EngineBench;
const opened = async (...args: Parameters<typeof openEngine>): Promise<EngineBench> =>
  (bench = await openEngine(...args));
afterEach(() => bench.close());
const queue = () => bench.engine.outbox.take();

describe('the writer', () => {
  beforeEach(() => opened());

  test('WRT-04, F-27: an empty difference or an empty set of changed fields queues nothing; it never means all fields', async () => {
    await bench.writer.insertAndEnqueue(todoOf('a'));
    await bench.engine.sync();
    const row = (await bench.row('a'))!;
    expect(await bench.writer.replaceAndEnqueueDiff(row, { ...row })).toBe(false);
    await bench.writer.replaceAndEnqueue({ ...row, title: 'not meant' }, { changedFields: [] });
    expect([await queue(), await bench.row('a')]).toEqual([[], row]);
  });

  test('WRT-05, F-37: enqueueDelete queues the delete and hides the row in the same transaction', async () => {
    await bench.writer.insertAndEnqueue(todoOf('a'));
    await bench.engine.sync();
    const { updatedAt } = (await bench.row('a'))!;
    await bench.writer.enqueueDelete('a', { opId: 'op-delete' });
    expect(await queue()).toMatchObject([{ opId: 'op-delete', type: 'delete', id: 'a', baseUpdatedAt: updatedAt }]);
    expect((await bench.row('a'))?.deletedAtLocal).not.toBeNull();
  });

  test('WRT-10: each form works in one line without an engine, on the data source itself, and queues its operation', async () => {
    const direct = createWriter(bench.dataSource, { clock: bench.clock }).forTable(todos);
    await direct.insertAndEnqueue(todoOf('a'), { opId: '1' });
    await direct.replaceAndEnqueue(todoOf('a', { title: 'b' }), { opId: '2' });
    await direct.replaceAndEnqueueDiff(todoOf('a', { title: 'b' }), todoOf('a', { title: 'c' }), { opId: '3' });
    await direct.writeAndEnqueueDelete((manager) => manager.update(todoEntity, 'a', { done: true }), 'a', {
      opId: '4',
    });
    await direct.restore('a', { opId: '5' });
    await direct.enqueueDelete('a', { opId: '6' });
    expect((await queue()).map(({ opId, type }) => `${opId} ${type}`)).toEqual([
      '1 upsert',
      '2 upsert',
      '3 upsert',
      '4 delete',
      '5 upsert',
      '6 delete',
    ]);
    // All of them before the first sync: nothing needs to be sent.
    expect(await bench.engine.sync()).toMatchObject({ errors: 0 });
    expect([await bench.queued(), bench.server.getAll('todos')]).toEqual([[], []]);
  });
});

describe('registration', () => {
  test('REG-01: kind and mapping are optional; defaults come from the entity', async () => {
    const table = syncTable(todoEntity, {
      kind: 'tasks',
      toJson: ({ id, title, updatedAt }: Todo) => ({ uuid: id, name: title, changed: updatedAt }),
      fromJson: (json) => ({
        id: String(json['uuid']),
        title: String(json['name']),
        updatedAt: String(json['changed'] ?? ''),
      }),
      getId: (json) => json['uuid'] as string,
      getUpdatedAt: (json) => json['changed'] as string,
    });
    const asked: unknown[] = [];
    await opened({
      tables: [table as never],
      transport: {
        capabilities: {},
        pull: async ({ kind }) => ({
          items: kind === 'tasks' ? [{ uuid: 'r', name: 'remote', changed: '2026-01-01T00:00:00.000Z' }] : [],
          hasMore: false,
        }),
        push: async (ops) => {
          asked.push(...ops);
          return { results: ops.map(({ opId }) => ({ opId, result: { type: 'pushSuccess' } })) };
        },
        forcePush: async () => ({ type: 'pushSuccess' }),
        fetch: async () => ({ type: 'fetchNotFound' }),
        health: async () => true,
      },
    });
    await bench.engine.writer(table).insertAndEnqueue(todoOf('a', { title: 'mine' }));
    await bench.engine.sync();
    expect(asked).toMatchObject([{ kind: 'tasks', id: 'a', payload: { uuid: 'a', name: 'mine' } }]);
    expect(await bench.row('r')).toMatchObject({ title: 'remote', updatedAt: '2026-01-01T00:00:00.000Z' });
  });

  test('REG-03, ENG-02, ENG-03, ENG-04: rejects a blank kind and two tables of one kind, and trims blanks around a kind', async () => {
    await opened();
    for (const kind of ['', '   ']) expect(() => syncTable(todoEntity, { kind })).toThrow(TypeError);
    const { engine, dataSource } = bench;
    await engine.dispose();
    const open = (...kinds: string[]) =>
      openEngine({
        dataSource,
        server: bench.server,
        tables: kinds.map((kind) => syncTable(todoEntity, { kind }) as never),
      });
    await expect(open('a', ' a ')).rejects.toThrow(/two tables are registered as kind 'a'/);
  });

  test('F-13: rejects an invalid syncIntervalMs by name', async () => {
    await opened();
    for (const syncIntervalMs of [0, -1, Number.NaN, Infinity])
      expect(() => syncTable(todoEntity, { syncIntervalMs })).toThrow(/syncIntervalMs/);
  });
});

test('WRT-08: rejects an existing id, names the method to use, and queues nothing', async () => {
  await opened();
  await bench.writer.insertAndEnqueue(todoOf('a'), { opId: '1' });
  await expect(bench.writer.insertAndEnqueue(todoOf('a'))).rejects.toThrow(ValidationError);
  expect((await queue()).map(({ opId }) => opId)).toEqual(['1']);
});
