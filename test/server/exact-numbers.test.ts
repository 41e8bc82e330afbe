import { EntitySchema, type DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase, syncColumns } from '../../src/persistence.ts';
import { createSyncServer, type SyncServer } from '../../src/server.ts';

const thing = new EntitySchema({
  name: 'things',
  columns: {
    id: { type: 'text', primary: true },
    whole: { type: 'bigint', nullable: true },
    price: { type: 'decimal', nullable: true },
    data: { type: 'simple-json', nullable: true },
    name: { type: 'text', nullable: true },
    ...syncColumns,
  } as never,
});

let dataSource: DataSource;
let server: SyncServer;
let url: string;
beforeEach(async () => {
  dataSource = await openDatabase({
    database: ':memory:',
    driver: 'better-sqlite3',
    entities: [thing],
    synchronize: true,
  });
  server = createSyncServer({ dataSource, tables: [thing] });
  ({ url } = await server.listen());
});
afterEach(async () => {
  await server.close();
  await dataSource.destroy();
});

const request = async (
  method: string,
  path: string,
  body?: string,
  key?: string,
): Promise<{ readonly status: number; readonly text: string }> => {
  const headers = {
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(key === undefined ? {} : { 'x-idempotency-key': key }),
  };
  const answer = await fetch(`${url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
  return { status: answer.status, text: await answer.text() };
};

describe.each<[field: string, value: string]>([
  ['whole', '9007199254740993'],
  ['whole', '-9223372036854775808'],
  ['whole', '9223372036854775807'],
  ['whole', '7'],
  ['price', '1234.5'],
  ['data', '{"tweet":9007199254740993,"list":[1,0.1000000000000000055511151231257827]}'],
  ['data', '123456789012345678901234567890'],
  ['data', '"\uFEFF9007199254740993"'],
  ['name', '"\uFEFF9007199254740993"'],
])('F-158: %s = %s', (field, value) => {
  const stands = `"${field}":${value}`;

  test('is stored and returned to the last digit', async () => {
    const put = await request('PUT', '/things/a', `{"id":"a",${stands}}`);
    expect(put).toMatchObject({ status: 201, text: expect.stringContaining(stands) });
    expect((await request('GET', '/things/a')).text).toContain(stands);
    expect((await request('GET', '/things')).text).toContain(stands);
  });

  test('is repeated exactly under an idempotency key, in a batch and in a conflict', async () => {
    const body = `{"id":"a",${stands}}`;
    for (let times = 0; times < 2; times += 1)
      expect((await request('PUT', '/things/a', body, 'key')).text).toContain(stands);
    const batch = await request(
      'POST',
      '/batch',
      `{"ops":[{"opId":"o","kind":"things","id":"b","type":"upsert","payload":{"id":"b",${stands}}}]}`,
    );
    expect(batch.text).toContain(stands);
    const conflict = await request('PUT', '/things/a', `{"id":"a","_baseUpdatedAt":"2020-01-01T00:00:00.000000Z"}`);
    expect(conflict).toMatchObject({ status: 409, text: expect.stringContaining(stands) });
  });
});

test.each<[field: string, value: string, reason: RegExp]>([
  ['whole', '9223372036854775808', /whole number/],
  ['whole', '9007199254740993.5', /whole number/],
  ['name', '9007199254740993', /text/],
  ['price', '9007199254740993', /digits/],
  ['price', '0.1000000000000000055511151231257827', /digits/],
])('F-158: rejects %s = %s by name instead of rounding', async (field, value, reason) => {
  const put = await request('PUT', '/things/a', `{"id":"a","${field}":${value}}`);
  expect(put.status).toBe(422);
  expect((JSON.parse(put.text) as { fields: Record<string, string> }).fields[field]).toMatch(reason);
  expect((await request('GET', '/things/a')).status).toBe(404);
});

test('F-158: another number under the same idempotency key is another request, even if JavaScript rounds both alike', async () => {
  await request('PUT', '/things/a', '{"id":"a","data":9007199254740993}', 'key');
  expect((await request('PUT', '/things/a', '{"id":"a","data":9007199254740992}', 'key')).status).toBe(422);
});

test('F-158: an increment of a long number is exact', async () => {
  await request('PUT', '/things/a', '{"id":"a","whole":9007199254740993}');
  const put = await request('PUT', '/things/a', '{"id":"a","_deltas":{"whole":{"increment":2}}}');
  expect(put).toMatchObject({ status: 200, text: expect.stringContaining('"whole":9007199254740995') });
});
