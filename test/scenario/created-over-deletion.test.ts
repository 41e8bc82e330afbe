import { afterEach, describe, expect, test } from 'vitest';
import type { ConflictStrategy } from '../../src/model/conflict.ts';
import { acceptClient, acceptServer } from '../../src/model/conflict.ts';
import type { JsonObject } from '../../src/model/values/json.ts';
import type { TransportAdapter } from '../../src/model/transport.ts';
import { syncTable } from '../../src/persistence/tables/sync-table.ts';
import { createTransport } from '../../src/transport/create-transport.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { openEngine, type EngineBench, type EngineBenchOptions } from '../support/open-engine.ts';
import { todoEntity, todoOf } from '../support/todo.ts';
import { stubServer, type Exchange } from '../transport/stub-server.ts';

/** Later than the clock of the tests, so that `lastWriteWins` takes the side of the server. */
const inFuture = '2999-05-01T10:00:00.000Z';
const inPast = '2001-05-01T10:00:00.000Z';
const tombstone = (id: string, updatedAt = inFuture): JsonObject => ({
  id,
  title: 'of somebody else',
  done: false,
  updatedAt,
  deletedAt: updatedAt,
});

const strategies: readonly ConflictStrategy[] = [
  'autoPreserve',
  'serverWins',
  'clientWins',
  'lastWriteWins',
  'merge',
  'manual',
];
/** The strategies that take the side of the server, or of nobody, against a deletion that is later. */
const parks: readonly ConflictStrategy[] = ['serverWins', 'lastWriteWins', 'manual'];

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

type Write = (exchange: Exchange, id: string, rows: Map<string, JsonObject>) => void;

/** A server with tombstones: it lists and fetches them, and answers writes as the test says. */
async function serverOf(rows: Map<string, JsonObject>, write: Write) {
  const stub = await stubServer((exchange) => {
    const url = new URL(exchange.url, 'http://server');
    const [, , id] = url.pathname.split('/');
    if (url.pathname === '/health') return exchange.reply(200, {});
    if (exchange.method !== 'GET') return write(exchange, decodeURIComponent(id ?? ''), rows);
    // Nothing is listed: a pull that brought the tombstone would tell the client more than this is about.
    if (id === undefined) return exchange.reply(200, { items: [], hasMore: false });
    const row = rows.get(id);
    return row === undefined ? exchange.reply(404, { error: 'not_found' }) : exchange.reply(200, row);
  });
  return { ...stub, writes: () => stub.requests.filter(({ method }) => method !== 'GET') };
}

const take = (exchange: Exchange, id: string, rows: Map<string, JsonObject>): void => {
  rows.set(id, { ...rows.get(id), ...exchange.json, updatedAt: '2026-05-01T11:00:00.000Z', deletedAt: null });
  exchange.reply(200, rows.get(id));
};

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

/** The ways in which a server that refuses the first write tells of the tombstone. */
const answers: readonly (readonly [string, (exchange: Exchange, current: JsonObject) => void])[] = [
  ['a 409 with the tombstone', (exchange, current) => exchange.reply(409, { error: 'conflict', current })],
  ['a 409 without a row', (exchange) => exchange.reply(409, { error: 'conflict' })],
];
/** A row that was never there cannot be missing: these refuse. */
const refusals: readonly (readonly [string, number])[] = [
  ['not_found', 404],
  ['gone', 410],
];

