import { afterEach, describe, expect, test } from 'vitest';
import type { ConflictStrategy } from '../../src/model/conflict.ts';
import type { JsonObject } from '../../src/model/values/json.ts';
import { pushConflict, pushNotFound, type TransportAdapter } from '../../src/model/transport.ts';
import { syncTable } from '../../src/persistence/tables/sync-table.ts';
import { createTransport } from '../../src/transport/create-transport.ts';
import type { RemoteAnswer } from '../../src/transport/http/remote-request.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { openEngine, type EngineBench, type EngineBenchOptions } from '../support/open-engine.ts';
import { todoEntity, todoOf } from '../support/todo.ts';
import { stubServer, type Exchange } from '../transport/stub-server.ts';

const strategies: readonly ConflictStrategy[] = [
  'autoPreserve',
  'serverWins',
  'clientWins',
  'lastWriteWins',
  'merge',
  'manual',
];
const html404 = (exchange: Exchange): void =>
  exchange.replyText(404, '<html><h1>404 Not Found</h1>nginx</html>', { 'Content-Type': 'text/html' });
const serverRow = (id: string, changes: JsonObject = {}): JsonObject => ({
  id,
  title: `title of ${id}`,
  done: false,
  updatedAt: '2026-05-01T10:00:00.000Z',
  ...changes,
});

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A server that lists these rows, fetches them, and answers writes as the test says. */
async function serverOf(rows: Map<string, JsonObject>, write: (exchange: Exchange, id: string) => void) {
  let isGateway = false;
  const stub = await stubServer((exchange) => {
    if (isGateway) return html404(exchange);
    const url = new URL(exchange.url, 'http://server');
    const [, , id] = url.pathname.split('/');
    if (url.pathname === '/health') return exchange.reply(200, {});
    if (exchange.method !== 'GET') return write(exchange, decodeURIComponent(id ?? ''));
    if (id === undefined)
      return exchange.reply(200, { items: url.searchParams.has('afterId') ? [] : [...rows.values()], hasMore: false });
    const row = rows.get(id);
    return row === undefined ? exchange.reply(404, { detail: 'Not found.' }) : exchange.reply(200, row);
  });
  return {
    ...stub,
    setGateway: (on: boolean) => void (isGateway = on),
    writes: () => stub.requests.filter(({ method }) => method !== 'GET'),
  };
}

async function open(
  baseUrl: string,
  strategy: ConflictStrategy,
  options: EngineBenchOptions = {},
): Promise<EngineBench> {
  const bench = await openEngine({
    tables: [syncTable(todoEntity, { conflict: { strategy } })],
    transport: new RestTransport({ baseUrl, enableBatch: false }),
    config: { maxOutboxTryCount: 3 },
    ...options,
  });
  closing.push(() => bench.close());
  return bench;
}
const sync = (bench: EngineBench): Promise<unknown> => bench.engine.sync().catch((error: unknown) => error);
const told = (bench: EngineBench) =>
  bench.told.filter(({ type }) => type.startsWith('conflict.') || type.startsWith('op.')).map(({ type }) => type);
const editTitle = async (bench: EngineBench, id: string, title: string): Promise<void> => {
  const row = (await bench.row(id))!;
  await bench.writer.replaceAndEnqueueDiff(row, { ...row, title });
};

