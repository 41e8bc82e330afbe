import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EntitySchema, type DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import { describeSyncError } from '../../src/model/errors/describe-sync-error.ts';
import { AuthError, ScopeChangedError, SyncOperationError, ValidationError } from '../../src/model/errors/errors.ts';
import { pushSuccess, pushUnavailable, type TransportAdapter } from '../../src/model/transport.ts';
import { openDatabase } from '../../src/persistence/database/open-database.ts';
import { syncColumns, type SyncedRow } from '../../src/persistence/tables/sync-columns.ts';
import { syncTable } from '../../src/persistence/tables/sync-table.ts';
import { MemoryTransport } from '../../src/testing/memory-transport.ts';
import { createSimulatedClock } from '../../src/testing/simulated-clock.ts';
import { openEngine, type EngineBench, type EngineBenchOptions } from '../support/open-engine.ts';
import { todoEntity, todoOf } from '../support/todo.ts';
import { todos } from '../support/open-store.ts';

let user: string | undefined;
let folder: string;
let open: EngineBench[];
beforeEach(async () => {
  user = 'anna';
  open = [];
  folder = await mkdtemp(join(tmpdir(), 'synchart-accounts-'));
});
afterEach(async () => {
  for (const bench of open.toReversed()) await bench.close();
  await rm(folder, { recursive: true });
});

const begin = async (options: EngineBenchOptions = {}): Promise<EngineBench> => {
  const bench = await openEngine({ scope: () => user, rest: { token: () => `Bearer ${String(user)}` }, ...options });
  open.push(bench);
  return bench;
};
const tokens = (bench: EngineBench): unknown[] =>
  bench.server.recordedRequests.map(({ headers }) => headers['authorization']);
const foreign = (bench: EngineBench): unknown => expect(bench.engine.status().scopeChanged).toBe(true);

describe('account scopes', () => {
  test("F-143, F-50: another user sends and pulls nothing; status, events and explain say so; the first user's sign-in continues", async () => {
    const bench = await begin();
    bench.server.seed('todos', { id: 's', title: 'of anna', done: false });
    await bench.engine.sync();
    await bench.writer.insertAndEnqueue(todoOf('a'));
    user = 'bert';
    const before = bench.server.recordedRequests.length;
    const refused = bench.engine.sync();
    await expect(refused).rejects.toThrow(/belongs to another user or server/);
    await expect(refused).rejects.toBeInstanceOf(ScopeChangedError);
    expect(describeSyncError(await refused.catch((error: unknown) => error))).toMatch(
      /belongs to another account or server/,
    );
    expect(bench.engine.status()).toMatchObject({ scopeChanged: true, pending: 1 });
    expect(await bench.engine.explain()).toMatchObject([{ entityId: 'a', reason: 'scopeChanged' }]);
    // Automatic work waits; asking again fails again, without a request.
    bench.engine.actor.send({ type: 'SYNC', automatic: true });
    await expect(bench.engine.sync()).rejects.toThrow(SyncOperationError);
    expect(bench.server.recordedRequests).toHaveLength(before);
    user = 'anna';
    await bench.engine.signedIn();
    expect(await bench.engine.sync()).toMatchObject({ errors: 0 });
    expect(bench.engine.status().scopeChanged).toBe(false);
    expect(bench.server.get('todos', 'a')).toMatchObject({ title: 'title of a' });
    expect(new Set(tokens(bench))).toEqual(new Set(['Bearer anna']));
  });

  test('compares the scope at the start, before any request', async () => {
    const bench = await begin();
    await bench.engine.start();
    user = 'bert';
    const again = await bench.reopen();
    await again.engine.start();
    expect(again.engine.status().scopeChanged).toBe(true);
    expect(again.types()).toEqual(['scope.changed']);
    expect(again.server.recordedRequests).toEqual([]);
  });

  test('F-143: compares the scope at signedIn(), even without work, and the status shows it right after', async () => {
    const bench = await begin();
    await bench.engine.start();
    user = 'bert';
    await bench.engine.signedIn();
    expect(bench.engine.status().scopeChanged).toBe(true);
    expect(bench.types()).toEqual(['scope.changed']);
    user = 'anna';
    await bench.engine.signedIn();
    expect(bench.engine.status().scopeChanged).toBe(false);
  });

  test('sends nothing and assigns the database to nobody while signed out', async () => {
    user = undefined;
    const bench = await begin();
    await bench.writer.insertAndEnqueue(todoOf('a'));
    await expect(bench.engine.sync()).rejects.toThrow(AuthError);
    expect(await bench.engine.explain()).toMatchObject([{ reason: 'authRequired' }]);
    expect(bench.server.recordedRequests).toEqual([]);
    user = 'anna';
    await bench.engine.signedIn();
    expect(await bench.engine.sync()).toMatchObject({ pushed: 1 });
    await expect(bench.engine.adoptScope()).resolves.toBeUndefined();
    user = '';
    await expect(bench.engine.adoptScope()).rejects.toThrow(AuthError);
  });

  test('I12: a scope() that throws fails the run, and nothing is sent', async () => {
    const bench = await begin({
      scope: () => {
        if (user === 'broken') throw new Error('no storage');
        return user;
      },
    });
    await bench.engine.sync();
    const before = bench.server.recordedRequests.length;
    user = 'broken';
    await expect(bench.engine.sync()).rejects.toThrow(/scope\(\) threw/);
    expect(bench.server.recordedRequests).toHaveLength(before);
    user = 'anna';
    await bench.engine.sync();
  });
});

