import fc from 'fast-check';
import { EntitySchema, type EntitySchemaColumnOptions, type Repository } from 'typeorm';
import { describe, expect, test } from 'vitest';
import { exactNumber } from '../../src/model/values/exact-number.ts';
import type { Json, JsonObject } from '../../src/model/values/json.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import type { TakenRequest } from '../../src/model/ports.ts';
import { captureWrites } from '../../src/persistence/capture/capture-writes.ts';
import { syncColumns, type SyncedRow } from '../../src/persistence/tables/sync-columns.ts';
import { syncTable, type SyncTable } from '../../src/persistence/tables/sync-table.ts';
import { createWriter, type SyncEntityWriter } from '../../src/persistence/writing/writer.ts';
import { canonicalText } from '../../src/rules/values/deep-equal.ts';
import '../support/fast-check-seed.ts';
import { allDrivers, openStore, openSynchronized, type StoreBench, type TestDriver } from '../support/open-store.ts';
import { todoEntity } from '../support/todo.ts';

type Row = SyncedRow & { id: string; title: string } & Record<string, unknown>;
type Value = fc.Arbitrary<Json>;

const pad = (value: number, length = 2): string => String(value).padStart(length, '0');
const digits = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
  fc.constantFrom(
    '9007199254740993',
    '-9007199254740993',
    '9223372036854775808',
    '1e400',
    '0.1000000000000000055511151231257827',
    '-0',
  ),
);
const exact: Value = digits.map(exactNumber);
const anyNumber: Value = fc.oneof(
  exact,
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const decimalText: Value = fc.oneof(
  fc
    .record({
      whole: fc.integer({ min: -9_999, max: 9_999 }),
      part: fc.nat(999),
      places: fc.integer({ min: 1, max: 6 }),
    })
    .map(({ whole, part, places }) => `${whole}.${pad(part, 3).padEnd(places, '0').slice(0, places)}`),
  fc.constantFrom('10.00', '10.0', '10', '010', '1e2', '-0', ' 7', '0.10', '1.005', 'ten'),
  digits,
);
const whole: Value = fc.oneof(anyNumber, decimalText);
const truth: Value = fc.constantFrom<Json[]>(0, 1, true, false, 2, 'yes', '0');
/** Times as servers write them: with and without fraction and offset, with a space, as epoch milliseconds, as a day. */
const time: Value = fc.oneof(
  fc
    .record({
      at: fc.date({
        min: new Date('1971-01-01T00:00:00Z'),
        max: new Date('2099-01-01T00:00:00Z'),
        noInvalidDate: true,
      }),
      places: fc.constantFrom(0, 1, 3, 6, 9),
      nanos: fc.nat(999_999_999),
      zone: fc.constantFrom('Z', '', '+00:00', '+02:00', '-03:30'),
      between: fc.constantFrom('T', ' '),
    })
    .map(({ at, places, nanos, zone, between }) => {
      const fraction = places === 0 ? '' : `.${pad(nanos, 9).slice(0, places)}`;
      return `${at.toISOString().slice(0, 19).replace('T', between)}${fraction}${zone}`;
    }),
  fc.constantFrom<Json[]>(
    '2026-01-01T10:00:00.123456+02:00',
    '2026-01-01',
    1767261600000,
    '1767261600000',
    'soon',
    '10:00',
    '10:00:00.5',
  ),
);
const letters = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.constantFrom('a\u0000b', '\ud800', '\ufeff123', '\ufeff9007199254740993', '', 'a,b', '1.10', 'AB', '  '),
);
const uuid = fc.oneof(
  fc.uuid(),
  fc.uuid().map((text) => text.toUpperCase()),
  fc.uuid().map((text) => `{${text}}`),
);
const list: Value = fc.oneof<Value[]>(
  fc.array(letters, { maxLength: 3 }),
  fc.constantFrom('a,b', '', 'x'),
  fc.array(anyNumber, { maxLength: 2 }),
);
const anyJson: Value = fc.oneof<Value[]>(
  anyNumber,
  letters,
  fc.array(fc.oneof<Value[]>(anyNumber, letters), { maxLength: 3 }),
  fc.dictionary(
    fc.string({ unit: 'grapheme-ascii', maxLength: 3 }).filter((key) => key !== '__proto__'),
    fc.oneof<Value[]>(anyNumber, letters, fc.array(exact, { maxLength: 2 })),
    { maxKeys: 3 },
  ),
);
const bytes: Value = fc.oneof(
  fc.uint8Array({ maxLength: 6 }).map((value) => Buffer.from(value).toString('base64')),
  letters,
);

