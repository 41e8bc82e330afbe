import { describe, expect, test } from 'vitest';
import { setLastLook } from '../../src/model/last-look.ts';
import { deleteOp, type Op } from '../../src/model/operation.ts';
import type { PushResult } from '../../src/model/transport.ts';
import type { Json } from '../../src/model/values/json.ts';
import { createTransport, crudSend, type CreateTransportOptions, type CrudSendOptions } from '../../src/transport.ts';
import { stubServer, type Exchange } from './stub-server.ts';
import { edit, idOf } from './todo-ops.ts';

const first = '2025-01-01T00:00:00.000Z';
const second = '2025-01-02T00:00:00.000Z';
const removal = (base?: string, more: Partial<Op> = {}): Op =>
  ({ ...deleteOp({ kind: 'todos', id: '1', baseUpdatedAt: base }), ...more }) as Op;

/** The calls of an API with one row or none. */
const calls: Omit<CrudSendOptions, 'url'> = {
  health: (http) => http({ path: ['up'] }),
  list: ({ kind, page }, http) =>
    http({
      path: [kind],
      query: { since: page.updatedSince, limit: page.limit, after: page.afterId },
      as: (rows: Json[]) => ({ items: rows }),
    }),
  read: ({ kind, id }, http) => http({ path: [kind, id] }),
  create: ({ kind, payload }, http) => http({ method: 'POST', path: [kind], body: payload }),
  update: ({ kind, id, payload }, http) => http({ method: 'PATCH', path: [kind, id], body: payload }),
  remove: ({ kind, id }, http) => http({ method: 'DELETE', path: [kind, id] }),
};

interface Bench {
  readonly push: (op: Op, signal?: AbortSignal) => Promise<PushResult | undefined>;
  readonly transport: ReturnType<typeof createTransport>;
  /** Method and path of each request so far. */
  readonly asked: () => readonly string[];
  readonly server: Awaited<ReturnType<typeof stubServer>>;
}

async function open(
  answer: (exchange: Exchange) => void,
  changes: Partial<CrudSendOptions> = {},
  options: Partial<CreateTransportOptions> = {},
): Promise<Bench> {
  const server = await stubServer(answer);
  const transport = createTransport({
    idempotency: 'none',
    ...options,
    send: crudSend({ url: `${server.baseUrl}/v1/`, ...calls, ...changes }),
  });
  return {
    server,
    transport,
    push: async (op, signal) => (await transport.push([op], { signal })).results[0]?.result,
    asked: () => server.requests.map(({ method, url }) => `${method} ${url}`),
  };
}

/** Reads answer as given; a page is empty; a write answers with the row in its next version. */
const withRow =
  (status: number, row?: unknown) =>
  (exchange: Exchange): void => {
    const { method, url, json, reply } = exchange;
    if (method === 'DELETE') reply(204);
    else if (method !== 'GET') reply(200, { ...json, id: '1', updated_at: second });
    else if (url.includes('?')) reply(200, []);
    else reply(status, row);
  };
const stored = { id: '1', title: 'theirs', updated_at: first };