describe('a user change during a run', () => {
  test('F-143: between two requests of one batch: the next is not sent, answers are settled, the rest waits for its owner', async () => {
    const bench = await begin();
    for (const id of ['a', 'b', 'c']) await bench.writer.insertAndEnqueue(todoOf(id));
    bench.engine.events$.subscribe();
    const release = bench.server.holdNextRequests(1, { method: 'PUT' });
    const synced = bench.engine.sync();
    await release.arrived;
    user = 'bert';
    release();
    await expect(synced).rejects.toThrow(/belongs to another user/);
    expect(bench.server.getAll('todos').map(({ id }) => id)).toEqual(['a']);
    expect(await bench.queued()).toHaveLength(2);
    expect(tokens(bench)).toEqual(['Bearer anna']);
    user = 'anna';
    await bench.engine.signedIn();
    await bench.engine.sync();
    expect(await bench.queued()).toEqual([]);
    expect(bench.server.effectCount()).toBe(3);
  });

  test('F-143: the signal informs an app transport that never checks', async () => {
    const sent: string[] = [];
    const memory = new MemoryTransport();
    const transport: TransportAdapter = {
      capabilities: memory.capabilities,
      pull: (request) => memory.pull(request),
      fetch: (request) => memory.fetch(request),
      forcePush: (op, context) => memory.forcePush(op, context),
      health: (context) => memory.health(context),
      push: (ops, { signal, onAnswer }) => {
        const results = ops.map(({ opId, id }) => {
          if (signal?.aborted === true)
            return { opId, result: pushUnavailable({ dispatched: false, message: 'not sent' }) };
          sent.push(id);
          user = 'bert';
          const answer = { opId, result: pushSuccess() };
          onAnswer?.(answer);
          return answer;
        });
        return Promise.resolve({ results });
      },
    };
    const bench = await begin({ transport });
    for (const id of ['a', 'b']) await bench.writer.insertAndEnqueue(todoOf(id));
    await expect(bench.engine.sync()).rejects.toThrow(/belongs to another user/);
    expect(sent).toEqual(['a']);
    expect(await bench.queued()).toHaveLength(1);
  });

  test('F-143: while awaiting the token: the request does not leave', async () => {
    let give: (token: string) => void = () => undefined;
    let asked: () => void = () => undefined;
    const wasAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const bench = await begin({
      rest: {
        token: () =>
          new Promise((resolve) => {
            give = resolve;
            asked();
          }),
      },
    });
    await bench.writer.insertAndEnqueue(todoOf('a'));
    const synced = bench.engine.sync();
    await wasAsked;
    user = 'bert';
    give('Bearer bert');
    await expect(synced).rejects.toThrow(/belongs to another user/);
    expect(bench.server.recordedRequests).toEqual([]);
    expect(await bench.queued()).toHaveLength(1);
  });

  test.each([
    ['as a refreshed one', true],
    ['read once more', false],
  ] as const)("F-143: does not resend a refused request with another user's token: %s", async (_, whileRefreshing) => {
    let refreshes = 0;
    const bench = await begin({
      rest: {
        token: (options) => {
          if (options?.refresh === true) {
            refreshes += 1;
            if (whileRefreshing) user = 'bert';
          } else if (refreshes > 0 && !whileRefreshing) user = 'bert';
          return `Bearer ${String(user)} ${refreshes}`;
        },
      },
    });
    bench.server.failNextRequests(2, 401);
    await bench.writer.insertAndEnqueue(todoOf('a'));
    await expect(bench.engine.sync()).rejects.toThrow(/belongs to another user/);
    expect(tokens(bench)).toEqual(whileRefreshing ? ['Bearer anna 0'] : ['Bearer anna 0', 'Bearer anna 1']);
    expect(refreshes).toBe(1);
    expect(await bench.queued()).toHaveLength(1);
  });

  test('F-143: does not write a page for another user', async () => {
    const bench = await begin();
    bench.server.seed('todos', { id: 's', title: 'x', done: false });
    const release = bench.server.holdNextRequests(1, { method: 'GET' });
    const synced = bench.engine.sync();
    await release.arrived;
    user = 'bert';
    release();
    await expect(synced).rejects.toThrow(/belongs to another user/);
    expect(await bench.row('s')).toBeNull();
    expect(await bench.engine.cursors.get('todos')).toBeNull();
    foreign(bench);
  });

  test('adopted during the run: it continues for the new user', async () => {
    const bench = await begin();
    for (const id of ['a', 'b']) await bench.writer.insertAndEnqueue(todoOf(id));
    const release = bench.server.holdNextRequests(1, { method: 'PUT' });
    const synced = bench.engine.sync();
    await release.arrived;
    user = 'bert';
    await bench.engine.adoptScope();
    release();
    expect(await synced).toMatchObject({ pushed: 2 });
    expect(tokens(bench).slice(0, 2)).toEqual(['Bearer anna', 'Bearer bert']);
  });
});