describe.each(strategies)('under %s', (strategy) => {
  test('F-150, I1: a gateway that answers 404 for a while loses no delete, edit or creation', async () => {
    const rows = new Map(['a', 'b'].map((id) => [id, serverRow(id)]));
    const server = await serverOf(rows, (exchange, id) => {
      if (exchange.method === 'DELETE') rows.delete(id);
      else rows.set(id, { ...rows.get(id), ...(exchange.json as JsonObject), updatedAt: '2026-05-01T10:00:09.000Z' });
      if (exchange.method === 'DELETE') exchange.reply(204);
      else exchange.reply(200, rows.get(id));
    });
    const bench = await open(server.baseUrl, strategy);
    await bench.engine.sync();
    await bench.writer.enqueueDelete('a');
    await editTitle(bench, 'b', 'mine');
    await bench.writer.insertAndEnqueue(todoOf('new'));
    server.setGateway(true);
    for (let run = 0; run < 3; run++) await sync(bench);
    expect(await bench.queued()).toHaveLength(3);
    expect(told(bench).filter((type) => type !== 'op.failed')).toEqual([]);
    expect(await bench.row('b')).toMatchObject({ title: 'mine' });
    expect(await bench.row('new')).not.toBeNull();
    server.setGateway(false);
    bench.skipWaits();
    await bench.engine.sync();
    expect(await bench.queued()).toEqual([]);
    expect([...rows.keys()].sort()).toEqual(['b', 'new']);
    expect(rows.get('b')).toMatchObject({ title: 'mine' });
  });

  test.each([
    ['an uncoded 404', 404, { detail: 'Not found.' }, /^Not found\.$/],
    ['a coded 404', 404, { error: 'not_found', message: 'PUT does not create' }, /^PUT does not create$/],
    [
      'a 409 for a UNIQUE value',
      409,
      { error: 'duplicate', message: "title 'Milk' is taken" },
      /^title 'Milk' is taken$/,
    ],
    [
      'a 409 that shows the other row',
      409,
      { error: 'duplicate', message: 'taken by s1', current: serverRow('s1') },
      /^taken by s1$/,
    ],
  ] as const)(
    'F-151: treats a creation answered with %s as refused; it stays and shows why',
    async (_, status, body, words) => {
      const server = await serverOf(new Map(), (exchange) => exchange.reply(status, body));
      const bench = await open(server.baseUrl, strategy);
      await bench.writer.insertAndEnqueue(todoOf('mine', { title: 'Milk' }));
      await sync(bench);
      expect(told(bench)).toEqual(['op.failed']);
      expect(bench.told.find(({ type }) => type === 'op.failed')).toMatchObject({
        errorInfo: {
          statusCode: status,
          category: 'validation',
          retryable: false,
          message: expect.stringMatching(words) as string,
        },
      });
      expect(await bench.row('mine')).toMatchObject({ title: 'Milk' });
      for (let run = 0; run < 3; run++) await sync(bench);
      expect(server.writes()).toHaveLength(3);
      expect(bench.engine.status()).toMatchObject({ stuck: 1, conflicts: 0 });
      expect(await bench.engine.explain()).toMatchObject([
        { reason: 'stuck', tryCount: 3, lastError: expect.stringMatching(words) as string },
      ]);
    },
  );

  test.each([
    ['with the row', true],
    ['without the row', false],
  ])('F-151: an edit or delete refused on its base version is not a conflict, %s', async (_, shows) => {
    const rows = new Map(['s', 't'].map((id) => [id, serverRow(id)]));
    const server = await serverOf(rows, (exchange, id) =>
      exchange.reply(409, {
        error: 'locked',
        message: 'The invoice is closed',
        ...(shows ? { current: rows.get(id) } : {}),
      }),
    );
    const bench = await open(server.baseUrl, strategy);
    await bench.engine.sync();
    await editTitle(bench, 's', 'mine');
    await bench.writer.enqueueDelete('t');
    await sync(bench);
    expect(told(bench)).toEqual(['op.failed', 'op.failed']);
    expect(await bench.row('s')).toMatchObject({ title: 'mine' });
    expect(await bench.engine.explain()).toMatchObject([
      { lastError: 'The invoice is closed' },
      { lastError: 'The invoice is closed' },
    ]);
    for (let run = 0; run < 3; run++) await sync(bench);
    expect(server.writes()).toHaveLength(6);
    expect(bench.engine.status()).toMatchObject({ stuck: 2, conflicts: 0 });
  });

  test('F-151: an edit answered with 404 is not a deletion while the row can be fetched', async () => {
    const rows = new Map([['s', serverRow('s')]]);
    const server = await serverOf(rows, (exchange) =>
      exchange.reply(404, { error: 'not_found', message: 'list l1 does not exist' }),
    );
    const bench = await open(server.baseUrl, strategy);
    await bench.engine.sync();
    await editTitle(bench, 's', 'mine');
    await sync(bench);
    expect(told(bench)).toEqual(['op.failed']);
    expect(await bench.engine.explain()).toMatchObject([{ lastError: 'list l1 does not exist' }]);
    expect(await bench.row('s')).toMatchObject({ title: 'mine' });
  });

  test('F-151: handles batch items alike', async () => {
    const rows = new Map([['s', serverRow('s')]]);
    const server = await serverOf(rows, (exchange) => {
      const ops = exchange.json['ops'] as { readonly opId: string; readonly id: string }[];
      exchange.reply(200, {
        results: ops.map(({ opId, id }) => ({
          opId,
          statusCode: id === 'n1' ? 404 : 409,
          error: 'refused',
          message: `no ${id}`,
          current: rows.get(id),
        })),
      });
    });
    const bench = await open(server.baseUrl, strategy, {
      transport: new RestTransport({ baseUrl: server.baseUrl, enableBatch: true }),
    });
    await bench.engine.sync();
    await editTitle(bench, 's', 'mine');
    for (const id of ['n1', 'n2']) await bench.writer.insertAndEnqueue(todoOf(id));
    await sync(bench);
    expect(told(bench)).toEqual(['op.failed', 'op.failed', 'op.failed']);
    expect((await bench.engine.explain()).map(({ lastError }) => lastError)).toEqual(['no s', 'no n1', 'no n2']);
  });

  test('F-151: handles createTransport and app adapters alike, also after a restart', async () => {
    const current = serverRow('s');
    const answers: Record<string, RemoteAnswer> = {
      s: { status: 409, body: { message: 'locked', current } },
      new: { status: 404, body: { message: 'no route' } },
    };
    const remote = createTransport({
      send: ({ action, id }) =>
        Promise.resolve(
          action === 'list'
            ? { status: 200, body: { items: [current], hasMore: false } }
            : action === 'upsert'
              ? answers[id]!
              : id === 's'
                ? { status: 200, body: current }
                : { status: 404, body: { error: 'not_found' } },
        ),
    });
    const custom: TransportAdapter = {
      ...remote,
      push: (ops) =>
        Promise.resolve({
          results: ops.map(({ opId, id }) => ({
            opId,
            result:
              id === 's'
                ? pushConflict({ serverData: current, message: 'locked' })
                : pushNotFound(404, { message: 'no route' }),
          })),
        }),
    };
    for (const transport of [remote, custom]) {
      const bench = await open('http://unused', strategy, { transport });
      await bench.engine.sync();
      await editTitle(bench, 's', 'mine');
      await bench.writer.insertAndEnqueue(todoOf('new'));
      await sync(bench);
      const again = await bench.reopen();
      closing.push(() => again.close());
      await sync(again);
      for (const { told: events } of [bench, again]) {
        expect(
          events.map(({ type }) => type).filter((type) => type.startsWith('conflict.') || type.startsWith('op.')),
        ).toEqual(['op.failed', 'op.failed']);
      }
      expect((await again.engine.explain()).map(({ lastError, tryCount }) => [lastError, tryCount])).toEqual([
        ['locked', 2],
        ['no route', 2],
      ]);
    }
  });
});

