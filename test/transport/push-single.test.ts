import { afterEach, describe, expect, test, vi } from 'vitest';
import { deleteOp, upsertOp, type Op } from '../../src/model/operation.ts';
import type { Json } from '../../src/model/values/json.ts';
import { RestTransport } from '../../src/transport.ts';
import { echo, edit, idOf, pushOne, restWith, typesOf } from './todo-ops.ts';

test('RST-20, RST-22, RST-23: an upsert is a PUT with payload, base and idempotency key', async () => {
  const { rest, server } = await restWith(echo, { token: () => 'Bearer t' });
  const op = edit('1', { baseUpdatedAt: '2024-12-31T23:59:59.123456789+00:00' });
  const { results } = await rest.push([op], {});
  expect(server.requests).toMatchObject([
    {
      method: 'PUT',
      url: '/todos/1',
      json: { id: '1', title: 'x', _baseUpdatedAt: '2024-12-31T23:59:59.123456789+00:00' },
      headers: {
        'x-idempotency-key': op.opId,
        authorization: 'Bearer t',
        accept: 'application/json',
        'content-type': 'application/json',
      },
    },
  ]);
  expect(results[0]?.result).toMatchObject({
    type: 'pushSuccess',
    serverData: { id: '1', updated_at: '2025-01-01T00:00:00.123456Z' },
  });
});

test('I2: the request id is the key, the operation id names the answer', async () => {
  const { rest, server } = await restWith(echo);
  const { results } = await rest.push([{ ...edit('1', { opId: 'op' }), requestId: 'op#2' }], {});
  expect(server.requests[0]?.headers['x-idempotency-key']).toBe('op#2');
  expect(results[0]?.opId).toBe('op');
});

test('RST-28, RST-29: a delete sends its base in the query, and 204 is success', async () => {
  const { rest, server } = await restWith((exchange) => exchange.reply(204));
  const { results } = await rest.push(
    [deleteOp({ kind: 'todos', id: '1', baseUpdatedAt: '2024-01-01T00:00:00+00:00' })],
    {},
  );
  expect(server.requests).toMatchObject([
    { method: 'DELETE', url: '/todos/1?_baseUpdatedAt=2024-01-01T00%3A00%3A00%2B00%3A00', text: '' },
  ]);
  expect(server.requests[0]?.headers).not.toHaveProperty('content-type');
  expect(typesOf(results)).toEqual(['pushSuccess']);
});

test('RST-50, RST-51: forcing sends the header without a base, keeps the key and reports the answer', async () => {
  const { rest, server } = await restWith((exchange) =>
    exchange.method === 'PUT' ? echo(exchange) : exchange.reply(200),
  );
  const upsert = edit('1', { baseUpdatedAt: 'T1' });
  const remove = deleteOp({ kind: 'todos', id: '2', baseUpdatedAt: 'T1' });
  const announced: string[] = [];
  expect(await rest.forcePush(upsert, { onAnswer: ({ opId }) => announced.push(opId) })).toMatchObject({
    type: 'pushSuccess',
  });
  expect(await rest.forcePush(remove, {})).toMatchObject({ type: 'pushSuccess' });
  await rest.push([{ ...upsert, force: true }], {});
  expect(
    server.requests.map(({ url, text, headers }) => [
      url,
      text,
      headers['x-force-update'],
      headers['x-force-delete'],
      headers['x-idempotency-key'],
    ]),
  ).toEqual([
    ['/todos/1', '{"id":"1","title":"x"}', 'true', undefined, upsert.opId],
    ['/todos/2', '', undefined, 'true', remove.opId],
    ['/todos/1', '{"id":"1","title":"x"}', 'true', undefined, upsert.opId],
  ]);
  expect(announced).toEqual([upsert.opId]);
});

