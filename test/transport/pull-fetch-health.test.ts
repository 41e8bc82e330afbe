import { gzipSync, brotliCompressSync, deflateSync } from 'node:zlib';
import axios from 'axios';
import { expect, test } from 'vitest';
import {
  NetworkError,
  ParseError,
  SyncAbortedError,
  TransportError,
  ValidationError,
} from '../../src/model/errors/errors.ts';
import type { Clock } from '../../src/model/platform/clock.ts';
import { RestTransport } from '../../src/transport.ts';
import { deadUrl } from './stub-server.ts';
import { echo, edit, restWith, typesOf } from './todo-ops.ts';

const first = { kind: 'todos', updatedSince: '1970-01-01T00:00:00.000Z', pageSize: 500, includeDeleted: true } as const;
const html = '<html>Please log in</html>';

test("RST-10, RST-11: a pull's query is verbatim, with token and afterId only when given", async () => {
  const { rest, server } = await restWith((exchange) => exchange.reply(200, { items: [] }));
  await rest.pull(first);
  await rest.pull({
    ...first,
    updatedSince: '2025-01-01T00:00:00.123456+02:00',
    includeDeleted: false,
    afterId: 'a&b/ü',
    pageToken: 'x=1 +',
  });
  expect(
    server.requests.map(({ method, url }) => [method, ...new URL(url, 'http://x').searchParams.entries()]),
  ).toEqual([
    ['GET', ['updatedSince', '1970-01-01T00:00:00.000Z'], ['limit', '500'], ['includeDeleted', 'true']],
    [
      'GET',
      ['updatedSince', '2025-01-01T00:00:00.123456+02:00'],
      ['limit', '500'],
      ['includeDeleted', 'false'],
      ['afterId', 'a&b/ü'],
      ['pageToken', 'x=1 +'],
    ],
  ]);
});

test('RST-12: reads a page with all optional server fields', async () => {
  const now = Date.parse('2025-01-01T00:00:10.000Z');
  const clock: Clock = { now: () => now, setTimeout: () => 0, clearTimeout: () => undefined };
  const { rest } = await restWith(
    (exchange) =>
      exchange.reply(
        200,
        { items: [{ id: '1', nested: { a: [1] } }], nextPageToken: 't2', hasMore: true, total: 12 },
        { 'x-page-limit': '100', 'x-tombstone-retention': '86400', date: 'Wed, 01 Jan 2025 00:01:10 GMT' },
      ),
    { clock },
  );
  expect(await rest.pull(first)).toEqual({
    items: [{ id: '1', nested: { a: [1] } }],
    nextPageToken: 't2',
    hasMore: true,
    total: 12,
    pageLimit: 100,
    tombstoneRetentionMs: 86_400_000,
    clockOffsetMs: 60_500,
    bytes: 88,
  });
});

test('F-161: a cached answer is older by its Age', async () => {
  const clock: Clock = {
    now: () => Date.parse('2025-01-01T00:01:10Z'),
    setTimeout: () => 0,
    clearTimeout: () => undefined,
  };
  const offsetOf = async (age: string): Promise<number | undefined> => {
    const { rest } = await restWith(
      (exchange) => exchange.reply(200, { items: [] }, { date: 'Wed, 01 Jan 2025 00:00:10 GMT', age }),
      { clock },
    );
    return (await rest.pull(first)).clockOffsetMs;
  };
  expect(await offsetOf('60')).toBe(500);
  expect(await offsetOf('nonsense')).toBe(-59_500);
});

test('F-93: accepts page tokens as text, number or nothing', async () => {
  const tokenOf = async (nextPageToken: unknown): Promise<unknown> => {
    const { rest } = await restWith((exchange) => exchange.reply(200, { items: [], nextPageToken }));
    return (await rest.pull(first)).nextPageToken;
  };
  expect([await tokenOf('a'), await tokenOf(0), await tokenOf(17), await tokenOf(null), await tokenOf('')]).toEqual([
    'a',
    '0',
    '17',
    undefined,
    undefined,
  ]);
  await expect(tokenOf({})).rejects.toBeInstanceOf(ParseError);
});

test.each([
  '',
  html,
  '{"items":[',
  'null',
  '[]',
  '"x"',
  '{}',
  '{"items":null}',
  '{"items":{}}',
  '{"items":[{"id":1},null]}',
  '{"items":["a"]}',
])('F-93: a 200 with %j is a ParseError', async (text) => {
  const { rest } = await restWith((exchange) => exchange.replyText(200, text));
  await expect(rest.pull(first)).rejects.toBeInstanceOf(ParseError);
});

test('F-93: accepts a byte order mark before the page', async () => {
  const { rest } = await restWith((exchange) => exchange.replyText(200, '\uFEFF{"items":[{"id":"1"}]}'));
  expect((await rest.pull(first)).items).toEqual([{ id: '1' }]);
});

