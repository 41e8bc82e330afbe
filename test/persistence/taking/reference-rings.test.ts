import { EntitySchema } from 'typeorm';
import { afterEach, describe, expect, test } from 'vitest';
import type { SyncFact } from '../../../src/model/events.ts';
import { TransportError } from '../../../src/model/errors/errors.ts';
import type { JsonObject } from '../../../src/model/values/json.ts';
import type { TakenBatch } from '../../../src/model/ports.ts';
import { syncColumns, type SyncedRow } from '../../../src/persistence/tables/sync-columns.ts';
import { syncTable, type SyncTable } from '../../../src/persistence/tables/sync-table.ts';
import { createWriter, type SyncEntityWriter } from '../../../src/persistence/writing/writer.ts';
import { accepted, answerOf, drivers, openStore, openSynchronized, type StoreBench } from '../../support/open-store.ts';
import { todoEntity } from '../../support/todo.ts';

/**
 * A row of one of three tables, each of which refers to the next: `a` to `b`, `b` to `c`, `c` to `a`; `mate` is a row
 * of the same table.
 */
interface Linked extends SyncedRow {
  id: string;
  name: string;
  next: string | null;
  mate: string | null;
}
type Kind = 'a' | 'b' | 'c';
const kinds: readonly Kind[] = ['a', 'b', 'c'];
const t1 = '2026-01-01T00:00:01.000001Z';
const rowOf = (id: string, changes: Partial<Linked> = {}): Linked => ({
  id,
  name: id,
  next: null,
  mate: null,
  updatedAt: '',
  deletedAt: null,
  deletedAtLocal: null,
  ...changes,
});

