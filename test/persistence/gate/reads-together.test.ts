import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource, EntitySchema, QueryFailedError, type EntitySubscriberInterface } from 'typeorm';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { gateConnection, type ConnectionGate } from '../../../src/persistence/gate/connection-gate.ts';
import { GateLock, type LockHolder } from '../../../src/persistence/gate/gate-lock.ts';
import { sqlite3Driver } from '../../../src/persistence/drivers/sqlite3-driver.ts';
import { createSimulatedClock } from '../../../src/testing/simulated-clock.ts';
import { Statements } from '../../support/statements.ts';

interface Line {
  id: number;
  name: string;
  photo: Buffer | null;
}
const Line = new EntitySchema<Line>({
  name: 'Line',
  tableName: 'lines',
  columns: { id: { type: 'integer', primary: true }, name: { type: 'text' }, photo: { type: 'blob', nullable: true } },
});

const folder = mkdtempSync(join(tmpdir(), 'synchart-reads-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const opened: DataSource[] = [];
afterEach(async () => {
  for (const dataSource of opened.splice(0)) await dataSource.destroy();
});

async function open(
  options: { readonly maxQueryExecutionTime?: number } = {},
): Promise<{ dataSource: DataSource; gate: ConnectionGate; statements: Statements; file: string }> {
  const statements = new Statements();
  const file = join(folder, `${(files += 1)}.db`);
  const dataSource = new DataSource({
    type: 'expo',
    driver: sqlite3Driver(),
    entities: [Line],
    synchronize: true,
    logger: statements,
    ...options,
    database: file,
  });
  opened.push(dataSource);
  await dataSource.initialize();
  const gate = gateConnection(dataSource);
  await dataSource.getRepository(Line).insert([
    { id: 1, name: 'one', photo: Buffer.from([1]) },
    { id: 2, name: 'two', photo: null },
  ]);
  statements.list.length = 0;
  return { dataSource, gate, statements, file };
}
const selects = ({ list }: Statements): number => list.filter(({ sql }) => /^select/i.test(sql)).length;

/** Keeps the connection in a transaction until the test commits it. */
function occupy(gate: ConnectionGate): { readonly begun: Promise<void>; end(): Promise<void> } {
  let begin = (): void => undefined;
  let release = (): void => undefined;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const done = gate.transaction(async () => {
    begin();
    await held;
  });
  return {
    begun,
    end: async () => {
      release();
      await done;
    },
  };
}

describe('the lock', () => {
  const holder = (): LockHolder => ({ running: 1, activeAt: 0 });
  const turn = (): Promise<void> => new Promise(setImmediate);

  test('F-130: concurrent reads share the connection up to its limit, and never overlap a transaction', async () => {
    const lock = new GateLock(createSimulatedClock(), 5_000, () => 2);
    const [first, second, third, writer] = [holder(), holder(), holder(), holder()];
    const order: string[] = [];
    expect(lock.acquire(first, true)).toBeUndefined();
    expect(lock.acquire(second, true)).toBeUndefined();
    void lock.acquire(third, true)?.then(() => order.push('third read'));
    void lock.acquire(writer)?.then(() => order.push('writer'));
    await turn();
    expect(order).toEqual([]);
    lock.release(first);
    await turn();
    expect(order).toEqual(['third read']);
    lock.release(second);
    await turn();
    expect(order).toEqual(['third read']);
    lock.release(third);
    await turn();
    expect(order).toEqual(['third read', 'writer']);
    expect(lock.acquire(holder(), true)).toBeDefined();
  });

  test('F-130: a stream of reads does not starve a transaction', async () => {
    const lock = new GateLock(createSimulatedClock(), 5_000, () => 3);
    const [reader, writer, late] = [holder(), holder(), holder()];
    const order: string[] = [];
    expect(lock.acquire(reader, true)).toBeUndefined();
    void lock.acquire(writer)?.then(() => order.push('writer'));
    const waiting = lock.acquire(late, true);
    expect(waiting, 'a read that comes after the writer').toBeDefined();
    void waiting?.then(() => order.push('late read'));
    lock.release(reader);
    await turn();
    expect(order).toEqual(['writer']);
    lock.release(writer);
    await turn();
    expect(order).toEqual(['writer', 'late read']);
  });
});

test('equal waiting reads share one statement; each gets its own rows', async () => {
  const { dataSource, gate, statements } = await open();
  const busy = occupy(gate);
  await busy.begun;
  const ask = (id: number): Promise<Line[]> =>
    gate.detached(() => dataSource.query<Line[]>('SELECT * FROM lines WHERE id = ?', [id]));
  const asked = [ask(1), ask(1), ask(2), ask(1)];
  const found = gate.detached(() =>
    Promise.all([1, 1, 1].map(() => dataSource.getRepository(Line).find({ order: { id: 'ASC' } }))),
  );
  await busy.end();
  const [first, second, other, third] = await Promise.all(asked);
  expect([first, second, third].map((rows) => rows?.[0]?.name)).toEqual(['one', 'one', 'one']);
  expect(other?.[0]?.name).toBe('two');
  for (const entities of await found) expect(entities.map(({ name }) => name)).toEqual(['one', 'two']);
  expect(selects(statements)).toBe(3);

  if (first?.[0]) Object.assign(first[0], { name: 'changed' });
  first?.[0]?.photo?.fill(9);
  expect(second?.[0]).toEqual({ id: 1, name: 'one', photo: expect.objectContaining({ 0: 1 }) as unknown });
  expect(third).toEqual(second);
});

test('reads whose values differ only in type stay separate', async () => {
  const { dataSource, gate } = await open();
  const busy = occupy(gate);
  await busy.begun;
  const typeOf = (value: unknown): Promise<{ type: string }[]> =>
    gate.detached(() => dataSource.query<{ type: string }[]>('SELECT typeof(?) AS type', [value]));
  const asked = Promise.all([typeOf(1), typeOf('1'), typeOf(null), typeOf('null')]);
  await busy.end();
  expect((await asked).map(([row]) => row?.type)).toEqual(['integer', 'text', 'null', 'text']);
});

test('a read sees commits made elsewhere before it, even while an equal one is running', async () => {
  const { dataSource, file } = await open();
  const elsewhere = new (await import('better-sqlite3')).default(file);
  const count = async (): Promise<number> =>
    Number((await dataSource.query<{ n: number }[]>('SELECT COUNT(*) AS n FROM lines'))[0]?.n);
  for (let round = 0; round < 50; round += 1) {
    const running = [count(), count(), count()];
    elsewhere.prepare('INSERT INTO lines (id, name) VALUES (?, ?)').run(100 + round, 'elsewhere');
    expect(await count()).toBe(3 + round);
    await Promise.all(running);
  }
  elsewhere.close();
});

test('a failed read fails for all its callers, like in TypeORM', async () => {
  const { dataSource, gate, statements } = await open();
  const busy = occupy(gate);
  await busy.begun;
  const asked = Promise.allSettled(
    [1, 2].map(() => gate.detached(() => dataSource.query('SELECT nothing FROM nowhere'))),
  );
  await busy.end();
  for (const outcome of await asked) {
    expect(outcome).toMatchObject({
      status: 'rejected',
      reason: { query: 'SELECT nothing FROM nowhere', code: 'SQLITE_ERROR' },
    });
    expect((outcome as PromiseRejectedResult).reason).toBeInstanceOf(QueryFailedError);
  }
  expect(statements.errors).toEqual(['SELECT nothing FROM nowhere']);
  expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('reports each statement to subscribers', async () => {
  const heard: string[] = [];
  const { dataSource, gate } = await open();
  dataSource.subscribers.push({
    beforeQuery: ({ query }) => void heard.push(query),
  } satisfies EntitySubscriberInterface);
  const busy = occupy(gate);
  await busy.begun;
  const asked = gate.detached(() => Promise.all([1, 2, 3].map(() => dataSource.query('SELECT 7'))));
  await busy.end();
  await asked;
  expect(heard.filter((sql) => sql === 'SELECT 7')).toHaveLength(3);
});

test('logs a slow statement as slow', async () => {
  const { dataSource, statements } = await open({ maxQueryExecutionTime: 1 });
  const slow =
    'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT SUM(i) AS s FROM n';
  expect(await dataSource.query(slow)).toEqual([{ s: 45000150000 }]);
  expect(statements.slow).toContain(slow);
});