test('F-151: a resolution refused on the row it was decided on is not a new conflict, forced or not', async () => {
  for (const strategy of ['autoPreserve', 'clientWins'] as const) {
    const rows = new Map([['s', serverRow('s')]]);
    const server = await serverOf(rows, (exchange, id) =>
      exchange.reply(409, { error: 'duplicate', message: 'the title is taken', current: rows.get(id) }),
    );
    const bench = await open(server.baseUrl, strategy);
    await bench.engine.sync();
    await editTitle(bench, 's', 'mine');
    rows.set('s', serverRow('s', { done: true, updatedAt: '2026-05-01T10:00:05.000Z' }));
    await sync(bench);
    // The one that met the conflict, and the one that resolves it.
    expect(server.writes()).toHaveLength(2);
    expect(bench.told.find(({ type }) => type === 'op.failed')).toMatchObject({
      errorInfo: { message: 'the title is taken' },
    });
    expect(await bench.row('s')).toMatchObject({ title: 'mine' });
  }
});

test('F-150: a delete on a server without a DELETE route stays in the queue and shows why', async () => {
  const rows = new Map([['a', serverRow('a')]]);
  const server = await serverOf(rows, (exchange) => exchange.replyText(404, '<pre>Cannot DELETE /todos/a</pre>'));
  const bench = await open(server.baseUrl, 'serverWins');
  await bench.engine.sync();
  await bench.writer.enqueueDelete('a');
  await sync(bench);
  expect(told(bench)).toEqual(['op.failed']);
  expect(await bench.engine.explain()).toMatchObject([
    { lastError: expect.stringContaining('the row still exists') as string },
  ]);
});

test('F-150: an edit of a really deleted row is still a deletion, even with an unclear 404', async () => {
  const rows = new Map([['a', serverRow('a')]]);
  const server = await serverOf(rows, (exchange) => exchange.reply(404, { detail: 'Not found.' }));
  const bench = await open(server.baseUrl, 'serverWins');
  await bench.engine.sync();
  await editTitle(bench, 'a', 'mine');
  rows.delete('a');
  await sync(bench);
  expect(bench.told.filter(({ type }) => type === 'op.discarded')).toMatchObject([
    { reason: 'serverDeleted', givenUp: [{ entityId: 'a' }] },
  ]);
  expect(await bench.queued()).toEqual([]);
});