test('F-91: sends If-Match and X-Create-Only only with conditionalWrite, and never when forcing', async () => {
  const create = edit('1', { creates: true });
  const change = { ...edit('2', { baseUpdatedAt: 'T1' }), baseVersion: '"v1"' };
  // The `version` of a conflict's body, which is no ETag yet.
  const bare = { ...edit('4', { baseUpdatedAt: 'T1' }), baseVersion: '7' };
  const headersOf = async (conditionalWrite: boolean): Promise<unknown> => {
    const { rest, server } = await restWith(echo, { conditionalWrite });
    expect(rest.capabilities.conditionalWrite).toBe(conditionalWrite);
    await rest.push([create, change, bare, { ...edit('3', { creates: true }), force: true, baseVersion: '"v1"' }], {});
    return server.requests.map(({ headers }) => [headers['x-create-only'], headers['if-match']]);
  };
  expect(await headersOf(true)).toEqual([
    ['true', undefined],
    [undefined, '"v1"'],
    [undefined, '"7"'],
    [undefined, undefined],
  ]);
  expect(await headersOf(false)).toEqual([
    [undefined, undefined],
    [undefined, undefined],
    [undefined, undefined],
    [undefined, undefined],
  ]);
});

test('RST-31, RST-32: no operations, no request; answers are in the order of the operations', async () => {
  const { rest, server } = await restWith(echo, { pushConcurrency: 4 });
  expect(await rest.push([], {})).toEqual({ results: [] });
  expect(server.requests).toHaveLength(0);
  const ops = ['a', 'b', 'c', 'd', 'e'].map((id) => edit(id));
  expect((await rest.push(ops, {})).results.map(({ opId }) => opId)).toEqual(ops.map(({ opId }) => opId));
});

test.each([
  'a/b',
  'a#b',
  'a?x=1',
  'a%2Fb',
  '%2e%2e',
  '...',
  'ä 日本 🙂',
  'a&b=c',
  '\\..\\',
  ' ',
  `${'x'.repeat(10_000)}`,
])('F-80: the id %j addresses its own record and no other', async (id) => {
  const { rest, server } = await restWith(echo);
  const { results } = await rest.push([edit(id)], {});
  expect(typesOf(results)).toEqual(['pushSuccess']);
  expect(server.requests.map((request) => [idOf(request), request.url.split('/').length])).toEqual([[id, 3]]);
});

test.each(['', '.', '..', '\ud800'])('F-80: rejects the id %j before sending, and sends its neighbours', async (id) => {
  for (const op of [edit(id), deleteOp({ kind: 'todos', id })] satisfies Op[]) {
    const { rest, server } = await restWith(echo);
    const { results } = await rest.push([op, edit('good')], {});
    expect(typesOf(results)).toEqual(['pushRejected', 'pushSuccess']);
    expect(results[0]?.result).toMatchObject({
      code: 'unsendable',
      message: expect.stringContaining("kind 'todos'") as string,
    });
    expect(server.requests.map(idOf)).toEqual(['good']);
  }
});

test('F-80: encodes a kind as a segment like an id', async () => {
  const { rest, server } = await restWith(echo);
  const { results } = await rest.push(
    [upsertOp({ kind: 'a/b', id: '1', payload: {} }), upsertOp({ kind: '..', id: '1', payload: {} })],
    {},
  );
  expect(server.requests.map(({ url }) => url)).toEqual(['/a%2Fb/1']);
  expect(typesOf(results)).toEqual(['pushSuccess', 'pushRejected']);
});

test('F-81: keeps path and query of the base URL, but no fragment', async () => {
  const { server } = await restWith(echo);
  const rest = new RestTransport({ baseUrl: `${server.baseUrl}/api/v1/?tenant=a%26b#top` });
  await rest.push([edit('1'), deleteOp({ kind: 'todos', id: '2', baseUpdatedAt: 'T' })], {});
  expect(server.requests.map(({ url }) => url)).toEqual([
    '/api/v1/todos/1?tenant=a%26b',
    '/api/v1/todos/2?tenant=a%26b&_baseUpdatedAt=T',
  ]);
});

test('I2: keeps a key or a payload that cannot be sent unchanged local and visible', async () => {
  const circular: Record<string, Json> = {};
  circular['self'] = circular;
  const { rest, server } = await restWith(echo);
  const { results } = await rest.push(
    [edit('1', { opId: 'schlüssel\n' }), upsertOp({ kind: 'todos', id: '2', payload: circular }), edit('3')],
    {},
  );
  expect(typesOf(results)).toEqual(['pushRejected', 'pushRejected', 'pushSuccess']);
  expect(server.requests).toHaveLength(1);
});

