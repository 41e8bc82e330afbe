import { DataSource, EntitySchema } from 'typeorm';
import { afterEach, describe, expect, test } from 'vitest';
import { createSyncServer, type CreateSyncServerOptions } from '../../src/server.ts';
import { createTestServer } from '../../src/testing.ts';

const Items = new EntitySchema({
  name: 'items',
  columns: {
    id: { type: 'text', primary: true },
    title: { type: 'text', default: '' },
    stock: { type: 'integer', nullable: true },
    tags: { type: 'simple-json', nullable: true },
    ownerId: { type: 'text', nullable: true },
    updatedAt: { type: 'text', default: '' },
    deletedAt: { type: 'text', nullable: true },
  },
});

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}
type Ask = (method: string, path: string, body?: object, headers?: Record<string, string>) => Promise<Answer>;
const asking =
  (url: string): Ask =>
  async (method, path, body, headers = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
  };

async function reference(options: Partial<CreateSyncServerOptions> = {}): Promise<Ask> {
  const dataSource = await new DataSource({
    type: 'better-sqlite3',
    database: ':memory:',
    entities: [Items],
    synchronize: true,
  }).initialize();
  const server = createSyncServer({ tables: [Items], ...options, dataSource });
  closing.push(() => server.close());
  return asking((await server.listen()).url);
}
async function testServer(): Promise<Ask> {
  const server = await createTestServer({ naming: 'camelCase' });
  closing.push(() => server.close());
  return asking(server.url);
}

for (const [name, serve] of [
  ['reference server', reference],
  ['test server', testServer],
] as const) {
  describe(`_deltas on the ${name}`, () => {
    test('PROTOCOL §3: applies increments, additions and removals to the stored row; other fields stay', async () => {
      const ask = await serve();
      await ask('PUT', '/items/a', { id: 'a', title: 'A', stock: 10, tags: ['x', 'y'] });
      const { status, body } = await ask('PUT', '/items/a', {
        id: 'a',
        _deltas: { stock: { increment: -2 }, tags: { add: ['z', 'x'], remove: ['y'] } },
      });
      expect(status).toBe(200);
      expect(body).toMatchObject({ title: 'A', stock: 8, tags: ['x', 'z'] });
    });

    test('applies a delta without a conflict, whatever was edited meanwhile', async () => {
      const ask = await serve();
      const made = await ask('PUT', '/items/a', { id: 'a', title: 'A', stock: 10 });
      await ask('PUT', '/items/a', { title: 'edited', _baseUpdatedAt: made.body['updatedAt'] });
      expect((await ask('PUT', '/items/a', { _deltas: { stock: { increment: 5 } } })).body).toMatchObject({
        title: 'edited',
        stock: 15,
      });
    });

    test('with a plain edit the base is checked, and a conflict applies nothing', async () => {
      const ask = await serve();
      const made = await ask('PUT', '/items/a', { id: 'a', title: 'A', stock: 10 });
      const edit = { title: 'mine', _baseUpdatedAt: made.body['updatedAt'], _deltas: { stock: { increment: 1 } } };
      expect((await ask('PUT', '/items/a', edit)).body).toMatchObject({ title: 'mine', stock: 11 });
      const conflict = await ask('PUT', '/items/a', edit);
      expect(conflict.status).toBe(409);
      expect(conflict.body['current']).toMatchObject({ stock: 11 });
    });

    test('I2: a repeated key answers from memory and applies nothing again; the same key with other deltas is rejected', async () => {
      const ask = await serve();
      await ask('PUT', '/items/a', { id: 'a', title: 'A', stock: 10 });
      const headers = { 'x-idempotency-key': 'k1' };
      const body = { _deltas: { stock: { increment: -1 } } };
      const [first, second] = [
        await ask('PUT', '/items/a', body, headers),
        await ask('PUT', '/items/a', body, headers),
      ];
      expect(second).toEqual(first);
      expect((await ask('GET', '/items/a')).body).toMatchObject({ stock: 9 });
      const other = await ask('PUT', '/items/a', { _deltas: { stock: { increment: -2 } } }, headers);
      expect(other).toMatchObject({ status: 422, body: { error: 'idempotency_mismatch' } });
    });

    test('concurrent deltas give the exact sum', async () => {
      const ask = await serve();
      await ask('PUT', '/items/a', { id: 'a', title: 'A', stock: 0, tags: [] });
      await Promise.all(
        Array.from({ length: 40 }, (_, n) =>
          ask('PUT', '/items/a', { _deltas: { stock: { increment: n % 2 === 0 ? 3 : -1 }, tags: { add: [`t${n}`] } } }),
        ),
      );
      const { body } = await ask('GET', '/items/a');
      expect(body).toMatchObject({ stock: 40 });
      expect(new Set(body['tags'] as string[]).size).toBe(40);
    });

    test('a null field counts as 0 and []', async () => {
      const ask = await serve();
      await ask('PUT', '/items/a', { id: 'a', title: 'A', stock: null, tags: null });
      expect(
        (await ask('PUT', '/items/a', { _deltas: { stock: { increment: 2 }, tags: { add: ['x'] } } })).body,
      ).toMatchObject({ stock: 2, tags: ['x'] });
    });

    test('F-22: a delta creates nothing: 404 without a row or with only a tombstone', async () => {
      const ask = await serve();
      expect(await ask('PUT', '/items/nowhere', { _deltas: { stock: { increment: 2 } } })).toMatchObject({
        status: 404,
        body: { error: 'not_found' },
      });
      await ask('PUT', '/items/a', { id: 'a', title: 'A', stock: 1 });
      await ask('DELETE', '/items/a');
      expect(await ask('PUT', '/items/a', { _deltas: { stock: { increment: 2 } } })).toMatchObject({
        status: 404,
        body: { error: 'not_found' },
      });
    });

    test.each([
      ['a field that holds no number', { title: { increment: 1 } }, 'title'],
      ['a field that holds no list', { stock: { add: ['x'] } }, 'stock'],
      ['a field of the server', { updatedAt: { increment: 1 } }, 'updatedAt'],
      ['an unknown kind of change', { stock: { multiply: 2 } }, '_deltas'],
      ['something that is no number', { stock: { increment: 'x' } }, '_deltas'],
    ])('422 with the field name for %s; nothing changes', async (_title, deltas, field) => {
      const ask = await serve();
      await ask('PUT', '/items/a', { id: 'a', title: 'A', stock: 1 });
      const refused = await ask('PUT', '/items/a', { _deltas: deltas });
      expect(refused).toMatchObject({
        status: 422,
        body: { error: 'validation', fields: { [field]: expect.any(String) as string } },
      });
      expect((await ask('GET', '/items/a')).body).toMatchObject({ title: 'A', stock: 1 });
    });

    test('422 for a field that is both written and changed', async () => {
      const ask = await serve();
      await ask('PUT', '/items/a', { id: 'a', title: 'A', stock: 1 });
      expect(await ask('PUT', '/items/a', { stock: 5, _deltas: { stock: { increment: 1 } } })).toMatchObject({
        status: 422,
        body: { fields: { stock: expect.any(String) as string } },
      });
    });

    test('PROTOCOL §6: batch items also accept deltas', async () => {
      const ask = await serve();
      await ask('PUT', '/items/a', { id: 'a', title: 'A', stock: 1 });
      const item = {
        opId: 'k1',
        kind: 'items',
        id: 'a',
        type: 'upsert',
        payload: { id: 'a', _deltas: { stock: { increment: 4 } } },
      };
      const { body } = await ask('POST', '/batch', { ops: [item, item] });
      expect(body['results']).toMatchObject([
        { statusCode: 200, data: { stock: 5 } },
        { statusCode: 200, data: { stock: 5 } },
      ]);
      expect((await ask('GET', '/items/a')).body).toMatchObject({ stock: 5 });
    });
  });
}

