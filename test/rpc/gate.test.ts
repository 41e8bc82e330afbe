import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TransactionLostError } from '../../src/model/errors/errors.ts';
import type { DatabaseHost } from '../../src/rpc/host/serve-database.ts';
import { createSimulatedClock } from '../../src/testing/simulated-clock.ts';
import { openClient, portTo, serveFile, type Client } from '../support/rpc-bench.ts';

const folder = mkdtempSync(join(tmpdir(), 'synchart-rpc-gate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

describe('one gate for all clients', () => {
  let host: DatabaseHost;
  let one: Client;
  let two: Client;
  beforeEach(async () => {
    // Whoever is gone must not be waited for.
    host = serveFile(join(folder, `${(files += 1)}.db`), { gateTimeoutMs: 600_000 });
    one = await openClient(portTo(host));
    two = await openClient(portTo(host));
    await one.query('CREATE TABLE t (id integer PRIMARY KEY, by text)');
  });
  afterEach(async () => {
    await one.connection.closeAsync();
    await two.connection.closeAsync();
    await host.close();
  });

  test("others' reads and writes wait for the end of a transaction, in order", async () => {
    const order: string[] = [];
    await one.query('BEGIN');
    await one.query("INSERT INTO t (by) VALUES ('one')");
    const read = two.query('SELECT count(*) AS n FROM t').then((rows) => {
      order.push('read');
      return rows;
    });
    const write = two.query("INSERT INTO t (by) VALUES ('two')").then(() => order.push('write'));
    const begin = two.query('SELECT 1').then(() => order.push('second read'));
    expect(await one.query('SELECT count(*) AS n FROM t')).toEqual([{ n: 1 }]);
    expect(order).toEqual([]);
    await one.query('COMMIT');
    expect(await read).toEqual([{ n: 1 }]);
    await Promise.all([write, begin]);
    expect(order).toEqual(['read', 'write', 'second read']);
  });

  test('a client that leaves during a transaction is rolled back, and the others go on', async () => {
    const { port1, port2 } = new MessageChannel();
    let leave = (): void => undefined;
    const gone = new Promise<void>((resolve) => {
      leave = resolve;
    });
    host.connect(port2, { gone });
    const third = await openClient(port1);
    await third.query('BEGIN');
    await third.query("INSERT INTO t (by) VALUES ('third')");
    const waiting = two.query('SELECT * FROM t');
    leave();
    expect(await waiting).toEqual([]);
    await one.query("INSERT INTO t (by) VALUES ('one')");
    port1.close();
  });

  test('a closed port removes its client', async () => {
    const port = portTo(host);
    const third = await openClient(port);
    await third.query('BEGIN');
    await third.query("INSERT INTO t (by) VALUES ('third')");
    const waiting = two.query('SELECT * FROM t');
    port.close();
    expect(await waiting).toEqual([]);
  });

  test('skips a waiting client that leaves', async () => {
    await one.query('BEGIN');
    const port = portTo(host);
    const third = await openClient(port);
    await third.query('PRAGMA foreign_keys');
    third.query('BEGIN').catch(() => undefined);
    const waiting = two.query('SELECT 1 AS one');
    port.close();
    await one.query('SELECT 1');
    await one.query('COMMIT');
    expect(await waiting).toEqual([{ one: 1 }]);
  });

  test('foreign keys are off only for the client that switched them off', async () => {
    await one.query('CREATE TABLE child (id integer PRIMARY KEY, parent integer REFERENCES t (id))');
    await one.query('PRAGMA foreign_keys = OFF');
    expect(await one.query('PRAGMA foreign_keys')).toEqual([{ foreign_keys: 0 }]);
    await one.query('INSERT INTO child (parent) VALUES (9)');
    expect(await two.query('PRAGMA foreign_keys')).toEqual([{ foreign_keys: 1 }]);
    await expect(two.query('INSERT INTO child (parent) VALUES (9)')).rejects.toMatchObject({
      code: 'SQLITE_CONSTRAINT_FOREIGNKEY',
    });
    await one.query('PRAGMA foreign_keys = ON');
    await expect(one.query('INSERT INTO child (parent) VALUES (9)')).rejects.toThrow(/FOREIGN KEY/);
  });

  test('rejects statements that would end or start a transaction inside a text', async () => {
    await one.query('BEGIN');
    await expect(one.query('SELECT 1; COMMIT')).rejects.toMatchObject({ name: 'ProtocolError' });
    expect(await one.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await one.query('ROLLBACK');
  });

  test('an error keeps its code, and the transaction goes on', async () => {
    await one.query('BEGIN');
    await one.query("INSERT INTO t (id, by) VALUES (1, 'one')");
    await expect(one.query("INSERT INTO t (id, by) VALUES (1, 'again')")).rejects.toMatchObject({
      name: 'SqliteError',
      code: 'SQLITE_CONSTRAINT_PRIMARYKEY',
    });
    expect(await one.connection.isInTransactionAsync()).toBe(true);
    await one.query('COMMIT');
    expect(await two.query('SELECT by FROM t')).toEqual([{ by: 'one' }]);
  });

  test('a transaction that SQLite rolled back is also over for the client', async () => {
    await one.query("INSERT INTO t (id, by) VALUES (1, 'before')");
    await one.query('BEGIN');
    await expect(one.query("INSERT OR ROLLBACK INTO t (id, by) VALUES (1, 'again')")).rejects.toThrow(/UNIQUE/);
    expect(await one.connection.isInTransactionAsync()).toBe(false);
    await expect(one.query("INSERT INTO t (by) VALUES ('half')")).rejects.toBeInstanceOf(TransactionLostError);
    one.connection.transactionEnded();
    expect(await two.query('SELECT by FROM t')).toEqual([{ by: 'before' }]);
  });
});

test('rolls back a transaction without statements when others wait too long', async () => {
  const clock = createSimulatedClock();
  const host = serveFile(join(folder, `${(files += 1)}.db`), { clock, gateTimeoutMs: 1_000 });
  const one = await openClient(portTo(host));
  const two = await openClient(portTo(host));
  await one.query('CREATE TABLE t (by text)');
  await two.query('SELECT 1');
  await one.query('BEGIN');
  await one.query("INSERT INTO t (by) VALUES ('one')");
  const waiting = two.query('SELECT * FROM t');
  // Both requests have to be there before time passes.
  await vi.waitFor(() => expect(host.waiting).toBe(1), { interval: 1 });
  clock.increment(1_000);
  expect(await waiting).toEqual([]);
  await expect(one.query("INSERT INTO t (by) VALUES ('late')")).rejects.toThrow(/ran no statement for 1000 ms/);
  await expect(one.query('COMMIT')).rejects.toBeInstanceOf(TransactionLostError);
  await one.connection.closeAsync();
  await two.connection.closeAsync();
  await host.close();
});
