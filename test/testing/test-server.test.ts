import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTestServer, pagingStyles, type TestServer } from '../../src/testing.ts';
import { httpAsk, pullByProtocol } from './pull-by-protocol.ts';

let server: TestServer;
beforeEach(async () => {
  server = await createTestServer();
});
afterEach(() => server.close());

const put = (id: string, body: object, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${server.url}/todos/${encodeURIComponent(id)}`, {
    method: 'PUT',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });
const remove = (id: string, query = '', headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${server.url}/todos/${id}${query}`, { method: 'DELETE', headers });
const json = async (response: Promise<Response> | Response): Promise<Record<string, unknown>> =>
  (await (await response).json()) as Record<string, unknown>;

describe('rows', () => {
  test('TSV-01: runs on a free loopback port, stops at once, and restarts on the same port with its rows', async () => {
    server.seed('todos', { id: 'a' });
    const { url } = server;
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    server.hangNextRequests(1);
    const hung = fetch(`${url}/todos/a`);
    const failed = expect(hung).rejects.toThrow();
    await expect.poll(() => server.recordedRequests.length).toBe(1);
    await server.stop();
    await failed;
    await expect(fetch(`${url}/health`)).rejects.toThrow();
    await server.start();
    expect(server.url).toBe(url);
    expect((await fetch(`${url}/todos/a`)).status).toBe(200);
  });

  test('TSV-01: clear removes rows and requests but keeps conflictCheckEnabled', async () => {
    server.seed('todos', { id: 'a' });
    server.conflictCheckEnabled = false;
    await fetch(`${server.url}/health`);
    server.clear();
    expect([server.getAll('todos'), server.recordedRequests, server.conflictCheckEnabled]).toEqual([[], [], false]);
  });

  test('TSV-02: seed fills in missing times and starts at version 1', async () => {
    server.seed('todos', [
      { id: 'a', title: 'A' },
      { id: 'b', updatedAt: '2026-01-01T00:00:00Z' },
    ]);
    const row = server.get('todos', 'a');
    expect(row).toMatchObject({ title: 'A', updatedAt: expect.any(String) as unknown, createdAt: row?.['updatedAt'] });
    expect(server.get('todos', 'b')?.['updatedAt']).toBe('2026-01-01T00:00:00Z');
    expect((await fetch(`${server.url}/todos/a`)).headers.get('etag')).toBe('"1"');
  });

  test('TSV-03: update merges, sets a new timestamp unless given, and increments the version', () => {
    server.seed('todos', { id: 'a', title: 'A', note: 'n', updatedAt: '2020-01-01T00:00:00Z' });
    const changed = server.update('todos', 'a', { title: 'B' });
    expect(changed).toMatchObject({ title: 'B', note: 'n' });
    expect(String(changed['updatedAt']) > '2020-01-01T00:00:00Z').toBe(true);
    expect(server.update('todos', 'a', { updatedAt: 'x' })['updatedAt']).toBe('x');
    expect(server.backend.versionOf('todos', 'a')).toBe(3);
    expect(() => server.update('todos', 'none', {})).toThrow(/todos\/none/);
  });

  test('TSV-02: returns snake_case rows in snake_case', async () => {
    server.seed('todos', { id: 'a', updated_at: '2026-01-01T00:00:00Z' });
    const row = await json(put('b', { title: 'B' }));
    expect(Object.keys(row).sort()).toEqual(['created_at', 'id', 'title', 'updated_at']);
  });
});

