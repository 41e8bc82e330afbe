import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { acceptClient } from '../../src/model/conflict.ts';
import { SyncOperationError } from '../../src/model/errors/errors.ts';
import type { UpsertOp } from '../../src/model/operation.ts';
import { createTestServer, type TestServer } from '../../src/testing/test-server.ts';
import { drivers } from '../support/open-store.ts';
import { openTasks, upgradeTask, type Task, type TaskApp, type TaskAppOptions } from '../support/tasks.ts';

let folder: string;
let server: TestServer;
let apps: TaskApp[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'synchart-schema-'));
  server = await createTestServer({ naming: 'camelCase' });
  apps = [];
  // A server that knows all fields for long: the releases of the app learn of them one after another.
  server.seed(
    'tasks',
    ['a', 'b', 'c', 'd', 'e'].map((id, index) => ({ id, title: `task ${id}`, name: `task ${id}`, points: index })),
  );
});
afterEach(async () => {
  for (const app of apps) await app.quit();
  await server.close();
  await rm(folder, { recursive: true });
});

const open = async (release: 1 | 2 | 3, more: Partial<TaskAppOptions> = {}): Promise<TaskApp> => {
  const app = await openTasks({ release, database: join(folder, 'app.db'), server, ...more });
  apps.push(app);
  return app;
};
const edit = (app: TaskApp, id: string, text: string): Promise<void> =>
  app.writer.replaceAndEnqueue(
    { id, ...(app.table.options.version === 1 ? { title: text } : { name: text }) } as Task,
    {
      changedFields: [app.table.options.version === 1 ? 'title' : 'name'],
    },
  );
const puts = (id: string): { readonly key: unknown; readonly body: unknown }[] =>
  server.recordedRequests
    .filter(({ method, path }) => method === 'PUT' && path.startsWith(`/tasks/${id}`))
    .map(({ headers, body }) => ({ key: headers['x-idempotency-key'], body }));
const resyncs = (app: TaskApp) =>
  app.told.flatMap((event) => (event.type === 'resync.started' ? [{ reason: event.reason, kinds: event.kinds }] : []));

describe.each(drivers.filter((driver) => driver !== ('postgres' as string)))(
  'a table that changes from release to release, on %s',
  (driver) => {
    test('I1, I2: sends queued, frozen, parked and conflicted operations of version 1 in version 3; pulls the table anew once', async () => {
      const manual = {
        engine: { config: { conflictStrategy: 'manual' as const, maxOutboxTryCount: 1, maxRetries: 0 } },
        driver: driver as 'sqlite3',
      };
      const first = await open(1, manual);
      await first.engine.sync();
      // stuck
      const allow = server.refuse(({ id }) => id === 'c');
      await edit(first, 'c', 'mine c');
      await first.engine.sync();
      // a conflict that waits for a person
      server.update('tasks', 'd', { title: 'theirs d', name: 'theirs d' });
      await edit(first, 'd', 'mine d');
      await first.engine.sync();
      // sent, and its answer lost before the server had it
      await edit(first, 'b', 'mine b');
      server.cutNextRequests(2, 'beforeCommit', { method: 'PUT' });
      await first.engine.sync({ pullKinds: [] }).catch(() => undefined);
      // behind the open request, and never sent
      await edit(first, 'b', 'mine b again');
      await edit(first, 'a', 'mine a');
      await first.writer.insertAndEnqueue({
        id: 'n',
        title: 'new n',
        updatedAt: '',
        deletedAt: null,
        deletedAtLocal: null,
      });
      const sentBefore = puts('b');
      // Once over the kept connection, once over a new one.
      expect(sentBefore).toEqual([sentBefore[0], sentBefore[0]]);
      await first.quit();

      const third = await open(3, manual);
      allow();
      await third.engine.sync();
      expect(puts('b')[2]).toEqual(sentBefore[0]);
      expect(puts('b')[3]).toMatchObject({ body: { name: 'mine b again' } });
      expect(puts('a')).toMatchObject([{ body: { name: 'mine a' } }]);
      expect(puts('n')).toMatchObject([{ body: { name: 'new n' } }]);
      for (const { body } of [...puts('a'), ...puts('n')]) expect(body).not.toHaveProperty('title');
      expect(server.get('tasks', 'a')).toMatchObject({ name: 'mine a', points: 0 });
      expect(resyncs(third)).toEqual([{ reason: 'schema', kinds: ['tasks'] }]);
      expect(await third.row('e')).toMatchObject({ name: 'task e', points: 4 });
      expect(await third.row('b')).toMatchObject({ name: 'mine b again', points: 1 });
      // Also under what still waits.
      expect(await third.row('c')).toMatchObject({ name: 'mine c', points: 2 });

      expect(await third.engine.explain()).toMatchObject([
        { entityId: 'c', reason: 'stuck' },
        { entityId: 'd', reason: 'conflict' },
      ]);
      const [conflict] = await third.engine.conflicts();
      expect(conflict?.conflict).toMatchObject({
        localData: { name: 'mine d' },
        serverData: { name: 'theirs d' },
        changedFields: ['name'],
      });
      expect(conflict?.conflict.baseData).toMatchObject({ name: 'task d' });
      await third.engine.resolveConflict(conflict?.conflict.opId ?? '', acceptClient());
      await third.engine.retryStuckOperations();
      await third.engine.sync();
      expect(server.get('tasks', 'd')).toMatchObject({ name: 'mine d', points: 3 });
      expect(server.get('tasks', 'c')).toMatchObject({ name: 'mine c', points: 2 });
      expect(await third.engine.explain()).toEqual([]);
      expect(resyncs(third)).toHaveLength(1);
      const again = await openTasksAgain(third);
      await again.engine.sync();
      expect(resyncs(again)).toEqual([]);
    });
  },
);

