import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CreateTodos1780000000000 } from '../../examples/todo/app/data/migrations.ts';
import { SyncLogStore } from '../../examples/todo/app/data/sync-log.ts';
import * as tables from '../../examples/todo/app/data/sync-tables.ts';
import { findTodos, type TodoFilter } from '../../examples/todo/app/data/todo-queries.ts';
import { startTodoServer, type TodoServer } from '../../examples/todo/server/todo-server.ts';
import { List, Tag, Todo, TodoTag } from '../../examples/todo/tables.ts';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import type { SyncRepository } from '../../src/engine/api/sync-repository.ts';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import { describeSyncError } from '../../src/model/errors/describe-sync-error.ts';
import { acceptClient, acceptMerged, acceptServer } from '../../src/model/conflict.ts';
import { openDatabase } from '../../src/persistence/database/open-database.ts';
import { liveQuery } from '../../src/persistence/follow/live-query.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';

/** What the reference's example apps do, with the tables, queries and server of the todo app (docs/parity.md). */
let folder = '';
let server: TodoServer;
let token = '';
const closing: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'synchart-app-'));
  server = await startTodoServer({ database: join(folder, 'server.db'), folder, port: 0 });
  const answer = await fetch(`${server.url}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"user":"ada"}',
  });
  ({ token } = (await answer.json()) as { token: string });
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

interface TestDevice {
  readonly engine: SyncEngine;
  readonly todos: SyncRepository<Todo>;
  titles(filter?: Partial<TodoFilter>): Promise<readonly string[]>;
  cut(isCut: boolean): void;
}

async function openDevice(): Promise<TestDevice> {
  const dataSource = await openDatabase({
    driver: 'better-sqlite3',
    database: ':memory:',
    entities: [List, Todo, Tag, TodoTag],
    migrations: [CreateTodos1780000000000],
  });
  let isOnline = true;
  const listeners = new Set<(online: boolean) => void>();
  const engine = createSyncEngine({
    dataSource,
    tables: [tables.lists, tables.todos, tables.tags, tables.todoTags],
    transport: new RestTransport({ baseUrl: `${server.url}/api`, token: () => `Bearer ${token}`, deltas: true }),
    connectivity: {
      isOnline: () => isOnline,
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
  });
  await engine.start();
  closing.push(
    () => dataSource.destroy(),
    () => engine.dispose(),
  );
  const todos = engine.repository(tables.todos);
  const device = { todos, todoTags: engine.repository(tables.todoTags), tags: engine.repository(tables.tags) };
  return {
    engine,
    todos,
    titles: async (filter) =>
      (await findTodos(device, { listId: undefined, text: '', show: 'open', ...filter }, 100)).map(
        ({ todo }) => todo.title,
      ),
    cut: (isCut) => {
      isOnline = !isCut;
      for (const listener of listeners) listener(isOnline);
    },
  };
}
const fields = { listId: 'ada-home', notes: '', done: false, dueOn: null, priority: 3, sessions: 0 };

async function titlesOnServer(): Promise<readonly string[]> {
  const answer = await fetch(`${server.url}/api/todos`, { headers: { authorization: `Bearer ${token}` } });
  const { items } = (await answer.json()) as { items: { title: string; deletedAt: string | null }[] };
  return items.filter(({ deletedAt }) => deletedAt === null).map(({ title }) => title);
}

test('APP-01: the list shows living rows, most urgent first, then by title, and follows each write', async () => {
  const { engine, todos, titles } = await openDevice();
  const seen: string[][] = [];
  const told = liveQuery(() => titles(), { tables: [tables.todos] }).subscribe((now) => seen.push([...now]));
  closing.push(async () => told.unsubscribe());
  const later = await todos.create({ ...fields, title: 'Later', priority: 5 });
  await todos.create({ ...fields, title: 'Urgent B', priority: 1 });
  await todos.create({ ...fields, title: 'Urgent A', priority: 1 });
  expect(await titles()).toEqual(['Urgent A', 'Urgent B', 'Later']);
  await todos.remove(later.id);
  expect(await titles()).toEqual(['Urgent A', 'Urgent B']);
  await expect.poll(() => seen.at(-1)).toEqual(['Urgent A', 'Urgent B']);
  await engine.sync();
  expect(await titles({ show: 'overdue' })).toEqual(['Send the May invoice', 'Water the plants']);
});

test('APP-02 … APP-04: each write is one operation: a create with a new UUID, an edit with its fields, a delete that hides the row', async () => {
  const { engine, todos, titles } = await openDevice();
  const [a, b] = [
    await todos.create({ ...fields, title: 'A' }),
    await todos.create({ ...fields, title: 'B', priority: 5 }),
  ];
  expect(a.id).toMatch(/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/);
  expect(a.id).not.toBe(b.id);
  expect(await engine.outbox.take()).toMatchObject([
    { type: 'upsert', id: a.id },
    { type: 'upsert', id: b.id },
  ]);
  await engine.sync();
  await todos.update(a.id, { title: 'A, changed' });
  expect(await engine.outbox.take()).toMatchObject([{ type: 'upsert', id: a.id, changedFields: ['title'] }]);
  await engine.sync();
  await todos.remove(b.id);
  expect(await engine.outbox.take()).toMatchObject([{ type: 'delete', id: b.id }]);
  expect(await titles()).not.toContain('B');
  expect((await todos.findOne({ where: { id: b.id }, withDeleted: true }))?.deletedAtLocal).not.toBeNull();
});

test('APP-05: the server deletes done todos, and the next sync removes them from the list', async () => {
  const { engine, titles } = await openDevice();
  await engine.sync();
  expect(await titles({ show: 'done' })).toEqual(['Replace the bulb in the hall']);
  const headers = { authorization: `Bearer ${token}` };
  expect(await (await fetch(`${server.url}/actions/cleanUp`, { method: 'POST', headers })).json()).toEqual({
    changed: 1,
  });
  await engine.sync();
  expect(await titles({ show: 'done' })).toEqual([]);
});

test('APP-07: a sync goes from idle over its phases to idle, or fails with a readable message; the rest is counted', async () => {
  const { engine, todos } = await openDevice();
  const phases: string[] = [];
  const told = engine.status$.subscribe(({ phase }) => phases.push(phase));
  closing.push(async () => told.unsubscribe());
  await todos.create({ ...fields, title: 'Counted' });
  await expect.poll(() => engine.status().pending).toBe(1);
  await engine.sync();
  expect([phases[0], phases.at(-1)]).toEqual(['idle', 'idle']);
  expect(phases).toEqual(expect.arrayContaining(['pushing', 'paging']));
  expect(engine.status()).toMatchObject({ pending: 0, phase: 'idle' });
  token = 'nobody';
  const error: unknown = await engine.sync().catch((reason: unknown) => reason);
  expect(describeSyncError(error)).toBe('You need to sign in again. Your changes are kept.');
});

test('APP-08: writes from two offline periods show at once and arrive later, once', async () => {
  const { engine, todos, titles, cut } = await openDevice();
  await engine.sync();
  for (const period of ['first', 'second']) {
    cut(true);
    const kept = await todos.create({ ...fields, title: `Kept, ${period}` });
    const gone = await todos.create({ ...fields, title: `Gone, ${period}` });
    await todos.update(kept.id, { title: `Edited, ${period}` });
    await todos.remove(gone.id);
    expect(await titles()).toContain(`Edited, ${period}`);
    expect(await titles()).not.toContain(`Gone, ${period}`);
    expect(await titlesOnServer()).not.toContain(`Edited, ${period}`);
    cut(false);
    await engine.sync();
    expect((await titlesOnServer()).filter((title) => title.endsWith(period))).toEqual([`Edited, ${period}`]);
  }
  expect(await engine.explain()).toEqual([]);
});

test('APP-09: conflicts wait in order, each is decided for a side or by a merge, and the log keeps a hundred lines', async () => {
  const [one, other] = [await openDevice(), await openDevice()];
  for (const { engine } of [one, other]) await engine.sync();
  const ids = ['ada-milk', 'ada-plants', 'ada-tickets'];
  for (const id of ids) await other.todos.update(id, { title: `Theirs ${id}` });
  await other.engine.sync();
  for (const id of ids) await one.todos.update(id, { title: `Mine ${id}` });
  const log = new SyncLogStore(one.engine);
  await one.engine.sync();
  const waiting = await one.engine.conflicts();
  expect(waiting.map(({ conflict }) => conflict.entityId)).toEqual(ids);
  const [first, second, third] = waiting;
  if (first === undefined || second === undefined || third === undefined) throw new Error('A conflict is missing');
  await one.engine.resolveConflict(first.conflict.opId, acceptClient());
  await one.engine.resolveConflict(second.conflict.opId, acceptServer());
  expect((await one.engine.conflicts()).map(({ conflict }) => conflict.entityId)).toEqual(['ada-tickets']);
  await one.engine.resolveConflict(
    third.conflict.opId,
    acceptMerged({ ...third.conflict.serverData, title: 'Merged by hand' }),
  );
  await one.engine.sync();
  expect(await titlesOnServer()).toEqual(
    expect.arrayContaining(['Mine ada-milk', 'Theirs ada-plants', 'Merged by hand']),
  );
  for (let count = 0; count < 40; count += 1) await one.engine.sync();
  expect(log.getSnapshot()).toHaveLength(100);
  expect(log.getSnapshot()[0]?.at).toBeGreaterThanOrEqual(log.getSnapshot()[99]?.at ?? Infinity);
  log.end();
});

test('APP-10: characters of all scripts, long texts and empty fields reach the server and another device unchanged', async () => {
  const [one, other] = [await openDevice(), await openDevice()];
  const title = 'Zażółć 你好 🧑‍👩‍👧 “quotes” \\ %_';
  const notes = `${'Ünï '.repeat(500)}\n\tlast line`;
  const { id } = await one.todos.create({ ...fields, title, notes, dueOn: null });
  await one.engine.sync();
  await other.engine.sync();
  expect(await other.todos.findOneBy({ id })).toMatchObject({ title, notes, dueOn: null });
  const name = 'n'.repeat(200);
  const list = await one.engine.repository(tables.lists).create({ name, colour: 'blue' });
  await one.engine.sync();
  await other.engine.sync();
  expect((await other.engine.repository(tables.lists).findOneBy({ id: list.id }))?.name).toBe(name);
});