test('RST-13: another status is a TransportError with status, bounded body and wait', async () => {
  const { rest } = await restWith((exchange) => exchange.replyText(503, 'x'.repeat(100_000), { 'retry-after': '7' }));
  const error: unknown = await rest.pull(first).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TransportError);
  expect(error).toMatchObject({ statusCode: 503, retryAfterMs: 7_000 });
  expect((error as TransportError).responseBody?.length).toBeLessThan(3_000);
  for (const status of [302, 400, 403, 404, 429, 500]) {
    const other = await restWith((exchange) => exchange.reply(status));
    await expect(other.rest.pull(first)).rejects.toMatchObject({ name: 'TransportError', statusCode: status });
  }
});

test('F-06: missing, cut and stalled connections are NetworkErrors', async () => {
  await expect(new RestTransport({ baseUrl: await deadUrl() }).pull(first)).rejects.toMatchObject({
    name: 'NetworkError',
    timedOut: false,
  });
  const cut = await restWith((exchange) => {
    exchange.response.writeHead(200);
    exchange.response.write('{"items":[]', () => exchange.socket.destroy());
  });
  await expect(cut.rest.pull(first)).rejects.toMatchObject({ name: 'NetworkError', timedOut: false });
  const stalled = await restWith(
    (exchange) => {
      exchange.response.writeHead(200);
      exchange.response.write('{"items":[');
    },
    { requestTimeoutMs: 40 },
  );
  await expect(stalled.rest.pull(first)).rejects.toMatchObject({ name: 'NetworkError', timedOut: true });
});

test('I9: an aborted pull rejects at once', async () => {
  const { rest, server } = await restWith(() => undefined);
  const controller = new AbortController();
  const pulled = rest.pull({ ...first, signal: controller.signal });
  await server.arrived(1);
  controller.abort();
  await expect(pulled).rejects.toBeInstanceOf(SyncAbortedError);
  await expect(rest.pull({ ...first, signal: AbortSignal.abort() })).rejects.toBeInstanceOf(SyncAbortedError);
});

test('F-80: a pull or fetch that would address another resource is a ValidationError', async () => {
  const { rest, server } = await restWith(echo);
  await expect(rest.pull({ ...first, kind: '..' })).rejects.toBeInstanceOf(ValidationError);
  for (const id of ['', '.', '..'])
    expect(await rest.fetch({ kind: 'todos', id })).toMatchObject({
      type: 'fetchError',
      error: expect.any(ValidationError) as ValidationError,
    });
  expect(server.requests).toHaveLength(0);
});

test.each([
  ['gzip', gzipSync],
  ['br', brotliCompressSync],
  ['deflate', deflateSync],
] as const)('reads a page compressed with %s; a cut one is a NetworkError', async (encoding, compress) => {
  const page = compress(JSON.stringify({ items: Array.from({ length: 200 }, (_, index) => ({ id: `ü${index}` })) }));
  const { rest, server } = await restWith((exchange) => {
    exchange.response.writeHead(200, { 'content-encoding': encoding });
    exchange.response.end(page);
  });
  expect((await rest.pull(first)).items).toHaveLength(200);
  expect(server.requests[0]?.headers['accept-encoding']).toContain(encoding);
  const cut = await restWith((exchange) => {
    exchange.response.writeHead(200, { 'content-encoding': encoding });
    exchange.response.end(page.subarray(0, page.length - 20));
  });
  await expect(cut.rest.pull(first)).rejects.toBeInstanceOf(NetworkError);
});

test('RST-53: fetch returns the row with its ETag', async () => {
  const { rest, server } = await restWith((exchange) =>
    exchange.reply(200, { id: 'a/b', title: 's' }, { etag: '"v1"' }),
  );
  expect(await rest.fetch({ kind: 'todos', id: 'a/b' })).toEqual({
    type: 'fetchSuccess',
    data: { id: 'a/b', title: 's' },
    version: '"v1"',
  });
  expect(server.requests.map(({ method, url }) => [method, url])).toEqual([['GET', '/todos/a%2Fb']]);
});