describe.each(strategies)('under %s', (strategy) => {
  describe.each(answers)('a creation that meets a deletion, reported by %s', (_, refuse) => {
    test('F-151, F-161, I1: is created again or waits for a person, and never leaves automatically', async () => {
      const rows = new Map([['t', tombstone('t')]]);
      let refused = 0;
      const server = await serverOf(rows, (exchange, id) =>
        refused++ === 0 ? refuse(exchange, rows.get(id)!) : take(exchange, id, rows),
      );
      const bench = await open(server.baseUrl, strategy);
      await bench.writer.insertAndEnqueue(todoOf('t', { title: 'mine' }));
      for (let run = 0; run < 3; run++) await sync(bench);
      expect(told(bench)).not.toContain('op.discarded');
      expect(await bench.row('t')).toMatchObject({ title: 'mine', deletedAt: null, deletedAtLocal: null });
      if (!parks.includes(strategy)) return expect(rows.get('t')).toMatchObject({ title: 'mine', deletedAt: null });
      const [opId] = await bench.queued();
      expect(await bench.engine.explain()).toMatchObject([{ reason: 'conflict' }]);
      expect(await bench.engine.conflicts()).toMatchObject([
        { state: 'awaiting', conflict: { serverDeleted: true, isCreation: true } },
      ]);
      await bench.engine.resolveConflict(opId!, acceptClient());
      await sync(bench);
      expect(rows.get('t')).toMatchObject({ title: 'mine', deletedAt: null });
      expect(await bench.queued()).toEqual([]);
    });
  });

  test.each(refusals)(
    'F-151: treats a creation answered with %s as refused, whatever the server has',
    async (error, status) => {
      const rows = new Map([['t', tombstone('t')]]);
      const server = await serverOf(rows, (exchange) => exchange.reply(status, { error, message: 'no such list' }));
      const bench = await open(server.baseUrl, strategy);
      await bench.writer.insertAndEnqueue(todoOf('t', { title: 'mine' }));
      for (let run = 0; run < 4; run++) await sync(bench);
      expect(new Set(told(bench))).toEqual(new Set(['op.failed', 'op.stuck']));
      expect(await bench.row('t')).toMatchObject({ title: 'mine', deletedAt: null });
      expect(await bench.engine.explain()).toMatchObject([{ reason: 'stuck', lastError: 'no such list' }]);
    },
  );

  test('F-151: handles batch items and createTransport alike, also after a restart', async () => {
    const rows = new Map([['t', tombstone('t')]]);
    const server = await serverOf(rows, (exchange, id) => {
      const ops = exchange.json['ops'] as { readonly opId: string; readonly id: string }[] | undefined;
      if (ops === undefined) return exchange.reply(409, { error: 'conflict', current: rows.get(id) });
      exchange.reply(200, {
        results: ops.map(({ opId, id }) => ({ opId, statusCode: 409, error: 'conflict', current: rows.get(id) })),
      });
    });
    const remote = createTransport({
      send: ({ action, id }) =>
        Promise.resolve(
          action === 'list'
            ? { status: 200, body: { items: [], hasMore: false } }
            : action === 'upsert'
              ? { status: 409, body: { message: 'was deleted', current: rows.get(id)! } }
              : { status: 200, body: rows.get(id)! },
        ),
    });
    const adapters: readonly TransportAdapter[] = [
      new RestTransport({ baseUrl: server.baseUrl, enableBatch: true }),
      remote,
    ];
    for (const transport of adapters) {
      const bench = await open(server.baseUrl, strategy, { transport });
      await bench.writer.insertAndEnqueue(todoOf('t', { title: 'mine' }));
      await bench.writer.insertAndEnqueue(todoOf('u', { title: 'mine too' }));
      rows.set('u', tombstone('u'));
      await sync(bench);
      const again = await bench.reopen();
      closing.push(() => again.close());
      for (let run = 0; run < 4; run++) await sync(again);
      expect([...told(bench), ...told(again)]).not.toContain('op.discarded');
      expect(await again.row('t')).toMatchObject({ title: 'mine', deletedAt: null, deletedAtLocal: null });
      expect(await again.queued()).toHaveLength(2);
      const reasons = (await again.engine.explain()).map(({ reason }) => reason);
      expect(reasons).toEqual(parks.includes(strategy) ? ['conflict', 'conflict'] : ['stuck', 'stuck']);
    }
  });

  test("F-151: a recreation refused over the same deletion shows the server's message", async () => {
    const rows = new Map([['t', tombstone('t', inPast)]]);
    const server = await serverOf(rows, (exchange, id) =>
      exchange.reply(409, { error: 'retired', message: 'the number t is retired for good', current: rows.get(id) }),
    );
    const bench = await open(server.baseUrl, strategy);
    await bench.writer.insertAndEnqueue(todoOf('t', { title: 'mine' }));
    for (let run = 0; run < 4; run++) await sync(bench);
    expect(told(bench)).not.toContain('op.discarded');
    expect(await bench.row('t')).toMatchObject({ title: 'mine' });
    if (strategy === 'serverWins' || strategy === 'manual') return;
    expect(await bench.engine.explain()).toMatchObject([
      { reason: 'stuck', lastError: 'the number t is retired for good' },
    ]);
    // The one that met the deletion, and one more per try.
    expect(server.writes()).toHaveLength(4);
  });

  test.each([409, 410])(
    'F-151: a creation with a lost reply and a row deleted meanwhile is an edit against a deletion, reported by %i',
    async (status) => {
      const rows = new Map<string, JsonObject>();
      let writes = 0;
      const server = await serverOf(rows, (exchange, id) => {
        writes += 1;
        if (writes === 1) {
          rows.set(id, tombstone(id));
          exchange.socket.destroy();
        } else if (writes === 2)
          exchange.reply(status, status === 410 ? { error: 'gone' } : { error: 'conflict', current: rows.get(id) });
        else take(exchange, id, rows);
      });
      const bench = await open(server.baseUrl, strategy, { config: { maxRetries: 0 } });
      await bench.writer.insertAndEnqueue(todoOf('t', { title: 'mine' }));
      await sync(bench);
      const again = await bench.reopen();
      closing.push(() => again.close());
      again.skipWaits();
      for (let run = 0; run < 3; run++) await sync(again);
      expect(again.told.find(({ type }) => type === 'conflict.detected')).toMatchObject({
        conflict: { serverDeleted: true },
      });
      expect(again.told.find(({ type }) => type === 'conflict.detected')).not.toMatchObject({
        conflict: { isCreation: true },
      });
      const discarded = again.told.filter(({ type }) => type === 'op.discarded');
      switch (strategy) {
        case 'serverWins':
        case 'lastWriteWins':
          expect(discarded).toMatchObject([
            { reason: 'serverDeleted', givenUp: [{ entityId: 't', data: { title: 'mine' } }] },
          ]);
          return expect(await again.queued()).toEqual([]);
        case 'manual':
          return expect(await again.engine.conflicts()).toMatchObject([{ state: 'awaiting' }]);
        default:
          expect(discarded).toEqual([]);
          return expect(rows.get('t')).toMatchObject({ title: 'mine', deletedAt: null });
      }
    },
  );
});

