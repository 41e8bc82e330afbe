import { DataSource, type EntitySchema } from 'typeorm';
import { afterEach, describe, expect, test } from 'vitest';
import { createSyncServer } from '../../src/server/create-sync-server.ts';
import { pagingStyles, type PagingStyle } from '../../src/server/paging.ts';
import type { TestServerOptions } from '../../src/testing/test-server.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { openEngine, type EngineBench, type EngineBenchOptions } from '../support/open-engine.ts';
import { todoEntity, todoOf } from '../support/todo.ts';

let bench: EngineBench;
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await bench.close();
  for (const close of closing.splice(0).reverse()) await close();
});

/** Opens an engine whose database notes each write of a row, so that "once" is what really happened. */
async function openNoting(options: EngineBenchOptions): Promise<EngineBench> {
  bench = await openEngine({ ...options, config: { pageSize: 4, maxRetries: 0, ...options.config } });
  await bench.dataSource.query('CREATE TABLE written (id text)');
  for (const when of ['INSERT', 'UPDATE'])
    await bench.dataSource.query(
      `CREATE TRIGGER note_${when} AFTER ${when} ON todos BEGIN INSERT INTO written VALUES (new.id); END`,
    );
  return bench;
}
const written = async (): Promise<readonly string[]> =>
  (await bench.dataSource.query<{ id: string }[]>('SELECT id FROM written')).map(({ id }) => id);
const forgetWritten = (): Promise<unknown> => bench.dataSource.query('DELETE FROM written');
const localIds = async (): Promise<readonly string[]> =>
  (await bench.dataSource.getRepository(todoEntity).find({ order: { id: 'ASC' } })).map(({ id }) => id);

const idOf = (index: number): string => `r${String(index).padStart(2, '0')}`;
const allIds = Array.from({ length: 25 }, (_, index) => idOf(index));
const seconds = (index: number): string => `2026-01-01T00:00:${String(index).padStart(2, '0')}.000Z`;
/** Of different lengths, so that a cap in bytes makes pages of different sizes. */
const rowsAt = (time: (index: number) => string | number) =>
  allIds.map((id, index) => ({ id, title: 'x'.repeat((index * 37) % 120), done: false, updatedAt: time(index) }));

const secretCap: TestServerOptions = { pageCap: 3, announcePageCap: false };
const servers: readonly (readonly [name: string, options: TestServerOptions])[] = [
  ['no cap', {}],
  ['a cap of 3 rows, announced', { pageCap: 3 }],
  ['a cap of 3 rows, kept secret', secretCap],
  ['a cap of 3 rows, kept secret, but hasMore', { pageCap: 3, announcePageCap: false, hasMore: true }],
  ['a cap of 400 bytes', { pageCapBytes: 400, announcePageCap: false }],
  ['ids in an order of its own', { idOrder: 'reverse' }],
];
type Times = readonly [name: string, time: (index: number) => string | number];
const rising: Times = ['rising timestamps', seconds];
const equal: Times = ['one timestamp for all', () => seconds(0)];
const otherTimes: readonly Times[] = [
  ['runs of equal timestamps', (index) => seconds(Math.floor(index / 7))],
  [
    'microseconds within one millisecond (F-63)',
    (index) => `2026-01-01T00:00:00.123${String(index * 7).padStart(3, '0')}Z`,
  ],
  ['epoch milliseconds', (index) => 1_767_225_600_000 + index],
];
const cases = [
  ...servers.flatMap(([name, options]) =>
    [rising, equal].map(([named, time]) => ({ name: `${name}, ${named}`, options, time })),
  ),
  ...otherTimes.map(([named, time]) => ({ name: `a cap of 3 rows, kept secret, ${named}`, options: secretCap, time })),
];