const openTasksAgain = async (app: TaskApp): Promise<TaskApp> => {
  await app.quit();
  return open(3);
};

describe('upgrading', () => {
  test("v1 → v2 → v3: each release reads the previous one's data", async () => {
    const first = await open(1);
    await first.engine.sync();
    await edit(first, 'a', 'from 1');
    await first.quit();
    const second = await open(2);
    await edit(second, 'b', 'from 2');
    await second.engine.start();
    await second.quit();
    const third = await open(3);
    await third.engine.sync();
    expect(puts('a')).toMatchObject([{ body: { name: 'from 1' } }]);
    expect(puts('b')).toMatchObject([{ body: { name: 'from 2' } }]);
    expect(await third.engine.explain()).toEqual([]);
  });

  test('I13: an operation that cannot be upgraded is stuck alone, reported once, and sent by a release that can', async () => {
    const first = await open(1);
    await first.engine.sync();
    await edit(first, 'a', 'fine itself');
    await edit(first, 'a', 'bad');
    await edit(first, 'a', 'bad, too');
    await edit(first, 'b', 'good');
    await first.quit();
    const picky = (op: UpsertOp, from: number): UpsertOp => {
      if (String(op.payload['title']).startsWith('bad')) throw new Error('no such word');
      return upgradeTask(op, from);
    };
    const second = await open(2, { table: { upgradeOperation: picky } });
    expect(await second.engine.sync()).toMatchObject({ pushed: 1 });
    expect(puts('a')).toEqual([]);
    const stuck = second.told.filter(({ type }) => type === 'op.stuck');
    expect(stuck).toMatchObject([
      { entityId: 'a', error: { message: expect.stringContaining('no such word') as string } },
    ]);
    expect(await second.engine.explain()).toMatchObject([
      { entityId: 'a', reason: 'stuck', detail: expect.stringContaining('update the app') as string },
      { entityId: 'a', reason: 'waitingFor' },
      { entityId: 'a', reason: 'waitingFor' },
    ]);
    // Asking again tries again, and ends.
    expect(await second.engine.retryStuckOperations()).toBe(1);
    await second.engine.whenIdle();
    expect(await second.engine.sync()).toMatchObject({ pushed: 0 });
    expect(await second.engine.getStuckOperations()).toHaveLength(1);
    await second.quit();
    const third = await open(3);
    expect(await third.engine.sync()).toMatchObject({ pushed: 3 });
    expect(puts('a')).toMatchObject([{ body: { name: 'bad, too' } }]);
  });

  test.each([
    ['a promise', () => Promise.resolve({}), /synchronous/],
    ['another row', (op: UpsertOp) => ({ ...op, id: 'z' }), /same row/],
    [
      'changed fields that do not exist',
      (op: UpsertOp) => ({ ...op, changedFields: ['nothing'] }),
      /changedFields names 'nothing'/,
    ],
    ['nothing', () => undefined, /must return the operation/],
  ])('I13: a hook that returns %s makes the operation stuck, not lost', async (_, hook, message) => {
    const first = await open(1);
    await first.engine.sync();
    await edit(first, 'a', 'kept');
    await first.quit();
    const second = await open(2, { table: { upgradeOperation: hook as never } });
    await second.engine.sync();
    const [operation] = await second.engine.explain();
    expect(operation).toMatchObject({ reason: 'stuck', lastError: expect.stringMatching(message) as string });
    expect(JSON.parse(String((await second.stored('a'))['payload']))).toMatchObject({ title: 'kept' });
  });

  test('upgrades operations that an older tab still queues when they are taken', async () => {
    const second = await open(2);
    await second.engine.sync();
    await edit(second, 'a', 'old tab');
    await second.dataSource.query(
      `UPDATE sync_outbox SET schema_version = 1, payload = '{"id":"a","title":"old tab"}', changed_fields = '["title"]' WHERE entity_id = 'a'`,
    );
    await second.engine.sync();
    expect(puts('a')).toMatchObject([{ body: { name: 'old tab' } }]);
  });

  test('restores a change given up under an older version in today’s shape', async () => {
    const first = await open(1, { engine: { config: { maxOutboxTryCount: 1 } } });
    await first.engine.sync();
    const allow = server.refuse(() => true);
    await edit(first, 'a', 'mine after all');
    await first.engine.sync();
    allow();
    await first.engine.dropStuckOperations();
    await first.quit();
    const third = await open(3);
    await third.engine.sync();
    const [given] = await third.engine.discarded();
    await third.engine.undoDiscard(given?.opId ?? '');
    await third.engine.sync();
    expect(server.get('tasks', 'a')).toMatchObject({ name: 'mine after all', points: 0 });
  });
});

