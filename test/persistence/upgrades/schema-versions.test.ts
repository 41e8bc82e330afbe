import { afterEach, describe, expect, test } from 'vitest';
import { TransportError } from '../../../src/model/errors/errors.ts';
import type { UpsertOp } from '../../../src/model/operation.ts';
import type { Outcome } from '../../../src/model/outcome.ts';
import { syncTable } from '../../../src/persistence/tables/sync-table.ts';
import { answerOf, drivers, openStore, serverRow, type StoreBench } from '../../support/open-store.ts';
import { todoEntity, todoOf } from '../../support/todo.ts';

/** Version 2 counts priorities in tens. */
const inTens = (op: UpsertOp, fromVersion: number): UpsertOp => {
  const { priority } = op.payload;
  return fromVersion < 2 && typeof priority === 'number'
    ? { ...op, payload: { ...op.payload, priority: priority * 10 } }
    : op;
};
const version2 = { tables: [syncTable(todoEntity, { version: 2, upgradeOperation: inTens })] };
const t1 = '2026-01-01T00:00:01.000001Z';
const lost: Outcome = { type: 'unavailable', error: TransportError.httpError(503) };

describe.each(drivers)('operations of another table version, on %s', (driver) => {
  let bench: StoreBench;
  afterEach(() => bench.close());
  const setVersion = (version: number, ...ids: readonly string[]): Promise<unknown> =>
    bench.dataSource.query(
      `UPDATE sync_outbox SET schema_version = ${version} WHERE entity_id IN (${ids.map((id) => `'${id}'`).join(', ')})`,
    );
  const outbox = async (id: string): Promise<Record<string, unknown>> => {
    const [row] = (await bench.dataSource.query(
      `SELECT * FROM sync_outbox WHERE entity_id = '${id}' ORDER BY seq`,
    )) as Record<string, unknown>[];
    return { ...row, payload: JSON.parse(String(row?.['payload'])) as unknown };
  };

  test('upgrades operations queued by an older tab during a run when they are taken, in the same transaction', async () => {
    bench = await openStore(driver, version2);
    await bench.writer.insertAndEnqueue(todoOf('a', { priority: 3 }));
    await bench.writer.insertAndEnqueue(todoOf('b', { priority: 30 }));
    await setVersion(1, 'a');
    await setVersion(2, 'b');
    const [a, b] = await bench.takeAll();
    expect([a?.op, b?.op]).toMatchObject([{ payload: { priority: 30 } }, { payload: { priority: 30 } }]);
    expect(await outbox('a')).toMatchObject({ schema_version: 2, frozen_version: null, payload: { priority: 30 } });
  });

  test('leaves operations queued by a newer release during a run to it; the others go on', async () => {
    bench = await openStore(driver, version2);
    for (const id of ['a', 'b']) await bench.writer.insertAndEnqueue(todoOf(id));
    await setVersion(3, 'a');
    await setVersion(2, 'b');
    expect((await bench.takeAll()).map(({ entityId }) => entityId)).toEqual(['b']);
    expect(await bench.takeAll()).toEqual([]);
    expect(await outbox('a')).toMatchObject({ state: 2, error_code: 'newerSchema', schema_version: 3 });
    expect(await bench.store.upgradeSchemas()).toMatchObject({ refused: [{ kind: 'todos', stored: 3, known: 2 }] });
    expect(await bench.queue.list()).toMatchObject([{ newerSchema: true }, { newerSchema: true }]);
  });

  test('I2: an open request keeps its bytes while its operations are upgraded; its answer uses today’s shape', async () => {
    bench = await openStore(driver, version2);
    await bench.pull([serverRow('a', t1, { priority: 10 })]);
    await bench.writer.replaceAndEnqueue(todoOf('a', { priority: 3 }), { changedFields: ['priority'] });
    // Sent unchanged: only later does it prove to be of version 1.
    await setVersion(2, 'a');
    const [sent] = await bench.takeAll();
    await bench.store.settle([answerOf(sent, lost)]);
    await setVersion(1, 'a');
    expect(await bench.store.upgradeSchemas()).toMatchObject({ refused: [], facts: [] });
    expect(await outbox('a')).toMatchObject({ schema_version: 2, frozen_version: 1 });
    const [again] = await bench.takeAll();
    expect(again?.op).toEqual(sent?.op);
    // Accepted without a row: the sent row counts, in today's form.
    await bench.store.settle([answerOf(again, { type: 'applied' })]);
    expect(await bench.row('a')).toMatchObject({ priority: 30 });
    const [base] = (await bench.dataSource.query('SELECT last_sent, schema_version FROM sync_base')) as Record<
      string,
      unknown
    >[];
    expect(JSON.parse(String(base?.['last_sent']))).toMatchObject({ priority: 3 });
  });

  test('I2: a refusal closes the request: the next one is upgraded and has a new key', async () => {
    bench = await openStore(driver, version2);
    await bench.writer.insertAndEnqueue(todoOf('a', { priority: 3 }));
    await setVersion(2, 'a');
    const [sent] = await bench.takeAll();
    await setVersion(1, 'a');
    await bench.store.upgradeSchemas();
    await bench.store.settle([
      answerOf(sent, { type: 'rejected', code: 'invalid', error: TransportError.httpError(422) }),
    ]);
    expect(await outbox('a')).toMatchObject({ frozen_body: null, frozen_version: null });
    await bench.store.beginRun({ explicit: true, kinds: ['todos'], runId: 2 });
    const [again] = await bench.takeAll();
    expect(again?.op).toMatchObject({ requestId: 'op1#2', payload: { priority: 30 } });
  });

  test('skips a conflict that cannot be upgraded; one that can keeps its decision', async () => {
    bench = await openStore(driver, { ...version2, config: { conflictStrategy: 'manual' } });
    await bench.pull([serverRow('a', t1, { priority: 1 })]);
    await bench.writer.replaceAndEnqueue(todoOf('a', { priority: 3 }), { changedFields: ['priority'] });
    await setVersion(2, 'a');
    const [sent] = await bench.takeAll();
    const current = serverRow('a', '2026-01-01T00:00:05.000001Z', { priority: 5 });
    await bench.store.settle([
      answerOf(sent, { type: 'conflict', current, deleted: false, serverTimestamp: String(current['updatedAt']) }),
    ]);
    await bench.store.decideConflict('op1', { type: 'acceptMerged', data: { ...current, priority: 4 } });
    await bench.dataSource.query('UPDATE sync_conflicts SET schema_version = 1');
    expect((await bench.store.beginRun({ explicit: true, kinds: ['todos'], runId: 2 })).conflicts).toEqual([]);
    await setVersion(1, 'a');
    await bench.store.upgradeSchemas();
    expect(await bench.store.conflicts()).toMatchObject([
      {
        conflict: {
          localData: { priority: 30 },
          serverData: { priority: 50 },
          baseData: { priority: 10 },
          changedFields: ['priority'],
        },
        resolution: { data: { priority: 40 } },
      },
    ]);
    expect((await bench.store.beginRun({ explicit: true, kinds: ['todos'], runId: 3 })).conflicts).toHaveLength(1);
  });

  test('upgrades a queue of any length in steps; a second time there is nothing to do', async () => {
    bench = await openStore(driver, version2);
    for (let n = 0; n < 450; n++) await bench.writer.insertAndEnqueue(todoOf(`t${n}`, { priority: n }));
    await bench.dataSource.query('UPDATE sync_outbox SET schema_version = 1');
    await bench.store.upgradeSchemas();
    const rows = (await bench.dataSource.query(
      'SELECT payload, schema_version AS version FROM sync_outbox ORDER BY seq',
    )) as {
      payload: string;
      version: number;
    }[];
    expect(
      rows.every(
        ({ payload, version }, index) =>
          version === 2 && (JSON.parse(payload) as { priority: number }).priority === index * 10,
      ),
    ).toBe(true);
    expect(await bench.store.upgradeSchemas()).toEqual({ facts: [], refused: [], resyncing: [] });
  });
});
