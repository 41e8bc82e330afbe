import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { deleteOp, type Op } from '../../src/model/operation.ts';
import type { OpPushResult } from '../../src/model/transport.ts';
import { RestTransport } from '../../src/transport.ts';
import { deadUrl, stubServer, type Exchange } from './stub-server.ts';
import { echo, edit, idOf, restWith, typesOf } from './todo-ops.ts';

const ids = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `e${index}`);
const unsent = { type: 'pushUnavailable', dispatched: false };
const healthy = (exchange: Exchange): boolean => {
  if (exchange.url === '/health') exchange.reply(200);
  return exchange.url === '/health';
};

/** Holds requests until the test answers them. */
function holding(): {
  readonly answer: (exchange: Exchange) => void;
  readonly held: Map<string, Exchange>;
  readonly release: (id: string) => void;
} {
  const held = new Map<string, Exchange>();
  return {
    held,
    answer: (exchange) => {
      held.set(idOf(exchange), exchange);
    },
    release: (id) => {
      const exchange = held.get(id);
      if (exchange === undefined) throw new Error(`no request of ${id} is held, only of ${[...held.keys()].join()}`);
      held.delete(id);
      echo(exchange);
    },
  };
}

test('RST-33: with a concurrency of 1 there are never two requests at once', async () => {
  const { rest, server } = await restWith(echo);
  await rest.push(
    ids(10).map((id) => edit(id)),
    {},
  );
  expect(server.requests.map(idOf)).toEqual(ids(10));
  expect(server.mostInFlight()).toBe(1);
});

test('RST-34, F-25: concurrency is a sliding window: a slow request blocks only itself', async () => {
  const server = holding();
  const { rest, server: stub } = await restWith(server.answer, { pushConcurrency: 2 });
  const pushed = rest.push(
    ids(5).map((id) => edit(id)),
    {},
  );
  await stub.arrived(2);
  for (const id of ['e1', 'e2', 'e3']) {
    server.release(id);
    await stub.arrived(Number(id.slice(1)) + 2);
  }
  expect([...server.held.keys()]).toEqual(['e0', 'e4']);
  server.release('e4');
  server.release('e0');
  expect(typesOf((await pushed).results)).toEqual([
    'pushSuccess',
    'pushSuccess',
    'pushSuccess',
    'pushSuccess',
    'pushSuccess',
  ]);
  expect(stub.mostInFlight()).toBe(2);
});

test('I3: sends operations of one entity in sequence; other entities do not wait for them', async () => {
  const server = holding();
  const { rest, server: stub } = await restWith(server.answer, { pushConcurrency: 5 });
  const pushed = rest.push(
    [edit('a', { title: '1' }), edit('a', { title: '2' }), edit('b'), deleteOp({ kind: 'todos', id: 'a' })],
    {},
  );
  await stub.arrived(2);
  expect(stub.requests.map((request) => [idOf(request), request.json['title']])).toEqual([
    ['a', '1'],
    ['b', 'x'],
  ]);
  server.release('b');
  server.release('a');
  await stub.arrived(3);
  server.release('a');
  await stub.arrived(4);
  server.release('a');
  expect(typesOf((await pushed).results)).toEqual(['pushSuccess', 'pushSuccess', 'pushSuccess', 'pushSuccess']);
  expect(
    stub.requests.filter((request) => idOf(request) === 'a').map(({ method, json }) => [method, json['title']]),
  ).toEqual([
    ['PUT', '1'],
    ['PUT', '2'],
    ['DELETE', undefined],
  ]);
});

test("F-24: does not send an entity's later operations after a failure", async () => {
  const { rest, server } = await restWith((exchange) => {
    if (healthy(exchange)) return;
    if (exchange.json['title'] === 'bad') exchange.reply(422, { error: 'invalid' });
    else echo(exchange);
  });
  const { results } = await rest.push(
    [edit('a', { title: 'bad' }), edit('b'), edit('a', { title: 'later' }), edit('b', { title: 'again' })],
    {},
  );
  expect(results.map(({ result }) => result)).toMatchObject([
    { type: 'pushRejected' },
    { type: 'pushSuccess' },
    unsent,
    { type: 'pushSuccess' },
  ]);
  expect(server.requests.map((request) => [idOf(request), request.json['title']])).toEqual([
    ['a', 'bad'],
    ['b', 'x'],
    ['b', 'again'],
  ]);
});

