import fc from 'fast-check';
import { EntitySchema } from 'typeorm';
import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../../src/model/values/json.ts';
import { packRows } from '../../../src/persistence/sql/packed-rows.ts';
import { syncColumns, type SyncedRow } from '../../../src/persistence/tables/sync-columns.ts';
import { syncTable, type SyncTable } from '../../../src/persistence/tables/sync-table.ts';
import { openStore, openSynchronized } from '../../support/open-store.ts';
import { todoEntity } from '../../support/todo.ts';

const t1 = '2026-01-01T00:00:01.000001Z';

interface Sample extends SyncedRow {
  id: string;
  name: string | null;
  count: number | null;
  lat: number | null;
  price: number | null;
  open: boolean | null;
}
const sampleEntity = new EntitySchema<Sample>({
  name: 'samples',
  columns: {
    id: { type: 'text', primary: true },
    name: { type: 'text', nullable: true },
    count: { type: 'integer', nullable: true },
    lat: { type: 'real', nullable: true },
    price: { type: 'numeric', nullable: true },
    open: { type: 'boolean', nullable: true },
    ...syncColumns,
  },
});
const columns = ['name', 'count', 'lat', 'price', 'open'] as const;

/** The stored values with their types, after rows arrived in pages. */
async function stored(pages: readonly (readonly JsonObject[])[]): Promise<unknown> {
  const dataSource = await openSynchronized('sqlite3', [todoEntity as EntitySchema, sampleEntity as EntitySchema]);
  const bench = await openStore('sqlite3', { dataSource, tables: [syncTable(sampleEntity) as SyncTable] });
  const toApply = pages.map((items) => ({
    page: { items },
    items,
    next: { cursor: { ts: t1, lastId: 'z' }, maxPage: 500, resync: false },
  }));
  const applied = await bench.store.applyPages('samples', toApply, { totalDone: 0 });
  expect(applied.flatMap(({ facts }) => facts.filter(({ type }) => type === 'row.quarantined'))).toEqual([]);
  const rows: unknown = await dataSource.query(
    `SELECT id, ${columns.map((name) => `"${name}", typeof("${name}") AS "${name}Type"`).join(', ')} FROM samples ORDER BY id`,
  );
  await bench.close();
  return rows;
}

const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  // Coordinates and prices: decimals that SQLite sometimes parses wrongly.
  fc
    .tuple(fc.integer({ min: -1_800_000_000, max: 1_800_000_000 }), fc.integer({ min: 1, max: 9 }))
    .map(([digits, places]) => Number(`${digits}e-${places}`)),
);
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('a\u0000b', '"\\\n', '\\u0041'),
);
const value = {
  name: fc.option(text),
  count: fc.option(fc.oneof(fc.integer(), fc.maxSafeInteger())),
  lat: fc.option(number),
  price: fc.option(fc.oneof(number, fc.integer().map(String), fc.constant('12.30'))),
  open: fc.option(fc.boolean()),
} satisfies Record<(typeof columns)[number], fc.Arbitrary<Json>>;

describe('rows in one JSON parameter', () => {
  test('I5: rows stored in a page of many equal rows stored alone, to the last bit and type', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record(value), { minLength: 8, maxLength: 40 }), async (rows) => {
        const items = rows.map((row, index) => ({
          ...row,
          id: `r${String(index).padStart(2, '0')}`,
          updatedAt: t1,
          deletedAt: null,
        }));
        expect(await stored([items])).toEqual(await stored(items.map((item) => [item])));
      }),
      { numRuns: 30 },
    );
  });

  test('I5: keeps fractions exact where SQLite would misread their decimals', async () => {
    const lats = [-68.466113, 105.413198242, 0.1, -0.5, 1e-3, 179.999999, 2 ** 52 - 0.5, 4503599627370495.5];
    const items = lats.map((lat, index) => ({
      id: `${index}`,
      name: 'x',
      count: 1,
      lat,
      price: lat,
      open: true,
      updatedAt: t1,
      deletedAt: null,
    }));
    expect(
      packRows(
        lats.map((lat) => [lat]),
        [0],
      ).others,
    ).toEqual([]);
    expect(await stored([items])).toEqual(
      items.map(({ id, lat }) => expect.objectContaining({ id, lat, latType: 'real', price: lat })),
    );
  });

  test('binds what JSON cannot carry exactly: tiny and huge numbers, fractions elsewhere, binary data; odd characters bind all rows', () => {
    const good = ['a', 1, 0.5];
    const others = [
      ['a', 1, 1e-9],
      ['a', 2 ** 53, 0.5],
      ['a', 0.5, 0.5],
      [new Uint8Array([1]), 1, 0.5],
      ['a', 1, Infinity],
      ['a', 1n, 0.5],
    ];
    expect(packRows([good, ...others], [2])).toEqual({ json: '[["a",1,4503599627370496,53]]', others });
    expect(packRows([good, ['\u0001', 1, 0.5]], [2])).toEqual({ json: undefined, others: [good, ['\u0001', 1, 0.5]] });
  });
});
