import { EntitySchema, type Repository } from 'typeorm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/model/values/json.ts';
import { captureWrites } from '../../../src/persistence/capture/capture-writes.ts';
import { openDatabase } from '../../../src/persistence/database/open-database.ts';
import { syncColumns, type SyncedRow } from '../../../src/persistence/tables/sync-columns.ts';
import { syncTable, type SyncTable } from '../../../src/persistence/tables/sync-table.ts';
import { openStore, type StoreBench } from '../../support/open-store.ts';
import { todoEntity } from '../../support/todo.ts';
import { describeOp, sqliteDrivers } from './open-capture.ts';

interface Point {
  x: number;
  y: number | null;
}
interface Sample extends SyncedRow {
  id: string;
  flag: boolean;
  ratio: number;
  json: JsonObject | null;
  words: string[];
  mood: 'good' | 'bad';
  day: string | null;
  at: Date | null;
  price: string | null;
  bytes: Uint8Array | null;
  place: Point;
  draft: string | null;
}
class Money {
  readonly #cents: number;
  constructor(cents: number) {
    this.#cents = cents;
  }
  get cents(): number {
    return this.#cents;
  }
}
/** Serialises itself to JSON. */
class Decimal extends Money {
  toJSON(): string {
    return String(this.cents);
  }
}
interface Priced extends SyncedRow {
  id: string;
  price: Money;
}
const from = new Date('2026-03-04T05:06:07.089Z');