describe.each(pagingStyles)('%s', (paging) => {
  test.each(cases)(
    'F-60, F-62: the first sync brings each of 25 rows exactly once at page size 4: $name',
    async ({ options, time }) => {
      await openNoting({ serverOptions: { paging, ...options }, config: { fullResyncIntervalMs: 604_800_000 } });
      bench.server.seed('todos', rowsAt(time));
      expect(await bench.engine.sync()).toMatchObject({ pulled: 25, errors: 0 });
      expect([...(await written())].sort()).toEqual(allIds);
      const told = bench.told.flatMap((event) => (event.type === 'cache.updated' ? [event.upserts] : []));
      expect(told.reduce((sum, upserts) => sum + upserts, 0)).toBe(25);
      // What changes afterwards arrives once, too, and nothing else is written.
      await forgetWritten();
      bench.server.update('todos', idOf(3), { title: 'changed', updatedAt: '2026-01-02T00:00:00.000001Z' });
      expect(await bench.engine.sync()).toMatchObject({ pulled: 1 });
      expect(await bench.engine.sync()).toMatchObject({ pulled: 0 });
      expect(await written()).toEqual([idOf(3)]);
    },
  );

  test('F-60: an incremental pull of 25 changes brings each exactly once', async () => {
    await openNoting({ serverOptions: { paging } });
    bench.server.seed('todos', { id: 'first', title: 'x', done: false, updatedAt: '2025-01-01T00:00:00Z' });
    await bench.engine.sync();
    await forgetWritten();
    bench.server.seed('todos', rowsAt(seconds));
    expect(await bench.engine.sync()).toMatchObject({ pulled: 25 });
    expect([...(await written())].sort()).toEqual(allIds);
  });

  test('F-62: with an undocumented byte cap, later syncs bring what one sync leaves, and no row twice', async () => {
    await openNoting({ serverOptions: { paging, pageCapBytes: 400, announcePageCap: false } });
    bench.server.seed('todos', rowsAt(seconds));
    for (let syncs = 0; syncs < 25 && (await localIds()).length < 25; syncs += 1) await bench.engine.sync();
    expect([...(await written())].sort()).toEqual(allIds);
  });

  test('F-08: a first sync that breaks off every two pages resumes where it stopped, across restarts, and reads no row twice', async () => {
    await openNoting({ serverOptions: { paging }, config: { fullResyncIntervalMs: 604_800_000 } });
    bench.server.seed('todos', rowsAt(seconds));
    const begun: string[] = [];
    for (let attempt = 0; attempt < 12; attempt += 1) {
      const before = bench.server.recordedRequests.length;
      bench.server.clearFaults();
      bench.server.cutNextRequests(Infinity, 'beforeCommit', () => bench.server.recordedRequests.length - before > 2);
      const outcome = await bench.engine.sync().then(
        () => 'done' as const,
        () => 'cut' as const,
      );
      begun.push(bench.server.recordedRequests[before]?.url ?? '');
      if (outcome === 'done') break;
      if (attempt === 1) bench = await bench.reopen();
    }
    bench.server.clearFaults();
    expect(await localIds()).toEqual(allIds);
    expect([...(await written())].sort()).toEqual(allIds);
    expect(begun.length).toBeGreaterThan(2);
    for (const path of begun.slice(1))
      expect(path).toMatch(paging === 'keyset' ? /updatedSince=2026/ : /updatedSince=2026|pageToken=/);
    // What counts rows cannot be resumed for certain: it is listed once more (F-156).
    const again = await bench.engine.sync();
    if (paging !== 'offsetToken') expect(again).toMatchObject({ pulled: 0 });
    expect(await bench.engine.sync()).toMatchObject({ pulled: 0 });
  });

  test('F-60: works with the reference server in this style, at page size 4 and under its own limit of 3', async () => {
    for (const maxPageSize of [1_000, 3]) {
      await openOnReferenceServer(paging, maxPageSize);
      const { engine, writer } = bench;
      for (const id of allIds) await writer.insertAndEnqueue(todoOf(id));
      expect(await engine.sync()).toMatchObject({ pushed: 25, pulled: 25, errors: 0 });
      expect(await localIds()).toEqual(allIds);
      await bench.close();
    }
  });
});

/** A replica beside a server that has its own schema and clock. */
async function openOnReferenceServer(paging: PagingStyle, maxPageSize: number): Promise<void> {
  const dataSource = await new DataSource({
    type: 'better-sqlite3',
    database: ':memory:',
    entities: [todoEntity as EntitySchema],
    synchronize: true,
  }).initialize();
  const server = createSyncServer({ dataSource, tables: [todoEntity], paging, maxPageSize, hasMore: false });
  closing.push(
    () => dataSource.destroy(),
    () => server.close(),
  );
  await openNoting({ transport: new RestTransport({ baseUrl: (await server.listen()).url }) });
}

