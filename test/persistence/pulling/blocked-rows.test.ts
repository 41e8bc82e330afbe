import { EntitySchema, type EntitySchemaOptions } from 'typeorm';
import { afterEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/model/values/json.ts';
import type { SyncFact } from '../../../src/model/events.ts';
import { syncColumns, type SyncedRow } from '../../../src/persistence/tables/sync-columns.ts';
import { syncTable, type SyncTable, type SyncTableOptions } from '../../../src/persistence/tables/sync-table.ts';
import { createWriter, type SyncEntityWriter } from '../../../src/persistence/writing/writer.ts';
import { allDrivers, answerOf, openStore, openSynchronized, type StoreBench } from '../../support/open-store.ts';
import { todoEntity } from '../../support/todo.ts';

/** A place in a list: its number is unique in the list, its label is unique everywhere, and both are required. */
interface Place extends SyncedRow {
  id: string;
  label: string;
  list: string;
  number: number;
  /** Stored on this device only. */
  note: string | null;
}

const t1 = '2026-01-01T00:00:01.000001Z';
const t2 = '2026-01-01T00:00:02.000001Z';
const t3 = '2026-01-01T00:00:03.000001Z';
const rowOf = (id: string, updatedAt: string, label: string, number: number, more: JsonObject = {}): JsonObject => ({
  id,
  label,
  list: 'l',
  number,
  updatedAt,
  deletedAt: null,
  ...more,
});

interface Options {
  readonly columns?: EntitySchemaOptions<Place>['columns'];
  readonly indices?: EntitySchemaOptions<Place>['indices'];
  readonly checks?: EntitySchemaOptions<Place>['checks'];
  readonly table?: SyncTableOptions<Place>;
}

interface PlaceBench extends StoreBench {
  readonly places: SyncEntityWriter<Place>;
  /** Applies each list of rows as a page in its own transaction, and ends the pull. */
  pullPages(pages: readonly (readonly JsonObject[])[]): Promise<readonly SyncFact[]>;
  stored(): Promise<readonly unknown[]>;
  quarantined(): Promise<readonly string[]>;
}

describe.each(allDrivers)('rows that block one another on %s', (driver) => {
  let bench: PlaceBench;
  afterEach(() => bench.close());

  async function open(options: Options = {}): Promise<PlaceBench> {
    const place = new EntitySchema<Place>({
      name: 'places',
      columns: {
        id: { type: 'text', primary: true },
        label: { type: 'text' },
        list: { type: 'text' },
        number: { type: 'integer' },
        note: { type: 'text', nullable: true },
        ...syncColumns,
        ...options.columns,
      },
      indices: options.indices ?? [
        { columns: ['label'], unique: true },
        { columns: ['list', 'number'], unique: true },
      ],
      ...(options.checks === undefined ? {} : { checks: options.checks }),
    });
    const table = syncTable(place, { localOnly: ['note'], ...options.table });
    const dataSource = await openSynchronized(driver, [place as EntitySchema, todoEntity as EntitySchema]);
    const opened = await openStore(driver, { dataSource, tables: [table as SyncTable] });
    let count = 0;
    return {
      ...opened,
      places: createWriter(dataSource, { clock: opened.clock, opId: () => `op${++count}` }).forTable(table),
      pullPages: async (pages) => {
        const facts: SyncFact[] = [];
        for (const items of pages) {
          const next = await opened.store.pullPosition('places', { resync: false });
          for (const page of await opened.store.applyPages('places', [{ page: { items }, items, next }], {
            totalDone: 0,
          }))
            facts.push(...page.facts);
        }
        return [...facts, ...(await opened.store.completePull('places', { resync: false }))].filter(
          ({ type }) => type === 'row.quarantined',
        );
      },
      stored: () => dataSource.query('SELECT id, label, number, note FROM places ORDER BY id'),
      quarantined: async () =>
        ((await dataSource.query('SELECT entity_id AS id FROM sync_quarantine ORDER BY 1')) as { id: string }[]).map(
          ({ id }) => id,
        ),
    };
  }

  /** Three places, each with a local note. */
  async function openThree(options: Options = {}): Promise<PlaceBench> {
    const opened = await open(options);
    await opened.pullPages([[rowOf('a', t1, 'x', 1), rowOf('b', t1, 'y', 2), rowOf('c', t1, 'z', 3)]]);
    await opened.dataSource.query(`UPDATE places SET note = 'note of ' || id`);
    return opened;
  }

  const noteOf = (id: string, label: string, number: number): object => ({ id, label, number, note: `note of ${id}` });

  test.each([
    ['in one page', [[rowOf('a', t2, 'y', 1), rowOf('b', t2, 'x', 2)]]],
    ['over two pages', [[rowOf('a', t2, 'y', 1)], [rowOf('b', t2, 'x', 2)]]],
    ['over two kinds of statement', [[rowOf('a', t2, 'y', 1), { id: 'b', label: 'x', updatedAt: t2 }]]],
  ])('F-160, I5: stores a pulled swap of UNIQUE values when the pull ends, %s', async (_, pages) => {
    bench = await openThree();
    expect(await bench.pullPages(pages)).toEqual([]);
    expect(await bench.stored()).toEqual([noteOf('a', 'y', 1), noteOf('b', 'x', 2), noteOf('c', 'z', 3)]);
    expect(await bench.quarantined()).toEqual([]);
  });

  test('F-160: a cycle of three over both unique keys, with a row that follows it', async () => {
    bench = await openThree();
    const pages = [
      [rowOf('d', t2, 'x', 9), rowOf('a', t2, 'y', 2)],
      [rowOf('b', t2, 'z', 3)],
      [rowOf('c', t2, 'w', 1)],
    ];
    expect(await bench.pullPages(pages)).toEqual([]);
    expect(await bench.stored()).toEqual([
      noteOf('a', 'y', 2),
      noteOf('b', 'z', 3),
      noteOf('c', 'w', 1),
      { id: 'd', label: 'x', number: 9, note: null },
    ]);
    expect(await bench.quarantined()).toEqual([]);
  });

  test('F-160: a CHECK that most placeholder values violate does not prevent the swap', async () => {
    bench = await openThree({
      checks: [{ expression: 'number BETWEEN 0 AND 3' }, { expression: 'length(label) = 1' }],
      indices: [{ columns: ['list', 'number'], unique: true }],
    });
    expect(await bench.pullPages([[rowOf('a', t2, 'x', 2), rowOf('b', t2, 'y', 1)]])).toEqual([]);
    expect(await bench.stored()).toEqual([noteOf('a', 'x', 2), noteOf('b', 'y', 1), noteOf('c', 'z', 3)]);
  });

  test('F-160: a partial unique index whose entry is handed over with a deletion', async () => {
    bench = await openThree({ indices: [{ columns: ['label'], unique: true, where: 'deleted_at IS NULL' }] });
    expect(
      await bench.pullPages([
        [rowOf('a', t2, 'y', 1), rowOf('b', t2, 'x', 2), rowOf('c', t2, 'y', 3, { deletedAt: t2 })],
      ]),
    ).toEqual([]);
    expect(await bench.stored()).toEqual([noteOf('a', 'y', 1), noteOf('b', 'x', 2), noteOf('c', 'y', 3)]);
  });

  test('F-160, I4: pending edits and a pending deletion stay on top of rows that swap', async () => {
    bench = await openThree();
    await bench.places.replaceAndEnqueue(
      {
        id: 'a',
        label: 'x',
        list: 'l',
        number: 7,
        note: 'note of a',
        updatedAt: t1,
        deletedAt: null,
        deletedAtLocal: null,
      },
      { changedFields: ['number'] },
    );
    await bench.places.enqueueDelete('b');
    expect(await bench.pullPages([[rowOf('a', t2, 'y', 1), rowOf('b', t2, 'x', 2)]])).toEqual([]);
    expect(await bench.stored()).toEqual([noteOf('a', 'y', 7), noteOf('b', 'x', 2), noteOf('c', 'z', 3)]);
    const [hidden] = (await bench.dataSource.query(`SELECT deleted_at_local AS h FROM places WHERE id = 'b'`)) as {
      h: unknown;
    }[];
    expect(hidden?.h).not.toBeNull();
    expect(await bench.quarantined()).toEqual([]);
  });

  test('F-160, I13: a cycle that the database refuses for another reason keeps every value, and is announced once', async () => {
    bench = await openThree({ checks: [{ expression: `label <> 'forbidden'` }] });
    const facts = await bench.pullPages([
      [rowOf('a', t2, 'y', 2), rowOf('b', t2, 'forbidden', 1), rowOf('c', t2, 'w', 3)],
    ]);
    expect(facts).toMatchObject([{ id: 'a' }, { id: 'b' }]);
    expect(await bench.stored()).toEqual([noteOf('a', 'x', 1), noteOf('b', 'y', 2), noteOf('c', 'w', 3)]);
    expect(await bench.pullPages([[]])).toEqual([]);
    expect(await bench.pullPages([[rowOf('b', t3, 'x', 1)]])).toEqual([]);
    expect(await bench.stored()).toEqual([noteOf('a', 'y', 2), noteOf('b', 'x', 1), noteOf('c', 'w', 3)]);
    expect(await bench.quarantined()).toEqual([]);
  });

  test('F-160: frees a value held by a row that the full resync removes at its end, without a quarantine event', async () => {
    bench = await openThree();
    await bench.store.openResync(['places']);
    const items = [rowOf('a', t2, 'x', 1), rowOf('n', t2, 'y', 2), rowOf('c', t1, 'z', 3)];
    const [page] = await bench.store.applyPages(
      'places',
      [{ page: { items }, items, next: { cursor: { ts: t2, lastId: 'n' }, maxPage: 3, resync: true } }],
      {
        totalDone: 0,
      },
    );
    const facts = [
      ...(page?.facts ?? []),
      ...(await bench.store.completePull('places', { resync: true })),
      ...(await bench.store.sweepResync('places', { requested: true })),
    ];
    expect(facts.filter(({ type }) => type === 'row.quarantined')).toEqual([]);
    expect(await bench.stored()).toEqual([
      noteOf('a', 'x', 1),
      noteOf('c', 'z', 3),
      { id: 'n', label: 'y', number: 2, note: null },
    ]);
  });

  test("F-160: stores an answer whose value the same run's pull frees when that ends", async () => {
    bench = await openThree();
    await bench.places.replaceAndEnqueue(
      {
        id: 'a',
        label: 'x',
        list: 'l',
        number: 7,
        note: 'note of a',
        updatedAt: t1,
        deletedAt: null,
        deletedAtLocal: null,
      },
      { changedFields: ['number'] },
    );
    const [request] = await bench.takeAll();
    const report = await bench.store.settle([answerOf(request, { type: 'applied', row: rowOf('a', t3, 'y', 7) })]);
    expect(report.facts.map(({ type }) => type)).toEqual(['op.pushed']);
    expect(await bench.pullPages([[rowOf('b', t2, 'x', 2)]])).toEqual([]);
    expect(await bench.stored()).toEqual([noteOf('a', 'y', 7), noteOf('b', 'x', 2), noteOf('c', 'z', 3)]);
  });
});
