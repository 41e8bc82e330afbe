import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { afterAll, describe, expect, test } from 'vitest';
import { AppOutdatedError } from '../../src/model/errors/errors.ts';
import { rpcDriver } from '../../src/rpc/client/rpc-driver.ts';
import { isNewer, releaseOf } from '../../src/rpc/protocol/release.ts';
import { linkedPorts } from '../support/linked-ports.ts';
import { openClient, openThrough, portTo, serveFile } from '../support/rpc-bench.ts';

const folder = mkdtempSync(join(tmpdir(), 'synchart-rpc-releases-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const nextFile = (): string => join(folder, `${(files += 1)}.db`);

class One1800000000001 implements MigrationInterface {
  readonly name = 'One1800000000001';
  up(runner: QueryRunner): Promise<unknown> {
    return runner.query('CREATE TABLE notes (id integer PRIMARY KEY, text text)');
  }
  down(runner: QueryRunner): Promise<unknown> {
    return runner.query('DROP TABLE notes');
  }
}
class Two1800000000002 implements MigrationInterface {
  readonly name = 'Two1800000000002';
  up(runner: QueryRunner): Promise<unknown> {
    return runner.query('ALTER TABLE notes ADD COLUMN more text');
  }
  down(): Promise<unknown> {
    return Promise.resolve();
  }
}

describe('releases', () => {
  test('compares the app’s migrations and those of the sync tables separately', () => {
    const old = releaseOf(['CreateSyncTables1700000000001', 'One1800000000001']);
    expect(old).toMatchObject({ sync: 1700000000001, app: 1800000000001 });
    expect(isNewer(releaseOf(['synchart/0.2.0/more1700000000060', 'One1800000000001']), old)).toBe(true);
    expect(isNewer(releaseOf(['CreateSyncTables1700000000001', 'Two1800000000002']), old)).toBe(true);
    expect(isNewer(old, old)).toBe(false);
    expect(isNewer({ ...old, protocol: old.protocol + 1 }, old)).toBe(true);
    // By the migrations first, then by the protocol.
    expect(isNewer({ ...old, protocol: old.protocol + 1, app: 0 }, old)).toBe(false);
  });

  test('an older client writes until a newer one has migrated the file, and nothing afterwards', async () => {
    const host = serveFile(nextFile());
    const older = await openThrough(rpcDriver(portTo(host)), { entities: [], migrations: [One1800000000001] });
    await older.query("INSERT INTO notes (text) VALUES ('older')");
    const newer = await openThrough(rpcDriver(portTo(host)), {
      entities: [],
      migrations: [One1800000000001, Two1800000000002],
    });
    const refused = [
      older.query("INSERT INTO notes (text) VALUES ('late')"),
      older.query('SELECT * FROM notes'),
      older.transaction((manager) => manager.query("INSERT INTO notes (text) VALUES ('late')")),
    ];
    for (const call of await Promise.allSettled(refused))
      expect(call.status === 'rejected' && call.reason).toBeInstanceOf(AppOutdatedError);
    expect(await newer.query('SELECT text, more FROM notes')).toEqual([{ text: 'older', more: null }]);
    await older.destroy();
    await newer.destroy();
    await host.close();
  });

  test('a release that was rolled back opens and changes nothing', async () => {
    const file = nextFile();
    const first = serveFile(file);
    const newer = await openThrough(rpcDriver(portTo(first)), {
      entities: [],
      migrations: [One1800000000001, Two1800000000002],
    });
    await newer.destroy();
    await first.close();
    const before = new Database(file, { readonly: true });
    const count = (database: Database.Database): unknown => database.pragma('data_version', { simple: true });
    const version = count(before);
    const second = serveFile(file);
    const rolledBack = openThrough(rpcDriver(portTo(second)), { entities: [], migrations: [One1800000000001] });
    await expect(rolledBack).rejects.toBeInstanceOf(AppOutdatedError);
    expect(count(before)).toBe(version);
    before.close();
    await second.close();
  });

  test('reports a client with a newer protocol, which waits for the next host', async () => {
    const news: unknown[] = [];
    const host = serveFile(nextFile(), { onNewerClient: (release) => news.push(release) });
    const { client, host: far } = linkedPorts();
    host.connect(far);
    const answers: unknown[] = [];
    client.addEventListener('message', (event) => answers.push(Reflect.get(event, 'data')));
    const release = { protocol: 99, sync: 0, app: 0 };
    client.postMessage({ synchart: 'rpc', type: 'hello', attempt: 1, clientId: 'new', release, unanswered: [] });
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(news).toEqual([release]);
    expect(answers.at(-1)).toMatchObject({ type: 'leaving' });
    await host.close();
  });
});

describe('hand-over', () => {
  test('an open transaction ends; everything else waits for the next host and runs once', async () => {
    const file = nextFile();
    const first = serveFile(file);
    const one = await openClient(portTo(first));
    const two = await openClient(portTo(first));
    await one.query('CREATE TABLE t (name text)');
    await two.query('SELECT 1');
    await one.query('BEGIN');
    await one.query("INSERT INTO t VALUES ('one')");
    const waiting = two.query("INSERT INTO t VALUES ('two')");
    const handedOver = first.handOver();
    await one.query("INSERT INTO t VALUES ('one again')");
    await one.query('COMMIT');
    await handedOver;
    await first.close();
    const after = one.query("INSERT INTO t VALUES ('after')");
    const second = serveFile(file);
    one.driver.attach(portTo(second));
    two.driver.attach(portTo(second));
    await Promise.all([waiting, after]);
    const rows = (await one.query('SELECT name FROM t ORDER BY name')) as { name: string }[];
    expect(rows.map(({ name }) => name)).toEqual(['after', 'one', 'one again', 'two']);
    await one.connection.closeAsync();
    await two.connection.closeAsync();
    await second.close();
  });

  test('rolls back a transaction that does not end in time, and reports that nothing is written', async () => {
    const file = nextFile();
    const first = serveFile(file);
    const one = await openClient(portTo(first));
    await one.query('CREATE TABLE t (name text)');
    await one.query('BEGIN');
    await one.query("INSERT INTO t VALUES ('one')");
    await first.handOver({ graceMs: 1 });
    await first.close();
    const second = serveFile(file);
    const commit = one.query('COMMIT');
    one.driver.attach(portTo(second));
    await expect(commit).rejects.toMatchObject({ name: 'TransactionLostError', message: /[Rr]un it again/ });
    one.connection.transactionEnded();
    expect(await one.query('SELECT * FROM t')).toEqual([]);
    await one.connection.closeAsync();
    await second.close();
  });

  test('asks the source for the next port', async () => {
    const file = nextFile();
    let host = serveFile(file);
    let asked = 0;
    const one = await openClient(() => {
      asked += 1;
      return portTo(host);
    });
    await one.query('CREATE TABLE t (name text)');
    const first = host;
    await first.handOver();
    host = serveFile(file);
    await one.query("INSERT INTO t VALUES ('one')");
    expect(await one.query('SELECT name FROM t')).toEqual([{ name: 'one' }]);
    expect(asked).toBeGreaterThan(1);
    await one.connection.closeAsync();
    await first.close();
    await host.close();
  });
});
