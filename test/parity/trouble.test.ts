import { DataSource } from 'typeorm';
import { afterEach, describe, expect, test } from 'vitest';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import {
  acceptClient,
  acceptMerged,
  acceptServer,
  defer,
  discard,
  type Conflict,
  type ConflictResolution,
} from '../../src/model/conflict.ts';
import { ParseError, SyncError } from '../../src/model/errors/errors.ts';
import type { SyncEvent } from '../../src/model/events.ts';
import { MemoryTransport } from '../../src/testing/memory-transport.ts';
import { openEngine, type EngineBench, type EngineBenchOptions } from '../support/open-engine.ts';
import { todos } from '../support/open-store.ts';
import { todoEntity, todoOf } from '../support/todo.ts';

/**
 * Bad servers, conflicts that a person decides, and the schema, by the numbers of the reference library
 * (docs/parity.md).
 */
let bench: EngineBench;
const opened = async (options: EngineBenchOptions = {}): Promise<EngineBench> => (bench = await openEngine(options));
afterEach(() => bench.close());
const only = <T extends SyncEvent['type']>(type: T) =>
  bench.told.filter((event): event is Extract<SyncEvent, { type: T }> => event.type === type);

/** A row edited here and on the server. */
const conflicting = async (
  options: EngineBenchOptions['config'] = {},
  write: 'edit' | 'delete' = 'edit',
): Promise<void> => {
  await opened({ config: { maxRetries: 0, ...options } });
  bench.server.seed('todos', { id: 'a', title: 'old', done: false, priority: 1 });
  await bench.engine.sync();
  if (write === 'edit')
    await bench.writer.replaceAndEnqueue({ ...(await bench.row('a'))!, title: 'mine' }, { opId: 'op-a' });
  else await bench.writer.enqueueDelete('a', { opId: 'op-a' });
  bench.server.update('todos', 'a', { title: 'theirs', priority: 2 });
};

describe('bad servers', () => {
  test('ERR-18, PULL-08: broken JSON makes the sync reject and moves no cursor', async () => {
    await opened({ config: { maxRetries: 0 } });
    bench.server.returnInvalidJson = true;
    const error: unknown = await bench.engine.sync().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SyncError);
    expect(error).toBeInstanceOf(ParseError);
    expect(await bench.engine.cursors.get('todos')).toBeNull();
  });

  test.each(['returnIncompleteConflict', 'returnWrongEntity'] as const)(
    'ERR-19, ERR-20, RST-43: %s: fetches the row and reports the conflict once',
    async (fault) => {
      await conflicting({ conflictStrategy: 'serverWins' });
      bench.server[fault] = true;
      await bench.engine.sync();
      expect(only('conflict.detected')).toHaveLength(1);
      expect([await bench.row('a'), await bench.queued()]).toMatchObject([
        { id: 'a', title: 'theirs', priority: 2 },
        [],
      ]);
    },
  );

  test('ERR-21: temporary failures: the next sync delivers', async () => {
    await opened({ config: { maxRetries: 0 } });
    await bench.writer.insertAndEnqueue(todoOf('a'));
    bench.server.failNextRequests(3, 500);
    await bench.engine.sync().catch(() => undefined);
    bench.server.clearFaults();
    await bench.clock.advance(120_000);
    await bench.engine.sync();
    expect(bench.server.get('todos', 'a')).toBeDefined();
  });

  test('ERR-22: waits for a slow server', async () => {
    await opened();
    await bench.writer.insertAndEnqueue(todoOf('a'));
    const held = bench.server.holdNextRequests(1);
    const syncing = bench.engine.sync();
    await held.arrived;
    await bench.clock.advance(10_000);
    held();
    expect(await syncing).toMatchObject({ pushed: 1 });
  });
});

describe('a resolver decides', () => {
  const asked: Conflict[] = [];
  const deciding = (resolution: ConflictResolution) => ({
    conflictStrategy: 'manual' as const,
    conflictResolver: (conflict: Conflict) => {
      asked.push(conflict);
      return Promise.resolve(resolution);
    },
  });

  test.each<[string, ConflictResolution, object]>([
    ['MAN-01, MAN-02: acceptServer', acceptServer(), { title: 'theirs', priority: 2 }],
    ['MAN-03: acceptClient', acceptClient(), { title: 'mine' }],
    [
      'MAN-04: acceptMerged',
      acceptMerged({ id: 'a', title: 'both', done: true, priority: 2, tags: null }),
      { title: 'both', done: true, priority: 2 },
    ],
    ['MAN-06, MAN-11, F-36: discard', discard(), { title: 'theirs', priority: 2 }],
  ])('%s', async (_, resolution, expected) => {
    asked.length = 0;
    await conflicting(deciding(resolution));
    expect(await bench.engine.sync()).toMatchObject({ conflicts: 1, conflictsResolved: 1 });
    expect(asked).toMatchObject([
      { kind: 'todos', entityId: 'a', opId: 'op-a', localData: { title: 'mine' }, serverData: { title: 'theirs' } },
    ]);
    expect(bench.server.get('todos', 'a')).toMatchObject(expected);
    expect([await bench.row('a'), await bench.queued()]).toMatchObject([expected, []]);
    expect(only('conflict.resolved')).toMatchObject([{ resolution: { type: resolution.type } }]);
  });

  test('MAN-05, EVT-08, EVT-20, CFL-07: defer: reports the reason, sends once per run, and asks again in the next', async () => {
    asked.length = 0;
    await conflicting(deciding(defer()));
    expect(await bench.engine.sync()).toMatchObject({ conflicts: 1, conflictsResolved: 0 });
    expect([only('conflict.detected').length, only('conflict.unresolved').map(({ reason }) => reason)]).toEqual([
      1,
      [expect.stringMatching(/deferred/i)],
    ]);
    expect(bench.server.recordedRequests.filter(({ method }) => method === 'PUT')).toHaveLength(1);
    expect(await bench.queued()).toEqual(['op-a']);
    await bench.engine.sync();
    expect(asked).toHaveLength(2);
  });

  test('MAN-07, EVT-07: a manual table without a resolver reports the reason once and leaves the conflict to a person', async () => {
    await conflicting({ conflictStrategy: 'manual' });
    await bench.engine.sync();
    expect(only('conflict.unresolved').map(({ reason }) => reason)).toEqual([
      'No conflict resolver provided for manual strategy',
    ]);
    expect(await bench.engine.conflicts()).toHaveLength(1);
  });
});