describe("the reference server's rules", () => {
  test('beforeWrite receives the deltas and the row they would apply to', async () => {
    const ask = await reference({
      beforeWrite: ({ current, deltas }) => {
        const change = deltas as { stock?: { increment?: number } } | undefined;
        const left = Number(current?.['stock'] ?? 0) + (change?.stock?.increment ?? 0);
        return left < 0
          ? { code: 'sold_out', message: 'not that many are left', fields: { stock: 'sold out' } }
          : undefined;
      },
    });
    await ask('PUT', '/items/a', { id: 'a', title: 'A', stock: 1 });
    expect((await ask('PUT', '/items/a', { _deltas: { stock: { increment: -1 } } })).body).toMatchObject({ stock: 0 });
    expect(await ask('PUT', '/items/a', { _deltas: { stock: { increment: -1 } } })).toMatchObject({
      status: 422,
      body: { error: 'sold_out', fields: { stock: 'sold out' } },
    });
  });

  test('an integer column rejects fractions', async () => {
    const ask = await reference();
    await ask('PUT', '/items/a', { id: 'a', title: 'A', stock: 1 });
    expect(await ask('PUT', '/items/a', { _deltas: { stock: { increment: 0.5 } } })).toMatchObject({
      status: 422,
      body: { fields: { stock: 'expected a whole number' } },
    });
    expect(await ask('PUT', '/items/a', { _deltas: { nothing: { increment: 1 } } })).toMatchObject({
      status: 422,
      body: { fields: { nothing: 'unknown field' } },
    });
  });
});