describe('a database used by a newer release', () => {
  const older = { table: { version: 2 } };
  test('rejects the table with a reason, loses nothing, and the newer release continues', async () => {
    const third = await open(3);
    await third.engine.sync();
    await edit(third, 'a', 'from 3');
    await third.quit();
    const before = server.recordedRequests.length;
    const second = await open(3, older);
    const failed = await second.engine.sync().catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(SyncOperationError);
    expect(failed).toMatchObject({
      message: expect.stringMatching(
        /a newer version of the app has used 'tasks': .* version 3, this app knows version 2/,
      ) as string,
    });
    expect(server.recordedRequests).toHaveLength(before);
    expect(second.told.filter(({ type }) => type === 'sync.failed')).toMatchObject([{ kind: 'tasks' }]);
    expect(await second.engine.explain()).toMatchObject([{ entityId: 'a', reason: 'newerSchema' }]);
    await edit(second, 'b', 'from 2');
    await second.quit();
    const back = await open(3);
    expect(await back.engine.sync()).toMatchObject({ pushed: 2 });
    expect(resyncs(back)).toEqual([]);
  });

  test('one operation of a newer version suffices, even if that release never synced', async () => {
    const second = await open(3, older);
    await second.engine.sync();
    await second.quit();
    const third = await open(3);
    await edit(third, 'a', 'from 3');
    await third.quit();
    const again = await open(3, older);
    await expect(again.engine.sync()).rejects.toThrow(/newer version of the app/);
    expect(puts('a')).toEqual([]);
  });
});

describe('pulling a table anew', () => {
  test('continues after a failure and a restart, and then ends', async () => {
    const first = await open(1);
    await first.engine.sync();
    await first.quit();
    const third = await open(3, { engine: { config: { pageSize: 2 } } });
    server.failNextRequests(Infinity, 503, { match: { method: 'GET' } });
    await third.engine.sync().catch(() => undefined);
    server.clearFaults();
    await third.quit();
    const again = await open(3, { engine: { config: { pageSize: 2 } } });
    await again.engine.sync();
    expect(resyncs(again)).toEqual([{ reason: 'schema', kinds: ['tasks'] }]);
    expect(await again.row('e')).toMatchObject({ points: 4 });
    expect((await again.engine.syncRun()).reason).toBeUndefined();
  });

  test('restarts a full resync that an older release had started', async () => {
    const first = await open(1);
    await first.engine.sync();
    await first.quit();
    const open1 = await open(1);
    await open1.dataSource.query(
      `UPDATE sync_cursors SET resync_open = 1, resync_marking = 1, resync_ts = '2999-01-01T00:00:00.000Z', resync_last_id = 'x', resync_rows = 9`,
    );
    await open1.quit();
    const third = await open(3);
    await third.engine.sync();
    expect(resyncs(third)).toEqual([{ reason: 'schema', kinds: ['tasks'] }]);
    expect(await third.row('e')).toMatchObject({ points: 4 });
  });

  test.each([
    ['resync: false', false, []],
    ['a version that needs none', (from: number) => from > 1, []],
    ['a version that needs one', (from: number) => from < 2, [{ reason: 'schema', kinds: ['tasks'] }]],
  ])('%s is heeded', async (_, resync, expected) => {
    const first = await open(1);
    await first.engine.sync();
    await first.quit();
    const third = await open(3, { table: { resync } });
    await third.engine.sync();
    expect(resyncs(third)).toEqual(expected);
    await third.engine.sync();
    expect(resyncs(third)).toEqual(expected);
  });

  test('F-45: a push alone never becomes a download; a table that was never pulled needs no resync', async () => {
    const first = await open(1);
    await edit(first, 'a', 'x').catch(() => undefined);
    await first.engine.start();
    await first.quit();
    const fresh = await open(3);
    await fresh.engine.sync({ pullKinds: [] });
    expect(server.recordedRequests.filter(({ method }) => method === 'GET')).toEqual([]);
    await fresh.engine.sync();
    expect(resyncs(fresh)).toEqual([]);
  });
});

test('rejects a version that is not a positive integer at once', async () => {
  await expect(open(1, { table: { version: 0 } })).rejects.toThrow(RangeError);
});