describe('writes', () => {
  test('SVD-02: PUT creates with 201, merges with 200 and keeps omitted fields', async () => {
    expect((await put('a', { title: 'A', note: 'n' })).status).toBe(201);
    const second = await put('a', { title: 'B', note: null });
    expect(second.status).toBe(200);
    expect(await json(second)).toMatchObject({ id: 'a', title: 'B', note: null });
    expect(await json(put('a', { title: 'C' }))).toMatchObject({ title: 'C', note: null });
    expect(server.get('todos', 'a')).not.toHaveProperty('_baseUpdatedAt');
  });

  test('SVD-03: a base that differs from the stored text in any digit conflicts with the current row (F-63)', async () => {
    server.seed('todos', { id: 'a', title: 'S', updatedAt: '2026-01-01T00:00:00.123456Z' });
    const stale = await put('a', { title: 'X', _baseUpdatedAt: '2026-01-01T00:00:00.123Z' });
    expect(stale.status).toBe(409);
    expect(await json(stale)).toMatchObject({
      error: 'conflict',
      current: { id: 'a', title: 'S' },
      serverTimestamp: '2026-01-01T00:00:00.123456Z',
      version: '1',
    });
    expect((await put('a', { title: 'X', _baseUpdatedAt: '2026-01-01T00:00:00.123456Z' })).status).toBe(200);
    expect((await put('a', { title: 'Y', _baseUpdatedAt: 'old' }, { 'x-force-update': 'true' })).status).toBe(200);
    server.conflictCheckEnabled = false;
    expect((await put('a', { title: 'Z', _baseUpdatedAt: 'old' })).status).toBe(200);
  });

  test('F-120: deletes leave a tombstone and take their base from the query; a late edit meets the tombstone', async () => {
    const { updatedAt } = await json(put('a', { title: 'A' }));
    expect((await remove('a', '?_baseUpdatedAt=old')).status).toBe(409);
    expect((await remove('a', `?_baseUpdatedAt=${String(updatedAt)}`)).status).toBe(204);
    expect((await remove('a')).status).toBe(410);
    expect((await remove('none')).status).toBe(404);
    expect([server.get('todos', 'a'), server.get('todos', 'a', { includeDeleted: true })]).toEqual([
      undefined,
      expect.objectContaining({ title: 'A', deletedAt: expect.any(String) as unknown }),
    ]);
    const late = await put('a', { title: 'B', _baseUpdatedAt: String(updatedAt) });
    expect([late.status, (await json(late))['current']]).toEqual([
      409,
      expect.objectContaining({ deletedAt: expect.any(String) as unknown }),
    ]);
    expect(await json(put('a', { title: 'again' }))).toMatchObject({ title: 'again', deletedAt: null });
  });

  test('TSV-14: hard deletes leave nothing; an edit with a base then gets 404', async () => {
    server.backend.deletes = 'hard';
    const { updatedAt } = await json(put('a', { title: 'A' }));
    expect((await remove('a')).status).toBe(204);
    expect(server.getAll('todos', { includeDeleted: true })).toEqual([]);
    expect((await put('a', { _baseUpdatedAt: String(updatedAt) })).status).toBe(404);
  });

  test('F-40: X-Create-Only does not overwrite an existing id; If-Match compares versions', async () => {
    await put('a', { title: 'A' });
    expect((await put('a', { title: 'B' }, { 'x-create-only': 'true' })).status).toBe(409);
    expect((await put('a', { title: 'B' }, { 'if-match': '"9"' })).status).toBe(412);
    expect((await put('a', { title: 'B' }, { 'if-match': '"1"' })).status).toBe(200);
  });

  test('TSV-14: POST is 201, unknown methods 405, PUT without id 400, other paths unknown_route', async () => {
    const post = await fetch(`${server.url}/todos`, { method: 'POST', body: '{"title":"A"}' });
    expect([post.status, typeof (await json(post))['id']]).toEqual([201, 'string']);
    expect((await fetch(`${server.url}/todos/1`, { method: 'PATCH' })).status).toBe(405);
    expect((await fetch(`${server.url}/todos`, { method: 'PUT', body: '{}' })).status).toBe(400);
    expect(await json(fetch(`${server.url}/a/b/c`))).toMatchObject({ error: 'unknown_route' });
    expect((await put('a', [])).status).toBe(400);
    expect((await put('x'.repeat(256), {})).status).toBe(400);
    expect((await fetch(`${server.url}/todos/p`, { method: 'PUT', body: '{"a":{"__proto__":1}}' })).status).toBe(422);
  });

  test('TSV-15: a batch answers each item like a single request, and either repeats the other', async () => {
    server.seed('todos', { id: 'c', title: 'C' });
    const ops = [
      { opId: '1', kind: 'todos', id: 'a', type: 'upsert', payload: { title: 'A' } },
      { opId: '2', kind: 'todos', id: 'c', type: 'upsert', payload: { title: 'X' }, baseUpdatedAt: 'old' },
      { opId: '3', kind: 'todos', id: 'none', type: 'delete' },
      { opId: '4', kind: 'todos', id: 'a' },
    ];
    const answer = await json(fetch(`${server.url}/batch`, { method: 'POST', body: JSON.stringify({ ops }) }));
    expect(answer['results']).toMatchObject([
      { opId: '1', statusCode: 201, data: { id: 'a', title: 'A' }, version: '1' },
      { opId: '2', statusCode: 409, error: { current: { id: 'c', title: 'C' } } },
      { opId: '3', statusCode: 404, error: { error: 'not_found' } },
      { opId: '4', statusCode: 400 },
    ]);
    expect((await put('a', { title: 'A' }, { 'x-idempotency-key': '1' })).status).toBe(201);
    expect(server.effectCount({ id: 'a' })).toBe(1);
  });
});

