import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { DataSource } from 'typeorm';
import { captureWrites } from '../../src/persistence/capture/capture-writes.ts';
import { changeFeedOf, type Change } from '../../src/persistence/follow/change-feed.ts';
import { liveQuery } from '../../src/persistence/follow/live-query.ts';
import { gateConnection } from '../../src/persistence/gate/connection-gate.ts';
import { createWriter } from '../../src/persistence/writing/writer.ts';
import { rpcDriver } from '../../src/rpc/client/rpc-driver.ts';
import type { DatabaseHost } from '../../src/rpc/host/serve-database.ts';
import { linkedPorts, type PortPair } from '../support/linked-ports.ts';
import { todos } from '../support/open-store.ts';
import { openClient, openThrough, portTo, serveFile, type Client } from '../support/rpc-bench.ts';
import { todoEntity, type Todo } from '../support/todo.ts';

const folder = mkdtempSync(join(tmpdir(), 'synchart-rpc-shared-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const nextFile = (): string => join(folder, `${(files += 1)}.db`);

const todo = (id: string): Todo => ({
  id,
  title: id,
  done: false,
  priority: null,
  tags: null,
  updatedAt: '',
  deletedAt: null,
  deletedAtLocal: null,
});

describe('several clients of one database', () => {
  let host: DatabaseHost;
  let pair: PortPair;
  let one: DataSource;
  let two: DataSource;
  beforeEach(async () => {
    host = serveFile(nextFile());
    pair = linkedPorts();
    host.connect(pair.host);
    const options = { entities: [todoEntity], synchronize: true };
    one = await openThrough(rpcDriver(pair.client), options);
    two = await openThrough(rpcDriver(portTo(host)), options);
  });
  afterEach(async () => {
    await one.destroy();
    await two.destroy();
    await host.close();
  });

  test("one client's commit tells the other, and itself once, which tables it wrote", async () => {
    const [here, there]: [Change[], Change[]] = [[], []];
    changeFeedOf(one, gateConnection(one)).subscribe((change) => here.push(change));
    changeFeedOf(two, gateConnection(two)).subscribe((change) => there.push(change));
    await createWriter(one).forTable(todos).insertAndEnqueue(todo('a'));
    await vi.waitFor(() => expect(there).toHaveLength(1), { interval: 1 });
    await two.query('SELECT 1');
    expect(here).toHaveLength(1);
    expect(here[0]?.enqueued).toBe(true);
    const tables = there[0]?.tables;
    expect(tables !== 'all' && [...(tables ?? [])].sort()).toEqual(expect.arrayContaining(['sync_outbox', 'todos']));
    expect(there[0]?.here).toEqual(new Set());
  });

  test("a live query follows another client's writes", async () => {
    const seen: number[] = [];
    const query = liveQuery(() => two.getRepository(todoEntity).find(), { tables: [todos], dataSource: two });
    const subscription = query.subscribe((rows) => seen.push(rows.length));
    await vi.waitFor(() => expect(seen).toEqual([0]), { interval: 1 });
    await one.getRepository(todoEntity).insert(todo('a'));
    await vi.waitFor(() => expect(seen).toEqual([0, 1]), { interval: 1 });
    subscription.unsubscribe();
  });

  test('reports a rollback to nobody', async () => {
    const there: Change[] = [];
    changeFeedOf(two, gateConnection(two)).subscribe((change) => there.push(change));
    await one
      .transaction(async (manager) => {
        await manager.insert(todoEntity, todo('a'));
        throw new Error('no');
      })
      .catch(() => undefined);
    await one.query('SELECT 1');
    await two.query('SELECT 1');
    expect(there).toEqual([]);
  });

  test('reports that everything may have changed after a takeover', async () => {
    const there: Change[] = [];
    changeFeedOf(two, gateConnection(two)).subscribe((change) => there.push(change));
    const driver = Reflect.get(two.options, 'driver') as ReturnType<typeof rpcDriver>;
    const next = serveFile(nextFile());
    driver.attach(portTo(next));
    await vi.waitFor(() => expect(there.map(({ tables }) => tables)).toEqual(['all']), { interval: 1 });
    await next.close();
  });

  test('numbers are not part of a statement’s text, so the host prepares it once', async () => {
    const sent = vi.spyOn(pair.client, 'postMessage');
    for (const priority of [1, 2, 2.5]) await one.getRepository(todoEntity).update('a', { priority });
    const texts = sent.mock.calls.flatMap(([message]) => {
      const { sql } = (message as { operation?: { sql?: string } }).operation ?? {};
      return sql?.startsWith('UPDATE') === true ? [sql] : [];
    });
    expect(texts).toHaveLength(3);
    expect(new Set(texts).size).toBe(1);
  });

  test('a captured save, a writer’s write and a slice of rows cost a fixed number of messages', async () => {
    captureWrites(one, [todos]);
    const repository = one.getRepository(todoEntity);
    await repository.save(todo('warm'));
    const cost = async (work: () => Promise<unknown>): Promise<number> => {
      const before = pair.client.sent;
      await work();
      return pair.client.sent - before;
    };
    const costs = {
      insert: await cost(() => repository.save(todo('a'))),
      update: await cost(() => repository.save({ ...todo('a'), title: 'other' })),
      writer: await cost(() => createWriter(one).forTable(todos).insertAndEnqueue(todo('b'))),
      read: await cost(() => repository.find()),
      page: await cost(() =>
        gateConnection(one).transaction((runner) =>
          runner.manager.insert(
            todoEntity,
            Array.from({ length: 500 }, (_, index) => todo(`p${index}`)),
          ),
        ),
      ),
    };
    expect(costs).toMatchInlineSnapshot(`
      {
        "insert": 5,
        "page": 3,
        "read": 1,
        "update": 4,
        "writer": 4,
      }
    `);
    expect(await cost(() => repository.save(todo('again')))).toBe(costs.insert);
  });
});

test('four clients make 2,500 calls each: ordered per client, all answered, nothing left behind', async () => {
  const host = serveFile(nextFile());
  const clients: Client[] = [];
  for (let client = 0; client < 4; client += 1) clients.push(await openClient(portTo(host)));
  await clients[0]?.query('CREATE TABLE t (client integer, n integer)');
  const orders = await Promise.all(
    clients.map(async (client, index) => {
      const order: number[] = [];
      await Promise.all(
        Array.from({ length: 2_500 }, async (_, n) => {
          await (n % 2 === 0
            ? client.query('SELECT ?', [n])
            : client.query('INSERT INTO t (client, n) VALUES (?, ?)', [index, n]));
          order.push(n);
        }),
      );
      return order;
    }),
  );
  const inOrder = Array.from({ length: 2_500 }, (_, n) => n);
  for (const order of orders) expect(order).toEqual(inOrder);
  const rows = (await clients[0]?.query('SELECT client, count(*) AS n FROM t GROUP BY client')) ?? [];
  expect(rows).toEqual([0, 1, 2, 3].map((client) => ({ client, n: 1_250 })));
  // A client's next write prunes the marks of all that were answered.
  for (const client of clients) await client.query('INSERT INTO t (n) VALUES (0)');
  expect(await clients[0]?.query('SELECT count(*) AS n FROM sync_commits')).toEqual([{ n: 4 }]);
  expect(host.waiting).toBe(0);
  for (const client of clients) await client.connection.closeAsync();
  await host.close();
});
