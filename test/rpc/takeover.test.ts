import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { TransactionLostError } from '../../src/model/errors/errors.ts';
import type { RpcConnection } from '../../src/rpc/client/rpc-driver.ts';
import { rpcDriver } from '../../src/rpc/client/rpc-driver.ts';
import { createWriter } from '../../src/persistence/writing/writer.ts';
import { CreateTodos1700000000002, todos } from '../support/open-store.ts';
import { openThrough } from '../support/rpc-bench.ts';
import { todoEntity } from '../support/todo.ts';
import { DyingHosts } from '../support/dying-hosts.ts';
import type { Fate } from '../support/linked-ports.ts';

const folder = mkdtempSync(join(tmpdir(), 'synchart-rpc-takeover-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

/** One act of a client: rows written alone, rows written in a transaction that commits or rolls back, a read. */
type Act =
  | { readonly type: 'write' }
  | { readonly type: 'returning' }
  | { readonly type: 'transaction'; readonly rows: number; readonly rollBack: boolean; readonly led: boolean }
  | { readonly type: 'read' };

const acts: fc.Arbitrary<Act> = fc.oneof(
  fc.constant<Act>({ type: 'write' }),
  fc.constant<Act>({ type: 'returning' }),
  fc.record({
    type: fc.constant('transaction' as const),
    rows: fc.integer({ min: 1, max: 3 }),
    rollBack: fc.boolean(),
    // BEGIN, and every second row, go along with the next statement.
    led: fc.boolean(),
  }),
  fc.constant<Act>({ type: 'read' }),
);

interface Outcome {
  readonly rows: readonly string[];
  readonly end: 'written' | 'rolledBack' | 'lost';
}

/** Carries out one act, and says what its caller was told. */
async function perform(connection: RpcConnection, act: Act, name: string): Promise<Outcome> {
  const insert = 'INSERT INTO t (name) VALUES (?)';
  if (act.type === 'read') {
    await connection.answer('SELECT count(*) FROM t', []);
    return { rows: [], end: 'written' };
  }
  if (act.type === 'write') {
    const { changes } = await connection.answer(insert, [name]);
    expect(changes).toBe(1);
    return { rows: [name], end: 'written' };
  }
  if (act.type === 'returning') {
    const { rows } = await connection.answer(`${insert} RETURNING name, x'00ff' AS bytes`, [name]);
    expect(rows).toEqual([{ name, bytes: Uint8Array.from([0, 255]) }]);
    return { rows: [name], end: 'written' };
  }
  const rows = Array.from({ length: act.rows }, (_, index) => `${name}.${index}`);
  try {
    if (act.led) connection.beginLater();
    else await connection.answer('BEGIN IMMEDIATE', []);
    for (const [index, row] of rows.entries())
      await (act.led && index % 2 === 0 ? connection.later(insert, [row]) : connection.answer(insert, [row]));
    await connection.answer(act.rollBack ? 'ROLLBACK' : 'COMMIT', []);
    return { rows, end: act.rollBack ? 'rolledBack' : 'written' };
  } catch (error) {
    if (!(error instanceof TransactionLostError)) throw error;
    return { rows, end: 'lost' };
  } finally {
    connection.transactionEnded();
  }
}

/** Runs each client's acts in their order, all clients at once, while hosts die; returns what went wrong. */
async function run(
  scripts: readonly (readonly Act[])[],
  deaths: readonly number[],
  fates: { readonly toHost?: (message: unknown) => Fate; readonly toClient?: (message: unknown) => Fate } = {},
): Promise<{ readonly problems: readonly string[]; readonly steps: number; readonly lost: number }> {
  const file = join(folder, `${(files += 1)}.db`);
  const before = new Database(file);
  before.exec('CREATE TABLE t (name text NOT NULL)');
  before.close();
  const hosts = new DyingHosts(file, deaths, fates);
  const outcomes = await Promise.all(
    scripts.map(async (script, client) => {
      const driver = rpcDriver(hosts.port(), { answerTimeoutMs: 5_000 });
      hosts.follow(driver);
      const connection = await driver.openDatabaseAsync('app');
      const told: Outcome[] = [];
      for (const [index, act] of script.entries()) told.push(await perform(connection, act, `${client}.${index}`));
      await connection.closeAsync();
      return told;
    }),
  );
  const steps = hosts.steps;
  await hosts.close();
  const after = new Database(file, { readonly: true });
  const stored = after.prepare('SELECT name FROM t').pluck().all() as string[];
  after.close();
  rmSync(file, { force: true });
  const count = (name: string): number => stored.filter((row) => row === name).length;
  const problems = outcomes
    .flat()
    .flatMap(({ rows, end }) =>
      rows
        .filter((row) => count(row) !== (end === 'written' ? 1 : 0))
        .map((row) => `${row}: ${end}, stored ${count(row)} times`),
    );
  return { problems, steps, lost: outcomes.flat().filter(({ end }) => end === 'lost').length };
}

const script: readonly Act[] = [
  { type: 'write' },
  { type: 'transaction', rows: 2, rollBack: false, led: true },
  { type: 'returning' },
  { type: 'transaction', rows: 2, rollBack: false, led: false },
  { type: 'transaction', rows: 1, rollBack: true, led: true },
  { type: 'read' },
  { type: 'write' },
];

test('foreign keys that a client switched off stay off at the next host', async () => {
  const file = join(folder, `${(files += 1)}.db`);
  const hosts = new DyingHosts(file, []);
  const driver = rpcDriver(hosts.port());
  const connection = await driver.openDatabaseAsync('app');
  await connection.answer('CREATE TABLE parent (id integer PRIMARY KEY)', []);
  await connection.answer('CREATE TABLE child (parent integer REFERENCES parent (id))', []);
  await connection.answer('PRAGMA foreign_keys = OFF', []);
  const next = new DyingHosts(file, []);
  driver.attach(next.port());
  await connection.answer('BEGIN', []);
  await connection.answer('INSERT INTO child VALUES (1)', []);
  await connection.answer('COMMIT', []);
  await connection.answer('INSERT INTO child VALUES (2)', []);
  await connection.answer('PRAGMA foreign_keys = ON', []);
  await expect(connection.answer('INSERT INTO child VALUES (3)', [])).rejects.toThrow(/FOREIGN KEY/);
  await connection.closeAsync();
  await hosts.close();
  await next.close();
});

test('opening, migrating and the writes of two apps continue automatically, wherever hosts die', async () => {
  const deaths = [3, 45, 400, 60, 90, 120, 50, 75];
  const file = join(folder, `${(files += 1)}.db`);
  const hosts = new DyingHosts(file, deaths);
  const ids = await Promise.all(
    [0, 1].map(async (app) => {
      const driver = rpcDriver(hosts.port());
      hosts.follow(driver);
      const dataSource = await openThrough(driver, { entities: [todoEntity], migrations: [CreateTodos1700000000002] });
      const writer = createWriter(dataSource).forTable(todos);
      const written = Array.from({ length: 40 }, (_, index) => `${app}-${index}`);
      for (const id of written)
        await writer.insertAndEnqueue({
          id,
          title: id,
          done: false,
          priority: null,
          tags: null,
          updatedAt: '',
          deletedAt: null,
          deletedAtLocal: null,
        });
      await dataSource.destroy();
      return written;
    }),
  );
  expect(hosts.died).toBe(deaths.length);
  await hosts.close();
  const after = new Database(file, { readonly: true });
  const column = (sql: string): unknown[] => after.prepare(sql).pluck().all();
  expect(column('SELECT id FROM todos ORDER BY id')).toEqual(ids.flat().sort());
  expect(column('SELECT entity_id FROM sync_outbox ORDER BY entity_id')).toEqual(ids.flat().sort());
  expect(column('PRAGMA integrity_check')).toEqual(['ok']);
  after.close();
});

describe('exactly once over a takeover', () => {
  test('a host that dies at every step of two clients: nothing is lost or doubled, and every call settles', async () => {
    const { steps } = await run([script, script], []);
    expect(steps).toBeGreaterThan(60);
    const problems: string[] = [];
    let lost = 0;
    for (let death = 1; death <= steps; death += 1) {
      const result = await run([script, script], [death]);
      problems.push(...result.problems.map((problem) => `death at ${death}: ${problem}`));
      lost += result.lost;
    }
    expect(problems).toEqual([]);
    // Else no host has died inside a transaction.
    expect(lost).toBeGreaterThan(10);
  });

  test('hosts that die one after another, duplicate messages, reordered answers', async () => {
    const fate = fc.record({ copies: fc.integer({ min: 1, max: 2 }), behind: fc.integer({ min: 0, max: 2 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(acts, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 3 }),
        fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 4 }),
        fc.array(fate, { minLength: 1, maxLength: 20 }),
        async (scripts, deaths, fates) => {
          let messages = 0;
          const next = (): Fate => fates[(messages += 1) % fates.length] ?? { copies: 1, behind: 0 };
          const { problems } = await run(scripts, deaths, {
            toHost: () => ({ copies: next().copies, behind: 0 }),
            toClient: next,
          });
          expect(problems).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });
});
