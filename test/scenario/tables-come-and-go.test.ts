import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DataSource } from 'typeorm';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import type { SyncEvent } from '../../src/model/events.ts';
import type { SyncTable } from '../../src/persistence/tables/sync-table.ts';
import { createTestServer, type TestServer } from '../../src/testing/test-server.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { CreateNotes1700000000003, noteEntity, notes } from '../support/note.ts';
import { openTodoDatabase, todos } from '../support/open-store.ts';
import { todoOf } from '../support/todo.ts';

let server: TestServer;
let dataSource: DataSource;
let engine: SyncEngine | undefined;
let told: SyncEvent[];

/** A release of the app that synchronises these tables. */
const release = async (...tables: readonly SyncTable<never>[]): Promise<SyncEngine> => {
  await engine?.dispose();
  told = [];
  engine = createSyncEngine({
    dataSource,
    tables: tables as readonly SyncTable[],
    transport: new RestTransport({ baseUrl: server.url }),
    config: { pageSize: 2, maxRetries: 0 },
  });
  engine.events$.subscribe((event) => told.push(event));
  await engine.start();
  return engine;
};
const both = (): Promise<SyncEngine> => release(todos as never, notes as never);
const onlyTodos = (): Promise<SyncEngine> => release(todos as never);
const noteOf = (id: string, text: string) => ({
  id,
  text,
  todoId: null,
  updatedAt: '',
  deletedAt: null,
  deletedAtLocal: null,
});

beforeEach(async () => {
  server = await createTestServer({ naming: 'camelCase' });
  dataSource = await openTodoDatabase('better-sqlite3', ':memory:', {
    entities: [noteEntity],
    migrations: [CreateNotes1700000000003],
  });
  server.seed(
    'todos',
    ['a', 'b', 'c'].map((id) => ({ id, title: id, done: false })),
  );
  server.seed(
    'notes',
    ['n1', 'n2', 'n3'].map((id) => ({ id, text: id })),
  );
});
afterEach(async () => {
  await engine?.dispose();
  engine = undefined;
  await dataSource.destroy();
  await server.close();
});

test('SCH-10: pulls a table that is new in this release from the beginning; the others continue', async () => {
  const old = await onlyTodos();
  await old.sync();
  const cursor = await old.cursors.get('todos');
  server.recordedRequests.length = 0;
  const now = await both();
  const stats = await now.sync();
  expect(stats).toMatchObject({ pulled: 3, errors: 0 });
  expect(await dataSource.getRepository(noteEntity).count()).toBe(3);
  expect(await now.cursors.get('todos')).toEqual(cursor);
  const asked = server.recordedRequests.filter(({ method }) => method === 'GET').map(({ path }) => path);
  expect(asked.filter((path) => path.startsWith('/todos'))).toHaveLength(1);
});

test('I13: a new table that fails blocks nobody, and is pulled when possible', async () => {
  const old = await onlyTodos();
  await old.sync();
  server.failNextRequests(Infinity, 403, { match: { kind: 'notes' } });
  const now = await both();
  await now.writer(todos).insertAndEnqueue(todoOf('mine'));
  await expect(now.sync()).rejects.toMatchObject({ stats: { pushed: 1 } });
  expect(server.get('todos', 'mine')).toBeDefined();
  server.clearFaults();
  await now.sync();
  expect(await dataSource.getRepository(noteEntity).count()).toBe(3);
});

test('F-101, SCH-11: operations of a table missing in this release wait with a reason, and continue when it returns', async () => {
  const first = await both();
  await first.sync();
  await first.writer(notes).insertAndEnqueue(noteOf('mine', 'not sent yet'));
  await first.writer(notes).replaceAndEnqueue(noteOf('n1', 'changed'), { changedFields: ['text'] });
  const without = await onlyTodos();
  server.recordedRequests.length = 0;
  await without.writer(todos).insertAndEnqueue(todoOf('t'));
  expect(await without.sync()).toMatchObject({ pushed: 1, errors: 0 });
  expect(await without.explain()).toMatchObject([
    { kind: 'notes', entityId: 'mine', reason: 'unregisteredKind' },
    { kind: 'notes', entityId: 'n1', reason: 'unregisteredKind' },
  ]);
  expect(told).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        type: 'transport.warning',
        message: expect.stringContaining("kind 'notes'") as string,
      }),
    ]),
  );
  expect(server.recordedRequests.filter(({ path }) => path.startsWith('/notes'))).toEqual([]);
  expect(await dataSource.getRepository(noteEntity).count()).toBe(4);
  // Nobody drops them by the way.
  expect(await without.dropStuckOperations()).toBe(0);
  const back = await both();
  expect(await back.sync()).toMatchObject({ pushed: 2, errors: 0 });
  expect(server.get('notes', 'n1')).toMatchObject({ text: 'changed' });
  expect(await back.explain()).toEqual([]);
});

test('I1: they can be dropped by naming their kind; the dropped changes are reported, kept, and restorable with the table', async () => {
  const first = await both();
  await first.sync();
  await first.writer(notes).replaceAndEnqueue(noteOf('n1', 'once'), { changedFields: ['text'] });
  await first.writer(notes).replaceAndEnqueue(noteOf('n1', 'twice'), { changedFields: ['text'] });
  const without = await onlyTodos();
  expect(await without.dropStuckOperations({ kinds: ['notes'] })).toBe(2);
  expect(told.filter(({ type }) => type === 'op.discarded')).toMatchObject([
    { givenUp: [{ data: { text: 'once' } }] },
    { givenUp: [{ data: { text: 'twice' } }] },
  ]);
  expect(await without.explain()).toEqual([]);
  expect(await dataSource.query('SELECT * FROM sync_base')).toEqual([]);
  const back = await both();
  server.update('notes', 'n1', { text: 'theirs' });
  await back.sync();
  const [given] = await back.discarded();
  expect(await dataSource.getRepository(noteEntity).findOneBy({ id: 'n1' })).toMatchObject({ text: 'theirs' });
  await back.undoDiscard(given?.opId ?? '');
  await back.sync();
  expect(server.get('notes', 'n1')).toMatchObject({ text: 'twice' });
});

test("a removed table's leftovers affect nobody: cursor, base rows, a conflict, a half-done full resync", async () => {
  const first = await both();
  await first.sync();
  await first.writer(notes).replaceAndEnqueue(noteOf('n2', 'mine'), { changedFields: ['text'] });
  server.failNextRequests(Infinity, 403, { match: { kind: 'notes', method: 'GET' } });
  await first.fullResync({ kinds: ['notes'] }).catch(() => undefined);
  server.clearFaults();
  await dataSource.query(`INSERT INTO sync_seen VALUES ('notes', 'n1')`);
  await dataSource.query(`INSERT INTO sync_quarantine VALUES ('notes', 'q', '{}', 'bad', 0, 1)`);
  const without = await onlyTodos();
  server.remove('todos', 'b');
  await without.fullResync();
  expect(told.filter((event) => event.type === 'resync.started')).toMatchObject([{ kinds: ['todos'] }]);
  expect((await without.syncRun()).reason).toBeUndefined();
  expect(await dataSource.getRepository(noteEntity).count()).toBe(3);
  server.remove('notes', 'n3');
  const back = await both();
  await back.sync();
  expect((await dataSource.getRepository(noteEntity).find()).map(({ id }) => id).toSorted()).toEqual(['n1', 'n2']);
});