test('I13: reports a throwing onAnswer, which harms nobody', async () => {
  const { rest } = await restWith(echo);
  const pushed = await rest.push([edit('1'), edit('2')], {
    onAnswer: () => {
      throw new Error('listener broke');
    },
  });
  expect(typesOf(pushed.results)).toEqual(['pushSuccess', 'pushSuccess']);
  expect(pushed.warnings).toEqual([
    expect.stringContaining('listener broke'),
    expect.stringContaining('listener broke'),
  ]);
});

const row = (id: string): Record<string, Json> => ({ id, title: 's', updated_at: '2025-01-01T00:00:00.1234567Z' });
const conflictWith = (body: Json | undefined, headers: Record<string, string> = {}) =>
  pushOne(edit('1', { baseUpdatedAt: 'T1' }), (exchange) => exchange.reply(409, body, headers));

test("RST-26, RST-40, RST-41, RST-42: takes a conflict's server row from current, otherwise serverData, otherwise the body", async () => {
  expect(
    await conflictWith({
      error: 'conflict',
      current: row('1'),
      serverData: row('9'),
      serverTimestamp: 'T9',
      version: 7,
    }),
  ).toEqual({
    type: 'pushConflict',
    statusCode: 409,
    code: 'conflict',
    serverData: row('1'),
    serverTimestamp: 'T9',
    serverVersion: '7',
  });
  expect(await conflictWith({ serverData: { ...row('1'), version: 'v3' } }, { etag: '"e"' })).toEqual({
    type: 'pushConflict',
    statusCode: 409,
    serverData: { ...row('1'), version: 'v3' },
    serverTimestamp: '2025-01-01T00:00:00.1234567Z',
    serverVersion: 'v3',
  });
  expect(await conflictWith(row('1'), { etag: '"e"' })).toEqual({
    type: 'pushConflict',
    statusCode: 409,
    serverData: row('1'),
    serverTimestamp: '2025-01-01T00:00:00.1234567Z',
    serverVersion: '"e"',
  });
  expect(await conflictWith({ current: { uuid: 1, updatedAt: 'T2' } })).toMatchObject({
    serverData: { uuid: 1 },
    serverTimestamp: 'T2',
  });
  expect(await pushOne(edit('1'), (exchange) => exchange.reply(412, { current: { ID: '1' } }))).toMatchObject({
    type: 'pushConflict',
    statusCode: 412,
    serverData: { ID: '1' },
  });
});

test('F-33: a conflict without a usable row has no server data, so the row is fetched', async () => {
  for (const body of [
    undefined,
    { error: 'conflict', message: 'changed' },
    { current: null },
    { current: { title: 'no id' } },
    [row('1')],
    'text',
  ] satisfies (Json | undefined)[]) {
    expect(await conflictWith(body)).not.toHaveProperty('serverData');
  }
  expect(await pushOne(edit('1'), (exchange) => exchange.replyText(409, '<html>Conflict</html>'))).toEqual({
    type: 'pushConflict',
    statusCode: 409,
    message: 'Conflict',
  });
});

test("F-34: a conflict with another entity's row has no server data", async () => {
  expect(await conflictWith({ current: row('2'), serverTimestamp: 'T2', version: 3 })).toEqual({
    type: 'pushConflict',
    statusCode: 409,
  });
  expect(await conflictWith(row('2'))).not.toHaveProperty('serverData');
});

test("F-151: a conflict and a 404 keep the server's message, with or without a row", async () => {
  const words = { code: 'duplicate', message: "title 'Milk' is taken", fields: { title: 'taken' } };
  const body = { error: words.code, message: words.message, fields: words.fields };
  expect(await conflictWith(body)).toEqual({ type: 'pushConflict', statusCode: 409, ...words });
  expect(await conflictWith({ ...body, current: row('1') })).toMatchObject({
    type: 'pushConflict',
    statusCode: 409,
    ...words,
    serverData: row('1'),
  });
  // A row says nothing about the refusal, whatever its fields are called.
  expect(await conflictWith({ ...row('1'), message: 'my note', code: 'A1' })).not.toHaveProperty('message');
  expect(
    await pushOne(edit('1'), (exchange) => exchange.reply(404, { error: 'not_found', message: 'no such list' })),
  ).toEqual({
    type: 'pushNotFound',
    statusCode: 404,
    code: 'not_found',
    message: 'no such list',
  });
});

