import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deleteOp, upsertOp, type Op } from '../../src/model/operation.ts';
import type { OpPushResult } from '../../src/model/transport.ts';
import { RestTransport, type RestTransportOptions } from '../../src/transport.ts';
import { deadUrl, stubServer, type Exchange, type StubServer } from './stub-server.ts';
import { echo, edit, restWith, typesOf } from './todo-ops.ts';

interface Item {
  readonly opId: string;
  readonly kind: string;
  readonly id: string;
  readonly type: string;
  readonly payload?: Record<string, unknown>;
  readonly force?: boolean;
}
const itemsOf = (request: { readonly json: Record<string, unknown> }): readonly Item[] =>
  request.json['ops'] as readonly Item[];
const good = ({ opId, id }: Item): unknown => ({
  opId,
  statusCode: 200,
  data: { id, updated_at: 'T2' },
  version: 'v2',
});
const results = (exchange: Exchange, answer: (item: Item) => unknown = good): void =>
  exchange.reply(200, {
    results: itemsOf(exchange)
      .map(answer)
      .filter((item) => item !== undefined),
  });
const isBatch = ({ method }: { readonly method: string }): boolean => method === 'POST';
const unsent = { type: 'pushUnavailable', dispatched: false };
const ids = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `e${index}`);

const batching = (
  answer: (exchange: Exchange) => void,
  options: Partial<RestTransportOptions> = {},
): Promise<{ readonly rest: RestTransport; readonly server: StubServer }> =>
  restWith(answer, { enableBatch: true, ...options });

async function pushItems(ops: readonly Op[], answer: (item: Item) => unknown): Promise<readonly OpPushResult[]> {
  const { rest } = await batching((exchange) => results(exchange, answer));
  return (await rest.push(ops, {})).results;
}

test('BAT-01, BAT-02, F-90: a batch sends request ids, bases and force, and no key for the whole', async () => {
  const { rest, server } = await batching(results, { batchPath: '/v2/batch' });
  const pushed = await rest.push(
    [
      { ...edit('1', { opId: 'a', baseUpdatedAt: 'T1' }), requestId: 'a#2' },
      { ...edit('2', { opId: 'b', baseUpdatedAt: 'T1' }), force: true },
      deleteOp({ kind: 'todos', id: '3', opId: 'c', baseUpdatedAt: 'T1' }),
    ],
    {},
  );
  expect(server.requests).toMatchObject([{ method: 'POST', url: '/v2/batch' }]);
  expect(server.requests[0]?.headers).not.toHaveProperty('x-idempotency-key');
  expect(server.requests[0]?.json).toEqual({
    ops: [
      { opId: 'a#2', kind: 'todos', id: '1', type: 'upsert', payload: { id: '1', title: 'x' }, baseUpdatedAt: 'T1' },
      { opId: 'b', kind: 'todos', id: '2', type: 'upsert', payload: { id: '2', title: 'x' }, force: true },
      { opId: 'c', kind: 'todos', id: '3', type: 'delete', baseUpdatedAt: 'T1' },
    ],
  });
  expect(pushed.results.map(({ opId }) => opId)).toEqual(['a', 'b', 'c']);
  expect(pushed.results[0]?.result).toMatchObject({
    type: 'pushSuccess',
    serverData: { id: '1', updated_at: 'T2' },
    serverVersion: 'v2',
  });
});

