import { EntitySchema } from 'typeorm';
import { afterEach, expect, test } from 'vitest';
import { syncColumns, type SyncedRow } from '../../../src/persistence/tables/sync-columns.ts';
import { syncTable, type SyncTable } from '../../../src/persistence/tables/sync-table.ts';
import { openOwnPostgres } from '../../support/open-postgres.ts';
import { openStore, type StoreBench } from '../../support/open-store.ts';
import { todoEntity } from '../../support/todo.ts';

const crate = new EntitySchema<SyncedRow & { id: string }>({
  name: 'crates',
  schema: 'shop',
  columns: { id: { type: 'text', primary: true }, ...syncColumns },
});

let bench: StoreBench | undefined;
afterEach(() => bench?.close());

test('F-143: pulls a table in another schema, and clears it with its scope', async () => {
  const dataSource = await openOwnPostgres({ entities: [crate as EntitySchema, todoEntity as EntitySchema] });
  await dataSource.query('CREATE SCHEMA shop');
  await dataSource.synchronize();
  bench = await openStore('postgres', { dataSource, tables: [syncTable(crate) as SyncTable] });
  const items = [{ id: 'a', updatedAt: '2026-01-01T00:00:01.000001Z', deletedAt: null }];
  await bench.store.applyPages(
    'crates',
    [{ page: { items }, items, next: { cursor: undefined, maxPage: 1, resync: false } }],
    { totalDone: 0 },
  );
  expect(await dataSource.getRepository(crate).count()).toBe(1);
  await bench.queue.clearScope(undefined);
  expect(await dataSource.getRepository(crate).count()).toBe(0);
});