describe('adoptScope', () => {
  test('keeps rows and queue; with resync pulls everything anew', async () => {
    const bench = await begin();
    bench.server.seed('todos', [
      { id: 'both', title: 'x', done: false },
      { id: 'annas', title: 'x', done: false },
    ]);
    await bench.engine.sync();
    await bench.writer.insertAndEnqueue(todoOf('mine'));
    user = 'bert';
    await expect(bench.engine.sync()).rejects.toThrow();
    bench.server.remove('todos', 'annas');
    await bench.engine.adoptScope({ resync: true });
    await bench.engine.whenIdle();
    await bench.engine.sync();
    expect(bench.told.filter(({ type }) => type === 'resync.started')).toHaveLength(1);
    expect(await bench.row('annas')).toBeNull();
    expect(await bench.row('both')).not.toBeNull();
    expect(bench.server.get('todos', 'mine')).toBeDefined();
    expect(bench.engine.status().scopeChanged).toBe(false);
  });
});

describe('clearScope', () => {
  test('F-143: keeps nothing of the first user, reports and returns what was never sent, and the second starts fresh', async () => {
    const bench = await begin();
    bench.server.seed('todos', { id: 's', title: 'x', done: false });
    await bench.engine.sync();
    await bench.writer.insertAndEnqueue(todoOf('a', { title: 'not sent' }));
    await bench.writer.replaceAndEnqueue(todoOf('s', { title: 'changed' }), { changedFields: ['title'] });
    user = 'bert';
    await expect(bench.engine.sync()).rejects.toThrow();
    const { givenUp } = await bench.engine.clearScope();
    expect(givenUp).toMatchObject([
      { entityId: 'a', operationType: 'upsert', data: { title: 'not sent' } },
      { entityId: 's', changedFields: ['title'], data: { title: 'changed' } },
    ]);
    expect(bench.told.filter((event) => event.type === 'op.discarded')).toMatchObject([
      { entityId: 'a', reason: 'scopeCleared' },
      { entityId: 's', reason: 'scopeCleared' },
    ]);
    expect(await bench.dataSource.getRepository(todoEntity).count()).toBe(0);
    for (const table of [
      'sync_outbox',
      'sync_base',
      'sync_cursors',
      'sync_conflicts',
      'sync_discarded',
      'sync_quarantine',
      'sync_seen',
    ])
      expect([table, await bench.dataSource.query(`SELECT * FROM ${table}`)]).toEqual([table, []]);
    expect(bench.engine.status()).toMatchObject({ scopeChanged: false, paused: false, pending: 0 });
    expect(bench.engine.status().lastSyncedAt).toBeUndefined();
    bench.server.recordedRequests.length = 0;
    await bench.engine.sync();
    expect(await bench.row('s')).toMatchObject({ title: 'x' });
    expect(new Set(tokens(bench))).toEqual(new Set(['Bearer bert']));
  });

  test('I1: with { unsent: "refuse" } it rejects while operations wait, and changes nothing', async () => {
    const bench = await begin();
    await bench.writer.insertAndEnqueue(todoOf('a'));
    await expect(bench.engine.clearScope({ unsent: 'refuse' })).rejects.toThrow(ValidationError);
    expect(await bench.queued()).toHaveLength(1);
    expect(bench.engine.status().paused).toBe(false);
    await bench.engine.sync();
    expect(await bench.engine.clearScope({ unsent: 'refuse' })).toEqual({ givenUp: [] });
    expect(await bench.dataSource.getRepository(todoEntity).count()).toBe(0);
  });

  test('I9: first ends a request in flight; its late answer writes nothing', async () => {
    const bench = await begin();
    await bench.writer.insertAndEnqueue(todoOf('a'));
    const release = bench.server.holdNextRequests(1, { method: 'PUT' });
    const synced = bench.engine.sync();
    await release.arrived;
    const { givenUp } = await bench.engine.clearScope();
    expect(givenUp).toMatchObject([{ entityId: 'a' }]);
    release();
    // The run goes on for whoever it is now, with nothing to send.
    expect(await synced).toMatchObject({ pushed: 0 });
    expect(await bench.queued()).toEqual([]);
  });

  test('I11: another engine in the middle of its run writes nothing more into the database', async () => {
    const database = join(folder, 'shared.db');
    const first = await begin({ database });
    first.server.seed('todos', { id: 's', title: 'x', done: false });
    const second = await begin({ database, server: first.server, clock: first.clock });
    const release = first.server.holdNextRequests(1, { method: 'GET' });
    const synced = second.engine.sync().catch((error: unknown) => error);
    await release.arrived;
    await first.engine.clearScope();
    expect(await first.dataSource.getRepository(todoEntity).count()).toBe(0);
    user = 'bert';
    await first.engine.adoptScope();
    user = 'anna';
    release();
    expect(await synced).toMatchObject({ message: expect.stringContaining('belongs to another user') as string });
    expect(await first.dataSource.getRepository(todoEntity).count()).toBe(0);
  });

  test('I7: a failure in the middle leaves data and engine unchanged', async () => {
    const bench = await begin();
    bench.server.seed('todos', { id: 's', title: 'x', done: false });
    await bench.engine.sync();
    await bench.writer.insertAndEnqueue(todoOf('a'));
    await bench.dataSource.query(
      `CREATE TRIGGER no_clear BEFORE DELETE ON sync_cursors BEGIN SELECT RAISE(ABORT, 'disk trouble'); END`,
    );
    await expect(bench.engine.clearScope()).rejects.toThrow(/disk trouble/);
    expect(await bench.dataSource.getRepository(todoEntity).count()).toBe(2);
    expect(await bench.queued()).toHaveLength(1);
    expect(bench.engine.status().paused).toBe(false);
    await bench.dataSource.query('DROP TRIGGER no_clear');
    expect(await bench.engine.sync()).toMatchObject({ pushed: 1 });
  });

  test('I7: a crash during the standstill does not leave the engine paused', async () => {
    const database = join(folder, 'crash.db');
    const bench = await begin({ database });
    await bench.engine.sync();
    let stored: unknown;
    bench.engine.events$.subscribe(({ type }) => {
      if (type === 'engine.paused') stored = bench.dataSource.query(`SELECT * FROM sync_state WHERE name = 'paused'`);
    });
    await bench.engine.clearScope();
    expect(await stored).toEqual([]);
    // The user's own pause stays.
    await bench.engine.pause();
    await bench.engine.clearScope();
    expect(bench.engine.status().paused).toBe(true);
    expect(await bench.dataSource.query(`SELECT value FROM sync_state WHERE name = 'paused'`)).toEqual([
      { value: 'true' },
    ]);
  });

  test('also clears the database without a scope', async () => {
    const bench = await begin({ scope: undefined });
    await bench.writer.insertAndEnqueue(todoOf('a'));
    expect((await bench.engine.clearScope()).givenUp).toHaveLength(1);
    expect(await bench.dataSource.getRepository(todoEntity).count()).toBe(0);
  });
});

