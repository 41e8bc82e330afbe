import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import type { Clock } from '../../src/model/platform/clock.ts';
import { DatabaseError, HostUnreachableError, TransactionLostError } from '../../src/model/errors/errors.ts';
import { parseClientMessage } from '../../src/rpc/protocol/parse-message.ts';
import { createSimulatedClock } from '../../src/testing/simulated-clock.ts';
import { linkedPorts } from '../support/linked-ports.ts';
import { openClient, portTo, serveFile } from '../support/rpc-bench.ts';

const folder = mkdtempSync(join(tmpdir(), 'synchart-rpc-deadline-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const nextFile = (): string => join(folder, `${(files += 1)}.db`);
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe('every call ends', () => {
  test('with a host that never answers, calls reject by name, and nothing was written', async () => {
    const clock = createSimulatedClock();
    const { client } = linkedPorts();
    const { query } = await openClient(client, { clock, answerTimeoutMs: 1_000 });
    const calls = ['SELECT 1', 'INSERT INTO t VALUES (1)', 'BEGIN'].map((sql) => query(sql));
    const settled = Promise.allSettled(calls);
    for (let step = 0; step < 5; step += 1) clock.increment(250);
    for (const result of await settled) {
      expect(result).toMatchObject({
        status: 'rejected',
        reason: { name: 'HostUnreachableError', mayBeWritten: false, code: 'HOST_UNREACHABLE' },
      });
      expect(result.status === 'rejected' && result.reason).toBeInstanceOf(DatabaseError);
    }
  });

  test("the wait counts from the host's last message, not from the call", async () => {
    const clock = createSimulatedClock();
    const host = serveFile(nextFile(), { clock, gateTimeoutMs: 1e9 });
    const one = await openClient(portTo(host), { clock, answerTimeoutMs: 1_000 });
    const two = await openClient(portTo(host), { clock, answerTimeoutMs: 1_000 });
    await two.query('SELECT 1');
    await one.query('BEGIN');
    let isSettled = false;
    const waiting = two.query('SELECT 1 AS one').finally(() => {
      isSettled = true;
    });
    await vi.waitFor(() => expect(host.waiting).toBe(1), { interval: 1 });
    // Ten times the deadline: the host answers each ping.
    for (let step = 0; step < 40; step += 1) {
      clock.increment(250);
      await vi.waitFor(() => turns(), { interval: 1 });
    }
    expect(isSettled).toBe(false);
    await one.query('COMMIT');
    expect(await waiting).toEqual([{ one: 1 }]);
    await one.connection.closeAsync();
    await two.connection.closeAsync();
    await host.close();
  });

  test('a device that slept keeps calls that the host had no chance to answer', async () => {
    // Timers of a device that sleeps are late, all at once.
    let now = 0;
    const due: (() => void)[] = [];
    const clock: Clock = { now: () => now, setTimeout: (fire) => due.push(fire), clearTimeout: () => undefined };
    const { client, host: far } = linkedPorts();
    const { query } = await openClient(client, { clock, answerTimeoutMs: 1_000 });
    const call = query('SELECT 1 AS one');
    now = 60_000;
    for (const fire of due.splice(0)) fire();
    const host = serveFile(nextFile());
    host.connect(far);
    expect(await call).toEqual([{ one: 1 }]);
    await host.close();
  });

  test("an unanswered commit says that it may be stored; the host's later result is reported", async () => {
    const clock = createSimulatedClock();
    const host = serveFile(nextFile());
    const { client, host: far } = linkedPorts();
    const held: (() => void)[] = [];
    let isHeld = false;
    host.connect({
      ...far,
      postMessage: (message) => far.postMessage(message),
      addEventListener: (type, listener) =>
        far.addEventListener(type, (event) => {
          if (isHeld) held.push(() => listener(event));
          else listener(event);
        }),
      removeEventListener: () => undefined,
    });
    const { query, connection, driver } = await openClient(client, { clock, answerTimeoutMs: 1_000 });
    await query('CREATE TABLE t (id integer)');
    await query('BEGIN');
    await query('INSERT INTO t VALUES (1)');
    isHeld = true;
    const told: unknown[] = [];
    driver.onCommitElsewhere((writes) => told.push(writes));
    const commit = query('COMMIT');
    const settled = Promise.allSettled([commit]);
    for (let step = 0; step < 5; step += 1) {
      clock.increment(250);
      await turns();
    }
    const [result] = await settled;
    expect(result.status === 'rejected' && result.reason).toBeInstanceOf(HostUnreachableError);
    expect(result).toMatchObject({ reason: { mayBeWritten: true } });
    expect(await connection.isInTransactionAsync()).toBe(false);
    connection.transactionEnded();
    isHeld = false;
    for (const deliver of held) deliver();
    await turns();
    expect(told).toEqual([undefined]);
    expect(await query('SELECT id FROM t')).toEqual([{ id: 1 }]);
    await connection.closeAsync();
    await host.close();
  });

  test('an unanswered statement gives its transaction up, which is rolled back when the host returns', async () => {
    const clock = createSimulatedClock();
    const host = serveFile(nextFile());
    const { client, host: far } = linkedPorts();
    host.connect(far);
    const one = await openClient(client, { clock, answerTimeoutMs: 1_000 });
    const two = await openClient(portTo(host));
    await one.query('CREATE TABLE t (id integer)');
    await one.query('BEGIN');
    far.isCut = true;
    const settled = Promise.allSettled([one.query('INSERT INTO t VALUES (1)')]);
    for (let step = 0; step < 5; step += 1) {
      clock.increment(250);
      await turns();
    }
    expect((await settled)[0]).toMatchObject({ reason: { name: 'HostUnreachableError', mayBeWritten: false } });
    await expect(one.query('INSERT INTO t VALUES (2)')).rejects.toBeInstanceOf(TransactionLostError);
    one.connection.transactionEnded();
    far.isCut = false;
    expect(await one.query('SELECT * FROM t')).toEqual([]);
    expect(await two.query('SELECT * FROM t')).toEqual([]);
    await one.connection.closeAsync();
    await two.connection.closeAsync();
    await host.close();
  });

  test('a source without a port rejects waiting calls', async () => {
    const { query } = await openClient(() => Promise.reject(new Error('no worker here')));
    await expect(query('SELECT 1')).rejects.toMatchObject({ name: 'HostUnreachableError', mayBeWritten: false });
  });

  test('closing settles waiting calls', async () => {
    const { client } = linkedPorts();
    const { query, connection } = await openClient(client);
    const call = query('SELECT 1');
    const settled = expect(call).rejects.toBeInstanceOf(DatabaseError);
    await connection.closeAsync();
    await settled;
  });
});

describe('invalid messages', () => {
  test('a host answers each by name and serves the others', async () => {
    const host = serveFile(nextFile());
    const { client, host: far } = linkedPorts();
    host.connect(far);
    const heard: unknown[] = [];
    client.addEventListener('message', (event) => heard.push(Reflect.get(event, 'data')));
    const bad: readonly unknown[] = [
      undefined,
      7,
      'hello',
      {},
      { synchart: 'rpc' },
      { synchart: 'rpc', type: 'hello' },
      { synchart: 'rpc', type: 'hello', attempt: 1, clientId: '', release: {}, unanswered: [] },
      { synchart: 'rpc', type: 'call', id: -1 },
      { synchart: 'rpc', type: 'call', id: 1, settled: 0, operation: { op: 'drop' } },
      { synchart: 'rpc', type: 'call', id: 1, settled: 0, operation: { op: 'query', sql: 7, parameters: [] } },
      {
        synchart: 'rpc',
        type: 'call',
        id: 1,
        settled: 0,
        operation: { op: 'query', sql: 'SELECT ?', parameters: [{}] },
      },
      {
        synchart: 'rpc',
        type: 'call',
        id: 1,
        settled: 0,
        operation: { op: 'commit', tx: 1, write: 1, settledWrites: 0 },
      },
    ];
    for (const message of bad) client.postMessage(message);
    await turns();
    const types = heard.map((message) => Reflect.get(Object(message), 'type'));
    expect(types.slice(1).every((type) => type === 'rejected' || type === 'unknown')).toBe(true);
    expect(types.length - 1).toBe(bad.filter((message) => Reflect.get(Object(message), 'synchart') === 'rpc').length);
    const { query, connection } = await openClient(portTo(host));
    expect(await query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await connection.closeAsync();
    await host.close();
  });

  test('an invalid id rejects only its call', async () => {
    const host = serveFile(nextFile());
    const { client, host: far } = linkedPorts();
    host.connect(far);
    const { query, connection } = await openClient(client);
    expect(await query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    const heard: unknown[] = [];
    client.addEventListener('message', (event) => heard.push(Reflect.get(event, 'data')));
    client.postMessage({ synchart: 'rpc', type: 'call', id: 900, settled: 0, operation: { op: 'begin' } });
    client.postMessage({
      synchart: 'rpc',
      type: 'call',
      id: 901,
      settled: 0,
      operation: { op: 'query', sql: 'INSERT INTO sqlite_master VALUES (1)', parameters: [] },
    });
    client.postMessage({ synchart: 'rpc', type: 'call', id: 902, settled: 0, operation: { op: 'rollback', tx: 77 } });
    await turns();
    expect(heard).toMatchObject([
      { id: 900, error: { name: 'ProtocolError' } },
      { id: 901, error: { name: 'ProtocolError' } },
      { id: 902, open: false },
    ]);
    await connection.closeAsync();
    await host.close();
  });

  test('rejects a client that uses the port of another', async () => {
    const host = serveFile(nextFile());
    const { client, host: far } = linkedPorts();
    host.connect(far, { clientId: 'one' });
    const { query } = await openClient(client, { clientId: 'two' });
    await expect(query('SELECT 1')).rejects.toMatchObject({ name: 'ProtocolError' });
    await host.close();
  });

  test('ignores messages outside this protocol', () => {
    expect(parseClientMessage({ type: 'call', id: 1 })).toBeUndefined();
    expect(parseClientMessage(null)).toBeUndefined();
  });
});