describe('idempotency', () => {
  test('I2: a repeated request gets the stored answer without a second effect; another body under the key is 422', async () => {
    const key = { 'x-idempotency-key': 'k' };
    const first = await json(put('a', { title: 'A' }, key));
    expect(await json(put('a', { title: 'A' }, key))).toEqual(first);
    expect(server.effectCount({ key: 'k' })).toBe(1);
    const other = await put('a', { title: 'B' }, key);
    expect([other.status, (await json(other))['error']]).toEqual([422, 'idempotency_mismatch']);
    expect((await put('a', { title: 'A' }, { ...key, 'x-force-update': 'true' })).status).toBe(422);
    server.forgetIdempotencyKeys();
    await put('a', { title: 'A' }, key);
    expect(server.effectCount({ key: 'k' })).toBe(2);
  });

  test('F-32, F-133: remembers a refusal but not a conflict', async () => {
    server.seed('todos', { id: 'a', title: 'S' });
    const key = { 'x-idempotency-key': 'k' };
    expect((await put('a', { title: 'X', _baseUpdatedAt: 'old' }, key)).status).toBe(409);
    server.update('todos', 'a', { updatedAt: 'old' });
    expect((await put('a', { title: 'X', _baseUpdatedAt: 'old' }, key)).status).toBe(200);
    const withdraw = server.refuse(({ id }) => id === 'b');
    expect((await put('b', { title: 'B' }, { 'x-idempotency-key': 'k2' })).status).toBe(422);
    withdraw();
    expect((await put('b', { title: 'B' }, { 'x-idempotency-key': 'k2' })).status).toBe(422);
    expect((await put('b', { title: 'B' }, { 'x-idempotency-key': 'k3' })).status).toBe(201);
  });
});

describe('faults', () => {
  test('TSV-06, TSV-11: fails the next n requests with status, Retry-After and body; records all of them', async () => {
    server.failNextRequests(1, 503, { retryAfter: 7, match: { method: 'PUT' } });
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    const failed = await put('a', { title: 'A' });
    expect([failed.status, failed.headers.get('retry-after')]).toEqual([503, '7']);
    expect((await put('a', { title: 'A' })).status).toBe(201);
    expect(server.requestCounts).toEqual({ GET: 1, PUT: 2 });
    expect(server.recordedRequests[1]).toMatchObject({
      method: 'PUT',
      path: '/todos/a',
      kind: 'todos',
      id: 'a',
      body: { title: 'A' },
    });
  });

  test('TSV-07: held requests wait until released', async () => {
    const release = server.holdNextRequests(1);
    const answer = put('a', { title: 'A' });
    await release.arrived;
    expect([release.count(), server.get('todos', 'a')]).toEqual([1, undefined]);
    release();
    expect((await answer).status).toBe(201);
    server.delayNextRequests(1);
    expect((await put('a', {})).status).toBe(200);
  });

  test.each([
    ['beforeCommit', 0],
    ['afterCommit', 1],
    ['midBody', 1],
  ] as const)('I2: a connection cut %s leaves %i effects, and the repeat gets one answer', async (at, effects) => {
    server.cutNextRequests(1, at);
    const key = { 'x-idempotency-key': 'k' };
    await expect(put('a', { title: 'A' }, key).then((response) => response.text())).rejects.toThrow();
    expect(server.effectCount({ key: 'k' })).toBe(effects);
    expect((await put('a', { title: 'A' }, key)).status).toBe(201);
    expect(server.effectCount({ key: 'k' })).toBe(1);
  });

  test('TSV-08, TSV-12: broken JSON and a captive portal answer everything with 200, after failures', async () => {
    server.returnInvalidJson = true;
    server.failNextRequests(1, 500);
    expect((await fetch(`${server.url}/health`)).status).toBe(500);
    const broken = await fetch(`${server.url}/health`);
    expect(broken.status).toBe(200);
    await expect(broken.json()).rejects.toThrow(SyntaxError);
    server.clearFaults();
    server.captivePortal = true;
    expect((await put('a', {})).headers.get('content-type')).toContain('text/html');
    expect(server.getAll('todos')).toEqual([]);
  });

  test('TSV-09, TSV-10: incomplete conflicts, wrong rows, answers without version', async () => {
    server.seed('todos', { id: 'a', title: 'S' });
    server.returnIncompleteConflict = true;
    expect(await json(put('a', { _baseUpdatedAt: 'old' }))).toEqual({ error: 'conflict' });
    server.clearFaults();
    server.returnWrongEntity = true;
    expect(await json(put('a', { title: 'B' }))).toMatchObject({ id: 'other-a' });
    expect(await json(put('a', { _baseUpdatedAt: 'old' }))).toMatchObject({ current: { id: 'other-a' } });
    expect(await json(fetch(`${server.url}/todos/a`))).toMatchObject({ id: 'a' });
    server.clearFaults();
    server.putAnswer = 'empty';
    expect((await put('a', { title: 'C' })).status).toBe(204);
    server.putAnswer = 'withoutVersion';
    const bare = await put('a', { title: 'D' });
    expect([await json(bare), bare.headers.get('etag')]).toEqual([
      { id: 'a', title: 'D', createdAt: expect.any(String) as unknown },
      null,
    ]);
  });

  test('F-20: a poisoned row always answers 500, others do not', async () => {
    const heal = server.poison('todos', 'bad');
    expect([(await put('bad', {})).status, (await put('bad', {})).status, (await put('good', {})).status]).toEqual([
      500, 500, 201,
    ]);
    heal();
    expect((await put('bad', {})).status).toBe(201);
  });

  test('RST-02: accepts only the current token, also after a switch; health needs none', async () => {
    server.acceptedToken = 'Bearer 1';
    expect((await put('a', {}, { authorization: 'Bearer 1' })).status).toBe(201);
    server.acceptedToken = 'Bearer 2';
    expect((await put('a', {}, { authorization: 'Bearer 1' })).status).toBe(401);
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
  });
});

