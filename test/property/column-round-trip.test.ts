import fc from 'fast-check';
import { EntitySchema, type EntitySchemaColumnOptions, type EntitySchemaEmbeddedColumnOptions } from 'typeorm';
import { describe, expect, test } from 'vitest';
import { exactNumber } from '../../src/model/values/exact-number.ts';
import type { Json, JsonObject } from '../../src/model/values/json.ts';
import type { TakenRequest } from '../../src/model/ports.ts';
import { syncColumns, type SyncedRow } from '../../src/persistence/tables/sync-columns.ts';
import { syncTable, type SyncTable } from '../../src/persistence/tables/sync-table.ts';
import { createWriter } from '../../src/persistence/writing/writer.ts';
import { stringifyJson } from '../../src/model/values/exact-json.ts';
import { allDrivers, openStore, openSynchronized, type StoreBench, type TestDriver } from '../support/open-store.ts';
import { todoEntity } from '../support/todo.ts';

type Row = SyncedRow & { id: string; title: string } & Record<string, unknown>;

/** A column, where it stands, and a value as the entity has it once it was read. */
interface Field {
  readonly options: EntitySchemaColumnOptions;
  readonly isEmbedded: boolean;
  readonly value: unknown;
}

const text = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((value) => !value.includes('\u0000'));
const json = fc
  .jsonValue({ maxDepth: 2, noUnicodeString: false })
  .map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const time = fc.date({
  min: new Date('1970-01-02T00:00:00Z'),
  max: new Date('2100-01-01T00:00:00Z'),
  noInvalidDate: true,
});
const twoDigits = (max: number): fc.Arbitrary<string> => fc.nat(max).map((value) => String(value).padStart(2, '0'));
const marked = {
  to: (value: unknown) => (typeof value === 'string' ? `~${value}` : value),
  from: (value: unknown) => (typeof value === 'string' ? value.slice(1) : value),
};
const cents = {
  to: (value: { euros: number } | null) => (value === null ? null : value.euros * 100),
  from: (value: number | null) => (value === null ? null : { euros: value / 100 }),
};

/** A type with its values; what PostgreSQL calls otherwise is named for it. */
const typesOf = (
  driver: TestDriver,
): readonly fc.Arbitrary<{ readonly options: EntitySchemaColumnOptions; readonly value: unknown }>[] => {
  const postgres = driver === 'postgres';
  const of = (options: EntitySchemaColumnOptions, values: fc.Arbitrary<unknown>) =>
    values.map((value) => ({ options, value }));
  return [
    of({ type: 'text' }, text),
    of({ type: 'varchar' }, text),
    of({ type: 'integer' }, postgres ? fc.integer() : fc.maxSafeInteger()),
    of(
      { type: postgres ? 'double precision' : 'real' },
      fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0)),
    ),
    of({ type: 'boolean' }, fc.boolean()),
    of(
      { type: 'simple-json' },
      json.filter((value) => value !== null),
    ),
    of(
      { type: 'json' },
      json.filter((value) => value !== null),
    ),
    of({ type: 'simple-array' }, fc.array(fc.stringMatching(/^[a-z ]{1,6}$/), { maxLength: 3 })),
    of(
      { type: postgres ? 'enum' : 'simple-enum', enum: ['low', 'mid', 'half way'] },
      fc.constantFrom('low', 'mid', 'half way'),
    ),
    of({ type: postgres ? 'timestamptz' : 'datetime' }, time),
    of(
      { type: 'date' },
      time.map((value) => value.toISOString().slice(0, 10)),
    ),
    of(
      { type: 'time' },
      fc.tuple(twoDigits(23), twoDigits(59), twoDigits(59)).map((parts) => parts.join(':')),
    ),
    of(
      { type: postgres ? 'bytea' : 'blob' },
      fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
    ),
    of({ type: 'text', transformer: marked }, text),
    of(
      { type: 'integer', transformer: cents },
      fc.integer({ min: -10_000, max: 10_000 }).map((euros) => ({ euros })),
    ),
    of({ type: 'text', default: 'given' }, text),
    of({ type: 'boolean', default: true }, fc.boolean()),
    of({ type: 'bigint' }, postgres ? fc.maxSafeInteger().map(String) : fc.maxSafeInteger()),
  ];
};

const fieldOf = (driver: TestDriver): fc.Arbitrary<Field> =>
  fc
    .record({
      typed: fc.oneof(...typesOf(driver)),
      nullable: fc.boolean(),
      isNull: fc.boolean(),
      hidden: fc.boolean(),
      isEmbedded: fc.boolean(),
    })
    .map(({ typed, nullable, isNull, hidden, isEmbedded }) => ({
      options: { ...typed.options, ...(nullable ? { nullable } : {}), ...(hidden ? { select: false } : {}) },
      isEmbedded,
      value: nullable && isNull ? null : typed.value,
    }));

