import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EntitySchema, type DataSource, type EntitySchemaColumnOptions } from 'typeorm';
import { afterEach, describe, expect, test } from 'vitest';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import type { SyncEvent } from '../../src/model/events.ts';
import { captureWrites } from '../../src/persistence/capture/capture-writes.ts';
import { syncColumns, type SyncedRow } from '../../src/persistence/tables/sync-columns.ts';
import { syncTable, type SyncTable } from '../../src/persistence/tables/sync-table.ts';
import { RestTransport, type RestTransportOptions } from '../../src/transport.ts';
import { openSynchronized } from '../support/open-store.ts';

type Row = SyncedRow & { id: string; name: string } & Record<string, unknown>;

interface Bench {
  readonly dataSource: DataSource;
  readonly engine: SyncEngine;
  readonly entity: EntitySchema<Row>;
  readonly table: SyncTable<Row>;
  readonly told: SyncEvent[];
  /** Bodies of the writes, as text. */
  readonly sent: string[];
  /** What the next write is answered with. */
  answer: { status: number; text: string } | undefined;
}

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** A server that speaks text: it has one row, whose field `value` stands there to the letter. */
async function open(
  value: string,
  options: EntitySchemaColumnOptions,
  more: { readonly rest?: Partial<RestTransportOptions>; readonly changed?: boolean; readonly id?: string } = {},
): Promise<Bench> {
  const sent: string[] = [];
  const row = `{"id":${more.id ?? '"a"'},"name":"first","value":${value},"updatedAt":"2026-01-01T00:00:00Z","deletedAt":null}`;
  const bench: { answer: Bench['answer'] } = { answer: undefined };
  const server: Server = createServer((request, response) => {
    void (async () => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      response.setHeader('content-type', 'application/json');
      const url = new URL(request.url ?? '', 'http://x');
      if (request.method === 'GET') {
        response.end(
          url.pathname === '/things'
            ? `{"items":[${url.searchParams.has('afterId') ? '' : row}],"hasMore":false}`
            : row,
        );
        return;
      }
      sent.push(body);
      response.statusCode = bench.answer?.status ?? 204;
      response.end(bench.answer?.text);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const entity = new EntitySchema<Row>({
    name: 'things',
    columns: {
      id: { type: 'text', primary: true },
      name: { type: 'text' },
      value: { nullable: true, ...options },
      ...syncColumns,
    } as never,
  });
  const dataSource = await openSynchronized('better-sqlite3', [entity as unknown as EntitySchema]);
  closing.push(() => dataSource.destroy());
  const table = syncTable(entity, { sendChangedFields: more.changed ?? false });
  const engine = createSyncEngine({
    dataSource,
    tables: [table as unknown as SyncTable],
    transport: new RestTransport({
      baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      ...more.rest,
    }),
  });
  closing.push(() => engine.dispose());
  const told: SyncEvent[] = [];
  engine.events$.subscribe((event) => told.push(event));
  await engine.start();
  await engine.sync();
  return Object.assign(bench, { dataSource, engine, entity, table, told, sent });
}

const read = ({ dataSource, entity }: Bench, id = 'a'): Promise<Row> =>
  dataSource.getRepository(entity).findOneByOrFail({ id });

describe.each<[what: string, value: string, column: EntitySchemaColumnOptions]>([
  ['a whole number in a bigint column', '9007199254740993', { type: 'bigint' }],
  ['the least 64-bit number', '-9223372036854775808', { type: 'bigint' }],
  ['a whole number in a decimal column', '9007199254740993', { type: 'decimal' }],
  [
    'numbers inside of JSON',
    '{"tweet":9007199254740993,"list":[1,1e400,0.1000000000000000055511151231257827]}',
    { type: 'simple-json' },
  ],
  ['JSON that is a number', '123456789012345678901234567890', { type: 'simple-json' }],
])('F-158: %s', (_, value, column) => {
  test('returns exactly when another field is edited through the writer', async () => {
    const bench = await open(value, column);
    const seen = await read(bench);
    await bench.engine.writer(bench.table).replaceAndEnqueueDiff(seen, { ...seen, name: 'edited' });
    await bench.engine.sync();
    expect(bench.sent).toEqual([expect.stringContaining(`"value":${value},`)]);
    await bench.engine.writer(bench.table).replaceAndEnqueue({ ...(await read(bench)), name: 'again' });
    await bench.engine.sync();
    expect(bench.sent[1]).toContain(`"value":${value},`);
    expect(bench.told.filter(({ type }) => type === 'row.quarantined')).toEqual([]);
  });

  test('returns exactly when another field is edited through TypeORM', async () => {
    const bench = await open(value, column);
    captureWrites(bench.dataSource, [bench.table as unknown as SyncTable]);
    await bench.dataSource.getRepository(bench.entity).save({ ...(await read(bench)), name: 'edited' });
    await bench.engine.sync();
    expect(bench.sent).toEqual([expect.stringContaining(`"value":${value},`)]);
  });

  test('is not a changed field of such an edit', async () => {
    const bench = await open(value, column, { changed: true });
    await bench.engine.writer(bench.table).replaceAndEnqueue({ ...(await read(bench)), name: 'edited' });
    await bench.engine.sync();
    expect(bench.sent).toHaveLength(1);
    expect(bench.sent[0]).not.toContain('value');
  });

  test('survives a conflict that the server wins, and a merged one', async () => {
    const bench = await open(value, column);
    const current = `{"id":"a","name":"theirs","value":${value},"updatedAt":"2026-01-02T00:00:00Z","deletedAt":null}`;
    bench.answer = { status: 409, text: `{"error":"conflict","current":${current}}` };
    await bench.engine.writer(bench.table).replaceAndEnqueue({ ...(await read(bench)), name: 'mine' });
    await bench.engine.sync().catch(() => undefined);
    expect(bench.sent.length).toBeGreaterThan(1);
    for (const body of bench.sent) expect(body).toContain(`"value":${value},`);
  });
});

test('F-158: an edit inside a JSON column keeps the digits of unedited values', async () => {
  const bench = await open('{"tweet":9007199254740993,"likes":1}', { type: 'simple-json' });
  const seen = await read(bench);
  await bench.engine
    .writer(bench.table)
    .replaceAndEnqueue({ ...seen, value: { ...(seen['value'] as object), likes: 2 } });
  captureWrites(bench.dataSource, [bench.table as unknown as SyncTable]);
  await bench.engine.sync();
  const again = await read(bench);
  await bench.dataSource
    .getRepository(bench.entity)
    .save({ ...again, value: { ...(again['value'] as object), likes: 3 } });
  await bench.engine.sync();
  expect(bench.sent[0]).toContain('"value":{"tweet":9007199254740993,"likes":2}');
  expect(bench.sent[1]).toContain('"value":{"tweet":9007199254740993,"likes":3}');
});

test('F-158: stores the answer to a write to the last digit', async () => {
  const bench = await open('1', { type: 'bigint' });
  bench.answer = {
    status: 200,
    text: '{"id":"a","name":"edited","value":9007199254740993,"updatedAt":"2026-01-02T00:00:00Z","deletedAt":null}',
  };
  await bench.engine.writer(bench.table).replaceAndEnqueue({ ...(await read(bench)), name: 'edited' });
  await bench.engine.sync();
  expect(await bench.dataSource.query('SELECT CAST(value AS text) AS v FROM things')).toEqual([
    { v: '9007199254740993' },
  ]);
});

test('F-158: a numeric id keeps its digits', async () => {
  const bench = await open('1', { type: 'integer' }, { id: '9007199254740993' });
  const id = '9007199254740993';
  bench.answer = {
    status: 200,
    text: `{"id":${id},"name":"edited","value":1,"updatedAt":"2026-01-02T00:00:00Z","deletedAt":null}`,
  };
  await bench.engine.writer(bench.table).replaceAndEnqueue({ ...(await read(bench, id)), name: 'edited' });
  expect(await bench.engine.sync()).toMatchObject({ pushed: 1, errors: 0 });
});

describe.each<[what: string, value: string, column: EntitySchemaColumnOptions, reason: RegExp]>([
  [
    'more digits than a real column has',
    '0.1000000000000000055511151231257827',
    { type: 'real' },
    /number 0\.10000.*exactly.*simple-json column/,
  ],
  ['more than 64 bits', '18446744073709551616', { type: 'bigint' }, /number 18446744073709551616.*exactly/],
  [
    'a number as the whole of a json column',
    '123456789012345678901234567890',
    { type: 'json' },
    /number 123456789012345678901234567890/,
  ],
  ['a number out of range', '1e400', { type: 'real' }, /number 1e400/],
  ['a number for a text', '9007199254740993', { type: 'text' }, /number 9007199254740993.*simple-json column/],
  ['an item with a comma', '["a,b","c"]', { type: 'simple-array' }, /item "a,b".*simple-array.*JSON column/],
  ['half of a surrogate pair', '"x\\ud800"', { type: 'text' }, /half of a surrogate pair/],
  ['a word for a boolean', '"yes"', { type: 'boolean' }, /must be a boolean/],
])('F-158: %s, which the column cannot hold', (_, value, column, reason) => {
  test('is quarantined with the reason', async () => {
    const bench = await open(value, column);
    expect(bench.told.flatMap((event) => (event.type === 'row.quarantined' ? [event.error.message] : []))[0]).toMatch(
      reason,
    );
    expect(await bench.dataSource.query('SELECT id FROM things')).toEqual([]);
  });
});

describe('F-158: BigInt through the writer', () => {
  const insert = async (column: EntitySchemaColumnOptions, value: unknown): Promise<Bench> => {
    const bench = await open('null', column);
    await bench.engine
      .writer(bench.table)
      .insertAndEnqueue({ id: 'b', name: 'x', value, updatedAt: '', deletedAt: null, deletedAtLocal: null });
    await bench.engine.sync();
    return bench;
  };

  test.each<[EntitySchemaColumnOptions, unknown, string]>([
    [{ type: 'bigint' }, 9007199254740993n, '9007199254740993'],
    [{ type: 'integer' }, 5n, '5'],
    [{ type: 'simple-json' }, { n: [9007199254740993n] }, '{"n":[9007199254740993]}'],
    [{ type: 'text' }, 9007199254740993n, '"9007199254740993"'],
  ])('%j takes %s exactly', async (column, value, expected) => {
    const bench = await insert(column, value);
    expect(bench.sent[0]).toContain(`"value":${expected}`);
  });

  test('rejects one that the column cannot hold by name, and writes nothing', async () => {
    await expect(insert({ type: 'bigint' }, 2n ** 64n)).rejects.toThrow(
      /things\/b: field 'value' is the number 18446744073709551616.*nothing was written/,
    );
  });
});

test('F-158: batches also keep every digit', async () => {
  const bench = await open(
    '9007199254740993',
    { type: 'bigint' },
    { rest: { batchPath: 'batch' } as Partial<RestTransportOptions> },
  );
  bench.answer = { status: 200, text: '{"results":[]}' };
  await bench.engine.writer(bench.table).replaceAndEnqueue({ ...(await read(bench)), name: 'edited' });
  await bench.engine.sync().catch(() => undefined);
  expect(bench.sent[0]).toContain('"value":9007199254740993');
});