test('F-22: a tombstone as current row means that the server deleted it', async () => {
  expect(await conflictWith({ current: { ...row('1'), deleted_at: '2025-01-02T00:00:00Z' } })).toMatchObject({
    type: 'pushConflict',
    serverDeleted: true,
  });
  expect(await conflictWith({ current: { ...row('1'), deletedAt: 1 } })).toMatchObject({ serverDeleted: true });
  expect(await conflictWith({ current: { ...row('1'), deleted_at: null } })).not.toHaveProperty('serverDeleted');
});

test('RST-24, F-23: only the row itself, or nothing at all, is success', async () => {
  const put = (text: string, headers: Record<string, string> = {}) =>
    pushOne(edit('1'), (exchange) => exchange.replyText(200, text, headers));
  expect(await put('{"id":1,"title":"s"}', { etag: '"v2"' })).toMatchObject({
    type: 'pushSuccess',
    serverData: { id: 1, title: 's' },
    serverVersion: '"v2"',
  });
  expect(await put('\uFEFF{"id":"1"}')).toMatchObject({ type: 'pushSuccess', serverData: { id: '1' } });
  const bare = await put('{"ok":true}');
  expect(bare).toMatchObject({ type: 'pushSuccess' });
  expect(bare).not.toHaveProperty('serverData');
  expect(await put('')).toMatchObject({ type: 'pushSuccess' });
  expect(await put(' \n')).toMatchObject({ type: 'pushSuccess' });
  for (const text of [
    '<html>Please log in to Hotel Wi-Fi</html>',
    '{"id":"1",',
    '[]',
    'true',
    '"ok"',
    'null',
    '{"id":"2"}',
  ]) {
    expect(await put(text)).toMatchObject({ type: 'pushMalformed' });
  }
  expect(
    await pushOne(deleteOp({ kind: 'todos', id: '1' }), (exchange) => exchange.replyText(200, '<html></html>')),
  ).toMatchObject({ type: 'pushMalformed' });
});

test.each([400, 402, 405, 413, 415, 422, 451])(
  'RST-27, RST-61, F-82: %i is a refusal with code, message and fields',
  async (status) => {
    const refusal = (body: Json) => pushOne(edit('1'), (exchange) => exchange.reply(status, body));
    expect(
      await refusal({ error: 'invalid', message: 'No title', fields: { title: 'required', __proto: ['a'] } }),
    ).toEqual({
      type: 'pushRejected',
      statusCode: status,
      code: 'invalid',
      message: 'No title',
      fields: { title: 'required', __proto: 'a' },
    });
    expect(await refusal({ error: { code: 'nested', message: 'Deep', fields: { a: 'b' } } })).toMatchObject({
      code: 'nested',
      message: 'Deep',
      fields: { a: 'b' },
    });
    expect(await refusal('text')).toEqual({ type: 'pushRejected', statusCode: status, message: 'text' });
    expect(await refusal({})).toEqual({
      type: 'pushRejected',
      statusCode: status,
      message: expect.stringContaining('todos/1') as string,
    });
  },
);

test.each([
  [401, 'pushUnauthorized'],
  [403, 'pushForbidden'],
  [408, 'pushUnavailable'],
  [425, 'pushUnavailable'],
  [500, 'pushUnavailable'],
  [501, 'pushUnavailable'],
  [502, 'pushUnavailable'],
  [503, 'pushUnavailable'],
  [504, 'pushUnavailable'],
  [511, 'pushUnavailable'],
  [429, 'pushThrottled'],
])('F-82: %i is %s', async (status, type) => {
  const result = await pushOne(edit('1'), (exchange) => exchange.replyText(status, '<html></html>'));
  expect(result.type).toBe(type);
  if (result.type === 'pushUnavailable') expect(result).toMatchObject({ dispatched: true, statusCode: status });
});

test.each([301, 302, 307, 308])('F-23: does not follow a redirect (%i); the token stays here', async (status) => {
  const other = await restWith(echo);
  const { rest, server } = await restWith(
    (exchange) => exchange.replyText(status, '', { location: `${other.server.baseUrl}/login` }),
    {
      token: () => 'Bearer t',
    },
  );
  const { results } = await rest.push([edit('1')], {});
  expect(results[0]?.result).toMatchObject({
    type: 'pushMalformed',
    message: expect.stringContaining(`redirected to '${other.server.baseUrl}/login'`) as string,
  });
  expect([server.requests.length, other.server.requests.length]).toEqual([1, 0]);
});