describe('a write reads the row and compares it', () => {
  test('a creation that finds no row is a POST', async () => {
    const { push, asked, server } = await open(withRow(404));
    expect(await push(edit('1', { creates: true }))).toMatchObject({ type: 'pushSuccess', serverData: { title: 'x' } });
    expect(asked()).toEqual(['GET /v1/todos/1', 'POST /v1/todos']);
    expect(server.requests[1]).toMatchObject({
      json: { id: '1', title: 'x' },
      text: expect.not.stringContaining('_base') as string,
    });
  });

  test('a change of the stored version is a PATCH, and a delete of it a DELETE', async () => {
    const { push, asked } = await open(withRow(200, stored));
    expect(await push(edit('1', { baseUpdatedAt: first }))).toMatchObject({ type: 'pushSuccess' });
    expect(await push(removal(first))).toMatchObject({ type: 'pushSuccess' });
    expect(asked()).toEqual(['GET /v1/todos/1', 'PATCH /v1/todos/1', 'GET /v1/todos/1', 'DELETE /v1/todos/1']);
  });

  test('I4: a change or a delete of another version writes nothing and is a conflict with the stored row', async () => {
    const { push, asked } = await open(withRow(200, { ...stored, updated_at: second }));
    const conflict = { type: 'pushConflict', serverTimestamp: second, serverData: { title: 'theirs' } };
    expect(await push(edit('1', { baseUpdatedAt: first }))).toMatchObject(conflict);
    expect(await push(removal(first))).toMatchObject(conflict);
    expect(asked()).toEqual(['GET /v1/todos/1', 'GET /v1/todos/1']);
  });

  test('a forced write does not compare', async () => {
    const { transport, asked } = await open(withRow(200, { ...stored, updated_at: second }));
    expect(await transport.forcePush(edit('1', { baseUpdatedAt: first }), {})).toMatchObject({ type: 'pushSuccess' });
    expect(await transport.forcePush(removal(first), {})).toMatchObject({ type: 'pushSuccess' });
    expect(asked().map((line) => line.split(' ')[0])).toEqual(['GET', 'PATCH', 'GET', 'DELETE']);
  });

  test('with conditionalWrite a creation that meets a row is a conflict', async () => {
    const { push, asked } = await open(withRow(200, stored), {}, { conditionalWrite: true });
    expect(await push(edit('1', { creates: true }))).toMatchObject({ type: 'pushConflict' });
    expect(asked()).toEqual(['GET /v1/todos/1']);
  });

  test('I4: a change of a row that is gone does not create it again', async () => {
    const { push, asked } = await open(withRow(404));
    expect(await push(edit('1', { baseUpdatedAt: first }))).toMatchObject({ type: 'pushNotFound' });
    expect(asked().filter((line) => !line.startsWith('GET'))).toEqual([]);
  });

  test('a delete of a row that is gone, or of a tombstone, is done', async () => {
    const gone = await open(withRow(404));
    expect(await gone.push(removal(first))).toMatchObject({ type: 'pushNotFound' });
    const tombstone = await open(withRow(200, { ...stored, updated_at: second, deleted_at: second }));
    expect(await tombstone.push(removal(first))).toMatchObject({ type: 'pushNotFound' });
    expect(tombstone.asked()).toEqual(['GET /v1/todos/1']);
  });
});

describe('F-22: nothing is written unless the read says what is there', () => {
  test.each([
    [500, undefined, 'pushUnavailable'],
    [403, { error: 'no' }, 'pushForbidden'],
    [401, { error: 'who' }, 'pushUnauthorized'],
    [429, { error: 'slow' }, 'pushThrottled'],
    [400, { error: 'bad_id', message: 'An id is a number.' }, 'pushRejected'],
    [200, undefined, 'pushMalformed'],
    [200, { ok: true }, 'pushMalformed'],
    [200, [], 'pushMalformed'],
    [200, { id: '2' }, 'pushMalformed'],
  ])('a read that is answered with %s %j is the answer', async (status, body, type) => {
    const { push, asked } = await open(withRow(status, body));
    expect(await push(edit('1'))).toMatchObject({ type });
    expect(await push(removal(first))).toMatchObject({ type });
    expect(new Set(asked())).toEqual(new Set(['GET /v1/todos/1']));
  });

  test('F-23: a sign-in page in place of the row is told as one', async () => {
    const { push, asked } = await open((exchange) => exchange.replyText(200, '<!doctype html><p>Welcome'));
    expect(await push(edit('1'))).toMatchObject({ type: 'pushMalformed', isHtml: true });
    expect(asked()).toEqual(['GET /v1/todos/1']);
  });

  test('a gateway that answers 404 to everything deletes nothing', async () => {
    const { push } = await open((exchange) => exchange.replyText(404, '<h1>Not Found'));
    expect(await push(edit('1', { baseUpdatedAt: first }))).toMatchObject({ type: 'pushMalformed' });
    expect(await push(removal(first))).toMatchObject({ type: 'pushMalformed' });
  });
});