describe('clearScope and dependent rows', () => {
  interface Folder extends SyncedRow {
    id: string;
    parentId: string | null;
    draft: string | null;
  }
  interface Draft {
    id: string;
    folderId: string | null;
  }
  const folderEntity = new EntitySchema<Folder>({
    name: 'folders',
    columns: {
      id: { type: 'text', primary: true },
      parentId: { type: 'text', nullable: true },
      draft: { type: 'text', nullable: true },
      ...syncColumns,
    },
    foreignKeys: [
      { target: 'folders', columnNames: ['parentId'], referencedColumnNames: ['id'], onDelete: 'RESTRICT' },
    ],
  });
  const draftEntity = (onDelete: 'NO ACTION' | 'CASCADE' | 'SET NULL') =>
    new EntitySchema<Draft>({
      name: 'drafts',
      columns: { id: { type: 'text', primary: true }, folderId: { type: 'text', nullable: true } },
      foreignKeys: [{ target: 'folders', columnNames: ['folderId'], referencedColumnNames: ['id'], onDelete }],
    });
  const dataSources: DataSource[] = [];
  afterEach(async () => {
    for (const dataSource of dataSources.splice(0)) await dataSource.destroy();
  });
  const build = async (onDelete: 'NO ACTION' | 'CASCADE' | 'SET NULL') => {
    const drafts = draftEntity(onDelete);
    const dataSource = await openDatabase({
      driver: 'better-sqlite3',
      database: ':memory:',
      entities: [folderEntity, drafts, todoEntity],
      synchronize: true,
    });
    dataSources.push(dataSource);
    const transport: TransportAdapter = new MemoryTransport();
    const engine = createSyncEngine({
      dataSource,
      transport,
      tables: [syncTable(folderEntity, { localOnly: ['draft'] }), todos],
      clock: createSimulatedClock(),
    });
    const row = (id: string, parentId: string | null) => ({
      id,
      parentId,
      draft: 'mine alone',
      updatedAt: '',
      deletedAt: null,
      deletedAtLocal: null,
    });
    await dataSource.getRepository(folderEntity).insert([row('root', null), row('a', 'root'), row('b', 'a')]);
    await dataSource.getRepository(drafts).insert([{ id: 'd', folderId: 'b' }]);
    const count = async () => [
      await dataSource.getRepository(folderEntity).count(),
      await dataSource.getRepository(drafts).count(),
    ];
    return { engine, dataSource, count, drafts };
  };

  test('removes a tree as a whole; names rows of an unsynced table that refer to it, and changes nothing', async () => {
    const { engine, count } = await build('NO ACTION');
    await expect(engine.clearScope()).rejects.toThrow(
      /rows of drafts, which is not synchronised, refer to folders; .*alsoEmpty: \['drafts'\]/,
    );
    expect(await count()).toEqual([3, 1]);
    await expect(engine.clearScope({ alsoEmpty: ['nothing'] })).rejects.toThrow(/not an entity or table/);
    await engine.clearScope({ alsoEmpty: ['drafts'] });
    expect(await count()).toEqual([0, 0]);
    await engine.dispose();
  });

  test.each([
    ['CASCADE', [0, 0]],
    ['SET NULL', [0, 1]],
  ] as const)('applies ON DELETE %s', async (onDelete, left) => {
    const { engine, count, dataSource, drafts } = await build(onDelete);
    await engine.clearScope();
    expect(await count()).toEqual(left);
    if (onDelete === 'SET NULL')
      expect(await dataSource.getRepository(drafts).find()).toEqual([{ id: 'd', folderId: null }]);
    await engine.dispose();
  });
});