describe.each(drivers)('rows created in a cycle on %s', (driver) => {
  let bench: StoreBench & { readonly writers: Record<Kind, SyncEntityWriter<Linked>> };
  afterEach(() => bench.close());

  /** `required`: tables with a NOT NULL reference. `targets`: what each table refers to. */
  async function open(
    options: {
      readonly required?: readonly Kind[];
      readonly targets?: Record<Kind, Kind>;
      readonly coalesce?: boolean;
    } = {},
  ): Promise<void> {
    const targets = options.targets ?? { a: 'b', b: 'c', c: 'a' };
    const entityOf = (name: Kind): EntitySchema<Linked> =>
      new EntitySchema<Linked>({
        name,
        columns: {
          id: { type: 'text', primary: true },
          name: { type: 'text' },
          next: { type: 'text', nullable: options.required?.includes(name) !== true },
          mate: { type: 'text', nullable: true },
          ...syncColumns,
        },
      });
    const entities = { a: entityOf('a'), b: entityOf('b'), c: entityOf('c') };
    const tables = kinds.map((kind) => syncTable(entities[kind], { dependsOn: { next: targets[kind], mate: kind } }));
    const dataSource = await openSynchronized(driver, [...Object.values(entities), todoEntity] as EntitySchema[]);
    const opened = await openStore(driver, {
      dataSource,
      tables: tables as SyncTable[],
      config: { coalesce: options.coalesce ?? true },
    });
    let count = 0;
    const writer = createWriter(dataSource, { clock: opened.clock, opId: () => `op${++count}` });
    const [a, b, c] = tables.map((table) => writer.forTable(table)) as [
      SyncEntityWriter<Linked>,
      SyncEntityWriter<Linked>,
      SyncEntityWriter<Linked>,
    ];
    bench = { ...opened, writers: { a, b, c } };
  }

  const facts: SyncFact[] = [];
  const take = async (limit: number): Promise<TakenBatch> => {
    const taken = await bench.store.take({ kinds, limit, runId: 1, distrustResend: false });
    facts.push(...taken.facts);
    return taken;
  };

  /**
   * Sends everything to a server with foreign keys; returns the ids in request order. Throws if a reference points
   * nowhere.
   */
  async function drain(
    limit = 100,
  ): Promise<{ readonly order: readonly string[]; readonly rows: ReadonlyMap<string, JsonObject> }> {
    const rows = new Map<string, JsonObject>();
    const order: string[] = [];
    facts.length = 0;
    for (let batch = await take(limit); batch.requests.length > 0; batch = await take(limit)) {
      for (const { op } of batch.requests) {
        order.push(op.id);
        if (op.type === 'delete') rows.delete(op.id);
        else {
          const { next = null, mate = null } = op.payload;
          for (const id of [next, mate])
            if (id !== null && id !== op.id && !rows.has(String(id)))
              throw new Error(`${op.id} refers to ${String(id)}, which is not there`);
          rows.set(op.id, op.payload);
        }
      }
      await bench.store.settle(
        batch.requests.map((request) =>
          answerOf(request, request.op.type === 'upsert' ? accepted(t1)(request) : { type: 'applied' }),
        ),
      );
    }
    return { order, rows };
  }

  test.each([1, 100])(
    'F-160, I12: creates a cycle of two tables without one reference, which an edit adds; %i requests at once',
    async (limit) => {
      await open({ targets: { a: 'b', b: 'a', c: 'c' } });
      await bench.writers.a.insertAndEnqueue(rowOf('a1', { next: 'b1' }));
      await bench.writers.b.insertAndEnqueue(rowOf('b1', { next: 'a1' }));
      const { order, rows } = await drain(limit);
      expect(order).toEqual(['a1', 'b1', 'a1']);
      expect(rows.get('a1')).toMatchObject({ next: 'b1' });
      expect(rows.get('b1')).toMatchObject({ next: 'a1' });
      expect(facts).toEqual([]);
      expect(await bench.queue.list()).toEqual([]);
      expect(await bench.dataSource.query(`SELECT id, next FROM a`)).toEqual([{ id: 'a1', next: 'b1' }]);
    },
  );

  test('F-160: the local row keeps the reference while the cycle is in flight, and a refused creation sends it again', async () => {
    await open({ targets: { a: 'b', b: 'a', c: 'c' } });
    await bench.writers.a.insertAndEnqueue(rowOf('a1', { next: 'b1' }));
    await bench.writers.b.insertAndEnqueue(rowOf('b1', { next: 'a1' }));
    const [creation] = (await take(1)).requests;
    expect(creation?.op).toMatchObject({ id: 'a1', creates: true, payload: { next: null } });
    await bench.store.settle([
      answerOf(creation, { type: 'rejected', code: 'http422', error: TransportError.httpError(422) }),
    ]);
    expect(await bench.dataSource.query(`SELECT id, next FROM a`)).toEqual([{ id: 'a1', next: 'b1' }]);
    await bench.store.beginRun({ explicit: true, kinds, runId: 2 });
    expect((await drain()).order).toEqual(['a1', 'b1', 'a1']);
  });

  test('F-160: a cycle over three tables, one within a table, and a row that refers to itself', async () => {
    await open();
    await bench.writers.b.insertAndEnqueue(rowOf('b1', { next: 'c1', mate: 'b1' }));
    await bench.writers.a.insertAndEnqueue(rowOf('a1', { next: 'b1', mate: 'a2' }));
    await bench.writers.a.insertAndEnqueue(rowOf('a2', { next: 'b1', mate: 'a1' }));
    await bench.writers.c.insertAndEnqueue(rowOf('c1', { next: 'a1' }));
    const { rows } = await drain();
    expect(Object.fromEntries([...rows].map(([id, { next, mate }]) => [id, [next, mate]]))).toEqual({
      b1: ['c1', 'b1'],
      a1: ['b1', 'a2'],
      a2: ['b1', 'a1'],
      c1: ['a1', null],
    });
    expect(facts).toEqual([]);
  });

  test.each([true, false])(
    'F-160: the row with the nullable reference goes first although it was queued last; coalesce %s',
    async (coalesce) => {
      await open({ required: ['a', 'b'], coalesce });
      await bench.writers.a.insertAndEnqueue(rowOf('a1', { next: 'b1' }));
      await bench.writers.b.insertAndEnqueue(rowOf('b1', { next: 'c1' }));
      await bench.writers.c.insertAndEnqueue(rowOf('c1', { next: 'a1' }));
      await bench.writers.c.replaceAndEnqueue(rowOf('c1', { next: 'a1', name: 'renamed' }), {
        changedFields: ['name'],
      });
      const { order, rows } = await drain();
      expect([...new Set(order)]).toEqual(['c1', 'b1', 'a1']);
      expect(rows.get('c1')).toMatchObject({ next: 'a1', name: 'renamed' });
      expect(facts).toEqual([]);
    },
  );

  test('F-160: a later write by the user counts: another reference, none, or a deletion', async () => {
    await open({ targets: { a: 'b', b: 'a', c: 'c' } });
    for (const n of [1, 2, 3]) {
      await bench.writers.a.insertAndEnqueue(rowOf(`a${n}`, { next: `b${n}` }));
      await bench.writers.b.insertAndEnqueue(rowOf(`b${n}`, { next: `a${n}` }));
    }
    const [first] = (await take(1)).requests;
    await bench.store.settle([answerOf(first, { type: 'notSent', error: TransportError.httpError(503) })]);
    await bench.writers.a.replaceAndEnqueue(rowOf('a1', { next: 'b2' }), { changedFields: ['next'] });
    await bench.writers.a.replaceAndEnqueue(rowOf('a2'), { changedFields: ['next'] });
    await bench.writers.b.replaceAndEnqueue(rowOf('b3'), { changedFields: ['next'] });
    await bench.writers.a.enqueueDelete('a3');
    const { rows } = await drain();
    expect([...rows].map(([id, { next }]) => [id, next]).sort()).toEqual([
      ['a1', 'b2'],
      ['a2', null],
      ['b1', 'a1'],
      ['b2', 'a2'],
      ['b3', null],
    ]);
  });

  test('F-160: does not send a reference that the user replaced before the cycle was broken', async () => {
    await open({ targets: { a: 'b', b: 'a', c: 'c' } });
    await bench.writers.a.insertAndEnqueue(rowOf('a1', { next: 'b1' }));
    await bench.writers.b.insertAndEnqueue(rowOf('b1', { next: 'a1' }));
    await bench.writers.b.insertAndEnqueue(rowOf('b2'));
    await bench.writers.a.replaceAndEnqueue(rowOf('a1', { next: 'b2' }), { changedFields: ['next'] });
    const { order, rows } = await drain();
    expect(order.filter((id) => id === 'a1')).toHaveLength(2);
    expect(rows.get('a1')).toMatchObject({ next: 'b2' });
    expect(await bench.dataSource.query(`SELECT id, next FROM a`)).toEqual([{ id: 'a1', next: 'b2' }]);
  });

  test('F-160, I12: a cycle of NOT NULL references follows the queue order; the event and the list say why', async () => {
    await open({ targets: { a: 'b', b: 'a', c: 'c' }, required: ['a', 'b'] });
    await bench.writers.a.insertAndEnqueue(rowOf('a1', { next: 'b1' }));
    await bench.writers.b.insertAndEnqueue(rowOf('b1', { next: 'a1' }));
    facts.length = 0;
    const { requests } = await take(100);
    expect(requests.map(({ entityId }) => entityId)).toEqual(['a1']);
    expect(facts).toMatchObject([
      { type: 'store.warning', message: expect.stringMatching(/a\/a1.*b\/b1.*NOT NULL columns/) as string },
    ]);
    await bench.store.settle([
      answerOf(requests[0], { type: 'rejected', code: 'http422', error: TransportError.httpError(422) }),
    ]);
    expect((await bench.queue.list()).map(({ entityId, ring }) => [entityId, ring])).toEqual([
      ['a1', ['a/a1', 'b/b1']],
      ['b1', ['a/a1', 'b/b1']],
    ]);
  });
});