test('RST-30, F-07: 500 operations against a dead port end after one request', async () => {
  const answers: OpPushResult[] = [];
  const ops = ids(500).map((id) => edit(id));
  const { results } = await new RestTransport({ baseUrl: await deadUrl() }).push(ops, {
    onAnswer: (answer) => answers.push(answer),
  });
  expect(results.map(({ opId }) => opId)).toEqual(ops.map(({ opId }) => opId));
  expect(results[0]?.result).toMatchObject({ ...unsent, noConnection: true });
  for (const { result } of results) expect(result).toMatchObject(unsent);
  expect(results.filter(({ result }) => result.type === 'pushUnavailable' && result.noConnection)).toHaveLength(1);
  expect(answers).toHaveLength(500);
});

test('F-07: treats an unknown host as a missing connection', async () => {
  const { results } = await new RestTransport({ baseUrl: 'http://no-such-host.invalid' }).push(
    [edit('1'), edit('2')],
    {},
  );
  expect(results.map(({ result }) => result)).toMatchObject([{ ...unsent, noConnection: true }, unsent]);
});

test.each([
  [401, undefined],
  [429, undefined],
  [503, '1'],
])('F-85: after %i sends nothing more, and awaits answers in flight', async (status, retryAfter) => {
  const { rest, server } = await restWith(
    (exchange) => {
      if (idOf(exchange) === 'e1')
        exchange.reply(status, {}, retryAfter === undefined ? {} : { 'retry-after': retryAfter });
      else if (idOf(exchange) === 'e0') echo(exchange);
      else setImmediate(() => echo(exchange));
    },
    { pushConcurrency: 2 },
  );
  const { results } = await rest.push(
    ids(20).map((id) => edit(id)),
    {},
  );
  const sent = new Set(server.requests.map(idOf));
  expect(sent.size).toBeLessThanOrEqual(4);
  results.forEach(({ result }, index) => {
    if (!sent.has(`e${index}`)) expect(result).toMatchObject(unsent);
    else if (index !== 1) expect(result).toMatchObject({ type: 'pushSuccess' });
  });
});

test('F-07: two failing entities in a row end the push if the health check fails', async () => {
  const { rest, server } = await restWith((exchange) => exchange.reply(500));
  const { results } = await rest.push(
    ids(100).map((id) => edit(id)),
    {},
  );
  expect(server.requests.map(({ url }) => url)).toEqual(['/todos/e0', '/todos/e1', '/health']);
  expect(results.slice(0, 3).map(({ result }) => result)).toMatchObject([
    { dispatched: true, statusCode: 500 },
    { dispatched: true, statusCode: 500 },
    unsent,
  ]);
});

test('F-132: failing operations stop nobody while the server is healthy, with ever rarer health checks', async () => {
  const { rest, server } = await restWith((exchange) => {
    if (healthy(exchange)) return;
    if (idOf(exchange) === 'e39') echo(exchange);
    else exchange.reply(500);
  });
  const { results } = await rest.push(
    ids(40).map((id) => edit(id)),
    {},
  );
  expect(results.at(-1)?.result.type).toBe('pushSuccess');
  expect(
    results.every(
      ({ result }) => result.type === 'pushSuccess' || (result.type === 'pushUnavailable' && result.dispatched),
    ),
  ).toBe(true);
  expect(server.requests.filter(({ url }) => url === '/health')).toHaveLength(5);
});

test('F-132: one failing entity between successful ones never triggers a health check', async () => {
  const { rest, server } = await restWith((exchange) =>
    idOf(exchange) === 'e1' ? exchange.reply(500) : echo(exchange),
  );
  const { results } = await rest.push(
    ids(4).map((id) => edit(id)),
    {},
  );
  expect(typesOf(results)).toEqual(['pushSuccess', 'pushUnavailable', 'pushSuccess', 'pushSuccess']);
  expect(server.requests).toHaveLength(4);
});