test('BAT-03: classifies each item like a single answer', async () => {
  const current = { id: 'e2', updated_at: 'T9' };
  const answers: Record<string, object> = {
    e0: { statusCode: 200 },
    e1: { statusCode: '201', data: { id: 'e1' } },
    e2: { statusCode: 409, error: { error: 'conflict', current, version: 4 } },
    e3: { statusCode: 409, error: 'conflict', current: { ...current, id: 'e3' }, version: 'v9' },
    e4: { statusCode: 409, error: { ...current, id: 'e4' } },
    e5: { statusCode: 409, error: 'conflict' },
    e6: { statusCode: 409, error: { current: { id: 'other' } } },
    e7: { statusCode: 404, error: 'not_found' },
    e8: { statusCode: 422, error: 'invalid', message: 'No', fields: { title: 'required' } },
    e9: { statusCode: 422, error: { error: 'invalid', message: 'Deep' } },
    e10: { statusCode: 403 },
    e11: { statusCode: 500 },
    e12: { statusCode: 200, data: { id: 'other' } },
    e13: { statusCode: 200, data: '<html>' },
    e14: { statusCode: 409, id: 'e14', opId2: 1 },
  };
  const answered = await pushItems(
    Object.keys(answers).map((id) => edit(id)),
    ({ opId, id }) => ({ opId, ...answers[id] }),
  );
  expect(answered.map(({ result }) => result)).toMatchObject([
    { type: 'pushSuccess' },
    { type: 'pushSuccess', serverData: { id: 'e1' } },
    { type: 'pushConflict', serverData: current, serverTimestamp: 'T9', serverVersion: '4' },
    { type: 'pushConflict', serverData: { ...current, id: 'e3' }, serverVersion: 'v9' },
    { type: 'pushConflict', serverData: { ...current, id: 'e4' } },
    { type: 'pushConflict' },
    { type: 'pushConflict' },
    { type: 'pushNotFound', statusCode: 404 },
    { type: 'pushRejected', statusCode: 422, code: 'invalid', message: 'No', fields: { title: 'required' } },
    { type: 'pushRejected', code: 'invalid', message: 'Deep' },
    { type: 'pushForbidden' },
    { type: 'pushUnavailable', dispatched: true, statusCode: 500 },
    { type: 'pushMalformed' },
    { type: 'pushMalformed' },
    { type: 'pushConflict' },
  ]);
  for (const index of [5, 6, 14]) expect(answered[index]?.result).not.toHaveProperty('serverData');
});

test('BAT-04, BAT-05, F-88: a missing or broken item is malformed for its operation only', async () => {
  const broken: Record<string, unknown> = {
    e1: undefined,
    e3: { statusCode: undefined },
    e5: { statusCode: 'fine' },
    e7: { statusCode: 20 },
    e9: null,
  };
  const answered = await pushItems(
    ids(11).map((id) => edit(id)),
    (item) => {
      if (!(item.id in broken)) return good(item);
      const part = broken[item.id];
      return typeof part === 'object' && part !== null ? { opId: item.opId, ...part } : part;
    },
  );
  expect(typesOf(answered)).toEqual(ids(11).map((id) => (id in broken ? 'pushMalformed' : 'pushSuccess')));
});

test('BAT-06, F-05, F-88: accepts any order, warns about unknown ids, and takes the first of duplicates', async () => {
  const { rest } = await batching((exchange) => {
    const [a, b] = itemsOf(exchange);
    exchange.reply(200, {
      results: [
        { opId: 'who?', statusCode: 200 },
        7,
        { ...(good(b!) as object) },
        { opId: a!.opId, statusCode: 422, error: 'first' },
        good(a!),
      ],
    });
  });
  const pushed = await rest.push([edit('1'), edit('2')], {});
  expect(pushed.results.map(({ result }) => result)).toMatchObject([
    { type: 'pushRejected', code: 'first' },
    { type: 'pushSuccess' },
  ]);
  expect(pushed.warnings).toEqual([expect.stringContaining("'who?'"), expect.stringContaining('results[1]')]);
});

test("F-88: accepts a server's numeric operation ids", async () => {
  const answered = await pushItems([edit('1', { opId: '42' })], (item) => ({
    opId: Number(item.opId),
    statusCode: 200,
  }));
  expect(typesOf(answered)).toEqual(['pushSuccess']);
});

