import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addToSet, increment } from '../../src/model/values/delta.ts';
import { upsertOp } from '../../src/model/operation.ts';
import { createTestServer, type TestServer } from '../../src/testing/test-server.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';

let server: TestServer;
let transport: RestTransport;
beforeEach(async () => {
  server = await createTestServer({ naming: 'camelCase' });
  server.seed('items', { id: 'a', title: 'A', stock: 10, tags: ['x'] });
});
afterEach(async () => {
  transport.close();
  await server.close();
});
const op = upsertOp({
  kind: 'items',
  id: 'a',
  opId: 'op1',
  payload: { id: 'a', title: 'A', stock: 8, tags: ['x', 'y'] },
  changedFields: [],
  baseUpdatedAt: 'an old version',
  deltas: [increment('stock', -2), addToSet('tags', ['y'])],
});
const sent = () => server.recordedRequests.at(-1);

describe('PROTOCOL §3: operations with deltas', () => {
  test('with `deltas` they are sent as such, unconditionally, without If-Match', async () => {
    transport = new RestTransport({ baseUrl: server.url, deltas: true, conditionalWrite: true });
    expect(transport.capabilities.deltas).toBe(true);
    const { results } = await transport.push([{ ...op, baseVersion: '7' }], {});
    expect(sent()?.body).toEqual({ id: 'a', _deltas: { stock: { increment: -2 }, tags: { add: ['y'] } } });
    expect(sent()?.headers).not.toHaveProperty('if-match');
    expect(results).toMatchObject([
      { opId: 'op1', result: { type: 'pushSuccess', serverData: { stock: 8, tags: ['x', 'y'] } } },
    ]);
  });

  test('with edited fields the base stays', async () => {
    transport = new RestTransport({ baseUrl: server.url, deltas: true });
    await transport.push([{ ...op, changedFields: ['title'] }], {});
    expect(sent()?.body).toEqual({
      id: 'a',
      title: 'A',
      _deltas: { stock: { increment: -2 }, tags: { add: ['y'] } },
      _baseUpdatedAt: 'an old version',
    });
  });

  test('without it, sends the whole row conditionally on its base', async () => {
    transport = new RestTransport({ baseUrl: server.url });
    expect(transport.capabilities).not.toHaveProperty('deltas');
    const { results } = await transport.push([op], {});
    expect(sent()?.body).toEqual({ ...op.payload, _baseUpdatedAt: 'an old version' });
    expect(results).toMatchObject([{ result: { type: 'pushConflict' } }]);
  });

  test('PROTOCOL §6: also in a batch item', async () => {
    transport = new RestTransport({ baseUrl: server.url, deltas: true, enableBatch: true });
    await transport.push([op], {});
    expect(sent()?.body).toEqual({
      ops: [
        {
          opId: 'op1',
          kind: 'items',
          id: 'a',
          type: 'upsert',
          payload: { id: 'a', _deltas: { stock: { increment: -2 }, tags: { add: ['y'] } } },
        },
      ],
    });
    expect(server.get('items', 'a')).toMatchObject({ stock: 8 });
  });
});
