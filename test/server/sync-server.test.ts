import { DataSource, EntitySchema } from 'typeorm';
import { afterEach, describe, expect, test } from 'vitest';
import {
  createSyncServer,
  serverTable,
  type CreateSyncServerOptions,
  type ServerUser,
  type SyncServer,
} from '../../src/server.ts';
import { StoreBusyError } from '../../src/server/server-store.ts';
import { pagingStyles } from '../../src/testing.ts';
import { httpAsk, pullByProtocol } from '../testing/pull-by-protocol.ts';

interface Todo {
  id: string;
  title: string;
  done: boolean;
  priority: number | null;
  tags: string[] | null;
  ownerId: string | null;
  updatedAt: string;
  deletedAt: string | null;
  deletedAtLocal: string | null;
}

const Todos = new EntitySchema<Todo>({
  name: 'todos',
  columns: {
    id: { type: 'text', primary: true },
    title: { type: 'text' },
    done: { type: 'boolean', default: false },
    priority: { type: 'integer', nullable: true },
    tags: { type: 'simple-json', nullable: true },
    ownerId: { type: 'text', name: 'owner_id', nullable: true },
    updatedAt: { type: 'text', name: 'updated_at', default: '' },
    deletedAt: { type: 'text', name: 'deleted_at', nullable: true },
    deletedAtLocal: { type: 'text', name: 'deleted_at_local', nullable: true },
  },
});
const Counters = new EntitySchema<{ id: number; count: number; updatedAt: string }>({
  name: 'counters',
  columns: { id: { type: 'integer', primary: true }, count: { type: 'real' }, updatedAt: { type: 'text' } },
});

const open: SyncServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

const openDatabase = async (): Promise<DataSource> =>
  new DataSource({
    type: 'better-sqlite3',
    database: ':memory:',
    entities: [Todos, Counters],
    synchronize: true,
  }).initialize();

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** A running server and short ways to ask it. */
async function serve(options: Partial<CreateSyncServerOptions> = {}) {
  const dataSource = options.dataSource ?? (await openDatabase());
  const server = createSyncServer({ tables: [Todos, Counters], ...options, dataSource });
  open.push(server);
  const { url, port } = await server.listen();
  const ask = async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
    };
  };
  return {
    server,
    dataSource,
    url,
    port,
    ask,
    put: (id: string, body: object, headers?: Record<string, string>) =>
      ask('PUT', `/todos/${encodeURIComponent(id)}`, body, headers),
  };
}

const micros = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const keyed = (key: string, more: Record<string, string> = {}): Record<string, string> => ({
  'x-idempotency-key': key,
  ...more,
});

describe('versions', () => {
  test('F-64: 200 concurrent writes get strictly increasing versions in commit order, even while the clock stands still', async () => {
    const { put, ask } = await serve({
      clock: { now: () => 1_700_000_000_000, setTimeout: () => 0, clearTimeout: () => undefined },
    });
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => put(`r${index % 50}`, { title: `t${index}` })),
    );
    const versions = answers.map(({ body }) => String(body['updatedAt']));
    expect(new Set(versions).size).toBe(200);
    expect(versions.every((version) => micros.test(version))).toBe(true);
    const { body } = await ask('GET', '/todos?limit=500');
    const stored = (body['items'] as Todo[]).map(({ updatedAt }) => updatedAt);
    expect(stored).toEqual(stored.toSorted());
    expect(stored.at(-1)).toBe(versions.toSorted().at(-1));
  });

  test('F-64: versions continue after a restart with a clock that was set back', async () => {
    const dataSource = await openDatabase();
    const at = (now: number) => ({
      dataSource,
      clock: { now: () => now, setTimeout: () => 0, clearTimeout: () => undefined },
    });
    const first = await serve(at(2_000_000_000_000));
    const before = String((await first.put('a', { title: 'A' })).body['updatedAt']);
    await first.server.close();
    const second = await serve(at(1_000_000_000_000));
    expect(String((await second.put('b', { title: 'B' })).body['updatedAt']) > before).toBe(true);
  });

  test('F-63: rows from elsewhere get one spelling, and each has a version', async () => {
    const dataSource = await openDatabase();
    await dataSource.getRepository(Todos).insert([
      { id: 'late', title: 'x', updatedAt: '2026-01-01T02:00:00.5+01:00' },
      { id: 'early', title: 'x', updatedAt: '2026-01-01T00:00:00Z' },
      { id: 'none', title: 'x' },
    ]);
    const { url } = await serve({ dataSource });
    const rows = await pullByProtocol(httpAsk(url, 'todos', 2));
    expect(rows.map(({ id }) => id)).toEqual(['early', 'late', 'none']);
    expect(rows.map(({ updatedAt }) => String(updatedAt)).every((text) => micros.test(text))).toBe(true);
    expect(rows[1]?.['updatedAt']).toBe('2026-01-01T01:00:00.500000Z');
  });
});