test('BAT-07: five operations in chunks of two are three requests', async () => {
  const { rest, server } = await batching(results, { batchSize: 2 });
  expect(
    new Set(
      typesOf(
        (
          await rest.push(
            ids(5).map((id) => edit(id)),
            {},
          )
        ).results,
      ),
    ),
  ).toEqual(new Set(['pushSuccess']));
  expect(server.requests.map((request) => itemsOf(request).map(({ id }) => id))).toEqual([
    ['e0', 'e1'],
    ['e2', 'e3'],
    ['e4'],
  ]);
  expect(server.mostInFlight()).toBe(1);
});

test('BAT-08: sends chunks of different entities concurrently, up to pushConcurrency', async () => {
  const held: Exchange[] = [];
  const { rest, server } = await batching(
    (exchange) => {
      held.push(exchange);
    },
    { batchSize: 2, pushConcurrency: 2 },
  );
  const pushed = rest.push(
    ids(6).map((id) => edit(id)),
    {},
  );
  await server.arrived(2);
  // A sliding window: the third goes as soon as one is answered.
  results(held[1]!);
  await server.arrived(3);
  results(held[0]!);
  results(held[2]!);
  expect((await pushed).results).toHaveLength(6);
  expect(server.mostInFlight()).toBe(2);
});

test('I3: an entity stays in one chunk and in order; one larger than a chunk goes in sequential parts', async () => {
  const held: Exchange[] = [];
  const { rest, server } = await batching(
    (exchange) => {
      held.push(exchange);
    },
    { batchSize: 3, pushConcurrency: 4 },
  );
  const titles = (request: { readonly json: Record<string, unknown> } | undefined): unknown =>
    request === undefined ? undefined : itemsOf(request).map(({ id, payload }) => `${id}${String(payload?.['title'])}`);
  const ops = ['a', 'b', 'a', 'b', 'a', 'c', 'a', 'a'].map((id, index) => edit(id, { title: `${index}` }));
  const pushed = rest.push(ops, {});
  await server.arrived(2);
  expect(held.map(titles)).toEqual([
    ['a0', 'a2', 'a4'],
    ['b1', 'b3', 'c5'],
  ]);
  results(held[1]!);
  results(held[0]!);
  await server.arrived(3);
  expect(titles(held[2])).toEqual(['a6', 'a7']);
  results(held[2]!);
  expect(new Set(typesOf((await pushed).results))).toEqual(new Set(['pushSuccess']));
});

test('F-25: an entity that does not fit into the rest of a chunk moves whole to the next', async () => {
  const { rest, server } = await batching(results, { batchSize: 3 });
  await rest.push(
    ['a', 'a', 'b', 'b', 'c'].map((id) => edit(id)),
    {},
  );
  expect(server.requests.map((request) => itemsOf(request).map(({ id }) => id))).toEqual([
    ['a', 'a'],
    ['b', 'b', 'c'],
  ]);
});

test('F-24: does not send the rest of an entity after its part failed', async () => {
  const { rest, server } = await batching(
    (exchange) =>
      results(exchange, (item) =>
        item.payload?.['title'] === '1' ? { opId: item.opId, statusCode: 422 } : good(item),
      ),
    { batchSize: 2 },
  );
  const { results: answered } = await rest.push(
    [edit('a', { title: '0' }), edit('a', { title: '1' }), edit('a', { title: '2' }), edit('b')],
    {},
  );
  expect(answered.map(({ result }) => result)).toMatchObject([
    { type: 'pushSuccess' },
    { type: 'pushRejected' },
    unsent,
    { type: 'pushSuccess' },
  ]);
  expect(server.requests).toHaveLength(2);
});