test('a body of null says that there is no row: for a read, and for a write that names the version', async () => {
  const list = { read: async () => ({ status: 200, body: null }) };
  const none = await open(withRow(404), list);
  expect(await none.transport.fetch({ kind: 'todos', id: '1' })).toEqual({ type: 'fetchNotFound' });
  expect(await none.push(edit('1', { creates: true }))).toMatchObject({ type: 'pushSuccess' });
  expect(await none.push(edit('1', { baseUpdatedAt: first }))).toMatchObject({ type: 'pushNotFound' });
  const raced = await open(withRow(200, stored), {
    update: async () => ({ status: 200, body: null }),
    remove: async () => ({ status: 200, body: null }),
  });
  expect(await raced.push(edit('1', { baseUpdatedAt: first }))).toMatchObject({ type: 'pushConflict' });
  expect(await raced.push(removal(first))).toMatchObject({ type: 'pushConflict' });
});

test('I9, I11: after the read nothing is written when the push was aborted, or when the last look forbids it', async () => {
  for (const how of ['abort', 'look'] as const) {
    const controller = new AbortController();
    let isOver = false;
    if (how === 'look') setLastLook(controller.signal, () => isOver && controller.abort());
    let written = 0;
    const { push, asked } = await open(withRow(200, stored), {
      update: async () => {
        written += 1;
        return { status: 204 };
      },
      read: async (request, http) => {
        const answer = await calls.read(request, http);
        isOver = true;
        if (how === 'abort') controller.abort();
        return answer;
      },
    });
    expect((await push(edit('1', { baseUpdatedAt: first }), controller.signal))?.type).toMatch(/Ambiguous|Unavailable/);
    // What would leave late has left by then.
    await new Promise(setImmediate);
    expect(asked(), how).toEqual(['GET /v1/todos/1']);
    expect(written, how).toBe(0);
  }
});

test('a request has its path, query, headers and token, and its numbers keep every digit', async () => {
  const { transport, server, asked } = await open(
    (exchange) =>
      exchange.method === 'GET' && exchange.url.includes('?')
        ? exchange.replyText(200, '[{"id":"a/b","big":9007199254740993,"updated_at":"x"}]', {
            Date: 'Wed, 01 Jan 2025 00:00:00 GMT',
          })
        : exchange.reply(404),
    { headers: { apikey: 'k' } },
    { token: () => 'Bearer t' },
  );
  const page = await transport.pull({ kind: 'todos', updatedSince: first, pageSize: 5, includeDeleted: true });
  expect(page.clockOffsetMs).toBeLessThan(0);
  await transport.push([{ ...edit('a/b'), payload: { ...page.items[0] } } as Op], {});
  expect(asked()).toEqual([
    `GET /v1/todos?since=${encodeURIComponent(first)}&limit=5`,
    'GET /v1/todos/a%2Fb',
    'POST /v1/todos',
    ...asked().slice(3),
  ]);
  expect(server.requests[0]?.headers).toMatchObject({
    authorization: 'Bearer t',
    apikey: 'k',
    accept: 'application/json',
  });
  expect(server.requests[2]?.text).toContain('9007199254740993');
});

test('refusals, redirects and text keep their form: as is called for the JSON of a success only', async () => {
  const { transport, push } = await open(
    (exchange) => {
      if (exchange.method === 'GET') exchange.reply(404);
      else if (idOf(exchange) === 'todos') exchange.reply(422, { message: 'Too long.' });
    },
    {
      create: ({ payload }, http) =>
        http({ method: 'POST', path: ['todos'], body: payload, as: () => expect.unreachable() }),
      list: (_, http) => http({ path: ['moved'], as: () => expect.unreachable() }),
    },
  );
  expect(await push(edit('1', { creates: true }))).toMatchObject({ type: 'pushRejected', message: 'Too long.' });
  await expect(transport.pull({ kind: 'todos', updatedSince: '', pageSize: 1, includeDeleted: true })).rejects.toThrow(
    /404/,
  );
});

test('health is asked, and a wrong option is named', async () => {
  const { transport, asked } = await open((exchange) => exchange.reply(200));
  expect(await transport.health({})).toBe(true);
  expect(asked()).toEqual(['GET /v1/up']);
  expect(() => crudSend({ url: '/api', ...calls })).toThrow('crudSend: url must be an absolute http(s) URL');
  expect(() => crudSend({ url: 'http://x', ...calls, remove: undefined as never })).toThrow('crudSend: remove must be');
});
