import { afterEach, expect, test } from 'vitest';
import type { JsonObject } from '../../src/model/values/json.ts';
import type { Op } from '../../src/model/operation.ts';
import { captureWrites } from '../../src/persistence/capture/capture-writes.ts';
import { syncTable } from '../../src/persistence/tables/sync-table.ts';
import { MemoryBackend } from '../../src/testing/memory-backend.ts';
import { noon, openConflicts, taskEntity, taskOf, type BenchOptions, type ConflictBench } from './bench.ts';

let bench: ConflictBench;
afterEach(() => bench.close());

const allFields = Object.keys(taskOf('x')).filter((key) => !['updatedAt', 'deletedAt', 'deletedAtLocal'].includes(key));

/**
 * A server that merges requests into existing rows, deletes without a tombstone, and refuses partial rows that it does
 * not have.
 */
async function open(options: BenchOptions = {}): Promise<void> {
  const backend = new MemoryBackend({ naming: 'camelCase', deletes: 'hard', now: () => noon });
  backend.addRule(({ type, kind, id, payload = {}, base }) =>
    type === 'upsert' &&
    base === undefined &&
    backend.get(kind, id) === undefined &&
    allFields.some((field) => !(field in payload))
      ? { status: 422, body: { error: 'incomplete', message: `there is no ${id} to merge this into` } }
      : undefined,
  );
  bench = await openConflicts({ table: { sendChangedFields: true }, backend, ...options });
}
const bodyOf = (op: Op | undefined): JsonObject | undefined => (op?.type === 'upsert' ? op.payload : undefined);
const arrives = async (id: string, fields: JsonObject): Promise<void> => {
  expect(await bench.sync()).toMatchObject({ errors: 0 });
  expect(await bench.queued()).toEqual([]);
  expect(bench.backend.get('tasks', id)).toMatchObject(fields);
};
const adopt = (id: string): Promise<unknown> =>
  bench.dataSource.query(
    `INSERT INTO tasks (id, title, done, stock, due_date, tags, meta, updated_at) VALUES (?, 'old', 0, 5, '2026-05-01', '["a"]', 'null', '')`,
    [id],
  );

test('F-152: sends only the changes of a row that the server has', async () => {
  await open();
  await bench.begin('t1');
  await bench.edit('t1', { title: 'mine' });
  await arrives('t1', { title: 'mine' });
  expect(bodyOf(bench.transport.sent[0])).toEqual({ id: 't1', title: 'mine' });
});

test('F-152, I1: sends the whole row for an edit of a row that no server ever had', async () => {
  await open();
  await adopt('t1');
  await bench.edit('t1', { title: 'mine' });
  await arrives('t1', { title: 'mine', stock: 5 });
});

test('F-152: sends the whole row for a relative change of a row that no server ever had', async () => {
  await open({ transport: { capabilities: { idempotency: 'key', deltas: true } } });
  await adopt('t1');
  await bench.writer.increment('t1', 'stock', 2);
  await arrives('t1', { title: 'old', stock: 7 });
});

test('F-152: sends the whole row when it is restored after its deletion reached a server without tombstones', async () => {
  for (const tombstones of ['keep', 'remove'] as const) {
    await open({ table: { sendChangedFields: true, tombstones } });
    await bench.begin('t1');
    await bench.writer.enqueueDelete('t1');
    await bench.sync();
    expect(bench.backend.get('tasks', 't1')).toBeUndefined();
    if (tombstones === 'keep') await bench.writer.restore('t1');
    else await bench.writer.insertAndEnqueue(taskOf('t1'));
    await arrives('t1', { title: 'title', stock: 5 });
    await bench.close();
  }
});

test('F-152: sends the whole row when it is restored while its deletion is in flight', async () => {
  await open();
  await bench.begin('t1');
  await bench.writer.enqueueDelete('t1');
  const { transport } = bench;
  const push = transport.push.bind(transport);
  transport.push = async (ops, context) => {
    transport.push = push;
    await bench.writer.restore('t1');
    return push(ops, context);
  };
  await arrives('t1', { title: 'title', stock: 5 });
});

test('F-152: sends the whole row when it is deleted, restored and edited before anything was sent', async () => {
  await open();
  await bench.begin('t1');
  await bench.writer.enqueueDelete('t1');
  await bench.writer.restore('t1');
  await bench.edit('t1', { title: 'again' });
  await arrives('t1', { title: 'again', stock: 5 });
  expect(bodyOf(bench.transport.sent[0])).toMatchObject({ title: 'again', stock: 5 });
});

test('F-152: sends the whole row when a captured save restores a row whose deletion reached the server', async () => {
  await open();
  captureWrites(bench.dataSource, [syncTable(taskEntity, { sendChangedFields: true })]);
  await bench.begin('t1');
  const rows = bench.dataSource.getRepository(taskEntity);
  await rows.softDelete('t1');
  await bench.sync();
  expect(bench.backend.get('tasks', 't1')).toBeUndefined();
  await rows.save(taskOf('t1', { title: 'again' }));
  await arrives('t1', { title: 'again', stock: 5 });
});

test('F-152: recreates the whole row when an edit meets a deletion without a tombstone', async () => {
  await open();
  await bench.begin('t1');
  await bench.edit('t1', { title: 'mine' });
  bench.backend.remove('tasks', 't1');
  await arrives('t1', { title: 'mine', stock: 5 });
});

test('F-152: recreates the whole row when a creation was edited after its reply was lost', async () => {
  await open({ config: { idempotencyWindowMs: 0 } });
  await bench.writer.insertAndEnqueue(taskOf('t1'));
  const { transport } = bench;
  const push = transport.push.bind(transport);
  transport.push = (ops) => {
    transport.push = push;
    return Promise.resolve({
      results: ops.map(({ opId }) => ({ opId, result: { type: 'pushAmbiguous' as const, message: 'lost' } })),
    });
  };
  await bench.sync();
  await bench.edit('t1', { title: 'edited' });
  await bench.clock.advance(3_600_000);
  await arrives('t1', { title: 'edited', stock: 5 });
});