describe('single writes', () => {
  test('SVD-02: PUT creates (201) with defaults, merges (200), and returns the row with its types', async () => {
    const { put, ask } = await serve();
    const created = await put('ä/1 %', { id: 'ä/1 %', title: 'A', tags: ['x'], updatedAt: 'ignored' });
    expect(created.status).toBe(201);
    expect(created.body).toEqual({
      id: 'ä/1 %',
      title: 'A',
      done: false,
      priority: null,
      tags: ['x'],
      ownerId: null,
      updatedAt: expect.stringMatching(micros) as unknown,
      deletedAt: null,
    });
    expect(created.headers.get('etag')).toBe(`"${String(created.body['updatedAt'])}"`);
    const merged = await put('ä/1 %', { done: true });
    expect([merged.status, merged.body]).toEqual([
      200,
      { ...created.body, done: true, updatedAt: merged.body['updatedAt'] },
    ]);
    const fetched = await ask('GET', `/todos/${encodeURIComponent('ä/1 %')}`);
    expect([fetched.status, fetched.body, fetched.headers.get('etag')]).toEqual([
      200,
      merged.body,
      merged.headers.get('etag'),
    ]);
  });

  test('SVD-03, SVD-04: a different base is a conflict with the current row, unless forced', async () => {
    const { put } = await serve();
    const { updatedAt } = (await put('a', { title: 'A' })).body;
    const second = (await put('a', { title: 'B', _baseUpdatedAt: updatedAt })).body;
    const stale = await put('a', { title: 'C', _baseUpdatedAt: updatedAt });
    expect([stale.status, stale.body]).toMatchObject([
      409,
      { error: 'conflict', current: second, serverTimestamp: second['updatedAt'], version: second['updatedAt'] },
    ]);
    expect((await put('a', { title: 'C', _baseUpdatedAt: updatedAt }, { 'x-force-update': 'true' })).status).toBe(200);
    expect((await put('a', { title: 'D' })).status).toBe(200);
    expect((await put('none', { title: 'D', _baseUpdatedAt: updatedAt })).body['error']).toBe('not_found');
  });

  test('F-40, PROTOCOL §3: X-Create-Only and If-Match', async () => {
    const { put } = await serve();
    const created = await put('a', { title: 'A' }, { 'x-create-only': 'true' });
    expect(created.status).toBe(201);
    expect((await put('a', { title: 'B' }, { 'x-create-only': 'true' })).status).toBe(409);
    expect((await put('a', { title: 'B' }, { 'if-match': '"other"' })).status).toBe(412);
    expect((await put('a', { title: 'B' }, { 'if-match': String(created.headers.get('etag')) })).status).toBe(200);
  });

  test('F-120: deletes compare their base from the query, leave a tombstone, and no edit vanishes into it', async () => {
    const { put, ask } = await serve();
    const { updatedAt } = (await put('a', { title: 'A' })).body;
    expect((await ask('DELETE', '/todos/a?_baseUpdatedAt=old')).status).toBe(409);
    const gone = await ask('DELETE', `/todos/a?_baseUpdatedAt=${String(updatedAt)}`, undefined, {
      'content-type': 'application/json',
    });
    expect([gone.status, gone.headers.get('etag')]).toEqual([204, expect.stringMatching(/^".+"$/)]);
    expect([(await ask('DELETE', '/todos/a')).status, (await ask('DELETE', '/todos/b')).status]).toEqual([410, 404]);
    const late = await put('a', { title: 'B', _baseUpdatedAt: updatedAt });
    expect([late.status, late.body['current']]).toMatchObject([
      409,
      { title: 'A', deletedAt: expect.stringMatching(micros) as unknown },
    ]);
    expect((await ask('GET', '/todos?includeDeleted=false')).body['items']).toEqual([]);
    expect((await ask('GET', '/todos?includeDeleted=true')).body['items']).toHaveLength(1);
    const back = await put('a', { title: 'C' });
    expect([back.status, back.body['deletedAt'], back.body['title']]).toEqual([200, null, 'C']);
    expect((await ask('DELETE', '/todos/a?_baseUpdatedAt=old', undefined, { 'x-force-delete': 'true' })).status).toBe(
      204,
    );
  });

  test('TSV-14: a table without deletedAt uses hard deletes', async () => {
    const { ask } = await serve();
    await ask('PUT', '/counters/7', { count: 1.5 });
    expect((await ask('DELETE', '/counters/7')).status).toBe(204);
    expect((await ask('GET', '/counters?includeDeleted=true')).body['items']).toEqual([]);
  });

  test('PROTOCOL §9: rejects unknown fields and wrong types by field, or drops them by option; limits ids', async () => {
    const { put, ask, server } = await serve();
    const wrong = await put('a', { title: 5, done: 'yes', priority: 1.5, extra: 1, deletedAtLocal: 'x' });
    expect([wrong.status, wrong.body['error'], Object.keys(wrong.body['fields'] as object).sort()]).toEqual([
      422,
      'validation',
      ['deletedAtLocal', 'done', 'extra', 'priority', 'title'],
    ]);
    expect((await put('a', {})).body).toMatchObject({ error: 'validation', fields: { title: 'required' } });
    expect((await put('a', { title: null })).body['fields']).toEqual({ title: 'must not be null' });
    expect((await put('a', { id: 'b', title: 'x' })).body['fields']).toEqual({ id: 'differs from the path' });
    expect((await put('x'.repeat(255), { title: 'x' })).status).toBe(201);
    expect((await put('x'.repeat(256), { title: 'x' })).status).toBe(400);
    expect((await put('__proto__', { title: 'x' })).status).toBe(400);
    expect((await ask('PUT', '/todos/a', '{"title":"x","tags":[{"__proto__":{"y":1}}]}')).status).toBe(422);
    expect((await ask('PUT', '/counters/abc', { count: 1 })).status).toBe(400);
    await server.close();
    const lenient = await serve({ unknownFields: 'drop' });
    expect((await lenient.put('a', { title: 'x', extra: 1 })).status).toBe(201);
  });

  test('PROTOCOL §9: every error is JSON with a code', async () => {
    const { ask, put } = await serve({ bodyLimitBytes: 1000 });
    expect((await ask('GET', '/nothing')).body['error']).toBe('unknown_route');
    expect((await ask('GET', '/todos/a/b')).body['error']).toBe('unknown_route');
    expect([(await ask('GET', '/todos/none')).status, (await ask('GET', '/todos/none')).body['error']]).toEqual([
      404,
      'not_found',
    ]);
    const patch = await ask('PATCH', '/todos/a', {});
    expect([patch.status, patch.body['error'], patch.headers.get('allow')]).toEqual([
      405,
      'method_not_allowed',
      'GET, PUT, DELETE',
    ]);
    expect((await ask('POST', '/todos', {})).status).toBe(405);
    expect([
      (await ask('PUT', '/todos/a', '{"title":')).status,
      (await ask('PUT', '/todos/a', '[]')).body['error'],
    ]).toEqual([400, 'invalid_json']);
    expect(
      (await ask('PUT', '/todos/a', 'title=x', { 'content-type': 'application/x-www-form-urlencoded' })).status,
    ).toBe(415);
    expect([
      (await put('a', { title: 'x'.repeat(2000) })).status,
      (await ask('GET', '/todos?limit=0')).status,
      (await ask('GET', '/todos?updatedSince=soon')).status,
    ]).toEqual([413, 400, 400]);
    expect((await ask('GET', '/health')).body).toEqual({ status: 'ok' });
    expect((await ask('GET', '/todos/%E0%A4%A')).status).toBeGreaterThanOrEqual(400);
  });
});