test('F-23: behind a captive portal the push ends after two operations', async () => {
  const { rest, server } = await restWith((exchange) =>
    exchange.replyText(200, '<html>Log in</html>', { 'content-type': 'text/html' }),
  );
  const { results } = await rest.push(
    ids(100).map((id) => edit(id)),
    {},
  );
  expect(server.requests).toHaveLength(2);
  expect(results.map(({ result }) => result)).toMatchObject([
    { type: 'pushMalformed' },
    { type: 'pushMalformed' },
    ...ids(98).map(() => unsent),
  ]);
});

test.each([
  ['no byte of an answer', (exchange: Exchange) => exchange.socket.destroy()],
  [
    'half an answer',
    (exchange: Exchange) => {
      exchange.response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      exchange.response.write('{"id":', () => exchange.socket.destroy());
    },
  ],
  [
    'half a chunked answer',
    (exchange: Exchange) => {
      exchange.response.writeHead(200, { 'content-type': 'application/json' });
      exchange.response.write('{"id":"e0"}', () => exchange.socket.destroy());
    },
  ],
])('I2: a connection cut after %s is ambiguous', async (_, cut) => {
  const { rest } = await restWith((exchange) => (idOf(exchange) === 'e0' ? cut(exchange) : echo(exchange)));
  const { results } = await rest.push([edit('e0'), edit('e1')], {});
  expect(typesOf(results)).toEqual(['pushAmbiguous', 'pushSuccess']);
});

test.each([
  ['never answers', () => undefined],
  [
    'stalls in the middle of the body',
    (exchange: Exchange) => {
      exchange.response.writeHead(200, { 'content-type': 'application/json' });
      exchange.response.write('{"id":');
    },
  ],
])('F-06: gives up a server that %s after requestTimeoutMs', async (_, stall) => {
  const { rest, server } = await restWith(stall, { requestTimeoutMs: 40 });
  const { results } = await rest.push(
    ids(20).map((id) => edit(id)),
    {},
  );
  expect(results.map(({ result }) => result)).toMatchObject([
    { type: 'pushAmbiguous', timedOut: true },
    { type: 'pushAmbiguous', timedOut: true },
    ...ids(18).map(() => unsent),
  ]);
  expect(server.requests.map(({ url }) => url)).toEqual(['/todos/e0', '/todos/e1', '/health']);
});

test.each([
  ['never answers a handshake', () => undefined],
  ['hangs up during the handshake', (socket: { destroy(): void }) => socket.destroy()],
])('F-06: a connection that %s proves that nothing was sent', async (_, greet) => {
  const sockets: { destroy(): void }[] = [];
  const deaf = createTcpServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    greet(socket);
  });
  await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    deaf.close();
    for (const socket of sockets) socket.destroy();
  });
  // TLS sends the request only after its handshake.
  const rest = new RestTransport({
    baseUrl: `https://127.0.0.1:${(deaf.address() as AddressInfo).port}`,
    requestTimeoutMs: 200,
  });
  expect((await rest.push([edit('1')], {})).results[0]?.result).toMatchObject({ ...unsent, noConnection: true });
});

test('I9: an aborted push settles at once with its answers, and the requests end', async () => {
  const controller = new AbortController();
  const { rest, server } = await restWith(
    (exchange) => {
      if (idOf(exchange) === 'e0') echo(exchange);
    },
    { pushConcurrency: 3 },
  );
  const answers: OpPushResult[] = [];
  const pushed = rest.push(
    ids(50).map((id) => edit(id)),
    { signal: controller.signal, onAnswer: (answer) => answers.push(answer) },
  );
  await server.arrived(4);
  const abortedAt = performance.now();
  controller.abort();
  const { results } = await pushed;
  expect(performance.now() - abortedAt).toBeLessThan(50);
  expect(results.map(({ result }) => result)).toMatchObject([
    { type: 'pushSuccess' },
    { type: 'pushAmbiguous' },
    { type: 'pushAmbiguous' },
    { type: 'pushAmbiguous' },
    ...ids(46).map(() => unsent),
  ]);
  expect(new Set(answers.map(({ opId }) => opId)).size).toBe(50);
  expect(answers).toHaveLength(50);
  expect(server.requests).toHaveLength(4);
});