test.each([400, 413, 422])('F-89: halves a batch refused with %i until the bad operation is alone', async (status) => {
  const { rest, server } = await batching((exchange) => {
    if (isBatch(exchange))
      return itemsOf(exchange).some(({ id }) => id === 'e5')
        ? exchange.reply(status, { error: 'whole' })
        : results(exchange);
    return exchange.url.endsWith('/e5')
      ? exchange.reply(422, { error: 'invalid', message: 'It is e5' })
      : echo(exchange);
  });
  const { results: answered } = await rest.push(
    ids(8).map((id) => edit(id)),
    {},
  );
  expect(typesOf(answered)).toEqual(ids(8).map((id) => (id === 'e5' ? 'pushRejected' : 'pushSuccess')));
  expect(answered[5]?.result).toMatchObject({ message: 'It is e5' });
  expect(
    server.requests
      .filter((request) => !isBatch(request))
      .map(({ method, url, headers }) => [method, url, headers['x-idempotency-key'] === answered[5]?.opId]),
  ).toEqual([['PUT', '/todos/e5', true]]);
});

test("F-89: halving keeps an entity's order and stops it at a failure", async () => {
  const applied: unknown[] = [];
  const { rest } = await batching((exchange) => {
    if (!isBatch(exchange))
      return exchange.json['title'] === '2'
        ? exchange.reply(422)
        : (applied.push(exchange.json['title']), echo(exchange));
    if (itemsOf(exchange).some(({ payload }) => payload?.['title'] === '2')) return exchange.reply(400);
    for (const { payload } of itemsOf(exchange)) applied.push(payload?.['title']);
    return results(exchange);
  });
  const { results: answered } = await rest.push(
    ['0', '1', '2', '3', '4'].map((title) => edit('a', { title })),
    {},
  );
  expect(applied).toEqual(['0', '1']);
  expect(answered.map(({ result }) => result)).toMatchObject([
    { type: 'pushSuccess' },
    { type: 'pushSuccess' },
    { type: 'pushRejected' },
    unsent,
    unsent,
  ]);
});

test('F-89: after a 413 the next chunks are smaller', async () => {
  const { rest, server } = await batching(
    (exchange) => (itemsOf(exchange).length > 2 ? exchange.reply(413) : results(exchange)),
    { batchSize: 4 },
  );
  expect(
    new Set(
      typesOf(
        (
          await rest.push(
            ids(12).map((id) => edit(id)),
            {},
          )
        ).results,
      ),
    ),
  ).toEqual(new Set(['pushSuccess']));
  expect(server.requests.map((request) => itemsOf(request).length)).toEqual([4, 2, 2, 2, 2, 2, 2]);
});

test.each([404, 405, 501])('names a missing batch path (%i) and sends nothing more', async (status) => {
  const { rest, server } = await batching((exchange) => exchange.reply(status, { error: 'not_found' }), {
    batchSize: 2,
    batchPath: 'bulk',
  });
  const { results: answered } = await rest.push(
    ids(6).map((id) => edit(id)),
    {},
  );
  expect(answered.map(({ result }) => result)).toMatchObject([
    { type: 'pushMalformed' },
    { type: 'pushMalformed' },
    unsent,
    unsent,
    unsent,
    unsent,
  ]);
  expect(answered[0]?.result).toMatchObject({ message: expect.stringMatching(/\/bulk.*batchPath/) as string });
  expect(server.requests).toHaveLength(1);
});

test.each<[number, string | object, string]>([
  [200, '<html></html>', 'pushMalformed'],
  [200, '', 'pushMalformed'],
  [200, { ok: true }, 'pushMalformed'],
  [200, { results: {} }, 'pushMalformed'],
  [302, '', 'pushMalformed'],
  [409, '', 'pushMalformed'],
  [401, '', 'pushUnauthorized'],
  [403, '', 'pushForbidden'],
  [429, '', 'pushThrottled'],
  [500, '', 'pushUnavailable'],
])('BAT-09, F-89: a whole batch answered with %i %j is %s for each operation', async (status, body, type) => {
  const { rest } = await batching((exchange) =>
    typeof body === 'string' ? exchange.replyText(status, body) : exchange.reply(status, body),
  );
  expect(
    typesOf(
      (
        await rest.push(
          ids(3).map((id) => edit(id)),
          {},
        )
      ).results,
    ),
  ).toEqual([type, type, type]);
});