const propertyNames = ['plain', 'camelCased', 'aURL', 'with1Digit', 'order', 'snake_already', 'émigré', 'Name'];

interface Case {
  readonly fields: ReadonlyMap<string, Field>;
  readonly naming: 'property' | 'snake_case';
  readonly ownNames: boolean;
}

const caseOf = (driver: TestDriver): fc.Arbitrary<Case> =>
  fc
    .record({
      fields: fc.array(fieldOf(driver), { minLength: 1, maxLength: propertyNames.length }),
      naming: fc.constantFrom('property', 'snake_case'),
      ownNames: fc.boolean(),
    })
    .map(({ fields, ...rest }) => ({
      ...rest,
      fields: new Map(fields.map((field, index) => [propertyNames[index] ?? '', field])),
    }));

function entityOf({ fields, ownNames }: Case): EntitySchema<Row> {
  const columnsOf = (isEmbedded: boolean) =>
    Object.fromEntries(
      [...fields]
        .filter(([, field]) => field.isEmbedded === isEmbedded)
        .map(([property, { options }], index) => [
          property,
          { ...options, ...(ownNames ? { name: `${isEmbedded ? 'e' : 'c'} ${index}?` } : {}) },
        ]),
    );
  const embedded = columnsOf(true);
  const embeddeds: Record<string, EntitySchemaEmbeddedColumnOptions> =
    Object.keys(embedded).length === 0
      ? {}
      : { inner: { schema: new EntitySchema({ name: 'inner', columns: embedded }), prefix: 'in_' } };
  return new EntitySchema<Row>({
    name: 'things',
    columns: { id: { type: 'text', primary: true }, title: { type: 'text' }, ...columnsOf(false), ...syncColumns },
    embeddeds,
  });
}

const entityWith = ({ fields }: Case, title: string): Row => {
  const part = (isEmbedded: boolean) =>
    Object.fromEntries(
      [...fields].filter(([, field]) => field.isEmbedded === isEmbedded).map(([name, { value }]) => [name, value]),
    );
  const inner = part(true);
  return {
    id: 'a',
    title,
    updatedAt: '',
    deletedAt: null,
    deletedAtLocal: null,
    ...part(false),
    ...(Object.keys(inner).length === 0 ? {} : { inner }),
  };
};

/** All columns, those that are not selected by themselves too. */
async function readEntity(bench: StoreBench, entity: EntitySchema<Row>): Promise<Row> {
  const builder = bench.dataSource.getRepository(entity).createQueryBuilder('t');
  for (const column of bench.dataSource.getMetadata(entity).columns)
    if (!column.isSelect) builder.addSelect(`t.${column.propertyPath}`);
  return comparable(await builder.where({ id: 'a' }).getOneOrFail()) as Row;
}

