import sqlite3InitModule, { type Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import { beforeAll, expect, test } from 'vitest';
import { pageBytes, type PageChanges } from '../../../src/browser/storage/page-store.ts';
import { verifyPaged } from '../../../src/browser/worker/open-file.ts';
import { openPagedDatabase } from '../../../src/browser/worker/paged-database.ts';
import { WasmConnection } from '../../../src/browser/worker/sqlite-connection.ts';
import { damageOf } from '../../../src/browser/worker/whole-file.ts';
import { seededRandom } from '../../../src/testing/seeded-random.ts';

let sqlite: Sqlite3Static;
beforeAll(async () => {
  sqlite = await sqlite3InitModule();
});

/** Stores pages as IndexedDB does: they count as stored once `settle` says so. */
class Shelf {
  size = 0;
  readonly pages = new Map<number, Uint8Array>();
  readonly waiting: ((isStored: boolean) => void)[] = [];
  isAutomatic = true;
  isFull = false;

  readPages(): Promise<ReadonlyMap<number, Uint8Array>> {
    return Promise.resolve(new Map([...this.pages].map(([index, page]) => [index, page.slice()])));
  }

  async write({ size, pages }: PageChanges): Promise<void> {
    const copies = [...pages].map(([index, page]) => [index, page?.slice()] as const);
    const isStored = this.isAutomatic
      ? !this.isFull
      : await new Promise<boolean>((settle) => void this.waiting.push(settle));
    if (!isStored) throw new DOMException('no space', 'QuotaExceededError');
    for (const [index, page] of copies) {
      if (page === undefined) this.pages.delete(index);
      else this.pages.set(index, page);
    }
    this.size = size;
  }

  close(): void {}
}

async function open(shelf: Shelf): Promise<WasmConnection> {
  const paged = await openPagedDatabase(sqlite, shelf);
  verifyPaged(paged.database);
  return new WasmConnection(sqlite, paged.database, { takeRefusal: () => undefined }, { store: () => paged.store() });
}
const numbers = async (connection: WasmConnection): Promise<readonly unknown[]> =>
  (await connection.execute('SELECT n FROM t ORDER BY n', [])).rows.map((row) => (row as { n: number }).n);

test('I7: readers never see a commit that is being stored, and a refused one leaves no trace', async () => {
  const shelf = new Shelf();
  const connection = await open(shelf);
  await connection.execute('CREATE TABLE t (n integer)', []);
  shelf.isAutomatic = false;
  const commit = connection.execute('INSERT INTO t VALUES (1)', []);
  const seen = numbers(connection);
  const job = connection.betweenTransactions(() => connection.database.selectValue('SELECT count(*) FROM t'));
  shelf.waiting.shift()?.(false);
  await expect(commit).rejects.toMatchObject({ code: 'SQLITE_IOERR', cause: { name: 'QuotaExceededError' } });
  expect(await seen).toEqual([]);
  expect(await job).toBe(0);
  const next = connection.execute('INSERT INTO t VALUES (2)', []);
  shelf.waiting.shift()?.(true);
  await next;
  expect(await numbers(connection)).toEqual([2]);
  await connection.close();
});

test('I7: closing waits for the commit that is being stored', async () => {
  const shelf = new Shelf();
  const connection = await open(shelf);
  await connection.execute('CREATE TABLE t (n integer)', []);
  shelf.isAutomatic = false;
  const commit = connection.execute('INSERT INTO t VALUES (1)', []);
  const order: string[] = [];
  const closed = connection.close().then(() => order.push('closed'));
  await new Promise(setImmediate);
  order.push('stored');
  shelf.waiting.shift()?.(true);
  await Promise.all([commit, closed]);
  expect(order).toEqual(['stored', 'closed']);
  shelf.isAutomatic = true;
  const again = await open(shelf);
  expect(await numbers(again)).toEqual([1]);
  await again.close();
});

test('I7: memory and pages agree after any mix of commits, rollbacks, refusals and schema changes', {
  timeout: 120_000,
}, async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const random = seededRandom(seed);
    const shelf = new Shelf();
    let connection = await open(shelf);
    await connection.execute('CREATE TABLE t (n integer, bytes blob)', []);
    let expected: number[] = [];
    for (let turn = 0; turn < 60; turn += 1) {
      const run = async (sql: string, ...parameters: readonly unknown[]): Promise<unknown> =>
        connection.execute(sql, parameters);
      const before = [...expected];
      shelf.isFull = random() < 0.3;
      try {
        await run('BEGIN IMMEDIATE');
        for (let statement = 0; statement < 1 + random() * 3; statement += 1) {
          const n = Math.floor(random() * 40);
          if (random() < 0.7) {
            await run('INSERT INTO t VALUES (?, randomblob(?))', n, Math.floor(random() * 3 * pageBytes));
            expected.push(n);
          } else {
            await run('DELETE FROM t WHERE n = ?', n);
            expected = expected.filter((other) => other !== n);
          }
        }
        if (random() < 0.2) await run(`CREATE TABLE extra${turn} (n integer)`);
        if (random() < 0.2) throw new Error('rolled back');
        await run('COMMIT');
      } catch {
        if (connection.isInTransaction()) await run('ROLLBACK');
        expected = before;
      }
      expect(await numbers(connection), `seed ${seed}, turn ${turn}`).toEqual(expected.toSorted((a, b) => a - b));
      if (random() < 0.1) {
        await connection.close();
        connection = await open(shelf);
      }
    }
    expect(damageOf(connection.database), `seed ${seed}`).toBeUndefined();
    await connection.close();
  }
});

test('names the missing pages and leaves the rest alone', async () => {
  const shelf = new Shelf();
  const connection = await open(shelf);
  await connection.execute('CREATE TABLE t (n integer)', []);
  await connection.close();
  shelf.pages.delete(1);
  await expect(open(shelf)).rejects.toMatchObject({ problem: 'damaged', message: /holds 1 of 2 pages/ });
});
