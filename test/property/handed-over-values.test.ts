import fc from 'fast-check';
import { EntitySchema } from 'typeorm';
import { afterEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/model/values/json.ts';
import { syncColumns, type SyncedRow } from '../../src/persistence/tables/sync-columns.ts';
import { syncTable, type SyncTable } from '../../src/persistence/tables/sync-table.ts';
import { drivers, openStore, openSynchronized, type StoreBench } from '../support/open-store.ts';
import { todoEntity } from '../support/todo.ts';

interface Seat extends SyncedRow {
  id: string;
  hall: string;
  number: number;
  guest: string | null;
  note: string | null;
}
const seat = new EntitySchema<Seat>({
  name: 'seats',
  columns: {
    id: { type: 'text', primary: true },
    hall: { type: 'text' },
    number: { type: 'integer' },
    guest: { type: 'text', nullable: true, unique: true },
    note: { type: 'text', nullable: true },
    ...syncColumns,
  },
  indices: [{ columns: ['hall', 'number'], unique: true }],
});

const size = 7;
interface World {
  /** Each turn moves the seats to other numbers and guests to other seats; `-1` is no guest. */
  readonly turns: readonly {
    readonly numbers: readonly number[];
    readonly guests: readonly number[];
    readonly cuts: readonly boolean[];
    readonly order: readonly number[];
    readonly leavesOut: readonly boolean[];
  }[];
}
const places = Array.from({ length: size }, (_, index) => index);
const permutation = fc.shuffledSubarray(places, { minLength: size, maxLength: size });
const flags = fc.array(fc.boolean(), { minLength: size, maxLength: size });
const world: fc.Arbitrary<World> = fc.record({
  turns: fc.array(
    fc.record({ numbers: permutation, guests: permutation, cuts: flags, order: permutation, leavesOut: flags }),
    { minLength: 1, maxLength: 3 },
  ),
});

const timeOf = (turn: number, index: number): string =>
  `2026-01-01T00:${String(turn).padStart(2, '0')}:${String(index).padStart(2, '0')}.000001Z`;

describe.each(drivers)('UNIQUE values that the server reassigns, on %s', (driver) => {
  let bench: StoreBench | undefined;
  afterEach(async () => {
    await bench?.close();
    bench = undefined;
  });

  test('F-160, I5: stores all rows of a pull when it ends, whatever cycles and pages they form', {
    timeout: 120_000,
  }, async () => {
    const dataSource = await openSynchronized(driver, [seat as EntitySchema, todoEntity as EntitySchema]);
    bench = await openStore(driver, { dataSource, tables: [syncTable(seat, { localOnly: ['note'] }) as SyncTable] });
    const { store } = bench;
    let worlds = 0;
    await fc.assert(
      fc.asyncProperty(world, async ({ turns }) => {
        const hall = `hall ${++worlds}`;
        const server = places.map(
          (index): JsonObject => ({
            id: `${hall}.${index}`,
            hall,
            number: index,
            guest: null,
            updatedAt: timeOf(0, index),
            deletedAt: null,
          }),
        );
        const pull = async (pages: readonly (readonly JsonObject[])[]): Promise<readonly string[]> => {
          const told: string[] = [];
          for (const items of pages) {
            const next = await store.pullPosition('seats', { resync: false });
            for (const page of await store.applyPages('seats', [{ page: { items }, items, next }], { totalDone: 0 }))
              told.push(...page.facts.map(({ type }) => type));
          }
          told.push(...(await store.completePull('seats', { resync: false })).map(({ type }) => type));
          return told;
        };
        await pull([server]);
        await dataSource.query(`UPDATE seats SET note = 'note of ' || id WHERE hall = '${hall}'`);
        for (const [turn, { numbers, guests, cuts, order, leavesOut }] of turns.entries()) {
          const pages: JsonObject[][] = [[]];
          for (const index of order) {
            const before = server[index] ?? {};
            const row: JsonObject = {
              ...before,
              number: numbers[index] ?? 0,
              guest: (guests[index] ?? 0) % 3 === 0 ? null : `${hall}, guest ${guests[index]}`,
              updatedAt: timeOf(turn + 1, index),
            };
            server[index] = row;
            // A row may come without the columns that it has as before.
            const { number, hall: _hall, ...rest } = row;
            pages.at(-1)?.push(leavesOut[index] === true && number === before['number'] ? rest : row);
            if (cuts[index] === true) pages.push([]);
          }
          expect(await pull(pages)).not.toContain('row.quarantined');
          const stored: unknown = await dataSource.query(
            `SELECT id, number, guest, note FROM seats WHERE hall = '${hall}' ORDER BY id`,
          );
          expect(stored).toEqual(
            server.map(({ id, number, guest }) => ({ id, number, guest, note: `note of ${String(id)}` })),
          );
        }
      }),
      { numRuns: Number(process.env['FC_RUNS'] ?? 60) },
    );
  });
});
