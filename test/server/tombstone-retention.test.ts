import { DataSource } from 'typeorm';
import { afterEach, describe, expect, test } from 'vitest';
import { createSyncServer } from '../../src/server.ts';
import { createTestServer } from '../../src/testing/test-server.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { stubServer } from '../transport/stub-server.ts';
import { todoEntity } from '../support/todo.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const day = 86_400_000;

/** The retention that a client reads from the first page of this server. */
async function readRetention(baseUrl: string): Promise<number | undefined> {
  const rest = new RestTransport({ baseUrl });
  closing.push(() => rest.close());
  return (
    await rest.pull({ kind: 'todos', updatedSince: '1970-01-01T00:00:00.000Z', pageSize: 10, includeDeleted: true })
  ).tombstoneRetentionMs;
}

async function referenceServer(tombstoneRetentionMs?: number): Promise<string> {
  const dataSource = await new DataSource({
    type: 'better-sqlite3',
    database: ':memory:',
    entities: [todoEntity],
    synchronize: true,
  }).initialize();
  const server = createSyncServer({
    dataSource,
    tables: [todoEntity],
    ...(tombstoneRetentionMs === undefined ? {} : { tombstoneRetentionMs }),
  });
  closing.push(
    () => dataSource.destroy(),
    () => server.close(),
  );
  return (await server.listen()).url;
}

describe('X-Tombstone-Retention is a number of seconds on both sides', () => {
  test('a client reads the retention configured in the reference server', async () => {
    expect(await readRetention(await referenceServer(30 * day))).toBe(30 * day);
    expect(await readRetention(await referenceServer())).toBe(90 * day);
    // Whole seconds, never more than the server keeps.
    expect(await readRetention(await referenceServer(1_999))).toBe(1_000);
    expect(await readRetention(await referenceServer(Infinity))).toBeUndefined();
  });

  test('a client reads the retention configured in the test server', async () => {
    const server = await createTestServer({ tombstoneRetentionSeconds: 7_776_000 });
    closing.push(() => server.close());
    expect(await readRetention(server.url)).toBe(90 * day);
  });

  test.each([
    ['7776000', 90 * day],
    [' 60 ', 60_000],
    ['0.5', 500],
    ['9'.repeat(20), Number.MAX_SAFE_INTEGER],
    ['0', undefined],
    ['-5', undefined],
    ['0x10', undefined],
    ['Infinity', undefined],
    ['90 days', undefined],
  ])('F-93: reads the value %j as %j ms', async (value, expected) => {
    const { baseUrl } = await stubServer((exchange) =>
      exchange.reply(200, { items: [] }, { 'x-tombstone-retention': value }),
    );
    expect(await readRetention(baseUrl)).toBe(expected);
  });
});
