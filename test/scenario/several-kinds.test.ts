import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DataSource } from 'typeorm';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import { createTestServer, type TestServer } from '../../src/testing/test-server.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { CreateNotes1700000000003, noteEntity, notes } from '../support/note.ts';
import { openTodoDatabase, todos } from '../support/open-store.ts';

let server: TestServer;
let dataSource: DataSource;
let engine: SyncEngine;
const begin = async (pullConcurrency: number): Promise<void> => {
  engine = createSyncEngine({
    dataSource,
    tables: [todos, notes],
    transport: new RestTransport({ baseUrl: server.url }),
    config: { pullConcurrency, pageSize: 3 },
  });
  await engine.start();
};

beforeEach(async () => {
  server = await createTestServer();
  dataSource = await openTodoDatabase('better-sqlite3', ':memory:', {
    entities: [noteEntity],
    migrations: [CreateNotes1700000000003],
  });
  server.seed(
    'todos',
    Array.from({ length: 10 }, (_, index) => ({ id: `t${index}`, title: 'x', done: false })),
  );
  server.seed(
    'notes',
    Array.from({ length: 10 }, (_, index) => ({ id: `n${index}`, text: 'x' })),
  );
});
afterEach(async () => {
  await engine.dispose();
  await dataSource.destroy();
  await server.close();
});

test('pullConcurrency 2: requests pages of the next kind while those of the first are in flight', async () => {
  await begin(2);
  const held = ['todos', 'notes'].map((kind) => server.holdNextRequests(1, { kind }));
  const synced = engine.sync();
  // Comes to an end only if the second is asked for while the first has no answer.
  await Promise.all(held.map(({ arrived }) => arrived));
  for (const release of held) release();
  expect(await synced).toMatchObject({ pulled: 20, errors: 0 });
  expect(await dataSource.getRepository(noteEntity).count()).toBe(10);
});

test('pullConcurrency 1: one kind after another, in registration order (PULL-15)', async () => {
  await begin(1);
  await engine.sync();
  const kinds = server.recordedRequests.filter(({ method }) => method === 'GET').map(({ path }) => path.split('?')[0]);
  expect(kinds.indexOf('/notes')).toBe(kinds.lastIndexOf('/todos') + 1);
});

test('F-17: a kind that fails alone lets the next one be pulled, even if already started; the run rejects at its end', async () => {
  await begin(2);
  server.failNextRequests(1, 403, { match: { kind: 'todos' } });
  await expect(engine.sync()).rejects.toMatchObject({
    message: expect.stringContaining('kind=todos') as string,
    stats: { pulled: 10 },
  });
  expect(await dataSource.getRepository(noteEntity).count()).toBe(10);
});

test('F-155, I13: a table that lacks a column fails alone, by name; the others are pulled and pushed', async () => {
  await begin(1);
  await dataSource.query('ALTER TABLE todos DROP COLUMN priority');
  await dataSource.query('ALTER TABLE todos ADD COLUMN priority integer GENERATED ALWAYS AS (length(title)) VIRTUAL');
  await engine
    .writer(notes)
    .insertAndEnqueue({ id: 'mine', text: 'x', todoId: null, updatedAt: '', deletedAt: null, deletedAtLocal: null });
  server.seed(
    'todos',
    Array.from({ length: 2 }, (_, index) => ({ id: `late${index}`, title: 'x', done: false, priority: 1 })),
  );
  await expect(engine.sync()).rejects.toMatchObject({
    message: expect.stringMatching(/kind=todos: .*priority.*migration/) as string,
    stats: { pushed: 1, pulled: 20 },
  });
  expect(await dataSource.getRepository(noteEntity).count()).toBe(11);
  expect(engine.status().phase).toBe('idle');
});

test('F-155, I13: settles an accepted write of a table that cannot store the answer; quarantines the answer', async () => {
  await begin(1);
  await engine.sync();
  await engine.writer(todos).insertAndEnqueue({
    id: 'mine',
    title: 'x',
    done: false,
    priority: 1,
    tags: null,
    updatedAt: '',
    deletedAt: null,
    deletedAtLocal: null,
  });
  await dataSource.query('ALTER TABLE todos DROP COLUMN priority');
  const told: string[] = [];
  engine.events$.subscribe(({ type }) => told.push(type));
  await engine.sync({ pullKinds: [] }).catch(() => undefined);
  expect(server.get('todos', 'mine')).toMatchObject({ title: 'x' });
  expect(await dataSource.query('SELECT COUNT(*) AS "left" FROM sync_outbox')).toEqual([{ left: 0 }]);
  expect(told).toContain('row.quarantined');
  expect(engine.status().phase).toBe('idle');
});

test('I9: PAUSE also ends prefetches', async () => {
  await begin(2);
  const held = ['todos', 'notes'].map((kind) => server.holdNextRequests(1, { kind }));
  const synced = engine.sync();
  await Promise.all(held.map(({ arrived }) => arrived));
  await engine.pause();
  for (const release of held) release();
  expect(await dataSource.getRepository(noteEntity).count()).toBe(0);
  await engine.resume();
  expect(await synced).toMatchObject({ pulled: 20 });
});
