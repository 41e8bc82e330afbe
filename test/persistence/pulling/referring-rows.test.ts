import { EntitySchema } from 'typeorm';
import { afterEach, describe, expect, test } from 'vitest';
import type { SyncFact } from '../../../src/model/events.ts';
import type { JsonObject } from '../../../src/model/values/json.ts';
import { syncColumns, type SyncedRow } from '../../../src/persistence/tables/sync-columns.ts';
import { syncTable, type SyncTable } from '../../../src/persistence/tables/sync-table.ts';
import { createWriter, type SyncEntityWriter } from '../../../src/persistence/writing/writer.ts';
import { allDrivers, openStore, openSynchronized, type StoreBench } from '../../support/open-store.ts';
import { Statements } from '../../support/statements.ts';
import { todoEntity } from '../../support/todo.ts';

/**
 * A customer has a default address, an address has a customer, and a customer may have been recommended by another one.
 */
interface Customer extends SyncedRow {
  id: string;
  code: string;
  defaultAddressId: string | null;
  recommendedById: string | null;
  /** Stored on this device only. */
  note: string | null;
}
interface Address extends SyncedRow {
  id: string;
  customerId: string | null;
}

const t1 = '2026-01-01T00:00:01.000001Z';
const t2 = '2026-01-01T00:00:02.000001Z';
const customer = (id: string, changes: JsonObject = {}): JsonObject => ({
  id,
  code: `code of ${id}`,
  defaultAddressId: null,
  recommendedById: null,
  updatedAt: t1,
  deletedAt: null,
  ...changes,
});
const address = (id: string, customerId: string | null, changes: JsonObject = {}): JsonObject => ({
  id,
  customerId,
  updatedAt: t1,
  deletedAt: null,
  ...changes,
});

interface Pages {
  readonly kind: 'customers' | 'addresses';
  readonly rows: readonly JsonObject[];
  /** Another page of the same pull. */
  readonly more?: readonly JsonObject[];
}

interface Bench extends StoreBench {
  /** Pulls each kind to its end, and returns the quarantine and change events. */
  pullAll(pulls: readonly Pages[]): Promise<readonly SyncFact[]>;
  stored(): Promise<unknown>;
  quarantined(): Promise<readonly string[]>;
  readonly customers: SyncEntityWriter<Customer>;
}

/** How often customer rows are written. */
async function countAttempts({ dataSource }: StoreBench, work: () => Promise<unknown>): Promise<number> {
  const statements = new Statements();
  const before = dataSource.logger;
  dataSource.logger = statements;
  try {
    await work();
  } finally {
    dataSource.logger = before;
  }
  return statements.list.filter(({ sql }) => /^\s*insert into "?customers"?/i.test(sql)).length;
}