describe('late rows', () => {
  test('F-64: with an overlap window, a row committed late under an older timestamp arrives; re-read rows are neither counted nor written', async () => {
    await openNoting({ config: { pullOverlapMs: 5_000 } });
    bench.server.seed('todos', rowsAt(seconds));
    expect(await bench.engine.sync()).toMatchObject({ pulled: 25 });
    await forgetWritten();
    const before = bench.told.length;
    expect(await bench.engine.sync()).toMatchObject({ pulled: 0 });
    expect(await written()).toEqual([]);
    expect(bench.told.slice(before).map(({ type }) => type)).not.toContain('cache.updated');
    bench.server.seed('todos', { id: 'late', title: 'late', done: false, updatedAt: seconds(22) });
    bench.server.seed('todos', { id: 'a-late', title: 'same time, smaller id', done: false, updatedAt: seconds(24) });
    expect(await bench.engine.sync()).toMatchObject({ pulled: 2 });
    expect(await written()).toEqual(expect.arrayContaining(['late', 'a-late']));
    expect(await bench.row('late')).toMatchObject({ title: 'late' });
    expect(await bench.row('a-late')).toMatchObject({ title: 'same time, smaller id' });
    expect((await written()).filter((id) => !id.includes('late'))).toEqual([]);
  });

  test('F-64: without a window, the next full resync brings the late row', async () => {
    await openNoting({});
    bench.server.seed('todos', rowsAt(seconds));
    await bench.engine.sync();
    bench.server.seed('todos', { id: 'late', title: 'late', done: false, updatedAt: seconds(5) });
    await bench.engine.sync();
    expect(await bench.row('late')).toBeNull();
    await bench.engine.fullResync();
    expect(await bench.row('late')).toMatchObject({ title: 'late' });
  });
});

describe('hard deletes', () => {
  test.each(pagingStyles)(
    'F-38: %s: a full resync removes rows that the server no longer has, except those with pending changes',
    async (paging) => {
      await openNoting({ serverOptions: { paging } });
      bench.server.seed('todos', rowsAt(seconds));
      await bench.engine.sync();
      for (const index of [0, 7, 12, 24]) bench.server.remove('todos', idOf(index));
      await bench.engine.sync();
      expect(await localIds()).toEqual(allIds);
      await bench.writer.replaceAndEnqueue(todoOf(idOf(12), { title: 'mine' }));
      const before = bench.told.length;
      await bench.engine.fullResync({ clearData: true }).catch(() => undefined);
      expect(await localIds()).toEqual(allIds.filter((id) => ![0, 7, 24].map(idOf).includes(id)));
      expect(await bench.row(idOf(12))).toMatchObject({ title: 'mine' });
      const deletes = bench.told
        .slice(before)
        .flatMap((event) => (event.type === 'cache.updated' ? [event.deletes] : []));
      expect(deletes.reduce((sum, count) => sum + count, 0)).toBe(3);
    },
  );

  test('F-38: keeps deleted rows if sweeping is switched off', async () => {
    await openNoting({ config: { sweepOnFullResync: false } });
    bench.server.seed('todos', rowsAt(seconds));
    await bench.engine.sync();
    bench.server.remove('todos', idOf(3));
    await bench.engine.fullResync();
    expect(await localIds()).toEqual(allIds);
  });

  test('F-42: a full resync that breaks off removes nothing; the next sync completes it', async () => {
    await openNoting({});
    bench.server.seed('todos', rowsAt(seconds));
    await bench.engine.sync();
    bench.server.remove('todos', idOf(3));
    const watching = bench.engine.events$.subscribe(({ type }) => {
      if (type === 'page.pulled') void bench.server.stop();
    });
    await expect(bench.engine.fullResync({ clearData: true })).rejects.toThrow();
    watching.unsubscribe();
    expect(await localIds()).toEqual(allIds);
    await bench.server.start();
    await bench.engine.sync();
    expect(await localIds()).toEqual(allIds.filter((id) => id !== idOf(3)));
  });
});