describe('pages', () => {
  test.each(pagingStyles)('PROTOCOL §2: %s pages deliver every row exactly once', async (style) => {
    server.backend.paging = style;
    let tick = 0;
    server.setClock(() => `2026-01-01T00:00:0${Math.floor(tick++ / 8)}.000Z`);
    server.seed(
      'todos',
      Array.from({ length: 50 }, (_, index) => ({ id: `r${(index * 37) % 50}` })),
    );
    for (const cap of [undefined, 3]) {
      server.backend.pageCap = cap;
      const ids = (await pullByProtocol(httpAsk(server.url, 'todos', 7))).map(({ id }) => id);
      expect(ids).toHaveLength(50);
      expect(new Set(ids).size).toBe(50);
    }
  });

  test('F-62: only the server decides the order of ids with equal timestamps', async () => {
    server.setClock(() => '2026-01-01T00:00:00Z');
    server.seed(
      'todos',
      Array.from({ length: 12 }, (_, index) => ({ id: String(index + 1) })),
    );
    for (const order of ['text', 'integer', 'reverse', 'insertion'] as const) {
      server.backend.idOrder = order;
      const ids = (await pullByProtocol(httpAsk(server.url, 'todos', 5))).map(({ id }) => String(id));
      expect(ids.toSorted()).toEqual(Array.from({ length: 12 }, (_, index) => String(index + 1)).toSorted());
    }
  });

  test('SVD-01: lists at or after updatedSince, tombstones only on request, and announces caps on rows and bytes', async () => {
    server.seed('todos', [
      { id: 'number', updatedAt: Date.UTC(2026, 0, 1) },
      { id: 'naive', updatedAt: '2026-01-02T00:00:00' },
      { id: 'zone', updatedAt: '2026-01-03T01:00:00+01:00' },
      { id: 'micro', updatedAt: '2026-01-03T00:00:00.000001Z' },
      { id: 'gone', updatedAt: '2026-01-04T00:00:00Z', deletedAt: '2026-01-04T00:00:00Z' },
    ]);
    const ids = async (query: string): Promise<unknown[]> =>
      ((await json(fetch(`${server.url}/todos?${query}`)))['items'] as { id: string }[]).map(({ id }) => id);
    expect(await ids('limit=9&includeDeleted=true')).toEqual(['number', 'naive', 'zone', 'micro', 'gone']);
    expect(await ids('limit=9&updatedSince=2026-01-03T00:00:00.000Z')).toEqual(['zone', 'micro']);
    server.backend.pageCap = 2;
    const capped = await fetch(`${server.url}/todos?limit=9`);
    expect(capped.headers.get('x-page-limit')).toBe('2');
    server.backend.pageCap = undefined;
    server.backend.pageCapBytes = 100;
    expect((await ids('limit=9')).length).toBe(1);
    expect((await fetch(`${server.url}/todos?limit=0`)).status).toBe(400);
  });
});

test('a released hold has no further effect, and a later one holds subsequent requests', async () => {
  await using server = await createTestServer();
  const first = server.holdNextRequests();
  const held = fetch(`${server.url}/health`);
  await first.arrived;
  first();
  expect((await held).status).toBe(200);
  const second = server.holdNextRequests();
  const next = fetch(`${server.url}/health`);
  await second.arrived;
  expect(second.count()).toBe(1);
  second();
  expect((await next).status).toBe(200);
});
