import { EntitySchema } from 'typeorm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/model/values/json.ts';
import { createWriter } from '../../../src/persistence/writing/writer.ts';
import { syncColumns, type SyncedRow } from '../../../src/persistence/tables/sync-columns.ts';
import { syncTable, type SyncTable } from '../../../src/persistence/tables/sync-table.ts';
import { openStore, openSynchronized, type StoreBench } from '../../support/open-store.ts';
import { todoEntity } from '../../support/todo.ts';

interface Thing extends SyncedRow {
  id: string;
  name: string;
  total: string;
  amount: string;
  labels: string[];
  extra: object | null;
  level: string;
  at: Date | null;
}
const thingEntity = new EntitySchema<Thing>({
  name: 'things',
  columns: {
    id: { type: 'uuid', primary: true },
    name: { type: 'text' },
    total: { type: 'bigint' },
    amount: { type: 'numeric', precision: 20, scale: 4 },
    labels: { type: 'text', array: true },
    extra: { type: 'jsonb', nullable: true },
    level: { type: 'enum', enum: ['low', 'high'] },
    at: { type: 'timestamptz', precision: 3, nullable: true },
    ...syncColumns,
  },
});
const things = syncTable(thingEntity);
const id = '0b8f6f1e-6f0a-4f0e-9d64-1de1f00dbabe';
const row = (changes: JsonObject = {}): JsonObject => ({
  id,
  name: 'one',
  total: '9007199254740993',
  amount: '1234567890.1234',
  labels: ['a', 'b,c'],
  extra: { nested: [1, null] },
  level: 'high',
  at: '2026-02-03T04:05:06.789Z',
  updatedAt: '2026-01-01T00:00:01.000001Z',
  deletedAt: null,
  ...changes,
});

describe('app tables on PostgreSQL', () => {
  let bench: StoreBench;
  beforeEach(async () => {
    const dataSource = await openSynchronized('postgres', [thingEntity as EntitySchema, todoEntity as EntitySchema]);
    bench = await openStore('postgres', { dataSource, tables: [things as SyncTable] });
  });
  afterEach(() => bench.close());
  const pull = (items: readonly JsonObject[]) =>
    bench.store.applyPages(
      'things',
      [{ page: { items }, items, next: { cursor: undefined, maxPage: 1, resync: false } }],
      { totalDone: 0 },
    );
  const stored = (): Promise<Thing[]> => bench.dataSource.getRepository(thingEntity).find();

  test('stores, reads and returns uuid, bigint, numeric, arrays, jsonb, enum and timestamptz unchanged', async () => {
    await pull([row()]);
    expect(await stored()).toEqual([{ ...row(), at: new Date('2026-02-03T04:05:06.789Z'), deletedAtLocal: null }]);
    const [thing] = await stored();
    await createWriter(bench.dataSource)
      .forTable(things)
      .replaceAndEnqueue({ ...thing, name: 'two' } as Thing);
    const { updatedAt: _updatedAt, deletedAt: _deletedAt, ...sent } = row({ name: 'two' });
    expect(await bench.takeAll()).toMatchObject([{ op: { payload: sent, changedFields: ['name'] } }]);
  });

  test('I13: quarantines ids that are not UUIDs and texts that PostgreSQL cannot store; the page goes on', async () => {
    const bad = [
      row({ id: 'no-uuid' }),
      row({ id: id.toUpperCase() }),
      row({ id: 'a\u0000b' }),
      row({ id: id.replace('0', '1'), name: 'nul \u0000' }),
    ];
    const [report] = await pull([...bad, row()]);
    expect(await bench.dataSource.query('SELECT * FROM sync_quarantine')).toHaveLength(4);
    expect(report).toMatchObject({ pulled: 1 });
    expect((await stored()).map((thing) => thing.id)).toEqual([id]);
  });

  test('F-35: a value outside the enum or a number that is too large affects only its row', async () => {
    const other = (digit: string): string => id.replace('0', digit);
    await pull([
      row({ id: other('1'), level: 'unheard of' }),
      row({ id: other('2'), total: '99999999999999999999' }),
      row(),
    ]);
    expect((await stored()).map((thing) => thing.id)).toEqual([id]);
  });

  test("finds a list of ids through the column's index", async () => {
    const plan = await bench.dataSource.transaction(async (manager) => {
      await manager.query('SET LOCAL enable_seqscan = off');
      const sql =
        'EXPLAIN SELECT * FROM things WHERE things.id = ANY (ARRAY(SELECT CAST(json_array_elements_text(CAST($1 AS json)) AS uuid)))';
      return manager.query<readonly Record<string, string>[]>(sql, [JSON.stringify([id])]);
    });
    expect(plan.map((line) => line['QUERY PLAN']).join('\n')).toMatch(/Index Cond|Index Scan/);
  });
});