describe('idempotency', () => {
  test('I2: a repeat gets the stored answer, even after the row has changed and after a restart; another body is 422', async () => {
    const dataSource = await openDatabase();
    const { put, server } = await serve({ dataSource });
    const first = await put('a', { title: 'A' }, keyed('k'));
    await put('a', { title: 'later' });
    const repeats = await Promise.all(Array.from({ length: 5 }, () => put('a', { title: 'A' }, keyed('k'))));
    for (const repeat of repeats)
      expect([repeat.status, repeat.body, repeat.headers.get('etag')]).toEqual([
        201,
        first.body,
        first.headers.get('etag'),
      ]);
    expect((await put('a', { title: 'B' }, keyed('k'))).body['error']).toBe('idempotency_mismatch');
    expect((await put('a', { title: 'A' }, keyed('k', { 'x-force-update': 'true' }))).body['error']).toBe(
      'idempotency_mismatch',
    );
    await server.close();
    const again = await serve({ dataSource });
    expect((await again.put('a', { title: 'A' }, keyed('k'))).status).toBe(201);
    expect((await again.ask('GET', '/todos/a')).body['title']).toBe('later');
  });

  test('F-32, F-133: remembers refusals and deletes of missing rows; decides conflicts and missing rows anew', async () => {
    const { put, ask } = await serve();
    const { updatedAt } = (await put('a', { title: 'A' })).body;
    await put('a', { title: 'B' });
    expect((await put('a', { title: 'C', _baseUpdatedAt: updatedAt }, keyed('conflict'))).status).toBe(409);
    expect((await put('a', { title: 'C', _baseUpdatedAt: updatedAt }, keyed('conflict'))).status).toBe(409);
    expect((await put('n', { title: 'C', _baseUpdatedAt: 'x' }, keyed('missing'))).status).toBe(404);
    expect((await put('n', { title: 'C' }, keyed('missing'))).status).toBe(201);
    expect((await put('b', {}, keyed('refused'))).status).toBe(422);
    await put('b', { title: 'B' });
    expect((await put('b', {}, keyed('refused'))).status).toBe(422);
    expect((await put('b', {}, keyed('corrected'))).status).toBe(200);
    expect((await ask('DELETE', '/todos/x', undefined, keyed('gone'))).status).toBe(404);
    await put('x', { title: 'X' });
    expect((await ask('DELETE', '/todos/x', undefined, keyed('gone'))).status).toBe(404);
  });

  test('I2: repeats a reply that was lost after the commit', async () => {
    const { put, port, ask } = await serve();
    const { connect } = await import('node:net');
    const body = JSON.stringify({ title: 'A' });
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
    });
    // Nothing of the answer is read: the connection is torn down once the row is there.
    socket.pause();
    socket.write(
      `PUT /todos/a HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Idempotency-Key: lost\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await expect.poll(async () => (await ask('GET', '/todos/a')).status).toBe(200);
    socket.destroy();
    await closed;
    const stored = (await ask('GET', '/todos/a')).body;
    const again = await put('a', { title: 'A' }, keyed('lost'));
    expect([again.status, again.body]).toEqual([201, stored]);
  });

  test('PROTOCOL §9: forgets keys and tombstones after their retention', async () => {
    let now = Date.UTC(2026, 0, 1);
    const timers: (() => void)[] = [];
    const { put, ask } = await serve({
      clock: { now: () => now, setTimeout: (callback) => timers.push(callback), clearTimeout: () => undefined },
      tombstoneRetentionMs: 3_000_000,
    });
    await put('a', { title: 'A' }, keyed('k'));
    await ask('DELETE', '/todos/a');
    expect((await ask('GET', '/todos?includeDeleted=true')).headers.get('x-tombstone-retention')).toBe('3000');
    now += 8 * 86_400_000;
    timers.shift()?.();
    await expect.poll(() => timers.length).toBe(1);
    expect((await ask('GET', '/todos?includeDeleted=true')).body['items']).toEqual([]);
    expect((await put('a', { title: 'other' }, keyed('k'))).status).toBe(201);
  });
});

describe('pages', () => {
  test.each(pagingStyles)('PROTOCOL §2: %s pages deliver every row exactly once', async (paging) => {
    for (const hasMore of [true, false]) {
      const { ask, url, server } = await serve({ paging, hasMore, maxPageSize: 7 });
      const ops = Array.from({ length: 45 }, (_, index) => ({
        opId: `o${index}`,
        kind: 'todos',
        id: `r${(index * 31) % 45}`,
        type: 'upsert',
        payload: { title: 'x' },
      }));
      await ask('POST', '/batch', { ops });
      await ask('DELETE', '/todos/r7');
      const ids = (await pullByProtocol(httpAsk(url, 'todos', 10))).map(({ id }) => id);
      expect([ids.length, new Set(ids).size]).toEqual([45, 45]);
      const page = await ask('GET', '/todos?limit=100');
      expect([
        (page.body['items'] as unknown[]).length <= 7,
        page.headers.get('x-page-limit'),
        page.body['hasMore'],
      ]).toEqual([true, '7', hasMore ? true : undefined]);
      await server.close();
    }
  });

  test('F-120: the filter means at or after updatedSince, at any number of digits', async () => {
    const { put, ask } = await serve({
      clock: { now: () => 1_700_000_000_123, setTimeout: () => 0, clearTimeout: () => undefined },
    });
    const { updatedAt } = (await put('a', { title: 'A' })).body;
    expect(updatedAt).toBe('2023-11-14T22:13:20.123000Z');
    const count = async (since: string): Promise<unknown> =>
      ((await ask('GET', `/todos?updatedSince=${encodeURIComponent(since)}`)).body['items'] as unknown[]).length;
    expect([
      await count('2023-11-14T22:13:20.123Z'),
      await count('1700000000123'),
      await count('2023-11-14T23:13:20.123+01:00'),
      await count('2023-11-14T22:13:20.124Z'),
    ]).toEqual([1, 1, 1, 0]);
    expect((await ask('GET', `/todos?updatedSince=${String(updatedAt)}&afterId=a`)).body['items'] as unknown[]).toEqual(
      [],
    );
  });

  test('F-62: sorts integer ids as numbers', async () => {
    const { ask, url } = await serve();
    for (const id of [10, 9, 100]) await ask('PUT', `/counters/${id}`, { count: 1 });
    expect((await pullByProtocol(httpAsk(url, 'counters', 1))).map(({ id }) => id)).toEqual([10, 9, 100]);
  });

  test("another server's token is a 400", async () => {
    const { ask } = await serve({ paging: 'cursorToken' });
    expect([
      (await ask('GET', '/todos?pageToken=made-up')).status,
      (await ask('GET', '/todos?pageToken=p%255B1%255D')).status,
    ]).toEqual([400, 400]);
  });
});

describe('batch', () => {
  test('BAT-10: answers items individually; a failing one does not affect the others', async () => {
    const { ask, put } = await serve();
    await put('c', { title: 'C' });
    const { body } = await ask('POST', '/batch', {
      ops: [
        { opId: '1', kind: 'todos', id: 'a', type: 'upsert', payload: { title: 'A' } },
        { opId: '2', kind: 'todos', id: 'a', type: 'upsert', payload: { done: true } },
        { opId: '3', kind: 'todos', id: 'c', type: 'upsert', payload: { title: 'X' }, baseUpdatedAt: 'old' },
        {
          opId: '4',
          kind: 'todos',
          id: 'c',
          type: 'upsert',
          payload: { title: 'X' },
          baseUpdatedAt: 'old',
          force: true,
        },
        { opId: '5', kind: 'nothing', id: 'c', type: 'delete' },
        { opId: '6', kind: 'counters', id: '1', type: 'upsert', payload: { count: 2 } },
        { opId: '7', kind: 'todos', id: 'd', type: 'upsert' },
        { opId: '8', kind: 'todos', id: 'c', type: 'delete' },
      ],
    });
    const results = body['results'] as {
      opId: string;
      statusCode: number;
      data?: Todo;
      version?: string;
      error?: object;
    }[];
    expect(results.map(({ opId, statusCode }) => `${opId}:${statusCode}`)).toEqual([
      '1:201',
      '2:200',
      '3:409',
      '4:200',
      '5:404',
      '6:201',
      '7:400',
      '8:204',
    ]);
    expect(results[1]).toMatchObject({ data: { title: 'A', done: true }, version: results[1]?.data?.updatedAt });
    expect(results[2]?.error).toMatchObject({ error: 'conflict', current: { title: 'C' } });
  });

  test('I2: a batch item and a single request under its id are the same request', async () => {
    const { ask, put } = await serve();
    const ops = [{ opId: 'k', kind: 'todos', id: 'a', type: 'upsert', payload: { title: 'A', done: true } }];
    const first = (await ask('POST', '/batch', { ops })).body['results'] as { data: Todo }[];
    const single = await put('a', { done: true, title: 'A' }, keyed('k'));
    expect([single.status, single.body]).toEqual([201, first[0]?.data]);
    expect((await ask('POST', '/batch', { ops })).body['results'] as unknown[]).toEqual(first);
  });
});

describe('authorization', () => {
  const users = {
    authenticate: (request: { headers: { authorization?: string | undefined } }): ServerUser | null => {
      const name = request.headers.authorization?.replace('Bearer ', '');
      return name === undefined || name === 'expired' ? null : { userId: name };
    },
  };
  const as = (name: string, more: Record<string, string> = {}): Record<string, string> => ({
    authorization: `Bearer ${name}`,
    ...more,
  });

  test('PROTOCOL §9: 401 without a user, except for health', async () => {
    const { ask } = await serve(users);
    expect([
      (await ask('GET', '/todos')).status,
      (await ask('GET', '/todos', undefined, as('expired'))).status,
      (await ask('GET', '/health')).status,
    ]).toEqual([401, 401, 200]);
    expect((await ask('GET', '/todos', undefined, as('ann'))).status).toBe(200);
  });

  test('PROTOCOL §9: a row outside the scope is 404 for every request, even forced, and no row can leave the scope', async () => {
    const { ask, put } = await serve({
      ...users,
      tables: [serverTable(Todos, { hidden: ['ownerId'] })],
      rowScope: (user) => ({ ownerId: user?.userId ?? null }),
    });
    expect((await put('a', { title: 'A' }, as('ann', keyed('k')))).body).not.toHaveProperty('ownerId');
    expect((await ask('GET', '/todos', undefined, as('ann'))).body['items']).toHaveLength(1);
    expect((await ask('GET', '/todos', undefined, as('bob'))).body['items']).toEqual([]);
    expect((await ask('GET', '/todos/a', undefined, as('bob'))).status).toBe(404);
    expect((await put('a', { title: 'B' }, as('bob', { 'x-force-update': 'true' }))).status).toBe(404);
    expect((await ask('DELETE', '/todos/a', undefined, as('bob', { 'x-force-delete': 'true' }))).status).toBe(404);
    expect((await put('a', { ownerId: 'bob' }, as('ann'))).status).toBe(422);
    // Bob's request under Ann's key must not be answered with Ann's row.
    expect((await put('a', { title: 'A' }, as('bob', keyed('k')))).status).toBe(404);
    expect((await ask('GET', '/todos/a', undefined, as('ann'))).body['title']).toBe('A');
  });

  test('SVD-04: a rule also refuses forced writes, sees the row, and runs again if the row changed meanwhile', async () => {
    const seen: unknown[] = [];
    let interfere: (() => Promise<unknown>) | undefined;
    const { put } = await serve({
      beforeWrite: async ({ payload, current, force }) => {
        seen.push([payload?.['title'], current?.['title'], force]);
        const run = interfere;
        interfere = undefined;
        await run?.();
        return payload?.['title'] === 'bad'
          ? { code: 'rule', message: 'not that', fields: { title: 'bad' } }
          : undefined;
      },
    });
    await put('a', { title: 'A' });
    const refused = await put('a', { title: 'bad' }, { 'x-force-update': 'true', ...keyed('k') });
    expect([refused.status, refused.body]).toEqual([
      422,
      { error: 'rule', message: 'not that', fields: { title: 'bad' } },
    ]);
    expect((await put('a', { title: 'bad' }, { 'x-force-update': 'true', ...keyed('k') })).status).toBe(422);
    expect(seen).toEqual([
      ['A', undefined, false],
      ['bad', 'A', true],
    ]);
    interfere = () => put('a', { title: 'B' });
    expect((await put('a', { title: 'C' })).body['title']).toBe('C');
    expect(seen.slice(2)).toEqual([
      ['C', 'A', false],
      ['B', 'A', false],
      ['C', 'B', false],
    ]);
  });

  test('F-92: preflights pass with every header of the protocol, and browsers can read errors', async () => {
    const { ask } = await serve({ ...users, cors: ['https://app.example'] });
    const preflight = await ask('OPTIONS', '/todos/a', undefined, {
      origin: 'https://app.example',
      'access-control-request-method': 'PUT',
    });
    const allowed = String(preflight.headers.get('access-control-allow-headers')).toLowerCase();
    expect(preflight.status).toBe(204);
    for (const name of [
      'authorization',
      'content-type',
      'x-idempotency-key',
      'x-force-update',
      'x-force-delete',
      'if-match',
      'last-event-id',
      'x-create-only',
    ])
      expect(allowed).toContain(name);
    const refused = await ask('GET', '/todos', undefined, { origin: 'https://app.example' });
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, 'https://app.example']);
    for (const name of ['etag', 'retry-after', 'date'])
      expect(String(refused.headers.get('access-control-expose-headers')).toLowerCase()).toContain(name);
    expect(
      (await ask('GET', '/health', undefined, { origin: 'https://evil.example' })).headers.get(
        'access-control-allow-origin',
      ),
    ).toBeNull();
  });
});

describe('beside an app', () => {
  test('requests do not mix with an open app transaction: none sees its rows or is lost with its rollback', async () => {
    let arrived = 0;
    const { dataSource, put, ask } = await serve({ authenticate: () => ({ userId: String((arrived += 1)) }) });
    const answers: Promise<Answer>[] = [];
    await expect(
      dataSource.transaction(async (manager) => {
        await manager.getRepository(Todos).insert({ id: 'app', title: 'x' });
        answers.push(put('a', { title: 'A' }), ask('GET', '/todos/app'));
        await expect.poll(() => arrived).toBe(2);
        // Both are with the store now; a turn more, and they would have been answered from the open transaction.
        for (let turns = 0; turns < 5; turns += 1) await new Promise((resolve) => setImmediate(resolve));
        throw new Error('the app changed its mind');
      }),
    ).rejects.toThrow('changed its mind');
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([201, 404]);
    expect(((await ask('GET', '/todos')).body['items'] as Todo[]).map(({ id }) => id)).toEqual(['a']);
  });

  test('reports changes after the commit; replays are harmless, and a throwing listener breaks nothing', async () => {
    const changes: unknown[] = [];
    const { put, ask } = await serve({
      onChange: (batch) => {
        changes.push(...batch);
        throw new Error('listener');
      },
    });
    expect((await put('a', { title: 'A' })).status).toBe(201);
    await ask('DELETE', '/todos/a');
    await put('a', { title: 5 });
    expect(changes).toEqual([
      { kind: 'todos', id: 'a', type: 'upsert' },
      { kind: 'todos', id: 'a', type: 'delete' },
    ]);
  });

  test('rejects tables that cannot be synchronised, with the necessary fix', async () => {
    const Dated = new EntitySchema<{ id: string; updatedAt: Date }>({
      name: 'dated',
      columns: { id: { type: 'text', primary: true }, updatedAt: { type: 'datetime' } },
    });
    const dataSource = await new DataSource({
      type: 'better-sqlite3',
      database: ':memory:',
      entities: [Dated],
      synchronize: true,
    }).initialize();
    const server = createSyncServer({ dataSource, tables: [Dated] });
    await expect(server.listen()).rejects.toThrow(/dated\.updatedAt must be a text column/);
    await dataSource.destroy();
  });

  test('PROTOCOL §9: closing finishes running requests, accepts no new ones, and is idempotent', async () => {
    let arrive: () => void = () => undefined;
    let go: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const gone = new Promise<void>((resolve) => {
      go = resolve;
    });
    const dataSource = new DataSource({
      type: 'better-sqlite3',
      database: ':memory:',
      entities: [Todos, Counters],
      synchronize: true,
    });
    const { put, server, url } = await serve({
      dataSource,
      beforeWrite: async () => {
        arrive();
        await gone;
      },
    });
    const answer = put('a', { title: 'A' });
    await arrived;
    const closed = server.close();
    await expect(
      fetch(`${url}/health`, { headers: { connection: 'close' } }).then(({ status }) => {
        if (status === 503) throw new Error('closing');
      }),
    ).rejects.toThrow();
    go();
    expect((await answer).status).toBe(201);
    await closed;
    await server.close();
    expect(dataSource.isInitialized).toBe(false);
  });

  test('a database that others lock for too long is a 503 with Retry-After, and HEAD answers like GET', async () => {
    const { ask, put } = await serve({
      rowScope: () => {
        throw new StoreBusyError('held');
      },
    });
    const busy = await ask('GET', '/todos');
    expect([busy.status, busy.headers.get('retry-after'), busy.body['error']]).toEqual([503, '1', 'busy']);
    expect((await put('a', { title: 'A' })).status).toBe(503);
    expect((await ask('HEAD', '/health')).status).toBe(200);
  });

  test('an internal failure is a 500 without details', async () => {
    const { ask } = await serve({ rowScope: () => ({ secretColumn: 1 }) });
    const failed = await ask('GET', '/todos');
    expect([failed.status, JSON.stringify(failed.body).includes('secretColumn')]).toEqual([500, false]);
  });

  test('works under a prefix', async () => {
    const dataSource = await openDatabase();
    const server = createSyncServer({ dataSource, tables: [Todos], prefix: '/api/v1' });
    open.push(server);
    const { url } = await server.listen();
    expect(url).toMatch(/\/api\/v1$/);
    expect([
      (await fetch(`${url}/health`)).status,
      (await fetch(`${url}/todos`)).status,
      (await fetch(`${url.replace('/api/v1', '')}/todos`)).status,
    ]).toEqual([200, 200, 404]);
  });
});
