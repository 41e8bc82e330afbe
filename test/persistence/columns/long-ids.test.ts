import { EntitySchema } from 'typeorm';
import { expect, test } from 'vitest';
import { exactNumber } from '../../../src/model/values/exact-number.ts';
import { syncColumns } from '../../../src/persistence/tables/sync-columns.ts';
import { syncTable, type SyncTable } from '../../../src/persistence/tables/sync-table.ts';
import { allDrivers, openStore, openSynchronized } from '../../support/open-store.ts';
import { todoEntity } from '../../support/todo.ts';

const neighbours = ['9007199254740991', '9007199254740993', '9007199254740995'];

test.each(allDrivers)(
  'F-158: distinguishes ids beyond 2^53 in an integer column or quarantines them with the reason, on %s',
  async (driver) => {
    const entity = new EntitySchema({
      name: 'things',
      columns: { id: { type: 'bigint', primary: true }, name: { type: 'text' }, ...syncColumns } as never,
    });
    const dataSource = await openSynchronized(driver, [entity, todoEntity as EntitySchema]);
    const bench = await openStore(driver, {
      dataSource,
      tables: [syncTable(entity, { pullOnly: true }) as unknown as SyncTable],
    });
    try {
      const pull = (name: string, second: number): Promise<unknown> => {
        const items = neighbours.map((id) => ({
          id: exactNumber(id),
          name: `${name} ${id}`,
          updatedAt: `2026-01-01T00:00:0${second}Z`,
          deletedAt: null,
        }));
        return bench.store.applyPages(
          'things',
          [{ page: { items }, items, next: { cursor: undefined, maxPage: 1, resync: false } }],
          { totalDone: 0 },
        );
      };
      await pull('first', 1);
      await pull('second', 2);
      const stored: readonly { readonly id: string; readonly name: string }[] = await dataSource.query(
        'SELECT CAST("id" AS text) AS "id", "name" FROM "things" ORDER BY "id"',
      );
      const bad: readonly { readonly id: string; readonly error: string }[] = await dataSource.query(
        'SELECT "entity_id" AS "id", "error" FROM "sync_quarantine" ORDER BY "entity_id"',
      );
      for (const { id, name } of stored) expect(name).toBe(`second ${id}`);
      for (const { error } of bad) expect(error).toMatch(/more digits .* use a text column for the id/);
      expect([...stored, ...bad].map(({ id }) => id).sort()).toEqual(neighbours);
      expect(stored).toHaveLength(driver === 'postgres' ? 3 : 1);
    } finally {
      await bench.close();
    }
  },
);