/** Bytes are a Buffer or a Uint8Array, by driver. An embedded object whose columns are all null is null to TypeORM. */
const comparable = (value: unknown): unknown => {
  if (ArrayBuffer.isView(value))
    return `bytes ${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, comparable(inner)]));
};
const withoutEmptyInner = (row: unknown): unknown => {
  const { inner, ...rest } = row as { readonly inner?: object | null };
  return inner === null || inner === undefined || Object.values(inner).every((value) => value === null) ? rest : row;
};

const upsertPayload = (request: TakenRequest | undefined): JsonObject => {
  if (request?.op.type !== 'upsert') throw new Error('no upsert was taken');
  return JSON.parse(JSON.stringify(request.op.payload)) as JsonObject;
};

async function roundTrip(driver: TestDriver, given: Case): Promise<void> {
  const entity = entityOf(given);
  const table = syncTable(entity, { naming: given.naming });
  const benches: StoreBench[] = [];
  const open = async (): Promise<StoreBench> => {
    const dataSource = await openSynchronized(driver, [entity as unknown as EntitySchema, todoEntity as EntitySchema]);
    const bench = await openStore(driver, { dataSource, tables: [table as unknown as SyncTable] });
    benches.push(bench);
    return bench;
  };
  try {
    const here = await open();
    const written = entityWith(given, 'first');
    await createWriter(here.dataSource, { clock: here.clock }).forTable(table).insertAndEnqueue(written);
    expect(withoutEmptyInner(await readEntity(here, entity))).toEqual(withoutEmptyInner(comparable(written)));
    const sent = upsertPayload((await here.takeAll())[0]);

    const there = await open();
    const updatedAt = given.naming === 'property' ? 'updatedAt' : 'updated_at';
    const served: JsonObject = { ...sent, [updatedAt]: '2026-01-01T00:00:01.000001Z' };
    await there.store.applyPages(
      'things',
      [{ page: { items: [served] }, items: [served], next: { cursor: undefined, maxPage: 1, resync: false } }],
      {
        totalDone: 0,
      },
    );
    const arrived = await readEntity(there, entity);
    expect(withoutEmptyInner(arrived)).toEqual(
      withoutEmptyInner({ ...(comparable(written) as Row), updatedAt: served[updatedAt] }),
    );

    // An edit of one field sends all others back just as they came.
    await createWriter(there.dataSource, { clock: there.clock })
      .forTable(table)
      .replaceAndEnqueue({ ...entityWith(given, 'second') });
    const [request] = await there.takeAll();
    const { title, ...others } = upsertPayload(request);
    const { title: _title, ...before } = sent;
    expect(title).toBe('second');
    expect(others).toEqual(before as Json);
    expect(request?.op).toMatchObject({ changedFields: ['title'] });
  } finally {
    for (const bench of benches) await bench.close();
  }
}

/**
 * Values as servers send them, good and bad, and the columns that they meet. What a column reads back in another form
 * of the same value is left out.
 */
const digits = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
  fc.constantFrom(
    '9007199254740993',
    '9223372036854775808',
    '1e400',
    '-1e400',
    '0.1000000000000000055511151231257827',
    '5e-324',
    '4.9e-324',
  ),
);
const servedNumber = fc.oneof(
  digits.map(exactNumber),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
);
const servedText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('a\u0000b', '\ud800', '\ufeff123', 'a,b', '"', '1.10'),
);
const servedJson = fc.oneof(
  servedNumber,
  servedText,
  fc.array(servedNumber, { maxLength: 3 }),
  fc.dictionary(fc.string({ maxLength: 3 }), servedNumber, { maxKeys: 3 }),
);
const served: fc.Arbitrary<{ readonly options: EntitySchemaColumnOptions; readonly value: Json }> = fc.oneof(
  ...(['bigint', 'integer', 'decimal', 'real'] as const).map((type) =>
    fc.record({ options: fc.constant({ type }), value: servedNumber }),
  ),
  fc.record({ options: fc.constant({ type: 'text' as const }), value: fc.oneof(servedText, servedNumber) }),
  fc.record({
    options: fc.constant({ type: 'boolean' as const }),
    value: fc.oneof<fc.Arbitrary<Json>[]>(fc.boolean(), fc.constantFrom('yes', 2, '')),
  }),
  fc.record({ options: fc.constant({ type: 'simple-json' as const }), value: servedJson }),
  fc.record({ options: fc.constant({ type: 'simple-array' as const }), value: fc.array(servedText, { maxLength: 3 }) }),
);

/**
 * A row of a server is stored, and another field of it is edited: the value goes out as it came, or the row was
 * quarantined.
 */
async function keptOrQuarantined(
  driver: TestDriver,
  given: { readonly options: EntitySchemaColumnOptions; readonly value: Json },
): Promise<void> {
  const entity = entityOf({
    fields: new Map([['plain', { options: given.options, isEmbedded: false, value: null }]]),
    naming: 'property',
    ownNames: false,
  });
  const table = syncTable(entity);
  const dataSource = await openSynchronized(driver, [entity as unknown as EntitySchema, todoEntity as EntitySchema]);
  const bench = await openStore(driver, { dataSource, tables: [table as unknown as SyncTable] });
  try {
    const row: JsonObject = {
      id: 'a',
      title: 'first',
      plain: given.value,
      updatedAt: '2026-01-01T00:00:01.000001Z',
      deletedAt: null,
    };
    await bench.store.applyPages(
      'things',
      [{ page: { items: [row] }, items: [row], next: { cursor: undefined, maxPage: 1, resync: false } }],
      {
        totalDone: 0,
      },
    );
    const seen = await dataSource.getRepository(entity).findOneBy({ id: 'a' });
    if (seen === null) {
      expect(await dataSource.query('SELECT "entity_id" AS "id" FROM "sync_quarantine"')).toEqual([{ id: 'a' }]);
      return;
    }
    await createWriter(dataSource, { clock: bench.clock })
      .forTable(table)
      .replaceAndEnqueue({ ...seen, title: 'second' });
    const [request] = await bench.takeAll();
    if (request?.op.type !== 'upsert') throw new Error('no upsert was taken');
    expect(request.op.changedFields).toEqual(['title']);
    expect(stringifyJson(request.op.payload['plain'])).toBe(stringifyJson(given.value));
  } finally {
    await bench.close();
  }
}

const runs: Readonly<Record<TestDriver, number>> = { 'better-sqlite3': 30, sqlite3: 15, sqljs: 15, postgres: 5 };

describe.each(allDrivers.filter((driver) => driver !== 'postgres'))('values of any server on %s', (driver) => {
  test('F-158: returns an unedited value to the last digit or quarantines its row', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(served, (given) => keptOrQuarantined(driver, given)),
      { numRuns: 5 * runs[driver] },
    );
  });
});

describe.each(allDrivers)('columns of any entity on %s', (driver) => {
  test('I5: entity → wire → another replica → entity is lossless, and unedited values return unchanged', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(caseOf(driver), (given) => roundTrip(driver, given)),
      { numRuns: runs[driver] },
    );
  });
});
