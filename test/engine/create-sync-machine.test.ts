import { afterEach, expect, test } from 'vitest';
import type { DataSource } from 'typeorm';
import { waitFor } from 'xstate';
import {
  createSyncEngine,
  createSyncMachine,
  events,
  interpret,
  phaseOf,
  snapshots,
  syncTable,
  type SyncEvent,
} from '../../src/index.ts';
import { createWriter } from '../../src/persistence/writing/writer.ts';
import { MemoryTransport } from '../../src/testing/memory-transport.ts';
import { createSimulatedClock } from '../../src/testing/simulated-clock.ts';
import { openTodoDatabase, todos } from '../support/open-store.ts';
import { todoEntity, todoOf } from '../support/todo.ts';

let dataSource: DataSource;
afterEach(() => dataSource.destroy());

test('interpret(createSyncMachine(options)).start() followed by SYNC syncs', async () => {
  dataSource = await openTodoDatabase('better-sqlite3');
  const clock = createSimulatedClock();
  const transport = new MemoryTransport({ naming: 'camelCase' });
  const machine = createSyncMachine({
    dataSource,
    transport,
    tables: [todos],
    clock,
    config: { fullResyncIntervalMs: Infinity },
  });
  const sync = interpret(machine, { clock });
  const told: SyncEvent[] = [];
  const phases: string[] = [];
  let ends = 0;
  events(sync).subscribe({
    next: (event) => told.push(event),
    complete: () => {
      ends += 1;
    },
  });
  snapshots(sync).subscribe({
    next: (snapshot) => phases.push(phaseOf(snapshot)),
    complete: () => {
      ends += 1;
    },
  });
  sync.start();
  await createWriter(dataSource, { clock }).forTable(todos).insertAndEnqueue(todoOf('a'));
  sync.send({ type: 'SYNC' });
  await waitFor(sync, (snapshot) => snapshot.context.lastStats.pushed === 1 && phaseOf(snapshot) === 'idle');
  expect(transport.backend.get('todos', 'a')).toBeDefined();
  expect(told.map(({ type }) => type)).not.toContain('run.ended');
  expect(told.every(({ at }) => at >= clock.now() - 1_000 && at <= clock.now())).toBe(true);
  expect(told.every(({ type, runId }) => !type.startsWith('sync.') || runId === 1)).toBe(true);
  expect(new Set(phases)).toEqual(
    new Set(
      ['starting', 'idle', 'planning', 'pushing', 'pulling', 'paging', 'finishing'].filter((phase) =>
        phases.includes(phase),
      ),
    ),
  );
  expect(phases[0]).toBe('starting');
  sync.send({ type: 'STOP' });
  expect(ends).toBe(2);
});

test('ENG-02, ENG-03, ENG-06, F-13: names invalid tables and settings when the engine is created', async () => {
  dataSource = await openTodoDatabase('better-sqlite3');
  const make = (parts: object) => () =>
    createSyncEngine({ dataSource, transport: new MemoryTransport(), tables: [todos], ...parts });
  expect(make({ tables: [todos, syncTable(todoEntity)] })).toThrow(/two tables are registered as kind 'todos'/);
  expect(() => syncTable(todoEntity, { kind: '  ' })).toThrow(TypeError);
  expect(make({ config: { pageSize: 0 } })).toThrow(/config\.pageSize/);
  expect(make({ config: { backoffMinMs: 5_000, backoffMaxMs: 1_000 } })).toThrow(RangeError);
  expect(make({ tableConflicts: { nothing: { strategy: 'serverWins' } } })).toThrow(/tableConflicts names 'nothing'/);
  const other = syncTable(todoEntity, { kind: 'others' });
  expect(() => make({})().writer(syncTable('nothing'))).toThrow(TypeError);
  expect(other.options.kind).toBe('others');
});

test('ENG-08: creating an engine reads nothing', async () => {
  dataSource = await openTodoDatabase('better-sqlite3');
  const transport = new MemoryTransport();
  const engine = createSyncEngine({
    dataSource,
    transport,
    tables: [todos],
    tableConflicts: { todos: { strategy: 'serverWins' } },
  });
  expect(engine.status()).toMatchObject({ phase: 'starting', pending: 0 });
  expect(transport.calls).toEqual([]);
  expect(engine.outbox).toBeDefined();
  expect(engine.cursors).toBeDefined();
  await engine.dispose();
});

test('sync() inside an app transaction does not join it', async () => {
  dataSource = await openTodoDatabase('better-sqlite3');
  const transport = new MemoryTransport({ naming: 'camelCase' });
  const engine = createSyncEngine({ dataSource, transport, tables: [todos] });
  transport.backend.seed('todos', { id: 's', title: 'theirs', done: false, updatedAt: '2026-01-01T00:00:00.000Z' });
  await engine.start();
  let syncing: Promise<unknown> = Promise.resolve();
  await dataSource
    .transaction(async (manager) => {
      syncing = engine.sync();
      await manager.getRepository(todoEntity).insert(todoOf('local'));
      throw new Error('rolled back');
    })
    .catch(() => undefined);
  expect(await syncing).toMatchObject({ pulled: 1 });
  expect(await dataSource.getRepository(todoEntity).count()).toBe(1);
  await engine.dispose();
});