describe.each(allDrivers)('pulled rows that refer to one another on %s', (driver) => {
  let bench: Bench;
  afterEach(() => bench.close());

  async function open(customerOfAddress: { readonly nullable: boolean } = { nullable: true }): Promise<Bench> {
    const deferrable = customerOfAddress.nullable ? {} : ({ deferrable: 'INITIALLY IMMEDIATE' } as const);
    const customers = new EntitySchema<Customer>({
      name: 'customers',
      columns: {
        id: { type: 'text', primary: true },
        code: { type: 'text', unique: true },
        defaultAddressId: {
          type: 'text',
          nullable: customerOfAddress.nullable,
          foreignKey: { target: 'addresses', ...deferrable },
        },
        recommendedById: { type: 'text', nullable: true, foreignKey: { target: 'customers' } },
        note: { type: 'text', nullable: true },
        ...syncColumns,
      },
    });
    const addresses = new EntitySchema<Address>({
      name: 'addresses',
      columns: {
        id: { type: 'text', primary: true },
        customerId: {
          type: 'text',
          nullable: customerOfAddress.nullable,
          foreignKey: { target: 'customers', ...deferrable },
        },
        ...syncColumns,
      },
    });
    const customersTable = syncTable(customers, { localOnly: ['note'] });
    const tables = [customersTable, syncTable(addresses)] as readonly SyncTable[];
    const dataSource = await openSynchronized(driver, [
      customers as EntitySchema,
      addresses as EntitySchema,
      todoEntity as EntitySchema,
    ]);
    const opened = await openStore(driver, { dataSource, tables });
    return {
      ...opened,
      customers: createWriter(dataSource, { clock: opened.clock }).forTable(customersTable),
      pullAll: async (pulls) => {
        const facts: SyncFact[] = [];
        for (const { kind, rows, more } of pulls) {
          for (const items of more === undefined ? [rows] : [rows, more]) {
            const next = await opened.store.pullPosition(kind, { resync: false });
            for (const page of await opened.store.applyPages(kind, [{ page: { items }, items, next }], {
              totalDone: 0,
            }))
              facts.push(...page.facts);
          }
          facts.push(...(await opened.store.completePull(kind, { resync: false })));
        }
        return facts.filter(({ type }) => type === 'row.quarantined');
      },
      stored: async () => ({
        customers: await dataSource.query(
          'SELECT id, "defaultAddressId" AS address, "recommendedById" AS by FROM customers ORDER BY id',
        ),
        addresses: await dataSource.query('SELECT id, "customerId" AS customer FROM addresses ORDER BY id'),
      }),
      quarantined: async () =>
        ((await dataSource.query('SELECT entity_id AS id FROM sync_quarantine ORDER BY 1')) as { id: string }[]).map(
          ({ id }) => id,
        ),
    };
  }

  test('F-160, I5: two tables with rows that refer to each other are complete after the pull of the second', async () => {
    bench = await open();
    await bench.pullAll([
      { kind: 'customers', rows: [customer('c1', { defaultAddressId: 'a1' }), customer('c2')] },
      { kind: 'addresses', rows: [address('a1', 'c1'), address('a2', 'c2')] },
    ]);
    expect(await bench.quarantined()).toEqual([]);
    expect(await bench.stored()).toEqual({
      customers: [
        { id: 'c1', address: 'a1', by: null },
        { id: 'c2', address: null, by: null },
      ],
      addresses: [
        { id: 'a1', customer: 'c1' },
        { id: 'a2', customer: 'c2' },
      ],
    });
  });

  test('F-160, I5: rows of one table that refer to each other arrive over two pages without an event', async () => {
    bench = await open();
    const facts = await bench.pullAll([
      {
        kind: 'customers',
        rows: [customer('c1', { recommendedById: 'c3' }), customer('c2', { recommendedById: 'c1' })],
        more: [customer('c3', { recommendedById: 'c2' })],
      },
    ]);
    expect(facts).toEqual([]);
    expect(await bench.quarantined()).toEqual([]);
    expect(await bench.stored()).toMatchObject({ customers: [{ by: 'c3' }, { by: 'c1' }, { by: 'c2' }] });
  });

  test('F-160, I13: a row refused for its own reason blocks only the rows that need it', async () => {
    bench = await open();
    await bench.pullAll([
      {
        kind: 'customers',
        rows: [
          customer('c0', { code: 'taken' }),
          customer('c1', { defaultAddressId: 'a1' }),
          customer('c2', { code: 'taken', defaultAddressId: 'a2' }),
          customer('c3', { defaultAddressId: 'nowhere' }),
        ],
      },
      { kind: 'addresses', rows: [address('a1', 'c1'), address('a2', 'c2'), address('a3', 'c3')] },
    ]);
    expect(await bench.quarantined()).toEqual(['a2', 'a3', 'c2', 'c3']);
    expect(await bench.stored()).toMatchObject({
      customers: [{ id: 'c0' }, { id: 'c1', address: 'a1' }],
      addresses: [{ id: 'a1' }],
    });
    // Once the reason is gone, they arrive, too.
    await bench.pullAll([
      { kind: 'customers', rows: [customer('c0', { code: 'free', updatedAt: t2 })] },
      { kind: 'addresses', rows: [] },
    ]);
    expect(await bench.quarantined()).toEqual(['a3', 'c3']);
  });

  test('F-160: tries a row that the table refuses for its own reason once when its pull ends', async () => {
    bench = await open();
    await bench.pullAll([
      { kind: 'customers', rows: [customer('c0', { code: 'taken' }), customer('c1', { code: 'taken' })] },
    ]);
    const attempts = await countAttempts(bench, () => bench.store.completePull('customers', { resync: false }));
    expect(await bench.quarantined()).toEqual(['c1']);
    expect(attempts).toBe(1);
  });

  test('F-160, I4: existing rows keep local-only values and unsent edits', async () => {
    bench = await open();
    await bench.pullAll([{ kind: 'customers', rows: [customer('c1'), customer('c2')] }]);
    await bench.dataSource.query(`UPDATE customers SET note = 'mine'`);
    const writer = createWriter(bench.dataSource, { clock: bench.clock }).forTable(
      syncTable(bench.dataSource.getMetadata('customers').target as never) as never,
    );
    await (writer as { enqueueDelete(id: string): Promise<void> }).enqueueDelete('c2');
    await bench.pullAll([
      {
        kind: 'customers',
        rows: [
          customer('c1', { defaultAddressId: 'a1', updatedAt: t2 }),
          customer('c2', { defaultAddressId: 'a1', updatedAt: t2 }),
        ],
      },
      { kind: 'addresses', rows: [address('a1', 'c1')] },
    ]);
    expect(await bench.quarantined()).toEqual([]);
    const rows = await bench.dataSource.query(
      'SELECT id, note, "defaultAddressId" AS address, deleted_at_local IS NULL AS shown FROM customers ORDER BY id',
    );
    expect((rows as JsonObject[]).map((row) => ({ ...row, shown: Boolean(row['shown']) }))).toEqual([
      { id: 'c1', note: 'mine', address: 'a1', shown: true },
      { id: 'c2', note: 'mine', address: 'a1', shown: false },
    ]);
  });

  test('F-160, I5: also stores them with NOT NULL references if the database can defer the check', async () => {
    bench = await open({ nullable: false });
    await bench.pullAll([
      { kind: 'customers', rows: [customer('c1', { defaultAddressId: 'a1' })] },
      { kind: 'addresses', rows: [address('a1', 'c1')] },
    ]);
    expect(await bench.quarantined()).toEqual([]);
    expect(await bench.stored()).toMatchObject({ customers: [{ address: 'a1' }], addresses: [{ customer: 'c1' }] });
  });

  // PostgreSQL checks such a key in each statement.
  test.each(driver === 'postgres' ? [] : ['SQLite'])(
    'F-160, I13: a foreign key without an entity keeps its row quarantined, and the pull still ends, on %s',
    async () => {
      bench = await open();
      await bench.dataSource.query('CREATE TABLE regions (id text PRIMARY KEY)');
      await bench.dataSource.query('ALTER TABLE addresses ADD COLUMN region text REFERENCES regions (id)');
      await bench.dataSource.query(
        `CREATE TRIGGER region AFTER INSERT ON addresses WHEN NEW.id = 'a1' BEGIN UPDATE addresses SET region = 'nowhere' WHERE id = 'a1'; END`,
      );
      await bench.pullAll([
        {
          kind: 'customers',
          rows: [customer('c1', { defaultAddressId: 'a1' }), customer('c2', { defaultAddressId: 'a2' })],
        },
        { kind: 'addresses', rows: [address('a1', 'c1'), address('a2', 'c2')] },
      ]);
      expect(await bench.quarantined()).toEqual(['a1', 'c1']);
      expect(await bench.stored()).toMatchObject({ customers: [{ id: 'c2' }], addresses: [{ id: 'a2' }] });
    },
  );

  test('F-157: a quarantined row does not return after the user has deleted it', async () => {
    bench = await open();
    await bench.pullAll([{ kind: 'customers', rows: [customer('c1', { code: 'a' }), customer('c2', { code: 'b' })] }]);
    await bench.pullAll([{ kind: 'customers', rows: [customer('c2', { code: 'a', updatedAt: t2 })] }]);
    expect(await bench.quarantined()).toEqual(['c2']);
    await bench.customers.enqueueDelete('c2');
    await bench.drain(() => ({ type: 'applied' }));
    await bench.pullAll([{ kind: 'customers', rows: [customer('c1', { code: 'z', updatedAt: t2 })] }]);
    const shown = await bench.dataSource.query('SELECT id FROM customers WHERE deleted_at_local IS NULL');
    expect(shown).toEqual([{ id: 'c1' }]);
  });
});