test('I9: a push that starts aborted sends nothing and requests no token', async () => {
  let asked = 0;
  const { rest, server } = await restWith(echo, {
    token: () => {
      asked += 1;
      return 't';
    },
  });
  const { results } = await rest.push([edit('1')], { signal: AbortSignal.abort() });
  expect(results[0]?.result).toMatchObject(unsent);
  expect([server.requests.length, asked]).toEqual([0, 0]);
});

test('I9: an abort does not wait for a hanging health probe', async () => {
  const controller = new AbortController();
  const { rest, server } = await restWith((exchange) => {
    if (exchange.url !== '/health') exchange.reply(500);
  });
  const pushed = rest.push(
    ids(9).map((id) => edit(id)),
    { signal: controller.signal },
  );
  await server.arrived(3);
  controller.abort();
  expect(typesOf((await pushed).results)).toHaveLength(9);
});

test('one signal serves many requests without a warning about leaking listeners', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error): void => {
    warnings.push(warning);
  };
  process.on('warning', note);
  onTestFinished(() => {
    process.off('warning', note);
  });
  const { rest } = await restWith(echo, { pushConcurrency: 40 });
  await rest.push(
    ids(200).map((id) => edit(id)),
    { signal: new AbortController().signal },
  );
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  expect(warnings).toEqual([]);
});

test('I3, I8: answers each operation once, whatever the answers; an entity is in order and alone', async () => {
  let plan: readonly number[] = [];
  const inFlight = new Set<string>();
  const violations: string[] = [];
  let count = 0;
  const server = await stubServer((exchange) => {
    if (healthy(exchange)) return;
    const id = idOf(exchange);
    if (inFlight.has(id)) violations.push(`two requests of ${id}`);
    inFlight.add(id);
    const status = plan[count++ % plan.length] ?? 200;
    setImmediate(() => {
      inFlight.delete(id);
      if (status === 0) exchange.socket.destroy();
      else if (status === 200) echo(exchange);
      else exchange.reply(status, { error: status === 404 ? 'not_found' : 'x' });
    });
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 14 }),
      fc.array(fc.constantFrom(200, 200, 200, 409, 422, 500, 0, 404, 429, 403), { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 5 }),
      async (entities, statuses, pushConcurrency) => {
        plan = statuses;
        count = 0;
        const before = server.requests.length;
        const ops: readonly Op[] = entities.map((id, index) => edit(id, { title: `${index}` }));
        const announced: string[] = [];
        const rest = new RestTransport({ baseUrl: server.baseUrl, pushConcurrency });
        const { results } = await rest.push(ops, { onAnswer: ({ opId }) => announced.push(opId) });
        rest.close();
        expect(results.map(({ opId }) => opId)).toEqual(ops.map(({ opId }) => opId));
        expect([...announced].sort()).toEqual(ops.map(({ opId }) => opId).sort());
        expect(violations).toEqual([]);
        const sent = server.requests.slice(before).filter(({ method }) => method === 'PUT');
        for (const entity of new Set(entities)) {
          const mine = entities.flatMap((id, index) => (id === entity ? [index] : []));
          // What was sent of an entity is a beginning of its operations, in order, and only after success follows
          // another.
          const titles = sent.filter((request) => idOf(request) === entity).map(({ json }) => Number(json['title']));
          // F-162: a request over a kept connection that was cut goes out once more.
          const inOrder = titles.filter((title, index) => title !== titles[index - 1]);
          expect(inOrder).toEqual(mine.slice(0, inOrder.length));
          for (const title of inOrder) expect(titles.filter((one) => one === title).length).toBeLessThanOrEqual(2);
          const types = mine.map((index) => results[index]?.result.type);
          const firstFailure = types.findIndex((type) => type !== 'pushSuccess');
          if (firstFailure !== -1)
            for (const index of mine.slice(firstFailure + 1)) expect(results[index]?.result).toMatchObject(unsent);
        }
      },
    ),
    { numRuns: 60 },
  );
});
