import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EntitySchema, type DataSource, type EntitySchemaColumnOptions } from 'typeorm';
import { afterEach, describe, expect, test } from 'vitest';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import { captureWrites } from '../../src/persistence/capture/capture-writes.ts';
import { syncColumns, type SyncedRow } from '../../src/persistence/tables/sync-columns.ts';
import { syncTable, type SyncTable, type SyncTableOptions } from '../../src/persistence/tables/sync-table.ts';
import { RestTransport } from '../../src/transport.ts';
import { openSynchronized } from '../support/open-store.ts';

type Row = SyncedRow & { id: string; name: string; value: unknown };

interface Bench {
  readonly dataSource: DataSource;
  readonly engine: SyncEngine;
  readonly entity: EntitySchema<Row>;
  readonly table: SyncTable<Row>;
  /** Bodies of the writes, as text. */
  readonly sent: string[];
  /** The rows that the next listing has, as text. */
  listed: readonly string[];
  /** What the next writes are answered with. */
  answer: { readonly status: number; readonly text: string } | undefined;
}

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const rowText = (value: string, second = 1, more = ''): string =>
  `{"id":"a","name":"first","value":${value},"updatedAt":"2026-01-01T00:00:0${second}Z","deletedAt":null${more}}`;

/** A server that speaks text: the field `value` of its row stands there to the letter. */
async function open(
  value: string,
  column: EntitySchemaColumnOptions,
  options: SyncTableOptions<Row> = {},
): Promise<Bench> {
  const sent: string[] = [];
  const bench: Pick<Bench, 'listed' | 'answer'> = { listed: [rowText(value)], answer: undefined };
  const server: Server = createServer((request, response) => {
    void (async () => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      response.setHeader('content-type', 'application/json');
      const url = new URL(request.url ?? '', 'http://x');
      if (request.method === 'GET') {
        const row = bench.listed[0];
        response.statusCode = url.pathname === '/things' || row !== undefined ? 200 : 404;
        const since = url.searchParams.get('updatedSince');
        const items = bench.listed.filter(
          (text) => since === null || (JSON.parse(text) as { updatedAt: string }).updatedAt > since,
        );
        const listing = `{"items":[${items.join()}],"hasMore":false}`;
        response.end(url.pathname === '/things' ? listing : (row ?? '{"error":"not_found"}'));
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
      value: { nullable: true, ...column },
      ...syncColumns,
    } as never,
  });
  const dataSource = await openSynchronized('better-sqlite3', [entity as unknown as EntitySchema]);
  closing.push(() => dataSource.destroy());
  const table = syncTable(entity, options);
  const engine = createSyncEngine({
    dataSource,
    tables: [table as unknown as SyncTable],
    transport: new RestTransport({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
  });
  closing.push(() => engine.dispose());
  await engine.start();
  await engine.sync();
  return Object.assign(bench, { dataSource, engine, entity, table, sent });
}

const read = ({ dataSource, entity }: Bench): Promise<Row> =>
  dataSource.getRepository(entity).findOneByOrFail({ id: 'a' });
const kept = ({ dataSource }: Bench): Promise<{ entity_id: string; fields: string }[]> =>
  dataSource.query('SELECT entity_id, fields FROM sync_wire_values');
/** The body of a write in which the field stands to the letter. */
const asSent = (value: string) =>
  expect.toSatisfy(
    (body: string) => body.includes(`"value":${value},`) || body.includes(`"value":${value}}`),
    `has ${value}`,
  ) as string;

describe.each<[what: string, value: string, column: EntitySchemaColumnOptions]>([
  ['a time with microseconds and an offset', '"2026-01-01T10:00:00.123456+02:00"', { type: 'datetime' }],
  ['a time without milliseconds', '"2026-01-01T10:00:00Z"', { type: 'datetime' }],
  ['a time as epoch milliseconds', '1767261600000', { type: 'datetime' }],
  ['a time in a column for days', '"2026-01-01T10:00:00Z"', { type: 'date' }],
  ['a decimal as text', '"10.00"', { type: 'decimal' }],
  ['a decimal as text in a column of fractions', '"0.10"', { type: 'real' }],
  ['a 64-bit number as text', '"9007199254740993"', { type: 'bigint' }],
  ['a small whole number as text', '"7"', { type: 'integer' }],
  ['0 for a boolean', '0', { type: 'boolean' }],
  ['1 for a boolean', '1', { type: 'boolean' }],
  ['a text for a list', '"a,b"', { type: 'simple-array' }],
])('F-158: %s', (_, value, column) => {
  test('is sent unchanged when another field is edited through the writer', async () => {
    const bench = await open(value, column);
    const seen = await read(bench);
    await bench.engine.writer(bench.table).replaceAndEnqueueDiff(seen, { ...seen, name: 'edited' });
    await bench.engine.sync();
    await bench.engine.writer(bench.table).replaceAndEnqueue({ ...(await read(bench)), name: 'again' });
    await bench.engine.sync();
    expect(bench.sent).toEqual([asSent(value), asSent(value)]);
  });

  test('is sent unchanged when another field is edited through TypeORM', async () => {
    const bench = await open(value, column);
    captureWrites(bench.dataSource, [bench.table as unknown as SyncTable]);
    await bench.dataSource.getRepository(bench.entity).save({ ...(await read(bench)), name: 'edited' });
    await bench.dataSource.getRepository(bench.entity).update({ id: 'a' }, { name: 'again' });
    await bench.engine.sync();
    expect(bench.sent).toEqual([asSent(value)]);
  });

  test('is not a field of an edit that sends only changes', async () => {
    const bench = await open(value, column, { sendChangedFields: true });
    await bench.engine.writer(bench.table).replaceAndEnqueue({ ...(await read(bench)), name: 'edited' });
    await bench.engine.sync();
    expect(bench.sent).toHaveLength(1);
    expect(bench.sent[0]).not.toContain('value');
  });

  test('survives a merge', async () => {
    const bench = await open(value, column, { conflict: { strategy: 'autoPreserve' } });
    bench.answer = {
      status: 409,
      text: `{"error":"conflict","current":${rowText(value, 2).replace('"first"', '"theirs"')}}`,
    };
    await bench.engine.writer(bench.table).replaceAndEnqueue({ ...(await read(bench)), name: 'mine' });
    await bench.engine.sync().catch(() => undefined);
    expect(bench.sent.length).toBeGreaterThan(1);
    for (const body of bench.sent) expect(body).toEqual(asSent(value));
  });

  test('survives a server-side deletion that an edit reverts', async () => {
    const bench = await open(value, column, { conflict: { strategy: 'clientWins' } });
    await bench.engine.writer(bench.table).replaceAndEnqueue({ ...(await read(bench)), name: 'mine' });
    bench.answer = { status: 404, text: '{"error":"not_found"}' };
    bench.listed = [];
    await bench.engine.sync().catch(() => undefined);
    expect(bench.sent.length).toBeGreaterThan(1);
    for (const body of bench.sent) expect(body).toEqual(asSent(value));
  });

  test('is sent unchanged when the whole table is queued', async () => {
    const bench = await open(value, column);
    await bench.engine.enqueueAll(bench.table, { rows: 'all' } as never);
    await bench.engine.sync();
    expect(bench.sent).toEqual([asSent(value)]);
  });
});

test('F-158: 1 in a boolean column is true', async () => {
  expect(await read(await open('1', { type: 'boolean' }))).toMatchObject({ value: true });
});

describe('F-158: the received form is dropped', () => {
  const edit = async (bench: Bench, change: Partial<Row>): Promise<void> => {
    await bench.engine.writer(bench.table).replaceAndEnqueue({ ...(await read(bench)), ...change });
    await bench.engine.sync();
  };

  test('when the field is edited: the new value is sent', async () => {
    const bench = await open('"10.00"', { type: 'decimal' });
    bench.answer = { status: 200, text: rowText('12.5', 2) };
    await edit(bench, { value: 12.5 });
    expect(bench.sent).toEqual([asSent('12.5')]);
    await edit(bench, { name: 'edited' });
    expect(bench.sent[1]).toEqual(asSent('12.5'));
  });

  test('when the server sends the same value in another form', async () => {
    const bench = await open('"10.00"', { type: 'decimal' });
    bench.listed = [rowText('10', 2)];
    await bench.engine.sync();
    expect(await kept(bench)).toEqual([]);
    await edit(bench, { name: 'edited' });
    expect(bench.sent).toEqual([asSent('10')]);
  });

  test('when the answer to a write has the value in another form', async () => {
    const bench = await open('"10.00"', { type: 'decimal' });
    bench.answer = { status: 200, text: rowText('"10.0"', 2) };
    await edit(bench, { name: 'edited' });
    await edit(bench, { name: 'again' });
    expect(bench.sent).toEqual([asSent('"10.00"'), asSent('"10.0"')]);
    bench.answer = { status: 200, text: rowText('10', 3) };
    await edit(bench, { name: 'and again' });
    expect(await kept(bench)).toEqual([]);
  });

  test('but not when a page omits the field', async () => {
    const bench = await open('"10.00"', { type: 'decimal' });
    bench.listed = ['{"id":"a","name":"second","updatedAt":"2026-01-01T00:00:02Z","deletedAt":null}'];
    await bench.engine.sync();
    await edit(bench, { name: 'edited' });
    expect(bench.sent).toEqual([asSent('"10.00"')]);
  });

  test.each(['keep', 'remove'] as const)(
    'when a full resync no longer lists the row (tombstones: %s)',
    async (tombstones) => {
      const bench = await open('"10.00"', { type: 'decimal' }, { tombstones });
      expect(await kept(bench)).toHaveLength(1);
      bench.listed = [rowText('1', 2).replace('"a"', '"b"')];
      await bench.engine.fullResync();
      expect(await bench.dataSource.query('SELECT id FROM things')).toEqual([{ id: 'b' }]);
      expect(await kept(bench)).toEqual([]);
    },
  );

  test('when the server deletes the row', async () => {
    const bench = await open('"10.00"', { type: 'decimal' }, { tombstones: 'remove' });
    bench.listed = ['{"id":"a","updatedAt":"2026-01-01T00:00:02Z","deletedAt":"2026-01-01T00:00:02Z"}'];
    await bench.engine.sync();
    expect(await kept(bench)).toEqual([]);
  });

  test('when the row is deleted locally', async () => {
    const bench = await open('"10.00"', { type: 'decimal' }, { tombstones: 'remove' });
    await bench.engine.writer(bench.table).enqueueDelete('a');
    await bench.engine.sync();
    expect(bench.sent).toHaveLength(1);
    expect(await kept(bench)).toEqual([]);
  });
});

test('F-158: an increment of a decimal received as text stays text, also through TypeORM', async () => {
  const bench = await open('"10.00"', { type: 'decimal' });
  captureWrites(bench.dataSource, [bench.table as unknown as SyncTable]);
  await bench.dataSource.getRepository(bench.entity).increment({ id: 'a' }, 'value', 1);
  const [op] = await bench.dataSource.query<{ deltas: string }[]>('SELECT deltas FROM sync_outbox');
  expect(JSON.parse(op?.deltas ?? 'null')).toEqual([{ type: 'increment', field: 'value', by: 1 }]);
  await bench.engine.sync();
  expect(bench.sent).toEqual([asSent('"11.00"')]);
});

test('F-158: hands over a UNIQUE number received as text in order', async () => {
  const bench = await open('"7"', { type: 'integer', unique: true });
  const writer = bench.engine.writer(bench.table);
  await writer.replaceAndEnqueue({ ...(await read(bench)), value: 8 });
  await writer.insertAndEnqueue({
    id: '0',
    name: 'new',
    value: 7,
    updatedAt: '',
    deletedAt: null,
    deletedAtLocal: null,
  });
  bench.answer = { status: 422, text: '{"error":"invalid"}' };
  await bench.engine.sync().catch(() => undefined);
  expect(bench.sent).toEqual([asSent('8')]);
});

test('F-158: a page whose values read back unchanged costs no extra statement and stores nothing', async () => {
  const bench = await open('10', { type: 'decimal' });
  expect(await kept(bench)).toEqual([]);
  const statements: string[] = [];
  const { createQueryRunner } = bench.dataSource;
  bench.dataSource.createQueryRunner = (mode) => {
    const runner = createQueryRunner.call(bench.dataSource, mode);
    const query = runner.query.bind(runner) as (
      sql: string,
      parameters?: unknown[],
      structured?: boolean,
    ) => Promise<unknown>;
    runner.query = ((sql: string, parameters?: unknown[], structured?: boolean) => {
      statements.push(sql);
      return query(sql, parameters, structured);
    }) as typeof runner.query;
    return runner;
  };
  bench.listed = [rowText('11', 2)];
  await bench.engine.sync();
  expect(statements.filter((sql) => /^\s*(INSERT|DELETE|SELECT "entity_id").*sync_wire_values/s.test(sql))).toEqual([]);
});