test('F-151: deciding for the deletion gives the row up, and the event does not say that the server deleted it', async () => {
  const rows = new Map([['t', tombstone('t')]]);
  const server = await serverOf(rows, (exchange, id) =>
    exchange.reply(409, { error: 'conflict', current: rows.get(id) }),
  );
  const bench = await open(server.baseUrl, 'serverWins');
  await bench.writer.insertAndEnqueue(todoOf('t', { title: 'mine' }));
  await sync(bench);
  const [opId] = await bench.queued();
  expect(bench.told.find(({ type }) => type === 'conflict.unresolved')).toMatchObject({
    reason: expect.stringMatching(/never had/) as string,
  });
  await bench.engine.resolveConflict(opId!, acceptServer());
  await sync(bench);
  expect(bench.told.filter(({ type }) => type === 'op.discarded')).toMatchObject([
    { reason: 'acceptServer', givenUp: [{ data: { title: 'mine' } }] },
  ]);
  expect(await bench.queued()).toEqual([]);
});

test('F-151: with skipConflictingOps, gives up a creation that meets a deletion with an event that holds it; the app can restore it', async () => {
  const rows = new Map([['t', tombstone('t')]]);
  const server = await serverOf(rows, (exchange, id) =>
    exchange.reply(409, { error: 'conflict', current: rows.get(id) }),
  );
  const bench = await open(server.baseUrl, 'serverWins', { config: { skipConflictingOps: true } });
  await bench.writer.insertAndEnqueue(todoOf('t', { title: 'mine' }));
  await sync(bench);
  expect(await bench.queued()).toEqual([]);
  expect(bench.told.filter(({ type }) => type === 'op.discarded')).toMatchObject([
    { entityId: 't', givenUp: [{ data: { title: 'mine' } }] },
  ]);
  const [given] = await bench.engine.discarded();
  expect(given).toMatchObject({ entityId: 't', data: { title: 'mine' } });
  await bench.engine.undoDiscard(given?.opId ?? '');
  expect(await bench.queued()).toHaveLength(1);
  expect(await bench.row('t')).toMatchObject({ title: 'mine' });
});
