import { afterEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/model/values/json.ts';
import type { PullPage, PullRequest } from '../../src/model/transport.ts';
import { syncTable } from '../../src/persistence/tables/sync-table.ts';
import { createTestServer } from '../../src/testing/test-server.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { openEngine, type EngineBench, type EngineBenchOptions } from '../support/open-engine.ts';
import { todoEntity, todoOf } from '../support/todo.ts';

let bench: EngineBench;
afterEach(() => bench.close());

const pushOnly = { pullKinds: [] } as const;
const pullOnly = { pushKinds: [] } as const;
/** Adds rows of a replica that lags behind to the page `from`, counted from when there are some. */
class OtherReplica extends RestTransport {
  late: readonly JsonObject[] = [];
  from = 1;
  #pages = 0;

  override async pull(request: PullRequest): Promise<PullPage> {
    const page = await super.pull(request);
    if (this.late.length > 0) this.#pages += 1;
    return this.#pages === this.from ? { ...page, items: [...this.late, ...page.items] } : page;
  }
}

/** Tombstones remove rows. */
const removing = { tables: [syncTable(todoEntity, { kind: 'todos', tombstones: 'remove' })] };
const plain = (id: string, title: string): JsonObject => ({ id, title, done: false, priority: 0, tags: null });
const seconds = (at: number): string => `2026-01-01T00:00:${String(at).padStart(2, '0')}.000Z`;

const open = async (options: EngineBenchOptions = {}): Promise<EngineBench> => {
  bench = await openEngine(options);
  return bench;
};
const isShown = async (id: string): Promise<boolean> => {
  const row = await bench.row(id);
  return row !== null && row.deletedAt === null && row.deletedAtLocal === null;
};
const ignored = () =>
  bench.told.filter(({ type }) => type === 'rows.ignored').map((event) => ({ ...event, at: 0, runId: 0 }));

/**
 * A row that is here as version 1, while the list that the server answers has it as it was then, although version 2 is
 * pushed.
 */
async function pushBehindTheList(options: EngineBenchOptions = {}): Promise<void> {
  const { engine, server, writer } = await open(options);
  await writer.insertAndEnqueue(todoOf('x', { title: 'one' }));
  await engine.sync(pushOnly);
  server.holdLists();
  await writer.replaceAndEnqueue(todoOf('x', { ...(await bench.row('x')), title: 'two' }));
  await engine.sync(pushOnly);
}

describe('a list that lags behind answers to writes (F-157)', () => {
  test('F-157, I4: an older listed row does not replace the answer to a push, and is counted and reported', async () => {
    await pushBehindTheList();
    const stats = await bench.engine.sync();
    expect(await bench.row('x')).toMatchObject({ title: 'two' });
    expect(stats).toMatchObject({ pulled: 0, ignored: 1 });
    expect(ignored()).toEqual([{ type: 'rows.ignored', kind: 'todos', count: 1, ids: ['x'], at: 0, runId: 0 }]);
  });

  test("F-157, I5: once the list has caught up, others' rows arrive as usual", async () => {
    await pushBehindTheList();
    await bench.engine.sync();
    bench.server.update('todos', 'x', { title: 'three' });
    bench.server.releaseLists();
    expect(await bench.engine.sync()).toMatchObject({ pulled: 1, ignored: 0 });
    expect(await bench.row('x')).toMatchObject({ title: 'three' });
  });

  test("F-157, I4: an older row does not replace an edit's base while another edit waits", async () => {
    await pushBehindTheList();
    await bench.writer.replaceAndEnqueue(todoOf('x', { ...(await bench.row('x')), title: 'three' }));
    expect(await bench.engine.sync(pullOnly)).toMatchObject({ pulled: 0, ignored: 1 });
    expect(await bench.row('x')).toMatchObject({ title: 'three' });
    await bench.engine.sync(pushOnly);
    expect(bench.told.map(({ type }) => type)).not.toContain('conflict.detected');
    expect(bench.server.get('todos', 'x')).toMatchObject({ title: 'three' });
  });

  test.each(['empty', 'withoutVersion'] as const)(
    'F-157, F-26: an answer without a version (%s) is newer than the row it was based on',
    async (answer) => {
      const { engine, server, writer } = await open({ config: { pullOverlapMs: 60_000 } });
      server.seed('todos', plain('x', 'one'));
      await engine.sync();
      server.holdLists();
      server.putAnswer = answer;
      await writer.replaceAndEnqueue(todoOf('x', { ...(await bench.row('x')), title: 'two' }));
      expect(await engine.sync()).toMatchObject({ pushed: 1, ignored: 1 });
      expect(await bench.row('x')).toMatchObject({ title: 'two' });
      // The next edit is based on our own write, and not on the row before it.
      server.putAnswer = 'row';
      await writer.replaceAndEnqueue(todoOf('x', { ...(await bench.row('x')), title: 'three' }));
      await engine.sync();
      expect(bench.told.map(({ type }) => type)).not.toContain('conflict.detected');
      server.releaseLists();
      await engine.sync();
      expect(await bench.row('x')).toMatchObject({ title: 'three' });
    },
  );

  test.each([
    ['keeps tombstones', {}],
    ['removes rows', removing],
  ])(
    'F-157: an older list does not restore a row that the server deleted for us (the table %s)',
    async (_, options) => {
      const { engine, server, writer } = await open(options);
      await writer.insertAndEnqueue(todoOf('x', { title: 'one' }));
      await engine.sync(pushOnly);
      server.holdLists();
      await writer.enqueueDelete('x');
      await engine.sync(pushOnly);
      expect(await engine.sync()).toMatchObject({ ignored: 1 });
      expect(await isShown('x')).toBe(false);
      server.releaseLists();
      await engine.sync();
      expect(await isShown('x')).toBe(false);
      // Who brings it back on purpose brings a newer version.
      server.update('todos', 'x', { title: 'again', deletedAt: null });
      await engine.sync();
      expect(await bench.row('x')).toMatchObject({ title: 'again', deletedAtLocal: null });
    },
  );

  test('F-157: an older list does not restore a row that a pulled tombstone removed', async () => {
    const { engine, server } = await open({ ...removing, config: { pullOverlapMs: 60_000 } });
    server.seed('todos', plain('x', 'one'));
    await engine.sync();
    const before = server.get('todos', 'x');
    server.softDelete('todos', 'x');
    await engine.sync();
    expect(await isShown('x')).toBe(false);
    // Another replica, behind the one that was asked before.
    if (before !== undefined) server.seed('todos', before);
    expect(await engine.sync()).toMatchObject({ pulled: 0, ignored: 1 });
    expect(await isShown('x')).toBe(false);
  });

  test('F-157: an older tombstone does not delete a restored row', async () => {
    const server = await createTestServer({ naming: 'camelCase' });
    const transport = new OtherReplica({ baseUrl: server.url });
    const { engine } = await open({ server, transport });
    server.seed('todos', { ...plain('x', 'one'), deletedAt: seconds(1), updatedAt: seconds(1) });
    const tombstone = server.get('todos', 'x', { includeDeleted: true });
    await engine.sync();
    server.update('todos', 'x', { title: 'again', deletedAt: null, updatedAt: seconds(2) });
    await engine.sync();
    expect(await isShown('x')).toBe(true);
    transport.late = tombstone === undefined ? [] : [tombstone];
    expect(await engine.sync()).toMatchObject({ pulled: 0, ignored: 1 });
    expect(await isShown('x')).toBe(true);
  });
});

describe('a full resync and older rows (F-157, F-161)', () => {
  test.each([true, false])(
    'F-157: keeps rows settled since the resync started, whether it sweeps or not (%s)',
    async (sweepOnFullResync) => {
      const { engine, server, writer } = await open({ config: { sweepOnFullResync } });
      server.seed('todos', [plain('y', 'other')]);
      await writer.insertAndEnqueue(todoOf('x', { title: 'one' }));
      await engine.sync();
      server.holdLists();
      await writer.replaceAndEnqueue(todoOf('x', { ...(await bench.row('x')), title: 'two' }));
      // Opens the resync, pushes, pulls.
      expect(await engine.fullResync()).toMatchObject({ pushed: 1, ignored: 1 });
      expect(await bench.row('x')).toMatchObject({ title: 'two' });
    },
  );

  test('F-157: a row deleted since the resync started stays deleted where tombstones remove rows', async () => {
    const { engine, server, writer } = await open(removing);
    await writer.insertAndEnqueue(todoOf('x', { title: 'one' }));
    await engine.sync();
    server.holdLists();
    await writer.enqueueDelete('x');
    expect(await engine.fullResync()).toMatchObject({ pushed: 1, ignored: 1 });
    expect(await isShown('x')).toBe(false);
  });

  test('F-161: a full resync accepts the older rows of a restored server; until then they are counted and reported', async () => {
    const { engine, server } = await open({ config: { pullOverlapMs: 60_000 } });
    server.seed('todos', [{ ...plain('x', 'one'), updatedAt: seconds(10) }]);
    await engine.sync();
    server.update('todos', 'x', { title: 'two', updatedAt: seconds(30) });
    await engine.sync();
    server.seed('todos', [{ ...plain('x', 'one'), updatedAt: seconds(10) }]);
    expect(await engine.sync()).toMatchObject({ pulled: 0, ignored: 1 });
    expect(await bench.row('x')).toMatchObject({ title: 'two' });
    expect(await engine.fullResync()).toMatchObject({ pulled: 1, ignored: 0 });
    expect(await bench.row('x')).toMatchObject({ title: 'one' });
    expect(await engine.sync()).toMatchObject({ ignored: 0 });
  });

  test('F-157: in a first load, a later page of a lagging replica does not replace a newer row of an earlier page', async () => {
    const server = await createTestServer({ naming: 'camelCase' });
    const transport = new OtherReplica({ baseUrl: server.url });
    const { engine } = await open({ server, transport, config: { pageSize: 1 } });
    server.seed('todos', [
      { ...plain('x', 'new'), updatedAt: seconds(20) },
      { ...plain('y', 'other'), updatedAt: seconds(21) },
      { ...plain('z', 'third'), updatedAt: seconds(22) },
    ]);
    transport.late = [{ ...plain('x', 'old'), updatedAt: seconds(19) }];
    transport.from = 2;
    expect(await engine.sync()).toMatchObject({ ignored: 1 });
    expect(await bench.row('x')).toMatchObject({ title: 'new' });
  });

  test('F-153, F-157: a row that no server ever had does not count as newer, whatever its time says', async () => {
    const { engine, server, dataSource } = await open();
    await dataSource.getRepository(todoEntity).insert(todoOf('x', { title: 'from before' }));
    server.seed('todos', { ...plain('x', 'of the server'), updatedAt: '2001-01-01T00:00:00.000Z' });
    expect(await engine.sync()).toMatchObject({ pulled: 1, ignored: 0 });
    expect(await bench.row('x')).toMatchObject({ title: 'of the server' });
  });
});
