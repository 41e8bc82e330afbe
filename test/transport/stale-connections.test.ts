import axios from 'axios';
import { Agent } from 'node:http';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { setLastLook } from '../../src/model/last-look.ts';
import type { TransportCapabilities } from '../../src/model/transport.ts';
import { RestTransport, type RestTransportOptions } from '../../src/transport.ts';
import { stubServer, type Exchange, type StubServer } from './stub-server.ts';
import { echo, edit, typesOf } from './todo-ops.ts';

type Ending = 'closes' | 'resets' | 'answers in part';

interface Middlebox {
  /** From now on each request over a connection that already carried one ends it, at most so many times. */
  armed: number;
  /** Also requests over new connections. */
  cutsNewOnes: boolean;
  readonly ended: Exchange[];
  /** Writes are answered when so many wait. */
  together: number;
}

/** A server behind a box that drops idle connections, and tells the client only when the next request arrives. */
async function behindMiddlebox(
  ending: Ending = 'closes',
): Promise<{ readonly server: StubServer; readonly box: Middlebox }> {
  const box: Middlebox = { armed: 0, cutsNewOnes: false, ended: [], together: 1 };
  const waiting: Exchange[] = [];
  const used = new WeakSet<Socket>();
  const server = await stubServer((exchange) => {
    const { socket, method } = exchange;
    const isOld = used.has(socket);
    used.add(socket);
    if (box.armed > 0 && (isOld || box.cutsNewOnes)) {
      box.armed -= 1;
      box.ended.push(exchange);
      if (ending === 'resets') socket.resetAndDestroy();
      else if (ending === 'closes') socket.end();
      else socket.write('HTTP/1.1 200 OK\r\nContent-Le', () => socket.destroy());
    } else if (method === 'PUT') {
      waiting.push(exchange);
      if (waiting.length >= box.together) waiting.splice(0).forEach(echo);
    } else if (method === 'POST') {
      const ops = exchange.json['ops'] as { opId: string; id: string }[];
      exchange.reply(200, {
        results: ops.map(({ opId, id }) => ({
          opId,
          statusCode: 200,
          data: { id, updated_at: '2025-01-01T00:00:00Z' },
        })),
      });
    } else exchange.reply(method === 'DELETE' ? 204 : 200, method === 'DELETE' ? undefined : { items: [], id: 'a' });
  });
  return { server, box };
}

const first = { kind: 'todos', updatedSince: '1970-01-01T00:00:00.000Z', pageSize: 10, includeDeleted: true } as const;

/** A transport that keeps this many idle connections, each of which the box has dropped. */
async function warm(
  options: Partial<RestTransportOptions> = {},
  ending?: Ending,
): Promise<{ rest: RestTransport; server: StubServer; box: Middlebox }> {
  const { server, box } = await behindMiddlebox(ending);
  const rest = new RestTransport({ baseUrl: server.baseUrl, ...options });
  await rest.pull(first);
  return { rest, server, box };
}