test('I2: operations of an unanswered batch are ambiguous, and later chunks are not sent', async () => {
  const { rest, server } = await batching(
    (exchange) => (server.requests.length === 1 ? results(exchange) : exchange.socket.destroy()),
    { batchSize: 2 },
  );
  const { results: answered } = await rest.push(
    ids(8).map((id) => edit(id)),
    {},
  );
  expect(answered.map(({ result }) => result)).toMatchObject([
    { type: 'pushSuccess' },
    { type: 'pushSuccess' },
    { type: 'pushAmbiguous' },
    { type: 'pushAmbiguous' },
    unsent,
    unsent,
    unsent,
    unsent,
  ]);
  // The connection was kept from the first chunk, so that the second one goes out once more (F-162).
  expect(server.requests.map(({ json }) => (json['ops'] as { id: string }[]).map(({ id }) => id))).toEqual([
    ['e0', 'e1'],
    ['e2', 'e3'],
    ['e2', 'e3'],
  ]);
});

test('F-07: a dead port costs one batch, whose operations were provably not sent', async () => {
  const rest = new RestTransport({ baseUrl: await deadUrl(), enableBatch: true, batchSize: 10 });
  const { results: answered } = await rest.push(
    ids(500).map((id) => edit(id)),
    {},
  );
  for (const { result } of answered) expect(result).toMatchObject(unsent);
  expect(answered.filter(({ result }) => result.type === 'pushUnavailable' && result.noConnection)).toHaveLength(10);
});

test('I9: an aborted batch push settles at once; answered chunks keep their answers', async () => {
  const { rest, server } = await batching(
    (exchange) => {
      if (server.requests.length === 1) results(exchange);
    },
    { batchSize: 2 },
  );
  const controller = new AbortController();
  const announced: string[] = [];
  const pushed = rest.push(
    ids(6).map((id) => edit(id)),
    { signal: controller.signal, onAnswer: ({ result }) => announced.push(result.type) },
  );
  await server.arrived(2);
  const abortedAt = performance.now();
  controller.abort();
  const { results: answered } = await pushed;
  expect(performance.now() - abortedAt).toBeLessThan(50);
  expect(typesOf(answered)).toEqual([
    'pushSuccess',
    'pushSuccess',
    'pushAmbiguous',
    'pushAmbiguous',
    'pushUnavailable',
    'pushUnavailable',
  ]);
  expect(announced).toEqual(typesOf(answered));
});

test('I9: reports accepted answers while the next chunk is in flight, in the order of the operations', async () => {
  const told: string[] = [];
  const toldBefore: number[] = [];
  const { rest } = await batching(
    (exchange) => {
      // The request is here: what was told by now did not wait for its answer.
      setImmediate(() => {
        toldBefore.push(told.length);
        results(exchange);
      });
    },
    { batchSize: 2 },
  );
  await rest.push(
    ids(6).map((id) => edit(id)),
    { onAnswer: ({ opId }) => void told.push(opId) },
  );
  expect(toldBefore).toEqual([0, 2, 4]);
  expect(told).toHaveLength(6);
});

test('F-23: accepted items with rows of other entities end the push, at most one chunk later', async () => {
  const { rest, server } = await batching(
    (exchange) => results(exchange, ({ opId }) => ({ opId, statusCode: 200, data: { id: 'other' } })),
    { batchSize: 2 },
  );
  const { results: answers } = await rest.push(
    ids(8).map((id) => edit(id)),
    {},
  );
  expect(server.requests.filter(isBatch).length).toBeLessThanOrEqual(2);
  expect(typesOf(answers).slice(0, 2)).toEqual(['pushMalformed', 'pushMalformed']);
  expect(answers.at(-1)?.result).toMatchObject(unsent);
});