test('F-22, F-34: fetch trusts only the API about a missing row, and accepts only the right row', async () => {
  const fetched = async (answer: Parameters<typeof restWith>[0]) =>
    (await restWith(answer)).rest.fetch({ kind: 'todos', id: '1' });
  expect(await fetched((exchange) => exchange.reply(404, { error: 'not_found' }))).toEqual({ type: 'fetchNotFound' });
  expect(
    await fetched((exchange) =>
      exchange.url.includes('limit') ? exchange.reply(200, { items: [] }) : exchange.reply(410),
    ),
  ).toEqual({
    type: 'fetchNotFound',
  });
  expect(await fetched((exchange) => exchange.replyText(404, html))).toMatchObject({
    type: 'fetchError',
    error: { name: 'TransportError', statusCode: 404 },
  });
  for (const body of [{ id: '2' }, { title: 'no id' }, [], html])
    expect(await fetched((exchange) => exchange.reply(200, body))).toMatchObject({
      type: 'fetchError',
      error: { name: 'ParseError' },
    });
  expect(await fetched((exchange) => exchange.reply(500))).toMatchObject({
    type: 'fetchError',
    error: { name: 'TransportError', statusCode: 500 },
  });
  expect(await fetched((exchange) => exchange.socket.destroy())).toMatchObject({
    type: 'fetchError',
    error: { name: 'NetworkError' },
  });
});

test('RST-54: health is any 2xx of GET /health, and never rejects', async () => {
  for (const [status, expected] of [
    [200, true],
    [204, true],
    [302, false],
    [401, false],
    [500, false],
  ] as const) {
    const { rest, server } = await restWith((exchange) => exchange.reply(status));
    expect(await rest.health({})).toBe(expected);
    expect(server.requests.map(({ method, url }) => [method, url])).toEqual([['GET', '/health']]);
  }
  expect(await new RestTransport({ baseUrl: await deadUrl() }).health({})).toBe(false);
  expect(await (await restWith(() => undefined, { requestTimeoutMs: 30 })).rest.health({})).toBe(false);
  expect(await new RestTransport({ baseUrl: 'http://127.0.0.1:9' }).health({ signal: AbortSignal.abort() })).toBe(
    false,
  );
});

test("F-94: uses an app's axios instance with its interceptors; statuses and redirects stay ours", async () => {
  const other = await restWith(echo);
  const { server } = await restWith((exchange) => {
    if (exchange.method === 'PUT') exchange.reply(307, undefined, { location: `${other.server.baseUrl}/todos/1` });
    else exchange.reply(500, { error: 'x' });
  });
  const instance = axios.create({ timeout: 5_000 });
  instance.interceptors.request.use((config) => {
    config.headers.set('X-Trace', 't');
    return config;
  });
  instance.interceptors.response.use((response) => {
    if (response.status >= 400) throw Object.assign(new Error('refused'), { response });
    return response;
  });
  const rest = new RestTransport({ baseUrl: server.baseUrl, axios: instance });
  expect(typesOf((await rest.push([edit('1')], {})).results)).toEqual(['pushMalformed']);
  await expect(rest.pull(first)).rejects.toMatchObject({ name: 'TransportError', statusCode: 500 });
  expect(server.requests.map(({ headers }) => headers['x-trace'])).toEqual(['t', 't']);
  expect(other.server.requests).toHaveLength(0);
});

test.each(['http', 'fetch'] as const)(
  "I2: with axios' own %s adapter a cut answer is ambiguous and a dead port is not",
  async (adapter) => {
    const { server } = await restWith((exchange) => {
      exchange.response.writeHead(200, { 'content-length': '50' });
      exchange.response.write('{"id"', () => exchange.socket.destroy());
    });
    const instance = axios.create({ adapter, proxy: false });
    expect(
      (await new RestTransport({ baseUrl: server.baseUrl, axios: instance }).push([edit('1')], {})).results[0]?.result,
    ).toMatchObject({
      type: 'pushAmbiguous',
    });
    expect(
      (await new RestTransport({ baseUrl: await deadUrl(), axios: instance }).push([edit('1')], {})).results[0]?.result,
    ).toMatchObject({
      type: 'pushUnavailable',
      dispatched: false,
      noConnection: true,
    });
  },
);

test('F-94: keeps connections alive, and close() ends idle ones', async () => {
  const ports = new Set<number | undefined>();
  const { rest } = await restWith((exchange) => {
    ports.add(exchange.socket.remotePort);
    echo(exchange);
  });
  await rest.push(
    ['a', 'b', 'c'].map((id) => edit(id)),
    {},
  );
  expect(ports.size).toBe(1);
  rest.close();
  await rest.push([edit('d')], {});
  expect(ports.size).toBe(2);
});

test('I12: a missing list, as under a wrong base path, says what to check, in the same words as an operation', async () => {
  const { rest } = await restWith((exchange) => exchange.replyText(404, '<html>'));
  const error = await rest.pull(first).catch((thrown: unknown) => thrown);
  const [words] = /which is not .*/.exec((error as Error).message) ?? [];
  expect((error as Error).message).toBe(
    'HTTP error 404, which is not an answer of this API. Check baseUrl and the kind.',
  );
  const { results } = await rest.push([edit('a')], {});
  expect(results[0]?.result).toMatchObject({
    type: 'pushMalformed',
    message: expect.stringContaining(words ?? 'nothing') as string,
  });
});