/** Maps a number of cents to euros, and what is no number to itself. */
const euros = {
  to: (value: unknown) => (typeof value === 'number' ? Math.round(value * 100) : value),
  from: (value: unknown) => (typeof value === 'number' ? value / 100 : value),
};

interface Field {
  readonly options: EntitySchemaColumnOptions;
  readonly values: Value;
}

const shared: Readonly<Record<string, Field>> = {
  text: { options: { type: 'text' }, values: fc.oneof<Value[]>(letters, anyNumber) },
  integer: { options: { type: 'integer' }, values: whole },
  bigint: { options: { type: 'bigint' }, values: whole },
  decimal: { options: { type: 'decimal' }, values: whole },
  numeric: { options: { type: 'numeric', precision: 10, scale: 2 }, values: whole },
  real: { options: { type: 'real' }, values: whole },
  double: { options: { type: 'double precision' }, values: whole },
  boolean: { options: { type: 'boolean' }, values: truth },
  day: { options: { type: 'date' }, values: time },
  clock: { options: { type: 'time' }, values: time },
  list: { options: { type: 'simple-array' }, values: list },
  simpleJson: { options: { type: 'simple-json' }, values: anyJson },
  json: { options: { type: 'json' }, values: anyJson },
  choice: {
    options: { type: 'simple-enum', enum: ['low', '1'] },
    values: fc.constantFrom<Json[]>('low', '1', 1, 'high'),
  },
  euros: {
    options: { type: 'integer', transformer: euros },
    values: fc.oneof<Value[]>(
      fc.integer({ min: -9_999, max: 9_999 }),
      fc.constantFrom<Json[]>(1.005, 12.34, '10.00', '7', 'x'),
    ),
  },
};
const sqliteFields: Readonly<Record<string, Field>> = {
  at: { options: { type: 'datetime' }, values: time },
  bytes: { options: { type: 'blob' }, values: bytes },
};
const postgresFields: Readonly<Record<string, Field>> = {
  at: { options: { type: 'timestamptz' }, values: time },
  localAt: { options: { type: 'timestamp' }, values: time },
  bytes: { options: { type: 'bytea' }, values: bytes },
  jsonb: { options: { type: 'jsonb' }, values: anyJson },
  uuid: { options: { type: 'uuid' }, values: uuid },
  char: { options: { type: 'char', length: 4 }, values: letters },
  texts: { options: { type: 'text', array: true }, values: list },
};
const fieldsOf = (driver: TestDriver): Readonly<Record<string, Field>> => ({
  ...shared,
  ...(driver === 'postgres' ? postgresFields : sqliteFields),
});

/**
 * What happens to one row: the values that the server sends one after another for one field, and how the app edits the
 * other field in between.
 */
interface Story {
  readonly field: string;
  readonly steps: readonly Step[];
}
interface Step {
  readonly value: Json;
  readonly edit: 'diff' | 'replace' | 'captured';
  /** How the server answers the edit. */
  readonly answer: 'row' | 'nothing';
}

const storyOf = (driver: TestDriver): fc.Arbitrary<Story> =>
  fc.oneof(
    ...Object.entries(fieldsOf(driver)).map(([field, { values }]) =>
      fc.record({
        field: fc.constant(field),
        steps: fc.array(
          fc.record<Step>({
            value: fc.oneof({ arbitrary: values, weight: 9 }, { arbitrary: fc.constant(null), weight: 1 }),
            edit:
              driver === 'postgres'
                ? fc.constantFrom('diff', 'replace')
                : fc.constantFrom('diff', 'replace', 'captured'),
            answer: fc.constantFrom('row', 'nothing'),
          }),
          { minLength: 1, maxLength: 3 },
        ),
      }),
    ),
  );

interface World {
  readonly bench: StoreBench;
  readonly repository: Repository<Row>;
  readonly writer: SyncEntityWriter<Row>;
  /** Rows have ids and versions of their own, so that one database serves all runs. */
  count: number;
}

async function openWorld(driver: TestDriver): Promise<World> {
  const columns = Object.fromEntries(
    Object.entries(fieldsOf(driver)).map(([name, { options }]) => [name, { ...options, nullable: true }]),
  );
  const entity = new EntitySchema<Row>({
    name: 'things',
    columns: { id: { type: 'text', primary: true }, title: { type: 'text' }, ...columns, ...syncColumns } as never,
  });
  const dataSource = await openSynchronized(driver, [entity as unknown as EntitySchema, todoEntity as EntitySchema]);
  const table = syncTable(entity);
  const bench = await openStore(driver, { dataSource, tables: [table as unknown as SyncTable] });
  if (driver !== 'postgres') captureWrites(dataSource, [table as unknown as SyncTable], { clock: bench.clock });
  return {
    bench,
    repository: dataSource.getRepository(entity),
    writer: createWriter(dataSource, { clock: bench.clock }).forTable(table),
    count: 0,
  };
}

