import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TransactionLostError } from '../../src/model/errors/errors.ts';
import { gateConnection } from '../../src/persistence/gate/connection-gate.ts';
import { betterSqlite3Connection } from '../../src/rpc/host/better-sqlite3-connection.ts';
import { serveDatabase, type DatabaseHost } from '../../src/rpc/host/serve-database.ts';
import { rpcDriver } from '../../src/rpc/client/rpc-driver.ts';
import { linkedPorts, type PortPair } from '../support/linked-ports.ts';
import { openClient, openThrough, portTo, serveFile, type Client } from '../support/rpc-bench.ts';

const folder = mkdtempSync(join(tmpdir(), 'synchart-rpc-led-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const nextFile = (): string => join(folder, `${(files += 1)}.db`);

const insert = 'INSERT INTO t (id) VALUES (?)';

describe('statements that are batched with the next one', () => {
  let file: string;
  let host: DatabaseHost;
  let pair: PortPair;
  let client: Client;
  beforeEach(async () => {
    file = nextFile();
    host = serveFile(file);
    pair = linkedPorts();
    host.connect(pair.host);
    client = await openClient(pair.client);
    await client.query('CREATE TABLE t (id integer PRIMARY KEY NOT NULL)');
  });
  afterEach(async () => {
    await client.connection.closeAsync();
    await host.close();
  });

  const rows = (): Promise<unknown[]> => client.query('SELECT id FROM t ORDER BY id');

  test('a whole transaction is one message, and is stored in the order of its writes', async () => {
    const before = pair.client.sent;
    client.connection.beginLater();
    await client.connection.later(insert, [1]);
    await client.connection.later('UPDATE t SET id = 2', []);
    await client.query('COMMIT');
    expect(pair.client.sent - before).toBe(1);
    expect(await rows()).toEqual([{ id: 2 }]);
  });

  test('a rollback before the host receives anything costs no message', async () => {
    const before = pair.client.sent;
    client.connection.beginLater();
    await client.connection.later(insert, [1]);
    await client.query('ROLLBACK');
    client.connection.beginLater();
    await client.query('COMMIT');
    expect(pair.client.sent).toBe(before);
    expect(await rows()).toEqual([]);
  });

  test('I7: a failed batched statement fails its transaction, and its error reaches the caller', async () => {
    client.connection.beginLater();
    await client.query(insert, [1]);
    await client.connection.later(insert, [1]);
    await client.connection.later(insert, [2]);
    await expect(client.query(insert, [3])).rejects.toThrow(/UNIQUE constraint failed.*\(in INSERT INTO t/);
    expect(await client.connection.isInTransactionAsync()).toBe(false);
    await expect(client.query(insert, [4])).rejects.toBeInstanceOf(TransactionLostError);
    await expect(client.query('COMMIT')).rejects.toBeInstanceOf(TransactionLostError);
    client.connection.transactionEnded();
    expect(await rows()).toEqual([]);
  });

  test('I7: a batched statement that fails at COMMIT stores nothing', async () => {
    client.connection.beginLater();
    await client.connection.later(insert, [1]);
    await client.connection.later(insert, [1]);
    await expect(client.query('COMMIT')).rejects.toThrow(/UNIQUE/);
    client.connection.transactionEnded();
    expect(await rows()).toEqual([]);
  });

  test('concurrent statements wait for the one that begins', async () => {
    client.connection.beginLater();
    await Promise.all([client.query(insert, [1]), client.query(insert, [2]), client.query(insert, [3])]);
    await client.query('COMMIT');
    expect(await rows()).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
  });

  test('sends many batched statements in several messages, in order', async () => {
    client.connection.beginLater();
    for (let id = 1; id <= 40; id += 1) await client.connection.later(insert, [id]);
    await client.query('COMMIT');
    expect(await rows()).toHaveLength(40);
  });

  test('starts a transaction that the leaving host never received at the next host', async () => {
    client.connection.beginLater();
    await client.connection.later(insert, [1]);
    await host.handOver();
    const next = serveFile(file);
    client.driver.attach(portTo(next));
    await client.query(insert, [2]);
    await client.query('COMMIT');
    expect(await rows()).toEqual([{ id: 1 }, { id: 2 }]);
    await next.close();
  });
});

test('the first statement waits like BEGIN for a file that another process has locked', async () => {
  const file = nextFile();
  const database = new Database(file, { timeout: 1 });
  database.pragma('journal_mode = WAL');
  const connection = betterSqlite3Connection(database);
  const execute = vi.spyOn(connection, 'execute');
  const host = serveDatabase({ connection });
  const dataSource = await openThrough(rpcDriver(portTo(host)), { entities: [] });
  await dataSource.query('CREATE TABLE t (id integer PRIMARY KEY NOT NULL)');
  const elsewhere = new Database(file);
  elsewhere.exec('BEGIN IMMEDIATE');
  const seen = vi.fn();
  const written = gateConnection(dataSource)
    .transaction(async (runner) => {
      await runner.query(insert, [1]);
      await Promise.all([runner.query(insert, [2]), runner.query(insert, [3])]);
    })
    .then(seen);
  const attempts = (): number => execute.mock.calls.filter(([sql]) => sql === 'BEGIN IMMEDIATE').length;
  execute.mockClear();
  await vi.waitFor(() => expect(attempts()).toBeGreaterThan(2), { interval: 1 });
  expect(seen).not.toHaveBeenCalled();
  elsewhere.exec('COMMIT');
  elsewhere.close();
  await written;
  expect(await dataSource.query('SELECT id FROM t')).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
  await dataSource.destroy();
  await host.close();
});