describe('strategies', () => {
  test('EVT-05, EVT-21: autoPreserve reports detected, merged with its fields, and resolved', async () => {
    await conflicting();
    await bench.engine.sync();
    expect(bench.types().filter((type) => type.startsWith('conflict.'))).toEqual([
      'conflict.detected',
      'conflict.merged',
      'conflict.resolved',
    ]);
    expect(only('conflict.merged')).toMatchObject([
      { conflict: { kind: 'todos', entityId: 'a' }, mergedData: { title: 'mine', priority: 2 } },
    ]);
    expect(only('conflict.merged')[0]?.localFields).toContain('title');
    expect(only('conflict.merged')[0]?.serverFields).toContain('priority');
    expect(only('conflict.resolved')).toMatchObject([{ resolution: { type: 'acceptMerged' } }]);
  });

  test("LWW-04, DEL-03: a delete later than the server's change deletes", async () => {
    await opened({ config: { conflictStrategy: 'lastWriteWins' } });
    bench.server.seed('todos', { id: 'a', title: 'old' });
    await bench.engine.sync();
    bench.server.update('todos', 'a', { title: 'theirs' });
    await bench.writer.enqueueDelete('a', { localTimestamp: new Date(Date.now() + 7 * 86_400_000) });
    await bench.engine.sync();
    expect([bench.server.get('todos', 'a'), await bench.queued()]).toEqual([undefined, []]);
  });

  test('DEL-04, F-01: a delete against a change ends with the row restored under autoPreserve and merge', async () => {
    for (const conflictStrategy of ['autoPreserve', 'merge'] as const) {
      await conflicting({ conflictStrategy }, 'delete');
      expect(await bench.engine.sync()).toMatchObject({ conflicts: 1, conflictsResolved: 1 });
      expect([await bench.row('a'), await bench.queued()]).toMatchObject([
        { title: 'theirs', deletedAtLocal: null },
        [],
      ]);
      if (conflictStrategy === 'autoPreserve') await bench.close();
    }
  });
});

describe('schema and construction', () => {
  test('SCH-01, SCH-02, SCH-03, NAM-05: the columns of outbox and cursors', async () => {
    await opened();
    const columns = async (table: string): Promise<readonly string[]> =>
      (await bench.dataSource.query<{ name: string }[]>(`PRAGMA table_info(${table})`)).map(({ name }) => name);
    const outbox =
      'op_id kind entity_id op payload ts try_count base_updated_at changed_fields last_tried_at last_error'.split(' ');
    expect(await columns('sync_outbox')).toEqual(expect.arrayContaining(outbox));
    expect(await columns('sync_cursors')).toEqual(expect.arrayContaining(['kind', 'ts', 'last_id']));
  });

  test('ENG-05, CUR-03: an engine has its outbox and its cursors', async () => {
    await opened();
    await bench.engine.cursors.set('todos', { ts: '2026-01-01T00:00:00.000Z', lastId: 'x' });
    expect(await bench.engine.cursors.get('todos')).toEqual({ ts: '2026-01-01T00:00:00.000Z', lastId: 'x' });
    expect(await bench.engine.outbox.hasOperations()).toBe(false);
  });

  test('ENG-01, SCH-05: rejects a database without sync tables at the start, with the remedy', async () => {
    await opened();
    const dataSource = await new DataSource({
      type: 'better-sqlite3',
      database: ':memory:',
      entities: [todoEntity],
      synchronize: true,
    }).initialize();
    const engine = createSyncEngine({ dataSource, tables: [todos], transport: new MemoryTransport() });
    await expect(engine.start()).rejects.toThrow(/sync_outbox.*migrations/s);
    await engine.dispose();
    await dataSource.destroy();
  });

  test('SCH-11: removing a table from the engine keeps its rows and its queue', async () => {
    await opened();
    bench.server.seed('todos', { id: 'a', title: 'x' });
    await bench.engine.sync();
    await bench.writer.insertAndEnqueue(todoOf('b'), { opId: 'op-b' });
    await bench.engine.dispose();
    const without = createSyncEngine({ dataSource: bench.dataSource, tables: [], transport: new MemoryTransport() });
    await without.sync();
    expect(await without.explain()).toMatchObject([{ opId: 'op-b', reason: 'unregisteredKind' }]);
    expect(await bench.row('a')).not.toBeNull();
    await without.dispose();
  });
});