describe.each(sqliteDrivers)('captured columns on %s', (driver) => {
  let bench: StoreBench;
  let repository: Repository<Sample>;
  const point = new EntitySchema<Point>({
    name: 'point',
    columns: { x: { type: 'integer' }, y: { type: 'integer', nullable: true } },
  });
  const sample = new EntitySchema<Sample>({
    name: 'samples',
    columns: {
      id: { type: 'text', primary: true },
      flag: { type: 'boolean' },
      ratio: { type: 'real' },
      json: { type: 'simple-json', nullable: true },
      words: { type: 'simple-array' },
      mood: { type: 'simple-enum', enum: ['good', 'bad'], default: 'good' },
      day: { type: 'date', nullable: true },
      at: { type: 'datetime', nullable: true },
      price: {
        type: 'integer',
        nullable: true,
        // Stored as cents, shown to the app as text.
        transformer: {
          to: (price?: string | null) => (typeof price === 'string' ? Math.round(Number(price.slice(1)) * 100) : price),
          from: (cents: number | null) => (cents === null ? null : `€${(cents / 100).toFixed(2)}`),
        },
      },
      bytes: { type: 'blob', nullable: true },
      draft: { type: 'text', nullable: true },
      ...syncColumns,
    },
    embeddeds: { place: { schema: point, prefix: 'place_' } },
  });
  const table = syncTable(sample, { localOnly: ['draft'] });
  const sampleOf = (id: string, changes: Partial<Sample> = {}): Partial<Sample> => ({
    id,
    flag: true,
    ratio: 0.1 + 0.2,
    json: { deep: { list: [1, null, 'ü'] } },
    words: ['a', 'b'],
    mood: 'bad',
    day: '2026-03-04',
    at: from,
    price: '€19.99',
    bytes: Uint8Array.from([0, 1, 255]),
    place: { x: 1, y: null },
    draft: 'mine alone',
    ...changes,
  });
  const queued = async (): Promise<readonly JsonObject[]> => (await bench.outbox.take({ limit: 100 })).map(describeOp);
  const pull = async (...rows: readonly JsonObject[]): Promise<void> => {
    const position = await bench.store.pullPosition('samples', { resync: false });
    await bench.store.applyPages('samples', [{ page: { items: rows }, items: rows, next: position }], { totalDone: 0 });
  };

  beforeEach(async () => {
    const entities = [sample, todoEntity] as readonly EntitySchema[];
    const dataSource = await openDatabase({ driver, database: ':memory:', entities, synchronize: true });
    bench = await openStore(driver, { dataSource, tables: [table as SyncTable, syncTable(todoEntity) as SyncTable] });
    captureWrites(dataSource, [table as SyncTable]);
    repository = dataSource.getRepository(sample);
  });
  afterEach(() => bench.close());

  test('sends and receives each type unchanged', async () => {
    await repository.save(sampleOf('a'));
    const [op] = await bench.outbox.take({ limit: 1 });
    const payload = op?.type === 'upsert' ? op.payload : {};
    expect(payload).toEqual({
      id: 'a',
      flag: true,
      ratio: 0.1 + 0.2,
      json: { deep: { list: [1, null, 'ü'] } },
      words: ['a', 'b'],
      mood: 'bad',
      day: '2026-03-04',
      at: from.toISOString(),
      price: '€19.99',
      bytes: 'AAH/',
      place_x: 1,
      place_y: null,
    });
    await bench.drain(() => ({
      type: 'applied',
      row: { ...payload, id: 'a', updatedAt: '2026-01-01T00:00:00.000Z', deletedAt: null },
    }));
    const back = await repository.findOneByOrFail({ id: 'a' });
    expect(back).toMatchObject({ ...sampleOf('a'), bytes: expect.anything() as unknown });
    expect([...(back.bytes ?? [])]).toEqual([0, 1, 255]);
    expect(await queued()).toEqual([]);
  });

  test('F-27: saving a loaded entity unchanged queues nothing, whatever its types', async () => {
    await repository.save(sampleOf('a'));
    await repository.save(await repository.findOneByOrFail({ id: 'a' }));
    await repository.save(sampleOf('a', { bytes: Uint8Array.from([0, 1, 255]) }));
    expect((await queued()).length).toBe(1);
  });

  test.each<[string, (form: Sample) => void, readonly string[]]>([
    ['boolean', (form) => Object.assign(form, { flag: false }), ['flag']],
    ['JSON, in place', (form) => Object.assign(form.json ?? {}, { more: true }), ['json']],
    ['a list of words', (form) => form.words.push('c'), ['words']],
    ['enum', (form) => Object.assign(form, { mood: 'good' }), ['mood']],
    ['date', (form) => Object.assign(form, { day: '2027-01-01' }), ['day']],
    ['time, in place', (form) => form.at?.setFullYear(2030), ['at']],
    ['transformed', (form) => Object.assign(form, { price: '€0.05' }), ['price']],
    ['bytes', (form) => Object.assign(form, { bytes: Uint8Array.from([9]) }), ['bytes']],
    ['embedded', (form) => Object.assign(form.place, { y: 7 }), ['place_y']],
    ['to null', (form) => Object.assign(form, { json: null, at: null }), ['at', 'json']],
    ['local only', (form) => Object.assign(form, { draft: 'other' }), []],
  ])('F-140: distinguishes %s from what a pull changed', async (_, change, changed) => {
    await repository.save(sampleOf('a'));
    const [op] = await bench.outbox.take({ limit: 1 });
    const payload = op?.type === 'upsert' ? op.payload : {};
    await bench.drain(() => ({
      type: 'applied',
      row: { ...payload, id: 'a', updatedAt: '2026-01-01T00:00:00.000Z', deletedAt: null },
    }));
    const form = await repository.findOneByOrFail({ id: 'a' });
    await pull({ ...payload, id: 'a', ratio: 0.5, place_x: 5, updatedAt: '2026-01-02T00:00:00.000Z', deletedAt: null });
    change(form);
    await repository.save(form);
    expect((await queued()).map((one) => one['changed'])).toEqual(changed.length === 0 ? [] : [changed]);
    expect(await repository.findOneByOrFail({ id: 'a' })).toMatchObject({ ratio: 0.5, place: { x: 5 } });
    if (changed.length === 0) expect((await repository.findOneByOrFail({ id: 'a' })).draft).toBe('other');
  });

  test('compares objects made by a transformer by their JSON, and rejects them without one', async () => {
    const priced = new EntitySchema<Priced>({
      name: 'priced',
      columns: {
        id: { type: 'text', primary: true },
        price: {
          type: 'integer',
          transformer: {
            to: (money?: Money | string) => (money instanceof Money ? money.cents : money),
            from: (cents: number) => new Decimal(cents),
          },
        },
        ...syncColumns,
      },
    });
    const dataSource = await openDatabase({
      driver,
      database: ':memory:',
      entities: [priced as EntitySchema],
      synchronize: true,
    });
    captureWrites(dataSource, [syncTable(priced) as SyncTable]);
    const prices = dataSource.getRepository(priced);
    await prices.save({ id: 'a', price: new Decimal(5) });
    await prices.save({ id: 'a', price: new Decimal(5) });
    await prices.save({ id: 'a', price: new Decimal(6) });
    expect(await dataSource.query('SELECT "payload", "changed_fields" AS "changed" FROM "sync_outbox"')).toEqual([
      { payload: '{"id":"a","price":"5"}', changed: null },
      { payload: '{"id":"a","price":"6"}', changed: '["price"]' },
    ]);
    await expect(prices.save({ id: 'a', price: new Money(7) })).rejects.toThrow(
      /field 'price' is a Money, which JSON cannot hold; map it with toJson/,
    );
    await dataSource.destroy();
  });
});