async function pull({ bench }: World, rows: readonly JsonObject[]): Promise<void> {
  await bench.store.applyPages(
    'things',
    [{ page: { items: rows }, items: rows, next: { cursor: undefined, maxPage: 1, resync: false } }],
    { totalDone: 0 },
  );
}

async function edit({ repository, writer }: World, seen: Row, title: string, how: Step['edit']): Promise<void> {
  if (how === 'captured') await repository.save({ ...seen, title });
  else if (how === 'diff') await writer.replaceAndEnqueueDiff(seen, { ...seen, title });
  else await writer.replaceAndEnqueue({ ...seen, title });
}

/** A field that nobody edits goes out as it came, or its row is in quarantine with the reason. */
async function play(world: World, stories: readonly Story[]): Promise<void> {
  const rows = stories.map((story, index) => ({ story, id: `${(world.count += 1)}-${index}`, isIn: true }));
  const longest = Math.max(...stories.map(({ steps }) => steps.length));
  for (let step = 0; step < longest; step += 1) {
    const version = `2026-01-01T00:00:00.${pad((world.count += 1), 6)}Z`;
    const active = rows.filter(({ story, isIn }) => isIn && story.steps[step] !== undefined);
    const valueOf = ({ story }: (typeof rows)[number]): Json => story.steps[step]?.value ?? null;
    const served = active.map(
      (row): JsonObject => ({
        id: row.id,
        title: 'theirs',
        [row.story.field]: valueOf(row),
        updatedAt: version,
        deletedAt: null,
      }),
    );
    await pull(world, served);
    const edited: typeof active = [];
    for (const row of active) {
      const [bad] = await world.bench.dataSource.query<{ error: string }[]>(
        `SELECT "error" FROM "sync_quarantine" WHERE "entity_id" = '${row.id}'`,
      );
      const seen = await world.repository.findOneBy({ id: row.id });
      if (bad !== undefined) {
        expect(bad.error).not.toBe('');
        row.isIn = false;
        continue;
      }
      if (seen === null) throw new Error(`row ${row.id} is neither there nor in quarantine`);
      await edit(world, seen, `mine ${step}`, row.story.steps[step]?.edit ?? 'diff');
      edited.push(row);
    }
    const requests = await world.bench.takeAll();
    const sent = new Map(requests.map((request) => [request.entityId, request]));
    for (const row of edited) {
      const { op } = sent.get(row.id) ?? {};
      if (op?.type !== 'upsert') throw new Error(`nothing was sent for ${row.id}`);
      expect(op.changedFields).toEqual(['title']);
      const textOf = (value: Json | undefined): readonly string[] => [row.story.field, canonicalText(value ?? null)];
      expect(textOf(op.payload[row.story.field])).toEqual(textOf(valueOf(row)));
    }
    await world.bench.store.settle(
      requests.map((request) => ({
        request,
        outcome: answered(request, rows, step, `2026-01-01T00:00:00.${pad((world.count += 1), 6)}Z`),
      })),
    );
  }
}

/** The server's row after the write; or nothing, and then the next pull brings the version. */
function answered(
  request: TakenRequest,
  rows: readonly { readonly id: string; readonly story: Story }[],
  step: number,
  version: string,
): Outcome {
  const story = rows.find(({ id }) => id === request.entityId)?.story;
  if (request.op.type !== 'upsert' || story?.steps[step]?.answer !== 'row') return { type: 'applied' };
  return { type: 'applied', row: { ...request.op.payload, updatedAt: version, deletedAt: null } };
}

const runs: Readonly<Record<TestDriver, number>> = { 'better-sqlite3': 60, sqlite3: 25, sqljs: 25, postgres: 25 };

describe.each(allDrivers)('values of any server on %s', (driver) => {
  test('F-158: sends unedited values unchanged, pull after pull, or quarantines their row', {
    timeout: 120_000,
  }, async () => {
    const world = await openWorld(driver);
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(storyOf(driver), { minLength: 1, maxLength: 8 }), (stories) => play(world, stories)),
        { numRuns: runs[driver] },
      );
    } finally {
      await world.bench.close();
    }
  });
});
