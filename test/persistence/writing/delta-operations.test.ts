import { DataSource } from 'typeorm';
import { afterEach, describe, expect, test } from 'vitest';
import { increment } from '../../../src/model/values/delta.ts';
import { upsertOp, type UpsertOpInput } from '../../../src/model/operation.ts';
import {
  CreateSyncTables1700000000001,
  KeepDeltas1700000000010,
} from '../../../src/persistence/database/migrations.ts';
import { accepted, answerOf, drivers, openStore, serverRow, type StoreBench } from '../../support/open-store.ts';
import { todoOf } from '../../support/todo.ts';

let bench: StoreBench;
afterEach(() => bench.close());
const v = (n: number): string => `2026-01-01T00:00:0${n}.000Z`;
const opWith = (more: Partial<UpsertOpInput>) =>
  upsertOp({
    kind: 'todos',
    id: 'a',
    payload: { id: 'a', title: 't', priority: 1 },
    changedFields: [],
    baseUpdatedAt: v(1),
    deltas: [increment('priority', 1)],
    ...more,
  });

describe.each(drivers)('stored operations with deltas, with %s', (driver) => {
  test.each([
    ['on a creation', opWith({ baseUpdatedAt: undefined }), /a creation sends the whole row/],
    ['of a field that the payload lacks', opWith({ payload: { id: 'a' } }), /lacks 'priority'/],
    ['of a field that is written, too', opWith({ changedFields: ['priority'] }), /both written and changed/],
    [
      'of what belongs to the server',
      opWith({ payload: { id: 'a', updatedAt: v(1) }, deltas: [increment('updatedAt', 1)] }),
      /belongs to the server/,
    ],
    [
      'of a key that reaches prototypes',
      opWith({ deltas: [increment('constructor', 1)] }),
      /'constructor' is not allowed/,
    ],
  ])('rejects a delta %s when it is queued', async (_title, op, message) => {
    bench = await openStore(driver);
    await expect(bench.outbox.enqueue(op)).rejects.toThrow(message);
    expect(await bench.outbox.hasOperations()).toBe(false);
  });

  test('I2: the frozen request does not change, whatever is pulled or written meanwhile', async () => {
    bench = await openStore(driver);
    await bench.pull([serverRow('a', v(1), { priority: 10 })]);
    await bench.writer.increment('a', 'priority', 1);
    const take = () => bench.store.take({ kinds: ['todos'], limit: 10, runId: 1, distrustResend: false, deltas: true });
    const [first] = (await take()).requests;
    expect(first).toMatchObject({
      op: { deltas: [{ by: 1 }], payload: { priority: 11 }, baseUpdatedAt: v(1) },
      deltas: [{ by: 1 }],
    });
    await bench.writer.increment('a', 'priority', 5);
    await bench.pull([serverRow('a', v(2), { priority: 20 })]);
    expect(await bench.row('a')).toMatchObject({ priority: 26 });
    await bench.store.beginRun({ explicit: true, kinds: ['todos'], runId: 2 });
    const [again] = (await take()).requests;
    expect(again?.op).toEqual(first?.op);
    // The follower uses the answer as its base.
    await bench.store.settle([answerOf(again, { type: 'applied', row: serverRow('a', v(3), { priority: 21 }) })]);
    expect(await bench.row('a')).toMatchObject({ priority: 26 });
    const [next] = (await take()).requests;
    expect(next).toMatchObject({ op: { deltas: [{ by: 5 }], payload: { priority: 26 }, baseUpdatedAt: v(3) } });
  });

  test('I2: fetches the row first for a request frozen with deltas and taken for a server without them', async () => {
    bench = await openStore(driver);
    await bench.pull([serverRow('a', v(1), { priority: 10 })]);
    await bench.writer.increment('a', 'priority', 1);
    await bench.store.take({ kinds: ['todos'], limit: 10, runId: 1, distrustResend: false, deltas: true });
    await bench.store.beginRun({ explicit: true, kinds: ['todos'], runId: 2 });
    expect(await bench.takeAll()).toMatchObject([{ verify: 'staleRequest', op: { deltas: [{ by: 1 }] } }]);
  });

  test('without the capability, sends the whole row on the newest known version', async () => {
    bench = await openStore(driver);
    await bench.pull([serverRow('a', v(1), { priority: 10 })]);
    await bench.writer.increment('a', 'priority', 1);
    await bench.pull([serverRow('a', v(2), { title: 'newer', priority: 20 })]);
    const [request] = await bench.takeAll();
    expect(request?.op).toMatchObject({
      baseUpdatedAt: v(2),
      payload: { title: 'newer', priority: 21 },
      changedFields: [],
    });
    expect(request?.op).not.toHaveProperty('deltas');
    expect(request?.deltas).toEqual([increment('priority', 1)]);
  });

  test('when the server answers without the row, uses its newest known row plus the deltas meanwhile', async () => {
    bench = await openStore(driver);
    await bench.pull([serverRow('a', v(1), { priority: 10 })]);
    await bench.writer.increment('a', 'priority', 1);
    const take = (deltas: boolean) =>
      bench.store.take({ kinds: ['todos'], limit: 10, runId: 1, distrustResend: false, deltas });
    const [first] = (await take(true)).requests;
    await bench.pull([serverRow('a', v(2), { title: 'edited there', priority: 20 })]);
    await bench.writer.increment('a', 'priority', 1);
    await bench.store.settle([answerOf(first, { type: 'applied' })]);
    expect(await bench.row('a')).toMatchObject({ title: 'edited there', priority: 22 });
    // Deltas sent as deltas need no version; a row does.
    expect((await take(false)).requests).toMatchObject([
      {
        verify: 'unknownVersion',
        lastSent: { title: 'edited there', priority: 21 },
        op: { payload: { priority: 22 } },
      },
    ]);
  });

  test('sendChangedFields: includes the fields of deltas', async () => {
    bench = await openStore(driver, { tables: [{ target: 'todos', options: { sendChangedFields: true } }] });
    await bench.pull([serverRow('a', v(1), { priority: 10 })]);
    await bench.writer.increment('a', 'priority', 1);
    expect((await bench.takeAll())[0]?.op).toMatchObject({ payload: { id: 'a', priority: 11 } });
  });

  test('F-136: without folding, rebuilds each delta on the answer to the previous one', async () => {
    bench = await openStore(driver, { config: { coalesce: false } });
    await bench.writer.insertAndEnqueue(todoOf('a', { priority: 1 }));
    await bench.writer.increment('a', 'priority', 1);
    await bench.writer.increment('a', 'priority', 1);
    const sent = await bench.drain((request) =>
      accepted(v(Number(request.op.type === 'upsert' && request.op.payload['priority'])))(request),
    );
    expect(sent.map(({ op }) => (op.type === 'upsert' ? op.payload['priority'] : undefined))).toEqual([1, 2, 3]);
    expect(await bench.row('a')).toMatchObject({ priority: 3 });
  });
});

test('a migration adds the columns to an earlier database, and removes them again', async () => {
  const dataSource = await new DataSource({
    type: 'better-sqlite3',
    database: ':memory:',
    migrations: [CreateSyncTables1700000000001],
    migrationsRun: true,
  }).initialize();
  const runner = dataSource.createQueryRunner();
  const columns = async (table: string): Promise<string[]> =>
    ((await runner.query(`SELECT "name" FROM pragma_table_info('${table}')`)) as { name: string }[]).map(
      ({ name }) => name,
    );
  const migration = new KeepDeltas1700000000010();
  await migration.up(runner);
  expect(await columns('sync_discarded')).toEqual(expect.arrayContaining(['deltas', 'creates']));
  expect(await columns('sync_conflicts')).toContain('deltas');
  await migration.down(runner);
  expect(await columns('sync_discarded')).not.toContain('deltas');
  await dataSource.destroy();
  bench = await openStore('better-sqlite3');
});