test('a redirect that only adds or removes a trailing slash names trailingSlash', async () => {
  const { rest, server } = await restWith(({ url, replyText }) => {
    const [path = '', query] = url.split('?');
    const other = path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
    replyText(301, '', { location: query === undefined ? other : `${other}?${query}` });
  });
  const told = async (transport: RestTransport): Promise<readonly string[]> => {
    const pulled: unknown = await transport
      .pull({ kind: 'todos', updatedSince: '', pageSize: 1, includeDeleted: true })
      .catch((error: unknown) => error);
    const fetched = await transport.fetch({ kind: 'todos', id: '1' });
    const { results } = await transport.push([edit('1')], {});
    return [
      String(pulled),
      JSON.stringify(results),
      fetched.type === 'fetchError' ? String(fetched.error) : fetched.type,
    ];
  };
  for (const words of await told(rest)) {
    expect(words).toContain('set the option trailingSlash: true');
    expect(words).not.toContain('baseUrl');
  }
  for (const words of await told(new RestTransport({ baseUrl: server.baseUrl, trailingSlash: true })))
    expect(words).toContain('remove the option trailingSlash');
});

test("RST-64, F-85: reads Retry-After as seconds or as a date against the server's clock, without a cap", async () => {
  const waitOf = async (status: number, headers: Record<string, string>): Promise<unknown> => {
    const result = await pushOne(edit('1'), (exchange) => exchange.reply(status, { error: 'slow_down' }, headers));
    return result.type === 'pushThrottled' ? result.retryAfterMs : result.type;
  };
  expect(await waitOf(429, { 'retry-after': '600' })).toBe(600_000);
  expect(await waitOf(503, { 'retry-after': '0' })).toBe(0);
  // The server's clock is years off; only the distance counts.
  expect(
    await waitOf(503, { 'retry-after': 'Wed, 21 Oct 2015 07:30:00 GMT', date: 'Wed, 21 Oct 2015 07:28:00 GMT' }),
  ).toBe(120_000);
  expect(
    await waitOf(429, { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT', date: 'Wed, 21 Oct 2015 07:30:00 GMT' }),
  ).toBe(0);
  expect(await waitOf(429, { 'retry-after': 'soon' })).toBeUndefined();
  expect(await waitOf(503, {})).toBe('pushUnavailable');
});

test("RST-25, F-22: a 404 is the API's own by its code, or if the collection answers", async () => {
  const missing = async (
    op: Op,
    body: string,
    probe: (exchange: Parameters<Parameters<typeof restWith>[0]>[0]) => void = (exchange) =>
      exchange.replyText(404, 'nginx'),
    status = 404,
  ) => {
    const { rest, server } = await restWith((exchange) =>
      exchange.method === 'GET' ? probe(exchange) : exchange.replyText(status, body),
    );
    const { results } = await rest.push([op], {});
    return [results[0]?.result.type, ...server.requests.filter(({ method }) => method === 'GET').map(({ url }) => url)];
  };
  const remove = deleteOp({ kind: 'todos', id: '1' });
  for (const code of ['not_found', 'deleted', 'gone'])
    expect(await missing(edit('1'), JSON.stringify({ error: code }))).toEqual(['pushNotFound']);
  expect(await missing(remove, '{"error":{"code":"not_found"}}', undefined, 410)).toEqual(['pushNotFound']);
  expect(await missing(remove, '{"error":"unknown_route"}')).toEqual(['pushMalformed']);
  expect(await missing(remove, '')).toEqual(['pushMalformed', '/todos?limit=1']);
  const isList = (url: string): boolean => url.startsWith('/todos?');
  const served: Parameters<typeof missing>[2] = (exchange) =>
    isList(exchange.url) ? exchange.reply(200, { items: [] }) : exchange.reply(404);
  expect(await missing(edit('1'), '', served)).toEqual(['pushNotFound', '/todos?limit=1']);
  // The 404 of the row is unclear, too: a check that began after it and a second look at the row prove it.
  expect(await missing(remove, '', served)).toEqual([
    'pushNotFound',
    '/todos?limit=1',
    '/todos/1',
    '/todos?limit=1',
    '/todos/1',
  ]);
  expect(await missing(edit('1'), '', (exchange) => exchange.reply(200, { ok: true }))).toEqual([
    'pushMalformed',
    '/todos?limit=1',
  ]);
  // A single-page app answers every GET with its page.
  expect(await missing(edit('1'), 'Cannot PUT', (exchange) => exchange.replyText(200, '<html></html>'))).toEqual([
    'pushMalformed',
    '/todos?limit=1',
  ]);
});

test('F-150: a gateway that answers 404 to one request and not to the next deletes no row', async () => {
  let looks = 0;
  const { rest } = await restWith((exchange) => {
    if (exchange.url.startsWith('/todos?')) return exchange.reply(200, { items: [] });
    looks += 1;
    return looks === 1
      ? exchange.replyText(404, '<html>no route</html>')
      : exchange.reply(200, { id: '1', title: 'there' });
  });
  expect(await rest.fetch({ kind: 'todos', id: '1' })).toMatchObject({
    type: 'fetchSuccess',
    data: { title: 'there' },
  });
});

test('F-150: a collection check counts only for an earlier 404, and never one from a pull or an earlier push', async () => {
  let isGateway = false;
  const { rest, server } = await restWith((exchange) => {
    if (exchange.method !== 'GET') exchange.replyText(404, '<html>Not Found</html>');
    else if (isGateway) exchange.replyText(404, '<html>Not Found</html>');
    else exchange.reply(200, { items: [] });
  });
  const pull = () => rest.pull({ kind: 'todos', updatedSince: 'T', pageSize: 1, includeDeleted: true });
  await pull();
  expect(typesOf((await rest.push([edit('1')], {})).results)).toEqual(['pushNotFound']);
  await pull();
  isGateway = true;
  const ops = [edit('1'), edit('2'), deleteOp({ kind: 'todos', id: '3' })];
  expect(typesOf((await rest.push(ops, {})).results)).not.toContain('pushNotFound');
  isGateway = false;
  expect(typesOf((await rest.push([edit('1')], {})).results)).toEqual(['pushNotFound']);
  expect(
    server.requests.filter(({ method, url }) => method === 'GET' && url === '/todos?limit=1').length,
  ).toBeGreaterThanOrEqual(4);
});

test('F-150: one check serves all 404s before it', async () => {
  const ops = Array.from({ length: 6 }, (_, index) => edit(`${index}`));
  const { rest, server } = await restWith(
    (exchange) => {
      if (exchange.method === 'GET') exchange.reply(200, { items: [] });
      else exchange.reply(200, { results: ops.map(({ opId }) => ({ opId, statusCode: 404, error: 'Not Found' })) });
    },
    { enableBatch: true },
  );
  expect(typesOf((await rest.push(ops, {})).results)).toEqual(ops.map(() => 'pushNotFound'));
  expect(server.requests.filter(({ method }) => method === 'GET')).toHaveLength(1);
});

test('F-150: treats a delete on a server without a DELETE route as refused: the row still exists', async () => {
  const remove = deleteOp({ kind: 'todos', id: '1' });
  const pushed = async (probe: (exchange: Parameters<Parameters<typeof restWith>[0]>[0]) => void) => {
    const { rest } = await restWith((exchange) => {
      if (exchange.method === 'DELETE') exchange.replyText(404, '<pre>Cannot DELETE /todos/1</pre>');
      else if (exchange.url.startsWith('/todos?')) exchange.reply(200, { items: [] });
      else probe(exchange);
    });
    return (await rest.push([remove], {})).results[0]?.result;
  };
  expect(await pushed((exchange) => exchange.reply(200, row('1')))).toMatchObject({
    type: 'pushRejected',
    statusCode: 404,
    message: expect.stringContaining('the row still exists') as string,
  });
  expect(
    await pushed((exchange) => exchange.reply(200, { ...row('1'), deleted_at: '2026-01-01T00:00:00Z' })),
  ).toMatchObject({ type: 'pushNotFound' });
  expect(await pushed((exchange) => exchange.replyText(404, '<pre>Cannot GET /todos/1</pre>'))).toMatchObject({
    type: 'pushNotFound',
  });
  expect(await pushed((exchange) => exchange.reply(500))).toMatchObject({ type: 'pushAmbiguous' });
  expect(await pushed((exchange) => exchange.replyText(200, '<html></html>'))).toMatchObject({ type: 'pushMalformed' });
});

test('F-22: classifyStatus overrides the rules; if it throws, the operation waits', async () => {
  expect(
    await pushOne(edit('1'), (exchange) => exchange.reply(404, { reason: 'row' }), {
      classifyStatus: ({ status, body }) => (status === 404 && body !== undefined ? 'notFound' : undefined),
    }),
  ).toEqual({ type: 'pushNotFound', statusCode: 404 });
  expect(
    await pushOne(edit('1'), (exchange) => exchange.reply(460), {
      classifyStatus: ({ status, op }) => (status === 460 && op?.id === '1' ? 'conflict' : undefined),
    }),
  ).toEqual({ type: 'pushConflict', statusCode: 460 });
  expect(
    await pushOne(edit('1'), (exchange) => exchange.replyText(200, 'OK'), { classifyStatus: () => 'applied' }),
  ).toMatchObject({ type: 'pushSuccess' });
  expect(
    await pushOne(edit('1'), echo, {
      classifyStatus: () => {
        throw new Error('broken rule');
      },
    }),
  ).toMatchObject({ type: 'pushMalformed', message: expect.stringContaining('broken rule') as string });
});

test("F-94: sends an app's headers with every request", async () => {
  const { rest, server } = await restWith(echo, { headers: { 'X-App': '1' } });
  await rest.push([edit('1')], {});
  await rest.health();
  expect(server.requests.map(({ headers }) => headers['x-app'])).toEqual(['1', '1']);
});

describe('a relative baseUrl', () => {
  afterEach(() => vi.unstubAllGlobals());

  test('resolves against the document base in a page, and against the origin in a worker', async () => {
    const { server } = await restWith(echo);
    vi.stubGlobal('document', { baseURI: `${server.baseUrl}/shop/index.html?a=1#b` });
    await new RestTransport({ baseUrl: '/api' }).push([edit('1')]);
    await new RestTransport({ baseUrl: 'api' }).push([edit('2')]);
    vi.unstubAllGlobals();
    vi.stubGlobal('location', { origin: server.baseUrl });
    await new RestTransport({ baseUrl: '/api/v1?key=k' }).push([edit('3')]);
    expect(server.requests.map(({ url }) => url)).toEqual([
      '/api/todos/1',
      '/shop/api/todos/2',
      '/api/v1/todos/3?key=k',
    ]);
    expect(() => new RestTransport({ baseUrl: '' })).toThrow(/baseUrl must be an absolute/);
  });

  test.each([undefined, 'about:blank', 'file:///app/index.html'])('needs a page served over http: %s', (baseURI) => {
    if (baseURI !== undefined) vi.stubGlobal('document', { baseURI });
    expect(() => new RestTransport({ baseUrl: '/api' })).toThrow(
      /baseUrl must be an absolute http\(s\) URL.*got '\/api'. A relative one works only in a page/,
    );
  });
});

test('rejects unworkable options at construction', () => {
  for (const baseUrl of ['', '/api', 'ftp://x', 'http://user:pw@host'])
    expect(() => new RestTransport({ baseUrl })).toThrow(TypeError);
  const baseUrl = 'http://x';
  for (const wrong of [
    { pushConcurrency: 0 },
    { batchSize: 1.5 },
    { requestTimeoutMs: 0 },
    { requestTimeoutMs: Infinity },
    { requestTimeoutMs: Number.NaN },
  ]) {
    expect(() => new RestTransport({ baseUrl, ...wrong })).toThrow(RangeError);
  }
  for (const batchPath of ['', '/', 'a/../b'])
    expect(() => new RestTransport({ baseUrl, batchPath })).toThrow(/batchPath/);
  expect(() => new RestTransport({ baseUrl, headers: { 'X-A': 'a\nb' } })).toThrow(/X-A/);
  expect(new RestTransport({ baseUrl }).capabilities).toEqual({
    batch: false,
    conditionalWrite: false,
    idempotency: 'key',
  });
  expect(
    new RestTransport({ baseUrl, enableBatch: true, batchSize: 50, pushConcurrency: 4 }).capabilities,
  ).toMatchObject({ batch: true });
});