test('F-07: detects a refused token in a chunk before the next chunk leaves, even if the app classifies statuses', async () => {
  const denied = await batching((exchange) => results(exchange, ({ opId }) => ({ opId, statusCode: 401 })), {
    batchSize: 2,
  });
  const byApp = await batching(results, {
    batchSize: 2,
    classifyStatus: ({ op }) => (op === undefined ? undefined : 'unauthorized'),
  });
  for (const { rest, server } of [denied, byApp]) {
    await rest.push(
      ids(6).map((id) => edit(id)),
      {},
    );
    expect(server.requests.filter(isBatch)).toHaveLength(1);
  }
});

test('F-80, I13: rejects only the unsendable operation, in batches too', async () => {
  const circular: Record<string, never> = {};
  Object.assign(circular, { self: circular });
  const { rest, server } = await batching(results);
  const { results: answered } = await rest.push(
    [edit('..'), edit('1'), upsertOp({ kind: 'todos', id: '2', payload: circular })],
    {},
  );
  expect(typesOf(answered)).toEqual(['pushRejected', 'pushSuccess', 'pushRejected']);
  expect(server.requests.map((request) => itemsOf(request).map(({ id }) => id))).toEqual([['1']]);
});

test('F-22: believes a 404 item without a code once the collection answers', async () => {
  const missing = (probe: (exchange: Exchange) => void) =>
    batching((exchange) =>
      isBatch(exchange) ? results(exchange, ({ opId }) => ({ opId, statusCode: 404 })) : probe(exchange),
    );
  const there = await missing((exchange) => exchange.reply(200, { items: [] }));
  expect(
    typesOf(
      (
        await there.rest.push(
          ids(3).map((id) => edit(id)),
          {},
        )
      ).results,
    ),
  ).toEqual(['pushNotFound', 'pushNotFound', 'pushNotFound']);
  expect(there.server.requests).toHaveLength(2);
  const absent = await missing((exchange) => exchange.reply(404));
  expect(
    typesOf(
      (
        await absent.rest.push(
          ids(3).map((id) => edit(id)),
          {},
        )
      ).results,
    ),
  ).toEqual(['pushMalformed', 'pushMalformed', 'pushMalformed']);
});

test('I3, I8: answers each operation once, whatever batches return; an entity is never in two requests', async () => {
  let plan: readonly number[] = [];
  let count = 0;
  const inFlight = new Set<string>();
  const violations: string[] = [];
  const server = await stubServer((exchange) => {
    if (exchange.method === 'GET') return exchange.reply(200, { items: [] });
    const mine = isBatch(exchange)
      ? [...new Set(itemsOf(exchange).map(({ id }) => id))]
      : [exchange.url.split('/').at(-1) ?? ''];
    for (const id of mine) {
      if (inFlight.has(id)) violations.push(id);
      inFlight.add(id);
    }
    const status = plan[count++ % plan.length] ?? 200;
    setImmediate(() => {
      for (const id of mine) inFlight.delete(id);
      if (status === 0) exchange.socket.destroy();
      else if (!isBatch(exchange)) echo(exchange);
      else if (status === 200)
        results(exchange, (item) => (count % 3 === 0 ? { opId: item.opId, statusCode: 409 } : good(item)));
      else if (status === 1) results(exchange, () => undefined);
      else exchange.reply(status);
    });
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { minLength: 1, maxLength: 20 }),
      fc.array(fc.constantFrom(200, 200, 400, 413, 422, 500, 0, 1, 429, 404), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 5 }),
      async (entities, statuses, pushConcurrency, batchSize) => {
        plan = statuses;
        count = 0;
        const ops = entities.map((id, index) => edit(id, { title: `${index}` }));
        const announced: string[] = [];
        const rest = new RestTransport({ baseUrl: server.baseUrl, enableBatch: true, pushConcurrency, batchSize });
        const pushed = await rest.push(ops, { onAnswer: ({ opId }) => announced.push(opId) });
        rest.close();
        expect(pushed.results.map(({ opId }) => opId)).toEqual(ops.map(({ opId }) => opId));
        expect([...announced].sort()).toEqual(ops.map(({ opId }) => opId).sort());
        expect(violations).toEqual([]);
      },
    ),
    { numRuns: 60 },
  );
});