describe('F-162: a kept-alive connection that is gone when the next request uses it', () => {
  test.each<Ending>(['closes', 'resets'])(
    'I2: the box %s it: resends the same write at once with the same key',
    async (ending) => {
      const { rest, server, box } = await warm({}, ending);
      box.armed = 1;
      const op = edit('a', { baseUpdatedAt: 'v1', opId: 'op1' });
      expect(typesOf((await rest.push([op], {})).results)).toEqual(['pushSuccess']);
      const writes = server.requests.filter(({ method }) => method === 'PUT');
      expect(box.ended).toHaveLength(1);
      expect(writes).toHaveLength(2);
      const [lost, again] = writes;
      expect(again?.text).toBe(lost?.text);
      expect(again?.headers).toEqual(lost?.headers);
      expect(again?.headers['x-idempotency-key']).toBe('op1');
    },
  );

  test('also repeats reads, probes, deletes and batches', async () => {
    const { rest, box } = await warm();
    box.armed = 1;
    expect(await rest.pull(first)).toMatchObject({ items: [] });
    box.armed = 1;
    expect(await rest.fetch({ kind: 'todos', id: 'a' })).toMatchObject({ type: 'fetchSuccess' });
    box.armed = 1;
    expect(await rest.health()).toBe(true);
    box.armed = 1;
    expect(typesOf((await rest.push([{ ...edit('a'), type: 'delete' }], {})).results)).toEqual(['pushSuccess']);
    expect(box.ended).toHaveLength(4);
    const batches = await warm({ enableBatch: true });
    batches.box.armed = 1;
    expect(typesOf((await batches.rest.push([edit('a'), edit('b')], {})).results)).toEqual([
      'pushSuccess',
      'pushSuccess',
    ]);
    const [lost, again] = batches.server.requests.filter(({ method }) => method === 'POST');
    expect(again?.text).toBe(lost?.text);
  });

  test('does not try the other idle connections: all of them fail together', async () => {
    const { rest, server, box } = await warm({ pushConcurrency: 4 });
    box.together = 4;
    await rest.push(
      ['a', 'b', 'c', 'd'].map((id) => edit(id)),
      {},
    );
    expect(server.mostInFlight()).toBe(4);
    box.together = 1;
    box.armed = Infinity;
    expect(typesOf((await rest.push([edit('e')], {})).results)).toEqual(['pushSuccess']);
    expect(box.ended).toHaveLength(1);
    expect(
      typesOf(
        (
          await rest.push(
            ['f', 'g', 'h', 'i'].map((id) => edit(id)),
            {},
          )
        ).results,
      ),
    ).toEqual(Array(4).fill('pushSuccess'));
  });

  test('only once: a repeat that is also cut is ambiguous', async () => {
    const { rest, box } = await warm();
    box.armed = Infinity;
    box.cutsNewOnes = true;
    expect(typesOf((await rest.push([edit('a')], {})).results)).toEqual(['pushAmbiguous']);
    expect(box.ended).toHaveLength(2);
  });

  test('I2: if nothing listens at the repeat, the first request may still have arrived', async () => {
    const { rest, server, box } = await warm();
    box.armed = 1;
    const pushed = rest.push([edit('a')], {});
    await server.arrived(2);
    await server.close();
    const { results } = await pushed;
    expect(results[0]?.result).toMatchObject({ type: 'pushAmbiguous' });
  });

  test('a cut new connection is not a stale one', async () => {
    const { server, box } = await behindMiddlebox();
    box.armed = 1;
    box.cutsNewOnes = true;
    const rest = new RestTransport({ baseUrl: server.baseUrl });
    expect(typesOf((await rest.push([edit('a')], {})).results)).toEqual(['pushAmbiguous']);
    expect(server.requests).toHaveLength(1);
  });

  test('does not repeat a request whose answer had started', async () => {
    const { rest, server, box } = await warm({}, 'answers in part');
    box.armed = 1;
    expect(typesOf((await rest.push([edit('a')], {})).results)).toEqual(['pushAmbiguous']);
    expect(server.requests).toHaveLength(2);
  });

  test('F-143, I9: repeats no request that must not leave any more', async () => {
    const { rest, server, box } = await warm();
    box.armed = 1;
    const controller = new AbortController();
    setLastLook(controller.signal, () => {
      if (box.ended.length > 0) controller.abort();
    });
    expect(typesOf((await rest.push([edit('a')], { signal: controller.signal })).results)).toEqual(['pushAmbiguous']);
    expect(server.requests.filter(({ method }) => method === 'PUT')).toHaveLength(1);
  });

  test('a server that ignores keys gets no write twice, but reads', async () => {
    class Keyless extends RestTransport {
      override readonly capabilities: TransportCapabilities = { idempotency: 'none' };
    }
    const { server, box } = await behindMiddlebox();
    const rest = new Keyless({ baseUrl: server.baseUrl });
    await rest.pull(first);
    box.armed = 1;
    expect(await rest.pull(first)).toMatchObject({ items: [] });
    box.armed = 1;
    expect(typesOf((await rest.push([edit('a')], {})).results)).toEqual(['pushAmbiguous']);
    expect(server.requests.filter(({ method }) => method === 'PUT')).toHaveLength(1);
  });

  test("also in Node with the app's own axios", async () => {
    const httpAgent = new Agent({ keepAlive: true });
    const { rest, box } = await warm({ axios: axios.create({ httpAgent, adapter: 'http' }) });
    box.armed = 1;
    expect(typesOf((await rest.push([edit('a')], {})).results)).toEqual(['pushSuccess']);
    expect(box.ended).toHaveLength(1);
    httpAgent.destroy();
  });
});
